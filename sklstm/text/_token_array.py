"""TokenArray: an array of token ids that carries its vocabulary."""

from itertools import pairwise

import numpy as np

from sklstm.text._vocabulary import Vocabulary


def _on_plain(name: str):
    """Make a method that answers with plain arrays: its results are not ids."""
    method = getattr(np.ndarray, name)

    def plain_method(self, *args, **kwargs):
        return method(self.view(np.ndarray), *args, **kwargs)

    plain_method.__name__, plain_method.__doc__ = name, method.__doc__
    return plain_method


class TokenArray(np.ndarray):
    """Token ids together with the vocabulary that gives them their words.

    Two forms: the *ragged* form, 1-D of dtype object, holds one 1-D int32 array per
    document; the *padded* form, 2-D int32, holds one row per document. Id 0 is
    ``<pad>``, id 1 is ``<unk>``.

    Indexing, slicing, copying, reshaping, pickling and joblib keep the class and the
    vocabulary. Whatever is not ids any more (arithmetic, comparisons, reductions,
    ``argsort``, ``astype(float)``) is a plain ndarray, as are ``np.asarray`` and
    ``np.concatenate`` of a TokenArray. A row of the ragged form is a plain int32 array.

    The metadata of the dtype holds the vocabulary's digest, because ``joblib.hash``
    sees only bytes and dtype: equal ids of two vocabularies never share a cache entry.

    Parameters
    ----------
    ids : array-like of int of shape (n_samples, n_steps), or sequence of 1-D arrays
        Padded ids, or documents of any lengths as a list, tuple or object array of 1-D
        arrays. A plain list of lists is padded ids when its rows are of equal length;
        :meth:`from_rows` always makes the ragged form.
    vocabulary : Vocabulary, default=None
        The words of the ids. None if they are not known.

    Attributes
    ----------
    vocabulary : Vocabulary or None
        The words of the ids.

    Raises
    ------
    ValueError
        If an id is not an integer that fits int32, or a document is not 1-D.

    Examples
    --------
    >>> from sklstm.text import TokenArray, Vocabulary
    >>> words = Vocabulary(["<pad>", "<unk>", "good", "film"])
    >>> X = TokenArray([[2, 3], [3, 0]], words)
    >>> X[:1].vocabulary is words
    True
    >>> X == 3
    array([[False,  True],
           [ True, False]])
    >>> TokenArray.from_rows([[2, 3], [3]], words)
    TokenArray([[2, 3], [3]], n_words=4)
    """

    _vocabulary: Vocabulary | None = None

    # Below ndarray's own 0: np.concatenate of token arrays is a plain array, since
    # the parts may come from different vocabularies.
    __array_priority__ = -1

    def __new__(cls, ids, vocabulary=None):
        if not isinstance(ids, np.ndarray):
            ids = _as_array(ids)
        if ids.dtype == object:
            return cls.from_rows(ids, vocabulary)
        return _with_vocabulary(_as_int32(ids), vocabulary)

    @classmethod
    def from_rows(cls, rows, vocabulary=None):
        """Make the ragged form of documents, of equal lengths too.

        Parameters
        ----------
        rows : sequence of array-like of int of shape (n_tokens,)
            The ids of each document.
        vocabulary : Vocabulary, default=None
            The words of the ids.

        Returns
        -------
        TokenArray of shape (n_documents,), dtype object
        """
        rows = [_as_int32(np.asarray(row)) for row in rows]
        for position, row in enumerate(rows):
            if row.ndim != 1:
                raise ValueError(
                    "TokenArray expects one 1-D array of ids per document; row "
                    f"{position} has {row.ndim} dimensions."
                )
        return _with_vocabulary(_object_array(rows), vocabulary)

    @classmethod
    def from_ragged(cls, flat_ids, lengths, vocabulary=None):
        """Make the ragged form of the ids of all documents, one after the other.

        Parameters
        ----------
        flat_ids : array-like of int of shape (n_tokens,)
            The ids of all documents. The rows are views of it if it is int32.
        lengths : array-like of int of shape (n_documents,)
            The number of tokens of each document; they add up to ``n_tokens``.
        vocabulary : Vocabulary, default=None
            The words of the ids.

        Returns
        -------
        TokenArray of shape (n_documents,), dtype object
        """
        flat_ids = _as_int32(np.asarray(flat_ids))
        bounds = [0, *np.cumsum(lengths, dtype=np.int64).tolist()]
        if bounds[-1] != len(flat_ids):
            raise ValueError(
                f"TokenArray got {len(flat_ids)} ids, but the lengths of the documents "
                f"add up to {bounds[-1]}."
            )
        rows = [flat_ids[start:stop] for start, stop in pairwise(bounds)]
        return _with_vocabulary(_object_array(rows), vocabulary)

    def to_ragged(self):
        """Return the ids of all documents, one after the other, and their lengths.

        Returns
        -------
        flat_ids : ndarray of shape (n_tokens,), dtype int32
            The ids; those of the padded form with their padding.
        lengths : ndarray of shape (n_documents,), dtype int64
            The number of ids of each document.
        """
        rows = list(self.view(np.ndarray))
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        flat = np.concatenate([np.empty(0, np.int32), *rows], dtype=np.int32)
        return flat, lengths

    @property
    def vocabulary(self):
        """The words of the ids, or None."""
        return self._vocabulary

    def __array_finalize__(self, source):
        self._vocabulary = getattr(source, "_vocabulary", None)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        """Make what a ufunc returns plain: it is not ids any more."""
        plain = array.view(np.ndarray)
        return plain[()] if return_scalar else plain

    def astype(self, dtype, *args, **kwargs):
        """Convert the ids: integers stay a TokenArray, all else is a plain array."""
        plain = self.view(np.ndarray).astype(dtype, *args, **kwargs)
        kinds = "O" if self.dtype.kind == "O" else "iu"
        if plain.dtype.kind not in kinds:
            return plain
        return _with_vocabulary(plain, self.vocabulary)

    argmax = _on_plain("argmax")
    argmin = _on_plain("argmin")
    argpartition = _on_plain("argpartition")
    argsort = _on_plain("argsort")
    dot = _on_plain("dot")

    def __reduce__(self):
        # Plain arrays inside, so that joblib can memory-map them. A document at a time
        # would be many times slower.
        if self.dtype.kind == "O":
            rows = self.ravel()
            return _restore_ragged, (*rows.to_ragged(), self.shape, self.vocabulary)
        return _with_vocabulary, (_without_metadata(self), self.vocabulary)

    def __reduce_ex__(self, protocol):
        return self.__reduce__()

    def __repr__(self):
        if self.dtype.kind == "O":
            formatter = {"object": lambda row: _shown(row, threshold=12)}
            body = _shown(self, threshold=12, formatter=formatter)
        else:
            body = _shown(self, prefix="TokenArray(")
        known = "" if self.vocabulary is None else f", n_words={len(self.vocabulary)}"
        return f"TokenArray({body}{known})"


