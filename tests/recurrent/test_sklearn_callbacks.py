"""Callbacks of scikit-learn follow a fit epoch by epoch."""

import copy
import pickle
import random
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

import sklstm
from sklstm import (
    BiLSTMClassifier,
    LSTMClassifier,
    LSTMLanguageModel,
    LSTMRegressor,
    SequencePadder,
    TextTokenizer,
    WordVectors,
)
from sklstm.datasets import make_reviews

SMALL = {"embedding_dim": 4, "hidden_size": 4, "max_epochs": 3, "random_state": 0}
RNG = np.random.RandomState(0)
IDS = RNG.randint(1, 30, (61, 8))
LABELS = np.where(IDS[:, 0] > 15, "a", "b")
NUMBERS = IDS[:, 0] / 7 + RNG.randn(61)
TEXTS, SENTIMENTS = make_reviews(60, random_state=0)


def log_likelihood(model, X, y):
    return model.score(X)


# An estimator, what it is fitted on, and how it is scored
CASES = [
    *(
        (
            getattr(sklstm, f"{cell}{task}")(**SMALL),
            (IDS, LABELS if task == "Classifier" else NUMBERS),
            ["accuracy", "neg_log_loss"] if task == "Classifier" else "r2",
        )
        for cell in ("RNN", "GRU", "LSTM", "BiLSTM")
        for task in ("Classifier", "Regressor")
    ),
    (LSTMLanguageModel(**SMALL), (TEXTS,), {"score": log_likelihood}),
    (LSTMClassifier(**SMALL, average=False), (IDS, LABELS), "accuracy"),
    (LSTMClassifier(**SMALL, pooling="last", num_layers=2), (IDS, LABELS), "accuracy"),
    (LSTMRegressor(**SMALL, loss="huber"), (IDS / 9, NUMBERS), "neg_max_error"),
]


class Recorder:
    """Writes down what it is told, and what it is asked to do there it does."""

    def __init__(self, then=None, where=(None, None, None)):
        self.then = then
        self.where = where
        self.calls = []
        self.fitted = []
        self.told = []

    def setup(self, estimator, context):
        self.record("setup", context)

    def on_fit_task_begin(self, estimator, context, *, fitted_estimator=None):
        self.fitted.append(fitted_estimator)
        self.record("begin", context)

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator
    ):
        self.told.append((X, y, metadata))
        self.fitted.append(fitted_estimator)
        return self.record("end", context)

    def teardown(self, estimator, context):
        self.record("teardown", context)

    def record(self, hook, context):
        call = (hook, context.task_name, context.task_id)
        self.calls.append(call)
        return self.then() if self.then and call == self.where else None


def calls_of_fit(n_epochs):
    """Return what a callback of a fit is called for, of so many epochs."""
    names = [("epoch", i) for i in range(n_epochs)]
    inner = [(hook, *name) for name in names for hook in ("begin", "end")]
    before, after = [("setup", "fit", 0), ("begin", "fit", 0)], [("end", "fit", 0)]
    return [*before, *inner, *after, ("teardown", "fit", 0)]


def global_generators():
    numpys = np.random.get_state()  # noqa: NPY002
    return random.getstate(), numpys[1].tolist(), torch.get_rng_state().tolist()


def same_bits(model, other):
    assert model.state_.keys() == other.state_.keys()
    return all(np.array_equal(model.state_[k], other.state_[k]) for k in model.state_)


# -- scores after each epoch


@pytest.mark.parametrize(
    ("estimator", "data", "scoring"), CASES, ids=[repr(case[0])[:60] for case in CASES]
)
def test_scores_of_each_epoch(estimator, data, scoring):
    monitor = ScoringMonitor(scoring=scoring)
    before = global_generators()
    watched = clone(estimator).set_callbacks(monitor).fit(*data)
    assert global_generators() == before
    assert same_bits(watched, clone(estimator).fit(*data))

    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    names = [scoring] if isinstance(scoring, str) else list(scoring)
    assert len(rows) == 3
    for n_epochs, row in enumerate(rows, start=1):
        alone = ScoringMonitor(scoring=scoring)
        short = clone(estimator).set_params(max_epochs=n_epochs)
        short.set_callbacks(alone).fit(*data)
        last = alone.get_logs().data[0]
        assert last["task_name"] == "fit"
        assert [row[name] for name in names] == [last[name] for name in names]


