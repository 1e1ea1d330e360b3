"""The only door to scikit-learn's private names.

They may move in any minor release, which is why ``pyproject.toml`` allows one minor
release of scikit-learn at a time: an upgrade touches this file alone.
"""

from sklearn.base import _clone_parametrized, _fit_context
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

__all__ = [
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
    "validate_params",
]
