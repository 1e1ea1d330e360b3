"""make_windows: what it cuts, when the targets happen, and what it refuses."""

import datetime
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import make_windows
from sklstm.sequences import make_windows as at_home

N = 12
VALUES = np.arange(N) ** 2.0
DAYS = pd.date_range("2026-01-01", periods=N, freq="D")


def naive(values, n_steps, horizon, stride):
    """Return windows, targets by time and channel, and positions, by a plain loop."""
    windows, targets, times = [], [], []
    start = 0
    while start + n_steps + horizon <= len(values):
        end = start + n_steps
        windows.append(values[start:end])
        targets.append(values[end : end + horizon])
        times.append(range(end, end + horizon))
        start += stride
    return np.array(windows), np.array(targets), np.array(times)


@settings(deadline=None)
@given(
    n_steps=st.integers(1, 8),
    horizon=st.integers(1, 5),
    stride=st.integers(1, 6),
    extra=st.integers(0, 20),
    n_channels=st.integers(1, 3),
)
def test_agrees_with_a_loop(n_steps, horizon, stride, extra, n_channels):
    n_times = n_steps + horizon + extra
    values = np.random.RandomState(0).normal(size=(n_times, n_channels))
    windows, targets, times = make_windows(values, n_steps, horizon, stride)
    expected = naive(values, n_steps, horizon, stride)
    n_windows = extra // stride + 1
    np.testing.assert_array_equal(windows, expected[0])
    assert windows.shape == (n_windows, n_steps, n_channels)
    if horizon * n_channels == 1:
        assert targets.shape == (n_windows,)
    else:
        assert targets.shape == (n_windows, horizon * n_channels)
    apart = targets.reshape(n_windows, horizon, n_channels)
    np.testing.assert_array_equal(apart, expected[1])
    assert times.shape == ((n_windows,) if horizon == 1 else (n_windows, horizon))
    np.testing.assert_array_equal(times.reshape(n_windows, horizon), expected[2])


@settings(deadline=None)
@given(
    n_steps=st.integers(1, 6),
    horizon=st.integers(1, 6),
    stride=st.integers(1, 4),
    n_splits=st.integers(2, 4),
)
def test_time_series_split_with_the_gap_of_the_docstring(
    n_steps, horizon, stride, n_splits
):
    n_times = n_steps + horizon + 40 * stride
    values = np.arange(n_times, dtype=float)  # each value is its own time
    windows, _, times = make_windows(values, n_steps, horizon, stride)
    gap = (horizon - 1) // stride
    for train, test in TimeSeriesSplit(n_splits, gap=gap).split(windows):
        assert times[train].max() < times[test].min()
        assert times[train].max() <= windows[test[0]].max()  # known by then
    if gap:  # and no smaller gap will do
        for train, test in TimeSeriesSplit(n_splits, gap=gap - 1).split(windows):
            assert times[train].max() >= times[test].min()


def test_a_forecast_of_what_a_regression_can_know():
    series = np.sin(np.arange(60) / 3)  # each value follows from the two before
    windows, targets, _ = make_windows(series, n_steps=2, horizon=3)
    flat = FunctionTransformer(lambda X: X.reshape(len(X), -1))
    model = make_pipeline(flat, LinearRegression())
    split = TimeSeriesSplit(4, gap=2)
    scores = cross_val_score(model, windows, targets, cv=split)
    np.testing.assert_allclose(scores, 1)


def test_one_function_under_two_names():
    assert at_home is make_windows


