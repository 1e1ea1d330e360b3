"""Labels and weights, checked once."""

from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklstm._sklearn import _check_sample_weight


def check_labels(estimator: Any, y: Any) -> np.ndarray:
    """Return labels as a NumPy array: (n,), or (n, n_labels) for an indicator matrix.

    Parameters
    ----------
    estimator : estimator
        Gives its name to errors.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Labels of any kind: str, bool, ints, categorical, nullable.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If ``y`` is missing, has missing values or is not made of classes.
    """
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but "
            "the target y is None."
        )
    y = _to_numpy(y)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    if y.ndim == 2 and y.shape[1] > 1 and type_of_target(y) == "multilabel-indicator":
        return y.astype(np.int64)
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    return y


def _to_numpy(y: Any) -> np.ndarray:
    """Turn any container into an array, keeping ints ints and refusing missing ones."""
    if hasattr(y, "columns"):  # a frame: its columns may be of extension types
        columns = [y[name] for name in y.columns]
        return np.stack([_to_numpy(column) for column in columns], axis=1)
    if hasattr(y, "toarray"):  # a sparse indicator matrix
        return np.asarray(y.toarray())
    if not isinstance(getattr(y, "dtype", None), np.dtype):
        for method in ("to_pylist", "tolist", "to_list"):
            if hasattr(y, method):
                y = getattr(y, method)()
                break
    values = np.asarray(y)
    if values.dtype.kind in "OU" and values.ndim:
        for row, value in enumerate(y):  # not `values`: NumPy turns nan into "nan"
            if _is_missing(value):
                raise ValueError(f"Input y contains a missing value at row {row}.")
    return values


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


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
