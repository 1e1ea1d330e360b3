"""How the tests of the gallery run its examples."""

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"

RUN = """
import runpy, sys
import matplotlib.pyplot as plt

runpy.run_path(sys.argv[1], run_name="__main__")
figures = map(plt.figure, plt.get_fignums())
print("axes drawn:", sum(axes.has_data() for f in figures for axes in f.axes))
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


def check_form(name):
    """Check that an example is short, titled, and ends with its figure."""
    lines = (EXAMPLES / f"{name}.py").read_text("utf-8").splitlines()
    assert len(lines) <= 60
    assert (lines[0], lines[2], lines[-1]) == ('"""', "=" * len(lines[1]), "plt.show()")
    assert "# %%" in lines
