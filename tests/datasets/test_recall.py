"""Generated sequences to remember: only the first number tells the class."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from sklstm import LSTMClassifier
from sklstm.datasets import make_recall


def test_shapes_and_dtypes():
    X, y = make_recall(7, delay=4, random_state=0)
    assert X.shape == (7, 5, 2)
    assert X.dtype == np.float32
    assert y.shape == (7,)
    assert y.dtype == np.int64


@pytest.mark.parametrize("n_classes", [2, 3, 8])
def test_classes_are_parts_of_the_first_number(n_classes):
    X, y = make_recall(1001, n_classes=n_classes, random_state=0)
    counts = np.bincount(y)
    assert len(counts) == n_classes
    assert counts.max() - counts.min() <= 1
    first = X[:, 0, 0]
    np.testing.assert_array_equal(np.floor((first + 1) / 2 * n_classes), y)


def test_the_marker_stands_at_the_first_step():
    X, _ = make_recall(20, delay=6, random_state=0)
    np.testing.assert_array_equal(X[..., 1], np.tile(np.eye(7)[0], (20, 1)))


def test_all_numbers_have_one_distribution():
    X, _ = make_recall(4000, delay=5, random_state=0)
    assert X[..., 0].min() >= -1
    assert X[..., 0].max() <= 1
    for step in range(6):
        counts, _ = np.histogram(X[:, step, 0], bins=8, range=(-1, 1))
        np.testing.assert_allclose(counts, 500, atol=5 * np.sqrt(500))


def test_the_first_number_is_all_it_takes():
    X, y = make_recall(4000, delay=5, random_state=0)
    first, rest = X[:, 0], X[:, 1:].reshape(len(X), -1)
    for model in (LogisticRegression(), DecisionTreeClassifier(random_state=0)):
        score = model.fit(first[:2000], y[:2000]).score(first[2000:], y[2000:])
        assert score > 0.99
        score = model.fit(rest[:2000], y[:2000]).score(rest[2000:], y[2000:])
        assert 0.45 < score < 0.55


def test_an_lstm_remembers():
    X, y = make_recall(2000, delay=10, random_state=0)
    model = LSTMClassifier(hidden_size=16, pooling="last", lr=0.01, random_state=0)
    assert model.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]) > 0.95


def test_no_delay():
    X, y = make_recall(50, delay=0, random_state=0)
    assert X.shape == (50, 1, 2)
    np.testing.assert_array_equal(X[:, -1, 0] > 0, y == 1)


def test_same_seed_same_data():
    first, y = make_recall(50, random_state=3)
    second, again = make_recall(50, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(y, again)
    assert not np.array_equal(first, make_recall(50, random_state=4)[0])


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_samples": 0},
        {"delay": -1},
        {"delay": 2.5},
        {"n_classes": 1},
        {"random_state": "a"},
    ],
)
def test_bad_parameters(parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"'{name}' parameter of make_recall"):
        make_recall(**parameters)
