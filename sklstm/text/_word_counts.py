"""WordCounts: what a tokenizer learns from texts, which may come in parts."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import count, islice
from typing import Any

import numpy as np

from sklstm.text._vocabulary import UNK_ID, Vocabulary


def growing_index(words: Iterable[str]) -> defaultdict[str, int]:
    """Make a dict that gives each new word the next id when it is looked up."""
    index: defaultdict[str, int] = defaultdict(None, zip(words, count(), strict=False))
    # Not index.__len__, a cycle that only the garbage collector would undo
    index.default_factory = count(len(index)).__next__
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


class WordCounts:
    """How often each word is found, in how many texts, and how long the texts are.

    Parameters
    ----------
    words : sequence of str
        The first words, the special ones before all others.
    n_special : int
        How many of them are special. Each text has all of these from the third on
        once around it, which does not count.

    Attributes
    ----------
    n_special, n_first : int
        How many words are special, and how many were there before any text.
    tokens : ndarray of shape (n_words,), int64
        How often each word is found.
    texts : ndarray of shape (n_words,), int64, or None
        In how many texts; None where texts were added without.
    lengths, n_of_length : ndarray of shape (n_lengths,), int64
        The lengths of texts, marks included, and how many texts have each.
    """

    def __init__(self, words: Iterable[str], n_special: int) -> None:
        self._index = growing_index(words)
        self.n_special, self.n_first = n_special, len(self._index)
        self.tokens = np.zeros(len(self._index), np.int64)
        self.texts: np.ndarray | None = np.zeros(len(self._index), np.int64)
        self.lengths = self.n_of_length = np.zeros(0, np.int64)

    @property
    def n_texts(self) -> int:
        return int(self.n_of_length.sum())

    @property
    def n_marks(self) -> int:
        """How many special words each text has around it."""
        return self.n_special - UNK_ID - 1

    @property
    def words(self) -> list[str]:
        return list(self._index)

    def begins_as(self, other: "WordCounts") -> bool:
        """Whether the words that were there before any text are those of ``other``."""
        first, others = (
            [*islice(counts._index, counts.n_first)] for counts in (self, other)
        )
        return self.n_special == other.n_special and first == others

    def read(
        self, documents: Iterable[list[str]], *, in_texts: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Count the words of texts, and return the texts as positions of words.

        Parameters
        ----------
        documents : iterable of list of str
            The tokens of each text.
        in_texts : bool, default=True
            Whether to count in how many texts a word is, too, which takes longer.

        Returns
        -------
        flat : ndarray of shape (n_tokens,), int32
        lengths : ndarray of shape (n_texts,), int64
        """
        index = self._index
        flat, lengths = write_ids(
            documents, lambda tokens: map(index.__getitem__, tokens)
        )
        n_words = len(index)
        tokens = np.bincount(flat, minlength=n_words)
        tokens[UNK_ID + 1 : self.n_special] -= len(lengths)
        texts = _text_counts(flat, lengths, n_words) if in_texts else None
        distinct = np.unique(lengths, return_counts=True)
        self._add(np.arange(n_words), tokens, texts, *distinct)
        return flat, lengths

    def add(self, other: "WordCounts") -> None:
        """Add the counts of other texts, which were read with the same special words.

        Nothing is added unless all of it is.
        """
        known = map(self._index.__getitem__, other._index)
        positions = np.fromiter(known, np.int64, len(other._index))
        self._add(
            positions, other.tokens, other.texts, other.lengths, other.n_of_length
        )

    def _add(
        self,
        positions: np.ndarray,
        tokens: np.ndarray,
        texts: np.ndarray | None,
        lengths: np.ndarray,
        n_of_length: np.ndarray,
    ) -> None:
        n_words = len(self._index)
        tokens = _added(self.tokens, positions, tokens, n_words)
        if self.texts is None or texts is None:
            texts = None
        else:
            texts = _added(self.texts, positions, texts, n_words)
        lengths = np.concatenate([self.lengths, lengths])
        n_of_length = np.concatenate([self.n_of_length, n_of_length])
        lengths, places = np.unique(lengths, return_inverse=True)
        n_of_length = np.bincount(places, n_of_length).astype(np.int64)
        # From here on nothing raises.
        self.tokens, self.texts = tokens, texts
        self.lengths, self.n_of_length = lengths, n_of_length

    def percentile(self, q: float) -> float:
        """Return a percentile of the lengths, marks left out, as NumPy would."""
        ends = np.cumsum(self.n_of_length)
        place = q / 100 * (ends[-1] - 1)
        low, high = int(np.floor(place)), int(np.ceil(place))
        found = self.lengths[np.searchsorted(ends, [low, high], side="right")]
        below, above = (found - self.n_marks).tolist()
        return float(below + (above - below) * (place - low))

    def __getstate__(self) -> dict[str, Any]:
        state = {k: v for k, v in vars(self).items() if k != "_index"}
        return {**state, "words": Vocabulary(self._index)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._index = growing_index(state["words"].words)
        vars(self).update({k: v for k, v in state.items() if k != "words"})


def _added(
    old: np.ndarray, positions: np.ndarray, new: np.ndarray, n_words: int
) -> np.ndarray:
    total = np.zeros(n_words, np.int64)
    total[: len(old)] = old
    total[positions] += new  # each position is there once
    return total


def _text_counts(flat: np.ndarray, lengths: np.ndarray, n_words: int) -> np.ndarray:
    """Count the texts that have each word."""
    row = np.repeat(np.arange(len(lengths)), lengths)
    pairs = np.sort(row * n_words + flat)
    once = pairs[np.diff(pairs, prepend=-1) > 0]  # np.unique takes 20 times as long
    return np.bincount(once % n_words, minlength=n_words)
