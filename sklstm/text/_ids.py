"""From tokens to ids, and from ids in any container to rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import count
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from sklstm.text._token_array import TokenArray

if TYPE_CHECKING:
    from sklstm.text._tokenizer import TextTokenizer


def growing_index(words: Iterable[str]) -> defaultdict[str, int]:
    """Make a dict that gives each new word the next id when it is looked up."""
    index: defaultdict[str, int] = defaultdict(None, zip(words, count(), strict=False))
    index.default_factory = index.__len__
    return index


def write_ids(
    documents: Iterable[list[str]],
    look_up: Callable[[list[str]], Iterable[int]],
) -> tuple[np.ndarray, np.ndarray]:
    """Write all documents as one array of ids; return it and their lengths."""
    rows = [
        np.fromiter(look_up(tokens), dtype=np.int32, count=len(tokens))
        for tokens in documents
    ]
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    return np.concatenate(rows), lengths


def select_words(
    estimator: "TextTokenizer",
    words: list[str],
    n_special: int,
    flat: np.ndarray,
    lengths: np.ndarray,
) -> np.ndarray:
    """Return the positions of the words to keep, in the order of their new ids."""
    name = type(estimator).__name__
    kept = np.arange(n_special, len(words))
    if not len(kept):
        raise ValueError(
            f"{name} found an empty vocabulary; perhaps the documents only contain "
            "stop words"
        )
    low, high = (
        int(limit) if isinstance(limit, Integral) else limit * len(lengths)
        for limit in (estimator.min_df, estimator.max_df)
    )
    if high < low:
        raise ValueError(f"{name}: max_df corresponds to < documents than min_df")
    if low > 1 or high < len(lengths):
        found_in = _document_counts(flat, lengths, len(words))[kept]
        kept = kept[(low <= found_in) & (found_in <= high)]
    if not len(kept):
        raise ValueError(
            f"{name}: After pruning, no terms remain. Try a lower min_df or a "
            "higher max_df."
        )
    kept = np.array(sorted(kept.tolist(), key=words.__getitem__))
    falling = np.argsort(-np.bincount(flat)[kept], kind="stable")
    return kept[falling][: estimator.max_features]


def read_ids(X, n_words: int, name: str) -> TokenArray:
    """Read the rows of ids in any container, ragged or padded."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if getattr(X, "shape", ())[1:] == (1,) and len(X) and np.ndim(X[0, 0]):
        X = X[:, 0]  # a frame of one column of arrays
    rows = TokenArray.from_rows(X)
    flat, lengths = rows.to_ragged()
    wrong = np.flatnonzero((flat < 0) | (flat >= n_words))
    if len(wrong):
        row = np.searchsorted(np.cumsum(lengths), wrong[0], side="right")
        raise ValueError(
            f"{name} found id {flat[wrong[0]]} at row {row}, but its vocabulary has "
            f"ids from 0 to {n_words - 1}."
        )
    return rows


def _document_counts(flat: np.ndarray, lengths: np.ndarray, n_words: int) -> np.ndarray:
    """Count the documents that have each word."""
    row = np.repeat(np.arange(len(lengths)), lengths)
    once = np.unique(row * n_words + flat)  # one entry per document and word
    return np.bincount(once % n_words, minlength=n_words)
