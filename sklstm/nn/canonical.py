"""Canonical rows: what training and prediction see, whatever way rows were written.

Identical rows are one row with their weights added, and rows stand in an order of
their own. So training does not depend on the order of the rows, on their padding or on
the way weights are written, and prediction not on which rows came first.
"""

import numpy as np

from sklstm._validation import Sequences


def rank_rows(sequences: Sequences, targets: np.ndarray | None = None) -> np.ndarray:
    """Give rows numbers in order of length, bytes and target; equal rows share one.

    Parameters
    ----------
    sequences : Sequences
        The rows, without padding.
    targets : ndarray of shape (n_samples,) or (n_samples, n_outputs), optional
        Rows that differ only here are different rows.

    Returns
    -------
    ndarray of shape (n_samples,), int64
        Ranks from 0 without gaps.
    """
    ranks = np.empty(len(sequences), np.int64)
    n_ranks = 0
    by_length = np.argsort(sequences.lengths, kind="stable")
    cuts = np.flatnonzero(np.diff(sequences.lengths[by_length])) + 1
    for rows in np.split(by_length, cuts):
        n_steps = sequences.lengths[rows[0]]
        steps = sequences.starts[rows][:, None] + np.arange(n_steps)
        keys = _row_bytes(sequences.values[steps])
        if targets is not None:
            keys = np.concatenate([keys, _row_bytes(targets[rows])], axis=1)
        if keys.shape[1]:
            keys = np.ascontiguousarray(keys).view(f"V{keys.shape[1]}").ravel()
            inverse = np.unique(keys, return_inverse=True)[1]
        else:  # rows without steps are all the same
            inverse = np.zeros(len(rows), np.int64)
        ranks[rows] = n_ranks + inverse
        n_ranks += inverse.max() + 1
    return ranks


def _row_bytes(rows: np.ndarray) -> np.ndarray:
    rows = np.ascontiguousarray(rows.reshape(len(rows), -1))
    return rows.view(np.uint8).reshape(len(rows), -1)


def canonical_rows(
    sequences: Sequences, targets: np.ndarray, weights: np.ndarray
) -> tuple[Sequences, np.ndarray, np.ndarray]:
    """Merge equal rows, adding their weights, and sort them.

    Parameters
    ----------
    sequences : Sequences
        The rows, without padding.
    targets : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        One target for each row.
    weights : ndarray of shape (n_samples,), float64
        Rows of weight zero are dropped.

    Returns
    -------
    tuple of (Sequences, ndarray, ndarray)
        The distinct rows, their targets and the sum of their weights.
    """
    sequences, targets, weights = rows_that_weigh(sequences, targets, weights)
    ranks = rank_rows(sequences, targets)
    # Equal rows are added up from the lightest: their order must not change the sum.
    order = np.lexsort((weights, ranks))
    firsts = np.flatnonzero(np.diff(ranks[order], prepend=-1))
    rows = order[firsts]
    return sequences.take(rows), targets[rows], np.add.reduceat(weights[order], firsts)


def rows_that_weigh(
    sequences: Sequences, targets: np.ndarray, weights: np.ndarray
) -> tuple[Sequences, np.ndarray, np.ndarray]:
    """Return sequences, targets and weights without the rows of weight zero."""
    kept = np.flatnonzero(weights > 0)
    if len(kept) == len(weights):
        return sequences, targets, weights
    return sequences.take(kept), targets[kept], weights[kept]


def distinct_rows(sequences: Sequences) -> tuple[Sequences, np.ndarray]:
    """Return the distinct rows in canonical order, and where each row is among them.

    ``distinct.take(inverse)`` gives the rows back.
    """
    _, first, inverse = np.unique(
        rank_rows(sequences), return_index=True, return_inverse=True
    )
    return sequences.take(first), inverse
