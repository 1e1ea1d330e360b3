"""skorch's callbacks on the net, what stops training, and which epoch is kept."""

import os
import signal
import threading

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    EpochScoring,
    Freezer,
    GradientNormClipping,
    Initializer,
    LRScheduler,
)
from torch import nn

from sklstm.nn._callbacks import is_raised_by_code
from sklstm.nn.training import build_net


def make_net(*callbacks, validation=None, **settings):
    sizes = {
        "cell": "gru",
        "n_tokens": 12,
        "input_size": 4,
        "hidden_size": 5,
        "num_layers": 1,
        "n_outputs": 2,
    }
    defaults = {"max_epochs": 4, "lr": 0.02, "seed": 0, "batch_size": 8, "verbose": 0}
    return build_net(
        sizes,
        {"criterion": nn.CrossEntropyLoss},
        optimizer="adam",
        weight_decay=0.0,
        clip_norm=None,
        average=False,
        callbacks=callbacks,
        validation=validation,
        net_params={},
        device="cpu",
        **defaults | settings,
    )


def weights(net):
    return {name: value.clone() for name, value in net.module_.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def quiet(*args):
    """Print nothing."""


# -- skorch's own


@pytest.mark.parametrize("on_train", [False, True])
def test_scoring(datasets, on_train):
    rows, validation = datasets
    scoring = EpochScoring(
        "accuracy", lower_is_better=False, on_train=on_train, name="scored"
    )
    net = make_net(scoring, validation=validation)
    net.train(rows)
    part = "train" if on_train else "valid"  # the weights are all one
    assert net.history[:, "scored"] == pytest.approx(net.history[:, f"{part}_accuracy"])


def test_scoring_without_cache(datasets):
    rows, validation = datasets

    def accuracy(net, X, y):
        return (net.predict(X) == X.y.numpy()).mean()

    net = make_net(EpochScoring(accuracy, use_caching=False), validation=validation)
    net.train(rows)
    assert net.history[:, "accuracy"] == pytest.approx(net.history[:, "valid_accuracy"])


def test_learning_rate_schedule(datasets):
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.5)
    net = make_net(schedule)
    net.train(datasets[0])
    assert net.history[:, "event_lr"] == [0.02, 0.01, 0.005, 0.0025]
    assert not hasattr(schedule, "lr_scheduler_")  # the net had a copy


