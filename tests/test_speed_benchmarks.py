"""The benchmarks of speed compare like with like, and run."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
HERE = ["Hand", "HandBfloat16", "Sklstm", "SklstmDefaults", "SklstmBfloat16"]
HERE += ["SkorchPadded", "SkorchPacked", "TfidfLogistic"]  # what needs no peer


@pytest.fixture(scope="module")
def benchmarks():
    """Import the modules as a script of their folder does."""
    names = "documents", "measuring", "systems", "hand_loop", "speed", "scaling"
    names += ("latency",)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield SimpleNamespace(**{n: importlib.import_module(n) for n in names})
    torch.set_flush_denormal(False)  # as the hand-written loop sets it


@pytest.fixture
def documents(benchmarks):
    return benchmarks.documents.make_documents(60)


def test_documents_are_written_in_three_ways(documents):
    assert len(documents) == len(documents.ids) == len(documents.texts) == 60
    for ids, text, row in zip(
        documents.ids, documents.texts, documents.padded, strict=True
    ):
        assert [f"w{i}" for i in ids] == text.split()
        assert list(row[: len(ids)]) == list(ids)
        assert not row[len(ids) :].any()
    few = documents.head(3)
    assert few.texts == documents.texts[:3]


@pytest.mark.parametrize(("kind", "median"), [("short", 40), ("long", 170)])
def test_documents_are_as_long_as_said(benchmarks, kind, median):
    lengths = benchmarks.documents.make_documents(4000, kind).lengths
    assert abs(np.median(lengths) - median) < 0.05 * median
    assert set(benchmarks.documents.make_documents(5, 17).lengths) == {17}


@pytest.mark.parametrize("bidirectional", [False, True])
def test_all_have_the_network_of_the_hand_written_loop(
    benchmarks, documents, bidirectional
):
    """Equal weights give equal probabilities."""
    hand = benchmarks.systems.Hand(bidirectional, 1, 0, "cpu")
    ours = benchmarks.systems.Sklstm(bidirectional, 1, 0, "cpu")
    padded = benchmarks.systems.SkorchPacked(bidirectional, 1, 0, "cpu")
    ours.fit(documents)
    padded.net.initialize()
    state = {"embedding.weight": hand.loop.net.embedding.weight}
    n_words = len(ours.model.net_.module_.embedding.weight)  # those that there are
    for side, layer in zip("fb", hand.loop.net.directions, strict=False):
        name = {"f": "forward", "b": "backward"}[side]
        for key, value in layer.named_parameters():
            state[f"recurrent.{name}_layers.0.{key}"] = value
            suffix = "_reverse" if side == "b" else ""
            getattr(padded.net.module_.lstm, key + suffix).data = value.data
    for key, value in hand.loop.net.head.named_parameters():
        state[f"head.{key}"] = value
        getattr(padded.net.module_.head, key).data = value.data
    padded.net.module_.embedding.weight.data = state["embedding.weight"].data
    state["embedding.weight"] = state["embedding.weight"][:n_words]
    ours.model.net_.module_.load_state_dict(state)
    expected = hand.predict_proba(documents)
    np.testing.assert_allclose(ours.predict_proba(documents), expected, atol=1e-5)
    np.testing.assert_allclose(padded.predict_proba(documents), expected, atol=1e-5)


@pytest.mark.parametrize("name", HERE)
def test_systems_learn(benchmarks, documents, name):
    system = benchmarks.systems.SYSTEMS[name](False, 12, 0, "cpu")
    before = benchmarks.speed.log_loss(documents.y, np.full(60, 0.5))
    system.fit(documents)
    probabilities = system.predict_proba(documents)
    assert benchmarks.speed.log_loss(documents.y, probabilities) < 0.95 * before


def test_measurements(benchmarks, monkeypatch):
    monkeypatch.setattr(benchmarks.speed, "N_LOSS", 32)
    found = benchmarks.speed.measure("Sklstm", "short", False, 64, 0, "cpu")
    assert found["n_tokens"] > 64
    assert 0 < found["loss"] < 1
    assert found["fit"] > 0
    assert found["predict"] > 0
    found = benchmarks.scaling.measure(40, 5, 500, 8)
    assert set(found) == {"fit, s", "fit, MiB", "predict, s", "predict, MiB"}


@pytest.fixture(scope="module")
def saved(benchmarks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    benchmarks.latency.save_models(folder, 160)
    return folder


def test_one_text_is_the_same_in_every_way(benchmarks, saved):
    """From ids, from text, without torch, and in the bare layers of torch."""
    ways = {}
    for way in benchmarks.latency.WAYS:
        call = benchmarks.latency.load(way, saved)
        ways[way] = np.stack([call(i)[0] for i in range(20)])
        assert benchmarks.latency.measure(way, saved) > 0
    others = ways.pop("tfidf")
    assert ways.keys() == {"bare", "eight", "ids", "pipeline", "runtime"}
    for found in ways.values():
        np.testing.assert_allclose(found, ways["bare"], rtol=0, atol=1e-5)
    assert not np.allclose(others, ways["bare"], atol=1e-3)


def test_clients_ask_for_every_text(benchmarks, monkeypatch, capsys):
    monkeypatch.setattr(benchmarks.latency, "PER_TURN", 20)
    asked = []
    calls = dict.fromkeys(benchmarks.latency.WAYS, asked.append)
    seconds, rates = benchmarks.latency.take_turns(calls, 40, 60)
    # Two turns and one before them, of one client and of eight, in six ways
    assert sorted(asked) == sorted([*range(40, 60), *range(40)] * 12)
    for way in calls:
        for n_clients in (1, 8):
            assert len(seconds[way, n_clients]) == 40
            assert len(rates[way, n_clients]) == 2
    starts = {way: [1.0, 2.0, 3.0] for way in calls}
    benchmarks.latency.print_table(starts, seconds, rates)
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 2 + len(calls)
    assert {row.count("|") for row in rows} == {9}
    assert "| 2.0 (1.0-3.0) |" in rows[2]


def test_a_figure_of_scaling(benchmarks, tmp_path):
    row = {"fit, s": 1.0, "fit, MiB": 2.0, "predict, s": 0.1, "predict, MiB": 0.0}
    results = {"documents": {10: row, 100: row}, "words": {10: row}}
    benchmarks.scaling.plot(results, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5000


def test_rows_of_a_table(benchmarks, capsys):
    benchmarks.measuring.print_head("a", "b")
    middle = benchmarks.measuring.middle([3.0, 1.0, 2.0])
    benchmarks.measuring.print_row(1, middle)
    assert capsys.readouterr().out == "| a | b |\n|---|---|\n| 1 | 2.00 (1.00-3.00) |\n"
