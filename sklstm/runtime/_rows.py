"""Rows of ids or numbers, read from the containers that need no other library."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from sklstm.text._ids import look_up
from sklstm.text._vocabulary import PAD_ID, UNK_ID, Vocabulary


@dataclass(frozen=True)
class Rows:
    """A batch of sequences without their padding.

    Parameters
    ----------
    values : ndarray of shape (n_total_steps,) or (n_total_steps, n_channels)
        The steps of all rows, one after the other: int32 ids, or float32 numbers.
    lengths : ndarray of shape (n_samples,), int64
        Number of steps of each row.
    vocabulary : Vocabulary or None
        The words of ids, where they are known.
    vectors : ndarray of shape (n_known, vector_size), float32, or None
        Word vectors of the ids that follow those of an embedding.
    """

    values: np.ndarray
    lengths: np.ndarray
    vocabulary: Vocabulary | None = None
    vectors: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def starts(self) -> np.ndarray:
        """Position in ``values`` at which each row starts."""
        return np.cumsum(self.lengths) - self.lengths

    @cached_property
    def row_of(self) -> np.ndarray:
        """The row of each step."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def step_of(self) -> np.ndarray:
        """The position of each step in its row."""
        return np.arange(len(self.values)) - np.repeat(self.starts, self.lengths)

    @cached_property
    def _closed(self) -> np.ndarray:
        """The values and, as the last one, the padding."""
        padding = np.zeros_like(self.values, shape=(1, *self.values.shape[1:]))
        return np.concatenate([self.values, padding])

    def kept(self, inside: np.ndarray) -> "Rows":
        """Leave out the steps for which ``inside`` is false."""
        if inside.all():
            return self
        lengths = np.bincount(self.row_of[inside], minlength=len(self))
        return replace(self, values=self.values[inside], lengths=lengths)

    def cut(self, max_length: int, side: str) -> "Rows":
        """Cut off the end ("post") or the start ("pre") of rows longer than that."""
        if side == "post":
            return self.kept(self.step_of < max_length)
        return self.kept(self.lengths[self.row_of] - self.step_of <= max_length)

    def limited_to(self, n_tokens: int) -> "Rows":
        """Read ids from ``n_tokens`` on as unknown words."""
        ids = np.where(self.values < n_tokens, self.values, UNK_ID)
        return replace(self, values=ids)

    def padded(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return some rows side by side, (L, B) or (L, B, C), and their lengths.

        A row without steps has one, of padding.
        """
        lengths = self.lengths[rows]
        step = np.arange(max(int(lengths.max()), 1))[:, None]
        position = np.where(step < lengths, self.starts[rows] + step, -1)
        return self._closed[position], np.maximum(lengths, 1)


def write_rows(
    vocabulary: Vocabulary, documents: Iterable[list[str]], *, keep: bool
) -> Rows:
    """Write tokens as ids, see ``look_up``."""
    found = look_up(vocabulary, documents, keep=keep)
    ids, lengths = found.to_ragged()
    return Rows(ids, lengths, found.vocabulary)


def read_rows(
    X: Any, *, name: str, input_type: str, n_channels: int | None, width: int | None
) -> Rows:
    """Read ids or numbers of any shape that the estimators take.

    Parameters
    ----------
    X : array-like
        2-D or 3-D, or ragged rows in a list or an array of dtype object.
    name : str
        Of the step, for errors.
    input_type : {"tokens", "series"}
        What the step was fitted with.
    n_channels : int or None
        Numbers of each step; None for token ids.
    width : int or None
        Columns of 2-D numbers in ``fit``, where it is known.

    Raises
    ------
    ValueError
        If ``X`` is text, empty, of another form than in ``fit``, or has values that no
        ids or finite numbers are.
    """
    vocabulary = getattr(X, "vocabulary", None)
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    array = _rectangle(X)
    ndim = 1 if array is None else array.ndim
    if array is None:
        values, lengths = _ragged(X, name, n_channels)
    else:
        _check_kind(array, name)
        if ndim not in (2, 3) or (ndim == 3 and n_channels is None):
            raise ValueError(_wrong_shape(name, input_type, array.shape))
        if input_type == "series" and ndim == 2 and width not in (None, array.shape[1]):
            raise ValueError(
                f"X has {array.shape[1]} features, but {name} is expecting {width} "
                "features as input."
            )
        values = array.reshape(-1, *array.shape[2:])
        lengths = np.full(len(array), array.shape[1])
    if not len(lengths):
        raise ValueError(
            f"Found array with 0 sample(s) while a minimum of 1 is required by {name}."
        )
    if n_channels is None:
        known = vocabulary if isinstance(vocabulary, Vocabulary) else None
        rows = Rows(_ids(values, name), lengths, known)
        return rows.kept(rows.values != PAD_ID)
    return _trimmed(Rows(_numbers(values, n_channels, name), lengths), ndim, name)


def _rectangle(X: Any) -> np.ndarray | None:
    """Return ``X`` as an array of numbers; None where its rows are ragged."""
    if isinstance(X, str | bytes):
        return np.array(X)
    if isinstance(X, np.ndarray) and X.dtype != object:
        return X.view(np.ndarray)
    if isinstance(X, np.ndarray) and X.ndim == 1:
        return None  # of equal lengths too
    try:
        array = np.asarray(X.tolist() if isinstance(X, np.ndarray) else X)
    except ValueError:  # rows of different lengths
        return None
    whole = array.ndim > 1 and array.shape[1] > 0 and array.dtype != object
    return array if whole else None


def _ragged(X: Any, name: str, n_channels: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of ragged rows, one after the other, and the lengths."""
    if getattr(X, "shape", ())[1:] == (1,):
        X = X[:, 0]
    if not isinstance(X, Iterable):
        raise ValueError(f"{name} expects sequences, found {type(X).__name__}.")
    arrays = []
    for i, row in enumerate(X):
        array = np.asarray(row)
        _check_kind(array, name)
        if array.ndim not in ((1,) if n_channels is None else (1, 2)):
            raise ValueError(f"{name} expects one sequence per row; row {i} is none.")
        arrays.append(array)
    lengths = np.fromiter(map(len, arrays), np.int64, len(arrays))
    filled = [row for row in arrays if len(row)]
    if n_channels is not None:
        filled = [row[:, None] if row.ndim == 1 else row for row in filled]
        if len({row.shape[1] for row in filled}) > 1:
            raise ValueError(f"{name}: rows differ in their number of channels.")
    empty = np.zeros((0,) if n_channels is None else (0, n_channels), np.float32)
    return np.concatenate(filled) if filled else empty, lengths


def _check_kind(array: np.ndarray, name: str) -> None:
    if array.dtype.kind in "US" or any(isinstance(v, str) for v in array.flat[:1]):
        raise ValueError(
            f"{name} expects token ids or numbers, but X is text. Save the pipeline "
            "with its TextTokenizer."
        )
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} expects numbers, found values of {array.dtype}.")


