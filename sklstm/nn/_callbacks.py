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


class RestoreBest(Callback):
    """Bring back the weights of the epoch with the lowest validation loss."""

    def initialize(self) -> "RestoreBest":
        """Forget an earlier training."""
        self.best_loss_ = float("inf")
        self.best_epoch_: int | None = None
        self.best_state_: dict[str, Tensor] | None = None
        return self

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Start with no best epoch."""
        self.initialize()

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Copy the weights when the loss is the lowest so far."""
        loss = net.history[-1, "valid_loss"]
        if loss < self.best_loss_:
            self.best_loss_, self.best_epoch_ = loss, len(net.history)
            state = net.module_.state_dict()
            self.best_state_ = {name: value.clone() for name, value in state.items()}

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Restore the best epoch's weights."""
        # Another callback may have ended training before this one saw the last epoch.
        if net.history and "valid_loss" in net.history[-1]:
            self.on_epoch_end(net)
        if self.best_state_ is not None:
            net.module_.load_state_dict(self.best_state_)
            self.best_state_ = None


def watch_validation(
    patience: int | None, tol: float, verbose: int
) -> list[tuple[str, Callback]]:
    """Return the callbacks that keep the best epoch and, with patience, stop early.

    Parameters
    ----------
    patience : int or None
        Epochs without an improvement of ``tol`` after which training stops; None runs
        all of them.
    tol : float
        Smallest decrease of the validation loss that counts as an improvement.
    verbose : int
        Whether stopping early is announced.
    """
    callbacks: list[tuple[str, Callback]] = [("restore_best", RestoreBest())]
    if patience is not None:
        stop = EarlyStopping(
            patience=patience,
            threshold=tol,
            threshold_mode="abs",
            sink=print if verbose else _silence,
        )
        callbacks.append(("early_stopping", stop))
    return callbacks


def _silence(*args: Any, **kwargs: Any) -> None:
    """Swallow what a callback would print."""
