"""Sequences of every accepted form, read into one: flat values and lengths."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.validation import validate_data

from sklstm._sklearn import _check_feature_names

# Token ids with a meaning of their own; words start after them.
PAD_ID, UNK_ID = 0, 1

# An embedding has a row for each id: beyond this, ids are numbers taken for tokens.
MAX_TOKEN_ID = 10_000_000

# Names of dtypes, in lower case, and of types of the cells of dtype object
_INTEGER = re.compile(r"(torch\.)?(u?int(\d|$)|bool)")
_TEXT = re.compile(r"(large_)?str(?!uct)|bytes|categorical|enum")
_NESTED = re.compile(r"list|tuple|ndarray|array\(|series")


@dataclass(frozen=True)
class Sequences:
    """A batch of sequences without their padding.

    Parameters
    ----------
    values : ndarray
        The steps of all sequences, one after the other: int32 token ids of shape
        (n_total_steps,), or numbers of shape (n_total_steps, n_channels).
    lengths : ndarray of shape (n_samples,), int64
        Number of steps of each sequence.
    ndim : int
        Dimensions of the array they were read from; 1 for ragged rows.
    vocabulary : sklstm.text.Vocabulary or None
        The words behind the token ids, where the input carried them.
    vectors : ndarray of shape (n_known, vector_size), float32, or None
        Word vectors of the ids that follow those of an embedding.
    """

    values: np.ndarray
    lengths: np.ndarray
    ndim: int = 1
    vocabulary: Any = field(default=None, repr=False)
    vectors: np.ndarray | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def input_type(self) -> str:
        """Either "tokens" or "series"."""
        return "tokens" if self.values.ndim == 1 else "series"

    @property
    def n_channels(self) -> int | None:
        """Numbers of each step; None for token ids."""
        return None if self.values.ndim == 1 else self.values.shape[1]

    @cached_property
    def starts(self) -> np.ndarray:
        """Position in ``values`` at which each sequence starts."""
        return np.cumsum(self.lengths) - self.lengths

    def steps_of(self, rows: np.ndarray) -> np.ndarray:
        """Positions in ``values`` of all steps of ``rows``, in that order."""
        lengths = self.lengths[rows]
        shift = self.starts[rows] - (np.cumsum(lengths) - lengths)
        return np.arange(lengths.sum()) + np.repeat(shift, lengths)

    def take(self, rows: np.ndarray) -> "Sequences":
        """Return the sequences of ``rows``, in that order."""
        values = self.values[self.steps_of(rows)]
        return replace(self, values=values, lengths=self.lengths[rows])

    def limited_to(self, n_tokens: int | None) -> "Sequences":
        """Read token ids from ``n_tokens`` on as unknown words."""
        if n_tokens is None or self.values.max(initial=0) < n_tokens:
            return self
        values = np.where(self.values < n_tokens, self.values, UNK_ID)
        return replace(self, values=values)

    def with_channels(self, n_channels: int | None, name: str) -> "Sequences":
        """Return the sequences, refusing another number of channels."""
        if self.n_channels == n_channels:
            return self
        if n_channels is not None and not len(self.values):
            empty = np.zeros((0, n_channels), self.values.dtype)
            return replace(self, values=empty)  # no steps: nothing to count channels in
        raise ValueError(
            f"X has {self.n_channels} channels, but {name} is expecting {n_channels} "
            "channels as input."
        )

    def as_float32(self, name: str) -> "Sequences":
        """Return numbers as float32; token ids as they are."""
        if self.values.dtype in (np.int32, np.float32):
            return self
        with np.errstate(over="ignore", invalid="ignore"):
            values = self.values.astype(np.float32)
            assert_all_finite(values, estimator_name=name, input_name="X")
        return replace(self, values=values)


def check_sequences(
    estimator: Any, X: Any, *, reset: bool, input_type: str = "auto"
) -> Sequences:
    """Validate ``X`` for ``estimator`` and return its sequences.

    Parameters
    ----------
    estimator : estimator
        Gives its name to errors. ``n_features_in_`` and ``feature_names_in_`` are set
        on it when ``reset`` is true and compared with ``X`` when it is false.
    X : sequences
        2-D token ids or numbers, 3-D numbers, or ragged rows of either.
    reset : bool
        Whether this is the input of ``fit``.
    input_type : {"auto", "tokens", "series"}
        What the values mean; "auto" reads integers as tokens and floats as numbers.

    Returns
    -------
    Sequences

    Raises
    ------
    ValueError
        If ``X`` is text, has missing or infinite values, negative or absurd ids, or
        another width or other names than in ``fit``.
    """
    name = type(estimator).__name__
    vocabulary = vocabulary_of(X)
    X = _read_container(X)
    rows = _ragged_rows(X, name)
    if rows is not None:
        sequences = _read_ragged(rows, vocabulary, input_type, name)
        for attribute in ("n_features_in_", "feature_names_in_") if reset else ():
            vars(estimator).pop(attribute, None)
        return sequences

    types = _value_types(X)
    _refuse_text(X, types, name)
    array = check_array(
        X,
        dtype="numeric",
        allow_nd=True,
        ensure_all_finite=False,
        estimator=estimator,
        input_name="X",
    )
    if input_type == "auto":
        integral = array.ndim == 2 and all(map(_INTEGER.match, types))
        input_type = "tokens" if integral else "series"
    has_width = array.ndim == 2 and input_type == "series"
    if not reset and has_width and hasattr(estimator, "n_features_in_"):
        validate_data(estimator, X, skip_check_array=True, reset=False)
    elif not reset:  # padding is not a feature: other widths are welcome
        _check_feature_names(estimator, X, reset=False)
    sequences = _read_array(array, vocabulary, input_type, name)
    if reset:  # last, so that what fails leaves no trace
        validate_data(estimator, X, skip_check_array=True, reset=True)
    return sequences


def vocabulary_of(X: Any) -> Any:
    """Return the vocabulary of a TokenArray or of a frame's ``attrs``, else None."""
    attrs = getattr(X, "attrs", None)
    carried = getattr(X, "vocabulary", None)
    if isinstance(attrs, dict):
        carried = attrs.get("vocabulary")
    return carried if hasattr(carried, "fitted_digest") else None


