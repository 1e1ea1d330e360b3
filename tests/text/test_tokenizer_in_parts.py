"""TextTokenizer.partial_fit: texts in parts teach what all of them at once do."""

import gc
import pickle
import weakref
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

import sklstm
from sklstm import TextTokenizer
from sklstm.datasets import make_reviews
from sklstm.text._word_counts import growing_index

TEXTS = make_reviews(300, random_state=0)[0]
SETTINGS = [
    {},
    {"min_df": 3, "max_df": 0.5},
    {"min_df": 0.05, "max_features": 12},
    {"add_bos": True, "add_eos": True, "min_df": 40},
    {"analyzer": "char", "unknown": "keep"},
    {"vocabulary": ["film", "good", "rare"]},
]


def in_parts(tokenizer, texts, ends):
    for start, stop in zip([0, *ends], [*ends, len(texts)], strict=True):
        if start < stop:
            tokenizer.partial_fit(texts[start:stop])
    return tokenizer


def assert_same(found, expected, texts=TEXTS):
    assert found.vocabulary_ == expected.vocabulary_
    assert found.report_ == expected.report_
    ids, words = ([*map(list, t.transform(texts))] for t in (found, expected))
    assert ids == words


@pytest.mark.parametrize("params", SETTINGS, ids=str)
@pytest.mark.parametrize("ends", [[], [1], [7, 150], range(10, 300, 10)], ids=str)
def test_parts_are_as_good_as_the_whole(params, ends):
    tokenizer = TextTokenizer(**params)
    found = in_parts(clone(tokenizer), TEXTS, [*ends])
    assert_same(found, tokenizer.fit(TEXTS))


@settings(max_examples=60)
@given(
    st.lists(st.text(max_size=12), min_size=1, max_size=12),
    st.data(),
    st.integers(1, 3),
)
def test_any_texts_in_any_order(texts, data, min_df):
    tokenizer = TextTokenizer(analyzer="char", min_df=min_df)
    ends = sorted(data.draw(st.lists(st.integers(0, len(texts)), max_size=4)))
    texts_in_order = data.draw(st.permutations(texts))
    found = in_parts(clone(tokenizer), texts_in_order, ends)
    with suppress(ValueError):  # no text has a word, or not often enough
        assert_same(found, tokenizer.fit(texts), texts)
        return
    with pytest.raises(ValueError, match=r"empty vocabulary|min_df"):
        found.transform(texts)


def test_a_first_part_may_be_smaller_than_min_df():
    tokenizer = TextTokenizer(min_df=5).partial_fit(TEXTS[:2])
    with pytest.raises(ValueError, match="max_df corresponds to < documents"):
        tokenizer.transform(TEXTS)
    tokenizer.partial_fit(TEXTS[2:])
    assert_same(tokenizer, TextTokenizer(min_df=5).fit(TEXTS))


def test_it_can_be_used_between_the_parts():
    tokenizer = TextTokenizer()
    for stop in (10, 200, 300):
        tokenizer.partial_fit(TEXTS[{10: 0, 200: 10, 300: 200}[stop] : stop])
        assert_same(tokenizer, TextTokenizer().fit(TEXTS[:stop]))


def test_containers_are_those_of_fit():
    found = TextTokenizer()
    found.partial_fit(pd.Series(TEXTS[:100])).partial_fit(text for text in TEXTS[100:])
    assert_same(found, TextTokenizer().fit(TEXTS))


def test_a_bad_part_changes_nothing():
    tokenizer = TextTokenizer().partial_fit(TEXTS[:100])
    for bad in ([*TEXTS[100:], None], ["a", 3], "text", []):
        with pytest.raises((ValueError, TypeError)):
            tokenizer.partial_fit(bad)
        assert tokenizer.report_.n_documents == 100
    tokenizer.partial_fit(TEXTS[100:])
    assert_same(tokenizer, TextTokenizer().fit(TEXTS))


def test_nothing_was_counted_yet():
    with pytest.raises(NotFittedError):
        TextTokenizer().transform(TEXTS)
    with pytest.raises(ValueError, match="min_df"):
        TextTokenizer(min_df=1.5).partial_fit(TEXTS)


def test_fit_begins_anew_and_keeps_no_counts():
    tokenizer = TextTokenizer().partial_fit(TEXTS[:50]).fit(TEXTS[50:])
    assert_same(tokenizer, TextTokenizer().fit(TEXTS[50:]))
    with pytest.raises(ValueError, match="was fitted by fit, which keeps no counts"):
        tokenizer.partial_fit(TEXTS[:50])


@pytest.mark.parametrize(
    "params", [{"add_bos": True}, {"add_eos": True}, {"vocabulary": ["film"]}], ids=str
)
def test_what_comes_first_may_not_change(params):
    tokenizer = TextTokenizer().partial_fit(TEXTS[:50]).set_params(**params)
    with pytest.raises(ValueError, match="have changed since the first call"):
        tokenizer.partial_fit(TEXTS[50:])


@pytest.mark.parametrize("n", [150, 300])
def test_it_goes_on_after_loading(n, tmp_path):
    tokenizer = TextTokenizer(min_df=3).partial_fit(TEXTS[:n])
    path = sklstm.save(tokenizer, tmp_path / "tokenizer")
    for loaded in (pickle.loads(pickle.dumps(tokenizer)), sklstm.load(path)):
        assert_same(loaded, tokenizer)
        loaded.partial_fit(TEXTS[:n])
        assert_same(loaded, TextTokenizer(min_df=3).fit([*TEXTS[:n], *TEXTS[:n]]))
    light = TextTokenizer(vocabulary=tokenizer.vocabulary_).fit(["any"])
    assert light.vocabulary_ == tokenizer.vocabulary_
    assert len(pickle.dumps(light)) < len(pickle.dumps(tokenizer))


def test_too_few_texts_can_be_stored():
    tokenizer = TextTokenizer(min_df=50).partial_fit(TEXTS[:10])
    loaded = pickle.loads(pickle.dumps(tokenizer)).partial_fit(TEXTS[10:])
    assert_same(loaded, TextTokenizer(min_df=50).fit(TEXTS))


def test_in_a_pipeline_that_is_saved(tmp_path):
    """The runtime reads the words that were chosen."""
    texts, labels = make_reviews(100, random_state=1)
    tokenizer = TextTokenizer(min_df=2).partial_fit(texts[:60]).partial_fit(texts[60:])
    net = sklstm.LSTMClassifier(hidden_size=4, max_epochs=1, random_state=0)
    net.fit(tokenizer.transform(texts), labels)
    path = sklstm.save(make_pipeline(tokenizer, net), tmp_path / "model")
    light = sklstm.runtime.load(path)
    expected = net.predict_proba(tokenizer.transform(texts))
    np.testing.assert_allclose(light.predict_proba(texts), expected, atol=1e-5)


class Word(str):
    """A string of which one can tell whether it is still there."""


def test_the_words_of_a_part_are_let_go_at_once():
    """Not when the garbage collector comes: it counts objects, not their size."""
    index = growing_index(["first", "second"])
    assert [index[word] for word in ("second", "third", "first", "third")] == [
        1,
        2,
        0,
        2,
    ]
    word = Word("fourth")
    assert index[word] == 3
    is_there = weakref.ref(word)
    gc.disable()
    try:
        del index, word
        assert is_there() is None
    finally:
        gc.enable()
