"""Prediction: the forward pass over any number of rows, one answer for equal rows.

Four rules keep a prediction from depending on the rows beside it: rows are predicted
once each and in canonical order; no batch has fewer than 8 rows; pooling adds over a
multiple of 16 steps; the head runs in float64 and is rounded.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from sklstm._validation import Sequences
from sklstm.nn.batches import OrderedBatches, SequenceDataset
from sklstm.nn.canonical import distinct_rows
from sklstm.nn.devices import float32_products
from sklstm.nn.modules import RecurrentNet
from sklstm.nn.parts import MIN_ROWS
from sklstm.nn.threads import fair_share, parallel_map

CHUNK_VALUES = 4_000_000
CHUNK_ROWS = 100_000


def predict_scores(network: RecurrentNet, sequences: Sequences) -> np.ndarray:
    """Return the scores of each row, (n_samples, n_outputs), float64."""
    return _predict(network, sequences, head=True)


def predict_pooled(network: RecurrentNet, sequences: Sequences) -> np.ndarray:
    """Return the pooled hidden states of each row, (n_samples, size), float32."""
    return _predict(network, sequences, head=False)


@torch.inference_mode()
def embedded_steps(network: RecurrentNet, sequences: Sequences) -> np.ndarray:
    """Return what the network reads at each step, (n_total_steps, size), float32."""
    dataset = SequenceDataset(sequences, device=network.head.weight.device)
    steps = dataset.values[:-1].to(dataset.device)  # without the padding
    return network.embed(steps[None], dataset.shared.get("vectors"))[0].cpu().numpy()


def _predict(network: RecurrentNet, sequences: Sequences, head: bool) -> np.ndarray:
    def answer(X: dict[str, Tensor], n_rows: int, full: bool = False) -> Tensor:
        x, lengths, vectors = X["x"], X["lengths"], X.get("vectors")
        pooled = network.pooled(x, lengths, vectors=vectors, full=full)
        output = network.exact_scores(pooled) if head else pooled
        return output[:n_rows]

    def run(dataset: SequenceDataset, rows: np.ndarray, n_rows: int) -> Tensor:
        return answer(dataset.batch(rows)[0], n_rows)

    weight = network.head.weight
    if len(sequences) == 1:  # the same without plans, which take as long as the net
        with fair_share(), torch.inference_mode(), float32_products(weight.device):
            return answer(_batch_of_one(sequences, weight), 1, full=True).cpu().numpy()
    return np.concatenate(list(by_batch(weight, sequences, run)))


def _batch_of_one(sequences: Sequences, weight: Tensor) -> dict[str, Tensor]:
    """Return a batch of one row, repeated as OrderedBatches fills up."""
    values, vectors = sequences.values, sequences.vectors
    if not len(values):  # one step, of padding
        values = np.zeros_like(values, shape=(1, *values.shape[1:]))
    dtype = None if sequences.input_type == "tokens" else weight.dtype
    row = torch.tensor(values, dtype=dtype, device=weight.device)
    X = {
        "x": row.expand(MIN_ROWS, *row.shape).contiguous(),
        "lengths": torch.full((MIN_ROWS,), len(row), device=weight.device),
    }
    if vectors is not None:
        X["vectors"] = torch.tensor(vectors, dtype=weight.dtype, device=weight.device)
    return X


def by_batch(
    weight: Tensor,
    sequences: Sequences,
    function: Callable[[SequenceDataset, np.ndarray, int], Tensor],
) -> Iterator[np.ndarray]:
    """Yield what a function says of the rows, one stretch of them after another.

    Parameters
    ----------
    weight : Tensor
        Of the network, for its type and device.
    sequences : Sequences
        The rows; equal ones are asked for once.
    function : callable
        Gets a dataset, the numbers of a batch of its rows, filled up with the last one
        where they are few, and how many of them are asked for.
    """

    def run(batch: tuple[SequenceDataset, np.ndarray, int]) -> Tensor:
        with torch.inference_mode(), float32_products(weight.device):
            return function(*batch)

    for chunk in chunks(sequences):
        distinct, inverse = distinct_rows(chunk)
        dataset = SequenceDataset(distinct, dtype=weight.dtype, device=weight.device)
        batches = OrderedBatches(dataset)
        plan = [(dataset, batches.filled(rows), len(rows)) for rows in batches.plan()]
        with fair_share():
            outputs = parallel_map(run, plan)
        yield torch.cat(outputs).cpu().numpy()[inverse]


def chunks(sequences: Sequences) -> Iterator[Sequences]:
    """Cut rows into stretches of some millions of values.

    What prediction needs beside its input and output does not grow with the rows.
    """
    ends = sequences.starts + sequences.lengths
    n_steps = CHUNK_VALUES // (sequences.n_channels or 1)
    start = 0
    while start < len(sequences):
        limit = sequences.starts[start] + n_steps
        stop = max(int(np.searchsorted(ends, limit, side="right")), start + 1)
        stop = min(stop, start + CHUNK_ROWS)
        whole = start == 0 and stop == len(sequences)
        yield sequences if whole else sequences.take(np.arange(start, stop))
        start = stop
