"""Generated sequences: classes that only the order of the steps tells apart."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sklstm.datasets import make_sequences


def test_shapes_and_dtypes():
    X, y = make_sequences(7, n_steps=4, n_channels=3, random_state=0)
    assert X.shape == (7, 4, 3)
    assert X.dtype == np.float64
    assert y.shape == (7,)
    assert y.dtype == np.int64


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_classes_are_balanced(n_classes):
    _, y = make_sequences(101, n_classes=n_classes, random_state=0)
    counts = np.bincount(y)
    assert len(counts) == n_classes
    assert counts.max() - counts.min() <= 1


def test_linear_models_see_nothing():
    X, y = make_sequences(4000, random_state=0)
    X = X.reshape(len(X), -1)
    model = LogisticRegression().fit(X[:2000], y[:2000])
    assert 0.45 < model.score(X[2000:], y[2000:]) < 0.55


def test_the_product_of_neighbours_tells_the_direction():
    # cos a sin b - sin a cos b = sin(a - b): its sign is the direction of travel
    X, y = make_sequences(500, n_channels=2, noise=0, random_state=0)
    lag = (X[:, 1:, 1] * X[:, :-1, 0] - X[:, 1:, 0] * X[:, :-1, 1]).sum(axis=1)
    np.testing.assert_array_equal(lag > 0, y == 1)


def test_one_channel_differs_in_speed():
    X, y = make_sequences(2000, n_channels=1, noise=0, random_state=0)
    still = np.ptp(X[..., 0], axis=1) < 1e-12
    np.testing.assert_array_equal(still, y == 0)


def test_amplitude_and_noise():
    wave, _ = make_sequences(500, noise=0, random_state=0)
    assert abs(wave).max() <= 1
    noisy, _ = make_sequences(500, noise=2.0, random_state=0)
    assert abs((noisy - wave).std() - 2.0) < 0.05


def test_same_seed_same_data():
    first, y = make_sequences(50, random_state=3)
    second, again = make_sequences(50, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(y, again)
    assert not np.array_equal(first, make_sequences(50, random_state=4)[0])


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_samples": 0},
        {"n_steps": 1},
        {"n_channels": 0},
        {"n_classes": 1},
        {"noise": -0.1},
        {"random_state": "a"},
    ],
)
def test_bad_parameters(parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"'{name}' parameter of make_sequences"):
        make_sequences(**parameters)
