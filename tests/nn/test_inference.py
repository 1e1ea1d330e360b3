"""Prediction: what stands beside a row, and how it is padded, never reaches it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from sklstm._validation import check_sequences
from sklstm.nn import inference
from sklstm.nn.inference import predict_pooled, predict_scores
from sklstm.nn.modules import CELLS, POOLINGS, build_network
from sklstm.text import SequencePadder


def sharp_network(seed, tokens=True, cell="lstm", **sizes):
    """A network of large weights: small differences grow in it."""
    net = build_network(
        seed,
        cell=cell,
        n_tokens=12 if tokens else None,
        input_size=16 if tokens else 2,
        hidden_size=24,
        n_outputs=3,
        **{"num_layers": 1} | sizes,
    )
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(2.0)
        if tokens:  # as large as trained ones
            net.embedding.weight.mul_(5.0)
    return net.eval()


def random_lengths(seed, n):
    return np.random.RandomState(seed).randint(0, 60, n)


def padded(sequences, width, side):
    """Write the rows into an array with padding on one side and read it again."""
    rows = np.split(sequences.values, np.cumsum(sequences.lengths)[:-1])
    padder = SequencePadder(max_length=width, padding=side)
    if sequences.input_type == "series":  # an array of objects: rows stay 2-D
        boxed = np.empty(len(rows), object)
        boxed[:] = rows
        rows = boxed
    return check_sequences(
        padder,
        padder.fit_transform(rows),
        reset=True,
        input_type=sequences.input_type,
    )


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("tokens", [True, False])
def test_company_and_padding_do_not_matter(
    cell, pooling, bidirectional, tokens, make_sequences
):
    sizes = {"pooling": pooling, "bidirectional": bidirectional}
    for seed in range(3):
        net = sharp_network(seed, tokens, cell, num_layers=1 + seed % 2, **sizes)
        sequences = make_sequences(random_lengths(seed, 90), tokens, seed)
        proba = softmax(predict_scores(net, sequences), axis=1)
        assert np.ptp(proba, axis=0).min() > 0.1  # rows do differ
        rng = np.random.RandomState(seed)
        for rows in (
            rng.permutation(90),
            np.arange(1),
            np.arange(40, 49),
            rng.randint(0, 90, 300),
        ):
            found = softmax(predict_scores(net, sequences.take(rows)), axis=1)
            assert np.abs(found - proba[rows]).max() <= 1e-6
        for width, side in ((60, "pre"), (97, "post")):
            found = predict_scores(net, padded(sequences, width, side))
            assert np.array_equal(softmax(found, axis=1), proba)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 999), tokens=st.booleans(), n=st.integers(1, 40))
def test_order_repetition_and_padding_give_the_same_bits(
    seed, tokens, n, make_sequences
):
    net = sharp_network(seed, tokens, pooling="mean", bidirectional=True)
    sequences = make_sequences(random_lengths(seed, n), tokens, seed)
    scores, pooled = predict_scores(net, sequences), predict_pooled(net, sequences)
    order = np.random.RandomState(seed).permutation(n)
    for rows in (order, np.concatenate([order, order]), np.arange(n)[::-1]):
        taken = sequences.take(rows)
        assert np.array_equal(predict_scores(net, taken), scores[rows])
        assert np.array_equal(predict_pooled(net, taken), pooled[rows])
    assert np.array_equal(predict_scores(net, padded(sequences, 70, "pre")), scores)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("tokens", [True, False])
def test_a_row_alone_has_the_bits_of_one_beside_others(tokens, pooling, make_sequences):
    """A single row is written as a batch without plans."""
    net = sharp_network(0, tokens, pooling=pooling, bidirectional=True, num_layers=2)
    sequences = make_sequences([0, 1, 16, 33], tokens)
    if tokens:
        known = np.random.RandomState(1).randn(3, 16).astype(np.float32)
        sequences = replace(sequences, values=sequences.values + 3, vectors=known)
    for row in range(4):
        for predict in (predict_scores, predict_pooled):
            alone = predict(net, sequences.take([row]))
            twice = predict(net, sequences.take([row, row]))
            assert alone.shape == (1, *twice.shape[1:])
            assert np.array_equal(twice, np.concatenate([alone, alone]))


def test_rows_are_predicted_once_and_in_an_order_of_their_own(make_sequences):
    net = sharp_network(0)
    batches = []
    net.embedding.register_forward_pre_hook(
        lambda module, args: batches.append(args[0].numpy().copy())
    )
    sequences = make_sequences(random_lengths(0, 30))
    predict_scores(net, sequences)
    first = batches.copy()
    batches.clear()
    again = np.random.RandomState(0).permutation(np.tile(np.arange(30), 9))
    predict_scores(net, sequences.take(again))
    assert len(batches) == len(first)
    assert all(map(np.array_equal, batches, first))
    assert sum(map(len, first)) <= 30 + 7  # the last batch is filled up


@pytest.mark.parametrize("tokens", [True, False])
def test_scores_are_those_of_the_forward_pass(tokens, make_sequences):
    net = sharp_network(0, tokens)
    sequences = make_sequences([4] * 9, tokens)
    x = torch.from_numpy(sequences.values)
    x = x.float() if x.is_floating_point() else x
    with torch.no_grad():
        expected = net(x.reshape(9, 4, *x.shape[1:]), torch.full((9,), 4)).numpy()
    scores = predict_scores(net, sequences)
    assert scores.dtype == np.float64
    assert scores.shape == (9, 3)
    assert np.abs(scores - expected).max() < 1e-5
    pooled = predict_pooled(net, sequences)
    assert pooled.dtype == np.float32
    assert pooled.shape == (9, 24)
    head = net.head.weight.detach().double().numpy()
    bias = net.head.bias.detach().double().numpy()
    assert np.abs(pooled.astype(float) @ head.T + bias - scores).max() < 1e-12


@pytest.mark.parametrize("pooling", POOLINGS)
def test_rows_without_steps_have_finite_scores(pooling, make_sequences):
    for tokens in (True, False):
        net = sharp_network(0, tokens, pooling=pooling, bidirectional=True)
        alone = predict_scores(net, make_sequences([0], tokens))
        beside = predict_scores(net, make_sequences([7, 0, 30, 0], tokens))
        assert np.isfinite(alone).all()
        assert np.array_equal(beside[[1, 3]], alone.repeat(2, axis=0))


def test_no_process_wide_setting_changes(make_sequences, global_generators):
    net = sharp_network(0)
    sequences = make_sequences([3, 5])
    before = global_generators()
    threads = torch.get_num_threads()
    for enabled in (True, False):
        with torch.set_grad_enabled(enabled):
            predict_scores(net, sequences)
            assert torch.is_grad_enabled() is enabled
            assert not torch.is_inference_mode_enabled()
    assert global_generators() == before
    assert torch.get_num_threads() == threads
    assert all(parameter.grad is None for parameter in net.parameters())


def test_threads_do_not_change_predictions(make_sequences):
    sequences = make_sequences(random_lengths(0, 300))
    net = sharp_network(0, pooling="attention", bidirectional=True)
    one = predict_scores(net, sequences)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert np.array_equal(predict_scores(net, sequences), one)
    finally:
        torch.set_num_threads(threads)


def test_float64_numbers_are_read_by_a_float32_net(make_sequences):
    net = sharp_network(0, tokens=False)
    sequences = make_sequences([5, 2], tokens=False)
    assert sequences.values.dtype == np.float64
    rounded = replace(sequences, values=sequences.values.astype(np.float32))
    assert np.array_equal(predict_scores(net, sequences), predict_scores(net, rounded))


@pytest.mark.parametrize(("n_values", "n_rows"), [(100, 10**5), (10**6, 7), (1, 1)])
@pytest.mark.parametrize("tokens", [True, False])
def test_rows_are_predicted_in_stretches(
    monkeypatch, make_sequences, tokens, n_values, n_rows
):
    """So that memory does not grow with the rows; a stretch changes no prediction."""
    net = sharp_network(0, tokens)
    sequences = make_sequences(random_lengths(3, 90), tokens)
    expected = predict_scores(net, sequences)
    monkeypatch.setattr(inference, "CHUNK_VALUES", n_values)
    monkeypatch.setattr(inference, "CHUNK_ROWS", n_rows)
    found = list(inference.chunks(sequences))
    assert sum(map(len, found)) == 90
    assert max(map(len, found)) <= n_rows
    values = np.concatenate([chunk.values for chunk in found])
    np.testing.assert_array_equal(values, sequences.values)
    for chunk in found:
        assert len(chunk) == 1 or chunk.values.size <= n_values
    probabilities = softmax(predict_scores(net, sequences), axis=1)
    np.testing.assert_allclose(probabilities, softmax(expected, axis=1), atol=1e-6)