def test_scores_are_those_of_the_estimator():
    monitor = ScoringMonitor(scoring=["accuracy"])
    weights = RNG.rand(61)
    model = LSTMClassifier(**SMALL).set_callbacks(monitor)
    model.fit(IDS, LABELS, sample_weight=weights)
    last = monitor.get_logs().data[-1]
    assert last["task_id_path"] == (0, 2)
    assert last["accuracy"] == model.score(IDS, LABELS, weights)
    assert last["accuracy"] != model.score(IDS, LABELS)


def test_early_stopping_leaves_the_last_tasks_out():
    recorder = Recorder()
    model = LSTMClassifier(**SMALL).set_params(
        early_stopping=True, n_iter_no_change=1, tol=9.0, max_epochs=50
    )
    watched = clone(model).set_callbacks(recorder).fit(IDS, LABELS)
    assert watched.n_iter_ == 2
    assert recorder.calls == calls_of_fit(2)
    assert same_bits(watched, model.fit(IDS, LABELS))
    kept = [fitted.best_epoch_ for fitted in recorder.fitted[1:]]
    assert kept == [None, 1, 1, 2, model.best_epoch_]


# -- the fitted estimator that a callback gets


@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"vectors": WordVectors(["good", "bad"], [[1.0, 2], [-1, 0]])},
        {"early_stopping": True, "callbacks": [Callback()]},
    ],
    ids=["plain", "vectors", "early stopping"],
)
def test_a_callback_may_keep_what_it_gets(settings, refit):
    tokens = TextTokenizer().fit_transform(TEXTS)
    model = LSTMClassifier(**SMALL, **settings, dropout=0.5)
    if refit:  # of other sizes, which a fitted net still has
        model.set_params(hidden_size=5).fit(tokens, SENTIMENTS)
        model.set_params(hidden_size=4)
    recorder = Recorder()
    model.set_callbacks(recorder).fit(tokens, SENTIMENTS)
    assert all(X is tokens and y is SENTIMENTS for X, y, _ in recorder.told)
    *seen, last = recorder.fitted[2::2] + recorder.fitted[-1:]
    assert len(seen) == len(recorder.told) - 1 == 3
    for n_epochs, fitted in enumerate(seen, start=1):
        assert type(fitted) is LSTMClassifier
        assert not fitted.net_.module_.training
        assert fitted.history_ == model.history_[:n_epochs]
        assert fitted.n_iter_ == n_epochs
        proba = fitted.predict_proba(tokens)
        stored = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(stored.predict_proba(tokens), proba)
        if not model.early_stopping:
            short = clone(model).set_params(max_epochs=n_epochs).set_callbacks()
            expected = short.fit(tokens, SENTIMENTS).predict_proba(tokens)
            np.testing.assert_array_equal(proba, expected)
    assert not same_bits(seen[0], seen[1])
    assert same_bits(last, model)


def test_before_the_first_epoch_it_is_what_training_starts_from():
    recorder = Recorder()
    LSTMClassifier(**SMALL).set_callbacks(recorder).fit(IDS, LABELS)
    start, first, second = recorder.fitted[:3]
    assert start is None  # the fit has not even a net yet
    assert (first.n_iter_, first.history_) == (0, [])
    assert second.n_iter_ == 1
    assert not same_bits(first, second)
    again = LSTMClassifier(**SMALL, warm_start=True).set_callbacks(recorder)
    again.fit(IDS, LABELS).fit(IDS, LABELS)
    assert [fitted and fitted.n_iter_ for fitted in recorder.fitted[-8:]] == [
        *(None, 3, 4, 4, 5, 5, 6, 6)
    ]


