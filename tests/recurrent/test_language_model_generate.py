"""LSTMLanguageModel: the texts it reads, which word comes next, and what it writes."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from sklstm import LSTMLanguageModel, SequencePadder, TextTokenizer
from sklstm._sklearn import InvalidParameterError
from sklstm.recurrent._sampling import draw_words

SMALL = {"embedding_dim": 8, "hidden_size": 8, "max_epochs": 2, "batch_size": 4}
SMALL |= {"bptt": 5, "lr": 0.02, "random_state": 0}
CHARACTERS = TextTokenizer(analyzer="char", lowercase=False, add_eos=True)
WORDS = "ant bee cat dog eel fox".split()
RHYME = "the cat sat on a mat"


def small(**params):
    return LSTMLanguageModel(**{**SMALL, **params})


def sentences(n=60, seed=0):
    """Texts of one to eight words, each of which has two that may follow."""
    rng = np.random.RandomState(seed)
    steps = (rng.randint(1, 3, rng.randint(1, 9)).cumsum() % 6 for _ in range(n))
    return [" ".join(WORDS[i] for i in row) for row in steps]


TEXTS, NEW = sentences(), sentences(30, seed=1)


def bits(model):
    return b"".join(model.state_[name].tobytes() for name in sorted(model.state_))


MODELS = {
    "default": {},
    "no end": {"tokenizer": TextTokenizer()},
    "backward": {"backward": True},
    "characters": {"tokenizer": CHARACTERS},
}


@pytest.fixture(scope="module")
def fitted():
    return {k: small(**MODELS[k], max_epochs=8).fit(TEXTS) for k in MODELS}


@pytest.fixture(scope="module")
def rhymes():
    exact = {"dropout": 0.0, "word_dropout": 0.0, "bptt": None, "max_epochs": 15}
    return {k: small(**MODELS[k], **exact, lr=0.05).fit([RHYME] * 40) for k in MODELS}


# -- texts

FAULTS = {
    "missing": (["a b", None], ValueError, "LanguageModel found a missing value at r"),
    "one text": ("a b", ValueError, "LanguageModel takes a list of texts: wrap a sing"),
    "numbers": ([1, 2], TypeError, r"LSTMLanguageModel expects str; row 0 has int \(1"),
    "ids": ([[2], [3, 2]], TypeError, "LanguageModel expects tokens of type str; ro"),
    "table": (np.ones((3, 4), int), ValueError, "expected one text column, got 4"),
    "no texts": ([], ValueError, "minimum of 1 is required by LSTMLanguageModel"),
    "no words": (["", " "], ValueError, "found (no words|an empty vocabulary)"),
}


@pytest.mark.parametrize(("texts", "error", "message"), FAULTS.values(), ids=FAULTS)
def test_faulty_texts(fitted, texts, error, message):
    for model in (small(), small().fit(TEXTS)):
        with pytest.raises(error, match=message):
            model.fit(texts)
        assert [name for name in vars(model) if name.endswith("_")] == []
    with pytest.raises(error, match=message):
        small().fit(TEXTS, X_val=texts)
    for use in (fitted["default"].score, small().fit(TEXTS).partial_fit):
        with pytest.raises(error, match=message):
            use(texts)


def test_texts_without_words_are_skipped():
    without = small().fit(TEXTS)
    model = small().fit(["", *TEXTS[:9], " ", *TEXTS[9:], ""])
    assert (model.n_empty_, without.n_empty_) == (3, 0)
    assert bits(model) == bits(without)
    assert small(**MODELS["no end"]).fit(TEXTS).score_samples(["", "ant"])[0] == 0


def test_texts_without_words_are_skipped_before_some_validate():
    for seed in range(4):
        model = small(early_stopping=True, random_state=seed)
        assert model.fit([*TEXTS[:5], "", " ", ""]).n_empty_ == 3
        assert model.history_[0]["rows"] == 4


def test_texts_come_in_every_container():
    frame = pd.DataFrame({"text": TEXTS}, index=range(9, 69))
    tokenizer = TextTokenizer()
    forms = {
        "words": [text.split() for text in TEXTS],
        "generator": (text for text in TEXTS),
        "array": np.array(TEXTS),
        "series": frame["text"],
        "frame": frame,
        "ids": tokenizer.fit_transform(TEXTS),
        "ids with ends": TextTokenizer(add_eos=True).fit_transform(TEXTS),
        "padded ids": SequencePadder().fit_transform(tokenizer.fit_transform(TEXTS)),
        "frame of ids": tokenizer.set_output(transform="pandas").fit_transform(TEXTS),
    }
    expected = small().fit(TEXTS)
    for form, texts in forms.items():
        assert bits(small().fit(texts)) == bits(expected), form
    ids = TextTokenizer(add_eos=True).fit_transform([*NEW, "zebra"])
    found, known = map(expected.score_samples, (ids, [*NEW, "zebra"]))
    np.testing.assert_array_equal(found, known)


def test_the_tokenizer_is_a_parameter():
    model = small(tokenizer=TextTokenizer(add_eos=True))
    model.set_params(tokenizer__max_features=2).fit(TEXTS)
    assert len(model.classes_) == 4
    assert not hasattr(model.tokenizer, "vocabulary_"), "its own is left alone"
    with pytest.raises(ValueError, match="leave add_bos=False in its tokenizer"):
        model.set_params(tokenizer__add_bos=True).fit(TEXTS)
    missing = TextTokenizer(missing="empty", add_eos=True)
    assert small(tokenizer=missing).fit([*TEXTS, None]).n_empty_ == 1


def test_grid_search_over_net_and_tokenizer():
    pipeline = Pipeline([("lm", small(tokenizer=TextTokenizer(add_eos=True)))])
    grid = {"lm__hidden_size": [4, 8], "lm__tokenizer__max_features": [1, None]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(TEXTS)
    best = search.best_estimator_["lm"]
    assert search.best_params_["lm__tokenizer__max_features"] == 1, "easily guessed"
    assert len(best.classes_) == 3
    assert best.sizes_["hidden_size"] == search.best_params_["lm__hidden_size"]
    assert search.score(NEW) == best.score(NEW)


# -- scikit-learn's checks, which leave out estimators that read texts


class NumbersAsWords(DensityMixin, BaseEstimator):
    """Write each number as a word that tells its column and its size."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def _texts(self, X, reset):
        X = validate_data(self, X, reset=reset, dtype=np.float64)
        levels = np.searchsorted(np.linspace(-4, 8, 24), X)
        return [" ".join(f"c{i}v{v}" for i, v in enumerate(row)) for row in levels]

    def fit(self, X, y=None):
        texts = self._texts(X, reset=True)
        self.model_ = small(random_state=self.random_state).fit(texts)
        return self

    def _asked(self, method, X):
        check_is_fitted(self)
        return getattr(self.model_, method)(self._texts(X, reset=False))

    def score_samples(self, X):
        return self._asked("score_samples", X)

    def predict_proba(self, X):
        return self._asked("predict_proba", X)

    def score(self, X, y=None):
        return self._asked("score", X)


