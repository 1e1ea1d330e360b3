"""TextTokenizer: texts to token ids."""

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from numbers import Integral
from warnings import warn

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklstm._estimator import SklstmEstimator
from sklstm._sklearn import (
    Interval,
    RealNotInt,
    StrOptions,
    _fit_context,
    followed_fit,
    validate_params,
)
from sklstm.text._analysis import tokenize
from sklstm.text._counting import make_report, report_texts
from sklstm.text._ids import (
    given_vocabulary,
    has_limits,
    look_up,
    renumber,
    select_words,
    write_texts,
)
from sklstm.text._report import TextReport
from sklstm.text._token_array import TokenArray, wrap_tokens
from sklstm.text._vocabulary import BOS, EOS, PAD, UNK, Vocabulary
from sklstm.text._word_counts import WordCounts


class TextTokenizer(TransformerMixin, SklstmEstimator):
    """Turn texts into sequences of token ids.

    ``fit`` learns the vocabulary, ``transform`` writes each text as the ids of its
    words, in order. The parameters have the meaning that they have in
    :class:`~sklearn.feature_extraction.text.CountVectorizer`, but the default keeps
    one-letter words, contractions and punctuation: a recurrent net reads order and
    negation.

    Id 0 is ``<pad>``, which no text ever gets, and 1 is ``<unk>``, a word that ``fit``
    did not see or did not keep. ``<bos>`` and ``<eos>`` follow where they are asked
    for, then the words by falling count, ties in alphabetical order.

    Parameters
    ----------
    lowercase : bool, default=True
        Whether texts are lowercased before they are split.
    strip_accents : {"ascii", "unicode"}, callable or None, default=None
        How accents are removed before texts are split; None keeps them.
    preprocessor : callable, default=None
        Replaces ``lowercase`` and ``strip_accents``: str to str.
    tokenizer : callable, default=None
        Replaces ``token_pattern``: str to a list of str, ``str.split`` for example.
    token_pattern : str, default=None
        Regular expression of a token, of at most one capturing group. None means
        :data:`sklstm.text.TOKEN_PATTERN`: words of any script, contractions,
        punctuation.
    analyzer : {"word", "char"} or callable, default="word"
        What a token is. "char" makes one token of each character, as suits Chinese,
        Japanese and Thai, which have no spaces. A callable replaces every step before
        the vocabulary: document to a list of str.
    stop_words : {"english"}, collection of str or None, default=None
        Words left out, for ``analyzer="word"``. The English list holds "not" and "no".
    min_df : int or float in [0, 1], default=1
        Words found in fewer documents become ``<unk>``; a float is a proportion.
    max_df : int or float in [0, 1], default=1.0
        Words found in more documents become ``<unk>``; a float is a proportion.
    max_features : int, default=None
        How many words to keep, the most frequent ones, special ids not counted. None
        keeps all.
    vocabulary : iterable of str or mapping of str to int, default=None
        The words, instead of those of the training texts: in the order given, of a set
        in alphabetical order, of a mapping by their numbers. ``vocabulary_`` of another
        tokenizer gives the ids of that one.
    add_bos : bool, default=False
        Whether ``<bos>`` is put before each text.
    add_eos : bool, default=False
        Whether ``<eos>`` is put after each text.
    unknown : {"unk", "keep"}, default="unk"
        What becomes of a word that is not in the vocabulary: ``<unk>``, or an id past
        the fitted vocabulary, in order of first appearance, so that a net with word
        vectors can look it up. The words are appended to the ``vocabulary`` of the
        result, never to the fitted one; other nets read such ids as ``<unk>``.
    missing : {"error", "empty"}, default="error"
        Whether a missing text (None, NaN, ``pd.NA``) is an error or an empty text.
    encoding : str, default="utf-8"
        How texts given as bytes are decoded.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What is done about bytes that are not of that encoding.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        The id of each word, special ids included.
    report_ : TextReport
        What :meth:`report` says of the training texts.

    See Also
    --------
    SequencePadder : Makes one array of sequences of different lengths.
    sklstm.text.TextReport : Lengths and unknown words of texts.
    sklearn.feature_extraction.text.CountVectorizer : Counts words, forgets their order.

    Notes
    -----
    A text that is tokens already, a list of str, is neither preprocessed nor split. A
    literal ``<unk>`` in a text means id 1 and is not counted; a literal ``<pad>`` is
    read as unknown.

    Examples
    --------
    >>> from sklstm.text import TextTokenizer
    >>> tokenizer = TextTokenizer().fit(["not a bad film", "a bad, bad film"])
    >>> X = tokenizer.transform(["not bad!", "a film"])
    >>> X
    TokenArray([[6, 2, 1], [3, 4]], n_words=7)
    >>> tokenizer.inverse_transform(X)
    array(['not bad <unk>', 'a film'], dtype=object)
    """

    _parameter_constraints: dict = {
        "lowercase": ["boolean"],
        "strip_accents": [StrOptions({"ascii", "unicode"}), callable, None],
        "preprocessor": [callable, None],
        "tokenizer": [callable, None],
        "token_pattern": [str, None],
        "analyzer": [StrOptions({"word", "char"}), callable],
        "stop_words": [StrOptions({"english"}), list, tuple, set, frozenset, None],
        "min_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_features": [Interval(Integral, 1, None, closed="left"), None],
        "vocabulary": [Iterable, None],
        "add_bos": ["boolean"],
        "add_eos": ["boolean"],
        "unknown": [StrOptions({"unk", "keep"})],
        "missing": [StrOptions({"error", "empty"})],
        "encoding": [str],
        "decode_error": [StrOptions({"strict", "ignore", "replace"})],
    }

    def __init__(
        self,
        *,
        lowercase=True,
        strip_accents=None,
        preprocessor=None,
        tokenizer=None,
        token_pattern=None,
        analyzer="word",
        stop_words=None,
        min_df=1,
        max_df=1.0,
        max_features=None,
        vocabulary=None,
        add_bos=False,
        add_eos=False,
        unknown="unk",
        missing="error",
        encoding="utf-8",
        decode_error="strict",
    ):
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.stop_words = stop_words
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.add_bos = add_bos
        self.add_eos = add_eos
        self.unknown = unknown
        self.missing = missing
        self.encoding = encoding
        self.decode_error = decode_error

    @property
    def vocabulary_(self):
        """The id of each word, special ids included."""
        check_is_fitted(self)
        return dict(self._vocabulary.ids)

    @property
    def report_(self):
        """What :meth:`report` says of the training texts."""
        check_is_fitted(self)
        if not hasattr(self, "_report"):
            raise AttributeError(
                f"This {type(self).__name__} was stored by a version without reports: "
                "call report(X) on its training texts."
            )
        return self._report

    @_fit_context(prefer_skip_nested_validation=True)
    @followed_fit
    def fit(self, X, y=None):
        """Learn the vocabulary.

        Parameters
        ----------
        X : iterable of str, one column of them, or iterable of lists of str
            The texts: a list, tuple or generator (read once), a pandas, polars or
            pyarrow column, an array, or a frame or array of shape (n_samples, 1).
        y : None
            Ignored.

        Returns
        -------
        TextTokenizer
            The fitted tokenizer itself.

        Raises
        ------
        ValueError
            If a text is missing, there are no texts, or no words are left.
        TypeError
            If a text is not text.
        """
        self._fit(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    @followed_fit
    def fit_transform(self, X, y=None):
        """Learn the vocabulary and return the ids, splitting the texts once.

        Parameters
        ----------
        X : iterable of str, one column of them, or iterable of lists of str
            The texts, as for :meth:`fit`.
        y : None
            Ignored.

        Returns
        -------
        TokenArray of shape (n_samples,), dtype object
            The same as ``fit(X).transform(X)``.
        """
        return wrap_tokens(self, self._fit(X), X)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Count the words of more texts, of a file that is read in parts, for example.

        The vocabulary is chosen when it is first used: of all texts counted so far it
        is the one that :meth:`fit` would learn of them at once. Each part may be
        dropped when it was counted.

        Parameters
        ----------
        X : iterable of str, one column of them, or iterable of lists of str
            The texts, as for :meth:`fit`.
        y : None
            Ignored.

        Returns
        -------
        TextTokenizer
            The tokenizer itself.

        Raises
        ------
        ValueError
            If a text is missing, there are no texts, ``fit`` was called before, which
            keeps no counts, or what comes first in the vocabulary has changed.
        TypeError
            If a text is not text.

        Notes
        -----
        Of each word the counts are kept, of those that are not chosen as well, and are
        stored with the tokenizer, so that it can go on after loading. One without them
        is ``TextTokenizer(vocabulary=counted.vocabulary_)``, fitted to any text.

        Examples
        --------
        >>> from sklstm.text import TextTokenizer
        >>> counted = TextTokenizer(min_df=2)
        >>> for part in (["not a bad film", "a film"], ["a bad, bad film"]):
        ...     counted = counted.partial_fit(part)
        >>> [word for word in counted.vocabulary_][2:]
        ['a', 'bad', 'film']
        """
        before = vars(self).get("_counts")
        if before is None and "_vocabulary" in vars(self):
            raise ValueError(
                f"{type(self).__name__} was fitted by fit, which keeps no counts to go "
                "on from: begin with partial_fit."
            )
        part = self._no_counts()
        if before is not None and not before.begins_as(part):
            raise ValueError(
                f"add_bos, add_eos or vocabulary of {type(self).__name__} have changed "
                "since the first call to partial_fit."
            )
        part.read(tokenize(self, X))
        if before is None:
            self._counts = part
        else:
            before.add(part)
        self.__dict__.pop("_vocabulary", None)
        self.__dict__.pop("_report", None)
        return self

    def transform(self, X):
        """Write texts as token ids.

        Parameters
        ----------
        X : iterable of str, one column of them, or iterable of lists of str
            The texts, as for :meth:`fit`.

        Returns
        -------
        TokenArray of shape (n_samples,), dtype object
            One int32 array per text, of the length of the text; a frame of one column
            after ``set_output``.

        Raises
        ------
        NotFittedError
            If the tokenizer has not been fitted.
        ValueError
            If a text is missing or there are no texts.
        TypeError
            If a text is not text.
        """
        if not self.__sklearn_is_fitted__():  # known at once, unlike all of its tags
            check_is_fitted(self)
        keep = self.unknown == "keep"
        tokens = look_up(self._vocabulary, tokenize(self, X), keep=keep)
        return wrap_tokens(self, tokens, X)

    def inverse_transform(self, X):
        """Write token ids as text.

        Parameters
        ----------
        X : TokenArray, DataFrame or array-like of int
            Ragged or padded ids, one row per text.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            The words joined by spaces (by nothing for ``analyzer="char"``). Padding,
            ``<bos>`` and ``<eos>`` are left out.

        Raises
        ------
        NotFittedError
            If the tokenizer has not been fitted.
        ValueError
            If an id is not in the vocabulary, or ``X`` carries another vocabulary.
        """
        check_is_fitted(self)
        return write_texts(self, X, n_special=len(self._special_words()))

    @validate_params(
        {
            "max_length": [Interval(Integral, 1, None, closed="left"), None],
            "vectors": "no_validation",  # report_texts says what is wrong
        },
        prefer_skip_nested_validation=True,
    )
    def report(self, X, *, max_length=None, vectors=None):
        """Count what matters to a net in texts: lengths, unknown words, vectors.

        Parameters
        ----------
        X : iterable of str, one column of them, or iterable of lists of str
            The texts, as for :meth:`fit`.
        max_length : int, default=None
            The length to which a :class:`SequencePadder` would cut the texts, to
            count what is lost.
        vectors : WordVectors, default=None
            Word vectors, to count the words that have one. A file is read by
            :func:`~sklstm.load_vectors`.

        Returns
        -------
        TextReport
            To be printed, or read by its attributes. Where it has ``warnings``, one
            UserWarning joins them.

        Raises
        ------
        NotFittedError
            If the tokenizer has not been fitted.
        ValueError
            If a text is missing, there are no texts, or ``max_length`` is below 1.
        TypeError
            If a text is not text, or ``vectors`` are no loaded word vectors.

        Examples
        --------
        >>> from sklstm.text import TextTokenizer
        >>> tokenizer = TextTokenizer().fit(["not a bad film", "a bad, bad film"])
        >>> report = tokenizer.report(["a bad film", "not bad, not a film"])
        >>> report.lengths.max, report.share_unknown
        (6, 0.0)
        """
        check_is_fitted(self)
        report = report_texts(self, X, max_length, vectors)
        if report.warnings:
            warn(f"{type(self).__name__}: {' '.join(report.warnings)}", stacklevel=3)
        return report

    def get_feature_names_out(self, input_features=None):
        """Return the name of the one column of the output.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (1,), dtype object
            The name "tokens".

        Raises
        ------
        NotFittedError
            If the tokenizer has not been fitted.
        """
        check_is_fitted(self)
        return np.array(["tokens"], dtype=object)

    def __sklearn_is_fitted__(self):
        return not vars(self).keys().isdisjoint({"_vocabulary", "_counts"})

    def __getstate__(self):
        with suppress(ValueError, AttributeError):
            _ = self._vocabulary  # other readers of a file count nothing
        return super().__getstate__()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def _fit(self, X) -> TokenArray:
        """Learn the vocabulary and return the ids of the texts, read once."""
        counts = self._no_counts()
        flat, lengths = counts.read(tokenize(self, X), in_texts=has_limits(self))
        kept = self._choose(counts)
        # From here on nothing raises.
        self.__dict__.pop("_counts", None)
        new_ids, vocabulary = renumber(
            counts.words,
            counts.n_special,
            kept,
            self._vocabulary,
            keep=self.unknown == "keep",
        )
        return TokenArray.from_ragged(new_ids[flat], lengths, vocabulary)

    def _no_counts(self) -> WordCounts:
        """Return counts of no texts, with the words that are there before any."""
        special = self._special_words()
        words = special
        if self.vocabulary is not None:
            words = given_vocabulary(self, special).words
        return WordCounts(words, len(special))

    def _choose(self, counts: WordCounts) -> np.ndarray:
        """Make vocabulary and report of what was counted; return what was kept."""
        special, words = self._special_words(), counts.words
        if self.vocabulary is not None:
            kept = np.arange(counts.n_special, counts.n_first)
        else:
            kept = select_words(self, counts)
        report = make_report(counts, kept)
        self._vocabulary = Vocabulary([*special, *(words[i] for i in kept)])
        self._report = report
        return kept

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        """After partial_fit: chosen when it is first asked for, of all that came."""
        self._choose(self._counts)
        return vars(self)["_vocabulary"]

    @cached_property
    def _report(self) -> TextReport:
        self._choose(self._counts)
        return vars(self)["_report"]

    def _special_words(self) -> list[str]:
        return [PAD, UNK, *[BOS] * self.add_bos, *[EOS] * self.add_eos]
