"""The benchmarks read what they say they read, and run from end to end."""

import importlib
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def benchmarks():
    """Import the modules as a script of their folder does."""
    names = "corpora", "series", "accuracy"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield SimpleNamespace(**{n: importlib.import_module(n) for n in names})


@pytest.fixture
def data(benchmarks):
    """Skip where the data is not at hand."""
    if not benchmarks.corpora.DATA.is_dir():
        pytest.skip(f"no data for benchmarks: {benchmarks.corpora.DATA} is missing")


@pytest.fixture
def folder(benchmarks, tmp_path, monkeypatch):
    """Give the benchmarks an empty data folder."""
    monkeypatch.setattr(benchmarks.corpora, "DATA", tmp_path)
    monkeypatch.setattr(benchmarks.accuracy, "GLOVE", tmp_path / "glove.txt")
    return tmp_path


# -- files made here


def test_ts_file(benchmarks, folder):
    lines = ["# comment", "@data", "1,2,3:4,5,6:a", "-1e-1,NaN:7,8:b", ""]
    (folder / "x.ts").write_text("\n".join(lines))
    rows, labels = benchmarks.series.read_ts("x.ts")
    assert labels == ["a", "b"]
    np.testing.assert_array_equal(rows[0], [[1, 4], [2, 5], [3, 6]])
    np.testing.assert_array_equal(rows[1], [[-0.1, 7], [np.nan, 8]])


def test_label_text_cuts_lines_at_line_feeds_only(benchmarks, folder):
    (folder / "x").write_bytes("1 one\u0085two\n0 three : four\n".encode("latin-1"))
    texts, labels = benchmarks.corpora.label_text("x", "latin-1")
    assert (texts, labels) == (["one\u0085two", "three : four"], ["1", "0"])


def test_splits_share_no_pair(benchmarks):
    pairs = [("a", 0), ("b", 1), ("a", 0), ("a", 1), ("c", 0)]
    left = benchmarks.corpora.distinct(pairs)
    assert left == [("a", 0), ("b", 1), ("a", 1), ("c", 0)]
    train, test = benchmarks.corpora.shuffled(left, share=0.75)
    assert (len(train[0]), len(test[0])) == (3, 1)
    assert {*zip(*train, strict=True), *zip(*test, strict=True)} == set(left)


def test_scaler_of_channels(benchmarks):
    rows = [np.array([[0.0, 5.0], [2.0, 5.0]]), np.array([[4.0, 5.0]])]
    scaler = clone(benchmarks.series.ChannelScaler()).fit(rows)
    left, right = scaler.transform(rows)
    np.testing.assert_allclose(left, [[-np.sqrt(1.5), 0], [0, 0]])
    np.testing.assert_allclose(right, [[np.sqrt(1.5), 0]])


def test_stretcher(benchmarks):
    rows = [np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[5.0, 0.0], [6, 0], [9, 0]])]
    found = benchmarks.series.Stretcher().fit_transform(rows)
    np.testing.assert_allclose(found, [[0, 1, 1, 2, 2, 3], [5, 0, 6, 0, 9, 0]])


def test_missing_data_ends_the_run(benchmarks, folder):
    with pytest.raises(SystemExit, match=r"glove\.txt.*\n.* SKLSTM_DATA names"):
        benchmarks.accuracy.main(["--sets", "SST-2", "--models", "majority"])
    (folder / "glove.txt").write_text("good 1 2\nbad 3 4\n")
    for name, file in [("SST-2", "train"), ("names18", "names18"), ("MR", "polarity")]:
        with pytest.raises(SystemExit, match=rf"No such file.*{file}.*\n"):
            benchmarks.accuracy.main(["--sets", name, "--models", "majority"])


# -- the data

COUNTS = {  # rows to train and to test, classes
    "SST-2": (6_920, 1_821, 2),
    "SST-5": (8_544, 2_210, 5),
    "TREC-6": (5_452, 500, 6),
    "MR": (9_595, 1_067, 2),
    "SMS": (4_136, 1_035, 2),
    "AG News": (10_001, 7_600, 4),
    "IMDB-5k": (4_000, 1_000, 2),
    "waimai": (9_589, 2_398, 2),
    "names18": (14_409, 3_603, 18),
    "JapaneseVowels": (270, 370, 9),
    "BasicMotions": (40, 40, 4),
    "GunPoint": (50, 150, 2),
    "ItalyPowerDemand": (67, 1_029, 2),
}


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(("name", "counts"), COUNTS.items(), ids=COUNTS)
def test_counts(benchmarks, name, counts):
    sets = benchmarks.accuracy.SETS
    assert [n for readers in sets.values() for n in readers] == list(COUNTS)
    kind, (train, test) = next(
        (kind, readers[name]()) for kind, readers in sets.items() if name in readers
    )
    assert (len(train[0]), len(test[0]), len({*train[1]})) == counts
    assert (len(train[1]), len(test[1])) == counts[:2]
    assert {*test[1]} <= {*train[1]}
    if kind != "series":
        assert all(text.strip() for text in (*train[0], *test[0]))
    if name in ("SMS", "names18", "MR"):
        train, test = (set(zip(*part, strict=True)) for part in (train, test))
        assert not train & test