@estimator_checks.parametrize_with_checks([NumbersAsWords()])
def test_scikit_learn_checks_through_texts(estimator, check):
    check(estimator)


WITHOUT_DATA = """
    estimator_cloneable estimator_tags_renamed valid_tag_types estimator_repr
    no_attributes_set_in_init do_not_raise_errors_in_init_or_set_params mixin_order
    parameters_default_constructible get_params_invariance set_params param_validation
""".split()


@pytest.mark.parametrize("name", WITHOUT_DATA)
def test_checks_that_need_no_data(name):
    check = getattr(estimator_checks, f"check_{name}")
    check("LSTMLanguageModel", LSTMLanguageModel())


# -- what comes next


@pytest.mark.parametrize("name", MODELS)
def test_probabilities_of_the_next_word(fitted, name):
    model, texts = fitted[name], ["", *NEW, "zebra"]
    words = model.classes_.tolist()
    assert words[0] == "<unk>"
    assert sorted(words) == sorted(set(model.tokenizer_.vocabulary_) - {"<pad>"})
    proba = model.predict_proba(texts)
    assert proba.shape == (32, len(words))
    assert proba.min() > 0
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    found = model.predict(texts)
    assert found.dtype == object
    np.testing.assert_array_equal(found, model.classes_[proba.argmax(axis=1)])
    assert len(set(proba[:, 1])) > 5, "it hangs on the words before"


def test_a_text_by_heart(rhymes):
    model, words = rhymes["default"], RHYME.split()
    given = [words[:i] for i in range(7)]
    assert model.predict(given).tolist() == [*words, "<eos>"]
    assert model.generate(temperature=0) == RHYME
    assert model.generate("The cat", temperature=0) == "The cat sat on a mat"
    assert rhymes["characters"].generate("the c", temperature=0) == RHYME


