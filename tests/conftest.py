"""Settings and data that tests share."""

import os

# Before SciPy is imported: scikit-learn's checks then include those of the array API.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import signal
from pathlib import Path

import pytest
import torch

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True, scope="session")
def _one_torch_thread():
    """Small nets gain nothing from a second thread, and fits compare to the bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True, scope="session")
def _interruptible():
    """A shell that starts a job in the background has it ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def data():
    """The folder of real texts and vectors, which the project does not ship."""
    if not DATA.exists():
        pytest.skip(f"real data is not at hand: {DATA} is missing")
    return DATA


@pytest.fixture(scope="session")
def sst2(data):
    """Sentences and labels ("negative", "positive") of SST-2: training and test."""

    def read(part):
        lines = (data / "sst2" / f"stsa.binary.{part}").read_text("utf-8").split("\n")
        pairs = [line.split(" ", 1) for line in lines if line]
        texts = [text for _, text in pairs]
        return texts, [("negative", "positive")[int(label)] for label, _ in pairs]

    return read("train"), read("test")
