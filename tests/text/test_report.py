"""TextReport: counts by hand and by plain Python, odd texts, tables."""

# ruff: noqa: RUF001  (texts of many scripts)

import statistics
import unicodedata
import warnings
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from sklstm import SequencePadder, WordVectors
from sklstm.text import TextReport, TextTokenizer

TEXTS = ["not a bad film", "a bad, bad film", "a film", ""]


def report_quietly(tokenizer, X, **options):
    """Report on texts that may well be bad."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return tokenizer.report(X, **options)


def columns(line):
    """Count the columns of a line in a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in {"W", "F"} for c in line)
    unseen = sum(unicodedata.category(c) in {"Mn", "Me", "Cf"} for c in line)
    return len(line) + wide - unseen


# Known answers, counted by hand


def test_training_texts():
    report = TextTokenizer(min_df=2).fit(TEXTS).report_
    assert report == TextReport(
        n_documents=4,
        n_empty=1,
        n_tokens=11,
        n_distinct=5,
        n_words=3,  # a, bad, film
        lengths=pytest.approx((0, 1.5, 3, 4.25, 4.7, 4.97, 5, 2.75)),
        share_unknown=2 / 11,
        share_unknown_words=2 / 5,
        unknown_words=((",", 1), ("not", 1)),
    )
    assert report.lengths.median == 3
    assert (report.max_length, report.share_truncated, report.share_cut) == (None,) * 3
    assert (report.share_covered, report.share_covered_words) == (None, None)


def test_other_texts():
    tokenizer = TextTokenizer().fit(["a bad film"])
    vectors = WordVectors(["a", "good"], [[1], [2]])
    X = ["a good good film", "a", "Film!", "bad bad bad"]
    report = report_quietly(tokenizer, X, max_length=2, vectors=vectors)
    assert report == TextReport(
        n_documents=4,
        n_empty=0,
        n_tokens=10,
        n_distinct=5,  # a, good, film, !, bad
        n_words=3,
        lengths=pytest.approx((1, 1.75, 2.5, 3.25, 3.7, 3.97, 4, 2.5)),
        share_unknown=0.3,
        share_unknown_words=0.4,
        unknown_words=(("good", 2), ("!", 1)),
        max_length=2,
        share_truncated=0.5,
        share_cut=0.3,
        share_covered=0.4,
        share_covered_words=0.4,
    )


@pytest.mark.parametrize("marks", [(True, False), (False, True), (True, True)])
def test_marks_count_for_the_padder_alone(marks):
    bos, eos = marks
    tokenizer = TextTokenizer(min_df=2, add_bos=bos, add_eos=eos).fit(TEXTS)
    plain = TextTokenizer(min_df=2).fit(TEXTS)
    assert tokenizer.report_ == plain.report_
    found = report_quietly(tokenizer, TEXTS, max_length=4)
    assert found.lengths == plain.report_.lengths
    n = bos + eos
    padder = SequencePadder(max_length=4).fit(tokenizer.transform(TEXTS))
    assert found.share_truncated == padder.truncated_fraction_ == 1 / 2 - (n == 0) / 4
    cut = n + (n + 1)  # of the two long texts, of 4 and of 5 tokens
    assert found.share_cut == cut / (11 + 4 * n)


def test_literal_special_words():
    tokenizer = TextTokenizer(tokenizer=str.split, add_eos=True)
    report = tokenizer.fit(["<unk> a <pad> <eos>", "<unk> a <bos>"]).report_
    assert report.unknown_words == (("<unk>", 2), ("<pad>", 1))
    assert (report.n_tokens, report.n_distinct, report.n_words) == (7, 5, 2)
    assert report.share_unknown == 3 / 7
    vectors = WordVectors(["<unk>", "<pad>", "a"], np.eye(3))
    found = report_quietly(tokenizer, ["<unk> <pad> a a"], vectors=vectors)
    assert (found.share_covered, found.share_covered_words) == (1 / 2, 1 / 3)


