"""What flows between two stages: type, shape, dtype and a sample of real values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Number
from typing import Any

import numpy as np
from scipy import sparse

from sklstm._validation import vocabulary_of

N_SAMPLES = 3  # rows of which values are shown
N_VALUES = 8  # numbers, words or columns of a row
N_CHARACTERS = 72  # of a text

MORE = "…"


@dataclass(frozen=True)
class Values:
    """What one stage hands to the next, in words.

    Parameters
    ----------
    type : str
        The class: "Series", "TokenArray", "ndarray", "csr_matrix".
    dims : tuple of str
        The sizes: ("1000", "3..52") where rows differ in length.
    dtype : str
        Of the numbers, or "str"; "mixed" where columns differ.
    density : float or None
        The share of values that a sparse matrix holds; None where it holds all.
    rows : tuple of str
        The first rows, as they are read.
    words : tuple of str
        The words of rows that are token ids; empty where they are not known.
    """

    type: str
    dims: tuple[str, ...]
    dtype: str
    density: float | None = None
    rows: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        """The sizes as they are written: "(1000, 3..52)"."""
        return f"({', '.join(self.dims)}{',' * (len(self.dims) == 1)})"

    def hidden(self) -> "Values":
        """Return the same without any values."""
        return replace(self, rows=(), words=())


def as_rows(X: Any, name: str = "X") -> Any:
    """Return rows in a container that can be cut into parts.

    Raises
    ------
    TypeError
        If they are none: one text, a set, a dict, None.
    """
    if sparse.issparse(X):
        return X.tocsr()
    if isinstance(X, str | bytes):
        raise TypeError(f"{name} is one text; wrap it as a list: [{X[:40]!r}].")
    if hasattr(X, "columns") and hasattr(X, "to_pandas") and not hasattr(X, "iloc"):
        return X.to_pandas()  # a table of pyarrow or polars
    if hasattr(X, "to_pylist"):
        return X.to_pylist()  # a column of pyarrow
    if hasattr(X, "to_numpy") and not hasattr(X, "iloc"):
        return X.to_numpy()  # an index of pandas, a column of polars
    if isinstance(X, tuple):
        return list(X)
    if isinstance(X, np.ma.MaskedArray):
        return X.filled(np.nan) if X.dtype.kind == "f" else X.data
    if isinstance(X, np.ndarray | list) or hasattr(X, "iloc"):
        return X
    raise TypeError(
        f"{name} is {type(X).__name__}; give rows in a list, an array, a column or a "
        "frame."
    )


def describe(X: Any) -> Values:
    """Describe data of any kind that scikit-learn's estimators take or give."""
    if sparse.issparse(X):
        return _describe_sparse(X)
    if hasattr(X, "columns") and hasattr(X, "shape"):
        return _describe_frame(X)
    if isinstance(X, str | bytes) or not hasattr(X, "__len__"):
        return Values(type(X).__name__, (), "", rows=(text_of(X),))
    vocabulary = vocabulary_of(X)
    first = _first_rows(X)
    dims, dtype = _measure(X)
    words: tuple[str, ...] = ()
    if vocabulary is not None:
        words = tuple(_join(vocabulary.select(np.asarray(row))) for row in first)
    return Values(
        type(X).__name__, dims, dtype, rows=tuple(map(text_of, first)), words=words
    )


def _first_rows(X: Any) -> list:
    if hasattr(X, "iloc"):
        return list(X.iloc[:N_SAMPLES])
    return list(X[:N_SAMPLES])