# -- values --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "series",
    [
        VALUES,
        VALUES[:, None],
        list(VALUES),
        VALUES.astype(object),
        [Decimal(value) for value in VALUES],
        pd.Series(VALUES),
        pd.Series(VALUES).astype("Int64"),
        pd.Series(VALUES).astype("double[pyarrow]"),
        pd.Series(VALUES).to_frame("value"),
        pl.Series(VALUES),
        pl.Series(VALUES).cast(pl.Int32),
        pl.DataFrame({"value": VALUES}),
    ],
    ids=lambda series: f"{type(series).__module__.split('.')[0]}-{type(series)}",
)
def test_containers_agree(series):
    windows, targets, times = make_windows(series, 3)
    expected = make_windows(VALUES, 3)
    for found, known in zip((windows, targets, times), expected, strict=True):
        np.testing.assert_array_equal(found, known)
    assert windows.dtype == targets.dtype == np.float64
    assert targets.shape == (N - 3,)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("float32", "float32"),
        ("float64", "float64"),
        ("float16", "float64"),
        (">f8", "float64"),
        ("int8", "float64"),
        ("uint64", "float64"),
        ("bool", "float64"),
    ],
)
def test_dtypes(dtype, expected):
    windows, targets, _ = make_windows((VALUES % 2).astype(dtype), 3)
    np.testing.assert_array_equal(targets, VALUES[3:] % 2)
    assert windows.dtype == targets.dtype == expected


def test_float32_columns_of_a_frame():
    frame = pd.DataFrame({"a": VALUES, "b": VALUES}, dtype="float32")
    assert make_windows(frame, 3)[0].dtype == np.float32
    assert make_windows(frame.astype({"a": "float64"}), 3)[0].dtype == np.float64
    assert make_windows(frame.astype("Float32"), 3)[0].dtype == np.float32


def test_windows_are_read_only_and_take_no_memory_but_one_copy():
    series = VALUES.copy()
    windows, targets, times = make_windows(series, 3)
    series[:] = -1  # nobody else's array
    np.testing.assert_array_equal(windows[0, :, 0], VALUES[:3])
    np.testing.assert_array_equal(targets, VALUES[3:])
    with pytest.raises(ValueError, match="read-only"):
        windows[0] = 0
    assert np.shares_memory(windows[0], windows[1])
    targets[0] = times[0] = 0  # these are the caller's own
    np.testing.assert_array_equal(windows[1, :, 0], VALUES[1:4])


def test_target_is_a_column():
    frame = pd.DataFrame({"a": VALUES, "b": -VALUES, 7: VALUES + 1}, index=DAYS)
    for target, column in [("b", "b"), (1, "b"), (-3, "a"), (np.int64(2), 7)]:
        windows, targets, times = make_windows(frame, 3, target=target)
        assert windows.shape == (N - 3, 3, 3)
        np.testing.assert_array_equal(targets, frame[column][3:])
        assert times.equals(DAYS[3:])
    _, two, _ = make_windows(frame, 3, 2, target="b")
    np.testing.assert_array_equal(two, make_windows(frame["b"], 3, 2)[1])


def test_no_horizon_makes_all_windows():
    series = pd.Series(VALUES, index=DAYS)
    windows, targets, times = make_windows(series, 3, horizon=0)
    np.testing.assert_array_equal(windows[:-2], make_windows(series, 3, horizon=2)[0])
    np.testing.assert_array_equal(windows[-1, :, 0], VALUES[-3:])
    assert targets.shape == times.shape == (N - 2, 0)
    newest, _, _ = make_windows(series.tail(3), 3, horizon=0)
    np.testing.assert_array_equal(newest, windows[-1:])


# -- times ---------------------------------------------------------------------------


def without_frequency(index):
    """Return the index as it is read from a file."""
    return pd.DatetimeIndex(list(index))