def test_unknown_words_are_the_ten_most_frequent():
    words = [f"w{i:02d}" for i in range(14)]
    text = " ".join([*reversed(words), "w13", "w12", "w12"])
    tokenizer = TextTokenizer().fit(["a"])
    found = report_quietly(tokenizer, [text, text]).unknown_words
    rest = [(word, 2) for word in words[:8]]
    assert found == (("w12", 6), ("w13", 4), *rest)
    few = report_quietly(tokenizer, ["c b b"]).unknown_words
    assert few == (("b", 2), ("c", 1))


@pytest.mark.parametrize("unknown", ["unk", "keep"])
@pytest.mark.parametrize(
    ("options", "cut"),
    [
        ({}, ()),
        ({"min_df": 2}, ((",", 1), ("not", 1))),
        ({"max_df": 2}, (("a", 3), ("film", 3))),
        ({"max_features": 4}, (("not", 1),)),
        ({"vocabulary": ["a", "x", "film"]}, (("bad", 3), (",", 1), ("not", 1))),
        ({"stop_words": ["bad", "not"]}, ()),
    ],
)
def test_words_that_fit_cut_are_unknown(options, cut, unknown):
    tokenizer = TextTokenizer(unknown=unknown, **options)
    X = tokenizer.fit_transform(TEXTS)
    report = tokenizer.report_
    assert report.unknown_words == cut
    assert report.n_words == len(tokenizer.vocabulary_) - 2
    ids = X.to_ragged()[0]
    outside = (ids == 1) | (ids >= len(tokenizer.vocabulary_))
    assert report.share_unknown == outside.mean()
    assert report == report_quietly(tokenizer, TEXTS)
    assert report == clone(tokenizer).fit(TEXTS).report_


def test_no_token_at_all():
    tokenizer = TextTokenizer().fit(["a"])
    vectors = WordVectors(["a"], [[1]])
    report = report_quietly(tokenizer, ["", " "], max_length=3, vectors=vectors)
    assert (report.n_documents, report.n_empty, report.n_tokens) == (2, 2, 0)
    assert (report.share_unknown, report.share_unknown_words) == (0, 0)
    assert (report.share_truncated, report.share_cut) == (0, 0)
    assert (report.share_covered, report.share_covered_words) == (0, 0)
    assert report.unknown_words == ()
    assert set(report.lengths) == {0}
    assert report.warnings == (
        "100% of the documents are empty. Leave them out, or split texts in another "
        "way.",
    )
    assert dict(report.rows())["unknown tokens"] == "0%"


# Against a plain count


token = st.sampled_from([*"abcdefghijklmn", "<unk>", "<pad>", "<bos>", "<eos>"])
documents = st.lists(st.lists(token, max_size=7), min_size=1, max_size=12)
tokenizers = st.builds(
    TextTokenizer,
    unknown=st.sampled_from(["unk", "keep"]),
    add_bos=st.booleans(),
    add_eos=st.booleans(),
    max_features=st.sampled_from([None, 1, 3]),
    vocabulary=st.sampled_from([None, ["b", "z", "a"]]),
)


def count(tokenizer, documents, max_length, vectors):
    """Make the report with plain Python."""
    marks = ["<bos>"] * tokenizer.add_bos + ["<eos>"] * tokenizer.add_eos
    known = set(tokenizer.vocabulary_) - {"<unk>", "<pad>"}
    tokens = [token for document in documents for token in document]
    counts = Counter(tokens)
    unknown = {word: n for word, n in counts.items() if word not in known}
    ranked = sorted(unknown.items(), key=lambda pair: (-pair[1], pair[0]))
    covered = {w: n for w, n in counts.items() if w in vectors and w != "<unk>"}
    lengths = [len(document) for document in documents]
    whole = [n + len(marks) for n in lengths]
    cut = [max(n - max_length, 0) for n in whole]
    twice = lengths * 2 if len(lengths) == 1 else lengths
    at = statistics.quantiles(twice, n=100, method="inclusive")
    percentiles = [at[q - 1] for q in (25, 50, 75, 90, 99)]
    mean = sum(lengths) / len(lengths)
    return TextReport(
        n_documents=len(documents),
        n_empty=lengths.count(0),
        n_tokens=len(tokens),
        n_distinct=len(counts),
        n_words=len(known) - len(marks),
        lengths=pytest.approx((min(lengths), *percentiles, max(lengths), mean)),
        share_unknown=sum(unknown.values()) / max(len(tokens), 1),
        share_unknown_words=len(unknown) / max(len(counts), 1),
        unknown_words=tuple(ranked[:10]),
        max_length=max_length,
        share_truncated=sum(n > 0 for n in cut) / len(cut),
        share_cut=sum(cut) / max(sum(whole), 1),
        share_covered=sum(covered.values()) / max(len(tokens), 1),
        share_covered_words=len(covered) / max(len(counts), 1),
    )


