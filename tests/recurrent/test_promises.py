"""Invariance and randomness: what a prediction and a fit must not depend on."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone

from sklstm import (
    BiLSTMClassifier,
    BiLSTMRegressor,
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMRegressor,
    RNNClassifier,
    RNNRegressor,
)

CLASSIFIERS = [RNNClassifier, GRUClassifier, LSTMClassifier, BiLSTMClassifier]
REGRESSORS = [RNNRegressor, GRURegressor, LSTMRegressor, BiLSTMRegressor]
POOLINGS = ["last", "mean", "max", "attention"]


def make_tokens(n=60, seed=0):
    rng = np.random.RandomState(seed)
    rows = [rng.randint(2, 40, rng.randint(0, 24)).astype(np.int32) for _ in range(n)]
    labels = np.array(["ab"[int(7 in row)] for row in rows])
    labels[:2] = ["a", "b"]
    return rows, labels


def make_series(n=60, seed=0):
    rng = np.random.RandomState(seed)
    rows = [rng.randn(rng.randint(0, 24), 3).astype(np.float32) for _ in range(n)]
    labels = np.array(["ab"[int(row.sum() > 0)] for row in rows])
    return rows, labels


def make_targets(cls, rows, labels):
    """Labels as they are, or a number for each row that hangs on its steps."""
    if cls in CLASSIFIERS:
        return labels
    return np.array([1e3 + np.sum(row) for row in rows], dtype=float)


def outputs(model, rows):
    """Probabilities, or predictions in standard deviations."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(rows)
    standardised = (model.predict(rows) - model.target_mean_) / model.target_scale_
    return standardised[:, np.newaxis]


DATA = {"tokens": make_tokens, "series": make_series}


def padded(rows, width, side="post"):
    tokens = rows[0].ndim == 1
    fill, tail = (0, ()) if tokens else (np.nan, (rows[0].shape[1],))
    X = np.full((len(rows), width, *tail), fill, dtype=rows[0].dtype)
    for i, row in enumerate(rows):
        start = width - len(row) if side == "pre" else 0
        X[i, start : start + len(row)] = row
    return X


@pytest.fixture(scope="module")
def fitted():
    """A sharp model for each cell, pooling, depth and kind of input."""
    cache = {}

    def fit(cls, pooling, num_layers, kind):
        key = cls, pooling, num_layers, kind
        if key not in cache:
            rows, y = DATA[kind]()
            y = make_targets(cls, rows, y)
            model = cls(pooling=pooling, num_layers=num_layers, max_epochs=3)
            model.set_params(random_state=0).fit(rows, y)
            with torch.no_grad():  # doubled weights show rounding that others hide
                for weight in model.net_.module_.parameters():
                    weight.mul_(2)
            cache[key] = model
        return cache[key]

    return fit


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cls", [*CLASSIFIERS, LSTMRegressor])
def test_prediction_does_not_depend_on(fitted, cls, pooling, num_layers, kind):
    model = fitted(cls, pooling, num_layers, kind)
    rows, _ = DATA[kind](n=50, seed=1)
    expected = outputs(model, rows)
    ways = {"longer padding": padded(rows, 61), "padding": padded(rows, 24)}
    ways["left padding"] = padded(rows, 37, side="pre")
    for way, X in ways.items():
        np.testing.assert_array_equal(outputs(model, X), expected, way)
    order = np.random.RandomState(2).permutation(len(rows))
    shuffled = outputs(model, [rows[i] for i in order])
    np.testing.assert_array_equal(shuffled, expected[order], "order of rows")
    repeated = outputs(model, rows * 3)
    np.testing.assert_array_equal(repeated, np.tile(expected, (3, 1)), "repeated rows")
    within = 1e-6 * max(1.0, np.abs(expected).max())  # float32
    for size in (1, 7, 16):
        parts = [outputs(model, rows[i : i + size]) for i in range(0, len(rows), size)]
        np.testing.assert_allclose(
            np.concatenate(parts), expected, rtol=0, atol=within, err_msg=f"{size} rows"
        )


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("cls", [*CLASSIFIERS, *REGRESSORS])
def test_fit_does_not_depend_on_how_rows_are_written(cls, kind):
    rows, y = DATA[kind]()
    y = make_targets(cls, rows, y)
    model = cls(max_epochs=2, num_layers=2, early_stopping=True, random_state=0)
    expected = weights(clone(model).fit(rows, y))
    order = np.random.RandomState(0).permutation(len(rows))
    twice = np.arange(len(rows)) % 3
    ways = {
        "order": ([rows[i] for i in order], y[order], None),
        "padding": (padded(rows, 40, side="pre"), y, None),
        "equal weights": (rows, y, np.full(len(y), 2.0)),
        "zero weights": (
            rows + rows[:9],
            np.r_[y, y[:9]],
            np.r_[np.ones(len(y)), np.zeros(9)],
        ),
        "half weights": (rows * 2, np.r_[y, y], np.full(2 * len(y), 0.5)),
    }
    for way, (X, labels, sample_weight) in ways.items():
        found = weights(clone(model).fit(X, labels, sample_weight=sample_weight))
        assert found == expected, way
    repeated = [row for row, n in zip(rows, twice, strict=True) for _ in range(n)]
    by_rows = clone(model).fit(repeated, np.repeat(y, twice))
    by_weights = clone(model).fit(rows, y, sample_weight=twice)
    assert weights(by_rows) == weights(by_weights)


