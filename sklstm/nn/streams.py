"""Batches of texts for a language model: stretches of one stream, or whole texts."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from sklstm._validation import PAD_ID
from sklstm.nn.batches import Batch, OrderedBatches, SequenceDataset, TrainingBatches

MIN_STRETCHES = 10  # few steps of the optimizer teach nothing


class StreamBatches:
    """Stretches of a stream, each of which begins where the one before it ended.

    The texts stand one after the other and are cut into columns of equal length, which
    are read side by side.

    Parameters
    ----------
    dataset : SequenceDataset
        The texts, as token ids.
    first_id : int
        Stands before the first text.
    n_columns : int
        Columns; fewer where they would have less than ten stretches.
    n_steps : int
        Steps of a stretch, through which gradients flow back.
    """

    def __init__(
        self, dataset: SequenceDataset, first_id: int, n_columns: int, n_steps: int
    ) -> None:
        stream = dataset.values[:-1]  # without the padding at its end
        n_columns = max(min(n_columns, len(stream) // (MIN_STRETCHES * n_steps)), 1)
        width = -(-len(stream) // n_columns)
        n_columns = -(-len(stream) // width)  # none of padding alone
        filled = stream.new_full((n_columns * width,), PAD_ID)
        filled[: len(stream)] = stream
        self.columns = filled.view(n_columns, width)
        first = stream.new_tensor([first_id])
        self.previous = torch.cat([first, filled[:-1]]).view(n_columns, width)
        self.n_real = len(stream)
        self.n_steps = n_steps
        self.device = dataset.device

    def __iter__(self) -> Iterator[Batch]:
        n_columns, width = self.columns.shape
        # Padding stands at the end of the last columns
        ends = np.clip(self.n_real - width * np.arange(n_columns), 0, width)
        for start in range(0, width, self.n_steps):
            stop = min(start + self.n_steps, width)
            ids = self.columns[:, start:stop].to(self.device)
            previous = self.previous[:, start].to(self.device)
            yield batch_of(ids, previous, ends - start, goes_on=start > 0)


class TextBatches:
    """Whole texts, each of which begins anew.

    Parameters
    ----------
    batches : TrainingBatches or OrderedBatches
        Of token ids.
    first_id : int
        Stands before each text.
    """

    def __init__(
        self, batches: TrainingBatches | OrderedBatches, first_id: int
    ) -> None:
        self.batches = batches
        self.first_id = first_id

    def __iter__(self) -> Iterator[Batch]:
        for X, _ in self.batches:
            ids = X["x"]
            previous = ids.new_full((len(ids),), self.first_id)
            yield batch_of(ids, previous, X["lengths"].cpu().numpy(), goes_on=False)


def batch_of(
    ids: Tensor, previous: Tensor, lengths: np.ndarray, *, goes_on: bool
) -> Batch:
    """Return the words to read, and the words that follow them.

    Parameters
    ----------
    ids : Tensor of shape (B, L)
        The words to predict.
    previous : Tensor of shape (B,)
        The word before the first of them.
    lengths : ndarray of shape (B,)
        How many of each row are words; what stands behind is padding.
    goes_on : bool
        Whether the rows begin where those of the batch before ended.

    Returns
    -------
    tuple of (dict, Tensor)
        ``ids``, ``previous``, ``goes_on``, and ``real``, the numbers of the steps that
        are words, (N,), or None where all are; and the words (N,).
    """
    n_steps = ids.shape[1]
    real = None
    if (lengths < n_steps).any():
        inside = np.arange(n_steps) < lengths[:, None]
        real = torch.from_numpy(np.flatnonzero(inside)).to(ids.device)
    X = {"ids": ids, "previous": previous, "goes_on": goes_on, "real": real}
    return X, chosen(ids, real)


def chosen(steps: Tensor, real: Tensor | None) -> Tensor:
    """Return the steps that are words, (B, L, ...) -> (N, ...)."""
    flat = steps.flatten(0, 1)
    return flat if real is None else flat[real]
