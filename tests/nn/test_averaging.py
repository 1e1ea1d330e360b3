"""The running mean of the weights, and who sees it."""

import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sklstm.nn._callbacks import AverageWeights
from sklstm.nn.state import to_arrays
from sklstm.nn.training import build_net


def make_net(*callbacks, validation=None, **settings):
    sizes = {"n_tokens": 12, "input_size": 4, "hidden_size": 5, "num_layers": 1}
    defaults = {"max_epochs": 3, "lr": 0.05, "seed": 0, "batch_size": 8, "verbose": 0}
    return build_net(
        {"cell": "lstm", "n_outputs": 2, **sizes},
        {"criterion": nn.CrossEntropyLoss},
        optimizer="adam",
        weight_decay=0.0,
        clip_norm=1.0,
        average=True,
        callbacks=callbacks,
        validation=validation,
        net_params={},
        device="cpu",
        **defaults | settings,
    )


def flat(net):
    return torch.cat([w.detach().ravel().clone() for w in net.module_.parameters()])


class Steps(Callback):
    """Keep the weights after each step, and those at the end of each epoch."""

    def initialize(self):
        self.after_steps, self.after_epochs = [], []
        return self

    def on_batch_end(self, net, training, **kwargs):
        if training:
            self.after_steps.append(flat(net))

    def on_epoch_end(self, net, **kwargs):
        self.after_epochs.append(flat(net))


def seen_by(net):
    return next(c for _, c in net.callbacks_ if isinstance(c, Steps))


def mean_of(steps):
    """Add up the weights with their shares, from the formula of the paper."""
    mean = torch.zeros_like(steps[0])
    for n, step in enumerate(steps, start=1):
        share = (1 + AverageWeights.ETA) / (n + AverageWeights.ETA)
        mean = (1 - share) * mean + share * step
    return mean


def test_the_mean_is_that_of_the_paper(datasets):
    net = make_net(Steps())
    net.train(datasets[0])
    steps = seen_by(net).after_steps
    assert len(steps) == 3 * 5
    torch.testing.assert_close(flat(net), mean_of(steps))
    for epoch, seen in enumerate(seen_by(net).after_epochs, start=1):
        torch.testing.assert_close(seen, mean_of(steps[: 5 * epoch]))


def test_the_optimizer_goes_its_own_way(datasets):
    """Averaging does not change one step."""
    one, other = make_net(Steps()), make_net(Steps())
    other.callbacks_ = [c for c in other.callbacks_ if c[0] != "average_weights"]
    for net in (one, other):
        net.train(datasets[0])
    pairs = zip(seen_by(one).after_steps, seen_by(other).after_steps, strict=True)
    assert all(torch.equal(*pair) for pair in pairs)
    assert not torch.equal(flat(one), flat(other))


def test_validation_sees_the_mean(datasets):
    rows, validation = datasets
    losses = []

    class Measure(Callback):
        def on_epoch_end(self, net, **kwargs):
            losses.append(net.mean_loss(validation))

    net = make_net(Measure(), validation=validation)
    net.train(rows)
    assert net.history[:, "valid_loss"] == pytest.approx(losses)
    assert net.mean_loss(validation) == pytest.approx(min(losses))  # the best is kept


@pytest.mark.parametrize("validated", [False, True])
def test_parts_are_the_whole(datasets, validated):
    rows = datasets[0]
    validation = datasets[1] if validated else None
    # A low rate: the last epoch is the best, and parts go on from the best.
    whole = make_net(validation=validation, lr=0.001)
    parts = make_net(validation=validation, lr=0.001)
    whole.train(rows, 3)
    parts.train(rows, 1)
    restored = make_net(validation=validation, lr=0.001, seed=1)
    weights = to_arrays(parts.module_.state_dict())
    restored.resume(weights, parts.epochs(40), parts.best_epoch, **parts.states())
    for net in (parts, restored):
        net.train(rows, 2)
        assert torch.equal(flat(net), flat(whole))


def test_the_best_epoch_goes_on_with_its_own_steps(datasets):
    rows, validation = datasets
    net = make_net(Steps(), validation=validation, lr=0.5)
    net.train(rows)
    best = net.best_epoch
    assert best < 3
    assert torch.equal(flat(net), seen_by(net).after_epochs[best - 1])
    held = torch.cat([w.ravel() for w in net.weights()["averaging"]["weights"]])
    assert torch.equal(held, seen_by(net).after_steps[5 * best - 1])
    assert net.weights()["averaging"]["n_steps"] == 5 * best


def test_a_stopped_epoch_leaves_the_mean(datasets):
    class Stop(Callback):
        def on_batch_end(self, net, **kwargs):
            if len(seen_by(net).after_steps) == 3:
                raise KeyboardInterrupt

    net = make_net(Steps(), Stop())
    net.train(datasets[0])
    torch.testing.assert_close(flat(net), mean_of(seen_by(net).after_steps))
    assert len(seen_by(net).after_steps) == 3
