"""Methods that change all of an estimator or nothing, and see one state of it."""

from collections.abc import Callable
from functools import wraps


def all_or_nothing(fit_method: Callable) -> Callable:
    """Fit a draft of the estimator, and take over all of it or nothing.

    So a fit that fails half-way leaves no trace: from scratch it leaves the estimator
    unfitted, going on from a fitted net it leaves that net. And another thread that
    predicts meanwhile sees the old model or the new one, never parts of both. Stands
    outside of everything that may raise.
    """

    @wraps(fit_method)
    def fit_draft(self, *args, **kwargs):
        goes_on = self._goes_on(partial=fit_method.__name__ == "partial_fit")
        draft = object.__new__(type(self))
        draft.__dict__.update(vars(self))
        try:
            fit_method(draft, *args, **kwargs)
        except BaseException:
            if not goes_on:
                params = {k: v for k, v in vars(self).items() if k[-1] != "_"}
                self.__dict__ = params
            raise
        self.__dict__ = draft.__dict__
        return self

    return fit_draft


def on_one_state(method: Callable) -> Callable:
    """Let a method read one state of the estimator, even while another thread fits."""

    @wraps(method)
    def on_snapshot(self, *args, **kwargs):
        snapshot = object.__new__(type(self))
        snapshot.__dict__ = self.__dict__  # a fit does not change it but replaces it
        return method(snapshot, *args, **kwargs)

    return on_snapshot
