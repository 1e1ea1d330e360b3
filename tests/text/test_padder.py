"""SequencePadder: lengths, sides, containers, names, and what it must not lose."""

import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklstm import SequencePadder, TextTokenizer
from sklstm._sklearn import InvalidParameterError
from sklstm._validation import check_sequences
from sklstm.text import TokenArray, Vocabulary, _padder

NAN = np.nan
IDS = [[4, 2, 9, 8], [7], [], [5, 6]]
WORDS = Vocabulary(["<pad>", "<unk>", *"abcdefgh"])


def padded(X, **params):
    return SequencePadder(**params).fit_transform(X)


# -- known answers: the four rows of IDS for each choice

POST, PRE = [[4, 2], [7, 0], [0, 0], [5, 6]], [[4, 2], [0, 7], [0, 0], [5, 6]]
LONG_POST = [[4, 2, 9, 8], [7, 0, 0, 0], [0, 0, 0, 0], [5, 6, 0, 0]]
LONG_PRE = [[4, 2, 9, 8], [0, 0, 0, 7], [0, 0, 0, 0], [0, 0, 5, 6]]


def with_end(rows):
    return [[9, 8], *rows[1:]]


ANSWERS = [
    (None, "post", "post", LONG_POST),
    (None, "post", "pre", LONG_POST),
    (None, "pre", "post", LONG_PRE),
    (None, "pre", "pre", LONG_PRE),
    (2, "post", "post", POST),
    (2, "post", "pre", with_end(POST)),
    (2, "pre", "post", PRE),
    (2, "pre", "pre", with_end(PRE)),
    (0.75, "post", "post", POST),  # three of four have at most two steps
    (0.75, "post", "pre", with_end(POST)),
    (0.75, "pre", "post", PRE),
    (0.75, "pre", "pre", with_end(PRE)),
    (1, "post", "pre", [[8], [7], [0], [6]]),
    (1, "pre", "post", [[4], [7], [0], [5]]),
    (1.0, "post", "post", LONG_POST),
    (6, "pre", "post", [[0, 0, *row] for row in LONG_PRE]),
]


@pytest.mark.parametrize(("max_length", "padding", "truncating", "answer"), ANSWERS)
def test_known_answers(max_length, padding, truncating, answer):
    params = {
        "max_length": max_length,
        "padding": padding,
        "truncating": truncating,
    }
    found = padded(IDS, **params)
    assert type(found) is np.ndarray
    assert found.dtype == np.int32
    assert found.tolist() == answer
    # The same in numbers: 0 is NaN, and ragged rows make three dimensions.
    numbers = padded([np.array(row, float) for row in IDS], **params)
    assert numbers.shape == (4, len(answer[0]), 1)
    expected = np.where(np.array(answer) == 0, NAN, answer)
    assert np.array_equal(numbers[:, :, 0], expected, equal_nan=True)


def test_learned_attributes():
    padder = SequencePadder(max_length=0.75).fit(IDS)
    assert padder.max_length_ == 2
    assert type(padder.max_length_) is int
    assert padder.truncated_fraction_ == 0.25
    assert padder.input_type_ == "tokens"
    assert not hasattr(padder, "n_features_in_")
    assert SequencePadder().fit(IDS).truncated_fraction_ == 0.0
    assert SequencePadder().fit([[1.0], [2.0, 3.0]]).input_type_ == "series"


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=60),
    st.floats(0.01, 1.0, exclude_min=True),
)
def test_a_fraction_of_the_rows_is_kept_whole(lengths, fraction):
    padder = SequencePadder(max_length=fraction).fit([[1] * n for n in lengths])
    lengths = np.array(lengths)
    assert np.mean(lengths <= padder.max_length_) >= fraction - 1e-9
    shorter = np.mean(lengths < padder.max_length_)
    assert shorter < fraction + 1e-9 or padder.max_length_ == 1
    assert padder.truncated_fraction_ == np.mean(lengths > padder.max_length_)


