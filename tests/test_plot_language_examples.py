"""The gallery's examples of language models: they run, draw, and learn something."""

import re

import pytest

from tests.gallery import check_form, run

ANYWHERE = ["plot_language_model", "plot_pretraining"]
ON_REAL_DATA = ["plot_shakespeare"]


@pytest.mark.parametrize("name", ANYWHERE + ON_REAL_DATA)
def test_form(name):
    check_form(name)


@pytest.mark.parametrize("name", ON_REAL_DATA)
def test_missing_data_is_said_in_a_line(name, tmp_path):
    printed = run(name, tmp_path, tmp_path / "none")
    assert re.fullmatch(r"This example needs data that is not there: .*none\n", printed)


def test_language_model(tmp_path):
    printed = run("plot_language_model", tmp_path, tmp_path)
    (perplexity,) = re.findall(r"perplexity of 300 others: (\d+)$", printed, re.M)
    assert int(perplexity) < 60  # of some thousand words
    for prompt in ("Compute the", "Test that", "Return"):
        written = re.findall(rf"^{prompt} (.+)$", printed, re.M)
        assert len(written) == 2
    assert "<unk>" not in printed
    assert printed.endswith("axes drawn: 2\n")


def test_pretraining(tmp_path):
    printed = run("plot_pretraining", tmp_path, tmp_path)
    scratch, after_reading = map(float, re.findall(r": (\d\.\d+)", printed))
    assert scratch < 0.6
    assert after_reading > 0.9
    assert printed.endswith("axes drawn: 2\n")


def test_shakespeare(tmp_path, data):
    printed = run("plot_shakespeare", tmp_path, data)
    (perplexity,) = re.findall(r"^hesitates between (\d\.\d+) of 6", printed, re.M)
    assert float(perplexity) < 6
    safe, free = printed.split("-- temperature")[1:]
    plays = (data / "tinyshakespeare" / "input.txt").read_text("utf-8")
    words = set(re.findall(r"[a-z]+", plays.lower()))
    for text, share in ((safe, 0.8), (free, 0.6)):
        written = re.findall(r"[a-z]+", text.lower())
        assert sum(word in words for word in written) > share * len(written)
    assert printed.endswith("axes drawn: 1\n")