def _measure(X: Any) -> tuple[tuple[str, ...], str]:
    """Return the sizes and the dtype of an array, a column, or a list."""
    n = str(len(X))
    array = X if isinstance(X, np.ndarray) else None
    if array is not None and array.dtype != object:
        return tuple(map(str, array.shape)), _plain(array.dtype)
    if array is not None and array.ndim > 1:
        return tuple(map(str, array.shape)), "object"
    rows = X.tolist() if hasattr(X, "tolist") else list(X)
    filled = [row for row in rows if not _is_missing(row)]
    if filled and all(isinstance(row, np.ndarray | list | tuple) for row in filled):
        arrays = [_inside(row) for row in filled]
        lengths = [len(row) for row in arrays]
        width = {row.shape[1:] for row in arrays if len(row)}
        rest = tuple(map(str, width.pop())) if len(width) == 1 else ()
        kinds = {_plain(row.dtype) for row in arrays if len(row)} or {"object"}
        return (n, span(lengths), *rest), "mixed" if len(kinds) > 1 else kinds.pop()
    if hasattr(X, "dtype") and str(X.dtype) not in ("object", "str", "string"):
        return (n,), _plain(X.dtype)
    names = {type(row).__name__ for row in filled} or {"object"}
    return (n,), "mixed" if len(names) > 1 else names.pop()


def _inside(row: Any) -> np.ndarray:
    try:
        return np.asarray(row)
    except ValueError:  # of different lengths again
        array = np.empty(len(row), object)
        array[:] = row
        return array


def span(lengths: Sequence[int]) -> str:
    """Write the lengths of rows: "10", or "3..52" where they differ."""
    least, most = min(lengths, default=0), max(lengths, default=0)
    return str(least) if least == most else f"{least}..{most}"


def _describe_sparse(X: Any) -> Values:
    first = X.tocsr()[:N_SAMPLES]
    rows = []
    for i in range(first.shape[0]):
        part = slice(first.indptr[i], first.indptr[i + 1])
        pairs = zip(first.indices[part], first.data[part], strict=True)
        rows.append(_join(f"{column}: {text_of(value)}" for column, value in pairs))
    size = X.shape[0] * X.shape[1]
    return Values(
        type(X).__name__,
        tuple(map(str, X.shape)),
        _plain(X.dtype),
        density=X.nnz / size if size else 0.0,
        rows=tuple(rows),
    )


def _describe_frame(X: Any) -> Values:
    names = list(X.columns)
    inner: tuple[str, ...] = ()
    if len(names) == 1:  # a column of sequences, say, or of texts
        column = X[names[0]]
        (_, *inner_dims), dtype = _measure(column)
        inner = tuple(inner_dims)
    else:
        kinds = {_plain(X[name].dtype) for name in names}
        dtype = "mixed" if len(kinds) > 1 else next(iter(kinds), "object")
    head = X.head(N_SAMPLES)
    columns = [_first_rows(head[name]) for name in names[: N_VALUES + 1]]
    vocabulary = vocabulary_of(X)
    words: tuple[str, ...] = ()
    if vocabulary is not None and len(names) == 1 and inner:
        words = tuple(_join(vocabulary.select(np.asarray(row))) for row in columns[0])
    elif vocabulary is not None:
        ids = head.to_numpy()
        words = tuple(_join(vocabulary.select(row.astype(np.int32))) for row in ids)
    return Values(
        type(X).__name__,
        (str(X.shape[0]), str(X.shape[1]), *inner),
        dtype,
        rows=tuple(
            _join(f"{n}={text_of(v)}" for n, v in zip(names, row, strict=False))
            for row in zip(*columns, strict=True)
        ),
        words=words,
    )


def _plain(dtype: Any) -> str:
    """Return the name of a dtype, without the length of strings or any metadata."""
    if isinstance(dtype, np.dtype):
        return "str" if dtype.kind == "U" else dtype.name
    return str(dtype)


def text_of(value: Any) -> str:
    """Write a row, or one value, in a few words."""
    if isinstance(value, str):
        line = " ".join(value.split())
        return line if len(line) <= N_CHARACTERS else line[: N_CHARACTERS - 1] + MORE
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, Number):
        return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
    if isinstance(value, np.ndarray | list | tuple):
        nested = len(value) and isinstance(value[0], np.ndarray | list | tuple)
        parts = (text_of(part) for part in value)
        return _join((f"[{part}]" for part in parts) if nested else parts)
    return text_of(str(value))


def _join(parts: Iterable[str]) -> str:
    """Join the first few parts by spaces."""
    shown: list[str] = []
    for part in parts:
        if len(shown) == N_VALUES:
            return " ".join([*shown, MORE])
        shown.append(str(part))
    return " ".join(shown)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)