# Of all of these pandas can tell the frequency from the dates
FREQUENCIES = ["D", "B", "W", "ME", "MS", "2MS", "BME", "QS", "YE", "h", "90D", "15min"]
INDEXES = {
    **{f: pd.date_range("2026-03-26", periods=N, freq=f) for f in FREQUENCIES},
    **{
        f"{f} in Paris, with a change of the clock": pd.date_range(
            "2026-03-28 20:00", periods=N, freq=f, tz="Europe/Paris"
        )
        for f in ("h", "D", "MS")
    },
    "half months": pd.date_range("2026-01-01", periods=N, freq="SMS"),
    "periods": pd.period_range("2026-01", periods=N, freq="M"),
    "every other day": pd.period_range("2026-01-01", periods=2 * N, freq="D")[::2],
    "durations": pd.timedelta_range("1h", periods=N, freq="90min"),
    "positions": pd.RangeIndex(N),
    "years": pd.Index(np.arange(1990, 1990 + 2 * N, 2), dtype="int16"),
    "nullable": pd.Index(range(N), dtype="Int64"),
    "tenths": pd.Index(np.arange(N) * 0.1),
    "float32": pd.Index(1000 + np.arange(N) * 0.1, dtype="float32"),
    "pyarrow": pd.Index(DAYS).astype("timestamp[ns][pyarrow]"),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_times_are_labels_of_the_index(index):
    series = pd.Series(np.arange(N), index=index)
    _, targets, times = make_windows(series, 2, stride=3)
    assert times.equals(index[2::3])
    np.testing.assert_array_equal(series[times], targets)
    _, targets, times = make_windows(series, 2, 3)
    assert times.shape == targets.shape == (N - 4, 3)
    for row, column in [(0, 0), (1, 2)]:
        assert times[row, column] == index[2 + row + column]
    # By name: a zone of pytz, in pandas 2, is another object for each of its offsets
    assert str(getattr(times[0, 0], "tz", None)) == str(getattr(index, "tz", None))


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_dates_are_regular_whether_or_not_they_say_so(frequency):
    index = without_frequency(INDEXES[frequency])
    assert index.freq is None
    assert make_windows(pd.Series(VALUES, index=index), 2)[2].equals(index[2:])


def test_the_frequency_stays():
    series = pd.Series(VALUES, index=DAYS)
    assert make_windows(series, 2, stride=3)[2].freq == pd.offsets.Day(3)


@pytest.mark.parametrize("row", range(1, N - 2))
@pytest.mark.parametrize("name", sorted(INDEXES.keys() - {"half months"}))
def test_the_first_gap_is_named(name, row):
    broken = INDEXES[name].delete(row)
    message = f" but row {row} ({broken[row]}) follows {broken[row - 1]}."
    with pytest.raises(ValueError, match=f"make_windows .*{re.escape(message)}"):
        make_windows(pd.Series(np.arange(N - 1), index=broken), 2)


def test_the_first_of_several_gaps_is_named():
    index = pd.date_range("2000", periods=5000, freq="h").delete([1234, 4321])
    with pytest.raises(ValueError, match=r"but row 1234 \(.*asfreq"):
        make_windows(pd.Series(1.0, index=index), 24)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (DAYS[::-1], r"but row 1 \(2026-01-11 .* follows 2026-01-12 .*sort_index"),
        (DAYS[[0, 1, 2, 2, 3, 4]], r"row 3 \(2026-01-03 .* follows 2026-01-03 "),
        (pd.Index([0, 1, 2, 1, 3]), r"row 3 \(1\) follows 2\."),
        (pd.DatetimeIndex([*DAYS[:3], pd.NaT]), "missing label in the index, in row 3"),
        (pd.Index([1.0, np.nan, 3.0]), "missing label .* row 1"),
        (pd.Index([1, 2, None, 4], dtype="Int64"), "missing label .* row 2"),
        (
            pd.Index(["2026-01", "2026-02"]),
            r"first label is '2026-01'.*to_datetime",
        ),
        (pd.Index([d.date() for d in DAYS]), r"dtype object .*pd\.to_datetime"),
        (pd.CategoricalIndex(["a", "b"]), "dtype category"),
        (pd.Index([False, True]), "dtype bool"),
        (pd.MultiIndex.from_product([["a", "b"], [1, 2]]), "one series at a time"),
    ],
)
def test_an_index_that_is_no_time(index, message):
    with pytest.raises(ValueError, match=f"make_windows .*{message}"):
        make_windows(pd.Series(np.arange(len(index)), index=index), 1)


