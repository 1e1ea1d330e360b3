"""scikit-learn's checks for estimators that read text, which its own suite skips.

(i) An adapter writes numbers as words, so that the whole of check_estimator runs
through a tokenizer and a net. (ii) Its checks again, on lists of texts.
"""

import copy
import io
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from sklstm import (
    BiLSTMClassifier,
    LSTMClassifier,
    SequencePadder,
    TextTokenizer,
    WordVectors,
)
from sklstm._validation import check_weights

# -- (i) the adapter


class NumbersAsWords(ClassifierMixin, BaseEstimator):
    """Write each number as a word that tells its column and its size."""

    def __init__(self, n_levels=6, with_vectors=False, random_state=None):
        self.n_levels = n_levels
        self.with_vectors = with_vectors
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        X, y = validate_data(self, X, y, multi_output=True, dtype=np.float64)
        weights = check_weights(sample_weight, X)
        self.edges_ = np.linspace(-4, 8, 4 * self.n_levels)
        texts = self._texts(X)
        # A tokenizer counts words and knows nothing of weights: here it learns from
        # each text that has one, once.
        known = {text for text, weight in zip(texts, weights, strict=True) if weight}
        words = TextTokenizer().fit(sorted(known)).vocabulary_
        classifier = LSTMClassifier(
            vectors=self._vectors(X.shape[1]) if self.with_vectors else None,
            random_state=self.random_state,
            lr=0.02,
        )
        self.pipe_ = make_pipeline(TextTokenizer(vocabulary=words), classifier)
        self.pipe_.fit(texts, y, lstmclassifier__sample_weight=sample_weight)
        self.classes_ = classifier.classes_
        return self

    def _vectors(self, n_columns):
        """Make a vector for every word that a number may be written as."""
        levels = range(len(self.edges_) + 1)
        words = [f"c{i}v{v}" for i in range(n_columns) for v in levels]
        matrix = np.random.RandomState(0).standard_normal((len(words), 20))
        return WordVectors(words, matrix)

    def _texts(self, X):
        levels = np.searchsorted(self.edges_, X)
        return [" ".join(f"c{i}v{v}" for i, v in enumerate(row)) for row in levels]

    def _read(self, X):
        check_is_fitted(self)
        return self._texts(validate_data(self, X, reset=False, dtype=np.float64))

    def predict(self, X):
        texts = self._read(X)
        return self.pipe_.predict(texts)

    def predict_proba(self, X):
        texts = self._read(X)
        return self.pipe_.predict_proba(texts)

    def decision_function(self, X):
        texts = self._read(X)
        return self.pipe_.decision_function(texts)


@parametrize_with_checks([NumbersAsWords(), NumbersAsWords(with_vectors=True)])
def test_scikit_learn_checks_through_text(estimator, check):
    check(estimator)


def test_the_checks_are_not_vacuous():
    results = check_estimator(NumbersAsWords(), on_fail=None, on_skip=None)
    assert len(results) > 55
    assert {result["status"] for result in results} == {"passed"}


# -- (ii) its checks on lists of texts

TEXTS = [
    "a good film", "not a good film", "bad , bad plot", "Good !", "the plot is bad",
    "", "not bad at all", "good plot and good end", "a bad end", "no film is this bad",
]  # fmt: skip
LABELS = ["+", "-", "-", "+", "-", "+", "+", "+", "-", "-"]
NEW = ["a good end", "unheard of", "", "bad bad bad"]


def pipeline(cls=LSTMClassifier, **params):
    net = cls(embedding_dim=8, hidden_size=8, max_epochs=3, random_state=0, **params)
    return make_pipeline(TextTokenizer(), SequencePadder(), net)


ESTIMATORS = {
    "tokenizer": TextTokenizer(),
    "tokenizer of characters": TextTokenizer(analyzer="char", add_bos=True),
    "tokenizer that keeps": TextTokenizer(unknown="keep", min_df=2, add_eos=True),
    "tokenizer and padder": make_pipeline(TextTokenizer(), SequencePadder()),
    "pipeline": pipeline(),
    "pipeline without padder": make_pipeline(
        TextTokenizer(max_features=9), BiLSTMClassifier(max_epochs=2, random_state=0)
    ),
}


@pytest.fixture(params=ESTIMATORS.values(), ids=ESTIMATORS)
def estimator(request):
    return clone(request.param)


@pytest.fixture(params=[name for name in ESTIMATORS if "keeps" not in name])
def independent(request):
    """Rows of its answers do not depend on each other; ids of kept words do."""
    return clone(ESTIMATORS[request.param])


