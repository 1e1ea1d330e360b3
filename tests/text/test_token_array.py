"""An array of token ids that carries its vocabulary."""

import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold, train_test_split

from sklstm._validation._sequences import vocabulary_of
from sklstm.text import TokenArray, Vocabulary
from sklstm.text._token_array import wrap_tokens

WORDS = Vocabulary(["<pad>", "<unk>", "good", "film"])
OTHER = Vocabulary(["<pad>", "<unk>", "bad", "film"])


@pytest.fixture
def padded():
    return TokenArray([[2, 3], [3, 0], [1, 2]], WORDS)


@pytest.fixture
def ragged():
    return TokenArray.from_rows([[2, 3], [3], [], [1, 2]], WORDS)


@pytest.fixture(params=["padded", "ragged"])
def tokens(request):
    return request.getfixturevalue(request.param)


def assert_tokens(found, vocabulary=WORDS):
    """Check the class, the vocabulary and the fingerprint in the dtype."""
    assert type(found) is TokenArray
    assert found.vocabulary == vocabulary
    assert found.dtype.metadata == {"vocabulary": vocabulary.digest}


def assert_plain(found):
    assert type(found) is np.ndarray or np.isscalar(found)


def assert_same(found, expected):
    assert_tokens(found)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    for row, expected_row in zip(found.ravel(), expected.ravel(), strict=True):
        np.testing.assert_array_equal(row, expected_row)


# Making


def test_padded_form(padded):
    assert padded.shape == (3, 2)
    assert padded.dtype == np.int32
    assert_tokens(padded)


def test_ragged_form(ragged):
    assert ragged.shape == (4,)
    assert ragged.dtype == object
    assert all(type(row) is np.ndarray and row.dtype == np.int32 for row in ragged)
    assert [row.tolist() for row in ragged] == [[2, 3], [3], [], [1, 2]]
    assert_tokens(ragged)


@pytest.mark.parametrize(
    "make",
    [
        lambda rows: TokenArray(rows, WORDS),
        lambda rows: TokenArray(tuple(rows), WORDS),
        lambda rows: TokenArray.from_rows(rows, WORDS),
        lambda rows: TokenArray.from_ragged(np.concatenate(rows), [2, 2], WORDS),
    ],
)
def test_rows_of_equal_length_stay_ragged(make):
    X = make([np.array([1, 2]), np.array([3, 2])])
    assert X.shape == (2,)
    assert_same(X, TokenArray.from_rows([[1, 2], [3, 2]], WORDS))


def test_lists_of_different_lengths_are_ragged():
    assert_same(TokenArray([[1], [2, 3]], WORDS), TokenArray.from_rows([[1], [2, 3]]))


@given(st.lists(st.lists(st.integers(0, 9))))
def test_flat_and_lengths_are_the_inverse_of_from_ragged(rows):
    flat, lengths = TokenArray.from_rows(rows).to_ragged()
    assert flat.dtype == np.int32
    assert lengths.tolist() == [len(row) for row in rows]
    restored = TokenArray.from_ragged(flat, lengths)
    assert [row.tolist() for row in restored] == rows


def test_padded_form_to_ragged(padded):
    flat, lengths = padded.to_ragged()
    assert_plain(flat)
    assert flat.tolist() == [2, 3, 3, 0, 1, 2]
    assert lengths.tolist() == [2, 2, 2]


@pytest.mark.parametrize("ids", [[[0.5]], [["a"]], [[True]], [[2**31]], [[-(2**40)]]])
def test_only_ids(ids):
    with pytest.raises(ValueError, match="expects integer ids that fit int32"):
        TokenArray(ids)


def test_rows_are_one_dimensional():
    with pytest.raises(ValueError, match="row 1 has 2 dimensions"):
        TokenArray.from_rows([[1], [[2]]])


def test_lengths_must_add_up():
    with pytest.raises(ValueError, match=r"3 ids, but the lengths .* add up to 2"):
        TokenArray.from_ragged([1, 2, 3], [1, 1])


def test_repr(padded, ragged):
    assert repr(padded[:1]) == "TokenArray([[2, 3]], n_words=4)"
    assert repr(ragged) == "TokenArray([[2, 3], [3], [], [1, 2]], n_words=4)"
    assert repr(TokenArray([[1]])) == "TokenArray([[1]])"
    many = repr(TokenArray.from_rows([range(1000)] * 1000))
    assert len(many) < 400


def test_vocabulary_is_read_only(padded):
    with pytest.raises(AttributeError):
        padded.vocabulary = OTHER


