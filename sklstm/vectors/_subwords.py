"""Vectors of parts of words, from which fastText makes those of unknown words."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Subwords:
    """The vectors of character n-grams, by hash.

    Parameters
    ----------
    matrix : ndarray of shape (n_buckets, vector_size), float32
        A vector for each bucket of n-grams.
    min_n, max_n : int
        Lengths of the n-grams in characters.

    References
    ----------
    .. [1] Bojanowski, Grave, Joulin and Mikolov (2017), "Enriching Word Vectors with
       Subword Information", TACL 5.
    """

    matrix: np.ndarray
    min_n: int
    max_n: int

    def vector(self, word: str) -> np.ndarray | None:
        """Return the mean vector of the n-grams of a word; None if it has none."""
        buckets = ngram_buckets(word, self.min_n, self.max_n, len(self.matrix))
        return self.matrix[buckets].mean(axis=0) if buckets else None


def ngram_buckets(word: str, min_n: int, max_n: int, n_buckets: int) -> list[int]:
    """Hash the n-grams of ``<word>`` as fastText does."""
    characters = [c.encode("utf-8", "surrogatepass") for c in f"<{word}>"]
    n = len(characters)
    buckets = []
    for start in range(n):
        for stop in range(start + min_n, min(start + max_n, n) + 1):
            if stop - start == 1 and (start == 0 or stop == n):
                continue  # < and > alone are no part of the word
            ngram = b"".join(characters[start:stop])
            buckets.append(_fnv1a(ngram) % n_buckets)
    return buckets


def _fnv1a(data: bytes) -> int:
    """Hash bytes by 32-bit FNV-1a, read as signed chars, as fastText reads them."""
    value = 2166136261
    for byte in data:
        signed = byte | 0xFFFFFF00 if byte > 127 else byte
        value = ((value ^ signed) * 16777619) & 0xFFFFFFFF
    return value