VECTORS = WordVectors(["a", "c", "<unk>", "<bos>"], np.eye(4))
ASKED_FOR = [
    *("max_length", "share_truncated", "share_cut"),
    *("share_covered", "share_covered_words"),
]


@settings(deadline=None)
@given(tokenizers, documents, documents, st.integers(1, 8))
def test_counts_are_those_of_plain_python(tokenizer, training, new, max_length):
    training = [*training, ["a", "b"]]  # at least one word to learn
    tokenizer.fit(training)
    options = {"max_length": max_length, "vectors": VECTORS}
    for X in (new, training):
        expected = count(tokenizer, X, max_length, VECTORS)
        assert report_quietly(tokenizer, X, **options) == expected
    assert tokenizer.report_ == replace(expected, **dict.fromkeys(ASKED_FOR))


@settings(deadline=None)
@given(st.lists(st.text(), min_size=1), st.sampled_from(["word", "char"]))
def test_any_text_has_a_report_that_fits_a_terminal(X, analyzer):
    tokenizer = TextTokenizer(analyzer=analyzer).fit(["a"])
    report = report_quietly(tokenizer, X, max_length=2, vectors=VECTORS)
    assert report.n_documents == len(X)
    assert report.n_tokens == sum(map(len, tokenizer.transform(X)))
    for line in str(report).split("\n"):
        assert columns(line) <= 80
        assert not {unicodedata.category(c) for c in line} & {"Cc", "Cs", "Zl", "Zp"}


# Odd texts


def test_containers_and_missing_texts():
    tokenizer = TextTokenizer(missing="empty").fit(["a film", "bad"])
    expected = report_quietly(tokenizer, ["a film", "", "bad"])
    for X in (
        ["a film", None, b"bad"],
        [["a", "film"], [], ("bad",)],
        pd.Series(["a film", pd.NA, "bad"], index=[4, 4, 1]),
        pd.DataFrame({"text": ["a film", np.nan, "bad"]}),
        (text for text in ["a film", "", "bad"]),
    ):
        assert report_quietly(tokenizer, X) == expected
    assert expected.n_empty == 1


def test_texts_of_many_scripts():
    tokenizer = TextTokenizer().fit(["a"])
    report = report_quietly(
        tokenizer, ["👍🏽 👍", "שלום שלום שלום", "很好吃", "می\u200cخواهم", "\ud83d"]
    )
    assert dict(report.unknown_words)["שלום"] == 3
    assert dict(report.unknown_words)["👍"] == 2
    shown = dict(report.rows())["most frequent unknown words"]
    assert shown == (
        "\u2068שלום\u2069 3, '👍' 2, \u2068می\u200cخواهم\u2069 1, 很好吃 1, "
        "'\\ud83d' 1, '🏽' 1"
    )
    str(report).encode()  # half of an emoji alone could not be printed


def test_characters():
    tokenizer = TextTokenizer(analyzer="char").fit(["ab"])
    report = report_quietly(tokenizer, ["a b\n", "\tb"])
    assert (report.n_tokens, report.n_distinct) == (6, 5)
    assert report.unknown_words == (("\t", 1), ("\n", 1), (" ", 1))
    shown = dict(report.rows())["most frequent unknown words"]
    assert shown == r"'\t' 1, '\n' 1, ' ' 1"