def test_a_copy_shares_the_net_and_a_fit_of_one_leaves_the_other():
    model = LSTMClassifier(**SMALL).fit(IDS, LABELS)
    expected = model.predict_proba(IDS)
    twin = copy.copy(model)
    assert twin.net_ is model.net_
    twin.partial_fit(IDS, LABELS).set_params(net__optimizer__eps=1.0)
    np.testing.assert_array_equal(model.predict_proba(IDS), expected)
    assert not np.array_equal(twin.predict_proba(IDS), expected)
    assert model.net_params is None


# -- tasks, stopping and errors


def test_every_task_that_begins_ends():
    recorder = Recorder()
    model = LSTMClassifier(**SMALL).set_callbacks(recorder).fit(IDS, LABELS)
    assert recorder.calls == calls_of_fit(3)
    recorder.calls.clear()
    model.partial_fit(IDS, LABELS).partial_fit(IDS, LABELS)
    assert recorder.calls == calls_of_fit(1) * 2
    recorder.calls.clear()
    LSTMLanguageModel(**SMALL).set_callbacks(recorder).partial_fit(TEXTS).fit(TEXTS)
    assert recorder.calls == calls_of_fit(1) + calls_of_fit(3)
    leftovers = vars(model).keys() - vars(LSTMClassifier().fit(IDS, LABELS)).keys()
    assert leftovers == {"_skl_callbacks"}
    assert "follow" not in dict(model.net_.callbacks_)
    recorder.calls.clear()
    model.set_callbacks().fit(IDS, LABELS)
    assert recorder.calls == []


class StopsInABatch(Callback):
    def on_batch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise KeyboardInterrupt


def test_an_epoch_that_a_callback_of_skorch_cuts_short_ends_without_an_estimator():
    recorder = Recorder()
    model = LSTMClassifier(**SMALL, callbacks=[StopsInABatch()])
    model.set_callbacks(recorder).fit(IDS, LABELS)
    assert model.n_iter_ == 1
    assert recorder.calls == calls_of_fit(2)
    assert recorder.fitted[-2] is None
    assert recorder.fitted[-1].n_iter_ == 1


def test_a_callback_stops_training_by_what_it_returns():
    recorder = Recorder(lambda: True, ("end", "epoch", 1))
    other = Recorder()
    model = LSTMClassifier(**SMALL).set_params(max_epochs=9)
    model.set_callbacks(recorder, other).fit(IDS, LABELS)
    assert model.n_iter_ == 2
    assert recorder.calls == other.calls == calls_of_fit(2)
    short = LSTMClassifier(**SMALL).set_params(max_epochs=2)
    assert same_bits(model, short.fit(IDS, LABELS))


def fail():
    raise RuntimeError("the callback failed")


@pytest.mark.parametrize("where", calls_of_fit(1), ids=str)
def test_an_error_in_a_callback_leaves_the_estimator_unfitted(where):
    recorder = Recorder(fail, where)
    model = LSTMClassifier(**SMALL).set_callbacks(recorder)
    with pytest.raises(RuntimeError, match="the callback failed"):
        model.fit(IDS, LABELS)
    assert recorder.calls[-1] == ("teardown", "fit", 0)
    with pytest.raises(NotFittedError):
        model.predict(IDS)
    recorder.then = None
    model.fit(IDS, LABELS)

    going_on = LSTMClassifier(**SMALL, warm_start=True).fit(IDS, LABELS)
    expected = going_on.predict_proba(IDS)
    going_on.set_callbacks(Recorder(fail, where))
    with pytest.raises(RuntimeError, match="the callback failed"):
        going_on.fit(IDS, LABELS)
    np.testing.assert_array_equal(going_on.predict_proba(IDS), expected)


def test_ctrl_c_in_a_callback_leaves_fit():
    interrupt = partial(signal.raise_signal, signal.SIGINT)
    recorder = Recorder(interrupt, ("end", "epoch", 1))
    model = LSTMClassifier(**SMALL).set_callbacks(recorder)
    with pytest.raises(KeyboardInterrupt):
        model.fit(IDS, LABELS)
    assert recorder.calls[-1] == ("teardown", "fit", 0)
    assert not hasattr(model, "state_")


