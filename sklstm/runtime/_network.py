"""The forward pass of a stored net: rows in, one score for each output out."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sklstm.runtime._cells import Layer
from sklstm.runtime._rows import Rows

# Of a batch, padding included: its states stay within some tens of MiB
MAX_STEPS, MAX_ROWS = 16_384, 256


class Network:
    """Embedding (or numbers), recurrent layers, pooling, head.

    Parameters
    ----------
    sizes : mapping of str
        Sizes and kinds, as the estimators keep them in ``sizes_``.
    weights : mapping of str to ndarray
        The weights by torch's names, as the estimators keep them in ``state_``.
    """

    def __init__(self, sizes: Mapping[str, Any], weights: Mapping[str, np.ndarray]):
        self.pooling = sizes["pooling"]
        self.embedding = weights.get("embedding.weight")
        relu = sizes["nonlinearity"] == "relu"
        sides = ["forward", "backward"] if sizes["bidirectional"] else ["forward"]
        self.layers = [
            [
                Layer.of_torch(
                    sizes["cell"], weights, f"recurrent.{side}_layers.{i}", relu
                )
                for side in sides
            ]
            for i in range(sizes["num_layers"])
        ]
        self.n_forward = sizes["hidden_size"]
        if self.pooling == "attention":
            self.key = weights["pooling.key.weight"], weights["pooling.key.bias"]
            self.query = weights["pooling.query.weight"]
        self.head = [
            weights[f"head.{name}"].astype(np.float64) for name in ("weight", "bias")
        ]

    def scores(self, rows: Rows) -> np.ndarray:
        """Return the scores of each row, (n_samples, n_outputs), float64."""
        weight, bias = self.head
        scores = np.empty((len(rows), len(bias)))
        for batch in _plan(rows.lengths):
            pooled = self._pooled(*rows.padded(batch), rows.vectors)
            scores[batch] = pooled.astype(np.float64) @ weight.T + bias
        return scores

    def _pooled(
        self, x: np.ndarray, lengths: np.ndarray, vectors: np.ndarray | None
    ) -> np.ndarray:
        """Return one vector for each row, (L, B) or (L, B, C) -> (B, H)."""
        if self.embedding is not None:
            x = _embed(x, self.embedding, vectors)
        step = np.arange(len(x))[:, None]
        order = np.where(step < lengths, lengths - 1 - step, step)[:, :, None]  # (L, B)
        for ahead, *back in self.layers:
            states = [ahead.run(x)]
            for layer in back:
                reversed_states = layer.run(np.take_along_axis(x, order, axis=0))
                states.append(np.take_along_axis(reversed_states, order, axis=0))
            x = np.concatenate(states, axis=2) if back else states[0]
        return self._pool(x, lengths, step < lengths)

    def _pool(
        self, states: np.ndarray, lengths: np.ndarray, inside: np.ndarray
    ) -> np.ndarray:
        """Pool states over the steps of each row, (L, B, H) -> (B, H)."""
        if self.pooling == "last":
            rows = np.arange(len(lengths))
            ahead = states[lengths - 1, rows, : self.n_forward]
            return np.concatenate([ahead, states[0, :, self.n_forward :]], axis=1)
        inside = inside[:, :, None]  # (L, B, 1)
        if self.pooling == "max":
            return np.where(inside, states, -np.inf).max(axis=0)
        if self.pooling == "mean":
            total = np.where(inside, states, 0).sum(axis=0)
            return total / lengths[:, None].astype(states.dtype)
        weight, bias = self.key
        scores = np.tanh(states @ weight.T + bias) @ self.query.T
        scores = np.where(inside, scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=0))
        weights /= weights.sum(axis=0)
        return (weights * np.where(inside, states, 0)).sum(axis=0)


def _embed(
    ids: np.ndarray, embedding: np.ndarray, vectors: np.ndarray | None
) -> np.ndarray:
    """Return the vectors of ids (L, B); those past the embedding are of ``vectors``."""
    if vectors is None or not len(vectors):
        return embedding[ids]
    known = ids >= len(embedding)
    found = embedding[np.where(known, 0, ids)]
    found[known] = vectors[ids[known] - len(embedding)]
    return found


def _plan(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the row numbers of batches of rows of similar length."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        widths = np.maximum(lengths[order[start : start + MAX_ROWS]], 1)
        n_steps = widths * np.arange(1, len(widths) + 1)
        fits = int(np.count_nonzero(n_steps <= MAX_STEPS))
        stop = start + max(fits, 1)
        yield order[start:stop]
        start = stop