def test_one_row_in_twenty_is_cut():
    padder = SequencePadder(max_length=0.95).fit([[1] * n for n in range(1, 21)])
    assert padder.max_length_ == 19
    assert padder.truncated_fraction_ == 0.05


def test_matrices_of_ids():
    X = np.array([[1, 2, 3], [4, 0, 0], [0, 0, 0]])
    assert padded(X).tolist() == X.tolist()
    assert padded(X, padding="pre").tolist() == [[1, 2, 3], [0, 0, 4], [0, 0, 0]]
    assert padded(X, max_length=2).tolist() == [[1, 2], [4, 0], [0, 0]]
    assert padded(X, max_length=2, truncating="pre")[0].tolist() == [2, 3]
    assert X.tolist() == [[1, 2, 3], [4, 0, 0], [0, 0, 0]]


def test_matrices_of_numbers_stay_matrices_with_padding_behind():
    X = [[1.0, 2.0, 3.0], [4.0, NAN, NAN]]
    assert np.array_equal(padded(X), X, equal_nan=True)
    assert np.array_equal(padded(X, max_length=2), [[1, 2], [4, NAN]], equal_nan=True)
    before = padded(X, padding="pre")  # only three dimensions may start with NaN
    expected = np.array([[[1], [2], [3]], [[NAN], [NAN], [4]]])
    assert np.array_equal(before, expected, equal_nan=True)


def test_three_dimensions():
    X = np.arange(12.0).reshape(2, 3, 2)
    X[0, 0] = X[1, 2] = NAN
    found = padded(X, max_length=2)
    assert np.array_equal(found, [X[0, 1:], X[1, :2]])
    wide = padded(X, max_length=4, padding="pre")
    assert np.isnan(wide[:, :2]).all()
    assert np.array_equal(wide[:, 2:], [X[0, 1:], X[1, :2]])
    rows = [X[0, 1:], X[1, :1]]
    ragged = padded(rows)
    assert np.array_equal(ragged[0], rows[0])
    assert np.array_equal(ragged[1], [X[1, 0], [NAN, NAN]], equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_keep_their_precision(dtype):
    for X in (np.ones((2, 3), dtype), np.ones((2, 3, 2), dtype)):
        assert padded(X).dtype == dtype
    assert padded([np.ones(2, dtype), np.ones(1, dtype)]).dtype == dtype


def test_empty_rows():
    assert padded([[], []]).tolist() == [[0], [0]]
    assert padded([[], []], max_length=3).tolist() == [[0] * 3] * 2
    numbers = padded([np.ones((0, 2)), np.ones((0, 2))])
    assert numbers.shape == (2, 1, 2)
    assert np.isnan(numbers).all()


def test_rows_longer_than_in_fit_are_cut():
    padder = SequencePadder().fit([[1, 2]])
    assert padder.transform([[3, 4, 5]]).tolist() == [[3, 4]]
    assert padder.transform([[3, 4, 5], [6]]).tolist() == [[3, 4], [6, 0]]
    three = SequencePadder().fit(np.ones((2, 3, 2)))
    assert three.transform(np.ones((1, 5, 2))).shape == (1, 3, 2)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.lists(st.integers(1, 99), max_size=8), min_size=1, max_size=20),
    extra=st.integers(0, 4),
    padding=st.sampled_from(["pre", "post"]),
    kind=st.sampled_from(["tokens", "series", "channels"]),
)
def test_padding_is_undone_by_reading(rows, extra, padding, kind):
    width = max(1, *map(len, rows)) + extra
    padder = SequencePadder(max_length=width, padding=padding)
    X = np.empty(len(rows), object)
    for i, row in enumerate(rows):
        X[i] = np.array(row, np.int32 if kind == "tokens" else np.float64)
        if kind == "channels":
            X[i] = np.stack([X[i], -X[i]], axis=1)
    input_type = "tokens" if kind == "tokens" else "series"
    assume(input_type == "tokens" or any(rows))  # else nothing says what they are
    original = check_sequences(SequencePadder(), X, reset=True, input_type=input_type)
    found = padder.fit_transform(X)
    assert found.shape[:2] == (len(rows), width)
    again = check_sequences(SequencePadder(), found, reset=True, input_type=input_type)
    assert np.array_equal(again.values, original.values)
    assert np.array_equal(again.lengths, original.lengths)
    once_more = padder.transform(found)
    assert np.array_equal(once_more, found, equal_nan=input_type == "series")


