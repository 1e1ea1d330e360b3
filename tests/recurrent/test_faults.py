"""What can be wrong with the input of a recurrent classifier, row by row.

Numbers are those of the rows of the project's table of faults. Each test says what is
raised, word by word where the words matter, and that nothing is left half-fitted.
"""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import DataConversionWarning, NotFittedError

from sklstm import BiLSTMClassifier, LSTMClassifier, SequencePadder

rng = np.random.RandomState(0)
IDS = rng.randint(1, 30, (40, 8))
NUMBERS = rng.randn(40, 8)
CHANNELS = rng.randn(40, 8, 2)
Y = np.arange(40) % 2
SMALL = {"embedding_dim": 4, "hidden_size": 4, "max_epochs": 1, "random_state": 0}


def small(**params):
    return LSTMClassifier(**{**SMALL, **params})


def put(array, place, value):
    changed = array.copy()
    changed[place] = value
    return changed


TEXT_LINE = (
    "LSTMClassifier expects token ids or numbers, but X is text. Turn it into tokens "
    "first: make_pipeline(TextTokenizer(), SequencePadder(), LSTMClassifier()).fit(X, "
    "y)"
)
SET_SERIES = ' If X holds numbers, not token ids, set input_type="series".'
MIXED = rng.randint(1, 9, (40, 2)).astype(object)

BAD_X = {
    "20 no steps": (IDS[:, :0], "Found array with 0 feature(s) (shape=(40, 0))"),
    "20 no channels": (CHANNELS[:, :, :0], "Found array with 0 channel(s)"),
    "22 negative id": (
        put(IDS, (3, 1), -2),
        "Negative values in data passed to LSTMClassifier: token ids start at 0, found "
        "-2 in row 3." + SET_SERIES,
    ),
    "22 negative id, ragged": (
        [*IDS[:39].tolist(), [1, -7]],
        "token ids start at 0, found -7 in row 39." + SET_SERIES,
    ),
    "23 absurd id": (
        put(IDS, (5, 0), 2**31 - 1),
        "LSTMClassifier can embed token ids up to 10000000, found 2147483647 in row 5."
        + SET_SERIES,
    ),
    "23 id past int64": (put(IDS.astype(np.uint64), (0, 0), 2**63), "found 92233720"),
    "27 NaN between steps": (put(NUMBERS, (4, 2), np.nan), "Input X contains NaN."),
    "27 NaN in one channel": (put(CHANNELS, (4, 7, 0), np.nan), "Input X contains NaN"),
    "28 infinity": (put(NUMBERS, (0, 7), np.inf), "Input X contains infinity or a val"),
    "28 past float32": (put(NUMBERS, (0, 0), 1e39), "value too large for dtype('float"),
    "30 channels that differ": (
        [np.ones((3, 2)), np.ones((3, 1))] * 20,
        "LSTMClassifier: rows differ in their number of channels: [1, 2]",
    ),
    "31 text": (["a film"] * 40, TEXT_LINE),
    "31 text in an array": (np.array(["a film"] * 40), TEXT_LINE),
    "31 text in a frame": (pd.DataFrame({"text": ["a film"] * 40}), TEXT_LINE),
    "31 text of polars": (pl.DataFrame({"text": ["a film"] * 40}), TEXT_LINE),
    "31 words": ([["a", "film"]] * 40, TEXT_LINE),
    "31 one text": ("a film", TEXT_LINE),
    "31 no row": ([[1, 2], None] * 20, "expects one sequence per row; row 1 is None."),
    "four dimensions": (IDS[None, None], "found an array of shape (1, 1, 40, 8)"),
    "one dimension": (IDS[0], "Expected 2D array, got 1D array instead"),
    "complex numbers": (NUMBERS + 0j, "Complex data not supported"),
    "no rows": (IDS[:0], "Found array with 0 sample(s) (shape=(0, 8)) while a minimum"),
    "39 rows of X and y": (IDS[:39], "inconsistent numbers of samples: [39, 40]"),
}


@pytest.mark.parametrize(("X", "message"), BAD_X.values(), ids=BAD_X)
def test_faulty_sequences(assert_fit_fails, X, message):
    assert_fit_fails(small(), ValueError, re.escape(message), X, Y)


def test_fault_24_numbers_that_are_no_ids(assert_fit_fails):
    model = small(input_type="tokens")
    message = "expects integer token ids, found 1.5 in row 7." + SET_SERIES
    X = put(IDS.astype(float), (7, 2), 1.5)
    assert_fit_fails(model, ValueError, re.escape(message), X, Y)
    assert_fit_fails(model, ValueError, "token ids are 2-D, found 3-D", CHANNELS, Y)
    for dtype in (np.uint16, np.int8, np.float32, bool, object):
        assert small(input_type="tokens").fit(IDS.astype(dtype), Y).sizes_["n_tokens"]