def test_data_that_cannot_be_read_reaches_no_callback():
    recorder = Recorder()
    model = LSTMClassifier(**SMALL).set_callbacks(recorder)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(IDS, LABELS[:-1])
    assert recorder.calls == []


# -- clones, pickles, searches


@pytest.mark.parametrize(
    "cls", [LogisticRegression, LSTMClassifier, LSTMRegressor, LSTMLanguageModel]
)
def test_clones_share_callbacks_and_pickles_hold_them(cls):
    monitor = ScoringMonitor(scoring="accuracy")
    model = cls().set_callbacks(monitor)
    assert clone(model)._skl_callbacks[0] is monitor
    (stored,) = pickle.loads(pickle.dumps(model))._skl_callbacks
    assert isinstance(stored, ScoringMonitor)
    with pytest.raises(TypeError, match="FitCallback"):
        model.set_callbacks(Callback())


def text_search(last, n_jobs=None):
    pipe = make_pipeline(TextTokenizer(), SequencePadder(), last)
    grid = {f"{type(last).__name__.lower()}__lr": [0.01, 0.02]}
    return GridSearchCV(pipe, grid, cv=3, n_jobs=n_jobs)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_scores_inside_a_search(n_jobs):
    monitor = ScoringMonitor(scoring=["accuracy"])
    last = BiLSTMClassifier(**SMALL).set_callbacks(monitor)
    search = text_search(last, n_jobs).fit(TEXTS, SENTIMENTS)
    log = monitor.get_logs()
    rows = [row for row in log.data if row["task_name"] == "epoch"]
    assert log.estimator_name == "GridSearchCV"
    # Of each split of each candidate, and of the refit, the third step of a pipeline
    splits = [(0, 0, split, 2) for split in range(6)]
    parents = {row["parent_task_id_path"] for row in rows}
    assert parents == {*splits, (0, 1, 2)}
    assert len(rows) == 7 * 3
    refit = [row for row in rows if row["parent_task_id_path"] == (0, 1, 2)]
    assert refit[-1]["accuracy"] == search.score(TEXTS, SENTIMENTS)
    assert not hasattr(search.best_estimator_[-1], "_parent_callback_ctx")


# scikit-learn warns of steps of a pipeline that callbacks cannot follow
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_of_a_search(capsys, n_jobs):
    search = text_search(LSTMClassifier(**SMALL), n_jobs)
    expected = clone(search).fit(TEXTS, SENTIMENTS)
    recorder = Recorder()
    recorder.max_propagation_depth = None
    search.set_callbacks(ProgressBar(max_propagation_depth=None))
    if n_jobs is None:
        search.set_callbacks(*search._skl_callbacks, recorder)
    search.fit(TEXTS, SENTIMENTS)
    shown = capsys.readouterr().out.splitlines()
    assert sum("LSTMClassifier - fit" in line for line in shown) == 7
    assert all("100%" in line for line in shown if line)
    assert same_bits(search.best_estimator_[-1], expected.best_estimator_[-1])
    assert not hasattr(search.best_estimator_[-1], "_skl_callbacks")
    if n_jobs is None:
        ended = [call for call in recorder.calls if call[:2] == ("end", "epoch")]
        assert len(ended) == 7 * 3


WITHOUT = """
import sys
import numpy as np
import sklearn.linear_model  # what is imported already does not look for it
import sklearn.model_selection
import sklearn.pipeline
sys.modules["sklearn.callback"] = None  # what imports find of a module that is missing
from sklstm import LSTMClassifier
X = np.random.RandomState(0).randint(1, 30, (20, 5))
model = LSTMClassifier(embedding_dim=4, hidden_size=4, max_epochs=2).fit(X, X[:, 0] > 9)
assert model.predict(X).shape == (20,)
assert not hasattr(model, "set_callbacks")
"""


def test_without_callbacks_in_scikit_learn_all_else_works():
    command = [sys.executable, "-W", "error", "-c", WITHOUT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
