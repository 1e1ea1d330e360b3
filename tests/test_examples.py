"""Every example runs, and the quickstart says what is wrong with a file."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pytest

from sklstm.datasets import make_reviews

EXAMPLES = Path(__file__).parents[1] / "examples"
QUICKSTART = EXAMPLES / "quickstart.py"


def run(path, *options, cwd):
    return subprocess.run(
        [sys.executable, str(path), *options],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def reviews():
    texts, labels = make_reviews(n_samples=200, max_words=10, random_state=0)
    return pd.DataFrame({"what it says": texts, "verdict": labels, "stars": 3.5})


def test_every_example_is_run():
    """Here, or in the tests of what it shows."""
    files = Path(__file__).parent.rglob("test_*.py")
    tests = "\n".join(path.read_text("utf-8") for path in files)
    for path in EXAMPLES.glob("*.py"):
        gallery = path.name.startswith("plot_")
        assert (f'run("{path.stem}"' if gallery else f'"{path.name}"') in tests, path


def test_text_beside_numbers(tmp_path):
    done = run(EXAMPLES / "text_beside_numbers.py", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    alone, in_sample, cross_fitted = (
        float(value) for value in re.findall(r"  ?(0\.\d+)(?:\n| \()", done.stdout)
    )
    assert cross_fitted > in_sample > alone


def test_quickstart_on_a_file(reviews, tmp_path):
    reviews.loc[[3, 5], "what it says"] = None
    reviews.loc[[5, 7], "verdict"] = None
    reviews.to_csv(tmp_path / "a file's.csv", index=False)
    options = ["--csv=a file's.csv", "--text=what it says", "--target=verdict"]
    done = run(QUICKSTART, *options, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for expected in (
        "From a file's.csv: texts in 'what it says', labels in 'verdict'",
        "3 of 200 rows dropped: without a text or a label",
        "197 rows; 2 classes: negative (",
        "padded     (147, ",
        "Fitting 3 folds for each of 4 candidates, totalling 12 fits",
        "Best: ",
        "accuracy   0.",
        "macro-F1   0.",
        "confusion matrix",
        " with p = 0.",
        "TF-IDF + logistic regression, on the same split",
        "Verdict: ",
    ):
        assert expected in done.stdout, expected
    model = joblib.load(tmp_path / "sklstm-quickstart.joblib")
    assert set(model.predict(["the plot was superb"])) <= {"negative", "positive"}


@pytest.fixture(scope="module")
def quickstart():
    spec = importlib.util.spec_from_file_location("quickstart", QUICKSTART)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        ([0, 1, None, 1], ["0", "1", "1"]),
        ([2.5, 3.0, 3.5, None], ["2.5", "3", "3.5"]),
        ([1, 2, 3, 4], [1, 2, 3, 4]),
        ([True, None, False, True], [True, False, True]),
        (["a", "b", None, "7"], ["a", "b", "7"]),
    ],
)
def test_labels_of_a_file(quickstart, tmp_path, column, labels):
    frame = pd.DataFrame({"t": ["x", "y", "z", "w"], "label": column})
    frame.to_csv(tmp_path / "data.csv", index=False)
    args = SimpleNamespace(csv=tmp_path / "data.csv", text="t", target="label")
    texts, found = quickstart.read_csv(args, pytest.fail)
    assert found.tolist() == labels
    assert len(texts) == len(labels)


@pytest.mark.parametrize(
    ("n_ours", "n_theirs", "verdict"),
    [
        (90, 60, "the LSTM wins by 30.0 points on 100 rows."),
        (60, 90, "TF-IDF + logistic regression wins by 30.0 points on 100 rows."),
        (62, 60, "no clear winner; chance could explain 2.0 points on 100 rows."),
        (60, 60, "no clear winner; chance could explain 0.0 points on 100 rows."),
    ],
)
def test_verdict(quickstart, capsys, n_ours, n_theirs, verdict):
    labels, rank = np.ones(100), np.arange(100)
    # The one is right on the first rows, the other on the last ones
    quickstart.compare(labels, rank < n_ours, rank >= 100 - n_theirs)
    assert capsys.readouterr().out.splitlines()[-1] == f"Verdict: {verdict}"


@pytest.fixture
def refuse(quickstart, tmp_path, monkeypatch, capsys):
    """Return what the quickstart says when it refuses its options."""

    def refuse(*options):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["quickstart.py", *options])
        with pytest.raises(SystemExit) as exit_:
            quickstart.main()
        assert exit_.value.code == 2
        assert not list(tmp_path.glob("*.joblib"))
        return capsys.readouterr().err

    return refuse


COLUMNS = ("--csv=data.csv", "--text=what it says", "--target=verdict")


def test_file_that_is_not_there(refuse):
    assert "cannot read 'data.csv' as a CSV file in UTF-8" in refuse(*COLUMNS)


@pytest.mark.parametrize("content", [b"", b"caf\xe9,verdict\n1,2\n", b'a\n"1\n2,3'])
def test_file_that_is_no_csv(refuse, tmp_path, content):
    (tmp_path / "data.csv").write_bytes(content)
    assert "cannot read 'data.csv' as a CSV file in UTF-8" in refuse(*COLUMNS)


def test_columns_without_a_file(refuse):
    assert "give --csv too" in refuse("--text=a")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (COLUMNS[:1], "--text is missing; the columns of 'data.csv' are 'what it"),
        (COLUMNS[:2], "--target is missing; the columns of 'data.csv' are 'what"),
        (
            (*COLUMNS[:2], "--target=label"),
            "--target: no column 'label'; those of 'data.csv' are 'what it says', ",
        ),
        (
            ("--csv=data.csv", "--text=text", "--target=verdict"),
            "--text: no column 'text'; those of 'data.csv' are 'what it says', ",
        ),
        (
            ("--csv=data.csv", "--text=stars", "--target=verdict"),
            "column 'stars' holds numbers (float64), not texts",
        ),
        (
            ("--csv=data.csv", "--text=what it says", "--target=stars"),
            "at least two classes, found only 3.5",
        ),
        (
            ("--csv=data.csv", "--text=verdict", "--target=verdict"),
            "--text and --target are both 'verdict': name two columns",
        ),
    ],
)
def test_wrong_columns(refuse, reviews, tmp_path, options, message):
    reviews.to_csv(tmp_path / "data.csv", index=False)
    assert message in refuse(*options)


def test_columns_without_a_complete_row(refuse, reviews, tmp_path):
    reviews.assign(verdict=None).to_csv(tmp_path / "data.csv", index=False)
    assert "has no row with both a text and a label" in refuse(*COLUMNS)


def test_target_that_is_no_label(refuse, reviews, tmp_path):
    numbers = reviews.assign(verdict=np.arange(200) / 7)
    numbers.to_csv(tmp_path / "data.csv", index=False)
    assert "200 of the 200 classes of the target have fewer than 8" in refuse(*COLUMNS)


def test_quickstart_ends_without_a_traceback(tmp_path):
    done = run(QUICKSTART, *COLUMNS, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
