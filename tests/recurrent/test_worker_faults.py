"""Processes: those that start anew, and those that die in the middle of a search."""

import subprocess
import sys

import pytest

SPAWN = """
import multiprocessing

import numpy as np

from sklstm import LSTMClassifier, TextTokenizer
from sklearn.pipeline import make_pipeline

TEXTS, LABELS = ["a good film", "a bad film", "not good", "fine"] * 5, [1, 0, 0, 1] * 5


def fitted(seed):
    lstm = LSTMClassifier(hidden_size=4, max_epochs=1, random_state=seed)
    return make_pipeline(TextTokenizer(), lstm).fit(TEXTS, LABELS)


def answers(model):
    return model.predict_proba(TEXTS)


if __name__ == "__main__":
    model = fitted(0)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        models = pool.map(fitted, [0, 1])  # come back as pickles
        proba = pool.map(answers, [model, *models])
    expected = [answers(model), answers(model), answers(fitted(1))]
    np.testing.assert_array_equal(proba, expected)
    print("done")
"""


def test_processes_that_start_anew(tmp_path):
    """As macOS and Windows start them: the script is imported, the model pickled."""
    script = tmp_path / "script.py"
    script.write_text(SPAWN)
    command = [sys.executable, str(script)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout == "done\n", done.stderr


KILLED = """
import os
import signal
import sys
from pathlib import Path

from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

import sklstm

TEXTS, LABELS = ["a good film", "a bad film", "not good", "fine"] * 5, [1, 0, 0, 1] * 5


class Killed(Callback):
    def __init__(self, parent, once=None):
        self.parent = parent
        self.once = once

    def on_batch_end(self, net, **kwargs):
        if os.getpid() != self.parent and self.once is not None:
            try:
                Path(self.once).touch(exist_ok=False)
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)


def search(model, n_jobs):
    grid = {"lstmclassifier__hidden_size": [2, 3]}
    return GridSearchCV(model, grid, cv=2, n_jobs=n_jobs).fit(TEXTS, LABELS)


lstm = sklstm.LSTMClassifier(max_epochs=2, random_state=0)
model = sklstm.TextTokenizer(), lstm.set_params(callbacks=[Killed(os.getpid())])
expected = search(make_pipeline(*model), n_jobs=1)
lstm.set_params(callbacks=[Killed(os.getpid(), sys.argv[1])])
doomed = make_pipeline(*map(clone, model))
try:
    search(doomed, n_jobs=2)
except TerminatedWorkerError as error:
    print(type(error).__name__)
assert not hasattr(doomed[-1], "state_")
again = search(doomed, n_jobs=2)  # with other workers
for key in ("split0_test_score", "split1_test_score"):
    assert again.cv_results_[key].tolist() == expected.cv_results_[key].tolist()
assert again.predict_proba(TEXTS).tolist() == expected.predict_proba(TEXTS).tolist()
print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_a_worker_that_is_killed_in_a_search(tmp_path):
    """As by a system without memory: joblib says so, and the next search is whole."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "killed")]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout == "TerminatedWorkerError\ndone\n", done.stderr
