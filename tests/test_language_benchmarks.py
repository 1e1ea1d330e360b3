"""The benchmarks of language models and stories compare like with like, and run."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sklstm import BiLSTMClassifier, TextTokenizer
from sklstm.datasets import make_reviews

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def benchmarks():
    """Import the modules as a script of their folder does."""
    names = "accuracy", "language_loop", "language_model", "stories"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield SimpleNamespace(**{n: importlib.import_module(n) for n in names})


def test_loops_learn(benchmarks):
    stream = np.tile(np.arange(2, 12), 300).astype(np.int32)
    for adaptive in (False, True):
        loop = benchmarks.language_loop.LanguageLoop(
            2_000, 32, 1, 0.0, 0.02, 0, adaptive=adaptive, columns=4
        )
        assert loop.perplexity(stream) > 1_000
        assert all(loop.epoch(stream) > 0 for _ in range(15))
        assert loop.perplexity(stream) < 1.5


@torch.no_grad()
def test_equal_weights_give_equal_perplexity(benchmarks):
    """The loop and the estimator have the same network."""
    lines = [text.split() for text in make_reviews(40, random_state=0)[0]]
    model = benchmarks.language_model.new_model(0, 1).fit(lines)
    ids, _, n_words = benchmarks.language_model.ids_of(lines, lines)
    loop = benchmarks.language_loop.LanguageLoop(
        n_words, *(benchmarks.language_model.SIZE, 2, 0.0, 0.01, 0)
    )
    ours, theirs = model.net_.module_, loop.net
    theirs.embedding.weight.copy_(ours.embedding.weight)
    theirs.head.bias.copy_(ours.bias)
    theirs.head.bias[0] = -torch.inf  # padding
    for i, layer in enumerate(ours.recurrent.forward_layers):
        for name, weight in layer.named_parameters():
            getattr(theirs.lstm, name.replace("_l0", f"_l{i}")).copy_(weight)
    stream = [word for line in lines for word in [*line, "<eos>"]]
    end = model.tokenizer_.vocabulary_["<eos>"]
    expected = loop.perplexity(np.append([end], ids))
    assert model.perplexity([stream[:-1]]) == pytest.approx(expected, rel=1e-5)
    assert benchmarks.language_model.count(lines) == len(ids) == len(stream)


@pytest.mark.usefixtures("data")
def test_one_epoch_of_each(benchmarks, monkeypatch):
    module = benchmarks.language_model
    some = {name: module.read_lines(name)[:60] for name in ("valid", "test")}
    monkeypatch.setattr(module, "read_lines", some.get)
    for system in module.SYSTEMS:
        found = module.measure_training(system, 1, 0)
        assert 20 < found["perplexity"] < 10_000
    for system in ("sklstm", "full"):
        seconds, _ = module.measure_words(system, 1_000)
        assert seconds > 0
    assert module.measure_length(1_000)[0] > 0


def test_a_net_reads_before_it_trains(benchmarks):
    texts, labels = make_reviews(60, random_state=0)
    net = benchmarks.accuracy.AfterReading(BiLSTMClassifier, 0).fit(texts, labels)
    assert set(net.predict(texts)) <= set(labels)
    ahead, back = net.model[-1].encoder
    assert (ahead.backward, back.backward) == (False, True)
    again = benchmarks.accuracy.AfterReading(BiLSTMClassifier, 1).fit(texts, labels)
    assert again.model[-1].encoder[0] is ahead
    assert isinstance(ahead.tokenizer_, TextTokenizer)
