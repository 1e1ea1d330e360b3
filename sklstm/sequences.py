"""Helpers that change the number of rows: windows of one long series."""

from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sklstm._sklearn import Interval, validate_params


@validate_params(
    {
        "series": "no_validation",
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "horizon": [Interval(Integral, 0, None, closed="left")],
        "stride": [Interval(Integral, 1, None, closed="left")],
        "target": [str, Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def make_windows(series, n_steps, horizon=1, stride=1, *, target=None):
    """Cut a series into windows, each with the values that come after it.

    A forecast is a regression: the last ``n_steps`` values in, the next ``horizon``
    values out. This makes the rows of it, in order of time, for any regressor that
    reads sequences.

    Parameters
    ----------
    series : Series, DataFrame or array of shape (n_times,) or (n_times, n_channels)
        Numbers at regular distances, the oldest first, none of them missing. Times are
        the index of a pandas object: dates, periods, durations or numbers that grow
        evenly. Months, quarters and business days do. Arrays and polars columns have
        no index; there, times are positions from 0.
    n_steps : int
        Length of a window.
    horizon : int, default=1
        Number of values to forecast after each window. 0 makes windows without
        targets, the newest one of ``series`` included.
    stride : int, default=1
        Distance from the start of a window to the start of the next.
    target : str, int or None, default=None
        Name or position of the column to forecast. None takes all of them.

    Returns
    -------
    windows : ndarray of shape (n_windows, n_steps, n_channels)
        The windows, float32 for float32 and float64 for all other numbers. It is a
        read-only view of one copy of the series, as windows overlap; take
        ``windows.copy()`` to write in it.
    targets : ndarray of shape (n_windows,) or (n_windows, n_outputs), dtype of windows
        The values after each window: 1-D where ``horizon=1`` meets one column, else
        2-D. Several columns stand time by time, ``horizon * n_channels`` of them:
        ``targets.reshape(n_windows, horizon, n_channels)`` sets them apart.
    times : Index or ndarray of shape (n_windows,), or ndarray (n_windows, horizon)
        When the targets happen: labels of the index, or positions. 1-D where
        ``horizon=1``, else 2-D.

    Raises
    ------
    TypeError
        If ``series`` is no series, array or list at all.
    ValueError
        If ``series`` is too short, has another shape, other than numbers, or missing
        or infinite values; if its index is of text, or is not sorted, unique and
        regular; if there is no column ``target``; if another parameter is outside its
        range.

    See Also
    --------
    sklearn.model_selection.TimeSeriesSplit : Trains on the past, tests on the future.

    Notes
    -----
    Windows overlap, so rows must not be shuffled into a training and a test part. With
    ``TimeSeriesSplit(gap=(horizon - 1) // stride)`` every target of the training rows
    is older than every target of the test rows, and is known when the first of those
    is forecast. Without the gap, longer horizons reach into the test part.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm import make_windows
    >>> months = pd.period_range("2026-01", periods=6, freq="M")
    >>> sales = pd.Series([10.0, 20.0, 30.0, 40.0, 50.0, 60.0], index=months)
    >>> windows, targets, times = make_windows(sales, n_steps=3)
    >>> windows.shape
    (3, 3, 1)
    >>> for window, target, time in zip(windows[..., 0], targets, times):
    ...     print(window, target, time)
    [10. 20. 30.] 40.0 2026-04
    [20. 30. 40.] 50.0 2026-05
    [30. 40. 50.] 60.0 2026-06

    Two months at once, and the window from which the future is forecast:

    >>> make_windows(sales, n_steps=3, horizon=2)[1]
    array([[40., 50.],
           [50., 60.]])
    >>> newest, _, _ = make_windows(sales.tail(3), n_steps=3, horizon=0)
    >>> newest[..., 0]
    array([[40., 50., 60.]])
    """
    values, names = _read_values(series)
    n_times = len(values)
    if n_times < n_steps + horizon:
        raise ValueError(
            f"make_windows needs {n_steps + horizon} values for a window of {n_steps} "
            f"steps and a horizon of {horizon}, but series has {n_times}. Take fewer "
            "steps or a longer series."
        )
    index = getattr(series, "index", None) if hasattr(series, "iloc") else None
    if index is not None:
        _check_index(index)
    _check_finite(values, names, index)
    if target is None:
        outputs = values
    else:
        outputs = values[:, [_position(target, names, values.shape[1])]]

    end = n_times - n_steps - horizon + 1
    windows = sliding_window_view(values, n_steps, axis=0)[:end:stride]
    windows = windows.transpose(0, 2, 1)  # (n_windows, n_steps, n_channels)
    starts = np.arange(0, end, stride)
    ahead = starts[:, None] + n_steps + np.arange(horizon)  # (n_windows, horizon)
    targets = outputs[ahead].reshape(len(starts), -1)
    if targets.shape[1] == 1:
        targets = targets[:, 0]
    labels = np.arange(n_times) if index is None else index
    if horizon == 1:  # a slice, which keeps the frequency of an index
        return windows, targets, labels[n_steps::stride]
    return windows, targets, np.asarray(labels)[ahead]


def _position(target: str | int, names: list, n_channels: int) -> int:
    """Return the position of the column to forecast."""
    if isinstance(target, str):
        if names.count(target) != 1:
            raise ValueError(
                f"make_windows needs one column named target={target!r}, but the names "
                f"of the columns are {names}."
            )
        return names.index(target)
    if not -n_channels <= target < n_channels:
        raise ValueError(
            f"make_windows has no column target={target}: series has {n_channels}."
        )
    return target


# -- values --------------------------------------------------------------------------


def _read_values(series: Any) -> tuple[np.ndarray, list]:
    """Copy the values, (n_times, n_channels), and list the columns of a frame."""
    shape: tuple[int, ...] = getattr(series, "shape", ())
    if len(shape) == 2 and shape[1] and hasattr(series, "dtypes"):  # a frame
        names = list(series.columns)
        numbers = []
        for i, name in enumerate(names):
            column = series.iloc[:, i] if hasattr(series, "iloc") else series[:, i]
            numbers.append(_as_float(column, f"column {name!r}"))
        return np.column_stack(numbers), names
    values = _as_float(series, "series")
    return (values[:, None] if values.ndim == 1 else values), []


def _as_float(values: Any, what: str) -> np.ndarray:
    """Copy numbers as float32, if they are that, or as float64."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(
            "make_windows expects one series; its rows differ in their number of "
            "values. Make windows of one series at a time."
        ) from error
    if array.ndim == 0:
        raise TypeError(
            f"make_windows expects a Series, a DataFrame or an array of numbers, found "
            f"{type(values).__name__}."
        )
    if array.ndim > 2 or 0 in array.shape[1:]:
        raise ValueError(
            "make_windows expects a series of shape (n_times,) or (n_times, "
            f"n_channels), found {array.shape}. Make windows of one series at a time."
        )
    if array.dtype == object:
        array = _from_cells(array)
    if array.dtype.kind not in "biuf":
        cells = array.astype(object).flat
        others = (repr(cell) for cell in cells if not isinstance(cell, Real | Decimal))
        raise ValueError(
            f"make_windows expects numbers, but {what} has "
            f"{next(others, 'other values')} (dtype {array.dtype}). Dates belong in "
            "the index, by frame.set_index(name) of pandas; make numbers of other "
            "values, or leave the column out."
        )
    return array.astype(np.float32 if array.dtype == np.float32 else np.float64)


def _from_cells(cells: np.ndarray) -> np.ndarray:
    """Make floats of real numbers and NaN of what is missing, unless there is more."""
    from pandas import isna

    missing = isna(cells)
    if not all(isinstance(cell, Real | Decimal) for cell in cells[~missing]):
        return cells
    return np.where(missing, np.nan, cells).astype(np.float64)


def _check_finite(values: np.ndarray, names: list, index: Any) -> None:
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    row, column = np.argwhere(bad)[0]
    where = f"row {row}" if index is None else f"row {row} ({index[row]})"
    if names or values.shape[1] > 1:
        where += f" of column {repr(names[column]) if names else column}"
    raise ValueError(
        f"make_windows found missing or infinite values, {bad.sum()} of them, the "
        f"first ({values[row, column]}) in {where}. Fill them, by "
        "series.interpolate() for example, or make windows of the stretches between."
    )


# -- index ---------------------------------------------------------------------------


def _check_index(index: Any) -> None:
    """Refuse an index that does not count the time in even steps."""
    if not _counts_time(index.dtype):
        raise ValueError(
            f"make_windows cannot tell the time from an index of dtype {index.dtype} "
            f"(the first label is {index[0]!r}). Make dates of it by series.index = "
            "pd.to_datetime(series.index), or number the rows by "
            "series.reset_index(drop=True). Make windows of one series at a time."
        )
    if index.hasnans:
        row = int(np.argmax(index.isna()))
        raise ValueError(
            f"make_windows found a missing label in the index, in row {row}. Leave the "
            "row out, or number the rows by series.reset_index(drop=True)."
        )
    is_float = index.dtype.kind == "f"
    steps = np.diff(index.astype("float64" if is_float else "int64"))
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0)) + 1
        raise ValueError(
            f"make_windows expects each row to be later than the one before, but row "
            f"{row} ({index[row]}) follows {index[row - 1]}. Sort the rows by "
            "series.sort_index(), and keep one of those with equal labels."
        )
    gap = _first_gap(index, steps)
    if gap is not None:
        raise ValueError(
            f"make_windows expects rows at regular distances, but row {gap} "
            f"({index[gap]}) follows {index[gap - 1]}. Put in the rows that are "
            'missing, by series.asfreq("D").interpolate() for example; or pass '
            "series.to_numpy(), if the rows count as evenly spaced."
        )


def _counts_time(dtype: Any) -> bool:
    """Whether labels are integers, floats, durations, dates or periods."""
    from pandas import PeriodDtype

    return dtype.kind in "iufmM" or isinstance(dtype, PeriodDtype)


def _first_gap(index: Any, steps: np.ndarray) -> int | None:
    """Return the first row at another distance to the one before than is usual."""
    if len(steps) < 2:
        return None
    if index.dtype.kind == "M":
        return _first_break(index)
    usual = np.sort(steps)[len(steps) // 2]
    rounding = 1e-3 * usual if steps.dtype.kind == "f" else 0
    gaps = np.flatnonzero(abs(steps - usual) > rounding)
    return gaps[0] + 1 if len(gaps) else None


def _first_break(times: Any) -> int | None:
    """Return the first row of dates that breaks the frequency pandas finds in them."""
    from pandas import DatetimeIndex

    def is_regular(part: Any) -> bool:
        frequency = DatetimeIndex(part, freq="infer").freq
        return len(part) < 3 or frequency is not None

    if is_regular(times):
        return None
    good, bad = 2, len(times)  # the first ``good`` dates are regular, ``bad`` are not
    while bad - good > 1:
        middle = (good + bad) // 2
        if is_regular(times[:middle]):
            good = middle
        else:
            bad = middle
    return 1 if bad == 3 and is_regular(times[1:4]) else bad - 1