def methods(estimator):
    """Return the names of its methods that take texts."""
    names = ("transform", "predict", "predict_proba", "decision_function")
    return [name for name in names if hasattr(estimator, name)]


def outcomes(estimator, texts):
    """Return the answer of each method, as plain nested lists."""
    return {name: rows(getattr(estimator, name)(texts)) for name in methods(estimator)}


def rows(result):
    return [row.tolist() if hasattr(row, "tolist") else row for row in result]


def assert_same(first, second, exact=True):
    assert first.keys() == second.keys()
    for name in first:
        for one, other in zip(first[name], second[name], strict=True):
            if exact or isinstance(one, str):
                assert one == other
            else:
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


def test_clone_and_get_params_round_trip(estimator):
    params = estimator.get_params()
    same = clone(estimator)
    assert repr(same) == repr(estimator)
    assert same.get_params().keys() == params.keys()
    assert repr(type(estimator)(**estimator.get_params(deep=False))) == repr(estimator)
    assert estimator.set_params(**params) is estimator


def test_fit_returns_self_and_keeps_parameters(estimator):
    before = repr(estimator.get_params())
    texts, labels = list(TEXTS), list(LABELS)
    assert estimator.fit(texts, labels) is estimator
    assert repr(estimator.get_params()) == before
    assert (texts, labels) == (TEXTS, LABELS), "what it is given is left alone"


def test_nothing_is_set_before_fit(estimator):
    first = estimator[0] if hasattr(estimator, "steps") else estimator
    assert [name for name in vars(first) if name.endswith("_")] == []
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)
    for name in methods(estimator):
        with pytest.raises(NotFittedError):
            getattr(estimator, name)(TEXTS)


def test_fit_is_idempotent(estimator):
    first = outcomes(estimator.fit(TEXTS, LABELS), NEW)
    assert_same(outcomes(estimator.fit(TEXTS, LABELS), NEW), first)
    assert_same(outcomes(clone(estimator).fit(TEXTS, LABELS), NEW), first)


def test_fit_forgets_what_it_was_fitted_on(estimator):
    expected = outcomes(clone(estimator).fit(TEXTS, LABELS), NEW)
    other = ["entirely other words", "of other lengths , too"] * 2
    estimator.fit(other, ["x", "y"] * 2)
    assert_same(outcomes(estimator.fit(TEXTS, LABELS), NEW), expected)


def test_fit_transform_is_fit_then_transform(estimator):
    at_once = rows(clone(estimator).fit_transform(TEXTS, LABELS))
    assert at_once == rows(estimator.fit(TEXTS, LABELS).transform(TEXTS))


def test_predicting_changes_nothing(estimator):
    estimator.fit(TEXTS, LABELS)
    steps = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    before = [dict(vars(step)) for step in steps]
    first = outcomes(estimator, NEW)
    assert_same(outcomes(estimator, NEW), first)
    assert [dict(vars(step)) for step in steps] == before


def test_a_generator_is_read_once(estimator):
    if hasattr(estimator, "predict"):
        expected = rows(estimator.fit(TEXTS, LABELS).predict(NEW))
        assert rows(estimator.predict(text for text in NEW)) == expected
        estimator.fit((text for text in TEXTS), LABELS)
    else:
        expected = rows(estimator.fit(TEXTS).transform(NEW))
        estimator.fit(text for text in TEXTS)
        assert rows(estimator.transform(text for text in NEW)) == expected


def test_some_of_the_rows_have_the_same_answer(independent):
    whole = outcomes(independent.fit(TEXTS, LABELS), TEXTS)
    for i in range(len(TEXTS)):
        one = outcomes(independent, TEXTS[i : i + 1])
        assert_same(one, {k: v[i : i + 1] for k, v in whole.items()}, exact=False)


def test_order_of_the_rows_does_not_matter(independent):
    order = np.random.RandomState(0).permutation(len(TEXTS))
    whole = outcomes(independent.fit(TEXTS, LABELS), TEXTS)
    found = outcomes(independent, [TEXTS[i] for i in order])
    assert_same(found, {k: [v[i] for i in order] for k, v in whole.items()})


def test_order_of_the_training_rows_does_not_matter(independent):
    order = np.random.RandomState(0).permutation(len(TEXTS))
    expected = outcomes(clone(independent).fit(TEXTS, LABELS), NEW)
    independent.fit([TEXTS[i] for i in order], [LABELS[i] for i in order])
    assert_same(outcomes(independent, NEW), expected)


