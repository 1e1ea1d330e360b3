"""The language model's layers, batches and network, against what they should be."""

from itertools import chain, pairwise

import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax
from torch import nn

from sklstm._validation import Sequences
from sklstm.nn import cross_entropy, language_inference, parts
from sklstm.nn.batches import OrderedBatches, SequenceDataset
from sklstm.nn.language import build_language_network
from sklstm.nn.language_inference import (
    Continuation,
    next_word_log_probabilities,
    total_log_likelihoods,
)
from sklstm.nn.language_training import LanguageNet
from sklstm.nn.modules import CELLS
from sklstm.nn.parts import continue_layer
from sklstm.nn.streams import StreamBatches, TextBatches
from sklstm.nn.threads import fair_share
from sklstm.nn.training import build_net

EOS = 2
CLOSE = {"rtol": 1e-4, "atol": 1e-6}


# -- a layer that goes on


def layer_and_steps(cell, n_rows=40, n_steps=9):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CELLS[cell](3, 4, batch_first=True), torch.randn(n_rows, n_steps, 3)


def zeros(layer, n_rows):
    n_parts = 2 if isinstance(layer, nn.LSTM) else 1
    return (torch.zeros(1, n_rows, layer.hidden_size),) * n_parts


@pytest.fixture(params=["whole", "in parts"])
def _cut_or_not(request, monkeypatch):
    if request.param == "in parts":
        monkeypatch.setattr(parts, "MIN_WORK", 1)


@pytest.mark.usefixtures("_cut_or_not")
@pytest.mark.parametrize("cuts", [[0, 9], [0, 4, 9], [0, 1, 2, 8, 9]], ids=str)
@pytest.mark.parametrize("cell", list(CELLS))
def test_stretches_equal_the_whole(cell, cuts):
    layer, x = layer_and_steps(cell)
    expected, last = layer(x)
    last = last if isinstance(last, tuple) else (last,)
    end, found = zeros(layer, len(x)), []
    for start, stop in pairwise(cuts):
        states, end = continue_layer(layer, x[:, start:stop], end)
        found.append(states)
    torch.testing.assert_close(torch.cat(found, dim=1), expected, **CLOSE)
    assert len(end) == len(last)
    for a, b in zip(end, last, strict=True):
        torch.testing.assert_close(a, b.detach(), **CLOSE)
        assert not a.requires_grad


def gradients(layer, x, states):
    """Of a sum in which no two numbers have the same weight."""
    weights = torch.linspace(-1, 1, states.numel()).view(states.shape)
    return torch.autograd.grad((weights * states).sum(), [*layer.parameters(), x])


@pytest.mark.usefixtures("_cut_or_not")
@pytest.mark.parametrize("cell", list(CELLS))
def test_gradients_end_where_a_stretch_begins(cell):
    layer, x = layer_and_steps(cell)
    x.requires_grad_()
    end, state, found, expected = zeros(layer, len(x)), None, [], []
    for start in range(0, 9, 3):
        stretch = x[:, start : start + 3]
        states, end = continue_layer(layer, stretch, end)
        found.append(states)
        states, state = layer(stretch, state)  # by hand
        expected.append(states)
        lstm = isinstance(state, tuple)
        state = tuple(s.detach() for s in state) if lstm else state.detach()
    cut = gradients(layer, x, torch.cat(expected, dim=1))
    for a, b in zip(gradients(layer, x, torch.cat(found, dim=1)), cut, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)
    whole = gradients(layer, x, layer(x)[0])
    assert any((a - b).abs().max() > 0.01 for a, b in zip(cut, whole, strict=True))


@pytest.mark.usefixtures("_cut_or_not")
@pytest.mark.parametrize("cell", list(CELLS))
def test_no_gradient_flows_back_to_the_start(cell):
    layer, x = layer_and_steps(cell)
    start = tuple(torch.ones(1, 40, 4).requires_grad_() for _ in zeros(layer, 1))
    states, _ = continue_layer(layer, x, start)
    states.sum().backward()
    assert all(part.grad is None for part in start)
    assert layer.weight_hh_l0.grad.abs().sum() > 0


# -- batches


