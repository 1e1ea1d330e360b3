"""Threads, forks and mapped memory: rows 60 to 64 of the table of faults."""

import os
import subprocess
import sys
import threading
import time
from threading import get_ident

import joblib
import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone
from skorch.callbacks import Callback

from sklstm import BiLSTMClassifier, GRUClassifier, LSTMClassifier, RNNClassifier
from sklstm.nn.threads import parallel_map

X = np.random.RandomState(0).randint(1, 30, (80, 8))
Y = X[:, 0] > 15
SMALL = {"embedding_dim": 8, "hidden_size": 8, "max_epochs": 2, "random_state": 0}

FORK = """
import os
import numpy as np
import torch
from sklstm import LSTMClassifier

torch.set_num_threads(2)
X = np.random.RandomState(0).randint(1, 30, (60, 40))
y = X[:, 0] > 15
model = LSTMClassifier(hidden_size=16, max_epochs=1, random_state=0).fit(X, y)
expected = model.predict_proba(X)
child = os.fork()
if not child:
    same = (model.predict_proba(X) == expected).all()
    again = LSTMClassifier(hidden_size=16, max_epochs=1).fit(X, y).score(X, y)
    os._exit(0 if same and again > 0 else 1)
_, status = os.waitpid(child, 0)
assert (model.predict_proba(X) == expected).all()
assert torch.get_num_threads() == 2
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_fault_60_fork_after_torch_ran_with_two_threads():
    """The child would wait for ever for threads that only its parent has."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def use(model, X, y):
    """Fit and predict; return the numbers of torch threads before and after."""
    import torch

    before = torch.get_num_threads()
    fitted = model.fit(X, y)
    between = torch.get_num_threads()
    fitted.predict_proba(X)
    return before, between, torch.get_num_threads()


use.__module__ = "__main__"  # so that it travels to workers by value


def test_fault_61_threads_of_workers():
    """Workers together use no more threads than there are cores, and leave them so."""
    found = Parallel(n_jobs=2, backend="loky")(
        delayed(use)(LSTMClassifier(**SMALL), X, Y) for _ in range(2)
    )
    for numbers in found:
        assert len(set(numbers)) == 1
        assert 2 * numbers[0] <= max(joblib.cpu_count(), 2)


def test_fault_61_threads_of_workers_that_are_threads():
    """Each fit has its own thread; only one that is no worker calls others."""
    counts = []

    class Count(Callback):
        def on_batch_end(self, net, **kwargs):
            callers = parallel_map(lambda _: time.sleep(0.05) or get_ident(), range(2))
            counts.append((torch.get_num_threads(), len(set(callers))))

    model = LSTMClassifier(**SMALL, callbacks=[Count])
    try:
        torch.set_num_threads(2)
        Parallel(n_jobs=2, backend="threading")(
            delayed(clone(model).fit)(X, Y) for _ in range(2)
        )
        assert set(counts) == {(1, 1)}
        clone(model).fit(X, Y)
        assert counts[-1] == (1, 2)
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_fault_61_the_number_of_threads_is_left_alone(n_threads):
    try:
        torch.set_num_threads(n_threads)
        assert use(BiLSTMClassifier(**SMALL), X, Y) == (n_threads,) * 3
    finally:
        torch.set_num_threads(1)


def test_process_wide_settings_are_left_alone():
    """So are gradients, the default type and what is deterministic."""

    def settings():
        return (
            torch.is_grad_enabled(),
            float(torch.full((64,), 1e-39).mul(0.5).sum()),  # 0 where denormals are 0
            torch.get_default_dtype(),
            torch.get_default_device(),
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            torch.backends.mkldnn.enabled,
            torch.backends.cudnn.allow_tf32,
            torch.get_float32_matmul_precision(),
            torch.autograd.is_multithreading_enabled()
            if hasattr(torch.autograd, "is_multithreading_enabled")
            else None,
            dict(os.environ),
            np.geterr(),
        )

    model = GRUClassifier(**SMALL).fit(X, Y)  # torch sets a variable of its own, once
    before = settings()
    model.fit(X, Y).predict(X)
    with pytest.raises(ValueError, match="Negative values"):
        model.predict(-X)
    assert settings() == before


