"""The network against NumPy, against finite differences, and how it starts."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call

from sklstm.nn.batches import SequenceDataset
from sklstm.nn.modules import CELLS, POOLINGS, build_network

KINDS = [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]
CELL_BY_CELL = pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
POOLED = pytest.mark.parametrize("pooling", POOLINGS)
DIRECTIONS = pytest.mark.parametrize("bidirectional", [False, True])
LENGTHS = [5, 1, 0, 17, 3]


def network(cell="lstm", nonlinearity="tanh", *, seed=0, tokens=True, **sizes):
    defaults = {
        "n_tokens": 12 if tokens else None,
        "input_size": 4 if tokens else 2,
        "hidden_size": 5,
        "num_layers": 1,
        "n_outputs": 3,
    }
    return build_network(seed, cell=cell, nonlinearity=nonlinearity, **defaults | sizes)


def batch_of(sequences):
    X, _ = SequenceDataset(sequences).batch(np.arange(len(sequences)))
    return X["x"], X["lengths"]


def rows_of(sequences):
    return np.split(sequences.values, np.cumsum(sequences.lengths)[:-1])


@CELL_BY_CELL
@POOLED
@DIRECTIONS
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("tokens", [True, False])
def test_forward_equals_numpy(
    cell,
    nonlinearity,
    pooling,
    bidirectional,
    num_layers,
    tokens,
    make_sequences,
    reference_scores,
    sharpen,
):
    net = network(
        cell,
        nonlinearity,
        tokens=tokens,
        pooling=pooling,
        bidirectional=bidirectional,
        num_layers=num_layers,
    )
    sharpen(net)
    sequences = make_sequences([n or not tokens for n in LENGTHS], tokens)
    with torch.no_grad():
        found = net(*batch_of(sequences)).numpy()
    expected = reference_scores(net, cell, nonlinearity, rows_of(sequences))
    assert np.abs(found - expected).max() < 1e-5
    assert np.ptp(expected, axis=0).min() > 1e-2  # rows do differ


@CELL_BY_CELL
@POOLED
@DIRECTIONS
@pytest.mark.parametrize("tokens", [True, False])
def test_forward_with_masks_equals_numpy(
    cell,
    nonlinearity,
    pooling,
    bidirectional,
    tokens,
    make_sequences,
    reference_scores,
    sharpen,
):
    net = network(
        cell,
        nonlinearity,
        tokens=tokens,
        pooling=pooling,
        bidirectional=bidirectional,
        num_layers=2,
    )
    sharpen(net)
    sequences = make_sequences([4, 1, 9], tokens)
    generator = torch.Generator().manual_seed(1)
    masks = [
        torch.empty(3, size).bernoulli_(0.5, generator=generator) * 2
        for size in net.mask_sizes
    ]
    assert len(masks) == 3 if tokens else 2
    with torch.no_grad():
        found = net(*batch_of(sequences), masks).numpy()
        unmasked = net(*batch_of(sequences)).numpy()
    expected = reference_scores(net, cell, nonlinearity, rows_of(sequences), masks)
    assert np.abs(found - expected).max() < 1e-5
    assert np.abs(found - unmasked).max() > 1e-2


@pytest.mark.parametrize("cell", CELLS)
@POOLED
@DIRECTIONS
def test_gradients_equal_finite_differences(
    cell, pooling, bidirectional, make_sequences, sharpen
):
    net = network(
        cell,
        pooling=pooling,
        bidirectional=bidirectional,
        hidden_size=2,
        num_layers=1 if bidirectional else 2,
        n_outputs=1,
    )
    sharpen(net).double()
    x, lengths = batch_of(make_sequences([4, 2]))
    names, values = zip(*net.named_parameters(), strict=True)

    def scores(*values):
        return functional_call(net, dict(zip(names, values, strict=True)), (x, lengths))

    assert torch.autograd.gradcheck(scores, values)


@settings(deadline=None, max_examples=25)
@given(
    cell=st.sampled_from(KINDS),
    pooling=st.sampled_from(POOLINGS),
    bidirectional=st.booleans(),
    tokens=st.booleans(),
    seed=st.integers(0, 99),
    size=st.sampled_from([1.0, 1e10, 1e38]),
)
def test_what_stands_after_a_row_is_never_read(
    cell, pooling, bidirectional, tokens, seed, size, make_sequences, sharpen
):
    net = network(
        *cell,
        tokens=tokens,
        pooling=pooling,
        bidirectional=bidirectional,
        num_layers=2,
    )
    sharpen(net, seed)
    x, lengths = batch_of(make_sequences([9, 1, 5, 8], tokens, seed))
    after = torch.arange(9) >= lengths[:, None]
    generator = torch.Generator().manual_seed(seed)
    junk = x.clone()
    if tokens:
        junk[after] = torch.randint(12, x.shape, generator=generator, dtype=x.dtype)[
            after
        ]
    else:
        junk[after] = (torch.rand(x.shape, generator=generator) * 2 - 1)[after] * size
    assert not torch.equal(x, junk)
    with torch.no_grad():
        assert torch.equal(net(x, lengths), net(junk, lengths))


def test_steps_may_be_added_to_a_batch(make_sequences, sharpen):
    for pooling, bidirectional in product(POOLINGS, [False, True]):
        net = network(pooling=pooling, bidirectional=bidirectional)
        sharpen(net)
        x, lengths = batch_of(make_sequences([9, 1, 5, 8]))
        wider = torch.nn.functional.pad(x, (0, 40))
        with torch.no_grad():
            torch.testing.assert_close(
                net(x, lengths), net(wider, lengths), rtol=0, atol=1e-6
            )


# -- how a network starts


def states(net):
    return {name: value.clone() for name, value in net.state_dict().items()}


@pytest.mark.parametrize("cell", CELLS)
@POOLED
def test_a_seed_gives_the_weights(cell, pooling):
    sizes = {"pooling": pooling, "bidirectional": True, "num_layers": 2}
    first, again, other = (states(network(cell, seed=s, **sizes)) for s in (7, 7, 8))
    assert all(torch.equal(first[name], again[name]) for name in first)
    drawn = [name for name in first if "bias" not in name]
    assert drawn
    assert not any(torch.equal(first[name], other[name]) for name in drawn)
    assert all(torch.isfinite(value).all() for value in first.values())


def test_weights_are_those_of_no_other_layer():
    net = states(network(bidirectional=True, input_size=10, num_layers=2))
    drawn = [value for name, value in net.items() if "weight_" in name]
    assert len(drawn) == 8
    for i, one in enumerate(drawn):
        for other in drawn[:i]:
            assert one.shape != other.shape or not torch.equal(one, other)


def test_building_leaves_global_generators_alone(global_generators):
    before = global_generators()
    network(seed=3, pooling="attention")
    network(seed=None)
    assert global_generators() == before


def test_without_a_seed_weights_are_loaded(make_sequences):
    trained, empty = network(seed=3), network(seed=None)
    empty.load_state_dict(trained.state_dict())
    batch = batch_of(make_sequences(LENGTHS))
    with torch.no_grad():
        assert torch.equal(empty(*batch), trained(*batch))


def test_padding_embeds_as_zero_and_gets_no_gradient(make_sequences):
    net = network()
    assert net.embedding.weight[0].count_nonzero() == 0
    net(*batch_of(make_sequences([5, 0, 2]))).square().sum().backward()
    gradient = net.embedding.weight.grad
    assert gradient[0].count_nonzero() == 0
    assert gradient.count_nonzero() > 0


@pytest.mark.parametrize("cell", CELLS)
def test_biases_are_zero_but_forget_gates_are_open(cell):
    net = network(cell, bidirectional=True, num_layers=2)
    layers = [*net.recurrent.forward_layers, *net.recurrent.backward_layers]
    assert len(layers) == 4
    for layer in layers:
        total = (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()
        expected = np.zeros_like(total)
        if cell in ("lstm", "gru"):  # gates i, f, g, o and r, z, n
            expected[5:10] = 1.0
        assert np.array_equal(total, expected)
    assert net.head.bias.count_nonzero() == 0


@pytest.mark.parametrize(("cell", "n_gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_recurrent_weights_are_orthogonal_gate_by_gate(cell, n_gates):
    weight = network(cell).recurrent.forward_layers[0].weight_hh_l0.detach().double()
    assert weight.shape == (5 * n_gates, 5)
    for gate in weight.split(5):
        torch.testing.assert_close(
            gate @ gate.T, torch.eye(5).double(), rtol=0, atol=1e-6
        )


def test_exact_scores_are_the_head_in_float64(sharpen):
    net = network()
    sharpen(net)
    pooled = torch.randn(9, 5, generator=torch.Generator().manual_seed(0))
    exact = net.exact_scores(pooled)
    assert exact.dtype == torch.float64
    with torch.no_grad():
        assert torch.equal(exact, net.double().head(pooled.double()))


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_long_rows_are_not_subnormal(cell):
    n_steps = 400
    net = build_network(
        0,
        cell=cell,
        n_tokens=n_steps + 1,
        input_size=50,
        hidden_size=64,
        num_layers=1,
        n_outputs=2,
    )
    x = torch.arange(1, n_steps + 1)[None]  # each step has an embedding of its own
    scores = net(x, torch.tensor([n_steps]))
    torch.nn.functional.cross_entropy(scores, torch.tensor([1])).backward()
    gradients = torch.cat([p.grad.ravel() for p in net.parameters()]).abs()
    tiny = torch.finfo(torch.float32).tiny
    n_subnormal = int(((gradients > 0) & (gradients < tiny)).sum())
    assert n_subnormal <= 1e-3 * gradients.numel()
    assert net.embedding.weight.grad[1].count_nonzero() > 0  # the first step, too
