"""Texts to token ids."""

# ruff: noqa: RUF001  (texts of many scripts)

import re
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklstm._sklearn import InvalidParameterError
from sklstm.text import TOKEN_PATTERN, TextTokenizer, TokenArray, Vocabulary

TEXTS = ["not a bad film", "a bad, bad film", "good"]


def as_lists(X):
    return [row.tolist() for row in X]


def words_of(tokenizer):
    """List the words of a fitted tokenizer by id."""
    ids = tokenizer.vocabulary_
    assert list(ids.values()) == list(range(len(ids)))
    return list(ids)


# The default pattern


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a film I saw", "a film I saw"),
        ("Good, bad; ugly!?", "Good , bad ; ugly ! ?"),
        ("don't it's o'clock", "don't it's o'clock"),
        ("don\u2019t", "don\u2019t"),
        ("does n't it 's they 'LL", "does n't it 's they 'LL"),
        ("'sun' the dogs' bowl", "' sun ' the dogs ' bowl"),
        ("well... no .. yes.", "well ... no .. yes ."),
        ("wow!!!", "wow ! ! !"),
        ("3.5 of 10,000 in 1990s, 7.", "3.5 of 10,000 in 1990s , 7 ."),
        ("a well-made film", "a well - made film"),
        ("snake_case <unk> <b>", "snake_case <unk> < b >"),
        ("$5 50% #tag @me", "$ 5 50 % # tag @ me"),
        ("tabs\tand\nlines\u00a0end", "tabs and lines end"),
        ("👍🏽 ❤\ufe0f", "👍 🏽 ❤"),
        ("l'été naïve", "l'été naïve"),
        ("cafe\u0301 noir", "cafe\u0301 noir"),
        ("Это хорошо, да?", "Это хорошо , да ?"),
        ("हिन्दी में अच्छा है।", "हिन्दी में अच्छा है ।"),
        ("தமிழ் மொழி", "தமிழ் மொழி"),
        ("ภาษาไทย ดี", "ภาษาไทย ดี"),
        ("می\u200cخواهم؟", "می\u200cخواهم ؟"),
        ("الْعَرَبِيَّةُ", "الْعَرَبِيَّةُ"),
        ("很快，好吃。", "很快 ， 好吃 。"),
        ("\ufeffbom zero\u200bwidth bell\x07", "bom zero width bell"),
        ("half \ud83d emoji", "half \ud83d emoji"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_default_pattern(text, tokens):
    assert re.findall(TOKEN_PATTERN, text) == tokens.split()
    tokenizer = TextTokenizer(lowercase=False, unknown="keep", vocabulary=["x"])
    X = tokenizer.fit_transform([text])
    assert [X.vocabulary[i] for i in X[0]] == tokens.split()


@given(st.text())
def test_default_pattern_loses_only_what_cannot_be_seen(text):
    lost = re.sub(rf"{TOKEN_PATTERN}|\s", "", text)
    assert {unicodedata.category(c) for c in lost} <= {"Mn", "Mc", "Me", "Cc", "Cf"}


@given(st.text(st.characters(max_codepoint=127)), st.sampled_from(["", "\u00e9"]))
def test_ascii_texts_are_split_as_all_others(text, ending):
    """They have a pattern of their own, which is faster."""
    tokenizer = TextTokenizer(lowercase=False, unknown="keep", vocabulary=["x"])
    text = f"{text} {ending}"
    X = tokenizer.fit_transform([text])
    assert [X.vocabulary[i] for i in X[0]] == re.findall(TOKEN_PATTERN, text)


# Ids


def test_ids_by_count_then_alphabet():
    tokenizer = TextTokenizer().fit(TEXTS)
    words = ["bad", "a", "film", ",", "good", "not"]
    assert words_of(tokenizer) == ["<pad>", "<unk>", *words]


def test_many_ties_are_alphabetical():
    words = [f"w{i:03d}" for i in range(100)]
    tokenizer = TextTokenizer().fit([" ".join([*reversed(words), words[50]])])
    assert words_of(tokenizer)[2:] == ["w050", *words[:50], *words[51:]]


def test_transform():
    X = TextTokenizer().fit(TEXTS).transform(["bad a new film", "", "!"])
    assert isinstance(X, TokenArray)
    assert X.shape == (3,)
    assert as_lists(X) == [[2, 3, 1, 4], [], [1]]
    assert all(row.dtype == np.int32 for row in X)


def test_result_carries_the_vocabulary():
    tokenizer = TextTokenizer().fit(TEXTS)
    X = tokenizer.transform(["a"])
    assert X.vocabulary.ids == tokenizer.vocabulary_
    assert X.vocabulary.n_fitted == len(X.vocabulary)


def test_bos_and_eos():
    tokenizer = TextTokenizer(add_bos=True, add_eos=True)
    X = tokenizer.fit_transform(["b", "b a", ""])
    assert words_of(tokenizer) == ["<pad>", "<unk>", "<bos>", "<eos>", "b", "a"]
    assert as_lists(X) == [[2, 4, 3], [2, 4, 5, 3], [2, 3]]
    only_eos = TextTokenizer(add_eos=True)
    assert as_lists(only_eos.fit_transform(["b"])) == [[3, 2]]
    assert words_of(only_eos) == ["<pad>", "<unk>", "<eos>", "b"]


@pytest.mark.parametrize("unknown", ["unk", "keep"])
def test_literal_special_words(unknown):
    tokenizer = TextTokenizer(tokenizer=str.split, unknown=unknown)
    X = tokenizer.fit_transform(["<unk> a <unk> <pad>", "a <eos>"])
    assert words_of(tokenizer) == ["<pad>", "<unk>", "a", "<eos>"]
    assert as_lists(X) == [[1, 2, 1, 1], [2, 3]]
    assert as_lists(tokenizer.transform(["<pad> <unk>"])) == [[1, 1]]


def test_literal_eos_is_the_special_one_when_asked_for():
    tokenizer = TextTokenizer(tokenizer=str.split, add_eos=True)
    assert as_lists(tokenizer.fit_transform(["a <eos> a"])) == [[3, 2, 3, 2]]


def test_max_features_keeps_the_most_frequent_and_the_special_ids():
    tokenizer = TextTokenizer(max_features=2, add_bos=True).fit(TEXTS)
    assert words_of(tokenizer) == ["<pad>", "<unk>", "<bos>", "bad", "a"]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"min_df": 2}, ["bad", "a", "film"]),
        ({"min_df": 0.5}, ["bad", "a", "film"]),
        ({"max_df": 1}, [",", "good", "not"]),
        ({"max_df": 0.4}, [",", "good", "not"]),
        ({"min_df": 2, "max_features": 1}, ["bad"]),
        ({"max_df": 1, "stop_words": ["good"]}, [",", "not"]),
    ],
)
def test_document_frequency(limits, words):
    tokenizer = TextTokenizer(**limits)
    X = tokenizer.fit_transform(TEXTS)
    assert words_of(tokenizer) == ["<pad>", "<unk>", *words]
    assert as_lists(X) == as_lists(tokenizer.transform(TEXTS))