def test_clipping(datasets):
    norms = []

    class Norms(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            norms.append(
                sum(float(p.grad.square().sum()) for _, p in named_parameters) ** 0.5
            )

    make_net(("clip", GradientNormClipping(0.01)), Norms()).train(datasets[0])
    assert len(norms) == 20
    assert max(norms) <= 0.01 + 1e-6


def test_freezing_and_initializing(datasets):
    net = make_net(
        Initializer("embedding.weight", fn=nn.init.ones_), Freezer("embedding*")
    )
    net.train(datasets[0])
    assert (net.module_.embedding.weight == 1).all()
    assert not (net.module_.head.bias == 0).all()


def test_callbacks_are_cloned_and_may_be_classes_or_named(datasets):
    stop = EarlyStopping("train_loss", sink=quiet)
    before = dict(vars(stop))
    net = make_net(("stop", stop), EpochCounter)
    net.train(datasets[0])
    callbacks = dict(net.callbacks_)
    assert callbacks["stop"] is not stop
    assert callbacks["EpochCounter"].n_epochs == 4
    assert vars(stop) == before
    assert vars(callbacks["stop"]) != before


class EpochCounter(Callback):
    n_epochs = 0

    def on_epoch_end(self, net, **kwargs):
        self.n_epochs += 1


# -- stopping


class Stop(Callback):
    """Raise KeyboardInterrupt in one of the hooks, but not in the first epoch."""

    def __init__(self, where):
        self.where = where

    def _stop(self, where, net):
        if where == self.where and len(net.history) != 1:
            raise KeyboardInterrupt

    def on_train_begin(self, net, **kwargs):
        self._stop("on_train_begin", net)

    def on_epoch_begin(self, net, **kwargs):
        self._stop("on_epoch_begin", net)

    def on_batch_begin(self, net, **kwargs):
        self._stop("on_batch_begin", net)

    def on_grad_computed(self, net, **kwargs):
        self._stop("on_grad_computed", net)

    def on_batch_end(self, net, **kwargs):
        self._stop("on_batch_end", net)

    def on_epoch_end(self, net, **kwargs):
        self._stop("on_epoch_end", net)

    def on_train_end(self, net, **kwargs):
        self._stop("on_train_end", net)


@pytest.mark.parametrize(
    ("where", "n_epochs"),
    [
        ("on_train_begin", 0),
        ("on_epoch_begin", 1),
        ("on_batch_begin", 1),
        ("on_grad_computed", 1),
        ("on_batch_end", 1),
        ("on_epoch_end", 2),
        ("on_train_end", 4),
    ],
)
def test_a_callback_ends_training_normally(datasets, where, n_epochs):
    net = make_net(Stop(where), validation=datasets[1])
    net.train(datasets[0])
    assert len(net.epochs(40)) == n_epochs
    assert not net.module_.training
    assert all(parameter.grad is None for parameter in net.module_.parameters())
    assert len(net.predict(datasets[0])) == 40


def test_skorchs_early_stopping(datasets):
    stop = EarlyStopping(
        "train_loss", patience=2, threshold=9, threshold_mode="abs", sink=quiet
    )
    net = make_net(stop, max_epochs=50)
    net.train(datasets[0])
    assert len(net.history) == 3


def test_skorchs_own_loop_is_stopped_too(datasets):
    net = make_net(Stop("on_epoch_end"))
    net.fit(datasets[0], None)
    assert len(net.history) == 2


class Interrupted(Callback):
    """Send the signal of Ctrl-C while a hook runs, and wait for it."""

    def on_epoch_end(self, net, **kwargs):
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(60)


class Raising(Callback):
    def on_epoch_end(self, net, **kwargs):
        signal.raise_signal(signal.SIGINT)


class Looping(Callback):
    def on_epoch_end(self, net, **kwargs):
        os.kill(os.getpid(), signal.SIGINT)
        total = 0
        while True:
            total += 1


@pytest.mark.parametrize("callback", [Interrupted, Raising, Looping])
def test_ctrl_c_while_a_callback_runs_leaves(datasets, callback):
    net = make_net(callback)
    with pytest.raises(KeyboardInterrupt) as e:
        net.train(datasets[0])
    assert type(e.value) is KeyboardInterrupt
    assert len(net.history) == 1


def test_ctrl_c_in_a_batch_leaves(datasets):
    net = make_net()

    def press(*args):
        if len(net.history) == 2:
            signal.raise_signal(signal.SIGINT)

    net.module_.register_forward_hook(press)
    with pytest.raises(KeyboardInterrupt):
        net.train(datasets[0])
    assert len(net.history) == 2


def caught(function):
    try:
        function()
    except KeyboardInterrupt as error:
        return error
    return pytest.fail("nothing was raised")


def test_is_raised_by_code():
    def by_statement():
        raise KeyboardInterrupt

    def deeper():
        [by_statement() for _ in range(1)]

    def again():
        try:
            by_statement()
        except KeyboardInterrupt:
            raise

    def by_signal():
        signal.raise_signal(signal.SIGINT)

    def signal_raised_again():
        try:
            by_signal()
        except KeyboardInterrupt:
            raise

    for function in (by_statement, deeper, again):
        assert is_raised_by_code(caught(function))
    for function in (by_signal, signal_raised_again):
        assert not is_raised_by_code(caught(function))
    assert not is_raised_by_code(KeyboardInterrupt())  # it was never raised


# -- the epoch that is kept


class Record(Callback):
    """Keep the weights after each epoch."""

    def on_train_begin(self, net, **kwargs):
        self.weights_ = []

    def on_epoch_end(self, net, **kwargs):
        self.weights_.append(weights(net))


@pytest.mark.parametrize("patience", [None, 2, 50])
def test_the_best_epoch_is_kept(datasets, patience):
    rows, validation = datasets
    net = make_net(
        ("record", Record()),
        patience=patience,
        tol=0.0,
        validation=validation,
        max_epochs=12,
        lr=0.1,
    )
    net.train(rows)
    losses = net.history[:, "valid_loss"]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1  # else this test says nothing
    assert net.best_epoch == best + 1
    assert same(weights(net), dict(net.callbacks_)["record"].weights_[best])
    assert len(losses) == (best + 3 if patience == 2 else 12)


def test_tol_decides_only_when_to_stop(datasets):
    net = make_net(patience=1, tol=1e9, validation=datasets[1], lr=1e-3)
    net.train(datasets[1])  # the rows that train: the loss falls
    losses = net.history[:, "valid_loss"]
    assert len(losses) == 2
    assert losses[1] < losses[0]
    assert net.best_epoch == 2


def test_the_epoch_in_which_another_callback_stops_may_be_the_best(datasets):
    stop = Stop("on_epoch_end")
    net = make_net(stop, patience=None, tol=0.0, validation=datasets[0], lr=1e-3)
    net.train(datasets[0])
    losses = net.history[:, "valid_loss"]
    assert len(losses) == 2
    assert losses[1] < losses[0]
    assert net.best_epoch == 2


def test_stopped_in_an_epoch_the_best_one_before_is_kept(datasets):
    net = make_net(Stop("on_batch_end"), patience=5, tol=0.0, validation=datasets[1])
    net.train(datasets[0])
    assert net.best_epoch == 1
    assert len(net.epochs(40)) == 1


def test_nothing_is_kept_where_nothing_was_validated(datasets):
    net = make_net()
    net.train(datasets[0])
    assert net.best_epoch is None


@pytest.mark.parametrize("verbose", [0, 1])
def test_stopping_is_announced_when_verbose(datasets, capsys, verbose):
    net = make_net(
        patience=1,
        tol=1e9,
        validation=datasets[1],
        max_epochs=9,
        verbose=verbose,
    )
    net.train(datasets[0])
    assert len(net.history) == 2
    assert ("Stopping since" in capsys.readouterr().out) is bool(verbose)