# -- containers


def test_the_vocabulary_stays():
    found = padded(TokenArray.from_rows(IDS, WORDS))
    assert isinstance(found, TokenArray)
    assert found.vocabulary is WORDS
    assert np.asarray(found).tolist() == LONG_POST
    assert padded(found, max_length=1).vocabulary is WORDS


@pytest.mark.parametrize("X", [IDS, TokenArray.from_rows(IDS, WORDS)])
def test_pandas_output(X):
    padder = SequencePadder().set_output(transform="pandas")
    frame = padder.fit_transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame) == ["step0", "step1", "step2", "step3"]
    assert frame.to_numpy().tolist() == LONG_POST
    assert set(frame.dtypes) == {np.dtype(np.int32)}
    expected = WORDS if isinstance(X, TokenArray) else None
    assert frame.attrs.get("vocabulary") is expected
    shorter = SequencePadder(max_length=2).fit(frame)
    assert shorter.feature_names_in_.tolist() == list(frame)
    assert getattr(shorter.transform(frame), "vocabulary", None) is expected


def test_pandas_output_keeps_the_index():
    padder = SequencePadder().set_output(transform="pandas")
    for X in (
        pd.Series(IDS, index=[3, 3, 1, 0]),
        pd.DataFrame({"t": IDS}, [3, 3, 1, 0]),
    ):
        assert padder.fit_transform(X).index.tolist() == [3, 3, 1, 0]
    numbers = pd.DataFrame([[1.0, NAN], [2.0, 3.0]], index=["x", "y"])
    frame = padder.fit_transform(numbers)
    assert frame.index.tolist() == ["x", "y"]
    assert np.array_equal(frame, numbers, equal_nan=True)


@pytest.mark.parametrize("X", [IDS, TokenArray.from_rows(IDS, WORDS)])
def test_polars_output(X):
    frame = SequencePadder().set_output(transform="polars").fit_transform(X)
    assert isinstance(frame, pl.DataFrame)
    assert frame.columns == ["step0", "step1", "step2", "step3"]
    assert frame.to_numpy().tolist() == LONG_POST


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize("X", [np.ones((2, 3, 2)), [[1.0], [2.0, 3.0]]])
def test_no_frame_holds_three_dimensions(container, X):
    padder = SequencePadder().set_output(transform=container)
    with pytest.raises(
        ValueError, match=r'call set_output\(transform="default"\) on it'
    ):
        padder.fit_transform(X)


def test_frames_through_tokenizer_and_padder():
    tokenizer = TextTokenizer().set_output(transform="pandas")
    padder = SequencePadder().set_output(transform="pandas")
    texts = pd.Series(["a film", "bad"], index=[5, 2])
    frame = padder.fit_transform(tokenizer.fit_transform(texts))
    assert frame.index.tolist() == [5, 2]
    assert frame.attrs["vocabulary"].ids == tokenizer.vocabulary_
    assert tokenizer.inverse_transform(frame).tolist() == ["a film", "bad"]


def test_names():
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 0], "c": [4, 0]})
    padder = SequencePadder(max_length=2).fit(frame)
    assert padder.n_features_in_ == 3
    assert padder.get_feature_names_out().tolist() == ["step0", "step1"]
    names = padder.get_feature_names_out(["a", "b", "c"])
    assert names.tolist() == ["step0", "step1"]
    assert names.dtype == object
    with pytest.raises(
        ValueError, match="input_features is not equal to feature_names"
    ):
        padder.get_feature_names_out(["a", "b", "z"])
    padder.fit(IDS)  # ragged rows have no columns
    assert not hasattr(padder, "n_features_in_")
    assert not hasattr(padder, "feature_names_in_")


