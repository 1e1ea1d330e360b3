"""Regressors: shapes, units, losses, and what they share with classifiers."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import mean_pinball_loss, mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import (
    BiLSTMRegressor,
    GRURegressor,
    LSTMRegressor,
    RNNRegressor,
    TextTokenizer,
    WordVectors,
)

REGRESSORS = [RNNRegressor, GRURegressor, LSTMRegressor, BiLSTMRegressor]
SMALL = {"hidden_size": 6, "max_epochs": 3, "random_state": 0}

X = np.random.RandomState(0).standard_normal((120, 7, 2))
Y = 50 + 10 * (X[:, -2:, 0].sum(axis=1) - X[:, 0, 1])
MANY = np.stack([Y, -3 * Y + X[:, -1, 1], np.full(120, 7.0)], axis=1)


def small(cls=LSTMRegressor, **params):
    return cls(**{**SMALL, **params})


def bits(model):
    return b"".join(model.state_[name].tobytes() for name in sorted(model.state_))


def losses(model, name="train_loss"):
    return [row[name] for row in model.history_]


# -- shapes and units


@pytest.mark.parametrize("cls", REGRESSORS)
def test_the_shape_given_comes_back(cls):
    for y in (Y, Y[:, np.newaxis], MANY, Y.tolist(), Y.astype(np.float32)):
        shape = np.shape(y)[1:]
        found = small(cls).fit(X, y).predict(X)
        assert found.shape == (120, *shape)
        assert found.dtype == np.float64
        assert small(cls).fit(X, y).predict(X[:1]).shape == (1, *shape)


def test_the_system_it_grew_from():
    rng = np.random.RandomState(0)
    sequences = rng.standard_normal((1000, 10, 5))
    target = sequences[:, :, 0].sum(axis=1)
    model = LSTMRegressor(hidden_size=20, max_epochs=5, random_state=0)
    model.fit(sequences, target)
    assert model.transform(sequences).shape == (1000, 20)
    assert model.state_["head.weight"].shape == (1, 20)
    assert model.predict(sequences).shape == (1000,)
    assert (np.diff(losses(model)) < 0).all()
    assert model.score(sequences, target) > 0.8


@pytest.mark.parametrize("cls", REGRESSORS)
def test_units_do_not_matter(cls):
    y = MANY[:, :2]
    plain = small(cls).fit(X, y).predict(X)
    scaled = small(cls).fit(X, 1e6 * y - 1e5).predict(X)
    np.testing.assert_allclose(scaled, 1e6 * plain - 1e5, rtol=1e-4)


def test_the_scale_is_that_of_the_rows_that_weigh():
    weights = np.random.RandomState(0).randint(0, 3, 120)
    model = small().fit(X, MANY, sample_weight=weights)
    mean = np.average(MANY, axis=0, weights=weights)
    np.testing.assert_allclose(model.target_mean_, mean)
    scale = np.sqrt(np.average((MANY - mean) ** 2, axis=0, weights=weights))
    np.testing.assert_allclose(model.target_scale_[:2], scale[:2])
    assert model.target_scale_[2] == pytest.approx(7.0), "a constant has no deviation"


@pytest.mark.parametrize("value", [0.1, 0.0, 1e-300, -1e9])
def test_a_constant(value):
    y = np.full(120, value)
    model = LSTMRegressor(random_state=0).fit(X, y)
    assert model.target_scale_ == pytest.approx(abs(value) or 1.0)
    tolerance = 0.05 * model.target_scale_[0]
    np.testing.assert_allclose(model.predict(X), value, rtol=0, atol=tolerance)


def test_learning():
    model = LSTMRegressor(random_state=0).fit(X[:100], Y[:100])
    assert model.score(X[:100], Y[:100]) == r2_score(Y[:100], model.predict(X[:100]))
    assert model.score(X[100:], Y[100:]) > 0.7


# -- losses


@pytest.mark.parametrize(
    ("params", "statistic"),
    [
        ({"loss": "squared_error"}, np.mean),
        ({"loss": "absolute_error"}, np.median),
        ({"loss": "quantile", "quantile": 0.9}, lambda y: np.quantile(y, 0.9)),
        ({"loss": "quantile", "quantile": 0.1}, lambda y: np.quantile(y, 0.1)),
    ],
)
def test_what_a_loss_leads_to(params, statistic):
    """Rows that say nothing, targets with a long tail."""
    rng = np.random.RandomState(0)
    sequences, y = np.zeros((400, 3)), rng.exponential(size=400) * 100
    model = LSTMRegressor(hidden_size=4, lr=0.02, random_state=0, **params)
    found = model.fit(sequences, y).predict(sequences[:1])
    assert found == pytest.approx(statistic(y), rel=0.15, abs=3)


def test_huber_lies_between_and_delta_can_be_set():
    y = np.random.RandomState(0).exponential(size=200)
    sequences = np.zeros((200, 3))
    found = [
        LSTMRegressor(hidden_size=4, lr=0.02, random_state=0, **params)
        .fit(sequences, y)
        .predict(sequences[:1])[0]
        for params in (
            {"loss": "absolute_error"},
            {"loss": "huber"},
            {"loss": "huber", "net_params": {"criterion__delta": 0.05}},
        )
    ]
    assert found[0] < found[1] < y.mean()
    assert abs(found[2] - found[0]) < abs(found[1] - found[0])


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.8])
def test_losses_are_those_of_standardised_targets(quantile):
    model = small(loss="quantile", quantile=quantile, dropout=0.0)
    model.fit(X[:100], MANY[:100, :2], X_val=X[100:], y_val=MANY[100:, :2])
    best = model.history_[model.best_epoch_ - 1]
    truth, found = (
        (y - model.target_mean_) / model.target_scale_
        for y in (MANY[100:, :2], model.predict(X[100:]))
    )
    by_hand = mean_pinball_loss(truth, found, alpha=quantile)
    np.testing.assert_allclose(best["valid_loss"], by_hand, rtol=1e-4)


def test_squared_error_in_the_history():
    weights = np.arange(1.0, 21)
    model = small().fit(
        X[:100], Y[:100], X_val=X[100:], y_val=Y[100:], sample_weight_val=weights
    )
    best = model.history_[model.best_epoch_ - 1]
    by_hand = mean_squared_error(Y[100:], model.predict(X[100:]), sample_weight=weights)
    by_hand /= model.target_scale_[0] ** 2
    np.testing.assert_allclose(best["valid_loss"], by_hand, rtol=1e-4)
    assert set(best) == {"epoch", "train_loss", "valid_loss", "seconds", "rows"}


# -- training


def test_early_stopping():
    noise = np.random.RandomState(0).standard_normal(120)
    model = small(early_stopping=True, max_epochs=60, n_iter_no_change=3)
    model.fit(X, noise)
    assert model.n_iter_ < 60
    assert model.best_epoch_ == np.argmin(losses(model, "valid_loss")) + 1
    assert not hasattr(model, "partial_fit")


@pytest.mark.parametrize("cls", REGRESSORS)
def test_partial_fit_goes_on_to_the_bit_after_a_round_trip(cls):
    model = small(cls, num_layers=2, dropout=0.3).partial_fit(X[:50], MANY[:50])
    scale = model.target_scale_
    restored = pickle.loads(pickle.dumps(model))
    for one in (model, restored):
        one.partial_fit(X[50:], 100 * MANY[50:])
    assert bits(model) == bits(restored)
    np.testing.assert_array_equal(model.target_scale_, scale)
    assert model.n_iter_ == 2


def test_partial_fit_learns():
    model = small(hidden_size=16)
    for _ in range(40):
        model.partial_fit(X, Y)
    assert model.score(X, Y) > 0.7


def test_warm_start():
    halves = small(max_epochs=2, warm_start=True).fit(X, Y).fit(X, Y)
    assert bits(halves) == bits(small(max_epochs=4).fit(X, Y))


def test_one_row():
    model = small().partial_fit(X[:1], Y[:1])
    assert model.predict(X[:1]) == pytest.approx(Y[:1], abs=1)
    assert small().fit(X[:2], Y[:2]).predict(X[:2]).shape == (2,)


# -- in company


def test_searching_and_scaling():
    search = GridSearchCV(small(), {"loss": ["squared_error", "huber"]}, cv=2)
    assert search.fit(X, Y).best_params_["loss"] in ("squared_error", "huber")
    logs = TransformedTargetRegressor(small(), func=np.log, inverse_func=np.exp)
    found = logs.fit(X, np.abs(Y) + 1).predict(X)
    assert found.shape == (120,)
    assert (found > 0).all()


def test_texts():
    texts = ["good", "a good film", "bad", "a bad film", "so so"] * 8
    stars = [5.0, 4.5, 1.0, 1.5, 3.0] * 8
    vectors = WordVectors(
        ["good", "fine", "bad", "film"], [[1, 0], [1, 0], [-1, 0], [0, 1]]
    )
    net = LSTMRegressor(
        vectors=vectors, freeze_vectors=True, pooling="max", random_state=0
    )
    model = make_pipeline(TextTokenizer(unknown="keep"), net).fit(texts, stars)
    good, fine, bad = model.predict(["a good film", "a fine film", "a bad film"])
    assert good == fine > bad
    restored = pickle.loads(pickle.dumps(model))
    assert restored.predict(["fine"]) == model.predict(["fine"])
    assert clone(net).vectors is vectors


# -- faults


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed"),
        (["a"] * 120, "predicts numbers, .* to float: 'a'. .* use LSTMClassifier"),
        (np.where(np.arange(120) == 3, np.nan, Y), "Input y contains NaN"),
        (np.where(np.arange(120) == 3, np.inf, Y), "Input y contains infinity"),
        (np.zeros((120, 2, 2)), r"but y has shape \(120, 2, 2\)"),
        (Y[:100], "inconsistent numbers of samples"),
        (1e200 * Y, "too large to standardise; divide it by a constant"),
    ],
)
def test_bad_targets(y, message):
    model = small()
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not [name for name in vars(model) if name.endswith("_")]


def test_another_shape_later():
    model = small().partial_fit(X, Y)
    before = bits(model)
    with pytest.raises(ValueError, match=r"y has shape \(120, 3\), but LSTMReg.*n_sam"):
        model.partial_fit(X, MANY)
    with pytest.raises(ValueError, match=r"In X_val, y_val.*y has shape"):
        small().fit(X, Y, X_val=X, y_val=MANY)
    assert bits(model) == before


@pytest.mark.parametrize("params", [{"loss": "hinge"}, {"quantile": 1.0}])
def test_bad_parameters(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        small(**params).fit(X, Y)


def test_text_is_refused_with_the_corrected_line():
    with pytest.raises(ValueError, match=r"TextTokenizer\(\).*LSTMRegressor\(\)"):
        small().fit(["good", "bad"], [1.0, 2.0])
