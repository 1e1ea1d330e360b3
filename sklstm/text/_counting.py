"""From texts and a vocabulary to the numbers of a TextReport."""

from functools import partial
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

import numpy as np

from sklstm.text._analysis import tokenize
from sklstm.text._ids import growing_index, write_ids
from sklstm.text._report import Lengths, TextReport
from sklstm.text._vocabulary import PAD_ID, UNK_ID

if TYPE_CHECKING:
    from sklstm.text._tokenizer import TextTokenizer

_N_UNKNOWN_WORDS = 10
_N_LOOKED_UP = 4096  # words at a time: their vectors are made and dropped


def report_texts(
    estimator: "TextTokenizer", X, max_length: int | None, vectors: Any
) -> TextReport:
    """Report what a fitted tokenizer finds in texts."""
    if vectors is not None and not hasattr(vectors, "lookup_vectors"):
        raise TypeError(
            f"{type(estimator).__name__}.report expects word vectors that are loaded, "
            f"got {type(vectors).__name__}. Pass vectors=sklstm.load_vectors(...), "
            "which takes a path, or word vectors of gensim."
        )
    vocabulary, n_special = estimator._vocabulary, len(estimator._special_words())
    index = growing_index(vocabulary.ids)
    flat, lengths = write_ids(tokenize(estimator, X), partial(map, index.__getitem__))
    return make_report(
        list(index),
        np.arange(n_special, len(vocabulary)),
        n_special,
        flat,
        lengths,
        max_length=max_length,
        vectors=vectors,
    )


def make_report(
    words: list[str],
    fitted: np.ndarray,
    n_special: int,
    flat: np.ndarray,
    lengths: np.ndarray,
    *,
    max_length: int | None = None,
    vectors: Any = None,
) -> TextReport:
    """Count what is in texts.

    Parameters
    ----------
    words : list of str
        The word behind each number of ``flat``, special words first.
    fitted : ndarray of int
        The positions of those that the fitted vocabulary has, special words left out.
    n_special : int
        How many special words there are.
    flat, lengths : ndarray of int
        The texts as numbers of words, and how many each text has. Each has all special
        words from the third on once around it.
    max_length, vectors
        As for ``TextTokenizer.report``.
    """
    n_marks = n_special - UNK_ID - 1
    counts = np.bincount(flat, minlength=len(words))
    counts[UNK_ID + 1 : n_special] -= len(lengths)
    unknown = np.ones(len(words), dtype=bool)
    unknown[UNK_ID + 1 : n_special] = unknown[fitted] = False
    unknown &= counts > 0
    n_tokens, n_distinct = int(counts.sum()), int(np.count_nonzero(counts))
    more: dict[str, Any] = {}
    if max_length is not None:
        more |= _cut(lengths, max_length)
    if vectors is not None:
        more |= _covered(words, counts, vectors)
    return TextReport(
        n_documents=len(lengths),
        n_empty=int(np.count_nonzero(lengths == n_marks)),
        n_tokens=n_tokens,
        n_distinct=n_distinct,
        n_words=len(fitted),
        lengths=_summarize(lengths - n_marks),
        share_unknown=_share(counts[unknown].sum(), n_tokens),
        share_unknown_words=_share(np.count_nonzero(unknown), n_distinct),
        unknown_words=_most_frequent(words, np.flatnonzero(unknown), counts),
        **more,
    )


def _summarize(lengths: np.ndarray) -> Lengths:
    p25, median, p75, p90, p99 = np.percentile(lengths, [25, 50, 75, 90, 99]).tolist()
    low, high, mean = int(lengths.min()), int(lengths.max()), float(lengths.mean())
    return Lengths(low, p25, median, p75, p90, p99, high, mean)


def _cut(lengths: np.ndarray, max_length: int) -> dict[str, Any]:
    """Report what a padder would cut off, of texts with their marks."""
    cut = np.maximum(lengths - max_length, 0)
    return {
        "max_length": int(max_length),
        "share_truncated": _share(np.count_nonzero(cut), len(lengths)),
        "share_cut": _share(cut.sum(), int(lengths.sum())),
    }


def _most_frequent(
    words: list[str], positions: np.ndarray, counts: np.ndarray
) -> tuple[tuple[str, int], ...]:
    """Return the most frequent of some words, without sorting all of them."""
    lowest, found = 0, counts[positions]
    if len(found) > _N_UNKNOWN_WORDS:
        lowest = int(np.partition(found, -_N_UNKNOWN_WORDS)[-_N_UNKNOWN_WORDS])
    above = [(words[i], int(counts[i])) for i in positions[found > lowest].tolist()]
    above.sort(key=lambda pair: (-pair[1], pair[0]))
    # Of rare words there may be any number, all with one count
    ties = map(words.__getitem__, positions[found == lowest].tolist())
    rest = nsmallest(_N_UNKNOWN_WORDS - len(above), ties)
    return (*above, *((word, lowest) for word in rest))


def _covered(words: list[str], counts: np.ndarray, vectors: Any) -> dict[str, Any]:
    """Report how many of the tokens and words of texts have a vector."""
    there = np.flatnonzero(counts)
    positions = there[(there != PAD_ID) & (there != UNK_ID)]
    parts = np.split(positions, range(_N_LOOKED_UP, len(positions), _N_LOOKED_UP))
    found = [
        vectors.lookup_vectors([words[i] for i in part.tolist()])[1] for part in parts
    ]
    covered = positions[np.concatenate(found)]
    return {
        "share_covered": _share(counts[covered].sum(), int(counts.sum())),
        "share_covered_words": _share(len(covered), len(there)),
    }


def _share(part: Any, whole: int) -> float:
    return float(part / whole) if whole else 0.0
