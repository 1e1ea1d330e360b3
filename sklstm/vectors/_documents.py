"""Documents: the tokens of texts of any form, as numbers of distinct words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from sklstm._validation import check_texts
from sklstm._validation._sequences import vocabulary_of
from sklstm.text import TextTokenizer
from sklstm.text._analysis import build_analyzer
from sklstm.text._ids import read_ids
from sklstm.text._vocabulary import BOS, EOS, PAD, PAD_ID, UNK, UNK_ID
from sklstm.text._word_counts import growing_index, write_ids


@dataclass(frozen=True)
class Documents:
    """The tokens of all documents, one after the other.

    Parameters
    ----------
    flat : ndarray of shape (n_tokens,), int32
        The number of the word of each token.
    lengths : ndarray of shape (n_documents,), int64
        The number of tokens of each document.
    words : sequence of str
        The words; numbers 0 and 1 are ``<pad>`` and ``<unk>``.
    """

    flat: np.ndarray
    lengths: np.ndarray
    words: Sequence[str]

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def bounds(self) -> np.ndarray:
        """Where each document starts, and where the last one ends."""
        return np.concatenate([[0], np.cumsum(self.lengths)])

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each word is found."""
        return np.bincount(self.flat, minlength=len(self.words))

    def row_of(self, token: int) -> int:
        """Return the document of a token."""
        return int(np.searchsorted(self.bounds, token, side="right")) - 1

    def of_words(self, kept: np.ndarray) -> "Documents":
        """Leave out the tokens of words for which ``kept`` is false."""
        if kept[self.counts > 0].all():
            return self
        mask = kept[self.flat]
        n_before = np.concatenate([[0], np.cumsum(mask)])[self.bounds]
        return replace(self, flat=self.flat[mask], lengths=np.diff(n_before))

    def count_by(self, groups: np.ndarray) -> tuple[np.ndarray, ...]:
        """Count the tokens of each word in each group of documents that has it.

        Returns
        -------
        group, word, count : ndarray of int
            An entry for each pair that is found.
        """
        pairs = np.repeat(groups, self.lengths) * len(self.words) + self.flat
        distinct, count = np.unique(pairs, return_counts=True)
        return (*np.divmod(distinct, len(self.words)), count)

    def add(
        self, table: np.ndarray, rows: np.ndarray, weights: np.ndarray | None
    ) -> np.ndarray:
        """Add up the rows of ``table`` that the tokens of each document have.

        They are added in the order of the tokens, so that no document changes the sum
        of another.

        Parameters
        ----------
        table : ndarray of shape (n_rows, n_columns)
            The rows to add.
        rows : ndarray of shape (n_words,), int
            The row of each word.
        weights : ndarray of shape (n_words,) or None
            What each row is multiplied by; None is 1.

        Returns
        -------
        ndarray of shape (n_documents, n_columns)
        """
        data = np.ones(len(self.flat), table.dtype)
        if weights is not None:
            data = weights.astype(table.dtype)[self.flat]
        indices = rows.astype(np.int32)[self.flat]
        shape = (len(self), len(table))
        return csr_array((data, indices, self.bounds), shape=shape) @ table

    def total(self, weights: np.ndarray | None) -> np.ndarray:
        """Add up the weights of the tokens of each document; None counts them."""
        if weights is None:
            return self.lengths.astype(np.float64)
        return self.add(np.ones((1, 1)), np.zeros(len(weights)), weights)[:, 0]


def read_documents(estimator: Any, X: Any) -> Documents:
    """Read texts, token sequences, or the ids of a TokenArray or a pandas frame of it.

    Raises
    ------
    ValueError
        If there are no documents, one is missing, or ids came without their vocabulary.
    TypeError
        If a document is not text.
    """
    name = type(estimator).__name__
    vocabulary = vocabulary_of(X)
    if vocabulary is not None:
        flat, lengths = read_ids(X, len(vocabulary), name).to_ragged()
        documents = Documents(flat, lengths, vocabulary.words)
        words = np.ones(len(vocabulary), bool)
        words[PAD_ID] = False
        for mark in {BOS, EOS} & set(vocabulary.words[:4]):
            words[vocabulary.ids[mark]] = False
        return documents.of_words(words)
    if _holds_ids(X):
        raise ValueError(
            f"{name} got token ids without their vocabulary, which polars, np.asarray "
            "and np.concatenate drop. Pass what TextTokenizer gives as it is, or the "
            "texts themselves."
        )
    texts = check_texts(
        X,
        estimator=estimator,
        missing=estimator.missing,
        encoding=estimator.encoding,
        decode_error=estimator.decode_error,
    )
    analyze = build_analyzer(TextTokenizer(lowercase=False))
    index = growing_index([PAD, UNK])
    tokens = (analyze(text, row) for row, text in enumerate(texts))
    flat, lengths = write_ids(tokens, partial(map, index.__getitem__))
    flat[flat == PAD_ID] = UNK_ID  # a literal <pad>
    return Documents(flat, lengths, tuple(index))


def _holds_ids(X: Any) -> bool:
    """Whether the first row is a sequence of integers."""
    if hasattr(X, "to_pylist"):  # pyarrow, whose text cannot be a view of NumPy
        rows = X.slice(0, 1).to_pylist()
    else:
        rows = X.to_numpy() if hasattr(X, "to_numpy") else X
    if not isinstance(rows, list | tuple | np.ndarray) or not len(rows):
        return False
    value, depth = rows, 0
    while isinstance(value, list | tuple | np.ndarray) and len(value):
        value, depth = value[0], depth + 1
    return depth > 1 and isinstance(value, Integral)
