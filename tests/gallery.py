"""How the tests of the gallery run its examples."""

import runpy
import warnings
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, folder, data):
    """Run an example as :func:`run_here` does, and return what it prints."""
    return run_here(name, folder, data)[1]


def run_here(name, folder, data):
    """Run an example where a user may be, warnings as errors.

    In this process: a new one would spend more time on imports than many examples take.
    Return its names, and what it prints and draws.
    """
    names, printed = {}, StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        warnings.catch_warnings(),
        mpl.rc_context(),
        redirect_stdout(printed),
        suppress(SystemExit),  # of one that misses its data
    ):
        plt.switch_backend("agg")
        plt.close("all")  # what other tests left
        # What a backend without windows may say of plt.show()
        warnings.filterwarnings("ignore", "FigureCanvasAgg")
        patch.setenv("SKLSTM_DATA", str(data))
        patch.chdir(folder)
        names = runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        figures = map(plt.figure, plt.get_fignums())
        print("axes drawn:", sum(axes.has_data() for f in figures for axes in f.axes))
    plt.close("all")
    assert not list(folder.iterdir())
    return names, printed.getvalue()


def check_form(name):
    """Check that an example is short, titled, and ends with its figure."""
    lines = (EXAMPLES / f"{name}.py").read_text("utf-8").splitlines()
    assert len(lines) <= 60
    assert (lines[0], lines[2], lines[-1]) == ('"""', "=" * len(lines[1]), "plt.show()")
    assert "# %%" in lines
