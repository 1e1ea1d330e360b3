"""The rows that train: sequences with targets and weights."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import train_test_split

from sklstm._validation import Sequences
from sklstm.nn.batches import SequenceDataset
from sklstm.nn.canonical import canonical_rows


@dataclass(frozen=True)
class Rows:
    """Sequences, encoded targets and weights, row by row.

    Parameters
    ----------
    sequences : Sequences
        The rows of X.
    targets : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        What the net is to learn: class numbers, or 0/1 labels as float32.
    weights : ndarray of shape (n_samples,), float64
        One weight for each row.
    """

    sequences: Sequences
    targets: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.weights)

    def canonical(self) -> "Rows":
        """Return the distinct rows in canonical order."""
        return Rows(*canonical_rows(self.sequences, self.targets, self.weights))

    def take(self, rows: np.ndarray) -> "Rows":
        """Return some of the rows."""
        return Rows(self.sequences.take(rows), self.targets[rows], self.weights[rows])

    def class_weighted(self, factors: np.ndarray | None) -> "Rows":
        """Return the rows with their weights multiplied by those of their classes."""
        if factors is None:
            return self
        return replace(self, weights=self.weights * factors[self.targets])

    def with_mean_weight_one(self) -> "Rows":
        """Return the rows with weights scaled, so that they do not act as step size."""
        with np.errstate(over="ignore"):
            total = self.weights.sum()
        if not 0 < total < math.inf:
            raise ValueError(
                f"The weights of the rows add up to {total}; make sample_weight and "
                "class_weight smaller, or leave rows with a weight above zero."
            )
        return replace(self, weights=self.weights * (len(self) / total))

    def dataset(
        self, read: Callable[[Sequences], Sequences], device: str
    ) -> SequenceDataset:
        """Return the rows as tensors on ``device``, with the ids that a net reads."""
        sequences = read(self.sequences)
        return SequenceDataset(sequences, self.targets, self.weights, device=device)

    def split(
        self, fraction: float, seed: int, strata: np.ndarray | None
    ) -> tuple["Rows", "Rows"]:
        """Split off ``fraction`` of the rows for validation, in canonical order.

        The validation part has at least one row for each of the ``strata``. They are
        spread evenly over both parts, unless one of them has a single row.

        Returns
        -------
        tuple of (Rows, Rows)
            The rows that train and those that validate.
        """
        labels = np.zeros(len(self), np.int64) if strata is None else strata
        counts = np.unique(labels, return_counts=True)[1]
        n_valid = max(math.ceil(fraction * len(self)), len(counts))
        if n_valid >= len(self):
            raise ValueError(
                f"early_stopping=True needs rows to validate on, but n_samples="
                f"{len(self)} distinct rows leave none to train on."
            )
        spread = counts.min() > 1 and len(self) - n_valid >= len(counts)
        train, valid = train_test_split(
            np.arange(len(self)),
            test_size=n_valid,
            random_state=seed,
            stratify=labels if spread and strata is not None else None,
        )
        return self.take(np.sort(train)), self.take(np.sort(valid))
