"""What scikit-learn's callbacks are told of a fit: a task, and in it one each epoch."""

from functools import partial
from typing import Any

from sklstm._sklearn import begin_callbacks


class FollowedFit:
    """A fit that callbacks of scikit-learn follow, epoch by epoch.

    Parameters
    ----------
    estimator : BaseNetEstimator
        The one that is being fitted.
    context : CallbackContext
        The task of its fit.
    X, y, sample_weight
        What it was given to train on.
    """

    def __init__(
        self, estimator: Any, context: Any, X: Any, y: Any, sample_weight: Any
    ) -> None:
        self._context = context
        self._epoch: Any = None
        self._told = {
            "estimator": estimator,
            "X": X,
            "y": y,
            "metadata": (
                None if sample_weight is None else {"sample_weight": sample_weight}
            ),
        }
        context.call_on_fit_task_begin(**self._told)

    def begin_epoch(self, net: Any, n_rows: int) -> None:
        """Begin the task of an epoch."""
        self._epoch = self._context.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(
            **self._told, reconstruction_attributes=self._fitted_so_far(net, n_rows)
        )

    def end_epoch(self, net: Any, n_rows: int) -> bool:
        """End the task of an epoch; return whether a callback asks to stop."""
        epoch, self._epoch = self._epoch, None
        return epoch.call_on_fit_task_end(
            **self._told, reconstruction_attributes=self._fitted_so_far(net, n_rows)
        )

    def leave_epoch(self) -> None:
        """End the task of an epoch that did not reach its end, if there is one."""
        if self._epoch is not None:
            self._epoch.call_on_fit_task_end(estimator=self._told["estimator"])
            self._epoch = None

    def end(self) -> None:
        """End the task of the fit, all of whose attributes are set."""
        self._context.call_on_fit_task_end(**self._told, reconstruction_attributes={})

    def _fitted_so_far(self, net: Any, n_rows: int) -> Any:
        """Return what a callback that asks for a fitted estimator has it made of."""
        return partial(self._told["estimator"]._fitted_so_far, net, n_rows)


def follow_fit(
    estimator: Any, X: Any, y: Any, sample_weight: Any = None, *, max_epochs: int
) -> FollowedFit | None:
    """Let scikit-learn's callbacks follow a fit; None where there are none."""
    context = begin_callbacks(estimator, max_epochs)
    if context is None:
        return None
    return FollowedFit(estimator, context, X, y, sample_weight)
