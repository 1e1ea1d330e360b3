"""The recurrent cells, step by step, in NumPy.

Shapes in comments: L steps, B rows, E width of the input, H width of the state. Steps
come first, so that each step of a batch lies in one piece.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layer:
    """The weights of one layer of one direction, ready to be multiplied from the right.

    Parameters
    ----------
    cell : {"rnn", "gru", "lstm"}
        Kind of recurrent cell.
    inputs : ndarray of shape (E, n_gates * H), float32
        What the input is multiplied by.
    states : ndarray of shape (H, n_gates * H), float32
        What the state is multiplied by.
    input_bias, state_bias : ndarray of shape (n_gates * H,), float32
        What is added to each.
    nonlinearity : {"tanh", "relu"}
        Of the plain RNN cell.
    """

    cell: str
    inputs: np.ndarray
    states: np.ndarray
    input_bias: np.ndarray
    state_bias: np.ndarray
    nonlinearity: str = "tanh"

    @classmethod
    def of_torch(
        cls, cell: str, weights: Mapping[str, np.ndarray], prefix: str, relu: bool
    ) -> "Layer":
        """Take the weights of a layer as torch stacks and names them."""
        parts = [
            np.asarray(weights[f"{prefix}.{name}_l0"], np.float32)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]
        size = parts[1].shape[1]
        # sigmoid(x) is (1 + tanh(x / 2)) / 2: with the weights of the gates halved,
        # which is exact, one tanh serves all.
        halves = np.ones(len(parts[0]), np.float32)
        if cell == "lstm":
            halves[: 2 * size] = halves[3 * size :] = 0.5
        elif cell == "gru":
            halves[: 2 * size] = 0.5
        inputs, states, input_bias, state_bias = (part.T * halves for part in parts)
        return cls(
            cell,
            np.ascontiguousarray(inputs),
            np.ascontiguousarray(states),
            input_bias,
            state_bias,
            "relu" if relu else "tanh",
        )

    def run(self, x: np.ndarray) -> np.ndarray:
        """Return the states after each step, (L, B, E) -> (L, B, H)."""
        n_steps, n_rows, width = x.shape
        flat = x.reshape(-1, width) @ self.inputs + self.input_bias
        projected = flat.reshape(n_steps, n_rows, -1)
        return _RUNS[self.cell](self, projected)


def _run_rnn(layer: Layer, projected: np.ndarray) -> np.ndarray:
    projected += layer.state_bias
    state = np.zeros_like(projected[0])
    for now in projected:
        now += state @ layer.states
        if layer.nonlinearity == "relu":
            np.maximum(now, 0, out=now)
        else:
            np.tanh(now, out=now)
        state = now
    return projected


def _run_gru(layer: Layer, projected: np.ndarray) -> np.ndarray:
    size = len(layer.states)
    n_steps, n_rows, _ = projected.shape
    outputs = np.empty((n_steps, n_rows, size), projected.dtype)
    state = np.zeros((n_rows, size), projected.dtype)
    for step, now in enumerate(projected):
        ahead = state @ layer.states + layer.state_bias
        gates = _opened(now[:, : 2 * size] + ahead[:, : 2 * size])
        reset, update = gates[:, :size], gates[:, size:]
        new = np.tanh(now[:, 2 * size :] + reset * ahead[:, 2 * size :])
        state = np.add(new, update * (state - new), out=outputs[step])
    return outputs


def _run_lstm(layer: Layer, projected: np.ndarray) -> np.ndarray:
    size = len(layer.states)
    n_steps, n_rows, _ = projected.shape
    projected += layer.state_bias
    outputs = np.empty((n_steps, n_rows, size), projected.dtype)
    state = np.zeros((n_rows, size), projected.dtype)
    memory = np.zeros_like(state)
    for step, now in enumerate(projected):
        now += state @ layer.states
        np.tanh(now, out=now)
        new = now[:, 2 * size : 3 * size].copy()
        now += 1
        now *= 0.5
        memory *= now[:, size : 2 * size]
        memory += now[:, :size] * new
        state = np.multiply(now[:, 3 * size :], np.tanh(memory), out=outputs[step])
    return outputs


def _opened(halved: np.ndarray) -> np.ndarray:
    """Return how far gates are open, from 0 to 1, of halved sums, in place."""
    np.tanh(halved, out=halved)
    halved += 1
    halved *= 0.5
    return halved


_RUNS = {"gru": _run_gru, "lstm": _run_lstm, "rnn": _run_rnn}
