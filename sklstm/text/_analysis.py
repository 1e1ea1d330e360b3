"""From one document to its tokens."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, groupby
from typing import Any

from sklstm._validation._texts import check_texts, check_tokens
from sklstm.text._vocabulary import BOS, EOS, UNK


def _characters(*categories: str) -> str:
    """Write the characters of Unicode categories as ranges of a regular expression."""
    # The planes without a combining mark or format character are left out.
    points = chain(range(0x1F000), range(0xE0000, 0xE0200))
    found = [p for p in points if unicodedata.category(chr(p)) in categories]
    # Neighbours differ from their position in the list by the same number.
    runs = (list(run) for _, run in groupby(enumerate(found), lambda p: p[1] - p[0]))
    return "".join(rf"\U{run[0][1]:08x}-\U{run[-1][1]:08x}" for run in runs)


# Python's \w has no combining marks, without which words of Hindi, Tamil, Thai or
# decomposed French fall to pieces; nor the two joiners inside words of Persian.
_MARKS = _characters("Mn", "Mc", "Me")
_INVISIBLE = _characters("Cc", "Cf")


def _pattern(word: str, others: str) -> str:
    """Write the pattern, given a word without apostrophes and what is no token."""
    return "|".join(
        (
            rf"{word}(?:(?:['\u2019]|(?<=\d)[.,](?=\d)){word})*",  # film, don't, 3.5
            r"['\u2019](?i:d|em|ll|m|re|s|ve)(?!\w)",  # the second half of "it 's"
            r"\.\.+",  # an ellipsis is one token
            UNK,  # as WikiText has it, and as inverse_transform writes it
            rf"[^{others}]",  # every other visible character is a token
        )
    )


TOKEN_PATTERN = _pattern(rf"\w[\w{_MARKS}\u200c\u200d]*", rf"\w\s{_MARKS}{_INVISIBLE}")
"""The default pattern of :class:`TextTokenizer`, for texts of any script.

A token is a word, one letter long or longer, with its combining marks and with
apostrophes and decimal points inside it (``a``, ``don't``, ``n't``, ``3.5``); or an
ellipsis; or one visible character of any other kind: sentence punctuation, a symbol, an
emoji, the hyphen of ``well-made``, which is three tokens.
"""

# The same tokens of ASCII texts in half the time: no tables of Unicode are read.
_ASCII_PATTERN = re.compile(_pattern(r"\w+", r"\w\s\x00-\x1f\x7f"), re.ASCII)


def tokenize(estimator: Any, X) -> Iterator[list[str]]:
    """Split the texts one after the other, special tokens put around each.

    ``estimator`` is a TextTokenizer, or has its parameters.
    """
    documents = check_texts(
        X,
        estimator=estimator,
        missing=estimator.missing,
        encoding=estimator.encoding,
        decode_error=estimator.decode_error,
    )
    analyze = build_analyzer(estimator)
    before, after = [BOS] * estimator.add_bos, [EOS] * estimator.add_eos
    for row, document in enumerate(documents):
        tokens = analyze(document, row)
        yield [*before, *tokens, *after] if before or after else tokens


def build_analyzer(
    estimator: Any,
) -> Callable[[str | list[str], int], list[str]]:
    """Make the function from a document and its row to its tokens."""
    name = type(estimator).__name__
    preprocess = _build_preprocessor(estimator)
    stop_words = _stop_words(estimator) if estimator.analyzer == "word" else None
    if callable(estimator.analyzer):
        split = estimator.analyzer
    elif estimator.analyzer == "char":
        split = _after(preprocess, list)
    else:
        split = _after(preprocess, _build_splitter(estimator))
    foreign = callable(estimator.analyzer) or estimator.tokenizer is not None

    def analyze(document: str | list[str], row: int) -> list[str]:
        if not isinstance(document, str):
            tokens = document
        elif foreign:
            tokens = check_tokens(split(document), row, name)
        else:
            tokens = split(document)
        if stop_words:
            tokens = [token for token in tokens if token not in stop_words]
        return tokens

    return analyze


def _after(first: Callable | None, second: Callable) -> Callable:
    if first is None:
        return second
    return lambda document: second(first(document))


# The steps of scikit-learn's CountVectorizer, without it: the runtime has NumPy alone


def _build_preprocessor(estimator: Any) -> Callable | None:
    if estimator.preprocessor is not None:
        return estimator.preprocessor
    strip = estimator.strip_accents
    if isinstance(strip, str):
        strip = _STRIPPED[strip]
    lower = str.lower if estimator.lowercase else None
    return lower if strip is None else _after(lower, strip)


def _strip_accents_ascii(text: str) -> str:
    normalized = unicodedata.normalize("NFKD", text)
    return normalized.encode("ascii", "ignore").decode("ascii")


def _strip_accents_unicode(text: str) -> str:
    if text.isascii():
        return text
    normalized = unicodedata.normalize("NFKD", text)
    return "".join(c for c in normalized if not unicodedata.combining(c))


_STRIPPED = {"ascii": _strip_accents_ascii, "unicode": _strip_accents_unicode}


def _stop_words(estimator: Any) -> frozenset[str] | None:
    words = estimator.stop_words
    if words is None:
        return None
    if words != "english":
        return frozenset(words)
    try:
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
    except ImportError as error:
        raise ImportError(
            f'{type(estimator).__name__}(stop_words="english") needs scikit-learn, '
            "whose list of words that is. Where it is not installed, save a pipeline "
            "that was fitted with the words themselves."
        ) from error
    return ENGLISH_STOP_WORDS


def _build_splitter(estimator: Any) -> Callable:
    if estimator.tokenizer is not None:
        return estimator.tokenizer
    given = estimator.token_pattern
    if given in (None, TOKEN_PATTERN):
        return _split
    try:
        compiled = re.compile(given)
    except re.error as error:
        raise ValueError(_bad_pattern(estimator, error)) from error
    if compiled.groups > 1:
        found = (
            "More than 1 capturing group in token pattern. Only a single group should "
            "be captured."
        )
        raise ValueError(_bad_pattern(estimator, found))
    return compiled.findall


def _split(text: str) -> list[str]:
    return (_ASCII_PATTERN if text.isascii() else _any_script()).findall(text)


@cache
def _any_script() -> re.Pattern[str]:
    """Compile the default pattern when a text needs it: it takes 17 ms."""
    return re.compile(TOKEN_PATTERN)


def _bad_pattern(estimator: Any, found: Any) -> str:
    name, pattern = type(estimator).__name__, estimator.token_pattern
    return f"{name} cannot use token_pattern={pattern!r}: {found}"
