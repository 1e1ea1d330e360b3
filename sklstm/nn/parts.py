"""Recurrent layers over parts of a batch, each part computed by one thread.

How a batch is cut depends on its shape alone, so that results do not depend on the
number of threads. Parts of some 32 rows are also what the kernels of a CPU do best:
their states stay in the cache.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from sklstm.nn.threads import parallel_map

PART_ROWS = 32
MIN_ROWS = 8  # below, another kernel computes, to other last bits
MIN_WORK = 25_000_000  # multiplications, below which a thread is not worth its call


State = tuple[Tensor, ...]
"""Where a layer stands: (1, B, H), and for an LSTM its cells (1, B, H)."""


def run_layers(
    layers: Sequence[nn.Module],
    inputs: Sequence[Tensor],
    precision: torch.dtype = torch.float32,
) -> tuple[Tensor, ...]:
    """Return the states of each layer over its input, (B, L, E) -> (B, L, H).

    Parameters
    ----------
    layers : sequence of Module
        One layer, or the two directions of a bidirectional one.
    inputs : sequence of Tensor of shape (B, L, E)
        One for each layer.
    precision : torch.dtype, default=torch.float32
        In which the layers compute. States are float32.

    Returns
    -------
    tuple of Tensor of shape (B, L, H), float32
    """
    return _run(layers, inputs, precision, None)


def continue_layer(
    layer: nn.Module,
    x: Tensor,
    start: State,
    precision: torch.dtype = torch.float32,
) -> tuple[Tensor, State]:
    """Return the states of a layer that goes on, and where it ends.

    Parameters
    ----------
    layer : Module
        Of torch, in one direction.
    x : Tensor of shape (B, L, E)
        All rows have all steps.
    start : tuple of Tensor of shape (1, B, H)
        Where it ended before. No gradient flows back to it.
    precision : torch.dtype, default=torch.float32
        In which the layer computes.

    Returns
    -------
    tuple of (Tensor of shape (B, L, H), tuple of Tensor of shape (1, B, H))
    """
    end = tuple(torch.empty_like(part) for part in start)
    (states,) = _run([layer], [x], precision, (start, end))
    return states, end


def _run(
    layers: Sequence[nn.Module],
    inputs: Sequence[Tensor],
    precision: torch.dtype,
    stretch: tuple[State, State] | None,
) -> tuple[Tensor, ...]:
    """Run the layers, whole or in parts; ``stretch`` is where one starts and ends."""
    # Only gradients hang on how rows are cut; prediction gives threads whole batches
    worth = _n_worth(inputs[0], layers) if torch.is_grad_enabled() else 1
    if worth <= 1:
        return tuple(
            _run_layer(layer, x, precision, stretch, slice(None))
            for layer, x in zip(layers, inputs, strict=True)
        )
    n_rows = len(inputs[0])
    n_parts = max(-(-n_rows // PART_ROWS), 2 // len(layers))
    n_parts = max(min(n_parts, worth // len(layers), n_rows // MIN_ROWS), 1)
    cuts = [n_rows * i // n_parts for i in range(n_parts + 1)]
    jobs = [
        (which, rows)
        for which in range(len(layers))
        for rows in map(slice, cuts[:-1], cuts[1:])
    ]
    weights = [weight for layer in layers for weight in layer.parameters()]
    run = partial(_run_layer, precision=precision, stretch=stretch)
    return _Parts.apply(layers, jobs, run, *inputs, *weights)


def _run_layer(
    layer: nn.Module,
    x: Tensor,
    precision: torch.dtype,
    stretch: tuple[State, State] | None,
    rows: slice,
) -> Tensor:
    """Run a layer over ``x``, which is ``rows`` of a batch, and note where it ends."""
    two = isinstance(layer, nn.LSTM)
    given: Any = None
    if stretch is not None:
        given = tuple(part.detach()[:, rows].contiguous() for part in stretch[0])
    mixed, kind = precision != torch.float32, x.device.type
    # To enter an autocast takes a while, and there is seldom one to be switched off
    change = mixed or torch.is_autocast_enabled(kind)
    with torch.autocast(kind, precision, enabled=mixed) if change else nullcontext():
        states, last = layer(x, given if two or given is None else given[0])
    if stretch is not None:
        for end, part in zip(stretch[1], last if two else (last,), strict=True):
            end[:, rows] = part.detach()
    return states if precision == torch.float32 else states.float()


def _n_worth(x: Tensor, layers: Sequence[nn.Module]) -> int:
    """Return how many jobs are worth a thread; a GPU sees to its threads itself."""
    if x.device.type != "cpu":
        return 1
    n_weights = sum(weight.numel() for layer in layers for weight in layer.parameters())
    return x.shape[0] * x.shape[1] * n_weights // MIN_WORK


class _Parts(torch.autograd.Function):
    """All parts side by side, in the forward pass and in the backward pass.

    A job is a part: the number of its layer and a slice of rows. Each has a graph of
    its own, through which its thread goes back; it lives as long as the outer one.
    """

    @staticmethod
    def forward(
        ctx: Any, layers: Any, jobs: list, run_layer: Callable, *tensors: Tensor
    ) -> Any:
        inputs = tensors[: len(layers)]
        results = [x.new_empty((*x.shape[:2], layers[0].hidden_size)) for x in inputs]

        def run(job: tuple[int, slice]) -> tuple[Tensor, Tensor]:
            which, rows = job
            part = inputs[which][rows].detach()
            part.requires_grad_(ctx.needs_input_grad[3 + which])
            with torch.enable_grad():
                states = run_layer(layers[which], part, rows=rows)
            results[which][rows] = states.detach()
            return part, states

        ctx.layers, ctx.jobs, ctx.done = layers, jobs, parallel_map(run, jobs)
        ctx.shapes = [x.shape for x in inputs]
        return tuple(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        of_inputs = [
            torch.empty(shape, dtype=gradients[0].dtype) if needed else None
            for shape, needed in zip(ctx.shapes, ctx.needs_input_grad[3:], strict=False)
        ]

        def run(item: Any) -> tuple[int, list[Tensor | None]]:
            (which, rows), (part, states) = item
            weights = list(ctx.layers[which].parameters())
            leaves = [leaf for leaf in (*weights, part) if leaf.requires_grad]
            if not leaves:
                return which, [None] * len(weights)
            gradient = gradients[which][rows]
            found = torch.autograd.grad(states, leaves, gradient, retain_graph=True)
            if part.requires_grad:
                of_inputs[which][rows] = found[-1]
            of_weights = iter(found)
            return which, [
                next(of_weights) if w.requires_grad else None for w in weights
            ]

        done = parallel_map(run, list(zip(ctx.jobs, ctx.done, strict=True)))
        of_weights: list[Tensor | None] = []
        for layer in range(len(ctx.layers)):
            parts = [found for which, found in done if which == layer]
            of_weights += [
                None if first is None else sum(others, first)
                for first, *others in zip(*parts, strict=True)
            ]
        return (None, None, None, *of_inputs, *of_weights)
