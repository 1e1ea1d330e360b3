"""The gallery's traces: they run, draw, write a page, and what they say is true."""

import re

import pytest

from tests.gallery import check_form, run

NAMES = ["lstm", "rnn", "baseline", "series"]


@pytest.mark.parametrize("name", NAMES)
def test_form(name):
    check_form(f"plot_trace_{name}")


def test_lstm(tmp_path):
    printed = run("plot_trace_lstm", tmp_path, tmp_path)
    assert int(re.search(r"^lstm.html: (\d+) KiB", printed, re.M)[1]) > 50
    assert "29696  4 × (50 × 64 + 64 × 64 + 2 × 64)" in printed
    assert printed.endswith("axes drawn: 2\n")


def test_rnn(tmp_path):
    printed = run("plot_trace_rnn", tmp_path, tmp_path)
    for pattern, least in ((r"accuracy (.*)", 0.1), (r"before the end: (.*)", 0.01)):
        plain, lstm = map(float, re.findall(pattern, printed))
        assert lstm > plain + least
    assert plain < 0.01
    assert printed.endswith("axes drawn: 1\n")


def test_baseline(tmp_path):
    printed = run("plot_trace_baseline", tmp_path, tmp_path)
    odds = re.findall(r"charming: positive, log-odds (.*)", printed)
    assert len(odds) == 2  # after "not", too
    assert re.search(r"lookup +\(1000, 3..18, 50\)", printed)
    assert int(printed.split()[-1]) >= 2


def test_series(tmp_path):
    printed = run("plot_trace_series", tmp_path, tmp_path)
    assert float(re.search(r"accuracy on new rows (.*)", printed)[1]) > 0.9
    assert "4 × (5 × 20 + 20 × 20 + 2 × 20)" in printed
    assert printed.endswith("axes drawn: 2\n")
