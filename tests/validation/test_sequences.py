"""Sequences of every container, and what is wrong with sequences."""

from collections import deque
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklstm import LSTMClassifier
from sklstm._validation import check_sequences
from sklstm.text import TokenArray, Vocabulary

WORDS = Vocabulary(["<pad>", "<unk>", "good", "film"])
IDS = [[4, 2, 9], [7], []]
NUMBERS = [[0.5, -1.0], [2.0], []]
NAN = np.nan


def check(X, *, reset=True, estimator=None, **options):
    estimator = LSTMClassifier() if estimator is None else estimator
    return check_sequences(estimator, X, reset=reset, **options)


def rows_of(sequences):
    ends = np.cumsum(sequences.lengths)[:-1]
    return [row.tolist() for row in np.split(sequences.values, ends)]


def boxed(rows):
    box = np.empty(len(rows), object)
    for i, row in enumerate(rows):
        box[i] = row
    return box


def arrays(rows, dtype=None):
    return [np.array(row, dtype) for row in rows]


def arrow_lists(rows):
    kind = pa.int64() if rows is IDS else pa.float64()
    return pa.array(rows, pa.list_(kind))


RAGGED = {
    "list": list,
    "tuples": lambda rows: tuple(map(tuple, rows)),
    "list of arrays": arrays,
    "list of tensors": lambda rows: list(map(torch.tensor, rows)),
    "list of Series": lambda rows: [pd.Series(row) for row in rows[:2]] + [[]],
    "list of polars Series": lambda rows: [pl.Series(row) for row in rows[:2]] + [[]],
    "list of pyarrow arrays": lambda rows: [pa.array(row) for row in rows[:2]] + [[]],
    "list of deques": lambda rows: list(map(deque, rows)),
    "list of object arrays": lambda rows: arrays(rows, object),
    "object array": boxed,
    "object array of arrays": lambda rows: boxed(arrays(rows)),
    "(n, 1) object array": lambda rows: boxed(rows).reshape(-1, 1),
    "Series": pd.Series,
    "Series of arrays": lambda rows: pd.Series(arrays(rows)),
    "Series of other index": lambda rows: pd.Series(rows, index=[7, 7, 0]),
    "arrow Series": lambda rows: pd.Series(arrow_lists(rows)).astype(
        pd.ArrowDtype(arrow_lists(rows).type)
    ),
    "frame": lambda rows: pd.DataFrame({"tokens": rows}),
    "frame of arrays": lambda rows: pd.DataFrame({"tokens": arrays(rows)}),
    "polars Series": pl.Series,
    "polars frame": lambda rows: pl.DataFrame({"tokens": rows}),
    "pyarrow array": arrow_lists,
    "pyarrow chunks": lambda rows: pa.chunked_array([arrow_lists(rows)]),
    "pyarrow table": lambda rows: pa.table({"tokens": arrow_lists(rows)}),
}


@pytest.mark.parametrize("make", RAGGED.values(), ids=RAGGED)
def test_ragged_tokens(make):
    found = check(make(IDS))
    assert rows_of(found) == IDS
    assert found.values.dtype == np.int32
    assert found.lengths.tolist() == [3, 1, 0]
    assert (found.input_type, found.ndim, found.vocabulary) == ("tokens", 1, None)


@pytest.mark.parametrize("make", RAGGED.values(), ids=RAGGED)
def test_ragged_numbers(make):
    found = check(make(NUMBERS))
    assert rows_of(found) == [[[0.5], [-1.0]], [[2.0]], []]
    assert (found.input_type, found.ndim) == ("series", 1)


