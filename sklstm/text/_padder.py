"""SequencePadder: sequences of any length into one rectangular array."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklstm._estimator import SklstmEstimator
from sklstm._sklearn import (
    Interval,
    RealNotInt,
    StrOptions,
    _check_feature_names_in,
    _fit_context,
    _get_output_config,
    followed_fit,
)
from sklstm._validation import check_sequences
from sklstm.text._token_array import TokenArray, wrap_tokens

LARGE = 2**30  # bytes


class SequencePadder(TransformerMixin, SklstmEstimator):
    """Pad sequences of any length to one length.

    Token ids are padded with 0, numbers with NaN: both mean padding to the estimators
    of this package, whatever side they stand on. These estimators take ragged
    sequences as well, so the padder is optional; it bounds the length and makes arrays
    that other estimators can read.

    Parameters
    ----------
    max_length : int, float or None, default=None
        Number of steps of the result. None takes the longest sequence seen in ``fit``;
        a float in (0, 1] takes that quantile of the lengths, so that 0.95 cuts one
        sequence in twenty.
    padding : {"post", "pre"}, default="post"
        Whether padding stands after or before a sequence.
    truncating : {"post", "pre"}, default="post"
        Whether the end or the start of a longer sequence is cut off.

    Attributes
    ----------
    max_length_ : int
        Number of steps of the result.
    truncated_fraction_ : float
        Share of the sequences in ``fit`` that are longer than ``max_length_``.
    input_type_ : {"tokens", "series"}
        Whether sequences are token ids or numbers.
    n_features_in_ : int
        Number of columns in ``fit``; absent for ragged sequences.
    feature_names_in_ : ndarray of str
        Names of the columns in ``fit``, where it had names.

    See Also
    --------
    TextTokenizer : Makes ragged token ids of texts.

    Examples
    --------
    >>> from sklstm import SequencePadder
    >>> SequencePadder().fit_transform([[4, 2, 9], [7]])
    array([[4, 2, 9],
           [7, 0, 0]], dtype=int32)
    >>> SequencePadder(max_length=2, padding="pre").fit_transform([[0.5], [1.0, 1.5]])
    array([[[nan],
            [0.5]],
    <BLANKLINE>
           [[1. ],
            [1.5]]])
    """

    _parameter_constraints: dict = {
        "max_length": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
            None,
        ],
        "padding": [StrOptions({"post", "pre"})],
        "truncating": [StrOptions({"post", "pre"})],
    }

    def __init__(self, *, max_length=None, padding="post", truncating="post"):
        self.max_length = max_length
        self.padding = padding
        self.truncating = truncating

    @_fit_context(prefer_skip_nested_validation=True)
    @followed_fit
    def fit(self, X, y=None):
        """Learn the length of the result.

        Parameters
        ----------
        X : sequences of n_samples rows
            Token ids: ragged rows of integers (a list of lists, a TokenArray, a frame
            with one column of sequences) or 2-D integers. Numbers: ragged rows of
            shape (n_steps_i,) or (n_steps_i, n_channels), or 2-D or 3-D floats.
        y : None
            Ignored.

        Returns
        -------
        self : SequencePadder
            The fitted padder.

        Raises
        ------
        ValueError
            If ``X`` is text, or holds missing or infinite values or negative ids.
        """
        sequences = check_sequences(self, X, reset=True)
        lengths = sequences.lengths
        if self.max_length is None:
            longest = lengths.max()
        elif isinstance(self.max_length, Integral):
            longest = self.max_length
        else:
            longest = np.quantile(lengths, self.max_length, method="inverted_cdf")
        self.input_type_ = sequences.input_type
        self._n_channels = sequences.n_channels
        self.max_length_ = max(int(longest), 1)
        self.truncated_fraction_ = float(np.mean(lengths > self.max_length_))
        return self

    def transform(self, X):
        """Pad or cut every sequence to ``max_length_`` steps.

        Parameters
        ----------
        X : sequences of n_samples rows
            As in :meth:`fit`.

        Returns
        -------
        TokenArray or ndarray
            Token ids of shape (n_samples, max_length_), int32; a TokenArray where the
            input carried a vocabulary. Numbers of shape (n_samples, max_length_,
            n_channels), float32 if ``X`` is, else float64; 2-D input stays 2-D unless
            ``padding="pre"``, because NaN at the start means padding in 3-D only.

        Raises
        ------
        ValueError
            If ``X`` does not fit what ``fit`` saw, or ``set_output`` asks for a frame
            of 3-D numbers.

        Warns
        -----
        UserWarning
            If most of a result of more than 1 GiB is padding.
        """
        check_is_fitted(self)
        sequences = check_sequences(self, X, reset=False, input_type=self.input_type_)
        sequences = sequences.with_channels(self._n_channels, type(self).__name__)
        padded = self._pad(sequences.values, sequences.lengths, sequences.starts)
        if self.input_type_ == "tokens":
            if sequences.vocabulary is None:
                return padded
            return wrap_tokens(self, TokenArray(padded, sequences.vocabulary), X)
        if sequences.ndim == 2 and self.padding == "post":
            return padded[:, :, 0]
        if _get_output_config("transform", self)["dense"] != "default":
            raise ValueError(
                "SequencePadder makes 3-D arrays of these sequences, which no frame "
                'holds; call set_output(transform="default") on it.'
            )
        return padded

    def _pad(
        self, values: np.ndarray, lengths: np.ndarray, starts: np.ndarray
    ) -> np.ndarray:
        """Lay out flat values as (n_samples, max_length_) or with channels behind."""
        n_steps = self.max_length_
        kept = np.minimum(lengths, n_steps)
        first = starts + (lengths - kept if self.truncating == "pre" else 0)
        column = n_steps - kept if self.padding == "pre" else np.zeros_like(kept)
        step = np.arange(kept.sum()) - np.repeat(np.cumsum(kept) - kept, kept)
        fill = 0 if self.input_type_ == "tokens" else np.nan
        shape = (len(lengths) * n_steps, *values.shape[1:])
        padded = np.full(shape, fill, dtype=values.dtype)
        if padded.nbytes > LARGE and kept.sum() < 0.5 * len(padded):
            warnings.warn(
                f"SequencePadder: {1 - kept.sum() / len(padded):.0%} of a result of "
                f"{padded.nbytes / LARGE:.1f} GiB is padding. max_length=0.95 makes it "
                "smaller; a recurrent estimator needs no padder at all.",
                stacklevel=3,
            )
        position = np.repeat(np.arange(len(lengths)) * n_steps + column, kept) + step
        padded[position] = values[np.repeat(first, kept) + step]
        return padded.reshape(len(lengths), n_steps, *values.shape[1:])

    def get_feature_names_out(self, input_features=None):
        """Return the names of the steps.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Only compared with the columns seen in ``fit``.

        Returns
        -------
        ndarray of str, shape (max_length_,)
            ``"step0"``, ``"step1"`` and so on.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features, generate_names=False)
        return np.array([f"step{i}" for i in range(self.max_length_)], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
