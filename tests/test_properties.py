"""Any texts, lengths, dtypes and containers, through fitted pipelines."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline

from sklstm import (
    BiLSTMClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMLanguageModel,
    RNNRegressor,
    SequencePadder,
    TextTokenizer,
    WordVectors,
    make_baseline,
)
from sklstm.datasets import make_reviews

TEXTS, LABELS = make_reviews(40, random_state=0)
WORDS = sorted({word for text in TEXTS for word in text.split()})
VECTORS = WordVectors(WORDS, np.random.default_rng(0).normal(size=(len(WORDS), 3)))
TINY = {"embedding_dim": 3, "hidden_size": 2, "max_epochs": 1, "random_state": 0}

few = settings(max_examples=30, deadline=None)
pytestmark = pytest.mark.filterwarnings("ignore:PretrainedEmbeddingAverager made zeros")

# Halves of emoji, control characters, anything; and words that the models know
characters = st.characters(exclude_categories=[])
any_text = st.one_of(
    st.text(characters, max_size=40),
    st.lists(st.sampled_from([*WORDS, "<pad>", "<unk>", "<eos>"])).map(" ".join),
)
# What Arrow holds: no halves of emoji; NumPy's str drops zeros at the end
arrow_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@pytest.fixture(scope="module")
def classifiers():
    keeping = TextTokenizer(unknown="keep", add_bos=True)
    padder, net = SequencePadder(max_length=5), LSTMClassifier(**TINY)
    pipes = {
        "net": make_pipeline(TextTokenizer(), LSTMClassifier(**TINY)),
        "cut": make_pipeline(TextTokenizer(), padder, net),
        "vectors": make_pipeline(keeping, BiLSTMClassifier(vectors=VECTORS, **TINY)),
        "characters": make_pipeline(
            TextTokenizer(analyzer="char", strip_accents="unicode"),
            BiLSTMClassifier(pooling="attention", **TINY),
        ),
        "baseline": make_baseline(VECTORS, weighting="sif"),
    }
    return {name: pipe.fit(TEXTS, LABELS) for name, pipe in pipes.items()}


@pytest.fixture(scope="module")
def language_model():
    return LSTMLanguageModel(**TINY).fit(list(TEXTS))


@few
@given(texts=st.lists(any_text, min_size=1, max_size=5))
def test_any_text_has_probabilities(classifiers, texts):
    for pipe in classifiers.values():
        proba = pipe.predict_proba(texts)
        assert proba.shape == (len(texts), 2)
        assert (proba >= 0).all()
        np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
        assert set(pipe.predict(texts)) <= set(LABELS)
        alone = np.concatenate([pipe.predict_proba([text]) for text in texts])
        np.testing.assert_allclose(alone, proba, rtol=0, atol=1e-6)


@few
@given(texts=st.lists(any_text, min_size=1, max_size=5))
def test_any_text_has_a_log_probability(language_model, texts):
    scores = language_model.score_samples(texts)
    assert scores.shape == (len(texts),)
    assert np.isfinite(scores).all()
    assert (scores <= 0).all()
    assert isinstance(language_model.generate(texts[0], max_tokens=2), str)


CONTAINERS = {
    "tuple": tuple,
    "iterator": iter,
    "str array": np.array,
    "object array": lambda texts: np.array(texts, dtype=object),
    "column of an array": lambda texts: np.array(texts, dtype=object)[:, None],
    "bytes": lambda texts: [text.encode() for text in texts],
    "Series": lambda texts: pd.Series(texts, index=[7] * len(texts)),
    "categories": lambda texts: pd.Series(texts, dtype="category"),
    "frame": lambda texts: pd.DataFrame({"text": texts}),
    "polars": pl.Series,
    "polars frame": lambda texts: pl.DataFrame({"text": texts}),
    "Arrow": pa.array,
    "Arrow table": lambda texts: pa.table({"text": texts}),
}


@few
@given(texts=st.lists(arrow_text, min_size=1, max_size=4))
def test_any_container_of_texts_answers_the_same(classifiers, texts):
    for name in ("cut", "baseline"):
        expected = classifiers[name].predict_proba(texts)
        for container in CONTAINERS.values():
            found = classifiers[name].predict_proba(container(texts))
            np.testing.assert_array_equal(found, expected)


# -- numbers


@pytest.fixture(scope="module")
def regressors():
    X = np.random.default_rng(0).normal(size=(12, 5, 2))
    return [
        GRURegressor(**TINY).fit(X, X[:, 0]),
        RNNRegressor(pooling="mean", **TINY).fit(X, X[:, 0, 0]),
    ]


DTYPES = [
    "int8",
    "uint8",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    ">f8",
    "O",
]


@few
@given(
    rows=st.lists(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8),
        min_size=1,
        max_size=5,
    ),
    dtype=st.sampled_from(DTYPES),
)
def test_any_lengths_and_dtypes_of_numbers_answer_the_same(regressors, rows, dtype):
    ragged = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        ragged[i] = np.array(row, dtype).reshape(-1, 2)
    padded = np.full((len(rows), 9, 2), np.nan)
    ahead = padded.copy()
    for i, row in enumerate(rows):
        padded[i, : len(row)] = np.reshape(row, (-1, 2))
        ahead[i, 9 - len(row) :] = np.reshape(row, (-1, 2))
    for model in regressors:
        expected = model.predict([np.array(row, float).reshape(-1, 2) for row in rows])
        assert len(expected) == len(rows)
        assert np.isfinite(expected).all()
        for same in (ragged, list(ragged), padded, ahead, padded.astype("f4")):
            np.testing.assert_array_equal(model.predict(same), expected)


@pytest.fixture(scope="module")
def of_ids():
    ids = np.random.default_rng(0).integers(1, 20, size=(12, 6))
    return LSTMClassifier(**TINY).fit(ids, np.arange(12) % 2)


@few
@given(
    rows=st.lists(st.lists(st.integers(1, 120), max_size=9), min_size=1, max_size=5),
    dtype=st.sampled_from(["int8", "uint8", "int16", "int64", "uint64", ">i4", "O"]),
)
def test_any_lengths_and_dtypes_of_ids_answer_the_same(of_ids, rows, dtype):
    ragged = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        ragged[i] = np.array(row, dtype)
    padded = np.zeros((len(rows), 10), "int64")
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    expected = of_ids.predict_proba(padded)
    assert np.isfinite(expected).all()
    column = pd.Series([*ragged], index=[7] * len(rows))
    rectangles = padded.astype(dtype), padded.tolist(), np.asfortranarray(padded)
    for same in (ragged, list(ragged), column, *rectangles):
        np.testing.assert_array_equal(of_ids.predict_proba(same), expected)
