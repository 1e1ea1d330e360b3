"""Canonical rows: the way rows are written does not reach the net."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklstm._validation import Sequences, check_sequences
from sklstm.nn.canonical import canonical_rows, distinct_rows, rank_rows
from sklstm.text import SequencePadder

# Few values and short rows: many of them are equal.
TOKEN_ROWS = st.lists(st.lists(st.integers(1, 3), max_size=3), min_size=1, max_size=30)
NUMBER_ROWS = st.lists(
    st.lists(st.sampled_from([0.0, -0.0, 0.1, -3.5]), max_size=3),
    min_size=1,
    max_size=30,
)
SEEDS = st.integers(0, 999)


def read(X, input_type="auto"):
    return check_sequences(SequencePadder(), X, reset=True, input_type=input_type)


def read_numbers(rows):
    return read([np.array(row, float) for row in rows], "series")


def rows_of(sequences):
    return np.split(sequences.values, np.cumsum(sequences.lengths)[:-1])


def bits(sequences, targets, weights):
    parts = sequences.values, sequences.lengths, targets, weights
    return [(part.dtype.str, part.shape, part.tobytes()) for part in parts]


def random_targets(seed, n):
    rng = np.random.RandomState(seed)
    return rng, rng.randint(0, 2, n), rng.rand(n) * 10.0 ** rng.randint(-8, 8, n)


@settings(deadline=None, max_examples=60)
@given(rows=st.one_of(TOKEN_ROWS, NUMBER_ROWS), seed=SEEDS)
def test_order_does_not_matter(rows, seed):
    sequences = read_numbers(rows)
    rng, targets, weights = random_targets(seed, len(rows))
    order = rng.permutation(len(rows))
    assert bits(*canonical_rows(sequences, targets, weights)) == bits(
        *canonical_rows(sequences.take(order), targets[order], weights[order])
    )


@settings(deadline=None, max_examples=60)
@given(rows=TOKEN_ROWS, seed=SEEDS)
def test_rows_are_merged_and_weights_added(rows, seed):
    _, targets, weights = random_targets(seed, len(rows))
    totals = {}
    for row, target, weight in zip(rows, targets, weights, strict=True):
        key = tuple(row), int(target)
        totals[key] = totals.get(key, 0.0) + weight
    found, found_targets, found_weights = canonical_rows(read(rows), targets, weights)
    keys = [
        (tuple(row.tolist()), int(target))
        for row, target in zip(rows_of(found), found_targets, strict=True)
    ]
    assert dict(zip(keys, found_weights, strict=True)) == pytest.approx(totals)
    assert len(keys) == len(totals)
    assert found.lengths.tolist() == sorted(found.lengths)


@settings(deadline=None, max_examples=40)
@given(rows=TOKEN_ROWS, seed=SEEDS, repeats=st.integers(2, 4))
def test_weights_are_repeated_rows(rows, seed, repeats):
    _, targets, _ = random_targets(seed, len(rows))
    sequences, n = read(rows), len(rows)
    again = np.tile(np.arange(n), repeats)
    repeated = canonical_rows(
        sequences.take(again), targets[again], np.ones(len(again))
    )
    assert bits(*repeated) == bits(
        *canonical_rows(sequences, targets, np.full(n, float(repeats)))
    )


@settings(deadline=None, max_examples=40)
@given(rows=TOKEN_ROWS, seed=SEEDS)
def test_half_weights_and_zero_weights_are_no_news(rows, seed):
    _, targets, weights = random_targets(seed, len(rows))
    n, sequences = len(rows), read(rows)
    if len({(*row, t) for row, t in zip(map(tuple, rows), targets, strict=True)}) < n:
        weights = np.ones(n)  # sums of other weights may round
    halves = np.concatenate([np.arange(n), np.arange(n), np.arange(n)])
    split = np.concatenate([weights / 2, np.zeros(n), weights / 2])
    other = np.concatenate([targets, 1 - targets, targets])
    assert bits(*canonical_rows(sequences.take(halves), other, split)) == bits(
        *canonical_rows(sequences, targets, weights)
    )


@settings(deadline=None, max_examples=40)
@given(rows=TOKEN_ROWS, extra=st.integers(0, 5), side=st.sampled_from(["pre", "post"]))
def test_padding_does_not_matter(rows, extra, side):
    width = max(map(len, rows)) + extra + 1
    padder = SequencePadder(max_length=width, padding=side)
    targets, weights = np.zeros(len(rows), int), np.ones(len(rows))
    padded = read(padder.fit_transform(as_arrays(rows)))
    assert bits(*canonical_rows(padded, targets, weights)) == bits(
        *canonical_rows(read(rows), targets, weights)
    )


def as_arrays(rows):
    return [np.array(row, np.int32) for row in rows]


def test_minus_zero_is_zero():
    targets, weights = np.zeros(2, int), np.ones(2)
    found, _, total = canonical_rows(read([[0.0, 1.0], [-0.0, 1.0]]), targets, weights)
    assert len(found) == 1
    assert total.tolist() == [2.0]
    assert not np.signbit(found.values).any()


def test_rows_that_differ_only_in_a_target_stay_apart():
    sequences = read([[1, 2], [1, 2], [1, 2]])
    targets = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 1.0]], np.float32)
    found, labels, weights = canonical_rows(sequences, targets, np.array([1.0, 2, 4]))
    assert rows_of(found)[0].tolist() == rows_of(found)[1].tolist() == [1, 2]
    assert sorted(zip(labels.tolist(), weights, strict=True)) == [
        ([0.0, 1.0], 5.0),
        ([1.0, 1.0], 2.0),
    ]


def test_rows_without_steps():
    ranks = rank_rows(read([[], [5], []]))
    assert ranks.tolist() == [0, 1, 0]
    with_targets = rank_rows(read([[], [], []]), np.array([1, 0, 1]))
    assert with_targets[0] == with_targets[2] != with_targets[1]


@settings(deadline=None, max_examples=60)
@given(rows=st.one_of(TOKEN_ROWS, NUMBER_ROWS))
def test_ranks_have_no_gaps_and_equal_rows_share_one(rows):
    ranks = rank_rows(read_numbers(rows))
    assert set(ranks) == set(range(len(set(ranks))))
    keys = [tuple(x + 0.0 for x in row) for row in rows]
    for i, key in enumerate(keys):
        assert [other == key for other in keys] == (ranks == ranks[i]).tolist()
    by_rank = [len(rows[i]) for i in np.argsort(ranks, kind="stable")]
    assert by_rank == sorted(by_rank)


@settings(deadline=None, max_examples=60)
@given(rows=st.one_of(TOKEN_ROWS, NUMBER_ROWS))
def test_distinct_rows_give_the_rows_back(rows):
    sequences = read_numbers(rows)
    distinct, inverse = distinct_rows(sequences)
    back = distinct.take(inverse)
    assert np.array_equal(back.values, sequences.values)
    assert np.array_equal(back.lengths, sequences.lengths)
    assert len(set(rank_rows(distinct))) == len(distinct)


def test_taken_rows_are_the_rows():
    sequences = Sequences(np.arange(6, dtype=np.int32), np.array([2, 0, 3, 1]))
    taken = sequences.take(np.array([3, 0, 1, 3]))
    assert taken.values.tolist() == [5, 0, 1, 5]
    assert taken.lengths.tolist() == [1, 2, 0, 1]
