"""The benchmark of files larger than memory writes what it says it writes, and runs."""

import importlib
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklstm import TextTokenizer

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark():
    """Import the module as a script of its folder does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield importlib.import_module("out_of_core")


@pytest.fixture
def path(benchmark, tmp_path, monkeypatch):
    """Return a file of 300 rows, which are read in four chunks."""
    monkeypatch.setattr(benchmark, "CHUNK", 80)
    rows = islice(benchmark.make_rows(500, seed=0), 300)
    assert benchmark.write(tmp_path / "rows.csv", rows) == 300
    return tmp_path / "rows.csv"


def test_texts_are_as_said(benchmark):
    rows = list(islice(benchmark.make_rows(500, seed=0), 2_000))
    lengths = [len(text.split()) for _, text in rows]
    assert abs(np.median(lengths) - 400) < 20
    assert max(lengths) == 1_500
    words = benchmark.spell(500 + 2 * benchmark.N_OWN_WORDS)
    assert len(set(words)) == len(words)
    found = pd.Series(" ".join(text for _, text in rows).split()).value_counts()
    assert list(found.index[:5]) == list(words[:5])
    assert found.iloc[0] / found.iloc[9] == pytest.approx(10, rel=0.1)  # as Zipf has


def test_a_class_has_words_of_its_own(benchmark):
    words = benchmark.spell(500 + 2 * benchmark.N_OWN_WORDS)
    own = {
        label: set(words[500 + i * 2_000 : 500 + (i + 1) * 2_000])
        for i, label in enumerate(benchmark.CLASSES)
    }
    shares = []
    for label, text in islice(benchmark.make_rows(500, seed=0), 200):
        theirs = {word: kind for kind, found in own.items() for word in found}
        kinds = [theirs[word] for word in text.split() if word in theirs]
        assert set(kinds) <= {label}
        shares.append(len(kinds) / len(text.split()))
    assert np.mean(shares) == pytest.approx(1 / 40, rel=0.1)


def test_a_file_ends_soon_after_so_many_bytes(benchmark, tmp_path):
    path = tmp_path / "rows.csv"
    n_rows = benchmark.write(path, benchmark.make_rows(500, seed=0), 100_000)
    assert 100_000 <= path.stat().st_size < 110_000
    assert sum(map(len, benchmark.read(path))) == n_rows


def test_chunks_give_what_the_whole_file_gives(benchmark, path):
    whole = pd.read_csv(path)
    assert [len(rows) for rows in benchmark.read(path)] == [80, 80, 80, 60]
    model = benchmark.Model()
    model.count(path)
    expected = TextTokenizer(max_features=20_000).fit(whole["text"])
    assert model.tokenizer.vocabulary_ == expected.vocabulary_
    assert model.tokenizer.report_ == expected.report_
    model.train(path)
    assert model.net.n_iter_ == 4
    right = model.net.predict(model.ids(whole)) == whole["label"]
    assert model.predict(path) == right.mean()


def test_measurements(benchmark, path, capsys):
    found = benchmark.measure(str(path), str(path))
    for step in ("count", "train", "predict"):
        assert found[step]["s"] > 0
        assert found[step]["MiB"] > 100
    assert 500 < found["n_distinct"] <= 4_500
    assert 0 <= found["accuracy"] <= 1
    benchmark.print_memory("a file", 300, found)
    benchmark.print_time("a file", 300, found, 0.8)
    memory, *time = capsys.readouterr().out.splitlines()
    assert memory.startswith(f"| a file | 300 | {found['n_distinct']:,} | ")
    assert memory.count("|") == 9
    for step, line in zip(("count", "train", "predict"), time, strict=True):
        assert line.startswith(f"| a file | {step} | {found[step]['s']:.1f} | ")
        assert line.count("|") == 6