def test_long_words_are_cut_where_they_are_shown():
    tokenizer = TextTokenizer(tokenizer=str.split).fit(["a"])
    words = ["x" * 100_000, "好" * 30, "e" + "\u0301" * 500, "'" * 40]
    report = report_quietly(tokenizer, [" ".join(words)])
    assert {word for word, _ in report.unknown_words} == set(words)
    shown = dict(report.rows())["most frequent unknown words"]
    assert "x" * 23 + "\u2026 1" in shown
    assert "好" * 11 + "\u2026 1" in shown
    assert len(shown) < 250
    assert max(map(columns, str(report).split("\n"))) <= 80


# Text, frames, comparison


def test_the_table():
    tokenizer = TextTokenizer().fit(["a film"])
    vectors = WordVectors(["a"], [[1]])
    X = ["a film"] * 2999 + ["a good film"]
    with pytest.warns(UserWarning, match="have a vector"):
        report = tokenizer.report(X, max_length=2, vectors=vectors)
    assert report.rows() == [
        ("documents", "3,000"),
        ("empty documents", "0 (0%)"),
        ("tokens", "6,001, 3 distinct words"),
        ("tokens per document", "mean 2, median 2, from 2 to 3"),
        ("percentiles of length", "25th 2, 75th 2, 90th 2, 99th 2"),
        ("cut at 2 tokens", "<0.1% of the documents, <0.1% of the tokens"),
        ("vocabulary", "2 words"),
        ("unknown tokens", "<0.1%"),
        ("unknown distinct words", "33.3%"),
        ("most frequent unknown words", "good 1"),
        ("tokens with a vector", "50.0%"),
        ("distinct words with one", "33.3%"),
    ]
    table, warning = str(report).split("\n\n")
    for line, (name, text) in zip(table.split("\n"), report.rows(), strict=True):
        assert line == f"{name:28}{text}"
    assert warning.startswith("Warning: Only 50.0% of the tokens have a vector.")


def test_shares_next_to_nothing_and_all():
    tokenizer = TextTokenizer().fit(["a"])
    rows = dict(report_quietly(tokenizer, ["x " * 3000 + "a"]).rows())
    assert rows["unknown tokens"] == ">99.9%"
    assert dict(report_quietly(tokenizer, ["x"]).rows())["unknown tokens"] == "100%"


def test_to_frame():
    report = report_quietly(TextTokenizer().fit(["a"]), TEXTS, max_length=3)
    frame = report.to_frame()
    assert list(frame.columns) == ["value"]
    assert frame["value"].dtype == np.float64
    assert frame.index.name == "fact"
    assert frame.index.is_unique
    values = frame["value"]
    assert values["n_tokens"] == 11
    assert values["length_p75"] == report.lengths.p75
    assert values["share_unknown"] == report.share_unknown
    assert values["share_truncated"] == 0.5
    assert values.index[values.isna()].tolist() == [
        "share_covered",
        "share_covered_words",
    ]


def test_compare():
    tokenizer = TextTokenizer().fit(["a film", "a good film"])
    new = report_quietly(tokenizer, ["a bad film", "", "bad"], max_length=2)
    drift = tokenizer.report_.compare(new)
    assert list(drift.columns) == ["this", "other", "difference"]
    assert drift.loc["n_documents"].tolist() == [2, 3, 1]
    assert drift.loc["share_unknown"].tolist() == [0, 0.5, 0.5]
    assert drift.loc["length_max"].tolist() == [3, 3, 0]
    assert drift.loc["n_words"].tolist() == [3, 3, 0]
    assert drift.loc["share_truncated"].isna().tolist() == [True, False, True]
    pd.testing.assert_series_equal(
        drift["other"], new.to_frame()["value"], check_names=False
    )
    back = new.compare(tokenizer.report_)
    pd.testing.assert_series_equal(back["difference"], -drift["difference"])


def test_compare_takes_a_report():
    tokenizer = TextTokenizer().fit(["a"])
    with pytest.raises(TypeError, match="another TextReport, got TextTokenizer"):
        tokenizer.report_.compare(tokenizer)
