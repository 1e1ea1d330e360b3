"""How training stops, and which weights it keeps: callbacks of skorch."""

import dis
from copy import deepcopy
from typing import Any

import torch
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


class AverageWeights(Callback):
    """Keep a running mean of the weights, and let all but the optimizer see it.

    Step ``n`` enters the mean with the share ``(1 + ETA) / (n + ETA)``: early steps
    fade, and the mean covers the same part of a short training as of a long one
    (polynomial-decay averaging, Shamir and Zhang 2013, Stochastic gradient descent for
    non-smooth optimization). While batches train, the network holds the weights that
    the optimizer steps on; at all other times, validation and the hooks of other
    callbacks included, it holds their mean.
    """

    ETA = 2

    def initialize(self) -> "AverageWeights":
        """Forget an earlier training."""
        self.n_steps_ = 0
        self.other_: list[Tensor] = []  # the weights that the network does not hold
        self.training_ = False
        return self

    def state(self) -> dict[str, Any]:
        """Return what training needs beside the weights in the network to go on."""
        return {"n_steps": self.n_steps_, "weights": self.other_}

    def set_state(self, n_steps: int, weights: list[Tensor]) -> None:
        """Take over the ``state`` of an earlier training."""
        self.n_steps_, self.other_ = n_steps, weights

    def on_batch_begin(
        self, net: NeuralNet, training: bool = False, **kwargs: Any
    ) -> None:
        """Give training its weights, and validation their mean."""
        self._show(net, training)

    @torch.no_grad()
    def on_batch_end(
        self, net: NeuralNet, training: bool = False, **kwargs: Any
    ) -> None:
        """Add the weights after a step to the mean."""
        if training:
            self.n_steps_ += 1
            share = (1 + self.ETA) / (self.n_steps_ + self.ETA)
            weights = [weight.data for weight in net.module_.parameters()]
            torch._foreach_lerp_(self.other_, weights, share)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Show the mean to the callbacks that follow."""
        self._show(net, False)

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Leave the mean in the network."""
        self._show(net, False)

    @torch.no_grad()
    def _show(self, net: NeuralNet, training: bool) -> None:
        """Swap the two sets of weights, unless the right ones are there."""
        if training == self.training_:
            return
        self.training_ = training
        weights = [weight.data for weight in net.module_.parameters()]
        if not self.other_:
            self.other_ = [weight.clone() for weight in weights]
        for weight, other in zip(weights, self.other_, strict=True):
            held = weight.clone()
            weight.copy_(other)
            other.copy_(held)


class UnfreezeGradually(Callback):
    """Train the head first, then one more layer at a time, the embedding last.

    So what a language model has learned is not lost to the gradients of a head that
    knows nothing yet (Howard and Ruder 2018, Universal language model fine-tuning for
    text classification, section 3.3).

    Parameters
    ----------
    n_epochs : int
        Epochs until the next layer begins to train.
    """

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Open the layers whose turn it is."""
        network = net.module_
        stack = network.recurrent
        layers = [
            [layer, *([stack.backward_layers[i]] if stack.backward_layers else [])]
            for i, layer in enumerate(stack.forward_layers)
        ][::-1]
        if network.embedding is not None:
            layers.append([network.embedding])
        n_open = (len(net.history) - 1) // self.n_epochs
        for i, group in enumerate(layers):
            for module in group:
                module.requires_grad_(i < n_open)

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Leave nothing frozen."""
        net.module_.requires_grad_(True)


class KeepBest(Callback):
    """Bring back the weights of the epoch with the lowest validation loss.

    Where a fitted net goes on training, its own weights are the first candidate.
    """

    def initialize(self) -> "KeepBest":
        """Forget an earlier training."""
        self.best_loss_ = float("inf")
        self.best_epoch_: int | None = None
        self.best_weights_: dict[str, Any] | None = None
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
            self.best_weights_ = deepcopy(net.weights())

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Restore the best epoch's weights."""
        if self.best_weights_ is not None:
            net.set_weights(self.best_weights_)
            self.best_weights_ = None


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
