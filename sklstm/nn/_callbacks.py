"""Callbacks of skorch: how training stops, what it keeps, and who is told of it."""

import dis
import sys
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


class BatchBar(Callback):
    """Show a bar for each epoch, which ends with the losses.

    It counts what the net says that its batches hold, and reads nothing from the
    device before the end of the epoch.
    """

    def initialize(self) -> "BatchBar":
        """Begin without a bar."""
        self.bar_: Any = None
        return self

    def on_epoch_begin(
        self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any
    ) -> None:
        """Show an empty bar."""
        from tqdm import tqdm  # type: ignore[import-untyped]

        self.bar_ = tqdm(
            desc=f"epoch {len(net.history)}/{net.last_epoch_}",
            total=net.count(dataset_train),
            unit=f" {net.unit}",
            position=0,  # whatever bar an error left open
            dynamic_ncols=True,
            miniters=1,
            mininterval=0.1 if sys.stderr.isatty() else 1.0,  # a log keeps each state
        )

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Let the bar grow."""
        if training:
            self.bar_.update(len(batch[1]))

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Show the losses and leave the bar behind."""
        epoch = net.history[-1]
        names = [name for name in ("train_loss", "valid_loss") if name in epoch]
        self.bar_.bar_format = "{l_bar}{bar}| {elapsed}{postfix}"  # 80 columns will do
        self.bar_.set_postfix({name: f"{epoch[name]:.4f}" for name in names}, False)
        self.close()

    def close(self) -> None:
        """Leave the bar as it is, in the middle of an epoch too."""
        if self.bar_ is not None:
            self.bar_.close()
            self.bar_ = None


class Follow(Callback):
    """Tell a follower of each epoch, who may ask for the end of training.

    Parameters
    ----------
    follower : object
        Has ``begin_epoch(net, n_rows)``; ``end_epoch(net, n_rows)``, which returns
        whether to stop; and ``leave_epoch()``, for one that does not reach its end.
    """

    def __init__(self, follower: Any) -> None:
        self.follower = follower

    def on_epoch_begin(
        self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any
    ) -> None:
        """Tell of the beginning."""
        self.follower.begin_epoch(net, len(dataset_train))

    def on_epoch_end(
        self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any
    ) -> None:
        """Tell of the end, and stop if that is asked for."""
        if self.follower.end_epoch(net, len(dataset_train)):
            raise KeyboardInterrupt

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Tell of an epoch in which another callback stopped."""
        self.follower.leave_epoch()


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
