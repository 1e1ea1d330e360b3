"""Batches of rows of similar length, cut from tensors in memory.

No data loader and no collation row by row: the steps of all rows lie in one flat
tensor, and a batch is one look-up in it, as wide as its longest row.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sklstm._validation import Sequences
from sklstm.nn.devices import home

# Rows are sorted by length within pools of this many batches, so that batches waste
# little padding and yet are made of other rows in each epoch.
POOL_BATCHES = 50

Batch = tuple[dict[str, Any], Tensor]


class SequenceDataset(Dataset):
    """Sequences with their targets and weights, as tensors on a device.

    Parameters
    ----------
    sequences : Sequences
        Token ids, or numbers.
    targets : ndarray of shape (n_samples,) or (n_samples, n_outputs), optional
        Zeros when left out.
    weights : ndarray of shape (n_samples,), optional
        Ones when left out.
    dtype : torch.dtype, default=torch.float32
        Of numbers and weights.
    device : torch.device or str, default="cpu"
        Of the batches. The rows live there too, unless they would fill a GPU: then
        they stay behind, and each batch is sent while the GPU is at work on another.
    """

    def __init__(
        self,
        sequences: Sequences,
        targets: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        n = len(sequences)
        targets = np.zeros(n, np.int64) if targets is None else targets
        weights = np.ones(n) if weights is None else weights
        tokens = sequences.input_type == "tokens"
        self.device = torch.device(device)
        self.home = home(sequences.values.nbytes, device)
        # The last step is padding: look-ups outside a row end there.
        values = np.concatenate(
            [
                sequences.values,
                np.zeros_like(sequences.values, shape=(1, *sequences.values.shape[1:])),
            ]
        )
        self.host_lengths = np.maximum(sequences.lengths, 1)
        self.values = torch.tensor(
            values, dtype=None if tokens else dtype, device=self.home
        )
        self.starts = torch.tensor(sequences.starts, device=self.home)
        self.lengths = torch.tensor(sequences.lengths, device=self.home)
        self.y = torch.tensor(targets, device=self.home)
        self.weights = torch.tensor(weights, dtype=dtype, device=self.home)
        self.shared: dict[str, Tensor] = {}  # what all batches have
        if sequences.vectors is not None:
            vectors = torch.tensor(sequences.vectors, dtype=dtype, device=device)
            self.shared["vectors"] = vectors

    def __len__(self) -> int:
        return len(self.host_lengths)

    def token_counts(self, n_tokens: int) -> Tensor:
        """Return how often each token id stands in the rows, (n_tokens,), float32."""
        return torch.bincount(self.values, minlength=n_tokens).float().to(self.device)

    def __getitem__(self, row: int) -> tuple[dict[str, Tensor], Any]:
        X, y = self.batch(np.array([row]))
        own = {name: value[0] for name, value in X.items() if name not in self.shared}
        return {**own, **self.shared}, y[0]

    def batch(self, rows: np.ndarray, index: Tensor | None = None) -> Batch:
        """Return the rows, left-aligned and as wide as the longest of them.

        Parameters
        ----------
        rows : ndarray of shape (B,)
            Row numbers.
        index : Tensor of shape (B,), int64, optional
            The same numbers where the rows live, if they are there already.

        Returns
        -------
        tuple of (dict, Tensor)
            ``x`` (B, L) ids or (B, L, C) numbers, zero after the end of a row;
            ``lengths`` (B,), where a row without steps counts one, of padding;
            ``weights`` (B,); where words are looked up, their ``vectors`` (n_known, E);
            and the targets.
        """
        n_steps = int(self.host_lengths[rows].max())
        if index is None:
            index = torch.from_numpy(rows).to(self.home)
        X = {
            "x": self.steps(index, 0, n_steps),
            "lengths": self._sent(self.lengths[index].clamp(min=1)),
            "weights": self._sent(self.weights[index]),
            **self.shared,
        }
        return X, self._sent(self.y[index])

    def steps(self, index: Tensor, start: int, stop: int) -> Tensor:
        """Return some steps of some rows, (B, stop - start), zero after their ends."""
        step = torch.arange(start, stop, device=self.home)
        position = torch.where(
            step < self.lengths[index][:, None],
            self.starts[index][:, None] + step,
            len(self.values) - 1,
        )
        return self._sent(self.values[position])

    def _sent(self, part: Tensor) -> Tensor:
        if self.home == self.device:
            return part
        return part.pin_memory().to(self.device, non_blocking=True)


class TrainingBatches:
    """Batches for one epoch after another, drawn from a generator.

    Parameters
    ----------
    dataset : SequenceDataset
        The rows.
    batch_size : int
        Rows of a batch. A last batch of one row joins the one before it.
    generator : torch.Generator
        Of the CPU; gives the order of the rows.
    shuffle : bool, default=True
        Whether each epoch has an order of its own; otherwise all have the first.
    """

    def __init__(
        self,
        dataset: SequenceDataset,
        batch_size: int,
        generator: torch.Generator,
        shuffle: bool = True,
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.generator = generator
        self.shuffle = shuffle
        self._plan: list[tuple[np.ndarray, Tensor]] | None = None

    def __iter__(self) -> Iterator[Batch]:
        if self.shuffle or self._plan is None:
            self._plan = self._draw_plan()
        for rows, index in self._plan:
            yield self.dataset.batch(rows, index)

    def _draw_plan(self) -> list[tuple[np.ndarray, Tensor]]:
        lengths = self.dataset.host_lengths
        order = torch.randperm(len(lengths), generator=self.generator).numpy()
        pool = POOL_BATCHES * self.batch_size
        for start in range(0, len(order), pool):
            rows = order[start : start + pool]
            order[start : start + pool] = rows[np.argsort(lengths[rows], kind="stable")]
        cuts = list(range(self.batch_size, len(order), self.batch_size))
        if cuts and cuts[-1] == len(order) - 1:
            cuts.pop()
        batches = np.split(order, cuts)
        # Sent as a whole: a copy for each batch would wait for the device
        indices = torch.from_numpy(order).to(self.dataset.home).tensor_split(cuts)
        shuffled = torch.randperm(len(batches), generator=self.generator).tolist()
        return [(batches[i], indices[i]) for i in shuffled]


class OrderedBatches:
    """Batches in the order of the rows, within a budget of steps.

    Parameters
    ----------
    dataset : SequenceDataset
        The rows, best sorted by length.
    max_steps : int, default=16_384
        Steps of a batch, padding included, unless ``min_rows`` asks for more.
    min_rows, max_rows : int, default=8 and 128
        Rows of a batch. A batch with fewer than ``min_rows`` is filled up by repeating
        its last row, because a batch of few rows takes another kernel.
    """

    def __init__(
        self,
        dataset: SequenceDataset,
        max_steps: int = 16_384,
        min_rows: int = 8,
        max_rows: int = 128,
    ) -> None:
        self.dataset = dataset
        self.max_steps = max_steps
        self.min_rows = min_rows
        self.max_rows = max_rows

    def plan(self) -> Iterator[np.ndarray]:
        """Yield the row numbers of each batch, without those that fill it up."""
        lengths = self.dataset.host_lengths
        start = 0
        while start < len(lengths):
            widest = np.maximum.accumulate(lengths[start : start + self.max_rows])
            n_steps = widest * np.arange(1, len(widest) + 1)
            fits = int(np.count_nonzero(n_steps <= self.max_steps))
            stop = min(start + max(fits, self.min_rows), len(lengths))
            yield np.arange(start, stop)
            start = stop

    def filled(self, rows: np.ndarray) -> np.ndarray:
        """Return ``rows`` with the last one repeated up to ``min_rows``."""
        missing = max(self.min_rows - len(rows), 0)
        return np.append(rows, np.repeat(rows[-1:], missing))

    def __iter__(self) -> Iterator[Batch]:
        for rows in self.plan():
            yield self.dataset.batch(rows)
