"""TextTokenizer: texts to token ids."""

from collections.abc import Iterable, Iterator, Mapping, Set
from functools import partial
from itertools import islice, repeat
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklstm._sklearn import Interval, RealNotInt, StrOptions, _fit_context
from sklstm._validation._sequences import vocabulary_of
from sklstm._validation._texts import check_texts
from sklstm.text._analysis import build_analyzer
from sklstm.text._ids import growing_index, read_ids, select_words, write_ids
from sklstm.text._token_array import TokenArray, wrap_tokens
from sklstm.text._vocabulary import BOS, EOS, PAD, PAD_ID, UNK, UNK_ID, Vocabulary


class TextTokenizer(TransformerMixin, BaseEstimator):
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

    See Also
    --------
    SequencePadder : Makes one array of sequences of different lengths.
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

    @_fit_context(prefer_skip_nested_validation=True)
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
        check_is_fitted(self)
        return wrap_tokens(self, self._look_up(self._tokenize(X)), X)

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
        vocabulary = vocabulary_of(X)
        if vocabulary is None:
            vocabulary = self._vocabulary
        elif vocabulary.fitted_digest != self._vocabulary.digest:
            raise ValueError(
                f"{type(self).__name__} got ids of another vocabulary: use the "
                "tokenizer that made them."
            )
        words, separator = vocabulary.words, "" if self.analyzer == "char" else " "
        unseen = {PAD_ID, *range(UNK_ID + 1, len(self._special_words()))}
        texts = [
            separator.join(words[i] for i in row.tolist() if i not in unseen)
            for row in read_ids(X, len(words), type(self).__name__)
        ]
        return np.array(texts, dtype=object)

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
        return hasattr(self, "_vocabulary")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def _fit(self, X) -> TokenArray:
        """Learn the vocabulary and return the ids of the texts, read once."""
        documents = self._tokenize(X)
        if self.vocabulary is not None:
            self._vocabulary = self._given_vocabulary()
            return self._look_up(documents)
        special = self._special_words()
        index = growing_index(special)
        flat, lengths = write_ids(documents, partial(map, index.__getitem__))
        words = list(index)
        kept = select_words(self, words, len(special), flat, lengths)
        # From here on nothing raises.
        self._vocabulary = Vocabulary([*special, *(words[i] for i in kept)])
        vocabulary = self._vocabulary
        new_ids = np.full(len(words), UNK_ID, dtype=np.int32)
        new_ids[: len(special)] = np.arange(len(special))
        new_ids[PAD_ID] = UNK_ID  # a literal <pad>
        new_ids[kept] = np.arange(len(special), len(vocabulary))
        if self.unknown == "keep":
            cut = np.setdiff1d(np.arange(len(special), len(words)), kept)
            new_ids[cut] = len(vocabulary) + np.arange(len(cut))
            vocabulary = vocabulary.extend(words[i] for i in cut)
        return TokenArray.from_ragged(new_ids[flat], lengths, vocabulary)

    def _look_up(self, documents: Iterable[list[str]]) -> TokenArray:
        """Write tokens as ids of the fitted vocabulary."""
        vocabulary = self._vocabulary
        if self.unknown == "keep":
            index = growing_index(vocabulary.ids)
            flat, lengths = write_ids(documents, partial(map, index.__getitem__))
            vocabulary = vocabulary.extend(islice(index, len(vocabulary), None))
        else:
            get = vocabulary.ids.get
            flat, lengths = write_ids(
                documents, lambda tokens: map(get, tokens, repeat(UNK_ID))
            )
        flat[flat == PAD_ID] = UNK_ID  # a literal <pad>
        return TokenArray.from_ragged(flat, lengths, vocabulary)

    def _tokenize(self, X) -> Iterator[list[str]]:
        """Split the texts one after the other, special tokens put around each."""
        documents = check_texts(
            X,
            estimator=self,
            missing=self.missing,
            encoding=self.encoding,
            decode_error=self.decode_error,
        )
        analyze = build_analyzer(self)
        before, after = [BOS] * self.add_bos, [EOS] * self.add_eos
        for row, document in enumerate(documents):
            tokens = analyze(document, row)
            yield [*before, *tokens, *after] if before or after else tokens

    def _special_words(self) -> list[str]:
        return [PAD, UNK, *[BOS] * self.add_bos, *[EOS] * self.add_eos]

    def _given_vocabulary(self) -> Vocabulary:
        """Read the parameter ``vocabulary``."""
        given, special = self.vocabulary, self._special_words()
        try:
            if isinstance(given, str):
                raise TypeError("it is one str, not words")
            if isinstance(given, Mapping):
                if len(set(given.values())) < len(given):
                    raise ValueError("two words have the same number")
                given = sorted(given, key=given.__getitem__)
            elif isinstance(given, Set):
                given = sorted(given)
            words = [word for word in given if word not in special]
            if not words:
                raise ValueError("empty vocabulary passed to fit")
            return Vocabulary([*special, *words])
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"{type(self).__name__} cannot use its parameter vocabulary: {error}"
            ) from error
