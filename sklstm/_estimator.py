"""What all estimators share: scikit-learn's callbacks, and a version in pickles."""

import warnings

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning

from sklstm import __version__
from sklstm._sklearn import CallbackSupportMixin


class SklstmEstimator(CallbackSupportMixin, BaseEstimator):
    """An estimator whose pickles warn where another version of sklstm opens them.

    As scikit-learn does for its own estimators, and for those alone.
    """

    def __getstate__(self):
        return {**super().__getstate__(), "_sklstm_version": __version__}

    def __setstate__(self, state):
        state = dict(state)
        version = state.pop("_sklstm_version", "unknown")
        if version != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=__version__,
                    original_sklearn_version=version,
                ),
                stacklevel=2,
            )
        super().__setstate__(state)
