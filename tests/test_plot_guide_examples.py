"""The gallery's examples of the guide: they run, draw, and what they say is true."""

import re

import pytest

from tests.gallery import check_form, run

PRAISE = "good great fine superb brilliant funny lovely excellent moving clever".split()
BLAME = "bad poor dull boring awful weak silly terrible slow flat".split()


@pytest.mark.parametrize("name", ["cells", "text_pipeline", "word_map"])
def test_form(name):
    check_form(f"plot_{name}")


def test_text_pipeline(tmp_path):
    printed = run("plot_text_pipeline", tmp_path, tmp_path)
    counted, read = (
        [float(score) for score in re.findall(r"\d\.\d+", line)]
        for line in re.findall(r"^(?:TF-IDF|LSTM) (.*)", printed, re.MULTILINE)
    )
    assert len(counted) == len(read) == 5
    assert counted == sorted(counted)
    assert read == sorted(read)
    assert counted[0] > read[0] + 0.02
    assert read[-1] > counted[-1] + 0.08
    assert printed.endswith("axes drawn: 1\n")


def test_cells(tmp_path):
    printed = run("plot_cells", tmp_path, tmp_path)
    row = r"^\d +(\w+) +[\d.]+ +(\d+) +(0\.\d+) +(0\.\d+)$"
    found = {
        (cell, int(units)): (float(mean), float(std))
        for cell, units, mean, std in re.findall(row, printed, re.MULTILINE)
    }
    assert len(found) == 8
    for cell in ("GRU", "LSTM", "BiLSTM"):
        assert found[cell, 64] > found[cell, 8]
        assert found[cell, 64] > max(found["RNN", 8], found["RNN", 64])
    assert found["RNN", 64] < found["RNN", 8]
    cell, units = re.search(r"^chosen: (\w+) (\d+)", printed, re.M).groups()
    best, spread = max(found.values())
    assert found[cell, int(units)][0] > best - spread / 3**0.5 - 0.002  # rounded
    assert printed.endswith("axes drawn: 1\n")


def test_word_map(tmp_path):
    printed = run("plot_word_map", tmp_path, tmp_path)
    early, late = (
        float(gap) for gap in re.findall(r"epochs: (.*) spreads apart", printed)
    )
    assert late > 5 > 2.5 > early
    in_order = re.search(r"epoch 10: (.*)", printed)[1].split()
    if in_order[0] in BLAME:  # PCA knows no sign
        in_order.reverse()
    assert set(in_order[:10]) == set(PRAISE)
    assert set(in_order[-10:]) == set(BLAME)
    assert len(in_order) == 32
    assert printed.endswith("axes drawn: 2\n")