def test_unknown_keep():
    tokenizer = TextTokenizer(unknown="keep").fit(["a b", "a"])
    X = tokenizer.transform(["new a old", "old b new newer"])
    assert as_lists(X) == [[4, 2, 5], [5, 3, 4, 6]]
    assert X.vocabulary.words[4:] == ("new", "old", "newer")
    assert X.vocabulary.n_fitted == 4
    assert X.vocabulary.fitted.ids == tokenizer.vocabulary_
    assert len(tokenizer.vocabulary_) == 4
    assert tokenizer.inverse_transform(X).tolist() == ["new a old", "old b new newer"]


def test_unknown_keep_gives_ids_to_words_that_fit_cut():
    tokenizer = TextTokenizer(unknown="keep", max_features=1)
    X = tokenizer.fit_transform(["c b b", "a b"])
    assert words_of(tokenizer) == ["<pad>", "<unk>", "b"]
    assert as_lists(X) == [[3, 2, 2], [4, 2]]
    assert X.vocabulary.words[3:] == ("c", "a")


# Parameters


def test_lowercase_and_accents():
    X = ["Été ÉTÉ"]
    assert words_of(TextTokenizer().fit(X))[2:] == ["été"]
    assert words_of(TextTokenizer(lowercase=False).fit(X))[2:] == ["ÉTÉ", "Été"]
    assert words_of(TextTokenizer(strip_accents="unicode").fit(X))[2:] == ["ete"]


def test_callables():
    swapped = TextTokenizer(preprocessor=str.swapcase).fit(["aB"])
    assert words_of(swapped)[2:] == ["Ab"]
    split = TextTokenizer(tokenizer=lambda text: text.split("|")).fit(["a b|c"])
    assert words_of(split)[2:] == ["a b", "c"]
    analyzed = TextTokenizer(analyzer=lambda text: [text[:2], text[2:]])
    assert words_of(analyzed.fit(["ABcd"]))[2:] == ["AB", "cd"]


def test_token_pattern_of_one_group():
    tokenizer = TextTokenizer(token_pattern=r"<(\w+)>").fit(["<a> b <c>"])
    assert words_of(tokenizer)[2:] == ["a", "c"]


def test_stop_words():
    english = TextTokenizer(stop_words="english").fit(["this is the film"])
    assert words_of(english)[2:] == ["film"]
    assert words_of(TextTokenizer(stop_words={"film"}).fit(["a film"]))[2:] == ["a"]


