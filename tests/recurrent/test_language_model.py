"""LSTMLanguageModel: how likely texts are, how it trains, and how it is stored."""

import copy
import io
import math
import pickle
import random
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

from sklstm import LSTMLanguageModel, TextTokenizer, WordVectors
from sklstm._sklearn import InvalidParameterError
from sklstm.nn import cross_entropy, language_inference, parts

SMALL = {"embedding_dim": 8, "hidden_size": 8, "max_epochs": 2, "batch_size": 4}
SMALL |= {"bptt": 5, "lr": 0.02, "random_state": 0}
EXACT = {"dropout": 0.0, "word_dropout": 0.0, "max_epochs": 15, "lr": 0.05}
WORDS = "ant bee cat dog eel fox".split()


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


def answers(model, texts=NEW):
    """All that a fitted model says, to be compared."""
    written = model.generate("ant", n=3, max_tokens=5, random_state=0)
    probable = model.predict_proba(texts).tobytes(), tuple(model.predict(texts))
    return model.score_samples(texts).tobytes(), *probable, *written


MODELS = {
    "default": {},
    "untied, two layers": {"tie_weights": False, "num_layers": 2},
    "projected": {"hidden_size": 12},
    "no end": {"tokenizer": TextTokenizer()},
    "backward": {"backward": True},
    "whole texts": {"bptt": None},
    "characters": {"tokenizer": TextTokenizer(analyzer="char", add_eos=True)},
}


@pytest.fixture(scope="module")
def fitted():
    """A sharp model of each kind: doubled weights show rounding that others hide."""
    models = {name: small(**params).fit(TEXTS) for name, params in MODELS.items()}
    with torch.no_grad():
        for model in models.values():
            for weight in model.net_.module_.parameters():
                weight.mul_(2)
    return models


# -- known answers


@pytest.mark.parametrize(
    ("params", "limit"),
    [({}, 1.1), ({"bptt": None}, 1.02), ({"bptt": None, "backward": True}, 1.02)],
    ids=str,
)
def test_a_text_that_is_always_the_same_has_no_surprises(params, limit):
    model = small(**{**EXACT, **params}).fit(["ant bee ant cat dog"] * 40)
    assert 1 < model.perplexity(["ant bee ant cat dog"]) < limit
    assert model.perplexity(["dog cat ant bee ant"]) > 3


def test_a_word_that_seems_impossible_surprises_without_end():
    model = small().fit(["ant bee"] * 9)
    ant = model.tokenizer_.vocabulary_["ant"]
    model.net_.module_.bias.data[ant] = 1e4
    assert model.perplexity(["bee"]) == np.inf


# A stream rarely shows what it is to begin without a state
@pytest.mark.parametrize(("bptt", "within"), [(5, 0.07), (None, 0.01)])
def test_a_coin_is_one_surprise_of_two(bptt, within):
    texts = np.random.RandomState(0).choice(["heads wins now", "tails wins now"], 200)
    model = small(**{**EXACT, "bptt": bptt}).fit(texts)
    assert model.perplexity(texts) == pytest.approx(2 ** (1 / 4), rel=within)


@pytest.mark.parametrize("k", [2, 6])
def test_words_by_chance_are_k_surprises_of_k(k):
    rng = np.random.RandomState(0)
    texts = [rng.choice(WORDS[:k], 10).tolist() for _ in range(150)]
    no_end = {**EXACT, "max_epochs": 4, "tokenizer": TextTokenizer()}
    model = small(**no_end).fit(texts[:100])
    assert model.perplexity(texts[100:]) == pytest.approx(k, rel=0.06)


@pytest.mark.parametrize("params", MODELS.values(), ids=MODELS)
def test_a_model_that_knows_nothing_hesitates_between_all_words(params):
    model = small(**params, lr=1e-30).fit(TEXTS)
    assert model.perplexity(NEW) == pytest.approx(len(model.classes_), rel=0.05)


LEARNERS = {name: params for name, params in MODELS.items() if name != "characters"}
LEARNERS |= {
    "weights left out": {"weight_dropout": 0.3},
    "bfloat16": {"precision": "bfloat16", "num_layers": 2},
    "no dropout": {"dropout": 0.0, "word_dropout": 0.0, "average": False},
    "all columns": {"batch_size": -1, "clip_norm": None, "optimizer": "rmsprop"},
}


