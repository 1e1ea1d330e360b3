"""The averager as a scikit-learn estimator."""

import gzip
import pickle
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import (
    check_estimator,
    check_get_feature_names_out_error,
    check_param_validation,
    parametrize_with_checks,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from sklstm import PretrainedEmbeddingAverager, WordVectors, load_vectors
from sklstm.datasets import make_reviews
from tests.vectors.conftest import MATRIX, WORDS, glove_text

TEXTS = ["the good film", "The bad, bad film!", "Café", "film good the bad Film"]

N_LEVELS = 24
LEVELS = WordVectors(
    [f"c{column}v{level}" for column in range(40) for level in range(N_LEVELS + 1)],
    np.random.RandomState(0).standard_normal((40 * (N_LEVELS + 1), 3)),
)


class AveragedNumbers(TransformerMixin, BaseEstimator):
    """Write each number as a word, so that all of check_estimator runs on texts."""

    def __init__(self, weighting=None):
        self.weighting = weighting

    def fit(self, X, y=None):
        X = validate_data(self, X, dtype=np.float64)
        self.edges_ = np.linspace(-4, 8, N_LEVELS)
        averager = PretrainedEmbeddingAverager(LEVELS, weighting=self.weighting)
        self.averager_ = averager.fit(self._texts(X), y)
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self.averager_.transform(self._texts(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        averager = PretrainedEmbeddingAverager(LEVELS)
        tags.transformer_tags = averager.__sklearn_tags__().transformer_tags
        return tags

    def _texts(self, X):
        levels = np.searchsorted(self.edges_, X)
        return [" ".join(f"c{i}v{v}" for i, v in enumerate(row)) for row in levels]


@parametrize_with_checks([AveragedNumbers(w) for w in (None, "idf", "sif")])
def test_scikit_learn_checks_through_text(estimator, check):
    check(estimator)


def test_the_checks_are_not_vacuous():
    results = check_estimator(AveragedNumbers(), on_fail=None, on_skip=None)
    assert len(results) > 40
    assert {result["status"] for result in results} == {"passed"}


@pytest.mark.parametrize(
    "check", [check_param_validation, check_get_feature_names_out_error]
)
def test_checks_that_check_estimator_leaves_out(check, vectors):
    check("PretrainedEmbeddingAverager", PretrainedEmbeddingAverager(vectors))


def test_bad_parameters(vectors):
    for parameters in ({"weighting": "tf"}, {"oov": None}, {"normalize": "yes"}):
        with pytest.raises(ValueError, match="of PretrainedEmbeddingAverager must be"):
            PretrainedEmbeddingAverager(vectors, **parameters).fit(TEXTS)
    with pytest.raises(TypeError, match="Word vectors are given as a path"):
        PretrainedEmbeddingAverager(None).fit(TEXTS)


def test_every_form_of_vectors(vectors, keyed_vectors, tmp_path):
    path = tmp_path / "v.txt.gz"
    path.write_bytes(gzip.compress(glove_text()))
    for given in (keyed_vectors, path, str(path), load_vectors(path)):
        averager = PretrainedEmbeddingAverager(given)
        found = clone(averager).fit_transform([["good", "Film"]])
        np.testing.assert_array_equal(found, MATRIX[[1, 2]].mean(axis=0, keepdims=True))
        assert averager.get_params()["vectors"] is given
    fitted = [PretrainedEmbeddingAverager(path).fit(TEXTS) for _ in range(2)]
    assert fitted[0].vectors_.matrix is fitted[1].vectors_.matrix


def test_set_output_and_names(vectors):
    averager = PretrainedEmbeddingAverager(vectors).fit(TEXTS)
    names = [f"embedding_{i}" for i in range(4)]
    assert averager.get_feature_names_out().tolist() == names
    plain = averager.transform(TEXTS)
    averager.set_output(transform="pandas")
    frame = averager.transform(pd.Series(TEXTS, index=[7, 7, 8, 9]))
    assert list(frame.columns) == names
    assert list(frame.index) == [7, 7, 8, 9]
    assert set(frame.dtypes) == {np.dtype(np.float32)}
    np.testing.assert_array_equal(frame.to_numpy(), plain)
    assert averager.set_output(transform="polars").transform(TEXTS).columns == names


@pytest.mark.parametrize("weighting", [None, "idf", "sif"])
def test_fit_is_idempotent_and_changes_nothing(vectors, weighting):
    averager = PretrainedEmbeddingAverager(vectors, weighting=weighting)
    first = averager.fit_transform(TEXTS)
    state = pickle.dumps(vars(averager))
    np.testing.assert_array_equal(averager.transform(TEXTS), first)
    np.testing.assert_array_equal(averager.fit(TEXTS).transform(TEXTS), first)
    assert pickle.dumps(vars(averager)) == state


@pytest.mark.parametrize("by_path", [True, False])
@pytest.mark.parametrize("weighting", [None, "idf", "sif"])
def test_pickles_in_a_fresh_process(vectors, weighting, by_path, tmp_path):
    given = vectors
    if by_path:
        (tmp_path / "v.txt").write_bytes(glove_text())
        given = str(tmp_path / "v.txt")
    averager = PretrainedEmbeddingAverager(given, weighting=weighting)
    expected = averager.fit_transform(TEXTS)
    joblib.dump((averager, TEXTS, expected), tmp_path / "j")
    code = (
        "import joblib, sys; a, X, y = joblib.load(sys.argv[1]);"
        "print((a.transform(X) == y).all(), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "j")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["True", "False"], done.stderr


def test_grid_search_in_two_processes(vectors):
    texts, labels = make_reviews(40, random_state=0)
    averager = PretrainedEmbeddingAverager(vectors, missing="empty")
    pipe = make_pipeline(averager, LogisticRegression())
    grid = {
        "pretrainedembeddingaverager__weighting": [None, "idf", "sif"],
        "pretrainedembeddingaverager__vectors": [vectors, WordVectors(WORDS, -MATRIX)],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # five words are not many
        scores = [
            GridSearchCV(pipe, grid, cv=2, n_jobs=n, error_score="raise")
            .fit(texts, labels)
            .cv_results_["mean_test_score"]
            for n in (1, 2)
        ]
    np.testing.assert_array_equal(*scores)