# -- faults


def test_unfitted():
    for method in ("transform", "get_feature_names_out"):
        with pytest.raises(NotFittedError, match="This SequencePadder instance is not"):
            getattr(SequencePadder(), method)(*[IDS][: method == "transform"])


@pytest.mark.parametrize(
    "params",
    [
        {"max_length": 0},
        {"max_length": -3},
        {"max_length": 0.0},
        {"max_length": 1.5},
        {"max_length": "long"},
        {"padding": "both"},
        {"truncating": None},
    ],
    ids=str,
)
def test_wrong_parameters(params):
    (name,) = params
    message = f"The '{name}' parameter of SequencePadder must be"
    with pytest.raises(InvalidParameterError, match=message):
        SequencePadder(**params).fit(IDS)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (
            ["a film", "bad"],
            "SequencePadder expects token ids or numbers, but X is text",
        ),
        ([], "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is"),
        ([[1, -2], [3]], "Negative values in data passed to SequencePadder"),
        ([[1.0, np.inf]], "Input X contains infinity"),
        ([[NAN, 1.0]], "Input X contains NaN"),
        ([[1, 2], None], "SequencePadder expects one sequence per row; row 1 is None"),
    ],
)
def test_wrong_input(X, message):
    for method in (SequencePadder().fit, SequencePadder().fit(IDS).transform):
        with pytest.raises(ValueError, match=re.escape(message)):
            method(X)


def test_another_kind_of_input_than_in_fit():
    with pytest.raises(
        ValueError, match=r"SequencePadder expects integer token ids, f"
    ):
        SequencePadder().fit(IDS).transform([[1.5], [2.0, 3.0]])
    with pytest.raises(ValueError, match="X has 3 features, but SequencePadder is exp"):
        SequencePadder().fit([[1.0, 2.0]]).transform([[1.0, 2.0, 3.0]])
    numbers = SequencePadder().fit([[1.0], [2.0, 3.0]]).transform([[1], [2, 3]])
    assert np.array_equal(numbers[:, :, 0], [[1, NAN], [2, 3]], equal_nan=True)


def test_much_padding_is_warned_of(monkeypatch):
    monkeypatch.setattr(_padder, "LARGE", 100)
    X = [[1] * 20, [1], [1]]
    padder = SequencePadder().fit(X)
    message = (
        r"^SequencePadder: 63% of a result of 2\.4 GiB is padding\. max_length=0\.95"
    )
    with pytest.warns(UserWarning, match=message):
        padder.transform(X)
    assert padder.transform([[1] * 20] * 3).shape == (3, 20)  # large, but full
    assert padder.transform([[1]]).shape == (1, 20)  # padding, but small


# -- as scikit-learn has it


def test_clone_and_pickle():
    padder = SequencePadder(max_length=2, padding="pre", truncating="pre")
    assert clone(padder.fit(IDS)).get_params() == padder.get_params()
    assert not hasattr(clone(padder), "max_length_")
    again = pickle.loads(pickle.dumps(padder))
    assert np.array_equal(again.transform(IDS), padder.transform(IDS))
    assert padder.fit(IDS) is padder


def test_another_number_of_channels_is_refused():
    padder = SequencePadder().fit([np.ones((3, 2)), np.ones((1, 2))])
    assert padder.transform([[], []]).shape == (2, 3, 2)
    with pytest.raises(ValueError, match="X has 1 channels, but SequencePadder is"):
        padder.transform([np.ones((3, 1))])


def test_a_failed_fit_leaves_no_trace():
    X = np.random.RandomState(0).rand(4, 5)
    padder = SequencePadder().fit(X[:, :3])
    X[0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        padder.fit(X)
    assert padder.n_features_in_ == 3
    assert padder.transform(X[1:, :3]).shape == (3, 3)