@pytest.mark.usefixtures("data")
def test_labels(benchmarks):
    corpora = benchmarks.corpora
    (texts, labels), _ = corpora.sst2()
    assert Counter(labels) == {"0": 3310, "1": 3610}
    assert texts[0].split()[:2] == ["a", "stirring"]
    assert set(Counter(corpora.ag_news()[1][1]).values()) == {1_900}
    assert Counter(corpora.trec6()[0][1])["2"] == 86
    imdb = [text for part in corpora.imdb() for text in part[0]]
    assert not any("<br" in text for text in imdb)
    lengths = [*map(len, benchmarks.series.SERIES["JapaneseVowels"]()[1][0])]
    assert (min(lengths), max(lengths)) == (7, 29)


@pytest.mark.usefixtures("data")
def test_corpora_with_repeats(benchmarks):
    sizes = {
        name: len(read()[0][0]) for name, read in benchmarks.corpora.CORPORA.items()
    }
    assert sizes == {"SST-2": 6_920, "TREC-6": 5_452, "SMS": 4_459, "AG News": 8_000}


# -- the run


@pytest.mark.usefixtures("data")
def test_run_on_a_slice(benchmarks, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(benchmarks.accuracy.SETTING, "max_epochs", 2)
    out = tmp_path / "table.md"
    benchmarks.accuracy.main(
        "--sets names18 TREC-6 GunPoint --rows 200 --seeds 2".split()
        + "--models lstm majority tfidf 1-nn average".split()
        + ["--out", str(out)]
    )
    shown = capsys.readouterr()
    assert out.read_text("utf-8") + "\n" == shown.out
    header, _, *rows = [
        line.strip("| ").split(" | ")
        for line in shown.out.splitlines()
        if line.startswith("|")
    ]
    assert header[1:] == "train / test,majority,tfidf,1-nn,average,lstm".split(",")
    absent = {"TREC-6": {"1-nn"}, "names18": {"1-nn", "average"}}
    absent["GunPoint"] = {"tfidf", "average"}
    assert [row[0] for row in rows] == list(absent)
    for row in rows:
        n_rows = "50 / 150" if row[0] == "GunPoint" else "200 / 200"
        assert row[1] == n_rows
        cells = dict(zip(header[2:], row[2:], strict=True))
        assert {name for name in cells if cells[name] == "-"} == absent[row[0]]
        numbers = {
            name: float(re.match(r"\**(\d+\.\d)", cell)[1])
            for name, cell in cells.items()
            if cell != "-"
        }
        for name, number in numbers.items():
            spread = r" ± \d+\.\d" if name == "lstm" else ""
            bold = r"\*\*" if number == max(numbers.values()) else ""
            pattern = rf"{bold}{number}{spread}{bold} \(\d+\.\d s\)"
            assert re.fullmatch(pattern, cells[name])
            assert f"{row[0]}, {name}: {cells[name].replace('*', '')}\n" in shown.err


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("name", "model", "expected"),
    [
        ("JapaneseVowels", "1-nn", 95.1),
        ("BasicMotions", "1-nn", 60.0),
        ("GunPoint", "1-nn", 91.3),
        ("ItalyPowerDemand", "1-nn", 95.5),
        ("BasicMotions", "majority", 25.0),
        ("TREC-6", "average", 69.2),
        ("SMS", "tfidf", 98.8),
    ],
)
def test_known_accuracies(benchmarks, name, model, expected):
    accuracy = benchmarks.accuracy
    ((kind, train, test),) = accuracy.read_sets([name], None).values()
    scores, _ = accuracy.measure(accuracy.MODELS[model], kind, train, test, 3)
    tolerance = 0.05 if kind == "series" else 1.0  # texts: as others split and tokenize
    assert scores == [pytest.approx(expected, abs=tolerance)]
