"""The only door to scikit-learn's private names.

They may move in any minor release, which is why ``pyproject.toml`` allows one minor
release of scikit-learn at a time: an upgrade touches this file alone.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from sklearn.base import _clone_parametrized, _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    Options,
    RealNotInt,
    StrOptions,
    validate_params,
)
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import (
    _check_feature_names,
    _check_feature_names_in,
    _check_n_features,
    _check_sample_weight,
    _num_samples,
)

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # they are experimental

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks: no way to set them."""


__all__ = [
    "CallbackSupportMixin",
    "Interval",
    "InvalidParameterError",
    "Options",
    "RealNotInt",
    "StrOptions",
    "_check_feature_names",
    "_check_feature_names_in",
    "_check_n_features",
    "_check_sample_weight",
    "_clone_parametrized",
    "_fit_context",
    "_get_output_config",
    "_num_samples",
    "_safe_indexing",
    "begin_callbacks",
    "followed_fit",
    "validate_params",
]


def begin_callbacks(estimator: Any, max_subtasks: int) -> Any:
    """Set up the callbacks of scikit-learn that follow a fit.

    ``_fit_context`` tears them down.

    Parameters
    ----------
    estimator : estimator
        That is about to be fitted.
    max_subtasks : int
        How many tasks its fit has at most.

    Returns
    -------
    CallbackContext or None
        The task of the fit; None where no callback follows it.
    """
    if not hasattr(estimator, "set_callbacks"):
        return None
    context = estimator._init_callback_context(max_subtasks=max_subtasks)
    return context if hasattr(estimator, "_skl_callbacks") else None


def followed_fit(fit: Callable) -> Callable:
    """Let scikit-learn's callbacks follow a fit that is one task, as of a transformer.

    Stands below ``_fit_context``, which tears them down.
    """

    @wraps(fit)
    def fit_as_task(self, X, y=None):
        context = begin_callbacks(self, 0)
        if context is None:
            return fit(self, X, y)
        context.call_on_fit_task_begin(estimator=self)
        fitted = fit(self, X, y)
        context.call_on_fit_task_end(estimator=self)
        return fitted

    return fit_as_task