def test_a_backward_model_reads_from_the_end(rhymes):
    model, words = rhymes["backward"], RHYME.split()
    given = [words[i:] for i in range(7)]
    assert model.predict(given).tolist() == ["<eos>", *words]
    assert model.generate("mat", temperature=0) == RHYME
    assert model.generate(["a", "mat"], temperature=0, max_tokens=2) == "sat on a mat"
    assert model.score([RHYME]) > -0.1 > -1 > model.score(["mat a on sat cat the"])


# -- generate


@pytest.mark.parametrize("name", MODELS)
def test_temperature_zero_is_predict_again_and_again(fitted, name):
    model, join = fitted[name], "" if name == "characters" else " "
    for prompt in ([], ["a"], ["cat", "dog"], ["zebra"]):
        text = list(prompt)
        for _ in range(12):
            scores = model.predict_proba([text])[0]
            scores[0] = 0  # an unknown word is never written
            word = model.classes_[scores.argmax()]
            if word == "<eos>":
                break
            text = [word, *text] if name == "backward" else [*text, word]
        for way in ({"temperature": 0}, {"top_k": 1}, {"top_p": 1e-9}):
            assert model.generate(prompt, max_tokens=12, **way) == join.join(text)


def test_random_state_decides_what_is_drawn_and_n_how_often(fitted):
    def write(seed, **params):
        return fitted["default"].generate("ant", random_state=seed, **params)

    assert write(0, n=9) == write(0, n=9) == write(np.random.RandomState(0), n=9)
    assert write(0, n=9) != write(1, n=9) != write(1, n=9, temperature=0.2)
    assert write(0, n=1) == [write(0)]


@pytest.mark.parametrize("name", MODELS)
def test_a_prompt_is_a_text_or_its_words(fitted, name):
    model, seed = fitted[name], {"random_state": 0, "n": 5}
    joined = "ab" if name == "characters" else "bee cat"
    parts = list(joined) if name == "characters" else joined.split()
    expected = model.generate(joined, **seed)
    assert model.generate(parts, **seed) == expected
    assert model.generate(tuple(parts), **seed) == expected
    end = "endswith" if name == "backward" else "startswith"
    assert all(getattr(text, end)(joined) for text in expected)
    nothing = model.generate(**seed)
    assert model.generate([], **seed) == model.generate("", **seed) == nothing
    assert name == "characters" or all(t == " ".join(t.split()) for t in nothing)
    with pytest.raises(TypeError, match="expects tokens of type str; row 0 has int"):
        model.generate([*parts, 3])


def test_it_stops_at_the_end_or_after_enough_words(fitted):
    seed = {"n": 300, "max_tokens": 6, "random_state": 0}
    texts = fitted["default"].generate(temperature=2.0, **seed)
    assert {len(text.split()) for text in texts} == set(range(7))
    assert "<eos>" not in " ".join(texts)
    assert {len(t.split()) for t in fitted["no end"].generate(**seed)} == {6}
    assert len(fitted["no end"].generate(random_state=0).split()) == 50
    assert max(map(len, fitted["characters"].generate(**seed))) == 6


def test_nothing_is_drawn_after_the_end(rhymes):
    drawn, other = np.random.RandomState(0), np.random.RandomState(0)
    assert rhymes["default"].generate(top_p=0.5, random_state=drawn) == RHYME
    assert drawn.rand() == other.rand(8)[7], "six words and the end"


def test_unknown_words_are_never_written():
    tokenizer = TextTokenizer(max_features=1, add_eos=True)
    model = small(tokenizer=tokenizer, max_epochs=5).fit(TEXTS)
    assert model.predict(["ant bee"]) == ["<unk>"]
    texts = [model.generate("ant", temperature=0), model.generate("ant", top_k=1)]
    texts += model.generate("ant", n=100, random_state=0)
    assert set(" ".join(texts).split()) == {"ant", model.classes_[2]}


def assert_follows(counts, p):
    """Test whether counts follow from probabilities; rare words are not tested."""
    often = np.flatnonzero(p / p.sum() * sum(counts) >= 5)
    counts, expected = np.asarray(counts)[often], p[often] / p[often].sum()
    assert len(often) == 1 or chisquare(counts, expected * counts.sum())[1] > 1e-3


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_words_are_drawn_as_often_as_they_are_probable(fitted, temperature):
    model, way = fitted["default"], {"temperature": temperature, "random_state": 0}
    drawn = model.generate("bee cat", n=4000, max_tokens=1, **way)
    words = [text.split()[2:] or ["<eos>"] for text in drawn]
    counts = [words.count([word]) for word in model.classes_]
    assert counts[0] == 0
    p = model.predict_proba(["bee cat"])[0, 1:] ** (1 / temperature)
    assert_follows(counts[1:], p)