MATRIX = [[4, 2, 9], [7, 0, 0]]
COLUMNS = {"a": [4, 7], "b": [2, 0], "c": [9, 0]}
MATRICES = {
    "lists": MATRIX,
    "tuples": tuple(map(tuple, MATRIX)),
    "int8": np.array(MATRIX, np.int8),
    "uint16": np.array(MATRIX, np.uint16),
    "big-endian": np.array(MATRIX, ">i4"),
    "Fortran": np.asfortranarray(MATRIX),
    "object": np.array(MATRIX, object),
    "list of arrays": arrays(MATRIX),
    "read-only": np.broadcast_to(np.array(MATRIX), (2, 3)),
    "tensor": torch.tensor(MATRIX),
    "TokenArray": TokenArray(MATRIX),
    "frame": pd.DataFrame(COLUMNS),
    "frame of unnamed columns": pd.DataFrame(MATRIX),
    "nullable frame": pd.DataFrame(COLUMNS, dtype="Int64"),
    "small nullable frame": pd.DataFrame(COLUMNS, dtype="UInt8"),
    "arrow frame": pd.DataFrame(COLUMNS, dtype="int64[pyarrow]"),
    "mixed integer frame": pd.DataFrame(COLUMNS).astype({"a": "Int64", "b": "uint8"}),
    "object frame": pd.DataFrame(COLUMNS, dtype=object),
    "categorical frame": pd.DataFrame(COLUMNS, dtype="category"),
    "polars frame": pl.DataFrame(COLUMNS),
    "pyarrow table": pa.table(COLUMNS),
    "pyarrow batch": pa.record_batch(COLUMNS),
}


@pytest.mark.parametrize("X", MATRICES.values(), ids=MATRICES)
def test_padded_tokens(X):
    found = check(X)
    assert rows_of(found) == [[4, 2, 9], [7]]
    assert found.values.dtype == np.int32
    assert (found.input_type, found.ndim) == ("tokens", 2)


FLOATS = {
    "lists": [[4.0, 2.0], [7.0, 0.5]],
    "float16": np.array([[4, 2], [7, 0.5]], np.float16),
    "longdouble": np.array([[4, 2], [7, 0.5]], np.longdouble),
    "object": np.array([[4, 2], [7, 0.5]], object),
    "tensor": torch.tensor([[4.0, 2.0], [7.0, 0.5]]),
    "frame of one column of floats": pd.DataFrame({"a": [4, 7], "b": [2.0, 0.5]}),
    "nullable frame": pd.DataFrame({"a": [4, 7], "b": [2.0, 0.5]}, dtype="Float64"),
    "polars frame": pl.DataFrame({"a": [4, 7], "b": [2.0, 0.5]}),
    "pyarrow table": pa.table({"a": [4, 7], "b": [2.0, 0.5]}),
}


@pytest.mark.parametrize("X", FLOATS.values(), ids=FLOATS)
def test_numbers_of_one_channel(X):
    found = check(X)
    assert rows_of(found) == [[[4.0], [2.0]], [[7.0], [0.5]]]
    assert (found.input_type, found.ndim) == ("series", 2)


def test_numbers_keep_their_precision_until_asked():
    for dtype in (np.float32, np.float64):
        X = np.array([[0.1, 0.2]], dtype)
        found = check(X)
        assert found.values.dtype == dtype
        assert not np.shares_memory(found.values, X)
        assert found.as_float32("LSTMClassifier").values.dtype == np.float32


@pytest.mark.parametrize("dtype", [float, int])
def test_three_dimensions_are_numbers(dtype):
    X = np.arange(12).reshape(2, 3, 2).astype(dtype)
    for form in (X, X.tolist(), torch.tensor(X), list(X)):
        found = check(form)
        assert found.values.shape == (6, 2)
        assert np.array_equal(found.values, X.reshape(6, 2))
        assert (found.input_type, found.ndim) == ("series", 3)


@pytest.mark.parametrize("last", [[], np.ones((0, 2))], ids=["[]", "(0, 2)"])
def test_ragged_rows_of_channels(last):
    found = check([np.ones((3, 2)), [[1, 2]], pd.DataFrame({"a": [3], "b": [4]}), last])
    assert found.lengths.tolist() == [3, 1, 1, 0]
    assert found.values[3:].tolist() == [[1, 2], [3, 4]]
    assert found.input_type == "series"


def test_rows_without_any_steps():
    assert check([[], []]).input_type == "tokens"
    found = check([np.ones((0, 3)), []])  # the channels are known nevertheless
    assert found.values.shape == (0, 3)
    assert found.lengths.tolist() == [0, 0]


def test_zero_is_padding_wherever_it_stands():
    for X in ([[0, 4, 0, 2], [0, 0, 0, 7]], [[0, 4, 0, 2, 0], [7]]):
        assert rows_of(check(X)) == [[4, 2], [7]]
    assert rows_of(check([[0, 0], [0, 1]])) == [[], [1]]