# -- faults --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ([0, np.nan, 2, np.inf], r"values, 2 of them, the first \(nan\) in row 1\."),
        ([0, -np.inf, 2], r"first \(-inf\) in row 1\. .*interpolate"),
        (np.array([0, None, 2]), r"first \(nan\) in row 1"),
        (pd.Series([1, 2, None], index=DAYS[:3]), r"row 2 \(2026-01-03 00:00:00\)"),
        (pd.Series([1, 2, None], dtype="Int64"), r"\(nan\) in row 2 \(2\)"),
        (pd.Series([1, 2, None], dtype="int64[pyarrow]"), r"\(nan\) in row 2"),
        (pl.Series([1, None, 2]), r"\(nan\) in row 1"),
        (pl.DataFrame({"a": [1, 2], "b": [None, 2]}), r"row 0 of column 'b'"),
        (np.array([[1, 2], [3, np.nan]]), r"row 1 of column 1\."),
    ],
)
def test_missing_and_infinite_values(series, message):
    with pytest.raises(ValueError, match=f"make_windows found missing .*{message}"):
        make_windows(series, 1)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (["a", "b"], r"series has 'a' \(dtype <U1\)"),
        (np.array([1, "b"], dtype=object), "series has 'b'"),
        (pd.Series(["1", "2"]), "series has '1'"),
        (pd.DataFrame({"x": [1, 2], "m": ["May", "June"]}), "column 'm' has 'May'"),
        (pd.DataFrame({"day": DAYS, "x": VALUES}), r"column 'day' .*set_index"),
        (pl.DataFrame({"day": [datetime.date(2026, 1, 1)]}), r"column 'day' has date"),
        (pd.Series(pd.to_timedelta([1, 2])), "dtype timedelta64"),
        (np.array([1j, 2]), r"series has 1j \(dtype complex128\)"),
    ],
)
def test_no_numbers(series, message):
    with pytest.raises(ValueError, match=f"make_windows expects numbers, .*{message}"):
        make_windows(series, 1)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (np.ones((2, 3, 4)), r"found \(2, 3, 4\)"),
        (np.ones((5, 0)), r"found \(5, 0\)"),
        (pd.DataFrame(index=DAYS), r"found \(12, 0\)"),
        ([[1, 2], [3]], "rows differ"),
    ],
)
def test_no_series_of_numbers(series, message):
    with pytest.raises(ValueError, match=f"make_windows expects .*{message}"):
        make_windows(series, 1)


@pytest.mark.parametrize(
    "thing", [None, 3, "abc", {"a": [1]}, iter([1]), pl.LazyFrame({"a": [1, 2]})]
)
def test_no_container(thing):
    with pytest.raises(TypeError, match=f"found {type(thing).__name__}"):
        make_windows(thing, 1)


@pytest.mark.parametrize("series", [VALUES, pd.Series(VALUES), pd.Series(dtype=float)])
def test_too_short(series):
    message = (
        f"needs 15 values for a window of 13 .* of 2, but series has {len(series)}"
    )
    with pytest.raises(ValueError, match=message):
        make_windows(series, 13, horizon=2)
    assert len(make_windows(VALUES, N - 1)[0]) == 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_steps": 0}, "'n_steps' parameter of make_windows must be an int"),
        ({"n_steps": 2.0}, "'n_steps' parameter"),
        ({"horizon": -1}, "'horizon' parameter"),
        ({"horizon": [1, 2]}, "'horizon' parameter"),
        ({"stride": 0}, "'stride' parameter"),
        ({"target": 0.5}, "'target' parameter"),
        ({"target": "c"}, r"target='c', but the names of the columns are \['a', 'b'\]"),
        ({"target": 2}, "no column target=2: series has 2"),
        ({"target": -3}, "no column target=-3: series has 2"),
    ],
)
def test_bad_parameters(parameters, message):
    frame = pd.DataFrame({"a": VALUES, "b": VALUES})
    with pytest.raises(ValueError, match=message):
        make_windows(frame, **{"n_steps": 2, **parameters})


def test_a_name_that_two_columns_bear():
    frame = pd.DataFrame(np.ones((4, 2)), columns=["a", "a"])
    with pytest.raises(ValueError, match=r"\['a', 'a'\]"):
        make_windows(frame, 2, target="a")
    assert make_windows(frame, 2)[1].shape == (2, 2)