def text_message(name: str) -> str:
    """Say what to write when text reached an estimator that reads sequences."""
    last = "LSTMClassifier" if name == "SequencePadder" else name
    return (
        f"{name} expects token ids or numbers, but X is text. Turn it into tokens "
        f"first: make_pipeline(TextTokenizer(), SequencePadder(), {last}()).fit(X, y)"
    )


# -- what kind of input is it? -------------------------------------------------------


def _read_container(X: Any) -> Any:
    """Make an array of a rectangular list and a frame of a table."""
    if isinstance(X, (list, tuple)):
        try:
            array = np.asarray(X)
        except ValueError:  # rows of different lengths
            return X
        return array if array.ndim > 1 and array.shape[1] > 0 else X
    if hasattr(X, "columns") and not hasattr(X, "dtypes"):  # a table of pyarrow
        from pandas import ArrowDtype

        return X.to_pandas(types_mapper=ArrowDtype)  # integers with gaps stay integers
    return X


def _ragged_rows(X: Any, name: str) -> list | None:
    """Return the rows of ragged input as a list; None for anything else."""
    rows = _list_rows(_only_column(X))
    if rows is None:
        return None
    if not rows:
        raise ValueError(_too_small("sample", (0,), name))
    if not any(map(_is_row, rows)):
        if any(isinstance(row, (str, bytes)) for row in rows):
            raise ValueError(text_message(name))
        return None
    for i, row in enumerate(rows):
        if not _is_row(row):
            raise ValueError(
                f"{name} expects one sequence per row; row {i} is {row!r:.80}. "
                "Leave the row out or give it an empty list."
            )
    return rows


def _only_column(X: Any) -> Any:
    """Return the column of a frame or object array of one; else X itself."""
    if getattr(X, "shape", ())[1:] != (1,):
        return X
    if hasattr(X, "iloc"):
        return X.iloc[:, 0]
    if hasattr(X, "columns"):  # polars
        return X.to_series(0)
    return X[:, 0] if isinstance(X, np.ndarray) else X