# What keeps the vocabulary


@pytest.mark.parametrize(
    "keep",
    [
        lambda X: X[:2],
        lambda X: X[::-1],
        lambda X: X[[0, 2]],
        lambda X: X[np.arange(len(X)) > 0],
        lambda X: X.take([1, 0], axis=0),
        lambda X: np.take(X, [1, 0], axis=0),
        lambda X: X.copy(),
        lambda X: X.reshape(-1, 1),
        lambda X: X.ravel(),
        lambda X: X.T,
        lambda X: X.view(),
        lambda X: X.astype(X.dtype),
        lambda X: X.astype(X.dtype, copy=False),
        copy.copy,
        copy.deepcopy,
        lambda X: np.array_split(X, 2)[0],
        lambda X: train_test_split(X, random_state=0)[0],
        lambda X: X[next(iter(KFold(2).split(X)))[1]],
    ],
)
def test_kept_by(tokens, keep):
    assert_tokens(keep(tokens))


def test_column_of_the_padded_form(padded):
    assert_tokens(padded[:, 0])
    assert_tokens(padded[0])
    assert isinstance(padded[0, 0], np.int32)


def test_row_of_the_ragged_form_is_plain(ragged):
    assert_plain(ragged[0])
    assert ragged[0].dtype == np.int32
    assert ragged[0].dtype.metadata is None


def test_wider_integers_are_ids(padded):
    wide = padded.astype(np.int64)
    assert wide.dtype == np.int64
    assert_tokens(wide)
    assert_same(pickle.loads(pickle.dumps(wide)), wide)


# What drops it


@pytest.mark.parametrize(
    "drop",
    [
        lambda X: X + 1,
        lambda X: 2 * X,
        lambda X: -X,
        lambda X: X / 2,
        lambda X: X % X,
        lambda X: np.add.outer(X, X),
        lambda X: np.ones((3, 3)) @ X,
        lambda X: X == 3,
        lambda X: X > 1,
        lambda X: X == X,
        lambda X: np.isin(X, [1]),
        lambda X: X.sum(),
        lambda X: X.sum(axis=1),
        lambda X: X.max(),
        lambda X: X.max(axis=0),
        lambda X: X.mean(axis=1),
        lambda X: X.std(),
        lambda X: X.cumsum(axis=1),
        lambda X: (X > 1).any(axis=1),
        lambda X: X.argmax(),
        lambda X: X.argmax(axis=1),
        lambda X: X.argmin(axis=1),
        lambda X: X.argsort(axis=1),
        lambda X: np.argsort(X),
        lambda X: X.argpartition(1),
        lambda X: X.dot(X.T),
        lambda X: X.nonzero()[0],
        lambda X: X[:, 0].nonzero()[0],
        lambda X: X.astype(float),
        lambda X: X.astype(bool),
        lambda X: X.astype(str),
        lambda X: X.astype(object),
        lambda X: np.sqrt(X),
        lambda X: np.concatenate([X, X]),
        lambda X: np.vstack([X, X]),
        lambda X: np.asarray(X),
        lambda X: np.where(X > 1, X, 0),
    ],
)
def test_dropped_by(padded, drop):
    plain = np.array([[2, 3], [3, 0], [1, 2]], dtype=np.int32)
    with np.errstate(divide="ignore"):
        found, expected = drop(padded), drop(plain)
    assert_plain(found)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_adding_in_place_makes_it_plain(padded):
    padded += 1
    assert_plain(padded)


def test_concatenation_of_the_ragged_form_is_plain(ragged):
    assert_plain(np.concatenate([ragged, ragged]))
    assert_plain(np.asarray(ragged))


# Storage


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(tokens, protocol):
    assert_same(pickle.loads(pickle.dumps(tokens, protocol)), tokens)


def test_pickle_keeps_the_shape_of_a_ragged_column(ragged):
    column = ragged.reshape(-1, 1)
    assert_same(pickle.loads(pickle.dumps(column)), column)


def test_pickle_without_vocabulary():
    restored = pickle.loads(pickle.dumps(TokenArray([[1]])))
    assert type(restored) is TokenArray
    assert restored.vocabulary is None


def test_pickle_of_the_ragged_form_is_compact():
    X = TokenArray.from_rows([[1]] * 1000, WORDS)
    # 4 bytes for the id, 8 for the length; row by row it is over 100
    assert len(pickle.dumps(X)) < 13 * 1000


