"""The main job: a column of real sentences through a pipeline inside a grid search."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import (
    BiLSTMClassifier,
    LSTMClassifier,
    SequencePadder,
    TextTokenizer,
)


@pytest.fixture(scope="module")
def frame(sst2):
    (texts, labels), _ = sst2
    frame = pd.DataFrame({"text": texts, "label": labels})
    return frame.sample(1200, random_state=0)  # the index is out of order


@pytest.fixture(scope="module")
def search(frame):
    pipe = make_pipeline(
        TextTokenizer(max_features=20_000),
        SequencePadder(max_length=0.95),
        BiLSTMClassifier(max_epochs=4, random_state=0),
    )
    grid = {
        "bilstmclassifier__hidden_size": [32, 64],
        "bilstmclassifier__dropout": [0.2, 0.5],
    }
    return GridSearchCV(pipe, grid, cv=3, n_jobs=2).fit(frame["text"], frame["label"])


def test_grid_search_learns(search, sst2):
    assert len(search.cv_results_["params"]) == 4
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    assert search.best_score_ > 0.6  # chance is 0.52; 800 sentences train each fold
    _, (texts, labels) = sst2
    assert search.score(texts, labels) > 0.62


def test_predictions(search):
    texts = ["not a bad film at all", "a dull and pointless film"]
    predicted = search.predict(texts)
    assert type(predicted) is np.ndarray
    assert set(predicted) <= {"negative", "positive"}
    proba = search.predict_proba(pd.Series(texts, index=["x", "x"]))
    assert proba.shape == (2, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(search.predict_proba(pd.DataFrame(texts)), proba)


def test_sizes_follow_the_data_of_each_fold(search):
    tokenizer, padder, net = (step for _, step in search.best_estimator_.steps)
    n_words = len(tokenizer.vocabulary_)
    assert len(net.state_["embedding.weight"]) == n_words
    assert net.n_features_in_ == padder.max_length_


def test_search_is_the_same_in_one_process(search, frame):
    again = clone(search).set_params(n_jobs=1)
    for params, score in zip(
        search.cv_results_["params"][:1],
        search.cv_results_["mean_test_score"][:1],
        strict=True,
    ):
        pipe = clone(again.estimator).set_params(**params)
        found = cross_val_score(pipe, frame["text"], frame["label"], cv=3)
        assert found.mean() == score


def test_saved_pipeline_predicts_the_same(search, frame, tmp_path):
    joblib.dump(search.best_estimator_, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(
        loaded.predict_proba(frame["text"][:50]),
        search.predict_proba(frame["text"][:50]),
    )


def test_padder_and_scores_are_optional(frame):
    texts, labels = frame["text"][:300], frame["label"][:300]
    net = LSTMClassifier(max_epochs=2, random_state=0)
    without = make_pipeline(TextTokenizer(), net).fit(texts, labels)
    padded = make_pipeline(TextTokenizer(), SequencePadder(), clone(net))
    np.testing.assert_array_equal(
        without.predict_proba(texts), padded.fit(texts, labels).predict_proba(texts)
    )


def test_pandas_between_the_steps(frame):
    texts, labels = frame["text"][:300], frame["label"][:300]
    pipe = make_pipeline(
        TextTokenizer(),
        SequencePadder(max_length=20),
        LSTMClassifier(max_epochs=2, random_state=0),
    )
    expected = clone(pipe).fit(texts, labels).predict_proba(texts)
    pipe[:-1].set_output(transform="pandas")
    found = pipe.fit(texts, labels).predict_proba(texts)
    np.testing.assert_array_equal(found, expected)
    between = pipe[:-1].transform(texts)
    assert list(between.index) == list(texts.index)
    assert between.attrs["vocabulary"].ids == pipe[0].vocabulary_
