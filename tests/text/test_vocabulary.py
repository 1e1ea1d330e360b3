"""The words behind the ids."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklstm.text import Vocabulary

WORDS = ("<pad>", "<unk>", "good", "film")
# Any characters at all, lone surrogates too.
any_words = st.lists(st.text(st.characters(exclude_categories=())), unique=True)


def test_words_and_ids():
    vocabulary = Vocabulary(WORDS)
    assert len(vocabulary) == 4
    assert tuple(vocabulary) == vocabulary.words == WORDS
    assert vocabulary[2] == "good"
    assert vocabulary.ids == {"<pad>": 0, "<unk>": 1, "good": 2, "film": 3}
    assert "film" in vocabulary
    assert "bad" not in vocabulary
    assert vocabulary.n_fitted == 4
    assert repr(vocabulary) == "Vocabulary('<pad>', '<unk>', 'good', 'film'; 4 words)"


def test_repr_of_many_words_is_short():
    shown = repr(Vocabulary(map(str, range(1000))))
    assert shown == "Vocabulary('0', '1', '2', '3', '4', '5', ...; 1000 words)"


def test_no_words():
    vocabulary = Vocabulary([])
    assert len(vocabulary) == 0
    assert vocabulary.words == ()
    assert vocabulary == pickle.loads(pickle.dumps(vocabulary))


@pytest.mark.parametrize(
    ("words", "n_fitted", "error", "message"),
    [
        (["a", "b", "a"], None, ValueError, "each word once; 'a' appears 2 times"),
        (["a", 3], None, TypeError, r"of type str; word 1 is int \(3\)"),
        (["a"], 2, ValueError, "n_fitted from 0 to 1, the number of words, got 2"),
        (["a"], -1, ValueError, "n_fitted from 0 to 1, the number of words, got -1"),
    ],
)
def test_bad_words(words, n_fitted, error, message):
    with pytest.raises(error, match=message):
        Vocabulary(words, n_fitted)


@given(any_words)
def test_any_words_survive_storage(words):
    vocabulary = Vocabulary(words)
    restored = pickle.loads(pickle.dumps(vocabulary))
    assert restored == vocabulary
    assert list(vocabulary) == list(restored) == words


@given(any_words, any_words)
def test_digest_tells_words_apart(words, others):
    same = Vocabulary(words) == Vocabulary(others)
    assert same == (words == others)
    assert not same or hash(Vocabulary(words)) == hash(Vocabulary(others))


def test_digest_sees_where_words_begin():
    assert Vocabulary(["ab", "c"]) != Vocabulary(["a", "bc"])


def test_not_equal_to_other_types():
    assert Vocabulary(WORDS) != WORDS


def test_extend():
    fitted = Vocabulary(WORDS)
    longer = fitted.extend(["bad", "\ud83d"])
    assert longer.words == (*WORDS, "bad", "\ud83d")
    assert longer.n_fitted == 4
    assert longer == Vocabulary((*WORDS, "bad", "\ud83d"), n_fitted=4)
    assert longer.fitted == fitted
    assert longer.fitted_digest == fitted.digest
    assert longer.digest != fitted.digest
    assert fitted.words == WORDS


def test_extending_twice_keeps_the_fitted_part():
    longer = Vocabulary(WORDS).extend(["a"]).extend(["b"])
    assert longer.words == (*WORDS, "a", "b")
    assert longer.fitted == Vocabulary(WORDS)


def test_n_fitted_is_part_of_the_digest():
    assert Vocabulary(WORDS, n_fitted=3) != Vocabulary(WORDS)


def test_extend_by_nothing():
    fitted = Vocabulary(WORDS)
    assert fitted.extend([]) is fitted


@pytest.mark.parametrize("words", [["new", "film"], ["new", "new"]])
def test_extend_refuses_repeated_words(words):
    with pytest.raises(ValueError, match="Vocabulary"):
        Vocabulary(WORDS).extend(words)


def test_copies_are_the_same_object():
    vocabulary = Vocabulary(WORDS)
    assert copy.copy(vocabulary) is vocabulary
    assert copy.deepcopy({"here": vocabulary})["here"] is vocabulary


def test_state_is_numpy_and_has_no_caches():
    vocabulary = Vocabulary(WORDS)
    before = vocabulary.__getstate__()
    assert vocabulary.ids
    assert vocabulary.words
    assert vocabulary.digest
    state = vocabulary.__getstate__()
    assert set(state) == {"utf8", "offsets", "n_fitted"}
    assert state["utf8"].dtype == np.uint8
    assert state["offsets"].dtype == np.int64
    assert all(state[key] is before[key] for key in state)


def test_memory_mapped(tmp_path):
    vocabulary = Vocabulary(WORDS).extend(["bad"])
    joblib.dump(vocabulary, tmp_path / "vocabulary.joblib")
    restored = joblib.load(tmp_path / "vocabulary.joblib", mmap_mode="r")
    assert restored == vocabulary
    assert restored.words == vocabulary.words
    assert restored.extend(["new"]).words == (*vocabulary.words, "new")
