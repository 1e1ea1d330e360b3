"""Documents to measure speed with: as long as wanted, of words as frequent as Zipf has.

Every class has words of its own, which make up a tenth of its documents, so that there
is something to learn.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

N_WORDS = 20_000
N_OWN_WORDS = 200

# Median and largest number of tokens
LENGTHS = {"short": (40, 200), "long": (170, 400)}


@dataclass(frozen=True)
class Documents:
    """Token ids from 2 on, documents one after another; their lengths and classes."""

    values: np.ndarray
    lengths: np.ndarray
    y: np.ndarray

    def __len__(self):
        return len(self.lengths)

    def head(self, n):
        """Return the first ``n`` documents."""
        lengths = self.lengths[:n]
        return Documents(self.values[: lengths.sum()], lengths, self.y[:n])

    @cached_property
    def ids(self):
        """A list of arrays of ids."""
        return np.split(self.values, np.cumsum(self.lengths)[:-1])

    @cached_property
    def texts(self):
        """The same as text."""
        words = np.array([f"w{i}" for i in range(N_WORDS)], object)
        return [" ".join(words[ids]) for ids in self.ids]

    @cached_property
    def padded(self):
        """The same as a matrix, (n, longest), zero after the end of a document."""
        matrix = np.zeros((len(self), self.lengths.max()), np.int64)
        matrix[np.arange(matrix.shape[1]) < self.lengths[:, None]] = self.values
        return matrix


def make_documents(n, kind="short", seed=0, n_words=N_WORDS):
    """Make ``n`` documents of two classes; ``kind`` is of LENGTHS, or a length."""
    rng = np.random.default_rng(seed)
    if kind in LENGTHS:
        median, longest = LENGTHS[kind]
        lengths = rng.lognormal(np.log(median), 0.6, n).astype(int).clip(1, longest)
    else:
        lengths = np.full(n, int(kind))
    y = rng.integers(2, size=n)
    share = 1 / np.arange(1, n_words - 1)
    values = 2 + rng.choice(n_words - 2, size=lengths.sum(), p=share / share.sum())
    own = rng.random(len(values)) < 0.1
    first = 2 + np.repeat(y, lengths)[own] * N_OWN_WORDS
    values[own] = first + rng.integers(N_OWN_WORDS, size=own.sum())
    return Documents(values, lengths, y)
