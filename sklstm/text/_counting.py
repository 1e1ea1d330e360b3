"""From texts and a vocabulary to the numbers of a TextReport."""

from heapq import nsmallest
from typing import TYPE_CHECKING, Any

import numpy as np

from sklstm.text._analysis import tokenize
from sklstm.text._report import Lengths, TextReport
from sklstm.text._vocabulary import PAD_ID, UNK_ID
from sklstm.text._word_counts import WordCounts

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
    counts = WordCounts(vocabulary.ids, n_special)
    counts.read(tokenize(estimator, X), in_texts=False)
    fitted = np.arange(n_special, len(vocabulary))
    return make_report(counts, fitted, max_length=max_length, vectors=vectors)


def make_report(
    counted: WordCounts,
    fitted: np.ndarray,
    *,
    max_length: int | None = None,
    vectors: Any = None,
) -> TextReport:
    """Summarize what was counted in texts.

    Parameters
    ----------
    counted : WordCounts
        The words of the texts and their lengths.
    fitted : ndarray of int
        The positions of those that the fitted vocabulary has, special words left out.
    max_length, vectors
        As for ``TextTokenizer.report``.
    """
    words, counts, n_marks = counted.words, counted.tokens, counted.n_marks
    lengths, n_texts = counted.lengths, counted.n_texts
    unknown = counts > 0
    unknown[UNK_ID + 1 : counted.n_special] = unknown[fitted] = False
    n_tokens, n_distinct = int(counts.sum()), int(np.count_nonzero(counts))
    p25, median, p75, p90, p99 = map(counted.percentile, (25, 50, 75, 90, 99))
    more: dict[str, Any] = {}
    if max_length is not None:
        more |= _cut(lengths, counted.n_of_length, max_length)
    if vectors is not None:
        more |= _covered(words, counts, vectors)
    return TextReport(
        n_documents=n_texts,
        n_empty=int(counted.n_of_length[lengths == n_marks].sum()),
        n_tokens=n_tokens,
        n_distinct=n_distinct,
        n_words=len(fitted),
        lengths=Lengths(
            *(int(lengths.min() - n_marks), p25, median, p75, p90, p99),
            *(int(lengths.max() - n_marks), n_tokens / n_texts),
        ),
        share_unknown=_share(counts[unknown].sum(), n_tokens),
        share_unknown_words=_share(np.count_nonzero(unknown), n_distinct),
        unknown_words=_most_frequent(words, np.flatnonzero(unknown), counts),
        **more,
    )


def _cut(
    lengths: np.ndarray, n_of_length: np.ndarray, max_length: int
) -> dict[str, Any]:
    """Report what a padder would cut off, of texts with their marks."""
    cut = np.maximum(lengths - max_length, 0) * n_of_length
    return {
        "max_length": int(max_length),
        "share_truncated": _share(n_of_length[cut > 0].sum(), int(n_of_length.sum())),
        "share_cut": _share(cut.sum(), int((lengths * n_of_length).sum())),
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
