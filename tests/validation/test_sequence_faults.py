"""What is wrong with sequences: the rows of the fault table, and text in any form."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from sklstm import LSTMClassifier, SequencePadder
from sklstm._validation import check_sequences
from sklstm.text import TokenArray

IDS = [[4, 2, 9], [7], []]
NAN = np.nan


def check(X, *, estimator=None, **options):
    estimator = LSTMClassifier() if estimator is None else estimator
    return check_sequences(estimator, X, reset=True, **options)


def boxed(rows):
    box = np.empty(len(rows), object)
    for i, row in enumerate(rows):
        box[i] = row
    return box


TEXTS = ["a film", "not bad"]
TEXT_FORMS = {
    "str": "a film",
    "bytes": b"a film",
    "list": TEXTS,
    "tuple": tuple(TEXTS),
    "list of bytes": [b"a", b"b"],
    "list that starts with None": [None, "a"],
    "array": np.array(TEXTS),
    "bytes array": np.array(TEXTS, "S"),
    "object array": np.array(TEXTS, object),
    "StringDType": np.array(TEXTS, np.dtypes.StringDType()),
    "(n, 1) array": np.array(TEXTS)[:, None],
    "(n, 1) object array": np.array(TEXTS, object)[:, None],
    "object matrix": np.array([[1, "a"], [2, "b"]], object),
    "Series": pd.Series(TEXTS),
    "object Series": pd.Series(TEXTS, dtype=object),
    "string Series": pd.Series([None, *TEXTS], dtype="string"),
    "arrow Series": pd.Series(TEXTS, dtype="string[pyarrow]"),
    "categorical": pd.Series(TEXTS, dtype="category"),
    "Index": pd.Index(TEXTS),
    "frame": pd.DataFrame({"text": TEXTS}),
    "frame of two": pd.DataFrame({"text": TEXTS, "more": TEXTS}),
    "frame of objects": pd.DataFrame({"a": [1, "x"], "b": ["y", 2]}, dtype=object),
    "frame of categoricals": pd.DataFrame({"a": TEXTS, "b": TEXTS}, dtype="category"),
    "frame of numbers and text": pd.DataFrame({"a": [1, 2], "text": TEXTS}),
    "polars Series": pl.Series(TEXTS),
    "polars frame": pl.DataFrame({"text": TEXTS}),
    "polars frame of two": pl.DataFrame({"text": TEXTS, "more": TEXTS}),
    "polars categoricals": pl.DataFrame({"a": TEXTS, "b": TEXTS}).cast(pl.Categorical),
    "polars enum": pl.Series(TEXTS, dtype=pl.Enum(TEXTS)),
    "pyarrow array": pa.array(TEXTS),
    "pyarrow large": pa.array(TEXTS, pa.large_string()),
    "pyarrow dictionary": pa.array(TEXTS).dictionary_encode(),
    "pyarrow table": pa.table({"text": TEXTS}),
    "pyarrow table of two": pa.table({"text": TEXTS, "more": TEXTS}),
    "tokens": [["a", "film"], ["not"]],
    "tokens of equal number": [["a", "film"], ["not", "bad"]],
    "tokens after ids": [np.array([1], np.int32), ["not", "bad"]],
    "tokens of bytes": [[b"a", b"film"], [b"not"]],
    "tokens with a gap": [["a", None], ["film"]],
    "digits": [["1", "2"], ["3", "4"]],
    "Series of tokens": pd.Series([["a"], ["not", "bad"]]),
    "polars tokens": pl.Series([["a"], ["not", "bad"]]),
}


@pytest.mark.parametrize("X", TEXT_FORMS.values(), ids=TEXT_FORMS)
def test_row_31_text(X):
    message = (
        "LSTMClassifier expects token ids or numbers, but X is text. Turn it into "
        "tokens first: make_pipeline(TextTokenizer(), SequencePadder(), "
        "LSTMClassifier()).fit(X, y)"
    )
    with pytest.raises(ValueError) as e:
        check(X)
    assert str(e.value) == message
    with pytest.raises(ValueError) as e:
        check(X, estimator=SequencePadder())
    assert str(e.value) == message.replace(
        "LSTMClassifier expects", "SequencePadder expects"
    )


ADVICE = 'If X holds numbers, not token ids, set input_type="series".'
NEGATIVE = (
    "Negative values in data passed to LSTMClassifier: token ids start at 0, "
    f"found -7 in row 1. {ADVICE}"
)
NO_NAN = "Input X contains NaN."
NO_INFINITY = "Input X contains infinity or a value too large for dtype('float64')."
ROWS = "LSTMClassifier expects rows of (n_steps,) or (n_steps, n_channels) numbers; row"
ONE_PER_ROW = "LSTMClassifier expects one sequence per row; row 1 is {}. Leave the row "
FEW = "Found array with 0 {} while a minimum of 1 is required by LSTMClassifier."
TOO_LARGE = "LSTMClassifier can embed token ids up to 10000000, found {} in row 1. "
FRACTION = f"LSTMClassifier expects integer token ids, found 1.5 in row 1. {ADVICE}"
gaps = pd.DataFrame({"a": [1, None], "b": [2, 3]}, dtype="Int64")

# (row of the fault table, X, message, input_type)
FAULTS = [
    (20, np.zeros((3, 0)), FEW.format("feature(s) (shape=(3, 0))"), "auto"),
    (20, np.zeros((3, 0, 2)), FEW.format("feature(s) (shape=(3, 0, 2))"), "auto"),
    (20, np.zeros((3, 2, 0)), FEW.format("channel(s) (shape=(3, 2, 0))"), "auto"),
    (
        20,
        [np.zeros((2, 0)), np.zeros((1, 0))],
        FEW.format("channel(s) (shape=(2,))"),
        "auto",
    ),
    (22, [[1, 2], [3, -7]], NEGATIVE, "auto"),
    (22, [[1, 2, 5], [], [3, -7]], NEGATIVE.replace("row 1", "row 2"), "auto"),
    (22, pd.DataFrame({"a": [1, -7]}), NEGATIVE, "auto"),
    (22, [[1.0, 2.0], [3.0, -7.0]], NEGATIVE.replace("-7", "-7.0"), "tokens"),
    (23, [[1, 2], [3, 2**40]], TOO_LARGE.format(2**40), "auto"),
    (23, np.array([[1], [2**63]], np.uint64), TOO_LARGE.format(2**63), "auto"),
    (24, [[1.0, 2.0], [1.5, 2.0]], FRACTION, "tokens"),
    (24, [[1.0], [1.5, 2.0]], FRACTION, "tokens"),
    (25, gaps, NO_NAN, "auto"),
    (25, pl.DataFrame({"a": [1, None], "b": [2, 3]}), NO_NAN, "auto"),
    (25, pa.table({"a": [1, None], "b": [2, 3]}), NO_NAN, "auto"),
    (25, [pd.array([1, None], dtype="Int64"), [2]], f"{ROWS} 0 is <Int", "auto"),
    (27, [[NAN, 1.0], [2.0, 3.0]], NO_NAN, "auto"),
    (27, [[1.0, NAN, 1.0], [2.0, 3.0, 4.0]], NO_NAN, "auto"),
    (27, [[NAN, 1.0], [2.0]], NO_NAN, "auto"),
    (27, [[1.0, NAN], [2.0, 3.0]], NO_NAN, "tokens"),
    (27, np.array([[[1.0, NAN]], [[1.0, 2.0]]]), NO_NAN, "auto"),
    (27, np.array([[[1.0], [NAN], [1.0]]]), NO_NAN, "auto"),
    (28, [[1.0, np.inf]], NO_INFINITY, "auto"),
    (28, [[np.inf, -np.inf]], NO_INFINITY, "auto"),
    (28, [[1.0], [1.0, -np.inf]], NO_INFINITY, "auto"),
    (28, [[1.0, np.inf]], NO_INFINITY, "tokens"),
    (
        30,
        [np.ones((1, 3)), np.ones((1, 2))],
        "LSTMClassifier: rows differ in their number of channels: [2, 3]",
        "auto",
    ),
    (31, [[1, 2], "a film"], ONE_PER_ROW.format("'a film'"), "auto"),
    (19, [[1, 2], None], ONE_PER_ROW.format("None"), "auto"),
    (19, pd.Series([[1, 2], NAN]), ONE_PER_ROW.format("nan"), "auto"),
    (19, pl.Series([[1, 2], None]), ONE_PER_ROW.format("None"), "auto"),
    (19, [[1, 2], 3], ONE_PER_ROW.format("3"), "auto"),
    (19, [[1, 2], {3}], ONE_PER_ROW.format("{3}"), "auto"),
    (19, [[1], [1, None]], f"{ROWS} 1 is [1, None]", "auto"),
    (
        19,
        [np.ones((1, 1, 1)), np.ones((2, 2, 2))],
        f"{ROWS} 0 is array([[[1.]]])",
        "auto",
    ),
    (19, [[[1, 2], [3]], [[1, 2]]], f"{ROWS} 0 is [[1, 2], [3]]", "auto"),
    (19, [np.array([1j]), [1, 2]], f"{ROWS} 0 is array([0.+1.j])", "auto"),
    (
        19,
        [np.ones(1, int), np.ones((2, 2), int)],
        "LSTMClassifier: token ids are one number per step, not several.",
        "tokens",
    ),
    (
        19,
        np.ones((1, 2, 3), int),
        "LSTMClassifier: token ids are 2-D, found 3-D ",
        "tokens",
    ),
    (
        19,
        np.ones((1, 2, 3, 4)),
        "LSTMClassifier expects (n_samples, n_steps) or (n_samples,"
        " n_steps, n_channels), found an array of shape (1, 2, 3, 4)",
        "auto",
    ),
    (
        19,
        pd.DataFrame({"a": IDS, "b": IDS}),
        "LSTMClassifier expects one column of sequences, but X has shape (3, 2). For "
        "several channels make each row an array of shape (n_steps, n_channels).",
        "auto",
    ),
    (
        19,
        pl.DataFrame({"a": IDS, "b": IDS}),
        "LSTMClassifier expects one column of sequences, but X has shape (3, 2).",
        "auto",
    ),
    (56, np.zeros((0, 3)), FEW.format("sample(s) (shape=(0, 3))"), "auto"),
    (56, [], FEW.format("sample(s) (shape=(0,))"), "auto"),
    (56, boxed([]), FEW.format("sample(s) (shape=(0,))"), "auto"),
    (56, TokenArray.from_rows([]), FEW.format("sample(s) (shape=(0,))"), "tokens"),
    (56, pd.DataFrame({"tokens": []}), FEW.format("sample(s) (shape=(0,))"), "auto"),
    (0, [1, 2, 3], "Expected 2D array, got 1D array instead", "auto"),
    (0, 5, "Expected 2D array, got scalar array instead", "auto"),
    (0, None, "Expected 2D array, got scalar array instead", "auto"),
    (0, np.array([[1j]]), "Complex data not supported", "auto"),
]


@pytest.mark.parametrize(
    ("X", "message", "input_type"),
    [fault[1:] for fault in FAULTS],
    ids=[f"row {fault[0]}" for fault in FAULTS],
)
def test_faults(X, message, input_type):
    with pytest.raises(ValueError) as e:
        check(X, input_type=input_type)
    assert str(e.value).startswith(message)


def test_a_padder_gives_advice_of_its_own():
    with pytest.raises(ValueError, match=r"found -7 in row 1\. .*ids, pass floats\.$"):
        check([[1, 2], [3, -7]], estimator=SequencePadder())


def test_sparse_input_is_a_type_error():
    with pytest.raises(TypeError, match="Sparse data was passed for X"):
        check(sparse.csr_array(np.eye(3)))


def test_row_29_numbers_beyond_float32():
    found = check([[1e300, 1.0], [-1e300, 2.0]])
    with pytest.raises(
        ValueError, match=r"infinity or a value too large for dtype\('flo"
    ):
        found.as_float32("LSTMClassifier")
    assert check([[1e308, 1e308]]).values.tolist() == [[1e308], [1e308]]


def test_row_64_read_only_maps(tmp_path):
    np.save(tmp_path / "X.npy", np.array([[1.0, NAN], [-0.0, 2.0]]))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    found = check(X)
    assert found.values.tolist() == [[1.0], [0.0], [2.0]]
    assert found.lengths.tolist() == [1, 2]