def _list_rows(X: Any) -> list | None:
    """List the rows of a 1-D container; None for anything else."""
    if isinstance(X, (list, tuple)):
        return list(X)
    if isinstance(X, np.ndarray):
        return list(X) if X.dtype == object and X.ndim == 1 else None
    if len(getattr(X, "shape", (0,))) == 1:
        # columns of pyarrow, pandas and polars, in this order
        for method in ("to_pylist", "tolist", "to_list"):
            if hasattr(X, method):
                return getattr(X, method)()
    return None


def _is_row(row: Any) -> bool:
    """Whether ``row`` may be a sequence; :func:`_row_array` looks at what it holds."""
    if hasattr(row, "__array__"):
        return getattr(row, "ndim", 1) > 0
    return isinstance(row, Sequence) and not isinstance(row, (str, bytes))


def _value_types(X: Any) -> set[str]:
    """Name the *original* types of the values: check_array makes nullables floats."""
    if not hasattr(X, "columns") and not hasattr(X, "dtype"):
        X = np.asarray(X)
    names = set()
    for dtype in X.dtypes if hasattr(X, "columns") else [X.dtype]:
        if str(dtype) == "category":  # of pandas
            dtype = dtype.categories.dtype
        names.add((getattr(dtype, "name", None) or str(dtype)).lower())
    if "object" in names:
        cells = np.asarray(X, dtype=object).flat
        names.remove("object")
        names |= {kind.__name__.lower() for kind in set(map(type, cells))}
    return names


def _refuse_text(X: Any, types: set[str], name: str) -> None:
    if isinstance(X, (str, bytes)) or any(map(_TEXT.match, types)):
        raise ValueError(text_message(name))
    if any(map(_NESTED.match, types)):
        raise ValueError(
            f"{name} expects one column of sequences, but X has shape {X.shape}. For "
            "several channels make each row an array of shape (n_steps, n_channels)."
        )


# -- reading -------------------------------------------------------------------------


def _read_ragged(rows: list, vocabulary: Any, input_type: str, name: str) -> Sequences:
    arrays = [_row_array(row, i, name) for i, row in enumerate(rows)]
    lengths = np.fromiter((len(row) for row in arrays), np.int64, len(arrays))
    filled = [row for row in arrays if len(row)]
    flat = {row.ndim for row in arrays} <= {1}
    if input_type == "auto":
        kinds = {row.dtype.kind for row in filled}
        input_type = "tokens" if flat and kinds <= set("iub") else "series"
    if input_type == "tokens":
        if not flat:
            raise ValueError(f"{name}: token ids are one number per step, not several.")
        values = np.concatenate(filled) if filled else np.zeros(0, np.int32)
        ids = _check_ids(values, lengths, name)
        if (ids == 0).any():  # padding inside ragged rows
            row_of = np.repeat(np.arange(len(arrays)), lengths)
            lengths = np.bincount(row_of[ids != 0], minlength=len(arrays))
            ids = ids[ids != 0]
        return Sequences(ids, lengths, 1, vocabulary)
    # A row such as [] has no steps and says nothing of its channels.
    steps = [row[:, None] if row.ndim == 1 else row for row in filled]
    steps += [row for row in arrays if row.ndim == 2 and not len(row)]
    channels = sorted({row.shape[1] for row in steps})
    if len(channels) > 1:
        raise ValueError(f"{name}: rows differ in their number of channels: {channels}")
    if 0 in channels:
        raise ValueError(_too_small("channel", (len(rows),), name))
    values = np.concatenate(steps) if steps else np.zeros((0, 1), np.float32)
    return _trim_steps(_as_float(values), lengths, 1, name)


def _row_array(row: Any, i: int, name: str) -> np.ndarray:
    if isinstance(row, np.ndarray) and row.dtype.kind in "iuf" and row.ndim in (1, 2):
        return row
    try:
        array = np.asarray(row)
        if array.dtype == object:  # perhaps of plain ints
            array = np.asarray(array.tolist())
    except ValueError:
        array = np.zeros(0, object)
    if array.dtype.kind in "US" or (
        array.dtype == object and any(isinstance(step, str) for step in array.flat)
    ):
        raise ValueError(text_message(name))
    dtype = str(getattr(row, "dtype", "")).lower()
    gaps = array.dtype.kind == "f" and _INTEGER.match(dtype)  # missing integers
    if gaps or array.dtype.kind not in "iubf" or array.ndim not in (1, 2):
        raise ValueError(
            f"{name} expects rows of (n_steps,) or (n_steps, n_channels) numbers; "
            f"row {i} is {row!r:.80}"
        )
    return array


