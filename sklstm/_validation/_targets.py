"""Labels, numbers to predict, and weights, checked once."""

from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklstm._sklearn import _check_sample_weight


def check_labels(estimator: Any, y: Any, *, complete: bool = True) -> np.ndarray:
    """Return labels as a NumPy array: (n,), or (n, n_labels) for an indicator matrix.

    Parameters
    ----------
    estimator : estimator
        Gives its name to errors.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Labels of any kind: str, bool, ints, categorical, nullable.
    complete : bool, default=True
        Whether these are the labels of a whole training set, which must look like
        classes. Some of its rows, or a list of its classes, need not.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If ``y`` is missing, has missing values or is not made of classes.
    """
    _require(estimator, y)
    y = _to_numpy(y)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    if y.ndim == 2 and y.shape[1] > 1 and type_of_target(y) == "multilabel-indicator":
        if not np.isin(y, (0, 1)).all():
            raise ValueError(
                f"An indicator matrix has 0 and 1 only, y has {np.unique(y).tolist()}."
            )
        return y.astype(np.int64)
    y = column_or_1d(y, warn=True)
    if complete:
        check_classification_targets(y)
    return y


def check_numbers(estimator: Any, y: Any) -> np.ndarray:
    """Return the targets of a regression as float64, of the shape they came in.

    Parameters
    ----------
    estimator : estimator
        Gives its name to errors.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Numbers.

    Returns
    -------
    ndarray, float64

    Raises
    ------
    ValueError
        If ``y`` is missing, is not made of finite numbers, or is not 1-D or 2-D.
    """
    _require(estimator, y)
    name = type(estimator).__name__
    try:
        y = check_array(
            y,
            dtype=np.float64,
            ensure_2d=False,
            allow_nd=True,
            input_name="y",
            estimator=estimator,
        )
    except ValueError as error:
        if "could not convert" not in str(error):
            raise
        raise ValueError(
            f"{name} predicts numbers, but y has something else: {error}. To predict "
            f"classes use {name.replace('Regressor', 'Classifier')}."
        ) from error
    if y.ndim not in (1, 2):
        raise ValueError(
            f"{name} expects one number for each row, or one row of numbers, but y has "
            f"shape {y.shape}."
        )
    return y + 0.0  # -0.0 is 0.0


def _require(estimator: Any, y: Any) -> None:
    """Refuse to go without targets, in the words of scikit-learn."""
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but "
            "the target y is None."
        )


def _to_numpy(y: Any) -> np.ndarray:
    """Turn any container into an array, keeping ints ints and refusing missing ones."""
    if hasattr(y, "columns"):  # a frame: its columns may be of extension types
        return np.stack([_to_numpy(column) for column in _columns(y)], axis=1)
    if hasattr(y, "toarray"):  # a sparse indicator matrix
        return np.asarray(y.toarray())
    if not isinstance(getattr(y, "dtype", None), np.dtype):
        for method in ("to_pylist", "tolist", "to_list"):
            if hasattr(y, method):
                y = getattr(y, method)()
                break
    try:
        values = np.asarray(y)
    except ValueError:
        raise ValueError(
            "y has rows of different lengths. For labels that come together pass the "
            "indicator matrix of sklearn.preprocessing.MultiLabelBinarizer."
        ) from None
    if values.ndim == 0 or values.dtype.kind not in "OUTmM":
        return values
    # As objects: in an array of text NumPy turns nan into "nan" and 1 into "1".
    objects = values if values.dtype.kind in "mM" else np.array(y, dtype=object)
    if _holds_text(objects) or objects.dtype != object:
        # Text stays of the type it came in; scikit-learn cannot read StringDType.
        return objects if values.dtype.kind == "T" else values
    return np.array(objects.tolist())


def _columns(frame: Any) -> list:
    if hasattr(frame, "iloc"):  # pandas; names may be there twice
        return [frame.iloc[:, i] for i in range(frame.shape[1])]
    return frame.get_columns() if hasattr(frame, "get_columns") else frame.columns


def _holds_text(values: np.ndarray) -> bool:
    """Whether labels are text, where none is missing and all or none are text."""
    first_row: dict[bool, int] = {}
    for position, value in enumerate(values.flat):
        row = position // (values.size // len(values))
        if _is_missing(value):
            raise ValueError(f"Input y contains a missing value at row {row}.")
        first_row.setdefault(isinstance(value, str), row)
    if len(first_row) > 1:
        raise ValueError(
            f"Input y contains text at row {first_row[True]} and other labels at row "
            f"{first_row[False]}. Make all of them text: y.astype(str)."
        )
    return True in first_row


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    numbers = (float, np.floating, np.datetime64, np.timedelta64)
    return isinstance(value, numbers) and bool(value != value)


def check_weights(weights: Any, X: Any) -> np.ndarray:
    """Return the weight of each row of ``X`` as float64: 1 where none are given.

    Raises
    ------
    ValueError
        If a weight is negative or missing, all are zero, or their number is wrong.
    """
    return _check_sample_weight(
        weights,
        X,
        dtype=np.float64,
        ensure_non_negative=True,
        allow_all_zero_weights=False,
    )
