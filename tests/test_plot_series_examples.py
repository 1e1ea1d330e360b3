"""The gallery's examples on series: they run, draw, and what they say is true."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
ANYWHERE = [
    "plot_forecasting",
    "plot_forecasting_bands",
    "plot_forecasting_steps",
    "plot_gates",
    "plot_signals",
]
ON_REAL_DATA = ["plot_airline", "plot_airline_year", "plot_japanese_vowels"]

RUN = """
import runpy, sys
import matplotlib.pyplot as plt

runpy.run_path(sys.argv[1], run_name="__main__")
drawn = [len(axes.get_children()) for axes in plt.gcf().axes if axes.has_data()]
print("axes drawn:", len(drawn))
"""


def run(name, folder, data):
    """Run an example where a user may be, warnings as errors; return what it prints."""
    # But for what a backend without windows may say of plt.show()
    warnings = ["-W", "error", "-W", "ignore:FigureCanvasAgg"]
    done = subprocess.run(
        [sys.executable, *warnings, "-c", RUN, str(EXAMPLES / f"{name}.py")],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg", "SKLSTM_DATA": str(data)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not list(folder.iterdir())
    return done.stdout


def numbers(printed):
    """Return the last number of each line, by the words before the first number."""
    lines = re.findall(r"^(\D+?)\W* \D*?([\d.]+)\D*$", printed, re.MULTILINE)
    return {name: float(number) for name, number in lines}


@pytest.mark.parametrize("name", ANYWHERE + ON_REAL_DATA)
def test_form(name):
    lines = (EXAMPLES / f"{name}.py").read_text("utf-8").splitlines()
    assert len(lines) <= 60
    assert (lines[0], lines[2], lines[-1]) == ('"""', "=" * len(lines[1]), "plt.show()")
    assert "# %%" in lines