def _wrong_shape(name: str, input_type: str, shape: tuple[int, ...]) -> str:
    found = f"found an array of shape {shape}"
    if input_type == "tokens":
        return f"{name} expects token ids of shape (n_samples, n_steps), {found}."
    return (
        f"{name} expects (n_samples, n_steps) or (n_samples, n_steps, n_channels), "
        f"{found}."
    )


def _ids(values: np.ndarray, name: str) -> np.ndarray:
    limit = np.iinfo(np.int32).max
    wrong = ~((values >= 0) & (values <= limit) & (values == np.floor(values)))
    if wrong.any():
        raise ValueError(
            f"{name} was fitted with token ids, integers from 0 on; found "
            f"{values[wrong.argmax()]}."
        )
    return values.astype(np.int32)


def _numbers(values: np.ndarray, n_channels: int, name: str) -> np.ndarray:
    values = values.reshape(-1, 1) if values.ndim == 1 else values
    if values.shape[1] != n_channels:
        raise ValueError(
            f"X has {values.shape[1]} channels, but {name} is expecting {n_channels} "
            "channels as input."
        )
    with np.errstate(over="ignore"):  # what is too large is said below
        return values.astype(np.float32) + np.float32(0)  # -0.0 is 0.0


def _trimmed(rows: Rows, ndim: int, name: str) -> Rows:
    """Drop the steps of NaN at the end of rows, in 3-D at their start too."""
    padding = np.isnan(rows.values).all(axis=1)
    if padding.any():
        row, step = rows.row_of, rows.step_of
        last = np.full(len(rows), -1)
        np.maximum.at(last, row[~padding], step[~padding])
        inside = step <= last[row]
        if ndim == 3:
            first = rows.lengths.copy()
            np.minimum.at(first, row[~padding], step[~padding])
            inside &= step >= first[row]
        rows = rows.kept(inside)
    if not np.isfinite(rows.values).all():
        raise ValueError(
            f"Input X of {name} contains NaN inside a row, infinity, or a value too "
            "large for float32."
        )
    return rows
