"""The gallery's example on stories: it runs, draws, and answers questions."""

import re

from tests.gallery import check_form, run


def test_form():
    check_form("plot_stories")


def test_stories(tmp_path):
    printed = run("plot_stories", tmp_path, tmp_path)
    (accuracy,) = re.findall(r"^new questions answered: (\d\.\d+)$", printed, re.M)
    assert float(accuracy) > 0.93
    assert printed.endswith("axes drawn: 3\n")