def test_later_words_follow_from_those_drawn_before(fitted):
    """Texts side by side do not mix: each second word hangs on the first."""
    model = fitted["no end"]
    pairs = [t.split() for t in model.generate(n=4000, max_tokens=2, random_state=0)]
    for word, proba in zip(WORDS, model.predict_proba(WORDS), strict=True):
        second = [pair[1] for pair in pairs if pair[0] == word]
        counts = [second.count(other) for other in model.classes_[1:]]
        assert_follows(counts, proba[1:])


WRONG = {
    **{"prompt": [5, None, b"ant"], "max_tokens": [0, 1.5], "n": [0, -1, 2.0]},
    **{"temperature": [-0.1, math.inf, math.nan, None], "top_k": [0, 1.5]},
    **{"top_p": [0, 0.0, 1.1, "all"], "random_state": ["seed", -1]},
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, v) for name, values in WRONG.items() for v in values]
)
def test_faulty_parameters_of_generate(fitted, name, value):
    message = f"The '{name}' parameter of LSTMLanguageModel.generate must be"
    with pytest.raises(InvalidParameterError, match=message):
        fitted["default"].generate(**{name: value})


# -- drawing


def draw(scores, n=1, seed=0, **params):
    settings = {"temperature": 1.0, "top_k": None, "top_p": None, **params}
    scores = np.tile(np.asarray(scores, float), (n, 1))
    random_state = np.random.RandomState(seed)
    return draw_words(scores, random_state=random_state, **settings)


P = np.array([0.1, 0.0, 0.4, 0.2, 0.3])
with np.errstate(divide="ignore"):
    SCORES = np.log(P) + 700  # not normalized


DRAWN = [
    ({}, [0, 2, 3, 4]), ({"top_k": 2}, [2, 4]), ({"top_k": 1000}, [0, 2, 3, 4]),
    ({"top_p": 0.39}, [2]), ({"top_p": 0.41}, [2, 4]), ({"top_p": 0.71}, [2, 3, 4]),
    ({"top_p": 1.0}, [0, 2, 3, 4]), ({"top_k": 3, "top_p": 0.7}, [2, 4]),
    ({"temperature": 0.5}, [0, 2, 3, 4]), ({"temperature": 3.0}, [0, 2, 3, 4]),
]  # fmt: skip


@pytest.mark.parametrize(("params", "kept"), DRAWN, ids=str)
def test_what_is_drawn_from(params, kept):
    counts = np.bincount(draw(SCORES, 20_000, **params), minlength=5)
    assert np.flatnonzero(counts).tolist() == kept
    assert_follows(counts[kept], P[kept] ** (1 / params.get("temperature", 1.0)))


@pytest.mark.parametrize("way", [{"temperature": 0}, {"top_k": 1}, {"top_p": 1e-300}])
def test_of_equal_words_the_first_is_the_most_probable(way):
    scores = np.random.RandomState(0).randint(4, size=1000)
    assert set(draw(scores, 50, **way)) == {np.flatnonzero(scores == 3)[0]}
    counts = np.bincount(draw([1, 3, 3, -np.inf, 3], 3000, top_k=3), minlength=5)
    assert_follows(counts[[1, 2, 4]], np.ones(3))
    assert counts[0] == counts[3] == 0


@pytest.mark.parametrize("temperature", [1e-3, 1e-300, 1e-308, 5e-324])
def test_a_small_temperature_takes_the_most_probable(temperature):
    assert set(draw(SCORES, 50, temperature=temperature)) == {2}


def test_each_text_is_drawn_from_its_own_scores():
    scores = np.full((6, 6), -np.inf)
    np.fill_diagonal(scores, [-1e4, 0, 3, 1e4, 1, 2])
    for params in ({}, {"top_k": 2}, {"top_p": 0.5}):
        settings = {"temperature": 1.0, "top_k": None, "top_p": None, **params}
        drawn = draw_words(scores, random_state=np.random.RandomState(0), **settings)
        assert drawn.tolist() == list(range(6))
