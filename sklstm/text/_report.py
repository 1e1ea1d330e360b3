"""TextReport: what a tokenizer finds in texts, in numbers."""

import unicodedata
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

# What is more, or for vectors less, is warned of; TextReport.warnings documents them
_UNKNOWN, _EMPTY, _TRUNCATED, _COVERED = 0.10, 0.05, 0.25, 0.50

_WIDTH = 80  # columns of the printed table
_LONGEST_WORD = 24  # columns of a word in it
_ELLIPSIS = "\u2026"
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"}  # categories of Unicode
_JOINERS = "\u200c\u200d"  # which words of Persian and emoji need


class Lengths(NamedTuple):
    """Tokens in each text: the shortest, percentiles, the longest, and the mean."""

    min: int
    p25: float
    median: float
    p75: float
    p90: float
    p99: float
    max: int
    mean: float


@dataclass(frozen=True)
class TextReport:
    """What a tokenizer finds in texts: lengths, unknown words, words with a vector.

    Made by :meth:`TextTokenizer.report`, for the training texts by
    :meth:`TextTokenizer.fit` as ``report_``. All numbers are plain ints and floats. A
    share is a float in [0, 1], and 0 where there is nothing to have a share of.

    Attributes
    ----------
    n_documents : int
        How many texts there are.
    n_empty : int
        How many of them have no token.
    n_tokens : int
        How many tokens all texts have, without the ``<bos>`` and ``<eos>`` that the
        tokenizer puts around each.
    n_distinct : int
        How many different words the tokens are.
    n_words : int
        How many words the fitted vocabulary has, special ids not counted.
    lengths : named tuple of min, p25, median, p75, p90, p99, max and mean
        Tokens in each text, counted as for ``n_tokens``; percentiles between two
        lengths are interpolated.
    share_unknown : float
        The share of the tokens that are not in the fitted vocabulary, with
        ``unknown="keep"`` too. A literal ``<unk>`` or ``<pad>`` is one of them.
    share_unknown_words : float
        The share of the different words that are not in it.
    unknown_words : tuple of (str, int)
        The ten most frequent unknown words and their counts, ties in alphabetical
        order.
    max_length : int or None
        The length to which texts would be cut.
    share_truncated : float or None
        The share of the texts that are longer. Here ``<bos>`` and ``<eos>`` count, as
        they do for :class:`SequencePadder`. None without ``max_length``.
    share_cut : float or None
        The share of the tokens that would be cut, ``<bos>`` and ``<eos>`` counted.
        None without ``max_length``.
    share_covered : float or None
        The share of the tokens that have a vector, whether they are in the vocabulary
        or not. A literal ``<unk>`` or ``<pad>`` has none. None without vectors.
    share_covered_words : float or None
        The share of the different words that have one. None without vectors.
    warnings : tuple of str
        What is bad: more than 10 % of the tokens are unknown, more than 5 % of the
        documents are empty, more than 25 % of them are longer than ``max_length``, or
        less than 50 % of the tokens have a vector. Empty if nothing is.

    See Also
    --------
    TextTokenizer : Makes it.

    Examples
    --------
    >>> from sklstm.text import TextTokenizer
    >>> texts = ["not a bad film", "a bad, bad film", "a film", ""]
    >>> report = TextTokenizer(min_df=2).fit(texts).report_
    >>> report.n_words, report.n_distinct, report.lengths.median
    (3, 5, 3.0)
    >>> report.unknown_words
    ((',', 1), ('not', 1))
    >>> print(report)
    documents                   4
    empty documents             1 (25.0%)
    tokens                      11, 5 distinct words
    tokens per document         mean 2.8, median 3, from 0 to 5
    percentiles of length       25th 1.5, 75th 4.2, 90th 4.7, 99th 5
    vocabulary                  3 words
    unknown tokens              18.2%
    unknown distinct words      40.0%
    most frequent unknown words ',' 1, not 1
    <BLANKLINE>
    Warning: 18.2% of the tokens are unknown, most often ',', not. Fit on texts like
      these, or keep more words: min_df, max_df, max_features, vocabulary.
    Warning: 25.0% of the documents are empty. Leave them out, or split texts in
      another way.
    """

    n_documents: int
    n_empty: int
    n_tokens: int
    n_distinct: int
    n_words: int
    lengths: Lengths
    share_unknown: float
    share_unknown_words: float
    unknown_words: tuple[tuple[str, int], ...]
    max_length: int | None = None
    share_truncated: float | None = None
    share_cut: float | None = None
    share_covered: float | None = None
    share_covered_words: float | None = None

    @property
    def warnings(self):
        """What is bad about the texts: a tuple of str, one for each rule that holds."""
        found = []
        if self.share_unknown > _UNKNOWN:
            often = ", ".join(_shown(word) for word, _ in self.unknown_words[:3])
            found.append(
                f"{_percent(self.share_unknown)} of the tokens are unknown"
                f"{', most often ' * bool(often)}{often}. Fit on texts like these, or "
                "keep more words: min_df, max_df, max_features, vocabulary."
            )
        if self.n_empty > _EMPTY * self.n_documents:
            found.append(
                f"{_percent(self.n_empty / self.n_documents)} of the documents are "
                "empty. Leave them out, or split texts in another way."
            )
        if self.share_truncated is not None and self.share_truncated > _TRUNCATED:
            found.append(
                f"{_percent(self.share_truncated)} of the documents are longer than "
                f"max_length={self.max_length}, and {_percent(self.share_cut)} of the "
                "tokens would be cut. A larger max_length keeps them."
            )
        covered = self.share_covered
        if covered is not None and covered < _COVERED and self.n_tokens:
            found.append(
                f"Only {_percent(covered)} of the tokens have a vector. Are the "
                "vectors of the language of the texts, and is it split into words as "
                "they are?"
            )
        return tuple(found)

    def rows(self):
        """Write the report as text, one fact after the other.

        Returns
        -------
        list of (str, str)
            The name of each fact and its numbers; facts that were not asked for are
            left out. Words of right-to-left scripts are set apart by invisible marks,
            so that they do not carry the numbers away.
        """
        counted = f"{self.n_tokens:,}, {_plural(self.n_distinct, 'distinct word')}"
        empty = _percent(self.n_empty / self.n_documents)
        low, p25, median, p75, p90, p99, high, mean = map(_number, self.lengths)
        rows = [
            ("documents", f"{self.n_documents:,}"),
            ("empty documents", f"{self.n_empty:,} ({empty})"),
            ("tokens", counted),
            (
                "tokens per document",
                f"mean {mean}, median {median}, from {low} to {high}",
            ),
            (
                "percentiles of length",
                f"25th {p25}, 75th {p75}, 90th {p90}, 99th {p99}",
            ),
        ]
        if self.max_length is not None:
            cut = (
                f"{_percent(self.share_truncated)} of the documents, "
                f"{_percent(self.share_cut)} of the tokens"
            )
            rows.append((f"cut at {_plural(self.max_length, 'token')}", cut))
        rows += [
            ("vocabulary", _plural(self.n_words, "word")),
            ("unknown tokens", _percent(self.share_unknown)),
            ("unknown distinct words", _percent(self.share_unknown_words)),
        ]
        if self.unknown_words:
            often = (f"{_shown(word)} {count:,}" for word, count in self.unknown_words)
            rows.append(("most frequent unknown words", ", ".join(often)))
        if self.share_covered is not None:
            rows += [
                ("tokens with a vector", _percent(self.share_covered)),
                ("distinct words with one", _percent(self.share_covered_words)),
            ]
        return rows

    def to_frame(self):
        """Return the numbers as a frame.

        Returns
        -------
        DataFrame of shape (n_facts, 1), dtype float64
            Column "value", the name of each number as index: the attributes, and
            "length_min", "length_p25" and so on for ``lengths``. NaN is what was not
            asked for. ``unknown_words`` is left out.
        """
        import pandas as pd

        numbers = self._numbers()
        index = pd.Index(list(numbers), name="fact")
        return pd.DataFrame({"value": list(numbers.values())}, index, dtype=np.float64)

    def compare(self, other):
        """Put the numbers beside those of other texts, to see what has drifted.

        Parameters
        ----------
        other : TextReport
            New texts, where this one is of the training texts.

        Returns
        -------
        DataFrame of shape (n_facts, 3), dtype float64
            Rows as in :meth:`to_frame`; columns "this", "other" and "difference",
            which is other minus this.

        Raises
        ------
        TypeError
            If ``other`` is no TextReport.

        Examples
        --------
        >>> from sklstm.text import TextTokenizer
        >>> tokenizer = TextTokenizer().fit(["a film", "a good film"])
        >>> new = tokenizer.report(["a good good film", "film", "good"])
        >>> tokenizer.report_.compare(new).loc[["n_documents", "length_mean"]]
                     this  other  difference
        fact
        n_documents   2.0    3.0         1.0
        length_mean   2.5    2.0        -0.5
        """
        if not isinstance(other, TextReport):
            raise TypeError(
                "TextReport is compared with another TextReport, got "
                f"{type(other).__name__}. TextTokenizer.report(texts) makes one."
            )
        frame = self.to_frame().rename(columns={"value": "this"})
        frame["other"] = other.to_frame()["value"]
        frame["difference"] = frame["other"] - frame["this"]
        return frame

    def _numbers(self) -> dict[str, Any]:
        numbers: dict[str, Any] = {}
        for name, value in vars(self).items():
            if name == "lengths":
                lengths = value._asdict().items()
                numbers |= {f"length_{part}": length for part, length in lengths}
            elif name != "unknown_words":
                numbers[name] = value
        return numbers

    def __str__(self):
        rows = self.rows()
        left = max(len(name) for name, _ in rows) + 1
        lines = []
        for name, text in rows:
            first, *others = _wrap(text, _WIDTH - left, at=", ")
            lines.append(name.ljust(left) + first)
            lines += [" " * left + line for line in others]
        if self.warnings:
            lines.append("")
        for sentence in self.warnings:
            first, *others = _wrap(f"Warning: {sentence}", _WIDTH - 2, at=" ")
            lines += [first, *(f"  {line}" for line in others)]
        return "\n".join(lines)