def through_joblib(model):
    joblib.dump(model, buffer := io.BytesIO())
    buffer.seek(0)
    return joblib.load(buffer)


@pytest.mark.parametrize(
    "store", [lambda m: pickle.loads(pickle.dumps(m)), through_joblib, copy.deepcopy]
)
def test_storing(estimator, store):
    unfitted = store(estimator)
    expected = outcomes(estimator.fit(TEXTS, LABELS), NEW)
    fitted = store(estimator)
    assert_same(outcomes(fitted, NEW), expected)
    for model in (unfitted, fitted):
        assert_same(outcomes(model.fit(TEXTS, LABELS), NEW), expected)


def test_mapped_memory(estimator, tmp_path):
    expected = outcomes(estimator.fit(TEXTS, LABELS), NEW)
    joblib.dump(estimator, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert_same(outcomes(mapped, NEW), expected)


def test_one_document(estimator):
    estimator.fit(TEXTS, LABELS)
    for name in methods(estimator):
        assert len(getattr(estimator, name)(["a good film"])) == 1


def test_one_training_document():
    assert rows(TextTokenizer().fit_transform(["good good"])) == [[2, 2]]
    with pytest.raises(ValueError, match="needs samples of at least 2 classes"):
        pipeline().fit(["good"], ["+"])


def test_no_documents(estimator):
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        clone(estimator).fit([], [])
    estimator.fit(TEXTS, LABELS)
    for name in methods(estimator):
        with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
            getattr(estimator, name)([])


@pytest.mark.parametrize("padder", ["passthrough", SequencePadder()], ids=str)
def test_no_words(padder):
    estimator = pipeline().set_params(sequencepadder=padder)
    estimator.set_params(texttokenizer__stop_words=["x"])
    with pytest.raises(ValueError, match="TextTokenizer found an empty vocabulary"):
        estimator.fit(["", "x", "x x"], ["+", "-", "+"])
    for step in (estimator[0], estimator[-1]):
        with pytest.raises(NotFittedError):
            check_is_fitted(step)


def test_one_text_is_not_texts(estimator):
    with pytest.raises(ValueError, match="Iterable over raw text documents expected"):
        clone(estimator).fit("a good film", ["+"])
    estimator.fit(TEXTS, LABELS)
    for name in methods(estimator):
        with pytest.raises(ValueError, match="string object received"):
            getattr(estimator, name)("a good film")


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_text(estimator, missing):
    texts = [*TEXTS[:-1], missing]
    with pytest.raises(
        ValueError, match="TextTokenizer found a missing value at row 9"
    ):
        clone(estimator).fit(texts, LABELS)
    estimator.fit(TEXTS, LABELS)
    for name in methods(estimator):
        with pytest.raises(ValueError, match="found a missing value at row 9"):
            getattr(estimator, name)(texts)


def test_something_that_is_not_text(estimator):
    for value in (3, 2.5, object(), {"a": 1}):
        with pytest.raises(TypeError, match=r"TextTokenizer expects str; row 1 has"):
            clone(estimator).fit(["a", value], ["+", "-"])


def test_more_than_one_column(estimator):
    frame = pd.DataFrame({"a": TEXTS, "b": TEXTS})
    with pytest.raises(ValueError, match="expected one text column, got 2"):
        estimator.fit(frame, LABELS)


def test_number_of_labels():
    for labels in (LABELS[:-1], [*LABELS, "+"]):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            pipeline().fit(TEXTS, labels)


def test_feature_names(estimator):
    estimator.set_output(transform="pandas").fit(TEXTS, LABELS)
    frame = estimator.transform(pd.Series(NEW, index=list("wxyz")))
    assert list(frame.columns) == list(estimator.get_feature_names_out())
    assert list(frame.index) == list("wxyz")
    plain = clone(estimator).set_output(transform="default").fit(TEXTS, LABELS)
    for row, expected in zip(frame.to_numpy(), plain.transform(NEW), strict=True):
        np.testing.assert_array_equal(np.hstack(row), expected)


def test_errors_of_feature_names(estimator):
    with pytest.raises(NotFittedError):
        clone(estimator).get_feature_names_out()


def test_tags():
    """Nothing but the form of its input is switched off."""
    tags = get_tags(TextTokenizer())
    assert tags.input_tags.string
    assert tags.input_tags.one_d_array
    assert not tags.input_tags.two_d_array
    assert not tags.no_validation
    assert not tags.non_deterministic
    assert not tags._skip_test


def test_html(estimator):
    for model in (estimator, clone(estimator).fit(TEXTS, LABELS)):
        assert "TextTokenizer" in model._repr_html_()
