"""Prediction: the forward pass over any number of rows, one answer for equal rows.

Four rules keep a prediction from depending on the rows beside it: rows are predicted
once each and in canonical order; no batch has fewer than 8 rows; pooling adds over a
multiple of 16 steps; the head runs in float64 and is rounded.
"""

import numpy as np
import torch
from torch import Tensor

from sklstm._validation import Sequences
from sklstm.nn.batches import OrderedBatches, SequenceDataset
from sklstm.nn.canonical import distinct_rows
from sklstm.nn.modules import RecurrentNet
from sklstm.nn.threads import fair_share


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
    steps = dataset.values[:-1]  # without the padding
    return network.embed(steps[None], dataset.shared.get("vectors"))[0].cpu().numpy()


@fair_share()
@torch.inference_mode()
def _predict(network: RecurrentNet, sequences: Sequences, head: bool) -> np.ndarray:
    distinct, inverse = distinct_rows(sequences)
    weight = network.head.weight
    dataset = SequenceDataset(distinct, dtype=weight.dtype, device=weight.device)
    batches = OrderedBatches(dataset)
    outputs: list[Tensor] = []
    for rows in batches.plan():
        X, _ = dataset.batch(batches.filled(rows))
        pooled = network.pooled(X["x"], X["lengths"], vectors=X.get("vectors"))
        output = network.exact_scores(pooled) if head else pooled
        outputs.append(output[: len(rows)])
    return torch.cat(outputs).cpu().numpy()[inverse]
