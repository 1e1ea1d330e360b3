"""Batches: every row once, of similar lengths, as wide as the longest."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklstm._validation import Sequences
from sklstm.nn.batches import OrderedBatches, SequenceDataset, TrainingBatches

LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=80)


def numbered(lengths, **options):
    """A dataset whose row i repeats the id i + 1 and has the target and weight i."""
    lengths = np.array(lengths, np.int64)
    n = len(lengths)
    ids = np.repeat(np.arange(1, n + 1, dtype=np.int32), lengths)
    return SequenceDataset(
        Sequences(ids, lengths), np.arange(n), np.arange(n) / 2, **options
    )


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(batches):
    return [y.tolist() for _, y in batches]


def check_batch(dataset, X, y):
    """A batch is its rows from the left, then zeros, and no wider than needed."""
    lengths = dataset.lengths[y].clamp(min=1)
    assert X["x"].shape == (len(y), lengths.max())
    assert torch.equal(X["lengths"], lengths)
    assert torch.equal(X["weights"], y / 2)
    step = torch.arange(int(lengths.max()))
    expected = torch.where(step < dataset.lengths[y][:, None], y[:, None] + 1, 0)
    assert torch.equal(X["x"].long(), expected)


@settings(deadline=None, max_examples=60)
@given(
    lengths=LENGTHS,
    batch_size=st.integers(1, 90),
    shuffle=st.booleans(),
    seed=st.integers(0, 9),
)
def test_an_epoch_has_every_row_once(lengths, batch_size, shuffle, seed):
    dataset = numbered(lengths)
    batches = TrainingBatches(dataset, batch_size, generator(seed), shuffle)
    for _ in range(2):
        rows = []
        for X, y in batches:
            check_batch(dataset, X, y)
            assert len(y) <= batch_size + 1
            assert len(y) > 1 or len(lengths) == 1 or batch_size == 1
            rows += y.tolist()
        assert sorted(rows) == list(range(len(lengths)))


def test_a_remainder_of_one_joins_its_neighbour():
    sizes = [len(y) for _, y in TrainingBatches(numbered([3] * 9), 4, generator())]
    assert sorted(sizes) == [4, 5]
    sizes = [len(y) for _, y in TrainingBatches(numbered([3] * 10), 4, generator())]
    assert sorted(sizes) == [2, 4, 4]


def test_epochs_differ_and_a_seed_repeats_them():
    dataset = numbered(np.arange(50) % 7)

    def epochs(seed, shuffle=True):
        batches = TrainingBatches(dataset, 8, generator(seed), shuffle)
        return drawn(batches), drawn(batches)

    first, second = epochs(0)
    assert first != second
    assert epochs(0) == (first, second)
    assert epochs(1)[0] != first
    kept, again = epochs(0, shuffle=False)
    assert kept == again == first


def test_batches_are_of_other_rows_in_each_epoch():
    batches = TrainingBatches(numbered([5] * 64), 8, generator())
    first, second = ({frozenset(rows) for rows in drawn(batches)} for _ in range(2))
    assert not first & second


def test_skewed_lengths_waste_little():
    rng = np.random.RandomState(0)
    lengths = np.minimum(rng.geometric(0.03, 3000), 400)
    steps = [
        X["x"].numel() for X, _ in TrainingBatches(numbered(lengths), 32, generator())
    ]
    at_random = [
        lengths[rows].max() * len(rows)
        for rows in np.split(rng.permutation(3000), range(32, 3000, 32))
    ]
    assert sum(steps) < 1.15 * lengths.sum()
    assert sum(at_random) > 3 * lengths.sum()


@pytest.mark.parametrize("n_steps", [[0], [0, 0, 0]])
def test_rows_without_steps_count_one_of_padding(n_steps):
    dataset = numbered(n_steps)
    X, _ = dataset.batch(np.arange(len(n_steps)))
    assert X["x"].tolist() == [[0]] * len(n_steps)
    assert X["lengths"].tolist() == [1] * len(n_steps)


def test_one_row_of_the_dataset_is_a_row_of_a_batch():
    dataset = numbered([3, 0, 5])
    for i in range(3):
        X, y = dataset[i]
        batch, targets = dataset.batch(np.array([i]))
        assert X.keys() == batch.keys()
        assert all(torch.equal(X[name], batch[name][0]) for name in X)
        assert y == targets[0] == i
    assert len(dataset) == 3


def test_numbers_are_rounded_and_padded_with_zero():
    values = np.array([[0.1, 1.0], [0.2, 2.0], [0.3, 3.0]])
    sequences = Sequences(values, np.array([2, 1]))
    X, y = SequenceDataset(sequences).batch(np.array([1, 0]))
    expected = torch.tensor([[[0.3, 3.0], [0, 0]], [[0.1, 1.0], [0.2, 2.0]]])
    assert X["x"].dtype == torch.float32
    assert torch.equal(X["x"], expected)
    assert X["weights"].tolist() == [1.0, 1.0]
    assert y.tolist() == [0, 0]
    exact = SequenceDataset(sequences, dtype=torch.float64).batch(np.array([0]))[0]
    assert exact["x"].dtype == exact["weights"].dtype == torch.float64
    assert np.array_equal(exact["x"][0].numpy(), values[:2])


def test_the_dataset_owns_its_memory():
    sequences = Sequences(np.array([3, 4], np.int32), np.array([2]))
    weights = np.ones(1)
    dataset = SequenceDataset(sequences, weights=weights)
    sequences.values[:] = weights[:] = 9
    X, _ = dataset.batch(np.array([0]))
    assert X["x"].tolist() == [[3, 4]]
    assert X["weights"].tolist() == [1.0]


def test_tokens_are_counted():
    dataset = SequenceDataset(
        Sequences(np.array([3, 1, 3], np.int32), np.array([1, 2]))
    )
    counts = dataset.token_counts(5)
    assert counts[1:].tolist() == [1.0, 0.0, 2.0, 0.0]


@settings(deadline=None, max_examples=60)
@given(
    lengths=LENGTHS,
    max_steps=st.integers(1, 200),
    min_rows=st.integers(1, 9),
    max_rows=st.integers(9, 30),
)
def test_ordered_batches_keep_order_and_budget(lengths, max_steps, min_rows, max_rows):
    dataset = numbered(lengths)
    batches = OrderedBatches(dataset, max_steps, min_rows, max_rows)
    plan = list(batches.plan())
    assert np.concatenate(plan).tolist() == list(range(len(lengths)))
    counted = np.maximum(lengths, 1)
    for i, rows in enumerate(plan):
        n_steps = counted[rows].max() * len(rows)
        assert len(rows) <= max_rows
        assert n_steps <= max_steps or len(rows) <= min_rows
        assert len(rows) >= min_rows or i == len(plan) - 1
        if i < len(plan) - 1 and len(rows) < max_rows:  # one row more is too much
            longer = counted[: rows[-1] + 2][rows[0] :].max()
            assert longer * (len(rows) + 1) > max_steps
        filled = batches.filled(rows)
        assert len(filled) == max(len(rows), min_rows)
        assert filled[: len(rows)].tolist() == rows.tolist()
        assert set(filled) == set(rows)
    found = list(batches)
    for X, y in found:
        check_batch(dataset, X, y)
    assert [y.tolist() for _, y in found] == [rows.tolist() for rows in plan]
