"""Nets in NumPy: they answer as torch does, for every cell, pooling and input."""

import numpy as np
import pytest

import sklstm
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
from sklstm.nn.modules import POOLINGS
from sklstm.text import TokenArray, Vocabulary

RNG = np.random.default_rng(0)
LENGTHS = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 40, 7]
IDS = [RNG.integers(1, 9, n) for n in LENGTHS]
LABELS = np.array(list("abcabcabcabc"))
SERIES = RNG.normal(size=(12, 9, 2))
TINY = {"hidden_size": 5, "max_epochs": 2, "lr": 0.1, "random_state": 0}

CELLS = [
    (RNNClassifier, {"nonlinearity": "tanh"}),
    (RNNClassifier, {"nonlinearity": "relu"}),
    (GRUClassifier, {}),
    (LSTMClassifier, {}),
    (BiLSTMClassifier, {}),
]
REGRESSORS = [RNNRegressor, GRURegressor, LSTMRegressor, BiLSTMRegressor]


def padded(rows, side="post"):
    """Make one matrix of ragged ids."""
    matrix = np.zeros((len(rows), max(map(len, rows)) + 3), int)
    for i, row in enumerate(rows):
        if len(row):
            matrix[i, slice(len(row)) if side == "post" else slice(-len(row), None)] = (
                row
            )
    return matrix


@pytest.mark.parametrize(("cls", "options"), CELLS)
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("num_layers", [1, 2])
def test_every_net_answers_as_torch_does(
    cls, options, pooling, num_layers, in_runtime, assert_same
):
    model = cls(pooling=pooling, num_layers=num_layers, **options, **TINY)
    model.fit(IDS, LABELS)
    light = in_runtime(model)
    assert_same(light, model, IDS)
    assert_same(light, model, padded(IDS))
    assert_same(light, model, padded(IDS, "pre"))
    assert_same(light, model, [[3, 99, 2], [50]])  # ids that fit did not see


@pytest.mark.parametrize("cls", REGRESSORS)
@pytest.mark.parametrize("y", [np.arange(12.0) * 50 + 1000, RNG.normal(size=(12, 3))])
def test_regressors(cls, y, in_runtime):
    model = cls(**TINY).fit(SERIES, y)
    light = in_runtime(model)
    assert type(light) is sklstm.runtime.RuntimeModel
    assert not hasattr(light, "predict_proba")
    found, expected = light.predict(SERIES), model.predict(SERIES)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "X",
    [
        SERIES[:, :, 0],
        SERIES.astype(np.float32),
        [row[: 3 + i % 4] for i, row in enumerate(SERIES)],
        [row[: 3 + i % 4, 0].tolist() for i, row in enumerate(SERIES)],
        np.where(np.arange(9)[:, None] % 8 == 0, np.nan, SERIES),
    ],
    ids=["2-D", "3-D", "ragged, channels", "ragged", "padded on both sides"],
)
def test_numbers_of_every_shape(X, in_runtime, assert_same):
    model = BiLSTMClassifier(**TINY).fit(X, LABELS)
    assert_same(in_runtime(model), model, X)


@pytest.mark.parametrize("labels", [[True, False] * 6, list("ab") * 6, [3, -1] * 6])
def test_two_classes(labels, in_runtime, assert_same):
    model = GRUClassifier(**TINY).fit(IDS, labels)
    light = in_runtime(model)
    assert_same(light, model, IDS)
    assert light.classes_.tolist() == model.classes_.tolist()


def test_labels_that_come_together(in_runtime, assert_same):
    model = LSTMClassifier(**TINY).fit(IDS, RNG.integers(0, 2, (12, 3)))
    assert_same(in_runtime(model), model, IDS)


def test_one_row_is_the_same_row(in_runtime):
    light = in_runtime(LSTMClassifier(**TINY).fit(IDS, LABELS))
    alone = [light.predict_proba([row])[0] for row in IDS]
    np.testing.assert_allclose(alone, light.predict_proba(IDS), rtol=0, atol=1e-6)


def test_more_rows_than_a_batch(in_runtime, assert_same):
    model = LSTMClassifier(**TINY).fit(IDS, LABELS)
    many = [RNG.integers(1, 9, n) for n in RNG.integers(0, 300, 700)]
    assert_same(in_runtime(model), model, many)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (["a text"], "is text"),
        ("a text", "is text"),
        ([], "0 sample"),
        ([[1, -1]], "found -1"),
        ([[0.5, 1.0]], "found 0.5"),
        ([1, 2], "one sequence per row"),
        (SERIES, "expects token ids of shape"),
        ([[None, 1]], "numbers"),
    ],
)
def test_bad_ids(X, message, in_runtime):
    light = in_runtime(LSTMClassifier(**TINY).fit(IDS, LABELS))
    with pytest.raises(ValueError, match=message):
        light.predict(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (SERIES[:, :, :1], "1 channels, but LSTMRegressor is expecting 2"),
        (SERIES * np.inf, "contains NaN inside a row, infinity"),
        (np.where(np.arange(9)[:, None] == 4, np.nan, SERIES), "contains NaN inside"),
        (np.float64(3), "expects"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_bad_numbers(X, message, in_runtime):
    light = in_runtime(LSTMRegressor(**TINY).fit(SERIES, np.arange(12.0)))
    with pytest.raises(ValueError, match=message):
        light.predict(X)


def test_width_of_flat_numbers_is_held(in_runtime):
    light = in_runtime(LSTMRegressor(**TINY).fit(SERIES[:, :, 0], np.arange(12.0)))
    with pytest.raises(
        ValueError, match="8 features, but LSTMRegressor is expecting 9"
    ):
        light.predict(SERIES[:, :8, 0])


def test_ids_of_another_vocabulary(in_runtime):
    words = Vocabulary(["<pad>", "<unk>", *"abcdefg"])
    X = TokenArray.from_rows(IDS, words)
    light = in_runtime(LSTMClassifier(**TINY).fit(X, LABELS))
    others = TokenArray.from_rows(IDS, Vocabulary(["<pad>", "<unk>", *"gfedcba"]))
    assert len(light.predict(X)) == len(IDS)
    with pytest.raises(ValueError, match="another vocabulary"):
        light.predict(others)
