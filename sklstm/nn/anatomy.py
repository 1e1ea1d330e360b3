"""One row, step by step: what the gates of each layer do, and what a score hangs on.

The fused kernels give nothing but states. Here the equations are written out, for one
row, in float64, so that every signal can be looked at and differentiated.

Shapes in comments: L steps, E input width, H hidden width of one direction, K outputs.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from sklstm._validation import Sequences
from sklstm.nn.inference import embedded_steps
from sklstm.nn.language import LanguageNetwork
from sklstm.nn.modules import RecurrentNet, RecurrentStack

HIDDEN = "hidden state"
CELL = "cell state"


@dataclass(frozen=True, eq=False)
class LayerSignals:
    """What one direction of one layer computes, for each step and unit.

    Parameters
    ----------
    layer : int
        From 0 on.
    backward : bool
        Whether it reads the row from its end; signals are in the order of the row.
    signals : dict of str to ndarray of shape (n_steps, hidden_size), float64
        By name, in the order in which they are computed.
    """

    layer: int
    backward: bool
    signals: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """All that a network computes on its way through one row.

    Parameters
    ----------
    embedded : ndarray of shape (n_steps, input_size), float64
        What the recurrent layers read.
    layers : list of LayerSignals
        From the first layer on, both directions of each.
    pooled : ndarray of shape (n_hidden,), float64
        The states of the row in one vector; for a language model those after the last
        step.
    outputs : ndarray of shape (n_outputs,), float64
        What the head makes of them; for a language model the score alone.
    score : float
        The number whose gradients these are.
    gradient_by_step : ndarray of shape (n_steps,), float64
        The norm of the derivative of the score by the hidden state of the last layer,
        along all ways on which it reaches the score.
    gradient_x_input : ndarray of shape (n_steps,), float64
        The derivative by what is read, times it, added up over its numbers.
    """

    embedded: np.ndarray
    layers: list[LayerSignals]
    pooled: np.ndarray
    outputs: np.ndarray
    score: float
    gradient_by_step: np.ndarray
    gradient_x_input: np.ndarray


def dissect(
    network: RecurrentNet, sequences: Sequences, score: Callable[[Tensor], Tensor]
) -> Anatomy:
    """Go through the first row of ``sequences`` step by step.

    Parameters
    ----------
    network : RecurrentNet
        The network; it is left as it is.
    sequences : Sequences
        As the network reads them, the first at least one step long.
    score : callable
        From the outputs (K,) of the network to the number that is differentiated.
    """
    head, pooling = deepcopy(network.head).double(), deepcopy(network.pooling).double()
    read = embedded_steps(network, sequences.take(np.array([0])))
    row = torch.from_numpy(read).to(head.weight.device).double()
    lengths = torch.tensor([len(row)])

    def finish(states: Tensor) -> tuple[Tensor, ...]:
        pooled = pooling(states[None], lengths.to(states.device))[0]  # (H,)
        outputs = head(pooled)  # (K,)
        return pooled, outputs, score(outputs)

    return _dissect(network.recurrent, row, finish)


def dissect_language(
    network: LanguageNetwork, sequences: Sequences, word: int
) -> Anatomy:
    """Go through a prompt step by step; the score is that of the word that follows."""
    vector = network.output.weight[word].detach().double()
    bias = float(network.output.bias[word].detach())
    projection = deepcopy(network.projection)

    def finish(states: Tensor) -> tuple[Tensor, ...]:
        last = states[-1]  # (H,)
        known = last if projection is None else projection.double()(last)
        score = known @ vector + bias
        return last, score[None], score

    ids = torch.from_numpy(sequences.values[: sequences.lengths[0]])
    row = network.embedding(ids.to(vector.device)).detach().double()
    return _dissect(network.recurrent, row, finish)


def _dissect(
    stack: RecurrentStack,
    row: Tensor,
    finish: Callable[[Tensor], tuple[Tensor, ...]],
) -> Anatomy:
    x = row.requires_grad_()  # (L, E)
    layers, steps = [], x
    for i, forward in enumerate(stack.forward_layers):
        cells = [forward]
        if stack.backward_layers is not None:
            cells.append(stack.backward_layers[i])
        hidden, ends = [], []
        for backward, cell in enumerate(cells):
            signals, states = _read(
                cast(nn.RNNBase, cell), steps.flip(0) if backward else steps
            )
            if backward:
                states.reverse()
                signals = {name: array[::-1] for name, array in signals.items()}
            layers.append(LayerSignals(i, bool(backward), signals))
            hidden.append(states)
            ends.append(torch.stack(states))  # (L, H)
        steps = torch.cat(ends, dim=1)  # (L, H) or (L, 2 H)
    pooled, outputs, score = finish(steps)
    of_input, *of_states = torch.autograd.grad(
        score, [x, *(state for states in hidden for state in states)]
    )
    n_steps = len(x)
    squares = torch.stack([(part**2).sum() for part in of_states])
    return Anatomy(
        embedded=_array(x),
        layers=layers,
        pooled=_array(pooled),
        outputs=_array(outputs),
        score=float(score.detach()),
        gradient_by_step=_array(squares.view(-1, n_steps).sum(dim=0).sqrt()),
        gradient_x_input=_array((of_input * x).sum(dim=1)),
    )


def _read(cell: nn.RNNBase, x: Tensor) -> tuple[dict[str, np.ndarray], list[Tensor]]:
    """Read the steps (L, E) one by one; return all signals, and the states."""
    w_ih, w_hh, b_ih, b_hh = (
        getattr(cell, f"{name}_l0").detach().double()
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    read = x @ w_ih.T + b_ih  # (L, gates * H)
    state = {HIDDEN: x.new_zeros(cell.hidden_size)}
    if isinstance(cell, nn.LSTM):
        state[CELL] = state[HIDDEN]
    step = _step_of(cell)
    signals = []
    for at_step in read:
        state = step(at_step, state[HIDDEN] @ w_hh.T + b_hh, state)
        signals.append(state)
    return (
        {name: _array(torch.stack([s[name] for s in signals])) for name in state},
        [s[HIDDEN] for s in signals],
    )


State = dict[str, Tensor]
StepFunction = Callable[[Tensor, Tensor, State], State]


def _step_of(cell: nn.RNNBase) -> StepFunction:
    if isinstance(cell, nn.LSTM):
        return _lstm
    if isinstance(cell, nn.GRU):
        return _gru
    return _rnn(torch.tanh if cell.nonlinearity == "tanh" else torch.relu)


def _lstm(read: Tensor, recalled: Tensor, before: State) -> State:
    """One step of an LSTM (Gers et al. 2000), gates in the order of torch."""
    i, f, g, o = (read + recalled).chunk(4)
    gates = {
        "input gate": i.sigmoid(),
        "forget gate": f.sigmoid(),
        "output gate": o.sigmoid(),
        "candidate": g.tanh(),
    }
    cell = gates["forget gate"] * before[CELL] + gates["input gate"] * g.tanh()
    return {**gates, CELL: cell, HIDDEN: gates["output gate"] * cell.tanh()}


def _gru(read: Tensor, recalled: Tensor, before: State) -> State:
    """One step of a GRU (Cho et al. 2014), as torch computes it."""
    (r, z, n), (r_h, z_h, n_h) = read.chunk(3), recalled.chunk(3)
    reset, update = (r + r_h).sigmoid(), (z + z_h).sigmoid()
    candidate = (n + reset * n_h).tanh()
    hidden = (1 - update) * candidate + update * before[HIDDEN]
    return {
        "reset gate": reset,
        "update gate": update,
        "candidate": candidate,
        HIDDEN: hidden,
    }


def _rnn(function: Callable[[Tensor], Tensor]) -> StepFunction:
    def step(read: Tensor, recalled: Tensor, before: State) -> State:
        """One step of a plain RNN (Elman 1990)."""
        return {HIDDEN: function(read + recalled)}

    return step


def _array(x: Tensor) -> np.ndarray:
    return x.detach().cpu().numpy()