def _read_array(
    array: np.ndarray, vocabulary: Any, input_type: str, name: str
) -> Sequences:
    if array.ndim == 3:
        if input_type == "tokens":
            raise ValueError(f"{name}: token ids are 2-D, found 3-D numbers.")
        n, n_steps, n_channels = array.shape
        if n_steps == 0 or n_channels == 0:
            missing = "channel" if n_steps else "feature"
            raise ValueError(_too_small(missing, array.shape, name))
        values = _as_float(array.reshape(-1, n_channels))
        lengths = np.full(n, n_steps, np.int64)
        return _trim_steps(values, lengths, 3, name, leading=True)
    if array.ndim != 2:
        raise ValueError(
            f"{name} expects (n_samples, n_steps) or (n_samples, n_steps, n_channels), "
            f"found an array of shape {array.shape}"
        )
    lengths = np.full(len(array), array.shape[1], np.int64)
    if input_type == "tokens":
        ids = _check_ids(array.ravel(), lengths, name).reshape(array.shape)
        filled = ids != 0  # 0 only ever means padding, wherever it stands
        return Sequences(ids[filled], filled.sum(axis=1), 2, vocabulary)
    return _trim_steps(_as_float(array.reshape(-1, 1)), lengths, 2, name)


def _as_float(values: np.ndarray) -> np.ndarray:
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    return values + 0.0  # a copy in which -0.0 is 0.0


def _check_ids(ids: np.ndarray, lengths: np.ndarray, name: str) -> np.ndarray:
    """Return flat ``ids`` as int32, or say which of them cannot be token ids."""
    wrong = (ids < 0) | (ids > MAX_TOKEN_ID)
    if ids.dtype.kind == "f":
        assert_all_finite(ids, estimator_name=name, input_name="X")
        wrong |= ids != np.floor(ids)
    if not wrong.any():
        return ids.view(np.ndarray).astype(np.int32, copy=False)
    position = int(wrong.argmax())
    row = np.searchsorted(np.cumsum(lengths), position, side="right")
    found = f"found {ids[position]} in row {row}"
    wish = "pass floats" if name == "SequencePadder" else 'set input_type="series"'
    advice = f"If X holds numbers, not token ids, {wish}."
    if ids[position] < 0:
        raise ValueError(
            f"Negative values in data passed to {name}: token ids start at 0, {found}. "
            f"{advice}"
        )
    if ids[position] > MAX_TOKEN_ID:
        raise ValueError(
            f"{name} can embed token ids up to {MAX_TOKEN_ID}, {found}. {advice}"
        )
    raise ValueError(f"{name} expects integer token ids, {found}. {advice}")


def _too_small(what: str, shape: tuple[int, ...], name: str) -> str:
    return (
        f"Found array with 0 {what}(s) (shape={shape}) while a minimum of 1 is "
        f"required by {name}."
    )


def _trim_steps(
    values: np.ndarray,
    lengths: np.ndarray,
    ndim: int,
    name: str,
    *,
    leading: bool = False,
) -> Sequences:
    """Drop the all-NaN steps at the end (and start) of rows; refuse any other NaN."""
    if np.isnan(values).any():
        padding = np.isnan(values).all(axis=1)
        row_of = np.repeat(np.arange(len(lengths)), lengths)
        step = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        last = np.full(len(lengths), -1)
        np.maximum.at(last, row_of[~padding], step[~padding])
        keep = step <= last[row_of]
        if leading:
            first = lengths.copy()
            np.minimum.at(first, row_of[~padding], step[~padding])
            keep &= step >= first[row_of]
        lengths = np.bincount(row_of[keep], minlength=len(lengths))
        values = values[keep]
    with np.errstate(invalid="ignore"):  # it adds up both infinities
        assert_all_finite(values, estimator_name=name, input_name="X")
    return Sequences(values, lengths, ndim)
