"""How training stops, and which epoch it keeps: callbacks of skorch."""

import dis
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from torch import Tensor


def is_raised_by_code(error: BaseException) -> bool:
    """Whether a ``raise`` statement made the error, and not Ctrl-C between two lines.

    skorch's callbacks stop training by raising KeyboardInterrupt. A user's Ctrl-C may
    arrive while such a callback runs, but then no ``raise`` stands where it happened.
    """
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return False
    code = traceback.tb_frame.f_code.co_code
    return code[traceback.tb_lasti] == dis.opmap["RAISE_VARARGS"]


class KeepBest(Callback):
    """Bring back the weights of the epoch with the lowest validation loss.

    Where a fitted net goes on training, its own weights are the first candidate.
    """

    def initialize(self) -> "KeepBest":
        """Forget an earlier training."""
        self.best_loss_ = float("inf")
        self.best_epoch_: int | None = None
        self.best_state_: dict[str, Tensor] | None = None
        return self

    def on_train_begin(self, net: NeuralNet, X: Any = None, **kwargs: Any) -> None:
        """Start from the weights of a fitted net, or from nothing."""
        self.initialize()
        if net.history:
            validation = net.get_split_datasets(X)[1]
            epoch = net.resumed_epoch_ or len(net.history)
            self._compare(net, net.mean_loss(validation), epoch)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Copy the weights when the loss is the lowest so far."""
        self._compare(net, net.history[-1, "valid_loss"], len(net.history))

    def _compare(self, net: NeuralNet, loss: float, epoch: int) -> None:
        if loss < self.best_loss_:
            self.best_loss_, self.best_epoch_ = loss, epoch
            state = net.module_.state_dict()
            self.best_state_ = {name: value.clone() for name, value in state.items()}

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Restore the best epoch's weights."""
        if self.best_state_ is not None:
            net.module_.load_state_dict(self.best_state_)
            self.best_state_ = None


def stop_early(patience: int, tol: float, verbose: int) -> EarlyStopping:
    """Return the callback that stops when the validation loss no longer falls.

    Parameters
    ----------
    patience : int
        Epochs without an improvement of ``tol`` after which training stops.
    tol : float
        Smallest decrease of the validation loss that counts as an improvement.
    verbose : int
        Whether stopping early is announced.
    """
    return EarlyStopping(
        patience=patience,
        threshold=tol,
        threshold_mode="abs",
        sink=print if verbose else _silence,
    )


def _silence(*args: Any, **kwargs: Any) -> None:
    """Swallow what a callback would print."""
