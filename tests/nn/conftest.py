"""The network once more, in NumPy: row by row, step by step, in float64."""

import pickle
import random

import numpy as np
import pytest
import torch

from sklstm._validation import Sequences
from sklstm.nn.batches import SequenceDataset


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def run_cell(layer, cell, nonlinearity, x):
    """States (L, H) of one row (L, E), by the formulas in torch's documentation."""
    w_ih, w_hh, b_ih, b_hh = (
        weight.detach().numpy().astype(np.float64) for weight in layer.parameters()
    )
    h = c = np.zeros(w_hh.shape[1])
    states = []
    for step in x:
        a, b = w_ih @ step + b_ih, w_hh @ h + b_hh
        if cell == "rnn":
            h = np.tanh(a + b) if nonlinearity == "tanh" else np.maximum(a + b, 0.0)
        elif cell == "gru":
            (a_reset, a_update, a_new), (b_reset, b_update, b_new) = (
                np.split(a, 3),
                np.split(b, 3),
            )
            new = np.tanh(a_new + sigmoid(a_reset + b_reset) * b_new)
            update = sigmoid(a_update + b_update)
            h = (1.0 - update) * new + update * h
        else:
            i, f, g, o = np.split(a + b, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.array(states)


def pool(pooling, states):
    if pooling.how == "last":
        n = pooling.n_forward
        return np.concatenate([states[-1, :n], states[0, n:]])
    if pooling.how == "mean":
        return states.mean(axis=0)
    if pooling.how == "max":
        return states.max(axis=0)
    key, bias = (p.detach().numpy().astype(float) for p in pooling.key.parameters())
    scores = np.tanh(states @ key.T + bias) @ pooling.query.weight.detach().numpy()[0]
    weights = np.exp(scores - scores.max())
    return weights @ states / weights.sum()


@pytest.fixture(scope="session")
def reference_scores():
    """Scores (B, K) of rows, each of its own length, with dropout masks if given."""

    def scores(network, cell, nonlinearity, rows, masks=None):
        stack, head = network.recurrent, network.head
        results = []
        for b, row in enumerate(rows):
            at = iter([] if masks is None else [m[b].numpy() for m in masks])
            x = np.asarray(row)
            if network.embedding is not None:
                ids = x if len(x) else np.zeros(1, int)  # one step of padding
                x = network.embedding.weight.detach().numpy()[ids] * next(at, 1.0)
            for i, layer in enumerate(stack.forward_layers):
                if i:
                    x = x * next(at, 1.0)
                states = run_cell(layer, cell, nonlinearity, x)
                if stack.backward_layers is not None:
                    back = run_cell(
                        stack.backward_layers[i], cell, nonlinearity, x[::-1]
                    )
                    states = np.concatenate([states, back[::-1]], axis=1)
                x = states
            pooled = pool(network.pooling, x) * next(at, 1.0)
            results.append(
                head.weight.detach().numpy() @ pooled + head.bias.detach().numpy()
            )
        return np.array(results)

    return scores


@pytest.fixture(scope="session")
def make_sequences():
    """Random sequences of the given lengths: ids below 12, or two channels."""

    def make(lengths, tokens=True, seed=0):
        rng = np.random.RandomState(seed)
        lengths = np.array(lengths, np.int64)
        n = lengths.sum()
        values = rng.randint(1, 12, n, dtype=np.int32) if tokens else rng.randn(n, 2)
        return Sequences(values, lengths)

    return make


@pytest.fixture(scope="session")
def sharpen():
    """Draw all parameters anew, larger than initial ones: biases are not zero."""

    def draw(network, seed=0, scale=0.5):
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.normal_(0.0, scale, generator=generator)
        return network

    return draw


@pytest.fixture(scope="session")
def global_generators():
    """Read the states of the three global generators, as bytes."""

    def read():
        legacy = np.random.get_state()  # noqa: NPY002 - it must stay as it is
        return pickle.dumps((torch.get_rng_state().numpy(), legacy, random.getstate()))

    return read


@pytest.fixture
def datasets(make_sequences):
    """Rows that train and rows that validate, with random labels."""
    rng = np.random.RandomState(0)
    return tuple(
        SequenceDataset(make_sequences(rng.randint(1, 9, n)), rng.randint(2, size=n))
        for n in (40, 20)
    )
