"""A few rows, stored with the answers of the model that is saved."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

TOLERANCE = 1e-5


def with_answers(estimator: Any, X: Any) -> dict[str, Any]:
    """Return rows and what a fitted estimator makes of them, to be stored."""
    check_is_fitted(estimator)
    return {"X": _plain(X), "answers": _answers(estimator, X)}


def _plain(X: Any) -> Any:
    """Return rows as lists and arrays, which any version can read."""
    if hasattr(X, "columns"):
        return {str(name): _plain(X[name]) for name in X.columns}
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    is_objects = isinstance(X, np.ndarray) and X.dtype.kind == "O"
    return X.tolist() if is_objects else X


def _rows(plain: Any) -> Any:
    """Return what :func:`_plain` was given, or what is equal to it."""
    if isinstance(plain, dict):
        import pandas as pd

        return pd.DataFrame(plain)
    return plain


def _answers(estimator: Any, X: Any) -> dict[str, np.ndarray]:
    """Return what a fitted estimator makes of rows, by method."""
    answers = {}
    for method in ("predict_proba", "decision_function", "predict", "transform"):
        if hasattr(estimator, method):
            found = getattr(estimator, method)(X)
            if isinstance(found, np.ndarray) and found.dtype != object:
                answers[method] = np.asarray(found)
    return answers


def compare_answers(path: Any, estimator: Any, check: Mapping[str, Any]) -> None:
    """Refuse a model that answers otherwise than when it was saved, or not at all."""
    try:
        found = _answers(estimator, _rows(check["X"]))
        differing = [
            method
            for method, expected in check["answers"].items()
            if method not in found or not _is_same(found[method], expected)
        ]
    except MemoryError:
        raise
    except Exception as error:  # of any kind: the model or the rows may be broken
        raise ValueError(
            f"{path} cannot answer the rows of X_check: {error}"
        ) from error
    if differing:
        raise ValueError(
            f"{path} answers other than when it was saved: {differing[0]} of the rows "
            "of X_check differs. Install the versions that read_manifest names."
        )


def _is_same(found: np.ndarray, expected: np.ndarray) -> bool:
    if found.shape != expected.shape:
        return False
    if np.issubdtype(expected.dtype, np.floating):
        size = max(1.0, float(np.abs(expected).max(initial=0)))
        return np.allclose(found, expected, rtol=0, atol=TOLERANCE * size)
    return np.array_equal(found, expected)