def test_steps_of_nan_are_padding():
    assert rows_of(check([[1.0, NAN], [NAN, NAN], [2.0, 3.0]])) == [
        [[1.0]],
        [],
        [[2.0], [3.0]],
    ]
    X = np.full((2, 5, 2), NAN)
    X[0, 1:3], X[1, 4] = [[1, 2], [3, 4]], [5, 6]
    assert rows_of(check(X)) == [[[1, 2], [3, 4]], [[5, 6]]]
    assert rows_of(check([[1.0, NAN, NAN], [2.0]])) == [[[1.0]], [[2.0]]]


def test_minus_zero_is_zero():
    for X in ([[-0.0, 1.0]], [[-0.0], [1.0, 2.0]], np.full((1, 1, 2), -0.0)):
        assert not np.signbit(check(X).values).any()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.integers(1, 10_000_000), max_size=6), min_size=1))
def test_all_forms_of_ids_are_read_alike(rows):
    expected = [list(row) for row in rows]
    width = max(map(len, rows)) or 1
    matrix = np.zeros((len(rows), width), np.int64)
    for i, row in enumerate(rows):
        matrix[i, width - len(row) :] = row
    for X in (rows, boxed(rows), TokenArray.from_rows(rows), matrix):
        assert rows_of(check(X)) == expected
    mirrored = rows_of(check(matrix[:, ::-1]))
    assert [row[::-1] for row in mirrored] == expected


# -- vocabularies, widths and names


def test_the_vocabulary_is_found():
    tokens = TokenArray([[2, 3], [3, 0]], WORDS)
    frame = pd.DataFrame(np.asarray(tokens))
    frame.attrs["vocabulary"] = WORDS
    for X in (tokens, TokenArray.from_rows([[2], [3, 2]], WORDS), frame):
        assert check(X).vocabulary is WORDS
    assert check(np.asarray(tokens)).vocabulary is None


def test_width_and_names_are_learned_and_forgotten():
    estimator = LSTMClassifier()
    check(pd.DataFrame(COLUMNS), estimator=estimator)
    assert estimator.n_features_in_ == 3
    assert estimator.feature_names_in_.tolist() == ["a", "b", "c"]
    check(np.ones((2, 4, 5)), estimator=estimator)
    assert estimator.n_features_in_ == 4
    assert not hasattr(estimator, "feature_names_in_")
    check(IDS, estimator=estimator)
    assert not hasattr(estimator, "n_features_in_")


def test_only_numbers_of_two_dimensions_keep_their_width():
    estimator = LSTMClassifier()
    check(np.ones((2, 3)), estimator=estimator)
    again = partial(check, reset=False, estimator=estimator, input_type="series")
    with pytest.raises(ValueError, match="X has 4 features, but LSTMClassifier is exp"):
        again(np.ones((2, 4)))
    for X in (np.ones((2, 4, 1)), [[1.0], [1.0, 2.0]]):
        assert len(again(X)) == 2
    assert estimator.n_features_in_ == 3
    check(np.ones((2, 3), int), estimator=estimator)
    wider = np.ones((2, 5), int)
    assert check(wider, reset=False, estimator=estimator).lengths.tolist() == [5, 5]


def test_other_names_are_refused():
    estimator = LSTMClassifier()
    check(pd.DataFrame(COLUMNS), estimator=estimator)
    other = pd.DataFrame(COLUMNS).rename(columns={"a": "z"})
    with pytest.raises(ValueError, match="feature names should match"):
        check(other, reset=False, estimator=estimator)


def test_what_is_meant_can_be_said():
    assert check(MATRIX, input_type="series").values.shape == (6, 1)
    assert check([[1, -2], [3]], input_type="series").values[1] == -2
    assert rows_of(check([[1.0, 2.0], [3.0, 0.0]], input_type="tokens")) == [
        [1, 2],
        [3],
    ]
    assert rows_of(check([[1.0, 2.0], [3.0]], input_type="tokens")) == [[1, 2], [3]]


def test_ids_past_the_vocabulary_are_unknown():
    found = check([[5, 2], [9]])
    assert rows_of(found.limited_to(5)) == [[1, 2], [1]]
    assert found.limited_to(10) is found
    assert found.limited_to(None) is found
