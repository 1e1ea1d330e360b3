"""Texts of every container, and what is wrong with texts."""

from collections import deque
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklstm._validation import check_texts
from sklstm.text import TextTokenizer, TokenArray

TEXTS = ["a film", "", "not bad"]
LISTS = [["a", "film"], [], ["not", "bad"]]
MISSING = [None, float("nan"), np.nan, np.float32("nan"), pd.NA, pd.NaT]


def check(X, **options):
    return check_texts(X, estimator=TextTokenizer(), **options)


CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "deque": deque,
    "generator": lambda texts: (text for text in texts),
    "iterator": iter,
    "dict values": lambda texts: dict(enumerate(texts)).values(),
    "Series": pd.Series,
    "object Series": lambda texts: pd.Series(texts, dtype=object),
    "string Series": lambda texts: pd.Series(texts, dtype="string"),
    "arrow Series": lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
    "categorical": lambda texts: pd.Series(texts, dtype="category"),
    "Series of other index": lambda texts: pd.Series(texts, index=[9, 9, 0]),
    "Index": pd.Index,
    "pandas array": lambda texts: pd.array(texts, dtype="string"),
    "Categorical": pd.Categorical,
    "object array": lambda texts: np.array(texts, dtype=object),
    "str array": np.array,
    "StringDType array": lambda texts: np.array(texts, dtype=np.dtypes.StringDType()),
    "read-only array": lambda texts: np.broadcast_to(np.array(texts), (3,)),
    "column array": lambda texts: np.array(texts, dtype=object).reshape(-1, 1),
    "frame": lambda texts: pd.DataFrame({"text": texts}),
    "frame of many types": lambda texts: pd.DataFrame(
        {("text", 1): pd.Categorical(texts)}, index=[5, 5, 1]
    ),
    "polars Series": pl.Series,
    "polars categorical": lambda texts: pl.Series(texts, dtype=pl.Categorical),
    "polars frame": lambda texts: pl.DataFrame({"text": texts}),
    "pyarrow array": pa.array,
    "pyarrow chunked array": lambda texts: pa.chunked_array([texts[:1], texts[1:]]),
    "pyarrow dictionary": lambda texts: pa.array(texts).dictionary_encode(),
    "pyarrow table": lambda texts: pa.table({"text": texts}),
    "masked array": np.ma.array,
}


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_faults_11_13_14_are_none(make):
    found = check(make(TEXTS))
    assert type(found) is list
    assert found == TEXTS
    assert all(isinstance(text, str) for text in found)


LIST_CONTAINERS = {
    "list": list,
    "list of tuples": lambda rows: list(map(tuple, rows)),
    "list of arrays": lambda rows: [np.array(row, dtype=str) for row in rows],
    "generator": iter,
    "Series": pd.Series,
    "Series of arrays": lambda rows: pd.Series([np.array(r, dtype=str) for r in rows]),
    "frame": lambda rows: pd.DataFrame({"tokens": rows}),
    "arrow Series": lambda rows: pd.Series(
        rows, dtype=pd.ArrowDtype(pa.list_(pa.string()))
    ),
    "polars Series": pl.Series,
    "pyarrow array": pa.array,
}


@pytest.mark.parametrize("make", LIST_CONTAINERS.values(), ids=LIST_CONTAINERS)
def test_fault_12_is_none_documents_that_are_tokens_already(make):
    found = check(make(LISTS))
    assert found == LISTS
    assert all(type(tokens) is list for tokens in found)


def test_texts_and_token_lists_may_be_mixed():
    assert check(["a film", ["a", "film"]]) == ["a film", ["a", "film"]]


def test_tokens_are_copied():
    tokens = ["a", "film"]
    check([tokens])[0].append("more")
    assert tokens == ["a", "film"]


def test_generator_is_read_once():
    texts = iter(TEXTS)
    assert check(texts) == TEXTS
    assert list(texts) == []


# The fault table. Rows are named by their number in it.


@pytest.mark.parametrize("missing", MISSING, ids=repr)
@pytest.mark.parametrize(
    "make", [list, lambda texts: pd.Series(texts, dtype=object, index=[4, 5, 6])]
)
def test_fault_01_02_03_missing(missing, make):
    X = make(["a", "b", missing])
    with pytest.raises(ValueError) as error:
        check(X)
    assert str(error.value) == (
        'TextTokenizer found a missing value at row 2. Use missing="empty" or fill it '
        "first."
    )
    assert check(make(["a", "b", missing]), missing="empty") == ["a", "b", ""]