def wrap_tokens(estimator, tokens, X_original):
    """Give ids the container that ``set_output`` asks ``estimator`` for.

    scikit-learn would try to make one column of each id of the ragged form and would
    drop the vocabulary, so the frame is made here.

    Parameters
    ----------
    estimator : transformer with ``get_feature_names_out``
        The one whose output this is.
    tokens : TokenArray
        Ragged, or padded of shape (n_samples, n_steps).
    X_original : any
        What the transformer was given. The index of a pandas object is kept.

    Returns
    -------
    TokenArray, pandas DataFrame or polars DataFrame
        ``tokens`` itself by default. A frame has one column of arrays for the ragged
        form, one column per step for the padded form; ``attrs["vocabulary"]`` of a
        pandas frame is the vocabulary, polars has no place for it.
    """
    from sklstm._sklearn import _get_output_config  # late: ids need no scikit-learn

    container = _get_output_config("transform", estimator)["dense"]
    if container == "default":
        return tokens
    names = list(estimator.get_feature_names_out())
    plain = _without_metadata(tokens)
    if container == "pandas":
        import pandas as pd

        known_index = isinstance(X_original, pd.DataFrame | pd.Series)
        frame = pd.DataFrame(
            plain, columns=names, index=X_original.index if known_index else None
        )
        frame.attrs["vocabulary"] = tokens.vocabulary
        return frame
    import polars as pl

    if plain.dtype != object:
        return pl.DataFrame(plain, schema=names, orient="row")
    # The cast: polars makes rows that happen to be of equal length its Array type.
    column = pl.Series(list(plain), dtype=pl.List(pl.Int32)).cast(pl.List(pl.Int32))
    return pl.DataFrame({names[0]: column})


def _as_array(ids) -> np.ndarray:
    """Make an array of a list: 1-D of dtype object if it holds documents."""
    try:
        regular = not any(isinstance(row, np.ndarray) for row in ids)
        return np.asarray(ids) if regular else _object_array(list(ids))
    except ValueError:  # numpy: rows of different lengths
        return _object_array(list(ids))


def _as_int32(ids: np.ndarray) -> np.ndarray:
    """Return ids as a plain int32 array, a view where they are int32 already."""
    ids = ids.view(np.ndarray)
    if ids.dtype == np.int32:
        return ids.view(np.int32)  # the metadata goes
    if ids.size == 0:
        return ids.astype(np.int32)
    if ids.dtype == object:
        ids = np.array(ids.tolist())  # nullable integers of pandas
    limits = np.iinfo(np.int32)
    if ids.dtype.kind not in "iu" or ids.min() < limits.min or ids.max() > limits.max:
        raise ValueError(
            "TokenArray expects integer ids that fit int32, got an array of dtype "
            f"{ids.dtype} with values like {ids.flat[0]!r}."
        )
    return ids.astype(np.int32)


def _object_array(rows: list) -> np.ndarray:
    """Make a 1-D array of dtype object, whatever the lengths of its rows."""
    array = np.empty(len(rows), dtype=object)
    for position, row in enumerate(rows):
        array[position] = row
    return array


def _with_vocabulary(array: np.ndarray, vocabulary: Vocabulary | None) -> TokenArray:
    """View an array as a TokenArray."""
    dtype = np.dtype(array.dtype.str)
    if vocabulary is not None:
        dtype = np.dtype(dtype, metadata={"vocabulary": vocabulary.digest})
    tokens = array.view(dtype, TokenArray)
    tokens._vocabulary = vocabulary
    return tokens


def _without_metadata(tokens: TokenArray) -> np.ndarray:
    """View a TokenArray as a plain array of a plain dtype."""
    return tokens.view(tokens.dtype.str, np.ndarray)


def _restore_ragged(
    flat_ids: np.ndarray,
    lengths: np.ndarray,
    shape: tuple[int, ...],
    vocabulary: Vocabulary | None,
) -> TokenArray:
    """Unpickle the ragged form."""
    return TokenArray.from_ragged(flat_ids, lengths, vocabulary).reshape(shape)


def _shown(ids: np.ndarray, **options) -> str:
    return np.array2string(ids.view(np.ndarray), separator=", ", **options)
