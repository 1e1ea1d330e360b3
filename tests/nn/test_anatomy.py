"""Signals and gradients of a row: the textbook's equations, finite differences."""

import numpy as np
import pytest
import torch

from sklstm._validation import Sequences
from sklstm.nn.anatomy import CELL, HIDDEN, dissect, dissect_language
from sklstm.nn.language import build_language_network
from sklstm.nn.modules import build_network

LENGTH, CHANNELS, SIZE = 7, 3, 5


def network_of(cell, **options):
    sizes = {
        "cell": cell,
        "n_tokens": None,
        "input_size": CHANNELS,
        "hidden_size": SIZE,
        "num_layers": 1,
        "n_outputs": 2,
        **options,
    }
    network = build_network(0, **sizes).eval()
    with torch.no_grad():  # biases of every gate
        for name, weight in network.named_parameters():
            if "bias" in name:
                weight += torch.linspace(-0.5, 0.5, len(weight))
    return network


def one_row(seed=0, n_channels=CHANNELS):
    values = np.random.default_rng(seed).normal(size=(LENGTH, n_channels))
    return Sequences(values.astype(np.float32), np.array([LENGTH]))


def difference(scores):
    return scores[1] - scores[0]


def batch_of(sequences):
    x = torch.from_numpy(sequences.values)[None].double()
    return x, torch.tensor([x.shape[1]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_an_lstm_is_the_textbooks():
    network, row = network_of("lstm"), one_row()
    (layer,) = dissect(network, row, difference).layers
    weights = {
        name: weight.detach().double().numpy()
        for name, weight in network.recurrent.forward_layers[0].named_parameters()
    }
    h = c = np.zeros(SIZE)
    for t, x in enumerate(row.values.astype(np.float64)):
        gates = (
            weights["weight_ih_l0"] @ x
            + weights["bias_ih_l0"]
            + weights["weight_hh_l0"] @ h
            + weights["bias_hh_l0"]
        )
        i, f, g, o = np.split(gates, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        for name, value in {
            "input gate": sigmoid(i),
            "forget gate": sigmoid(f),
            "output gate": sigmoid(o),
            "candidate": np.tanh(g),
            CELL: c,
            HIDDEN: h,
        }.items():
            np.testing.assert_allclose(layer.signals[name][t], value, atol=1e-12)


def test_states_follow_from_the_gates():
    (layer,) = dissect(network_of("lstm"), one_row(), difference).layers
    s = layer.signals
    before = np.vstack([np.zeros(SIZE), s[CELL][:-1]])
    cell = s["forget gate"] * before + s["input gate"] * s["candidate"]
    np.testing.assert_allclose(s[CELL], cell, atol=1e-14)
    np.testing.assert_allclose(s[HIDDEN], s["output gate"] * np.tanh(cell), atol=1e-14)
    (layer,) = dissect(network_of("gru"), one_row(), difference).layers
    s = layer.signals
    before = np.vstack([np.zeros(SIZE), s[HIDDEN][:-1]])
    hidden = (1 - s["update gate"]) * s["candidate"] + s["update gate"] * before
    np.testing.assert_allclose(s[HIDDEN], hidden, atol=1e-14)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(
    ("cell", "nonlinearity"), [("lstm", "tanh"), ("gru", "tanh"), ("rnn", "relu")]
)
def test_states_and_outputs_are_those_of_the_network(
    cell, nonlinearity, bidirectional, pooling
):
    network = network_of(
        cell,
        num_layers=2,
        bidirectional=bidirectional,
        nonlinearity=nonlinearity,
        pooling=pooling,
    )
    row = one_row()
    anatomy = dissect(network, row, difference)
    with torch.no_grad():
        x, lengths = batch_of(row)
        states = network.double().recurrent(x, lengths)[0].numpy()
        outputs = network(x, lengths)[0].numpy()
    last = [layer for layer in anatomy.layers if layer.layer == 1]
    assert [layer.backward for layer in last] == [False, True][: 1 + bidirectional]
    hidden = np.concatenate([layer.signals[HIDDEN] for layer in last], axis=1)
    np.testing.assert_allclose(hidden, states, atol=1e-6)
    np.testing.assert_allclose(anatomy.outputs, outputs, atol=1e-6)
    np.testing.assert_allclose(anatomy.score, outputs[1] - outputs[0], atol=1e-6)
    assert not any(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_gradient_times_input_by_finite_differences(cell, bidirectional):
    network = network_of(cell, bidirectional=bidirectional, pooling="mean").double()
    row = one_row()
    x, lengths = batch_of(row)
    found = dissect(network, row, difference).gradient_x_input
    step = 1e-6
    for t in range(LENGTH):
        total = 0.0
        for channel in range(CHANNELS):
            change = torch.zeros_like(x)
            change[0, t, channel] = step
            with torch.no_grad():
                up = difference(network(x + change, lengths)[0])
                down = difference(network(x - change, lengths)[0])
            total += float((up - down) / (2 * step) * x[0, t, channel])
        np.testing.assert_allclose(found[t], total, rtol=1e-5, atol=1e-8)


def test_gradient_by_step_by_finite_differences():
    """A change of h_t goes on through the steps that follow."""
    network = network_of("rnn", pooling="last").double()
    row = one_row()
    found = dissect(network, row, difference).gradient_by_step
    cell, head = network.recurrent.forward_layers[0], network.head
    x, _ = batch_of(row)

    @torch.no_grad()
    def score(step, change):
        h = torch.zeros(SIZE, dtype=torch.float64)
        for t in range(LENGTH):
            read = cell.weight_ih_l0 @ x[0, t] + cell.bias_ih_l0
            h = torch.tanh(read + cell.weight_hh_l0 @ h + cell.bias_hh_l0)
            h = h + change if t == step else h
        return float(difference(head(h)))

    for t in range(LENGTH):
        slopes = []
        for unit in torch.eye(SIZE, dtype=torch.float64) * 1e-6:
            slopes.append((score(t, unit) - score(t, -unit)) / 2e-6)
        np.testing.assert_allclose(found[t], np.linalg.norm(slopes), rtol=1e-6)


def test_gradients_of_far_steps_vanish_where_the_net_forgets():
    network = network_of("rnn", pooling="last")
    with torch.no_grad():
        network.recurrent.forward_layers[0].weight_hh_l0.mul_(0.1)
    gradient = dissect(network, one_row(), difference).gradient_by_step
    assert np.all(np.diff(gradient) > 0)
    assert gradient[0] < 1e-4 * gradient[-1]


@pytest.mark.parametrize("hidden_size", [4, 6])
@pytest.mark.parametrize("tied", [False, True])
def test_the_score_of_a_next_word(hidden_size, tied):
    width = hidden_size if not tied else 4
    network = build_language_network(
        0,
        n_tokens=9,
        embedding_dim=width,
        hidden_size=hidden_size,
        num_layers=2,
        tied=tied,
    ).eval()
    ids = np.array([2, 5, 3, 8], np.int32)
    anatomy = dissect_language(network, Sequences(ids, np.array([4])), 7)
    with torch.no_grad():
        x = torch.from_numpy(ids)[None]
        known, _ = network(x, network.recurrent.beginning(1))
        score = known[0, -1] @ network.output.weight[7] + network.output.bias[7]
    np.testing.assert_allclose(anatomy.score, float(score), atol=1e-6)
    assert len(anatomy.layers) == 2
    assert anatomy.gradient_by_step.shape == (4,)
