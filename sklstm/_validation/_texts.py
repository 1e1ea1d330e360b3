"""Checks of texts: one plain list of documents, whatever container they came in."""

from collections.abc import Iterable, Mapping, Set
from reprlib import repr as short_repr

import numpy as np


def check_texts(
    X, *, estimator, missing="error", encoding="utf-8", decode_error="strict"
):
    """Read the documents of any container of texts.

    Parameters
    ----------
    X : iterable of documents, or one column of them
        Documents as a list, tuple, generator (read once), pandas, polars or pyarrow
        column, 1-D array of dtype object, str, bytes or ``StringDType``, or a frame or
        array of shape (n_samples, 1). A document is a str, bytes, or a list, tuple or
        1-D array of str tokens. An index is not used: rows count from 0.
    estimator : estimator instance
        The one that messages name.
    missing : {"error", "empty"}, default="error"
        Whether a missing document (None, NaN, ``pd.NA``, ``pd.NaT``, polars' null) is
        an error or an empty text.
    encoding : str, default="utf-8"
        How bytes are decoded.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What is done about bytes that are not of that encoding.

    Returns
    -------
    list of (str or list of str)
        The documents; tokens where a document was tokens already.

    Raises
    ------
    ValueError
        If ``X`` is one str, has no documents or more than one column, or if a document
        is missing or cannot be decoded.
    TypeError
        If ``X`` is no ordered container, or a document or token is not text.

    Examples
    --------
    >>> from sklstm import TextTokenizer
    >>> from sklstm._validation import check_texts
    >>> check_texts(["a film", b"bytes", ("to", "kens")], estimator=TextTokenizer())
    ['a film', 'bytes', ['to', 'kens']]
    """
    name = type(estimator).__name__
    documents = _documents(X, name)
    if not documents:
        raise ValueError(
            "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is "
            f"required by {name}."
        )
    if set(map(type, documents)) == {str}:
        return documents
    return [
        _read_document(document, row, name, missing, encoding, decode_error)
        for row, document in enumerate(documents)
    ]


def check_tokens(tokens: Iterable, row: int, name: str) -> list[str]:
    """List the tokens of the document at ``row``, which must all be str."""
    if isinstance(tokens, str) or not isinstance(tokens, Iterable):
        raise TypeError(
            f"{name} expects a list of str as the tokens of row {row}, found "
            f"{type(tokens).__name__} ({short_repr(tokens)})."
        )
    tokens = list(tokens)
    if set(map(type, tokens)) <= {str}:  # at the speed of C
        return tokens
    for position, token in enumerate(tokens):
        if not isinstance(token, str):
            raise TypeError(
                f"{name} expects tokens of type str; row {row} has "
                f"{type(token).__name__} ({short_repr(token)}) as token {position}."
            )
    return tokens


def _documents(X, name: str) -> list:
    """List the documents of ``X``, which are not looked at yet."""
    if isinstance(X, str | bytes | bytearray):
        raise ValueError(
            "Iterable over raw text documents expected, string object received. "
            f"{name} takes a list of texts: wrap a single text as [text]."
        )
    shape = getattr(X, "shape", (-1,))
    if len(shape) != 1:
        X = _only_column(X, shape, name)
    if isinstance(X, Mapping | Set) or not isinstance(X, Iterable):
        raise TypeError(
            f"{name} expects texts in a list, a 1-D array or a column, got "
            f"{type(X).__name__}."
        )
    # pyarrow has to_pylist; pandas, polars and numpy have tolist or to_list
    for method in ("to_pylist", "tolist", "to_list"):
        if hasattr(X, method):
            return getattr(X, method)()
    return list(X)


def _only_column(X, shape: tuple[int, ...], name: str):
    """Return the one column of a frame or array."""
    if len(shape) != 2 or shape[1] != 1:
        found = shape[1] if len(shape) == 2 else f"an array of shape {shape}"
        raise ValueError(
            f"{name} expected one text column, got {found}. Pass the column itself, "
            "X['text'] for example."
        )
    if isinstance(X, np.ndarray):
        return X[:, 0]
    if hasattr(X, "iloc"):
        return X.iloc[:, 0]  # pandas
    if hasattr(X, "to_series"):
        return X.to_series()  # polars
    return X.column(0) if hasattr(X, "column") else X  # pyarrow


def _read_document(
    document, row: int, name: str, missing: str, encoding: str, decode_error: str
) -> str | list[str]:
    """Return one document as a str or as a list of tokens."""
    if isinstance(document, str):
        return document
    if isinstance(document, bytes | bytearray):
        try:
            return document.decode(encoding, decode_error)
        except (UnicodeDecodeError, LookupError) as error:
            raise ValueError(
                f"{name} cannot decode row {row}: {error}. Set encoding=, or "
                'decode_error="replace".'
            ) from error
    if _is_missing(document):
        if missing == "empty":
            return ""
        raise ValueError(
            f'{name} found a missing value at row {row}. Use missing="empty" or fill '
            "it first."
        )
    if isinstance(document, list | tuple) or getattr(document, "ndim", 0) == 1:
        return check_tokens(document, row, name)
    raise TypeError(
        f"{name} expects str; row {row} has {type(document).__name__} "
        f"({short_repr(document)})."
    )


def _is_missing(value) -> bool:
    """Tell None, NaN of any kind, ``pd.NA`` and ``pd.NaT``, without pandas."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))