def in_threads(work, n=8):
    """Run ``work(i)`` in threads that start together; return what they give."""
    results, barrier = [None] * n, threading.Barrier(n)

    def run(i):
        barrier.wait()
        try:
            results[i] = work(i)
        except BaseException as error:
            results[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_fault_62_concurrent_predictions():
    model = BiLSTMClassifier(**SMALL, num_layers=2).fit(X, Y)
    expected = model.predict_proba(X)
    parts = [np.arange(i, 80) for i in range(8)]
    found = in_threads(lambda i: [model.predict_proba(X[parts[i]]) for _ in range(5)])
    for rows, answers in zip(parts, found, strict=True):
        for answer in answers:
            np.testing.assert_allclose(answer, expected[rows], rtol=0, atol=1e-6)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_fault_63_predict_while_another_thread_trains(method):
    """An answer is that of the net before or of the net after, never of one between.

    In training mode a net leaves out units, and answers differ each time.
    """
    model = LSTMClassifier(**{**SMALL, "dropout": 0.8, "max_epochs": 20}).fit(X, Y)
    before = model.predict_proba(X)
    done = threading.Event()

    def work(i):
        if i == 0:
            try:
                getattr(model, method)(X, Y)
            finally:
                done.set()
            return []
        answers = []
        while not done.is_set():
            answers.append(model.predict_proba(X))
        return answers

    train, *answers = in_threads(work, 3)
    assert train == []
    after = model.predict_proba(X)
    if method == "partial_fit":
        assert not np.array_equal(before, after)
    for answer in (one for several in answers for one in several):
        assert np.array_equal(answer, before) or np.array_equal(answer, after)


def test_threads_fit_as_one_does():
    """Each from its own seed: no generator is shared."""
    model = LSTMClassifier(**SMALL, dropout=0.5)
    expected = [
        clone(model).set_params(random_state=i).fit(X, Y).predict_proba(X)
        for i in range(4)
    ]

    def work(i):
        torch.set_num_threads(1)
        return clone(model).set_params(random_state=i % 4).fit(X, Y).predict_proba(X)

    for i, found in enumerate(in_threads(work)):
        np.testing.assert_array_equal(found, expected[i % 4])


@pytest.mark.parametrize("kind", ["tokens", "series"])
def test_fault_64_read_only_and_mapped_memory(kind, tmp_path):
    data = X if kind == "tokens" else (X[:, :, None] / 7).astype(np.float32)
    data = data.astype(np.int32) if kind == "tokens" else data
    weights = np.random.RandomState(0).uniform(1, 2, 80)
    expected = LSTMClassifier(**SMALL).fit(data, Y, sample_weight=weights)
    joblib.dump((data, Y, weights, expected), tmp_path / "all.joblib")
    mapped, y, w, model = joblib.load(tmp_path / "all.joblib", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    assert not mapped.flags.writeable
    proba = expected.predict_proba(data)
    fitted = LSTMClassifier(**SMALL).fit(mapped, y, sample_weight=w)
    np.testing.assert_array_equal(fitted.predict_proba(mapped), proba)
    np.testing.assert_array_equal(model.predict_proba(mapped), proba)
    model.partial_fit(mapped, y)
    np.testing.assert_array_equal(mapped, data)


def test_fault_63_predict_while_another_thread_fits_other_data():
    """Each answer is that of one model, never of parts of two."""
    small, big = X % 5 + 1, X * 500
    model = RNNClassifier(hidden_size=2, embedding_dim=2, max_epochs=1, random_state=0)
    answers = []
    for data, labels in ((small, Y), (big, np.where(Y, "yes", "no"))):
        fitted = clone(model).fit(data, labels)
        answers.append((fitted.predict(X).tolist(), fitted.predict_proba(X).tolist()))
    model.fit(small, Y)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    done = threading.Event()

    def work(i):
        if i == 0:
            try:
                for _ in range(20):
                    model.fit(big, np.where(Y, "yes", "no"))
                    model.fit(small, Y)
            finally:
                done.set()
            return []
        found = []
        while not done.is_set():
            found.append((model.predict(X).tolist(), model.predict_proba(X).tolist()))
        return found

    try:
        _, *found = in_threads(work, 3)
    finally:
        sys.setswitchinterval(interval)
    labels, probas = zip(*answers, strict=True)
    for several in found:
        assert all(one in labels and two in probas for one, two in several)
