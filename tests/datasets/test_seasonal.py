"""The generated series: growth, season, and ups and downs that can be forecast."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from sklstm import make_windows
from sklstm.datasets import make_seasonal


def swings_of(n_steps, **parameters):
    """Return the logarithm of what is neither growth nor season."""
    series = make_seasonal(n_steps, random_state=0, **parameters)
    return np.log(series / make_seasonal(n_steps, **parameters | {"noise": 0}))


def test_shape_and_dtype():
    series = make_seasonal(50, random_state=0)
    assert series.shape == (50,)
    assert series.dtype == np.float64
    assert (series > 0).all()


@pytest.mark.parametrize("period", [2, 7, 12, 24])
def test_without_noise_a_season_repeats_on_a_line(period):
    series = make_seasonal(5 * period, period=period, noise=0)
    growth = 1 + np.arange(5 * period) / (10 * period)
    season = (series / growth).reshape(5, period)
    np.testing.assert_allclose(season, np.tile(season[0], (5, 1)))
    assert season[0].max() > 1.3 * season[0].min()
    shortest = [p for p in range(1, period) if period % p == 0]
    assert not any(np.allclose(season[0], np.roll(season[0], p)) for p in shortest)


@pytest.mark.parametrize("period", [4, 12])
def test_swings_are_the_stationary_process_of_the_docstring(period):
    swings = swings_of(200_000, period=period, noise=0.2)
    assert abs(swings.mean()) < 0.01
    assert abs(swings.std() - 0.2) < 0.01
    half = 0.5 ** (1 / period)
    a, b = 2 * half * np.cos(2 * np.pi / (3 * period)), -(half**2)
    known = [1, a / (1 - b)]  # autocorrelations, by the equations of Yule and Walker
    for _ in range(3 * period):
        known.append(a * known[-1] + b * known[-2])
    found = [
        np.mean(swings[: -lag or None] * swings[lag:]) for lag in range(len(known))
    ]
    np.testing.assert_allclose(np.array(found) / found[0], known, atol=0.05)
    starts = [
        np.log(make_seasonal(1, random_state=seed) / make_seasonal(1, noise=0))
        for seed in range(500)
    ]
    assert abs(np.std(starts) - 0.1) < 0.015  # stationary from the first value on


def test_more_than_the_season_can_be_forecast():
    series = make_seasonal(random_state=0)
    windows, targets, _ = make_windows(np.log(series), n_steps=13, horizon=6)
    windows = windows[..., 0]
    last = windows[:, -1:]
    train, test = slice(0, 200), slice(205, None)
    model = LinearRegression().fit((windows - last)[train], (targets - last)[train])
    forecast = model.predict((windows - last)[test]) + last[test]
    error = abs(forecast - targets[test]).mean(axis=0)
    repeated = abs(windows[test, 1:7] - targets[test]).mean(axis=0)  # 12 steps before
    assert (error < repeated).all()
    assert error[0] < 0.2 * repeated[0]


def test_same_seed_same_series():
    first = make_seasonal(50, random_state=3)
    again = make_seasonal(80, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(first, again[:50])  # longer goes on
    assert not np.array_equal(first, make_seasonal(50, random_state=4))


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_steps": 0},
        {"period": 1},
        {"period": 12.0},
        {"noise": -0.1},
        {"random_state": "a"},
    ],
)
def test_bad_parameters(parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"'{name}' parameter of make_seasonal"):
        make_seasonal(**parameters)
