"""Ctrl-C ends a program, a callback's KeyboardInterrupt ends a training."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from skorch.callbacks import Callback, EarlyStopping

from sklstm import LSTMClassifier

X = np.random.RandomState(0).randint(1, 30, (60, 8))
Y = X[:, 0] > 15
SMALL = {"embedding_dim": 4, "hidden_size": 4, "random_state": 0}

# In each of some cases it trains for ever, says so, is interrupted, and tells what
# became of the estimator.
SCRIPT = """
import os
import time
import numpy as np
import torch
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback
from sklstm import LSTMClassifier

torch.set_num_threads(1)

class Says(Callback):
    said_ = False

    def __init__(self, then):
        self.then = then

    def on_batch_end(self, net, **kwargs):
        if self.said_:
            return
        self.said_ = True
        os.write(1, b"training\\n")  # at once: two workers may write
        if self.then == "wait":
            time.sleep(60)
        while self.then == "compute":
            pass

X = np.random.RandomState(0).randint(1, 30, (60, 8))
y = X[:, 0] > 15

def is_interrupted(fit=None, then=None, fitted=False, method="fit", **params):
    model = LSTMClassifier(embedding_dim=4, hidden_size=4, random_state=0)
    model.set_params(**params)
    before = model.fit(X, y).predict_proba(X) if fitted else None
    model.set_params(callbacks=[Says(then)], max_epochs=10**9)
    try:
        (fit or getattr(model, method))(X, y)
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError("it went on as if nothing had happened")
    if params or method == "partial_fit":
        assert model.predict_proba(X).tolist() == before.tolist()
    else:
        assert not hasattr(model, "state_")
        assert not hasattr(model, "classes_")

def search(n_jobs):
    model = LSTMClassifier(embedding_dim=4, hidden_size=4, max_epochs=10**9)
    model.set_params(callbacks=[Says(None)])
    grid = {"batch_size": [8, 16]}
    return GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, refit=False).fit

is_interrupted()
is_interrupted(then="wait")
is_interrupted(then="compute")
is_interrupted(fitted=True)
is_interrupted(fitted=True, warm_start=True)
is_interrupted(fitted=True, then="wait", method="partial_fit")
is_interrupted(fit=search(n_jobs=1))
is_interrupted(fit=search(n_jobs=2))
print("done", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_fault_53_ctrl_c_is_raised_again():
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            for _ in range(8):
                line = process.stdout.readline()
                if line != "training\n":
                    pytest.fail(line)  # the rest may never end
                time.sleep(0.2)
                process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=120)
        finally:
            process.kill()
    assert "done" in out, out
    assert process.returncode == 0, out


class Stops(Callback):
    """Stops training as skorch's callbacks do."""

    def __init__(self, hook, epoch=2):
        self.hook = hook
        self.epoch = epoch

    def on_train_begin(self, net, **kwargs):
        self.stop("on_train_begin", net)

    def on_batch_end(self, net, **kwargs):
        self.stop("on_batch_end", net)

    def on_epoch_end(self, net, **kwargs):
        self.stop("on_epoch_end", net)

    def stop(self, hook, net):
        if hook == self.hook and len(net.history) == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("hook", ["on_batch_end", "on_epoch_end"])
def test_a_callback_that_stops_ends_training_normally(hook, early_stopping):
    model = LSTMClassifier(
        **SMALL, callbacks=[Stops(hook)], early_stopping=early_stopping
    ).fit(X, Y)
    whole_epochs = 2 if hook == "on_epoch_end" else 1
    assert model.n_iter_ == len(model.history_) == whole_epochs
    assert model.predict(X).shape == (60,)
    assert not model.net_.module_.training
    if early_stopping:
        best = np.argmin([row["valid_loss"] for row in model.history_]) + 1
        assert model.best_epoch_ == best
    elif hook == "on_epoch_end":
        short = LSTMClassifier(**SMALL, max_epochs=2).fit(X, Y)
        np.testing.assert_array_equal(model.predict_proba(X), short.predict_proba(X))


@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize(
    ("hook", "epoch"), [("on_train_begin", 0), ("on_batch_end", 1)]
)
def test_a_callback_that_stops_before_the_first_epoch_is_over(
    hook, epoch, early_stopping
):
    model = LSTMClassifier(
        **SMALL, callbacks=[Stops(hook, epoch)], early_stopping=early_stopping
    ).fit(X, Y)
    assert (model.n_iter_, model.history_, model.best_epoch_) == (0, [], None)
    assert np.isfinite(model.predict_proba(X)).all()


def test_early_stopping_ours_and_the_users():
    users = EarlyStopping(
        monitor="train_loss", patience=1, threshold=9.0, sink=lambda text: None
    )
    settings = {**SMALL, "max_epochs": 50, "tol": 9.0, "early_stopping": True}
    ours = LSTMClassifier(**settings, n_iter_no_change=3).fit(X, Y)
    both = LSTMClassifier(**settings, n_iter_no_change=3, callbacks=[users]).fit(X, Y)
    assert ours.n_iter_ == 4
    assert both.n_iter_ < 4
    for model in (ours, both):
        losses = [row["valid_loss"] for row in model.history_]
        assert model.best_epoch_ == np.argmin(losses) + 1
    assert users.misses_ == 0, "the user's own is left alone"