# -- as text --------------------------------------------------------------------------


def _percent(share: float) -> str:
    if 0 < share < 0.0005:
        return "<0.1%"
    if 0.9995 <= share < 1:
        return ">99.9%"
    return f"{share:.1%}" if 0 < share < 1 else f"{share:.0%}"


def _number(value: float) -> str:
    """Write a number with one digit after the point, none if it is a zero."""
    return f"{value:,.1f}".removesuffix(".0")


def _plural(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'s' * (n != 1)}"


def _shown(word: str) -> str:
    """Write a word so that it can stand in a line of words and numbers."""
    start = word[: 4 * _LONGEST_WORD]  # combining marks need no column
    hidden = any(
        unicodedata.category(c) in _HIDDEN and c not in _JOINERS for c in start
    )
    plain = not hidden and any(map(str.isalnum, start))
    text = _clip(start if plain else repr(start))
    if len(start) < len(word) and text[-1] != _ELLIPSIS:
        text += _ELLIPSIS
    if any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text):
        return f"\u2068{text}\u2069"  # isolated: it does not move the numbers beside it
    return text


def _clip(text: str) -> str:
    """Cut a text that needs more columns than a word may have."""
    if _columns(text) <= _LONGEST_WORD:
        return text
    while _columns(text) >= _LONGEST_WORD:
        text = text[:-1]
    return text + _ELLIPSIS


def _columns(text: str) -> int:
    """Count the columns that a terminal needs for a text."""
    return sum(
        1 + (unicodedata.east_asian_width(c) in {"W", "F"})
        for c in text
        if unicodedata.category(c) not in {"Mn", "Me", "Cf"}
    )


def _wrap(text: str, width: int, *, at: str) -> list[str]:
    """Break a text at commas or spaces, so that lines keep within some columns."""
    first, *others = text.split(at)
    lines = [first]
    for part in others:
        longer = lines[-1] + at + part
        if _columns(longer) < width:
            lines[-1] = longer
        else:
            lines[-1] += at.rstrip()
            lines.append(part)
    return lines
