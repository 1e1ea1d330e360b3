"""worst_predictions: the rows to look at first."""

from reprlib import repr as short_repr
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted

from sklstm._sklearn import _num_samples
from sklstm.inspection._prediction_trace import PredictionTrace
from sklstm.inspection._readers import read_rows
from sklstm.inspection._values import as_rows


def worst_predictions(estimator, X, y, n=10):
    """Find the rows that a fitted model is most wrong about.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        A fitted classifier with ``predict_proba``, or a regressor, of the kinds that
        :class:`PredictionTrace` reads.
    X : array-like, frame or list of n_samples rows
        As ``predict`` takes them.
    y : array-like of shape (n_samples,)
        What would have been right.
    n : int, default=10
        How many rows to return.

    Returns
    -------
    DataFrame
        A row for each, the worst first: ``row``, the position in ``X``; ``title``,
        ``true``, ``predicted``; ``error``, which is the log loss of a classifier, in
        nats, or the size of the error of a regressor; and ``trace``, a
        :class:`PredictionTrace` of it.

    Raises
    ------
    NotFittedError
        If the estimator has not been fitted.
    TypeError
        If the estimator has no ``predict_proba`` and is no regressor.
    ValueError
        If a label is not among the classes, labels come together, lengths differ, or
        ``n`` is less than 1.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, TextTokenizer
    >>> from sklstm.datasets import make_reviews
    >>> from sklstm.inspection import worst_predictions
    >>> texts, labels = make_reviews(200, random_state=0)
    >>> pipe = make_pipeline(TextTokenizer(), LSTMClassifier(random_state=0))
    >>> worst = worst_predictions(pipe.fit(texts, labels), texts, labels, n=3)
    >>> list(worst.columns)
    ['row', 'title', 'true', 'predicted', 'error', 'trace']
    >>> worst["error"].is_monotonic_decreasing
    True
    >>> worst["trace"][0].readings[0].true == worst["true"][0]
    True
    """
    check_is_fitted(estimator)
    if n < 1:
        raise ValueError(f"n is how many rows to return, 1 at least, found {n!r}.")
    X, y = as_rows(X), np.asarray(y)
    if _num_samples(X) != len(y):
        raise ValueError(f"X has {_num_samples(X)} rows, but y has {len(y)}.")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    errors = _errors(estimator, X, y)
    rows = np.argsort(-errors, kind="stable")[:n]
    readings = read_rows(estimator, X, y, rows.tolist())
    return pd.DataFrame(
        {
            "row": rows,
            "title": [reading.title for reading in readings],
            "true": [reading.true for reading in readings],
            "predicted": [reading.predicted for reading in readings],
            "error": errors[rows],
            "trace": [PredictionTrace((reading,)) for reading in readings],
        }
    )


def _errors(estimator: Any, X: Any, y: np.ndarray) -> np.ndarray:
    """Return how wrong a model is about each row."""
    if is_regressor(estimator):
        off = np.abs(estimator.predict(X) - y.astype(np.float64))
        return off.reshape(len(off), -1).mean(axis=1)
    if not hasattr(estimator, "predict_proba") or hasattr(estimator, "perplexity"):
        raise TypeError(
            f"worst_predictions takes a classifier with predict_proba, or a regressor; "
            f"{type(estimator).__name__} is neither."
        )
    if y.ndim != 1:
        raise ValueError(f"y has one label for each row, found shape {y.shape}.")
    column = {label: i for i, label in enumerate(estimator.classes_.tolist())}
    unknown = sorted(set(y.tolist()) - set(column), key=str)
    if unknown:
        raise ValueError(
            f"y has the labels {short_repr(unknown)}, which are not among the classes "
            f"{short_repr(list(column))}."
        )
    columns = [column[label] for label in y.tolist()]
    right = estimator.predict_proba(X)[np.arange(len(y)), columns]
    smallest = np.finfo(np.float32).tiny
    return -np.log(np.maximum(np.asarray(right, np.float64), smallest))
