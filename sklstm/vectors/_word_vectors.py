"""WordVectors: words and their vectors, which never change and are never copied."""

import os
from functools import cached_property
from hashlib import blake2b
from itertools import repeat
from typing import Any

import numpy as np

from sklstm.text import Vocabulary
from sklstm.vectors._readers import check_finite
from sklstm.vectors._sharing import find_shared, is_shared
from sklstm.vectors._subwords import Subwords

# The standard deviation to which nets scale pretrained vectors
SCALE = 0.3


class WordVectors:
    """Words and a vector for each, read-only.

    Copies share it, :func:`~sklearn.base.clone` too, and equal contents make equal
    word vectors. Read from a file, it is pickled as the path and the digest, and read
    from there again; otherwise its words and numbers are pickled.

    Parameters
    ----------
    words : iterable of str
        The words, each once, the most frequent first where that is known.
    matrix : array-like of shape (n_words, vector_size)
        The vector of each word. A float32 array that is read-only is not copied.

    Attributes
    ----------
    words : tuple of str
        The words in order.
    vocabulary : Vocabulary
        The words in order, and the row of each as ``vocabulary.ids``.
    matrix : ndarray of shape (n_words, vector_size), float32
        The vectors, read-only.
    vector_size : int
        The length of a vector.
    mean : ndarray of shape (vector_size,), float32
        The mean of all vectors.
    spread : float
        The standard deviation of all numbers around ``mean``; 1 where it is 0.
    subwords : bool
        Whether words that are not there get a vector made of their parts (fastText).
    path : str or None
        The file that the vectors were read from.
    digest : str
        A fingerprint of words and vectors, in hexadecimal.

    Raises
    ------
    ValueError
        If a word appears twice, there are not as many vectors as words, or a vector
        has NaN or infinity in it.
    TypeError
        If a word is not a str.

    See Also
    --------
    load_vectors : Reads files.
    train_vectors : Learns vectors from texts.

    Examples
    --------
    >>> from sklstm import WordVectors
    >>> vectors = WordVectors(["good", "fine", "bad"], [[1, 2], [1, 1], [-1, -1]])
    >>> vectors["fine"]
    array([1., 1.], dtype=float32)
    >>> vectors.lookup(["bad", "Good", "so-so"])
    array([ 2,  0, -1])
    >>> vectors.most_similar("good", topn=1)
    [('fine', 0.948...)]
    """

    def __init__(self, words, matrix):
        vocabulary = words if isinstance(words, Vocabulary) else Vocabulary(words)
        frozen = isinstance(matrix, np.ndarray) and not matrix.flags.writeable
        matrix = np.array(matrix, np.float32, order="C", copy=None if frozen else True)
        if matrix.ndim != 2 or len(matrix) != len(vocabulary) or not matrix.size:
            raise ValueError(
                "WordVectors expects one vector for each word and at least one of "
                f"both, got {len(vocabulary)} words and a matrix of shape "
                f"{matrix.shape}."
            )
        check_finite(vocabulary, matrix, lambda row: f"WordVectors, row {row}")
        self._store(vocabulary, matrix)

    def _store(
        self,
        vocabulary: Vocabulary,
        matrix: np.ndarray,
        subwords: Subwords | None = None,
        origin: dict[str, Any] | None = None,
        digest: str | None = None,
    ) -> None:
        """Take over parts that nobody else writes to."""
        for array in (matrix, *([subwords.matrix] if subwords else [])):
            array.flags.writeable = False
        self._vocabulary, self._matrix = vocabulary, matrix
        self._subwords, self._origin = subwords, origin
        if digest is not None:
            self.digest = digest  # in the place of the cached property

    @classmethod
    def _stored(cls, *parts: Any, **more: Any) -> "WordVectors":
        """Make word vectors of parts that are known to be right."""
        vectors = cls.__new__(cls)
        vectors._store(*parts, **more)
        return vectors

    @property
    def words(self):
        """The words in order, a tuple of str."""
        return self._vocabulary.words

    @property
    def vocabulary(self):
        """The words in order, and their rows."""
        return self._vocabulary

    @property
    def matrix(self):
        """The vectors, one row for each word."""
        return self._matrix

    @property
    def vector_size(self):
        """The length of a vector."""
        return self._matrix.shape[1]

    @property
    def subwords(self):
        """Whether unknown words get a vector made of their parts."""
        return self._subwords is not None

    @property
    def path(self):
        """The file that the vectors were read from, or None."""
        return None if self._origin is None else self._origin["path"]

    @cached_property
    def mean(self):
        """The mean of all vectors."""
        return self._matrix.mean(axis=0, dtype=np.float64).astype(np.float32)

    @cached_property
    def spread(self):
        """The standard deviation of all numbers around ``mean``, a float."""
        squares = np.einsum("ij,ij->", self._matrix, self._matrix, dtype=np.float64)
        mean = self._matrix.mean(axis=0, dtype=np.float64)
        variance = (squares / len(self) - mean @ mean) / self.vector_size
        return float(np.sqrt(max(variance, 0.0))) or 1.0

    @cached_property
    def digest(self):
        """A fingerprint of words and vectors, in hexadecimal."""
        fingerprint = blake2b(self._vocabulary.digest.encode(), digest_size=16)
        fingerprint.update(np.ascontiguousarray(self._matrix, "<f4"))
        if self._subwords is not None:
            lengths = f"{self._subwords.min_n}-{self._subwords.max_n}"
            fingerprint.update(lengths.encode())
            fingerprint.update(np.ascontiguousarray(self._subwords.matrix, "<f4"))
        return fingerprint.hexdigest()

    def lookup(self, words):
        """Find the rows of words.

        Parameters
        ----------
        words : iterable of str
            Any words. One that is not there is looked up in lower case.

        Returns
        -------
        ndarray of shape (n_words,), int64
            Rows of ``matrix``, -1 for a word that is not there in either case.
        """
        words = words if isinstance(words, list | tuple) else list(words)
        ids = self._vocabulary.ids
        rows = np.fromiter(map(ids.get, words, repeat(-1)), np.int64, len(words))
        for position in np.flatnonzero(rows < 0).tolist():
            rows[position] = ids.get(words[position].lower(), -1)
        return rows

    def lookup_vectors(self, words):
        """Return the vectors of words, those made of parts of words included.

        Parameters
        ----------
        words : iterable of str
            Any words, found as by :meth:`lookup`.

        Returns
        -------
        vectors : ndarray of shape (n_words, vector_size), float32
            A new array: the vector of each word, zeros where there is none.
        found : ndarray of shape (n_words,), bool
            Whether there is one.
        """
        words = words if isinstance(words, list | tuple) else list(words)
        rows = self.lookup(words)
        found = rows >= 0
        vectors = np.zeros((len(words), self.vector_size), np.float32)
        vectors[found] = self._matrix[rows[found]]
        if self._subwords is not None:
            for position in np.flatnonzero(~found).tolist():
                vector = self._subwords.vector(words[position])
                if vector is not None:
                    vectors[position], found[position] = vector, True
        return vectors, found

    def most_similar(self, word, topn=10):
        """Return the words whose vectors have the smallest angle to that of a word.

        Parameters
        ----------
        word : str
            A word with a vector.
        topn : int, default=10
            How many words to return.

        Returns
        -------
        list of (str, float)
            The words, ``word`` left out, and the cosines, largest first.

        Raises
        ------
        KeyError
            If the word has no vector.
        """
        vector = self[word]
        lengths = self._norms * np.linalg.norm(vector)
        cosines = np.zeros(len(self), np.float32)  # a vector of zeros is like no other
        np.divide(self._matrix @ vector, lengths, out=cosines, where=lengths > 0)
        best = np.argsort(-cosines, kind="stable")
        best = best[best != self.lookup([word])[0]][:topn]
        return [(self.words[row], float(cosines[row])) for row in best.tolist()]

    @cached_property
    def _norms(self) -> np.ndarray:
        return np.linalg.norm(self._matrix, axis=1)

    def by_value(self):
        """Return the same word vectors, to be pickled as numbers and not as a path.

        Returns
        -------
        WordVectors
            Shares the memory of this one.
        """
        if self._origin is None:
            return self
        return self._stored(
            self._vocabulary, self._matrix, self._subwords, digest=self.digest
        )

    def __len__(self):
        return len(self._vocabulary)

    def __iter__(self):
        return iter(self._vocabulary)

    def __contains__(self, word):
        return bool(self.lookup([word])[0] >= 0)

    def __getitem__(self, word):
        vectors, found = self.lookup_vectors([word])
        if not found[0]:
            raise KeyError(
                f"{word!r} has no vector: it is none of the {len(self)} words."
            )
        return vectors[0]

    def __eq__(self, other):
        if not isinstance(other, WordVectors):
            return NotImplemented
        return self is other or self.digest == other.digest

    def __hash__(self):
        return hash(self.digest)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self  # nothing in it changes

    def __reduce_ex__(self, protocol):
        if is_shared(self):  # not by __getstate__: files of save have the numbers
            return find_shared, (self.digest,)
        return super().__reduce_ex__(protocol)

    def __getstate__(self):
        if self._origin is not None:
            return {"origin": self._origin, "digest": self.digest}
        state = {"vocabulary": self._vocabulary, "matrix": self._matrix}
        if self._subwords is not None:
            state["ngrams"] = self._subwords.matrix
            state["ngram_lengths"] = [self._subwords.min_n, self._subwords.max_n]
        return state

    def __setstate__(self, state):
        if "origin" in state:
            vars(self).update(vars(_read_again(state["origin"], state["digest"])))
            return
        subwords = None
        if "ngrams" in state:
            subwords = Subwords(state["ngrams"], *state["ngram_lengths"])
        self._store(state["vocabulary"], state["matrix"], subwords)

    def __repr__(self):
        origin = "" if self.path is None else f", path={self.path!r}"
        return f"WordVectors({len(self)} words of {self.vector_size} numbers{origin})"


def _read_again(origin: dict[str, Any], digest: str) -> WordVectors:
    """Read the file of word vectors that were pickled as their path.

    The path may be a stranger's choice: nothing is written, no device or pipe is read,
    and no error quotes what is in the file.
    """
    from sklstm.vectors._loading import has_copy, read_file

    stored = (
        f"These WordVectors were stored as the path of their file, {origin['path']}"
    )
    if not os.path.isfile(origin["path"]):
        raise FileNotFoundError(
            f"{stored}, which is not there. Put it there, or store the numbers: "
            "vectors.by_value()."
        )
    try:
        if not has_copy(**origin):
            origin = {**origin, "cache_dir": None}
        vectors = read_file(**origin)
    except ValueError as error:
        raise ValueError(f"{stored}, which cannot be read any more.") from error
    if vectors.digest != digest:
        raise ValueError(f"{stored}, which holds other vectors now.")
    return vectors