def test_memory_map(tokens, tmp_path):
    joblib.dump(tokens, tmp_path / "tokens.joblib")
    restored = joblib.load(tmp_path / "tokens.joblib", mmap_mode="r")
    assert_same(restored, tokens)
    if tokens.dtype != object:
        assert isinstance(restored.base, np.memmap)


def test_joblib_hash_differs_by_vocabulary():
    rows = [[2, 3], [3, 2]]
    for make in (TokenArray, TokenArray.from_rows):
        hashes = {joblib.hash(make(rows, words)) for words in (WORDS, OTHER, None)}
        assert len(hashes) == 3
        plain = {joblib.hash(np.asarray(make(rows, words))) for words in (WORDS, OTHER)}
        assert len(plain) == 2


def test_joblib_hash_does_not_see_how_it_was_made(ragged):
    again = Vocabulary(WORDS.words)
    assert again.ids  # a cache more than WORDS may have
    flat, lengths = ragged.to_ragged()
    assert joblib.hash(TokenArray.from_ragged(flat, lengths, again)) == joblib.hash(
        TokenArray.from_rows(list(ragged), WORDS)
    )


def first_word(X):
    return X.vocabulary[2], X


def test_joblib_memory(tokens, tmp_path):
    cached = joblib.Memory(tmp_path, verbose=0).cache(first_word)
    for _ in range(2):
        word, X = cached(tokens)
        assert word == "good"
        assert_same(X, tokens)
    assert cached.check_call_in_cache(tokens)
    flat, lengths = tokens.to_ragged()
    other = TokenArray.from_ragged(flat, lengths, OTHER)
    assert cached(other)[0] == "bad"


@pytest.mark.parametrize("max_nbytes", ["1M", 1])
def test_loky(tokens, max_nbytes):
    pool = joblib.Parallel(n_jobs=2, max_nbytes=max_nbytes)  # 1: memory-mapped
    for X in pool(joblib.delayed(copy.deepcopy)(tokens) for _ in range(2)):
        assert_same(X, tokens)


# Frames


class Steps(BaseEstimator):
    """Something with an output configuration and feature names."""

    def __init__(self, names=("tokens",), container="default"):
        self.names = names
        self.container = container
        self._sklearn_output_config = {"transform": container}

    def get_feature_names_out(self):
        return np.array(self.names, dtype=object)


def test_default_output_is_the_array(tokens):
    assert wrap_tokens(Steps(), tokens, None) is tokens


@pytest.mark.parametrize("rows", [[[2, 3], [3], []], [[2, 3], [3, 2], [1, 1]]])
def test_pandas_output_of_the_ragged_form(rows):
    X = TokenArray.from_rows(rows, WORDS)
    original = pd.Series(["a", "b", "c"], index=[7, 7, 2])
    frame = wrap_tokens(Steps(container="pandas"), X, original)
    assert frame.shape == (3, 1)
    assert list(frame.columns) == ["tokens"]
    assert list(frame.index) == [7, 7, 2]
    assert [row.tolist() for row in frame["tokens"]] == rows
    assert all(row.dtype == np.int32 for row in frame["tokens"])
    assert vocabulary_of(frame) is WORDS
    assert vocabulary_of(frame.iloc[:2]) is WORDS


def test_pandas_output_of_the_padded_form(padded):
    frame = wrap_tokens(Steps(("step0", "step1"), "pandas"), padded, [1, 2, 3])
    assert frame.dtypes.tolist() == [np.int32, np.int32]
    assert list(frame.columns) == ["step0", "step1"]
    assert frame.to_numpy().tolist() == padded.tolist()
    assert vocabulary_of(frame) is WORDS


@pytest.mark.parametrize("rows", [[[2, 3], [3], []], [[2, 3], [3, 2], [1, 1]]])
def test_polars_output_of_the_ragged_form(rows):
    X = TokenArray.from_rows(rows, WORDS)
    frame = wrap_tokens(Steps(container="polars"), X, None)
    assert frame.schema == {"tokens": pl.List(pl.Int32)}
    assert frame["tokens"].to_list() == rows
    assert vocabulary_of(frame) is None


def test_polars_output_of_the_padded_form(padded):
    frame = wrap_tokens(Steps(("step0", "step1"), "polars"), padded, None)
    assert frame.schema == {"step0": pl.Int32, "step1": pl.Int32}
    assert frame.to_numpy().tolist() == padded.tolist()


def test_vocabulary_of(tokens):
    assert vocabulary_of(tokens) is WORDS
    assert vocabulary_of(np.asarray(tokens)) is None
    assert vocabulary_of([[1]]) is None
    assert vocabulary_of(pd.DataFrame({"vocabulary": ["a column"]})) is None
