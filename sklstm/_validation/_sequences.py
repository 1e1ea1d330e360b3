"""Sequences of every accepted form, read into one: flat values and lengths."""

import re
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

_INTEGER_DTYPE = re.compile(r"u?int\d|bool")
_TEXT_DTYPE = re.compile(r"str|utf8|large_string|<u\d", re.IGNORECASE)


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
    """

    values: np.ndarray
    lengths: np.ndarray
    ndim: int = 1
    vocabulary: Any = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def input_type(self) -> str:
        """Either "tokens" or "series"."""
        return "tokens" if self.values.ndim == 1 else "series"

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

    def as_float32(self, name: str) -> "Sequences":
        """Return numbers as float32; token ids as they are."""
        if self.values.dtype in (np.int32, np.float32):
            return self
        with np.errstate(over="ignore"):
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
    rows = _ragged_rows(X, name)
    if rows is not None:
        if reset:
            for attribute in ("n_features_in_", "feature_names_in_"):
                vars(estimator).pop(attribute, None)
        return _read_ragged(rows, vocabulary_of(X), input_type, name)

    if input_type == "auto":
        input_type = "tokens" if _is_integral(X) else "series"
    _refuse_text(X, name)
    array = check_array(
        X,
        dtype="numeric",
        allow_nd=True,
        ensure_all_finite=False,
        estimator=estimator,
        input_name="X",
    )
    has_width = array.ndim == 2 and input_type == "series"
    if reset or (has_width and hasattr(estimator, "n_features_in_")):
        validate_data(estimator, X, skip_check_array=True, reset=reset)
    else:  # padding is not a feature: tokens and 3-D numbers may have any width
        _check_feature_names(estimator, X, reset=False)
    return _read_array(array, vocabulary_of(X), input_type, name)


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


def _ragged_rows(X: Any, name: str) -> list | None:
    """Return the rows of ragged input as a list; None for anything else."""
    if getattr(X, "shape", (0, 0))[1:] == (1,) and hasattr(X, "columns"):
        X = X.iloc[:, 0] if hasattr(X, "iloc") else X.to_series(0)
    if isinstance(X, np.ndarray):
        rows = list(X) if X.dtype == object and X.ndim == 1 else []
    elif isinstance(X, (list, tuple)):
        rows = list(X)
    else:  # columns of pyarrow, pandas and polars, in this order
        for method in ("to_pylist", "tolist", "to_list"):
            if getattr(X, "ndim", 1) == 1 and hasattr(X, method):
                rows = getattr(X, method)()
                break
        else:
            rows = []
    if any(isinstance(row, (str, bytes)) for row in rows[:1]):
        raise ValueError(text_message(name))
    if not any(_is_row(row) for row in rows):
        return None
    for i, row in enumerate(rows):
        if not _is_row(row):
            raise ValueError(
                f"{name} expects one sequence per row; row {i} is {row!r}. "
                "Leave the row out or give it an empty list."
            )
    if isinstance(X, (list, tuple)) and _is_rectangle(rows):
        return None
    return rows


def _is_row(row: Any) -> bool:
    return isinstance(row, (list, tuple)) or (
        hasattr(row, "__array__") and getattr(row, "ndim", 1) in (1, 2)
    )


def _is_rectangle(rows: list) -> bool:
    try:
        return np.ndim(rows) > 1 and np.shape(rows)[1] > 0
    except ValueError:  # inhomogeneous
        return False


def _is_integral(X: Any) -> bool:
    """Whether the *original* values are integers: check_array makes nullable floats."""
    if hasattr(X, "dtypes") and hasattr(X, "columns"):
        dtypes = list(X.dtypes)
    elif hasattr(X, "dtype"):
        dtypes = [X.dtype]
    elif isinstance(X, (list, tuple)) or hasattr(X, "__array__"):
        dtypes = [np.asarray(X).dtype]
    else:
        return False
    return bool(dtypes) and all(
        _INTEGER_DTYPE.match(str(dtype).lower()) for dtype in dtypes
    )


def _refuse_text(X: Any, name: str) -> None:
    dtypes = list(X.dtypes) if hasattr(X, "columns") else []
    if hasattr(X, "dtype"):
        dtypes = [X.dtype]
    elif isinstance(X, (list, tuple)):
        dtypes = [np.asarray(X).dtype]
    if any(_TEXT_DTYPE.match(str(dtype)) for dtype in dtypes):
        raise ValueError(text_message(name))
    if object in dtypes and np.ndim(X) > 0:
        first = np.asarray(X).ravel()[:1]
        if len(first) and isinstance(first[0], str):
            raise ValueError(text_message(name))


# -- reading -------------------------------------------------------------------------


def _read_ragged(rows: list, vocabulary: Any, input_type: str, name: str) -> Sequences:
    if isinstance(rows[0], np.ndarray) and rows[0].dtype == np.int32:
        arrays = rows  # from TextTokenizer
    else:
        arrays = [_row_array(row, i, name) for i, row in enumerate(rows)]
    lengths = np.fromiter((len(row) for row in arrays), np.int64, len(arrays))
    filled = [row for row in arrays if len(row)]
    if input_type == "auto":
        kinds = {row.dtype.kind for row in filled}
        flat = {row.ndim for row in filled} <= {1}
        input_type = "tokens" if flat and kinds <= set("iub") else "series"
    if input_type == "tokens":
        values = np.concatenate(filled) if filled else np.zeros(0, np.int32)
        if values.ndim > 1:
            raise ValueError(f"{name}: token ids are one number per step, not several.")
        ids = _check_ids(values, name)
        if (ids == 0).any():  # padding inside ragged rows
            row_of = np.repeat(np.arange(len(arrays)), lengths)
            lengths = np.bincount(row_of[ids != 0], minlength=len(arrays))
            ids = ids[ids != 0]
        return Sequences(ids, lengths, 1, vocabulary)
    filled = [row[:, None] if row.ndim == 1 else row for row in filled]
    if len({row.shape[1] for row in filled}) > 1:
        channels = sorted({row.shape[1] for row in filled})
        raise ValueError(f"{name}: rows differ in their number of channels: {channels}")
    values = np.concatenate(filled) if filled else np.zeros((0, 1), np.float32)
    return _trim_steps(_as_float(values), lengths, 1, name)


def _row_array(row: Any, i: int, name: str) -> np.ndarray:
    try:
        array = np.asarray(row)
    except ValueError:
        array = np.zeros(0, object)
    if array.dtype.kind == "U" or (
        array.dtype == object and any(isinstance(step, str) for step in array.flat)
    ):
        raise ValueError(text_message(name))
    if array.dtype.kind not in "iubf" or array.ndim not in (1, 2):
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
            if array.dtype.kind == "f":
                raise ValueError(f"{name}: token ids are 2-D, found 3-D numbers.")
        n, n_steps, n_channels = array.shape
        if n_channels == 0:
            raise ValueError(
                f"Found array with 0 channel(s) (shape={array.shape}) while a minimum "
                f"of 1 is required by {name}."
            )
        lengths = np.full(n, n_steps, np.int64)
        return _trim_steps(
            _as_float(array.reshape(-1, n_channels)), lengths, 3, name, leading=True
        )
    if array.ndim != 2:
        raise ValueError(
            f"{name} expects (n_samples, n_steps) or (n_samples, n_steps, n_channels), "
            f"found an array of shape {array.shape}"
        )
    if input_type == "tokens":
        ids = _check_ids(array, name)
        filled = ids != 0  # 0 only ever means padding, wherever it stands
        return Sequences(ids[filled], filled.sum(axis=1), 2, vocabulary)
    lengths = np.full(array.shape[0], array.shape[1], np.int64)
    return _trim_steps(_as_float(array.reshape(-1, 1)), lengths, 2, name)


def _as_float(values: np.ndarray) -> np.ndarray:
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    return values + 0.0  # a copy in which -0.0 is 0.0


def _check_ids(ids: np.ndarray, name: str) -> np.ndarray:
    """Return ``ids`` as int32, or say why they cannot be token ids."""
    advice = 'If X holds numbers, not token ids, set input_type="series".'
    if ids.dtype.kind == "f":
        assert_all_finite(ids, estimator_name=name, input_name="X")
        fractional = ids[ids != np.floor(ids)]
        if len(fractional):
            raise ValueError(
                f"{name} expects integer token ids, found {fractional[0]}. {advice}"
            )
    if ids.size and ids.min() < 0:
        raise ValueError(
            f"Negative values in data passed to {name}: token ids start at 0, found "
            f"{ids.min()}. {advice}"
        )
    if ids.size and ids.max() > MAX_TOKEN_ID:
        raise ValueError(
            f"{name} found the token id {ids.max()}, beyond the {MAX_TOKEN_ID} it can "
            f"embed. {advice}"
        )
    return np.asarray(ids.astype(np.int32, copy=False))


def _trim_steps(
    values: np.ndarray,
    lengths: np.ndarray,
    ndim: int,
    name: str,
    *,
    leading: bool = False,
) -> Sequences:
    """Drop the all-NaN steps at the end (and start) of rows; refuse any other NaN."""
    if not np.isfinite(values.sum(dtype=np.float64)) and np.isnan(values).any():
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
        values, lengths = (
            values[keep],
            np.bincount(row_of[keep], minlength=len(lengths)),
        )
    assert_all_finite(values, estimator_name=name, input_name="X")
    return Sequences(values, lengths, ndim)
