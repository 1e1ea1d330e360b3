"""A batch in parts gives what it gives in one piece, on any number of threads."""

import numpy as np
import pytest
import torch
from torch import nn

from sklstm.nn import parts
from sklstm.nn.modules import CELLS, build_network
from sklstm.nn.parts import run_layers
from sklstm.nn.threads import fair_share


@pytest.fixture
def worth_it(monkeypatch):
    """Cut small batches too."""
    monkeypatch.setattr(parts, "MIN_WORK", 1)


@pytest.fixture
def threads():
    """Set the number of threads for a while."""
    yield torch.set_num_threads
    torch.set_num_threads(1)


def run(network, n_threads=None, precision=torch.float32):
    """Scores and all gradients of a batch of 70 rows."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 50, (70, 9), generator=generator)
    lengths = torch.randint(1, 10, (70,), generator=generator)
    network.zero_grad()
    if n_threads is None:
        scores = network(ids, lengths, precision=precision)
        scores.square().sum().backward()
    else:
        torch.set_num_threads(n_threads)
        with fair_share():
            scores = network(ids, lengths, precision=precision)
            scores.square().sum().backward()
    return [scores.detach()] + [w.grad.clone() for w in network.parameters()]


def network(cell="lstm", bidirectional=False, num_layers=1, pooling="max"):
    return build_network(
        0,
        cell=cell,
        n_tokens=50,
        input_size=6,
        hidden_size=8,
        num_layers=num_layers,
        n_outputs=3,
        bidirectional=bidirectional,
        pooling=pooling,
    )


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", list(CELLS))
def test_parts_equal_the_whole(cell, bidirectional, num_layers, monkeypatch):
    net = network(cell, bidirectional, num_layers)
    whole = run(net)
    monkeypatch.setattr(parts, "MIN_WORK", 1)
    for a, b in zip(run(net), whole, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("worth_it")
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", list(CELLS))
def test_threads_do_not_move_a_bit(cell, bidirectional, threads):
    net = network(cell, bidirectional)
    found = [run(net, n) for n in (None, 1, 2, 4, 2)]
    for other in found[1:]:
        assert all(map(torch.equal, found[0], other))


def spy(monkeypatch, layers, inputs):
    """Rows of each part."""
    seen = []
    whole = parts._run_layer

    def note(layer, x, *how, **more):
        seen.append(len(x))
        return whole(layer, x, *how, **more)

    monkeypatch.setattr(parts, "_run_layer", note)
    run_layers(layers, inputs)
    return seen


@pytest.mark.parametrize(
    ("n_rows", "n_layers", "expected"),
    [
        (7, 1, [7]),
        (15, 1, [15]),
        (16, 1, [8, 8]),
        (32, 1, [16, 16]),
        (64, 1, [32, 32]),
        (100, 1, [25] * 4),
        (32, 2, [32, 32]),
        (64, 2, [32] * 4),
        (1, 2, [1, 1]),
    ],
)
def test_parts_have_some_thirty_rows(monkeypatch, n_rows, n_layers, expected):
    monkeypatch.setattr(parts, "MIN_WORK", 1)
    layers = [nn.LSTM(3, 4, batch_first=True) for _ in range(n_layers)]
    x = torch.zeros(n_rows, 5, 3)
    assert spy(monkeypatch, layers, [x] * n_layers) == expected


def test_little_work_stays_in_one_piece(monkeypatch):
    layer = nn.LSTM(3, 4, batch_first=True)
    assert spy(monkeypatch, [layer], [torch.zeros(64, 5, 3)]) == [64]


@pytest.mark.usefixtures("worth_it")
@pytest.mark.parametrize("frozen", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_what_is_frozen_gets_no_gradient(frozen):
    layers = [nn.LSTM(3, 4, batch_first=True) for _ in range(2)]
    for layer, freeze in zip(layers, frozen, strict=True):
        layer.requires_grad_(not freeze)
    x = torch.randn(20, 5, 3)  # numbers, which need no gradient
    states = run_layers(layers, [x, x])
    assert all(s.requires_grad != all(frozen) for s in states)
    if not all(frozen):
        sum(s.sum() for s in states).backward()
    for layer, freeze in zip(layers, frozen, strict=True):
        assert all((w.grad is None) == freeze for w in layer.parameters())


@pytest.mark.usefixtures("worth_it")
def test_without_gradients_no_graph_is_built():
    layer = nn.LSTM(3, 4, batch_first=True)
    with torch.no_grad():
        (states,) = run_layers([layer], [torch.randn(20, 5, 3)])
    assert states.grad_fn is None
    with torch.inference_mode():
        (states,) = run_layers([layer], [torch.randn(20, 5, 3)])
    assert states.is_inference()


@pytest.mark.usefixtures("worth_it")
def test_gradients_equal_finite_differences():
    layers = [nn.LSTM(3, 4, batch_first=True).double() for _ in range(2)]
    x = torch.randn(17, 5, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: run_layers(layers, [x, x]), (x,))


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_bfloat16_is_near_float32(bidirectional, cut, monkeypatch):
    if cut:
        monkeypatch.setattr(parts, "MIN_WORK", 1)
    net = network(bidirectional=bidirectional, pooling="mean")
    exact, rough = run(net), run(net, precision=torch.bfloat16)
    for a, b in zip(rough, exact, strict=True):
        assert a.dtype == torch.float32
        assert not torch.equal(a, b)
        assert (a - b).norm() < 0.03 * b.norm()


def test_long_rows_do_not_reach_subnormal_numbers():
    """The slowest arithmetic of a CPU: gates that remember keep gradients out of it."""
    net = network()
    ids = torch.randint(1, 50, (8, 400), generator=torch.Generator().manual_seed(0))
    steps = net.embed(ids).detach().requires_grad_()
    states = net.recurrent(steps, torch.full((8,), 400))
    states[:, -1].sum().backward()
    size = steps.grad.abs()
    tiny = np.finfo(np.float32).tiny
    assert not bool(((size > 0) & (size < tiny)).any())