@pytest.mark.parametrize(
    "make",
    [
        pd.Series,
        lambda texts: pd.Series(texts, dtype="string"),
        lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
        lambda texts: pd.Series(texts, dtype="category"),
        lambda texts: pd.DataFrame({"text": texts}),
        pl.Series,
        lambda texts: pl.DataFrame({"text": texts}),
        pa.array,
        lambda texts: np.array(texts, dtype=np.dtypes.StringDType(na_object=None)),
    ],
)
def test_fault_01_02_03_missing_in_columns(make):
    X = make(["a", None, "b"])
    with pytest.raises(ValueError, match="found a missing value at row 1"):
        check(X)
    assert check(X, missing="empty") == ["a", "", "b"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "int (3)"),
        (2.5, "float (2.5)"),
        (np.int64(3), "int64 (np.int64(3))"),
        (True, "bool (True)"),
        ({"a": 1}, "dict ({'a': 1})"),
        (date(2026, 1, 2), "date (datetime.date(2026, 1, 2))"),
        (np.array([["a"]]), "ndarray (array([['a']], dtype='<U1'))"),
    ],
)
def test_fault_04_no_text(value, shown):
    with pytest.raises(TypeError) as error:
        check(["a", "b", value])
    assert str(error.value) == f"TextTokenizer expects str; row 2 has {shown}."


@pytest.mark.parametrize(
    "X", [[1, 2], np.arange(3), pd.Series([1.5]), np.ones((2, 1)), pl.Series([1])]
)
def test_fault_04_columns_of_numbers(X):
    with pytest.raises(TypeError, match="TextTokenizer expects str; row 0 has"):
        check(X)


def test_fault_05_bytes():
    assert check([b"caf\xc3\xa9", "b"]) == ["café", "b"]
    assert check(np.array([b"ab", b"c"])) == ["ab", "c"]
    assert check([bytearray(b"caf\xe9")], encoding="latin-1") == ["café"]


def test_fault_05_bytes_of_another_encoding():
    with pytest.raises(ValueError) as error:
        check(["a", b"caf\xe9"])
    assert str(error.value) == (
        "TextTokenizer cannot decode row 1: 'utf-8' codec can't decode byte 0xe9 in "
        "position 3: unexpected end of data. Set encoding=, or "
        'decode_error="replace".'
    )
    assert check([b"caf\xe9"], decode_error="ignore") == ["caf"]
    assert check([b"caf\xe9"], decode_error="replace") == ["caf\ufffd"]


def test_fault_05_unknown_encoding():
    with pytest.raises(ValueError, match="row 0: unknown encoding: utf-9"):
        check([b"a"], encoding="utf-9")


def test_fault_06_07_empty_texts_are_texts():
    assert check(["", ""]) == ["", ""]


@pytest.mark.parametrize("X", ["a film", b"a film", bytearray(b"a"), np.str_("a")])
def test_fault_08_one_string(X):
    with pytest.raises(ValueError) as error:
        check(X)
    assert str(error.value) == (
        "Iterable over raw text documents expected, string object received. "
        "TextTokenizer takes a list of texts: wrap a single text as [text]."
    )


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"a": TEXTS, "b": TEXTS}),
        pl.DataFrame({"a": TEXTS, "b": TEXTS}),
        pa.table({"a": TEXTS, "b": TEXTS}),
        np.array([["a", "b"], ["c", "d"]]),
    ],
)
def test_fault_09_two_columns(X):
    with pytest.raises(ValueError) as error:
        check(X)
    assert str(error.value) == (
        "TextTokenizer expected one text column, got 2. Pass the column itself, "
        "X['text'] for example."
    )


@pytest.mark.parametrize("shape", [(), (1, 1, 1)])
def test_fault_10_other_shapes(shape):
    with pytest.raises(ValueError, match="expected one text column, got an array of"):
        check(np.full(shape, "a"))


def test_fault_10_column_of_an_array():
    assert check(np.array([["a"], ["b"]])) == ["a", "b"]


@pytest.mark.parametrize("X", [{"a": 1}, {"a", "b"}, frozenset("a"), 3, None, len])
def test_fault_11_no_ordered_container(X):
    with pytest.raises(TypeError) as error:
        check(X)
    assert str(error.value) == (
        "TextTokenizer expects texts in a list, a 1-D array or a column, got "
        f"{type(X).__name__}."
    )


@pytest.mark.parametrize("token", [None, 3, b"b", float("nan")])
def test_fault_12_tokens_that_are_not_str(token):
    with pytest.raises(TypeError) as error:
        check(["a", ["b", "c", token]], missing="empty")
    assert str(error.value) == (
        "TextTokenizer expects tokens of type str; row 1 has "
        f"{type(token).__name__} ({token!r}) as token 2."
    )


def test_fault_12_token_ids_are_not_texts():
    with pytest.raises(TypeError, match="row 0 has int32"):
        check(TokenArray.from_rows([[2, 3]]))


def test_fault_14_index_is_not_used():
    assert check(pd.Series(["a", "b"], index=[1, 0])) == ["a", "b"]
    with pytest.raises(TypeError, match="row 1 has int"):
        check(pd.Series(["a", 3], index=[1, 0]))


def test_fault_15_lone_surrogate():
    assert check(["\ud83d"]) == ["\ud83d"]


def test_fault_16_long_text_is_not_repeated_in_a_message():
    assert check(["a" * 10**6]) == ["a" * 10**6]
    with pytest.raises(TypeError) as error:
        check([{"a": "b" * 10**6}])
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "X", [[], (), iter([]), np.array([]), pd.Series([], dtype=str), pa.array([])]
)
def test_no_documents(X):
    with pytest.raises(ValueError) as error:
        check(X)
    assert str(error.value) == (
        "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required by "
        "TextTokenizer."
    )
