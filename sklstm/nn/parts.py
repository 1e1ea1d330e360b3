"""Recurrent layers over parts of a batch, each part computed by one thread.

How a batch is cut depends on its shape alone, so that results do not depend on the
number of threads. Parts of some 32 rows are also what the kernels of a CPU do best:
their states stay in the cache.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from sklstm.nn.threads import parallel_map

PART_ROWS = 32
MIN_ROWS = 8  # below, another kernel computes, to other last bits
MIN_WORK = 10_000_000  # multiplications, below which a thread is not worth its call


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
    worth = _n_worth(inputs[0], layers)
    if worth <= 1:
        return tuple(
            _run_layer(layer, x, precision)
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
    return _Parts.apply(layers, jobs, precision, *inputs, *weights)


def _run_layer(layer: nn.Module, x: Tensor, precision: torch.dtype) -> Tensor:
    if precision == torch.float32:
        return layer(x)[0]
    with torch.autocast(x.device.type, precision):
        return layer(x)[0].float()


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
        ctx: Any, layers: Any, jobs: list, precision: torch.dtype, *tensors: Tensor
    ) -> Any:
        trains = any(ctx.needs_input_grad)

        def run(job: tuple[int, slice]) -> tuple[Tensor, Tensor]:
            which, rows = job
            with torch.set_grad_enabled(trains):
                part = tensors[which][rows].detach()
                part.requires_grad_(ctx.needs_input_grad[3 + which])
                return part, _run_layer(layers[which], part, precision)

        done = parallel_map(run, jobs)
        if trains:
            ctx.layers, ctx.jobs, ctx.done = layers, jobs, done
        states = [states.detach() for _, states in done]
        return tuple(map(torch.cat, _by_layer(jobs, states)))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        def run(item: Any) -> list[Tensor | None]:
            (which, rows), (part, states) = item
            leaves = [part, *ctx.layers[which].parameters()]
            needed = [leaf for leaf in leaves if leaf.requires_grad]
            found = iter(
                torch.autograd.grad(
                    states, needed, gradients[which][rows], retain_graph=True
                )
                if needed
                else ()
            )
            return [next(found) if leaf.requires_grad else None for leaf in leaves]

        done = parallel_map(run, list(zip(ctx.jobs, ctx.done, strict=True)))
        of_inputs, of_weights = [], []
        for parts in _by_layer(ctx.jobs, done):
            of_input, *of_layer = zip(*parts, strict=True)
            of_inputs.append(None if of_input[0] is None else torch.cat(of_input))
            of_weights += [None if g[0] is None else sum(g[1:], g[0]) for g in of_layer]
        return (None, None, None, *of_inputs, *of_weights)


def _by_layer(jobs: list, results: list) -> list[list]:
    """Group the results of jobs by their layers."""
    grouped: list[list] = [[] for _ in range(jobs[-1][0] + 1)]
    for (which, _), result in zip(jobs, results, strict=True):
        grouped[which].append(result)
    return grouped
