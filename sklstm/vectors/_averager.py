"""PretrainedEmbeddingAverager: a document as the mean of its word vectors."""

import warnings
from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklstm._estimator import SklstmEstimator
from sklstm._sklearn import (
    StrOptions,
    _fit_context,
    followed_fit,
)
from sklstm._validation import check_labels
from sklstm.text._vocabulary import UNK_ID
from sklstm.vectors._documents import Documents, read_documents
from sklstm.vectors._loading import load_vectors
from sklstm.vectors._weights import Weights, common_component, learn_weights
from sklstm.vectors._word_vectors import WordVectors

_LOW_COVERAGE = 0.6


class PretrainedEmbeddingAverager(TransformerMixin, SklstmEstimator):
    """Turn each text into the mean of the vectors of its words.

    A strong and cheap baseline where few texts have labels. Texts are split as
    :class:`~sklstm.TextTokenizer` splits them, in the case they came in; a word that
    has no vector as it is written is looked up in lower case. To split them otherwise,
    put a ``TextTokenizer(unknown="keep")`` in front, or pass lists of tokens.

    Parameters
    ----------
    vectors : path, str, WordVectors, or word vectors of gensim
        The word vectors: anything that :func:`~sklstm.load_vectors` takes. ``clone``
        copies a ``KeyedVectors`` of gensim and shares a :class:`~sklstm.WordVectors`,
        so wrap the former: ``load_vectors(keyed_vectors)``.
    weighting : {"idf", "sif"} or None, default=None
        How much each word counts. None: all the same. "idf": by the inverse document
        frequency in the training texts, smoothed as in
        :class:`~sklearn.feature_extraction.text.TfidfTransformer`. "sif": by
        ``a / (a + p)`` with ``a = 0.001`` and ``p`` the share of the word among the
        tokens of the training texts, and the direction that the training texts have in
        common is removed [1]_.
    oov : {"skip", "zero", "mean", "error"}, default="skip"
        What is done about a token without a vector: it is left out, it counts as a
        vector of zeros, it counts as the mean of all vectors, or it is an error.
    normalize : bool, default=False
        Whether the vector of each document is scaled to length 1.
    missing : {"error", "empty"}, default="error"
        Whether a missing text (None, NaN, ``pd.NA``) is an error or an empty text.
    encoding : str, default="utf-8"
        How texts given as bytes are decoded.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What is done about bytes that are not of that encoding.

    Attributes
    ----------
    vectors_ : WordVectors
        The word vectors.
    coverage_ : dict
        The share of the training texts that has vectors: "tokens" of all tokens,
        "words" of the distinct words; where ``fit`` was given labels, "classes" has the
        same two for the texts of each class.
    common_component_ : ndarray of shape (vector_size,), float32, or None
        The direction that "sif" removes, of length 1.

    See Also
    --------
    make_baseline : This, a scaler and logistic regression in a pipeline.
    load_vectors : Reads word vectors.
    sklstm.TextTokenizer : Keeps the order of words.

    Notes
    -----
    A text without any known word is a vector of zeros, and a warning counts such texts;
    another one is given where under 60 % of the tokens of the training texts have
    vectors. ``<unk>`` is never known; padding, ``<bos>`` and ``<eos>`` do not count.
    With the vectors of a fastText model nearly every word has a vector.

    References
    ----------
    .. [1] Arora, Liang and Ma (2017), "A Simple but Tough-to-Beat Baseline for Sentence
       Embeddings", ICLR.

    Examples
    --------
    >>> from sklstm import PretrainedEmbeddingAverager, WordVectors
    >>> vectors = WordVectors(["good", "bad", "film"], [[1, 0], [-1, 0], [0, 1]])
    >>> averager = PretrainedEmbeddingAverager(vectors)
    >>> averager.fit_transform(["Good film", "bad bad film film", "film?"])
    array([[ 0.5,  0.5],
           [-0.5,  0.5],
           [ 0. ,  1. ]], dtype=float32)
    >>> averager.coverage_
    {'tokens': 0.875, 'words': 0.75}
    """

    _parameter_constraints: dict = {
        "vectors": "no_validation",  # load_vectors says what is wrong
        "weighting": [StrOptions({"idf", "sif"}), None],
        "oov": [StrOptions({"skip", "zero", "mean", "error"})],
        "normalize": ["boolean"],
        "missing": [StrOptions({"error", "empty"})],
        "encoding": [str],
        "decode_error": [StrOptions({"strict", "ignore", "replace"})],
    }

    def __init__(
        self,
        vectors,
        *,
        weighting=None,
        oov="skip",
        normalize=False,
        missing="error",
        encoding="utf-8",
        decode_error="strict",
    ):
        self.vectors = vectors
        self.weighting = weighting
        self.oov = oov
        self.normalize = normalize
        self.missing = missing
        self.encoding = encoding
        self.decode_error = decode_error

    @_fit_context(prefer_skip_nested_validation=True)
    @followed_fit
    def fit(self, X, y=None):
        """Load the vectors, and learn what the weighting needs.

        Parameters
        ----------
        X : iterable of str, one column of them, iterable of lists of str, or TokenArray
            The texts, in any container that :class:`~sklstm.TextTokenizer` takes, or
            the ids that it gives.
        y : array-like of shape (n_samples,), default=None
            Labels, for the coverage of each class.

        Returns
        -------
        PretrainedEmbeddingAverager
            The fitted averager itself.

        Raises
        ------
        ValueError
            If a text is missing, there are no texts, ids came without their vocabulary,
            a file of vectors is bad, or a word has no vector and ``oov="error"``.
        TypeError
            If a text is not text, or the vectors are none.
        FileNotFoundError
            If the file of vectors is not there.
        """
        self._fit(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    @followed_fit
    def fit_transform(self, X, y=None):
        """Fit and return the vectors of the texts, splitting them once.

        Parameters
        ----------
        X : iterable of str, one column of them, iterable of lists of str, or TokenArray
            The texts, as for :meth:`fit`.
        y : array-like of shape (n_samples,), default=None
            Labels, for the coverage of each class.

        Returns
        -------
        ndarray of shape (n_samples, vector_size), float32
            The same as ``fit(X, y).transform(X)``.
        """
        return self._finish(*self._fit(X, y))

    def transform(self, X):
        """Return the mean vector of each text.

        Parameters
        ----------
        X : iterable of str, one column of them, iterable of lists of str, or TokenArray
            The texts, as for :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples, vector_size), float32
            The vectors; a frame after ``set_output``.

        Raises
        ------
        NotFittedError
            If the averager has not been fitted.
        ValueError
            If a text is missing, there are no texts, ids came without their vocabulary,
            or a word has no vector and ``oov="error"``.
        TypeError
            If a text is not text.
        """
        check_is_fitted(self)
        documents = read_documents(self, X)
        known = _Known(documents, self.vectors_)
        return self._finish(self._average(known, self._word_weights), known)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns of the output.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (vector_size,), dtype object
            The names "embedding_0", "embedding_1" and so on.

        Raises
        ------
        NotFittedError
            If the averager has not been fitted.
        """
        check_is_fitted(self)
        names = [f"embedding_{i}" for i in range(self.vectors_.vector_size)]
        return np.array(names, dtype=object)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "vectors_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _fit(self, X, y) -> tuple[np.ndarray, "_Known"]:
        """Learn from texts; return their averages and what is known of them."""
        vectors = load_vectors(self.vectors)
        documents = read_documents(self, X)
        known = _Known(documents, vectors)
        coverage = _coverage(known, _classes(self, y, len(documents)))
        weights = learn_weights(documents, self.weighting)
        averages = self._average(known, weights)
        common = common_component(averages) if self.weighting == "sif" else None
        # From here on nothing raises.
        self.vectors_, self.coverage_ = vectors, coverage
        self._word_weights, self.common_component_ = weights, common
        if len(documents.flat) and coverage["tokens"] < _LOW_COVERAGE:
            warnings.warn(
                f"{type(self).__name__} has vectors for only {coverage['tokens']:.0%} "
                "of the tokens. Are they of the language of the texts, and is it split "
                "into words as they are? coverage_ says more.",
                stacklevel=3,
            )
        return averages, known

    def _average(self, known: "_Known", learned: Weights | None) -> np.ndarray:
        """Return the weighted mean of the vectors of each document."""
        documents = known.documents
        if self.oov == "error":
            self._refuse_unknown(known)
        weights = None if learned is None else learned.of(documents.words)
        found = documents.of_words(known.found)
        sums = found.add(known.table, known.rows, weights)
        # SIF divides by the number of words, not by their weights
        shares = weights if self.weighting == "idf" else None
        counted = found if self.oov == "skip" else documents
        totals = counted.total(shares)[:, np.newaxis]
        if self.oov == "mean":
            unknown = documents.of_words(~known.found).total(weights)
            sums += unknown[:, np.newaxis] * known.vectors.mean
        averages = np.zeros_like(sums)
        np.divide(sums, totals, out=averages, where=totals > 0, casting="same_kind")
        return averages

    def _finish(self, averages: np.ndarray, known: "_Known") -> np.ndarray:
        """Remove what all have in common, scale, and warn of zeros."""
        if self.common_component_ is not None:
            # A row at a time: in a product of matrices, rows change one another's bits.
            component = self.common_component_
            along = (averages * component).sum(axis=1, keepdims=True)
            averages = averages - along * component
        if self.normalize:
            lengths = np.linalg.norm(averages, axis=1, keepdims=True)
            np.divide(averages, lengths, out=averages, where=lengths > 0)
        empty = known.documents.lengths == 0
        zero = empty
        if self.oov != "mean":
            zero = known.documents.of_words(known.found).lengths == 0
        if zero.any():
            n_zero, n_empty = np.count_nonzero(zero), np.count_nonzero(empty)
            warnings.warn(
                f"{type(self).__name__} made zeros of {n_zero} of {len(zero)} texts: "
                f"{n_empty} empty, {n_zero - n_empty} without a known word.",
                stacklevel=3,
            )
        return averages

    def _refuse_unknown(self, known: "_Known") -> None:
        documents = known.documents
        unknown = ~known.found[documents.flat]
        if unknown.any():
            token = int(unknown.argmax())
            raise ValueError(
                f"{type(self).__name__} has no vector for "
                f"{documents.words[documents.flat[token]]!r} at row "
                f'{documents.row_of(token)}. Use oov="skip", "zero" or "mean", or '
                "vectors that have the word."
            )


class _Known:
    """What word vectors know of documents: a table, and the row in it of each word."""

    def __init__(self, documents: Documents, vectors: WordVectors):
        self.documents, self.vectors = documents, vectors
        if vectors.subwords:
            used = np.flatnonzero(documents.counts)
            table, found = vectors.lookup_vectors(
                [documents.words[i] for i in used.tolist()]
            )
            rows = np.full(len(documents.words), -1)
            rows[used[found]] = np.flatnonzero(found)
        else:
            table, rows = vectors.matrix, vectors.lookup(documents.words)
        rows[: UNK_ID + 1] = -1  # whatever the vectors call <unk>
        self.table, self.rows, self.found = table, rows, rows >= 0


def _classes(estimator: Any, y: Any, n_samples: int) -> tuple[list, np.ndarray] | None:
    """Return the classes and the class of each text; None where ``y`` has no labels."""
    if y is None:
        return None
    check_consistent_length(np.empty(n_samples), y)
    values = np.asarray(y)
    if values.dtype.kind in "iuf" and len(np.unique(values)) > len(values) / 2:
        return None  # numbers to predict, of which scikit-learn would warn as labels
    try:
        labels = check_labels(estimator, y)
    except (
        ValueError
    ):  # of a regression, or bad: that is for the final estimator to say
        return None
    if labels.ndim > 1:
        return None
    classes, codes = np.unique(labels, return_inverse=True)
    return classes.tolist(), codes


def _coverage(known: _Known, classes: tuple[list, np.ndarray] | None) -> dict:
    """Return the shares of tokens and words with a vector, overall and by class."""
    counts = known.documents.counts
    coverage: dict = _shares(counts, known.found)
    if classes is not None:
        labels, codes = classes
        group, word, count = known.documents.count_by(codes)
        coverage["classes"] = {}
        for code, label in enumerate(labels):
            own = slice(*np.searchsorted(group, [code, code + 1]))
            coverage["classes"][label] = _shares(count[own], known.found[word[own]])
    return coverage


def _shares(counts: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Return the shares of tokens and of distinct words; 0 of none."""
    used = counts > 0
    return {
        "tokens": float(counts[found].sum() / max(int(counts.sum()), 1)),
        "words": float((used & found).sum() / max(int(used.sum()), 1)),
    }