def weights(model):
    return b"".join(model.state_[name].tobytes() for name in sorted(model.state_))


def fit_weights(model, X, y):
    return weights(clone(model).fit(X, y))


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("cls", [*CLASSIFIERS, *REGRESSORS])
def test_same_seed_same_bits(cls, kind):
    rows, y = DATA[kind]()
    y = make_targets(cls, rows, y)
    model = cls(max_epochs=2, dropout=0.3, random_state=3)
    expected = weights(model.fit(rows, y))
    assert weights(model.fit(rows, y)) == expected, "refit"
    assert weights(clone(model).fit(rows, y)) == expected, "clone"
    assert weights(clone(model).set_params(random_state=4).fit(rows, y)) != expected
    with_instance = clone(model).set_params(random_state=np.random.RandomState(3))
    first = weights(with_instance.fit(rows, y))
    assert first != weights(with_instance.fit(rows, y)), "an instance advances"


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_same_bits_in_joblib_workers(backend):
    rows, y = make_tokens()
    model = BiLSTMClassifier(max_epochs=2, random_state=3)
    expected = fit_weights(model, rows, y)
    found = Parallel(n_jobs=2, backend=backend)(
        delayed(_fit_in_worker)(model, rows, y) for _ in range(4)
    )
    assert set(found) == {expected}


# A worker imports this module by name only if pytest put it on the path, so the
# function travels by value.
def _fit_in_worker(model, X, y):
    model.fit(X, y)
    return b"".join(model.state_[name].tobytes() for name in sorted(model.state_))


_fit_in_worker.__module__ = "__main__"


@pytest.mark.parametrize(
    "model",
    [
        RNNClassifier(pooling="mean"),
        GRUClassifier(pooling="attention", num_layers=2),
        LSTMClassifier(early_stopping=True),
        LSTMClassifier(precision="bfloat16", pooling="last"),
        BiLSTMClassifier(num_layers=2, optimizer="sgd", lr=0.1),
        BiLSTMRegressor(),
    ],
    ids=str,
)
def test_same_bits_on_any_number_of_threads(model):
    """Rows, steps and words enough for every operation of torch to use its threads."""
    rng = np.random.RandomState(0)
    rows = rng.randint(2, 20_000, (150, 60))
    y = rng.randint(2, size=150)
    model = clone(model).set_params(max_epochs=1, batch_size=64, random_state=0)
    found = set()
    try:
        for n_threads in (1, 2, 3, 4):
            torch.set_num_threads(n_threads)
            model.fit(rows, y)
            found.add((fit_weights(model, rows, y), model.predict(rows).tobytes()))
    finally:
        torch.set_num_threads(1)
    assert len(found) == 1


def test_same_bits_in_another_process():
    script = (
        "import hashlib, numpy as np\n"
        "from sklstm import LSTMClassifier\n"
        "X = np.random.RandomState(0).randint(1, 30, (40, 9)); y = X[:, 0] > 15\n"
        "model = LSTMClassifier(max_epochs=2, random_state=0).fit(X, y)\n"
        "print(hashlib.sha256(model.predict_proba(X).tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def global_states():
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    return (
        bytes(torch.get_rng_state().tolist()),
        (kind, keys.tobytes(), *rest),
        random.getstate(),
    )


@pytest.mark.parametrize("cls", CLASSIFIERS)
def test_global_generators_are_left_alone(cls):
    rows, y = make_tokens()
    before = global_states()
    model = cls(max_epochs=2, dropout=0.5, early_stopping=True).fit(rows, y)
    model.predict_proba(rows)
    model.transform(rows)
    model.set_params(early_stopping=False).partial_fit(rows, y, classes=["a", "b"])
    assert global_states() == before


def test_predictions_do_not_depend_on_threads():
    rows, y = make_tokens()
    model = BiLSTMClassifier(max_epochs=2, random_state=0).fit(rows, y)
    expected = model.predict_proba(rows)
    try:
        torch.set_num_threads(2)
        np.testing.assert_array_equal(model.predict_proba(rows), expected)
    finally:
        torch.set_num_threads(1)
