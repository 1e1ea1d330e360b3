"""Labels and weights of every container, and what is wrong with them."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from sklstm import LSTMClassifier
from sklstm._validation import check_labels, check_weights

check = partial(check_labels, LSTMClassifier())
NAN = float("nan")


def frame_of(y, **options):
    return pd.DataFrame({"y": pd.Series(y, **options)})


COLUMNS = {
    "list": list,
    "tuple": tuple,
    "array": np.array,
    "object array": lambda y: np.array(y, object),
    "Series": pd.Series,
    "Series of other index": lambda y: pd.Series(y, index=range(9, 9 - len(y), -1)),
    "object Series": lambda y: pd.Series(y, dtype=object),
    "categorical": lambda y: pd.Series(y, dtype="category"),
    "Categorical": pd.Categorical,
    "Index": pd.Index,
    "nullable": lambda y: pd.Series(y).convert_dtypes(),
    "arrow Series": lambda y: pd.Series(
        pd.array(y, dtype=pd.ArrowDtype(pa.array(y).type))
    ),
    "polars": pl.Series,
    "pyarrow": pa.array,
    "pyarrow chunks": lambda y: pa.chunked_array([y[:1], y[1:]]),
    "pyarrow dictionary": lambda y: pa.array(y).dictionary_encode(),
}
KINDS = {
    "str": (["b", "a", "b"], "UO"),
    "bool": ([True, False, True], "b"),
    "small ints": ([1, 2, 1], "i"),
    "signs": ([-1, 1, -1], "i"),
    "ints": ([5, 9, 5], "i"),
    "large ints": ([2**60 + 1, 2, 2], "i"),  # floats would round them
}


@pytest.mark.parametrize("make", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize(("y", "kind"), KINDS.values(), ids=KINDS)
def test_rows_33_34_37_labels_of_any_kind(make, y, kind):
    found = check(make(y))
    assert type(found) is np.ndarray
    assert found.dtype.kind in kind
    assert found.tolist() == y


def test_other_labels():
    assert check([1.0, 2.0]).tolist() == [1.0, 2.0]
    assert check(np.array(["a", "b"], np.dtypes.StringDType())).tolist() == ["a", "b"]
    assert check(torch.tensor([3, 4])).tolist() == [3, 4]
    assert check(np.array([1, 2], np.uint8)).dtype == np.uint8
    days = np.array(["2026-01-01", "2026-01-02"], "M8[D]")
    assert np.array_equal(check(days), days)


def test_only_categories_that_are_present_come_back():
    y = pd.Series(["a", "b"], dtype=pd.CategoricalDtype(["z", "b", "a"], ordered=True))
    assert np.unique(check(y)).tolist() == ["a", "b"]


COLUMN_VECTORS = {
    "array": np.array([["b"], ["a"]]),
    "object array": np.array([["b"], ["a"]], object),
    "frame": frame_of(["b", "a"]),
    "categorical frame": frame_of(["b", "a"], dtype="category"),
    "polars frame": pl.DataFrame({"y": ["b", "a"]}),
    "pyarrow table": pa.table({"y": ["b", "a"]}),
}


@pytest.mark.parametrize("y", COLUMN_VECTORS.values(), ids=COLUMN_VECTORS)
def test_row_38_column_vectors(y):
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        assert check(y).tolist() == ["b", "a"]


INDICATOR = [[1, 0], [0, 1], [1, 1]]
BOTH = {"a": [1, 0, 1], "b": [0, 1, 1]}
INDICATORS = {
    "lists": INDICATOR,
    "array": np.array(INDICATOR),
    "bools": np.array(INDICATOR, bool),
    "floats": np.array(INDICATOR, float),
    "objects": np.array(INDICATOR, object),
    "frame": pd.DataFrame(BOTH),
    "bool frame": pd.DataFrame(BOTH, dtype=bool),
    "nullable frame": pd.DataFrame(BOTH, dtype="Int64"),
    "nullable bool frame": pd.DataFrame(BOTH).astype(bool).astype("boolean"),
    "mixed frame": pd.DataFrame(BOTH).astype({"a": "Int64", "b": float}),
    "frame of equal names": pd.DataFrame(INDICATOR, columns=["a", "a"]),
    "polars": pl.DataFrame(BOTH),
    "pyarrow": pa.table(BOTH),
    "sparse array": sparse.csr_array(INDICATOR),
    "sparse matrix": sparse.coo_matrix(INDICATOR),
}


@pytest.mark.parametrize("y", INDICATORS.values(), ids=INDICATORS)
def test_indicators(y):
    found = check(y)
    assert found.dtype == np.int64
    assert found.tolist() == INDICATOR


def missing(row):
    return f"Input y contains a missing value at row {row}."


NO_NAN, UNKNOWN = "Input y contains NaN.", "Unknown label type: "
# (row of the fault table, y, message)
FAULTS = {
    "35 nan": ([1.0, NAN], NO_NAN),
    "35 float32": (np.array([1, NAN], np.float32), NO_NAN),
    "35 infinity": ([1.0, np.inf], "Input y contains infinity"),
    "35 polars": (pl.Series([1.0, NAN]), NO_NAN),
    "35 indicator": ([[1.0, NAN], [0.0, 1.0]], NO_NAN),
    "36 objects": (np.array([None, "a"], object), missing(0)),
    "36 list": (["a", None], missing(1)),
    "36 ints": ([1, 2, None], missing(2)),
    "36 nan among str": (["a", NAN], missing(1)),
    "36 float32 among str": (np.array(["a", np.float32(NAN)], object), missing(1)),
    "36 NaT": (np.array(["2026-01-01", "NaT"], "M8[D]"), missing(1)),
    "36 NaT among objects": (np.array(["a", pd.NaT], object), missing(1)),
    "36 str": (pd.Series(["a", None]), missing(1)),
    "36 string": (pd.Series(["a", pd.NA], dtype="string"), missing(1)),
    "36 StringDType": (
        np.array(["a", None], np.dtypes.StringDType(na_object=None)),
        missing(1),
    ),
    "36 category": (pd.Series(["a", None], dtype="category"), missing(1)),
    "36 Int64": (pd.Series([1, None], dtype="Int64"), missing(1)),
    "36 boolean": (pd.Series([None, True], dtype="boolean"), missing(0)),
    "36 arrow": (pd.Series([1, None], dtype="int64[pyarrow]"), missing(1)),
    "36 polars str": (pl.Series(["a", None]), missing(1)),
    "36 polars int": (pl.Series([1, None]), missing(1)),
    "36 pyarrow": (pa.array(["a", None]), missing(1)),
    "36 frame": (frame_of(["a", None]), missing(1)),
    "36 column": (np.array([["a"], [None]], object), missing(1)),
    "36 indicator": (np.array([[1, 0], [0, None]], object), missing(1)),
    "36 indicator frame": (
        pd.DataFrame({"a": [1, 0], "b": [0, None]}, dtype="Int64"),
        missing(1),
    ),
    "text and numbers": (
        ["a", 1],
        "Input y contains text at row 0 and other labels at row 1. Make all of them "
        "text: y.astype(str).",
    ),
    "numbers and text": (
        np.array([1, 2, "a"], object),
        "Input y contains text at row 2 and other labels at row 0.",
    ),
    "no classes": ([0.5, 1.5, 2.5], UNKNOWN + "continuous"),
    "sets of labels": (
        [["a"], ["b", "c"]],
        "y has rows of different lengths. For labels that come together pass the "
        "indicator matrix of sklearn.preprocessing.MultiLabelBinarizer.",
    ),
    "many classes at once": ([[1, 2], [3, 4]], "y should be a 1d array, got an array"),
    "a number": (5, "y should be a 1d array, got an array of shape ()"),
    "a word": ("abc", "y should be a 1d array, got an array of shape ()"),
    "nothing": (
        None,
        "This LSTMClassifier estimator requires y to be passed, but the target y is "
        "None.",
    ),
    "complex": (np.array([1j, 2j]), "Complex data not supported"),
}


@pytest.mark.parametrize(("y", "message"), FAULTS.values(), ids=FAULTS)
def test_faults(y, message):
    with pytest.raises(ValueError) as e:
        check(y)
    assert str(e.value).startswith(message)


def test_bytes_are_a_type_error():
    with pytest.raises(TypeError, match="labels represented as bytes is not supported"):
        check([b"a", b"b"])


# -- weights


def test_weights_are_float64_and_one_by_default():
    X = np.zeros((3, 2))
    found = check_weights(None, X)
    assert found.dtype == np.float64
    assert found.tolist() == [1, 1, 1]
    own = np.array([1, 0, 2], np.int8)
    for weights in (own, own.tolist(), pd.Series(own), pl.Series(own), pa.array(own)):
        found = check_weights(weights, X)
        assert found.dtype == np.float64
        assert found.tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, -1.0, 1.0], "Negative values in data passed to `sample_weight`."),
        ([0.0, 0.0, 0.0], "Sample weights must contain at least one non-zero number."),
        ([1.0, NAN, 1.0], "Input sample_weight contains NaN."),
        ([1.0, np.inf, 1.0], "Input sample_weight contains infinity"),
        ([1.0, 1.0], "sample_weight.shape == (2,), expected (3,)!"),
        ([[1.0], [1.0], [1.0]], "Sample weights must be 1D array or scalar, got 2D"),
    ],
    ids=["41 negative", "42 zero", "42 nan", "42 infinity", "42 length", "42 shape"],
)
def test_wrong_weights(weights, message):
    with pytest.raises(ValueError) as e:
        check_weights(weights, np.zeros((3, 2)))
    assert str(e.value).startswith(message)