def test_characters():
    tokenizer = TextTokenizer(analyzer="char")
    X = tokenizer.fit_transform(["很快，好吃", "好 吃"])
    assert [len(row) for row in X] == [5, 3]
    assert tokenizer.inverse_transform(X).tolist() == ["很快，好吃", "好 吃"]


def test_token_lists_are_neither_lowercased_nor_split():
    tokenizer = TextTokenizer(stop_words=["The"])
    X = tokenizer.fit_transform([["The", "New York", "A"], ("A",), np.array(["A"])])
    assert words_of(tokenizer)[2:] == ["A", "New York"]
    assert as_lists(X) == [[3, 2], [2], [2]]


@pytest.mark.parametrize(
    "vocabulary",
    [
        ["b", "a", "c"],
        ("b", "a", "c"),
        pd.Series(["b", "a", "c"]),
        {"c": 9, "a": 1, "b": 0},
        ["<pad>", "b", "<unk>", "a", "c"],
        Vocabulary(["b", "a", "c"]),
    ],
)
def test_given_vocabulary(vocabulary):
    tokenizer = TextTokenizer(vocabulary=vocabulary)
    X = tokenizer.fit_transform(["a b d"])
    assert words_of(tokenizer) == ["<pad>", "<unk>", "b", "a", "c"]
    assert as_lists(X) == [[3, 2, 1]]


def test_given_set_is_sorted():
    tokenizer = TextTokenizer(vocabulary={"b", "c", "a"}).fit(["x"])
    assert words_of(tokenizer)[2:] == ["a", "b", "c"]


@pytest.mark.parametrize("options", [{}, {"add_bos": True, "add_eos": True}])
def test_vocabulary_of_another_tokenizer_gives_its_ids(options):
    first = TextTokenizer(max_features=3, **options).fit(TEXTS)
    second = TextTokenizer(vocabulary=first.vocabulary_, **options).fit(["other"])
    assert second.vocabulary_ == first.vocabulary_
    assert as_lists(second.transform(TEXTS)) == as_lists(first.transform(TEXTS))


@pytest.mark.parametrize(
    ("vocabulary", "error", "message"),
    [
        (["a", "b", "a"], ValueError, "'a' appears 2 times"),
        ({"a": 1, "b": 1}, ValueError, "two words have the same number"),
        ([], ValueError, "empty vocabulary passed to fit"),
        (["<unk>"], ValueError, "empty vocabulary passed to fit"),
        (["a", None], TypeError, "word 3 is NoneType"),
        ("abc", TypeError, "it is one str, not words"),
    ],
)
def test_bad_vocabulary(vocabulary, error, message):
    expected = f"TextTokenizer cannot use its parameter vocabulary: .*{message}"
    with pytest.raises(error, match=expected):
        TextTokenizer(vocabulary=vocabulary).fit(TEXTS)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_df": 1, "min_df": 2}, "max_df corresponds to < documents than min_df"),
        ({"min_df": 4}, "max_df corresponds to < documents than min_df"),
        ({"min_df": 3}, "After pruning, no terms remain. Try a lower min_df"),
        ({"token_pattern": "("}, "cannot use token_pattern='('"),
        ({"token_pattern": "(a)(b)"}, "More than 1 capturing group in token pattern"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        TextTokenizer(**params).fit(TEXTS)
    assert str(error.value).startswith("TextTokenizer")


@pytest.mark.parametrize(
    "params",
    [
        {"analyzer": "words"},
        {"unknown": "drop"},
        {"missing": None},
        {"max_features": 0},
        {"min_df": 1.5},
        {"max_df": -1},
        {"stop_words": "klingon"},
        {"vocabulary": 3},
        {"add_bos": "yes"},
        {"decode_error": "guess"},
        {"token_pattern": b"a"},
    ],
)
def test_invalid_parameters(params):
    name = next(iter(params))
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of TextTok"):
        TextTokenizer(**params).fit(TEXTS)


def test_tokens_of_a_foreign_tokenizer_must_be_str():
    tokenizer = TextTokenizer(tokenizer=lambda text: [len(text)])
    with pytest.raises(TypeError, match=r"row 0 has int \(14\) as token 0"):
        tokenizer.fit(TEXTS)


@pytest.mark.parametrize("option", ["tokenizer", "analyzer"])
@pytest.mark.parametrize(
    ("split", "found"), [(lambda text: None, "NoneType"), (str.upper, "str")]
)
def test_what_is_no_list_of_tokens_is_refused(option, split, found):
    message = f"expects a list of str as the tokens of row 0, found {found}"
    with pytest.raises(TypeError, match=message):
        TextTokenizer(**{option: split}).fit(["a text"])
