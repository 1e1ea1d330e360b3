"""train_vectors: what it learns, that it learns it again, and row 73 of the faults."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sklstm import train_vectors
from sklstm.datasets import make_reviews

TEXTS = ["a good film", "a bad film", "Good or bad?"]


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_words_and_shape(method):
    vectors = train_vectors(TEXTS, 7, method=method, random_state=0)
    assert vectors.words == ("a", "bad", "film", "good")  # by falling count
    assert vectors.matrix.shape == (4, 7)
    assert vectors.subwords == (method == "fasttext")
    assert vectors.lookup_vectors(["films"])[1].tolist() == [method == "fasttext"]
    every = train_vectors(TEXTS, 7, method=method, min_count=1, random_state=0)
    assert set(every.words) == {"a", "good", "film", "bad", "or", "?"}


@pytest.fixture(scope="module")
def topics():
    """Texts of eight words each, all of them of one of two topics."""
    rng = np.random.RandomState(0)
    words = np.array([f"{kind}{i}" for kind in "xy" for i in range(60)]).reshape(2, 60)
    return [" ".join(words[row % 2][rng.randint(60, size=8)]) for row in range(400)]


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_words_of_like_contexts_get_like_vectors(topics, method):
    vectors = train_vectors(topics, 10, method=method, random_state=0)
    for word in ("x7", "y31"):
        nearest = [other for other, _ in vectors.most_similar(word, topn=59)]
        assert sum(other[0] == word[0] for other in nearest) > 55


def test_more_epochs_and_a_wider_window_change_the_vectors(topics):
    digests = {
        train_vectors(topics, 4, random_state=0, **settings).digest
        for settings in ({}, {"epochs": 3}, {"window": 1}, {"method": "fasttext"})
    }
    assert len(digests) == 4


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_the_same_in_every_process(method):
    code = (
        "from sklstm import train_vectors; from sklstm.datasets import make_reviews;"
        "texts, _ = make_reviews(100, random_state=0);"
        f"print(train_vectors(texts, 10, method={method!r}, random_state=3).digest)"
    )
    texts, _ = make_reviews(100, random_state=0)
    found = {train_vectors(texts, 10, method=method, random_state=3).digest}
    for seed in "0", "1":
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout.strip())
    assert len(found) == 1


def test_random_state():
    def digest(random_state):
        return train_vectors(TEXTS, 4, random_state=random_state).digest

    assert digest(0) != digest(1)
    assert digest(0) == digest(np.random.RandomState(0))
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    digest(0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_containers_and_tokens():
    expected = train_vectors(TEXTS, 4, random_state=0)
    for texts in (iter(TEXTS), pd.Series(TEXTS, index=[3, 3, 3]), np.array(TEXTS)):
        assert train_vectors(texts, 4, random_state=0) == expected
    tokens = [["Good", "Café film"]] * 2
    assert set(train_vectors(tokens, 4).words) == {"Good", "Café film"}


def test_fault_73_texts_are_not_read_as_letters():
    assert "f" not in train_vectors(["film film"], 4).words
    with pytest.raises(ValueError, match="wrap a single text as"):
        train_vectors("film film")
    with pytest.raises(TypeError, match=r"row 1 has NoneType \(None\) as token 1"):
        train_vectors([["a", "a"], ["a", None]])
    with pytest.raises(ValueError, match="missing value at row 1"):
        train_vectors(["a a", None])
    with pytest.raises(TypeError, match=r"row 1 has int \(3\)"):
        train_vectors(["a a", 3])


def test_nothing_to_learn():
    message = (
        "train_vectors found no word 5 times. Lower min_count or give it more texts."
    )
    with pytest.raises(ValueError) as error:
        train_vectors(TEXTS, min_count=5)
    assert str(error.value) == message
    with pytest.raises(ValueError, match="empty vocabulary"):
        train_vectors(["", " "])


@pytest.mark.parametrize(
    "settings",
    [{"vector_size": 0}, {"method": "glove"}, {"epochs": 0}, {"min_count": "2"}],
)
def test_bad_parameters(settings):
    with pytest.raises(ValueError, match=f"The '{next(iter(settings))}' parameter of"):
        train_vectors(TEXTS, **settings)