def test_fault_25_nullable_integers_are_tokens(assert_fit_fails):
    frame = pd.DataFrame(IDS).astype("Int64")
    assert small().fit(frame, Y).input_type_ == "tokens"
    frame.iloc[3, 4] = pd.NA
    assert_fit_fails(small(), ValueError, "Input X contains NaN", frame, Y)


BAD_Y = {
    "32 one class": (["a"] * 40, "only one class: 'a'"),
    "35 NaN": (put(Y.astype(float), 0, np.nan), "Input y contains NaN."),
    "35 infinity": (put(Y.astype(float), 0, np.inf), "Input y contains infinity or a "),
    "35 numbers": (NUMBERS[:, 0], "Unknown label type: continuous."),
    "36 None": ([*"ab" * 19, "a", None], "Input y contains a missing value at row 39."),
    "36 NaN among words": (
        [np.nan, *"ab" * 19, "a"],
        "Input y contains a missing value at row 0.",
    ),
    "36 pd.NA": (
        pd.Series(["a", "b", pd.NA] + ["a"] * 37, dtype="string"),
        "Input y contains a missing value at row 2.",
    ),
    "36 null of polars": (
        pl.Series(["a", "b", None] + ["a"] * 37),
        "Input y contains a missing value at row 2.",
    ),
    "36 words and numbers": (["a", 1] * 20, "contains text at row 0 and other labels"),
    "rows of labels": ([["a"], ["a", "b"]] * 20, "sklearn.preprocessing.MultiLabelBin"),
    "no y": (None, "This LSTMClassifier estimator requires y to be passed, but the"),
    "39 rows of X and y": (Y[:-1], "inconsistent numbers of samples: [40, 39]"),
}


@pytest.mark.parametrize(("y", "message"), BAD_Y.values(), ids=BAD_Y)
def test_faulty_labels(assert_fit_fails, y, message):
    assert_fit_fails(small(), ValueError, re.escape(message), IDS, y)


LABELS = {
    "33 words": (["no", "yes"] * 20, ["no", "yes"]),
    "33 bool": (Y > 0, [False, True]),
    "33 int32": (Y.astype(np.int32) + 1, [1, 2]),
    "33 signs": (2 * Y - 1, [-1, 1]),
    "34 gaps": (np.where(Y, 9, 5), [5, 9]),
    "37 categories present": (
        pd.Series(pd.Categorical(["u", "v"] * 20, categories=["w", "v", "u"])),
        ["u", "v"],
    ),
    "37 Int64": (pd.Series(Y, dtype="Int64"), [0, 1]),
    "37 polars": (pl.Series(Y), [0, 1]),
}


@pytest.mark.parametrize(("y", "classes"), LABELS.values(), ids=LABELS)
def test_labels_that_are_no_fault(y, classes):
    model = small().fit(IDS, y)
    assert model.classes_.tolist() == classes
    assert model.classes_.dtype.kind == np.asarray(classes).dtype.kind
    assert set(model.predict(IDS).tolist()) <= set(classes)


def test_fault_38_column_vector():
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        model = small().fit(IDS, Y[:, None])
    assert model.predict(IDS).shape == (40,)


BAD_WEIGHTS = {
    "41 negative": (put(np.ones(40), 3, -1), "Negative values in data passed to `samp"),
    "42 all zero": (np.zeros(40), "Sample weights must contain at least one non-zero"),
    "42 NaN": (put(np.ones(40), 3, np.nan), "Input sample_weight contains NaN"),
    "42 infinite": (put(np.ones(40), 3, np.inf), "Input sample_weight contains infi"),
    "42 length": (np.ones(39), "sample_weight.shape == (39,), expected (40,)"),
    "42 matrix": (np.ones((40, 2)), "Sample weights must be 1D array or scalar"),
    "42 sum too large": (np.full(40, 1e308), "The weights of the rows add up to inf"),
    "32 one class left": (Y.astype(float), "contains only one class: 1"),
}