def texts_of(lengths):
    """Texts whose words are all different, so that none can stand for another."""
    lengths = np.array(lengths, np.int64)
    return Sequences(np.arange(1, lengths.sum() + 1, dtype=np.int32), lengths)


@pytest.mark.parametrize("n_steps", [1, 3, 7])
@pytest.mark.parametrize("n_columns", [1, 2, 3, 8])
@pytest.mark.parametrize("n_words", [1, 29, 60, 61, 239, 240])
def test_a_stream_is_read_once_and_in_order(n_words, n_columns, n_steps):
    dataset = SequenceDataset(texts_of([n_words // 3, n_words - n_words // 3]))
    stream = list(range(1, n_words + 1))
    batches = list(StreamBatches(dataset, 99, n_columns, n_steps))
    n_read = max(min(n_columns, n_words // (10 * n_steps)), 1)
    assert {len(X["ids"]) for X, _ in batches} == {n_read}, "fewer for short streams"
    assert all(X["ids"].shape[1] == n_steps for X, _ in batches[:-1])
    assert [X["goes_on"] for X, _ in batches] == [False] + [True] * (len(batches) - 1)
    # The columns, one below the other, are the stream and padding
    columns = torch.cat([X["ids"] for X, _ in batches], dim=1)
    flat = columns.flatten().tolist()
    assert flat[:n_words] == stream
    assert set(flat[n_words:]) <= {0}
    # Each word is predicted once, and padding never
    assert sorted(torch.cat([words for _, words in batches]).tolist()) == stream
    # What is read before each of them is the word before
    before = dict(zip(stream, [99, *stream], strict=False))
    for X, words in batches:
        read = torch.cat([X["previous"][:, None], X["ids"][:, :-1]], dim=1).flatten()
        if X["real"] is not None:
            assert len(X["real"]) < X["ids"].numel()
            read = read[X["real"]]
        assert read.tolist() == [before[word] for word in words.tolist()]


@pytest.mark.parametrize("lengths", [[4], [1, 7, 3, 3, 9], [2] * 20], ids=str)
def test_each_text_begins_anew(lengths):
    dataset = SequenceDataset(texts_of(lengths))
    texts = [dataset.batch(np.array([row]))[0]["x"][0] for row in range(len(lengths))]
    found = []
    for X, words in TextBatches(OrderedBatches(dataset, max_steps=20), 99):
        assert not X["goes_on"]
        assert (X["previous"] == 99).all()
        found += words.tolist()
        real = chain.from_iterable(row[row > 0].tolist() for row in X["ids"])
        assert list(real) == words.tolist(), "and none of the padding"
    assert found == torch.cat(texts).tolist()


# -- the network

SIZES = {"n_tokens": 12, "embedding_dim": 5, "hidden_size": 6, "num_layers": 1}
NETWORKS = {
    "tied": {"hidden_size": 5, "tied": True},
    "projected": {"tied": True},
    "untied": {"tied": False},
    "two layers": {"num_layers": 2, "tied": True},
    "two layers, untied": {"num_layers": 2, "tied": False},
}


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS)
def network(request, sharpen):
    return sharpen(build_language_network(None, **{**SIZES, **request.param})).eval()


def reference_features(network, ids, masks=None):
    """What is known after each step of one text, in NumPy."""
    w = {k: v.detach().numpy().astype(float) for k, v in network.named_parameters()}
    at = iter([1.0] * 9 if masks is None else masks)
    x = w["embedding.weight"][ids] * next(at)
    for number, _ in enumerate(network.recurrent.forward_layers):
        if number:
            x = x * next(at)
        prefix, states = f"recurrent.forward_layers.{number}.", []
        w_ih, w_hh, b_ih, b_hh = (
            w[f"{prefix}{name}_l0"]
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        h = c = np.zeros(w_hh.shape[1])
        for step in x:
            i, f, g, o = np.split(w_ih @ step + b_ih + w_hh @ h + b_hh, 4)
            c = expit(f) * c + expit(i) * np.tanh(g)
            h = expit(o) * np.tanh(c)
            states.append(h)
        x = np.array(states)
    if "projection.weight" in w:
        x = x @ w["projection.weight"].T
    return x * next(at)


def reference_log_p(network, ids):
    """Log-probabilities of all words after each step of one text, in NumPy."""
    decoder = network.embedding if network.decoder is None else network.decoder
    weight, bias = decoder.weight.detach().numpy(), network.bias.detach().numpy()
    scores = reference_features(network, ids) @ weight.T.astype(float) + bias
    scores[:, 0] = -np.inf
    return log_softmax(scores, axis=1)


def random_ids(n_rows, n_steps):
    return np.random.RandomState(0).randint(1, 12, (n_rows, n_steps))


def test_network_equals_numpy(network):
    ids = random_ids(9, 7)
    expected = np.array([reference_features(network, row) for row in ids])
    known, ends = [], network.recurrent.beginning(9)
    for stretch in torch.from_numpy(ids).split(3, dim=1):
        features, ends = network(stretch, ends)
        known.append(features)
    found = torch.cat(known, dim=1).detach().numpy()
    np.testing.assert_allclose(found, expected, **CLOSE)
    width = SIZES["embedding_dim" if network.decoder is None else "hidden_size"]
    assert found.shape == (9, 7, width)


def test_dropout_leaves_out_the_same_units_at_all_steps(network):
    ids, rng = random_ids(9, 7), np.random.RandomState(1)
    masks = [rng.binomial(1, 0.5, (9, size)) * 2.0 for size in network.mask_sizes]
    expected = [
        reference_features(network, row, [mask[i] for mask in masks])
        for i, row in enumerate(ids)
    ]
    given = [torch.tensor(mask, dtype=torch.float32) for mask in masks]
    found, _ = network(torch.from_numpy(ids), network.recurrent.beginning(9), given)
    np.testing.assert_allclose(found.detach().numpy(), expected, **CLOSE)


def test_log_likelihoods_of_texts_equal_numpy(network):
    texts = [random_ids(1, n)[0] for n in (1, 3, 8, 3, 5)]
    flat = np.concatenate(texts).astype(np.int32)
    sequences = Sequences(flat, np.array([len(text) for text in texts]))
    expected = [
        reference_log_p(network, np.r_[EOS, row[:-1]])[np.arange(len(row)), row].sum()
        for row in texts
    ]
    found = total_log_likelihoods(network, sequences, EOS)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    (found,) = next_word_log_probabilities(network, sequences)
    expected = [reference_log_p(network, text)[-1] for text in texts]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert found.dtype == np.float64


def test_a_continuation_stands_where_the_whole_text_does(network, monkeypatch):
    monkeypatch.setattr(language_inference, "STRETCH", 3)
    prompt = Sequences(random_ids(1, 7)[0].astype(np.int32), np.array([7]))
    texts = Continuation(network, prompt, 3)
    read = np.tile(prompt.values, (3, 1))
    for words in ([1, 2, 3], [4, 4, 5], [2, 11, 2]):
        texts.append(np.array(words))
        read = np.c_[read, words]
        expected = [reference_log_p(network, row)[-1] for row in read]
        found = texts.log_probabilities()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_bias_starts_at_zero_and_weights_come_from_the_seed(global_generators):
    before = global_generators()
    first, same, other = (
        dict(build_language_network(seed, **SIZES, tied=False).named_parameters())
        for seed in (0, 0, 1)
    )
    assert global_generators() == before
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["decoder.weight"], other["decoder.weight"])
    assert not first["bias"].any()
    assert not first["embedding.weight"][0].any()


# -- training


def make_net(**settings):
    defaults = {
        "cls": LanguageNet,
        "sizes": {**SIZES, "num_layers": 2, "tied": True},
        "criterion": {"criterion": nn.CrossEntropyLoss},
        "optimizer": "sgd",
        "weight_decay": 0.0,
        "clip_norm": None,
        "average": False,
        "callbacks": [],
        "net_params": {},
        "validation": None,
        "first_id": EOS,
        "bptt": 4,
        "seed": 0,
        "lr": 0.5,
        "max_epochs": 1,
        "batch_size": 3,
        "verbose": 0,
        "device": "cpu",
    }
    return build_net(**{**defaults, **settings})


def first_batch(net, sequences):
    net.on_train_begin(net, X=SequenceDataset(sequences))
    net.module_.train()
    batch = next(iter(net.get_iterator(SequenceDataset(sequences), training=True)))
    net.draws_.manual_seed(0)
    net.optimizer_.zero_grad()
    return batch


def test_weights_left_out_come_back_and_have_no_gradient(make_sequences):
    net = make_net(weight_dropout=0.5)
    batch = first_batch(net, make_sequences([40, 30, 80]))
    named = dict(net.module_.recurrent.named_parameters())
    before = {name: weight.detach().clone() for name, weight in named.items()}
    read = {}
    net.module_.register_forward_pre_hook(
        lambda *_: read.update({name: w.detach().clone() for name, w in named.items()})
    )
    net.train_step_single(batch)
    n_left_out = 0
    for name, weight in named.items():
        assert torch.equal(weight, before[name]), "as it was"
        if "weight_hh" not in name:
            assert torch.equal(read[name], before[name])
            continue
        out = read[name] == 0
        torch.testing.assert_close(read[name][~out], 2 * before[name][~out])
        assert not weight.grad[out].any()
        assert weight.grad[~out].all()
        n_left_out += float(out.float().mean())
    assert 0.6 < n_left_out < 1.4, "half of the weights of both layers"


def test_the_gradient_is_that_of_the_weights_that_were_read(make_sequences):
    """Twice what is kept: the gradient of the whole weight is twice that of it."""
    net = make_net(weight_dropout=0.25)
    batch = first_batch(net, make_sequences([40, 30, 80]))
    net.train_step_single(batch)
    stack = net.module_.recurrent
    weights = {k: w for k, w in stack.named_parameters() if "weight_hh" in k}
    found = {name: weight.grad.clone() for name, weight in weights.items()}
    net.draws_.manual_seed(0)
    masks = {
        name: torch.empty_like(weight).bernoulli_(0.75, generator=net.draws_) / 0.75
        for name, weight in weights.items()
    }
    read = {name: (w * masks[name]).detach() for name, w in weights.items()}
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(read[name])
    net.weight_dropout = 0.0
    net.optimizer_.zero_grad()
    net.train_step_single(batch)
    for name, weight in weights.items():
        torch.testing.assert_close(found[name], weight.grad * masks[name], **CLOSE)


def test_weights_come_back_when_a_step_fails(make_sequences):
    net = make_net(weight_dropout=0.5)
    X, words = first_batch(net, make_sequences([40, 30, 80]))
    before = [weight.detach().clone() for weight in net.module_.parameters()]
    with pytest.raises(IndexError):
        net.train_step_single(({**X, "ids": X["ids"] + 1000}, words))
    assert all(map(torch.equal, net.module_.parameters(), before))


def test_the_state_is_carried_along_the_stream(make_sequences):
    """So it does not matter where stretches begin; only the columns do."""
    dataset = SequenceDataset(make_sequences([40, 30, 80]))
    short, long = (make_net(bptt=bptt).mean_loss(dataset) for bptt in (1, 5))
    assert short == pytest.approx(long, rel=1e-6)
    one_column = make_net(bptt=5, batch_size=1).mean_loss(dataset)
    assert one_column != pytest.approx(long, rel=1e-6)


@pytest.mark.parametrize("bptt", [4, None])
def test_threads_do_not_move_a_bit(bptt, make_sequences, monkeypatch):
    monkeypatch.setattr(parts, "MIN_WORK", 1)
    monkeypatch.setattr(cross_entropy, "JOB_STEPS", 8)
    monkeypatch.setattr(cross_entropy, "JOB_WORDS", 5)
    dataset = SequenceDataset(make_sequences([9] * 200))
    found = set()
    try:
        for n_threads in (1, 2, 3):
            torch.set_num_threads(n_threads)
            net = make_net(bptt=bptt, batch_size=40, dropout=0.2, weight_dropout=0.2)
            with fair_share():
                net.train(dataset)
            weights = net.module_.state_dict().values()
            found.add(b"".join(weight.numpy().tobytes() for weight in weights))
    finally:
        torch.set_num_threads(1)
    assert len(found) == 1