OTHERS = {"dropout": 0.5, "weight_dropout": 0.3, "word_dropout": 0, "average": False}
OTHERS |= {"precision": "bfloat16", "bptt": 4, "batch_size": 2, "clip_norm": 1e-3}


@pytest.mark.parametrize("name", OTHERS)
def test_each_setting_tells(name):
    assert bits(small(**{name: OTHERS[name]}).fit(TEXTS)) != bits(small().fit(TEXTS))


@pytest.mark.parametrize("params", LEARNERS.values(), ids=LEARNERS)
def test_it_learns_which_words_may_follow(params):
    model = small(**params, max_epochs=12).fit(TEXTS)
    assert model.perplexity(NEW) < 0.5 * len(model.classes_)
    from_the_end = [text.split()[::-1] for text in NEW]
    assert model.perplexity(NEW) < 0.5 * model.perplexity(from_the_end)


# -- how likely texts are


@pytest.mark.parametrize("cutoffs", [(2_000,), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_score_samples_adds_up_what_comes_next(fitted, name, cutoffs, monkeypatch):
    model, texts = fitted[name], [*NEW[:6], "ant zebra bee", "zebra"]
    if cutoffs[0] == 2:  # rare words in clusters
        monkeypatch.setattr(cross_entropy, "CUTOFFS", cutoffs)
        model = small(**MODELS[name]).fit(TEXTS)
        assert len(model.net_.module_.output.cluster_weight) >= 2
    tokenizer = model.tokenizer_
    expected = []
    for row in tokenizer.transform(texts):
        ids = row.tolist()[::-1] if model.backward else row.tolist()
        if model.backward:
            ids = [*ids[1:], ids[0]]  # the end stays where it is
        words = [list(tokenizer.vocabulary_)[i] for i in ids]
        given = [words[:i] for i in range(len(words))]
        proba = model.predict_proba([g[::-1] if model.backward else g for g in given])
        right = [model.classes_.tolist().index(word) for word in words]
        expected.append(np.log(proba[np.arange(len(words)), right]).mean())
    np.testing.assert_allclose(model.score_samples(texts), expected, atol=1e-5)


def test_score_is_the_mean_over_words_and_the_logarithm_of_perplexity(fitted):
    model, texts = fitted["default"], [*NEW, "", " "]
    each, lengths = model.score_samples(NEW), [len(t.split()) + 1 for t in NEW]
    assert model.score(texts) == pytest.approx(np.average(each, weights=lengths))
    assert math.log(model.perplexity(texts)) == pytest.approx(-model.score(texts))
    assert (each.shape, each.dtype) == ((30,), np.float64)


@pytest.mark.parametrize("name", MODELS)
def test_likelihoods_and_next_words_do_not_depend_on_the_texts_beside(fitted, name):
    model, texts = fitted[name], [*NEW, "", "ant " * 50]
    order = np.random.RandomState(0).permutation(len(texts))
    for method in (model.score_samples, model.predict_proba):
        expected = method(texts)
        shuffled = method([texts[i] for i in order])
        np.testing.assert_allclose(shuffled, expected[order], rtol=0, atol=1e-6)
        repeated = np.split(method(texts * 3), 3)
        for found in (*repeated, np.concatenate([method([text]) for text in texts])):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_long_texts_are_read_in_stretches(fitted, name, monkeypatch):
    model, texts = fitted[name], [" ".join(NEW), *NEW[:4], " ".join(NEW[:5])]
    likely, follow = model.score_samples(texts), model.predict_proba(texts)
    written = model.generate(texts[0], temperature=0, max_tokens=9)
    monkeypatch.setattr(language_inference, "STRETCH", 4)
    np.testing.assert_allclose(model.score_samples(texts), likely, rtol=0, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(texts), follow, rtol=0, atol=1e-6)
    assert model.generate(texts[0], temperature=0, max_tokens=9) == written


def test_unknown_words_are_learned_where_words_are_dropped():
    models = (small(word_dropout=p, max_epochs=10).fit(TEXTS) for p in (1.0, 0.0))
    careful, careless = (model.score(["zebra"]) for model in models)
    assert careful > careless + 1


# -- training

BAD = {
    **{"bptt": 0, "weight_dropout": 1.0, "dropout": -0.1, "hidden_size": 0},
    **{"embedding_dim": 2.5, "tokenizer": "word", "backward": "yes", "batch_size": 0},
    **{"tie_weights": None, "word_dropout": -1, "lr": math.inf, "device": "gpu"},
    **{"average": 3, "optimizer": "adamm", "max_epochs": 0, "clip_norm": 0},
}


@pytest.mark.parametrize(("name", "value"), BAD.items(), ids=BAD)
def test_faulty_parameters(fitted, name, value):
    message = f"The '{name}' parameter of LSTMLanguageModel must be"
    with pytest.raises(InvalidParameterError, match=message):
        small(**{name: value}).fit(TEXTS)
    going_on = copy.deepcopy(fitted["default"]).set_params(**{name: value})
    with pytest.raises(InvalidParameterError, match=message):
        going_on.partial_fit(TEXTS)


def test_history():
    model, names = small().fit(TEXTS), ["epoch", "train_loss", "seconds", "rows"]
    assert [list(row) for row in model.history_] == [names] * 2
    assert [row["rows"] for row in model.history_] == [60, 60]
    assert (model.n_iter_, model.best_epoch_) == (2, None)
    assert 0 < model.history_[1]["train_loss"] < math.log(len(model.classes_))
    model.fit(TEXTS, X_val=NEW)
    names.insert(2, "valid_loss")
    assert [list(row) for row in model.history_] == [names] * 2


@pytest.mark.parametrize("average", [True, False])
def test_the_best_epoch_is_kept(average):
    model = small(bptt=None, lr=0.3, max_epochs=8, average=average, clip_norm=None)
    model.fit(TEXTS[:10], X_val=NEW)
    losses = [row["valid_loss"] for row in model.history_]
    assert len(losses) == 8
    assert model.best_epoch_ == 1 + np.argmin(losses) < 8, "or nothing is brought back"
    assert -model.score(NEW) == pytest.approx(min(losses), rel=1e-5)


def test_early_stopping():
    model = small(early_stopping=True, lr=0.3, max_epochs=50, n_iter_no_change=2)
    model.fit(TEXTS)
    assert model.best_epoch_ + 2 <= model.n_iter_ < 50
    assert model.history_[0]["rows"] == 54
    with pytest.raises(
        ValueError, match="needs texts to validate on, but n_samples=1 "
    ):
        model.fit(TEXTS[:1])
    assert model.fit(TEXTS[:1], X_val=NEW).history_[0]["rows"] == 1
    assert not hasattr(model, "partial_fit")


def test_partial_fit_goes_on():
    a, b = TEXTS[:30], TEXTS[30:]
    params = {"word_dropout": 0.0}  # its rates come from all texts so far
    model = small(**params).partial_fit(a)
    assert bits(model) == bits(small(**params, max_epochs=1).fit(a))
    twice = small(**params).partial_fit(a).partial_fit(a)
    assert bits(twice) == bits(small(**params).fit(a)) != bits(model)
    later = "newt " * 10
    model.partial_fit([*b, later])
    assert "newt" not in model.classes_, "the first call's words stay"
    assert [row["rows"] for row in model.history_] == [30, 31]
    assert model.score([later]) == model.score(["unheard " * 10])
    for _ in range(12):
        model.partial_fit(a).partial_fit(b)
    assert model.perplexity(NEW) < 4


def test_warm_start_goes_on():
    whole = small(max_epochs=4, word_dropout=0.0).fit(TEXTS)
    halves = small(warm_start=True, word_dropout=0.0).fit(TEXTS).fit(TEXTS)
    assert (bits(halves), halves.n_iter_) == (bits(whole), 4)
    expected = answers(halves)
    with pytest.raises(ValueError, match="net with tied=True to one with tied=False"):
        halves.set_params(tie_weights=False).fit(TEXTS)
    assert answers(halves) == expected
    assert halves.set_params(warm_start=False).fit(TEXTS).n_iter_ == 2


class Fails(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise RuntimeError("the callback's own words")


def test_a_fit_that_fails_leaves_no_half():
    for model in (small(), small().fit(TEXTS)):
        with pytest.raises(RuntimeError, match="own words"):
            model.set_params(callbacks=[Fails()]).fit(TEXTS)
        assert [name for name in vars(model) if name.endswith("_")] == []
    model = small().partial_fit(TEXTS)
    expected = answers(model)
    with pytest.raises(RuntimeError, match="own words"):
        model.set_params(callbacks=[Fails()]).partial_fit(NEW)
    assert answers(model) == expected
    assert len(model.history_) == 1


METHODS = "score_samples score perplexity predict predict_proba generate".split()


@pytest.mark.parametrize("name", [*METHODS, "classes_", "word_vectors_"])
def test_nothing_is_known_before_fit(name):
    with pytest.raises(NotFittedError):
        getattr(small(), name)(*[TEXTS] * (name != "generate"))


# -- chance


def test_same_seed_same_bits():
    model = small(dropout=0.4, weight_dropout=0.2, early_stopping=True)
    expected = bits(model.fit(TEXTS)), answers(model)
    assert (bits(model.fit(TEXTS)), answers(model)) == expected, "fitted twice"
    again = clone(model)
    assert (bits(again.fit(TEXTS)), answers(again)) == expected
    assert bits(model.set_params(random_state=1).fit(TEXTS)) != expected[0]
    anyhow = [bits(clone(model).set_params(random_state=None).fit(TEXTS)) for _ in "ab"]
    assert anyhow[0] != anyhow[1]


def global_states():
    legacy = np.random.get_state()  # noqa: NPY002
    return pickle.dumps((torch.get_rng_state().numpy(), legacy, random.getstate()))


@pytest.mark.parametrize("random_state", [0, None])
def test_global_generators_are_left_alone(random_state):
    before = global_states()
    model = small(random_state=random_state, weight_dropout=0.2)
    model.partial_fit(TEXTS).score(NEW)
    model.set_params(early_stopping=True).fit(TEXTS).predict(NEW)
    assert global_states() == before
    model.generate(random_state=random_state)
    assert global_states() == before


def test_same_bits_on_any_number_of_threads(monkeypatch):
    """Words, rows and steps enough for every operation to use its threads."""
    monkeypatch.setattr(parts, "MIN_WORK", 1)
    rng = np.random.RandomState(0)
    texts = [[f"w{i}" for i in rng.randint(9000, size=30)] for _ in range(200)]
    model = small(batch_size=40, bptt=10, weight_dropout=0.1, max_epochs=1)
    found = set()
    try:
        for n_threads in (1, 2, 3):
            torch.set_num_threads(n_threads)
            model.fit(texts)
            found.add((bits(model), *answers(model, texts[:40])))
    finally:
        torch.set_num_threads(1)
    assert len(found) == 1


def test_two_threads_predict_at_once(fitted):
    model = fitted["default"]
    expected = answers(model)
    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(lambda _: answers(model), range(8))) == {expected}


# -- storage and what others make of it


def through_joblib(model):
    joblib.dump(model, buffer := io.BytesIO())
    buffer.seek(0)
    return joblib.load(buffer)


@pytest.mark.parametrize(
    "store", [lambda m: pickle.loads(pickle.dumps(m)), through_joblib, copy.deepcopy]
)
def test_storing(store):
    model = small(dropout=0.4, weight_dropout=0.2).partial_fit(TEXTS)
    stored = store(model)
    assert answers(stored) == answers(model)
    assert stored.history_ == model.history_
    for one in (model, stored):
        one.partial_fit(NEW).partial_fit(TEXTS)
    assert bits(stored) == bits(model)
    assert answers(stored) == answers(model)


def test_output_of_transformers_is_not_its_own():
    expected = answers(small().fit(TEXTS))
    with config_context(transform_output="pandas"):
        assert answers(small().fit(TEXTS)) == expected


@pytest.mark.parametrize("name", ["default", "no end"])
def test_word_vectors_are_the_embedding(name):
    model = small(**MODELS[name]).fit(TEXTS)
    vectors = model.word_vectors_
    assert isinstance(vectors, WordVectors)
    assert sorted(vectors.words) == WORDS
    ids = [model.tokenizer_.vocabulary_[word] for word in vectors.words]
    embedding = model.net_.module_.embedding.weight.detach().numpy()
    np.testing.assert_array_equal(vectors.matrix, embedding[ids])