@pytest.mark.parametrize(("weights", "message"), BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
def test_faulty_weights(assert_fit_fails, weights, message):
    message = re.escape(message)
    assert_fit_fails(small(), ValueError, message, IDS, Y, sample_weight=weights)


BAD_CLASS_WEIGHT = {
    "43 unknown label": (
        {0: 1, "x": 2},
        "class_weight of LSTMClassifier names ['x'], which are not among the classes "
        "[0, 1].",
    ),
    "43 negative": ({0: -1}, "must be finite numbers from 0 on, found -1 for 0."),
    "43 NaN": ({1: np.nan}, "must be finite numbers from 0 on, found nan for 1."),
    "43 word": ({1: "heavy"}, "must be finite numbers from 0 on, found 'heavy' for 1."),
    "43 all zero": ({0: 0, 1: 0}, "The weights of the rows add up to 0.0;"),
}


@pytest.mark.parametrize(
    ("weight", "message"), BAD_CLASS_WEIGHT.values(), ids=BAD_CLASS_WEIGHT
)
def test_faulty_class_weight(assert_fit_fails, weight, message):
    model = small(class_weight=weight)
    assert_fit_fails(model, ValueError, re.escape(message), IDS, Y)


def test_fault_43_missing_label_weighs_one():
    same = (small(class_weight=weight).fit(IDS, Y) for weight in ({1: 3}, {0: 1, 1: 3}))
    first, second = (model.predict_proba(IDS) for model in same)
    np.testing.assert_array_equal(first, second)


# -- prediction

TOKENS, SERIES = small().fit(IDS, Y), small().fit(NUMBERS, Y)
THREE_D = small().fit(CHANNELS, Y)

BAD_AT_PREDICT = {
    "22 negative id": (TOKENS, put(IDS, (2, 2), -1), "found -1 in row 2." + SET_SERIES),
    "23 absurd id": (TOKENS, put(IDS, (2, 2), 2**31 - 1), "ids up to 10000000, found"),
    "24 numbers": (TOKENS, NUMBERS**2 + 0.1, "expects integer token ids, found"),
    "24 3-D": (TOKENS, CHANNELS, "LSTMClassifier: token ids are 2-D, found 3-D"),
    "27 NaN": (THREE_D, put(CHANNELS, (0, 3, 1), np.nan), "Input X contains NaN."),
    "28 infinity": (SERIES, put(NUMBERS, (0, 0), np.inf), "Input X contains infinity"),
    "30 width": (
        SERIES,
        NUMBERS[:, :5],
        "X has 5 features, but LSTMClassifier is expecting 8 features as input.",
    ),
    "30 channels": (
        THREE_D,
        CHANNELS[:, :, :1],
        "X has 1 channels, but LSTMClassifier is expecting 2 channels as input.",
    ),
    "31 text": (TOKENS, ["a film"], TEXT_LINE),
    "56 no rows": (TOKENS, IDS[:0], "Found array with 0 sample(s) (shape=(0, 8))"),
    "56 no rows, ragged": (TOKENS, [], "Found array with 0 sample(s) (shape=(0,))"),
}


@pytest.mark.parametrize(
    ("model", "X", "message"), BAD_AT_PREDICT.values(), ids=BAD_AT_PREDICT
)
def test_faulty_sequences_at_predict(model, X, message):
    before = dict(vars(model))
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        with pytest.raises(ValueError, match=re.escape(message)):
            getattr(model, method)(X)
    assert vars(model) == before


def test_faults_18_to_21_and_26_are_none():
    for method in ("predict", "transform"):
        with pytest.raises(NotFittedError):
            getattr(small(), method)(IDS)
    ragged = [[3, 4], [], [5], [0, 0]] * 10
    padded = SequencePadder().fit_transform(ragged)
    for pooling in ("last", "mean", "max", "attention"):
        model = BiLSTMClassifier(pooling=pooling, **SMALL).fit(ragged, Y)
        proba = model.predict_proba(ragged)
        assert np.isfinite(proba).all()
        np.testing.assert_array_equal(proba[1], proba[3])
        np.testing.assert_array_equal(model.predict_proba(padded), proba)
        assert model.predict(pd.DataFrame(padded)).shape == (40,)


def test_faults_23_29_and_30_are_none():
    proba = TOKENS.predict_proba(np.where(IDS == IDS.max(), 5000, IDS))
    unknown = TOKENS.predict_proba(np.where(IDS == IDS.max(), 1, IDS))
    assert np.isfinite(proba).all()
    assert TOKENS.sizes_["n_tokens"] == IDS.max() + 1
    np.testing.assert_array_equal(
        TOKENS.predict_proba(np.full((1, 3), 5000)),
        TOKENS.predict_proba(np.full((1, 3), 1)),
    )
    np.testing.assert_array_equal(proba, unknown)
    np.testing.assert_array_equal(
        SERIES.predict_proba(NUMBERS.astype(np.float32)), SERIES.predict_proba(NUMBERS)
    )
    assert TOKENS.predict(np.tile(IDS, 3)).shape == (40,)
    assert THREE_D.predict(np.tile(CHANNELS, (1, 3, 1))).shape == (40,)
