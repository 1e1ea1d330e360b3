"""A search on a cluster is the search at home, also when a worker dies."""

import importlib.util
import os
import pickle
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster
from distributed.protocol.pickle import dumps
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from sklstm import LSTMClassifier, TextTokenizer, load_vectors, train_vectors
from sklstm.cluster import use_dask
from sklstm.cluster._dask import LastingClient
from sklstm.datasets import make_reviews
from sklstm.vectors import _loading, _sharing

EXAMPLE = Path(__file__).parents[2] / "examples" / "dask_search.py"
# Enough rows for joblib to hand them to workers apart from the tasks
TEXTS, LABELS = make_reviews(300, max_words=8, random_state=0)
TEXTS = np.array(TEXTS, object)
GRID = {"lstmclassifier__lr": [0.002, 0.01, 0.05]}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A cluster of two workers in processes of their own, spoken to by TCP."""
    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        protocol="tcp",
        dashboard_address=":0",
        local_directory=str(tmp_path_factory.mktemp("dask")),
    )
    with cluster, Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def vectors():
    """Word vectors of no file."""
    return train_vectors(TEXTS, vector_size=8, random_state=0)


def searched(*, scoring=None, **settings):
    lstm = LSTMClassifier(hidden_size=8, max_epochs=2, random_state=0, **settings)
    pipe = make_pipeline(TextTokenizer(unknown="keep"), lstm)
    search = GridSearchCV(pipe, GRID, cv=2, scoring=scoring, refit=scoring is None)
    return search.fit(TEXTS, LABELS)


def assert_equal(search, other):
    """Compare what two searches found to the last bit, but for the times."""
    assert search.best_params_ == other.best_params_
    for name, column in search.cv_results_.items():
        if "time" not in name and name != "params":
            np.testing.assert_array_equal(column, other.cv_results_[name], name)
    np.testing.assert_array_equal(
        search.predict_proba(TEXTS), other.predict_proba(TEXTS)
    )


def written(vectors, path):
    """Return word vectors that are read from a file, as others would be."""
    rows = zip(vectors.words, vectors.matrix.tolist(), strict=True)
    path.write_text("".join(f"{w} {' '.join(map(str, row))}\n" for w, row in rows))
    return load_vectors(path)


def held(client):
    """Count the word vectors that each worker holds."""
    return [*client.run(lambda: len(_sharing.SHARED)).values()]


def test_a_search_is_the_local_one(client):
    local = searched()
    with parallel_config(backend="dask"):
        assert_equal(searched(), local)
    with use_dask(client):
        assert_equal(searched(), local)


def test_vectors_travel_once_to_each_worker(client, vectors):
    def brought(estimator, X, y):
        """Tell who fitted, and whether with what came before all fits."""
        used = estimator[-1].vectors
        return {"by": os.getpid(), "brought": used is _sharing.find_shared(used.digest)}

    task = {"estimator": LSTMClassifier(vectors=vectors)}
    with use_dask(client, vectors=vectors):
        assert vectors.matrix.tobytes() not in dumps(task)
        assert held(client) == [1, 1]
        search = searched(vectors=vectors, scoring=brought)
        fitted_by = [search.cv_results_[f"split{i}_test_by"] for i in range(2)]
        assert {*np.ravel(fitted_by)} <= {*client.run(os.getpid).values()}
        assert search.cv_results_["mean_test_brought"].tolist() == [1.0] * 3
    assert vectors.matrix.tobytes() in dumps(task)


def test_a_file_that_all_see_is_read_once_by_each_worker(client, vectors, tmp_path):
    def count():
        return _loading._read_once.cache_info().misses

    of_file = written(vectors, tmp_path / "vectors.txt")
    local = searched(vectors=of_file)
    before = client.run(count)
    with use_dask(client):
        assert_equal(searched(vectors=of_file), local)
    assert max(n - before[worker] for worker, n in client.run(count).items()) == 1


def test_a_search_with_vectors_is_the_local_one(client, vectors):
    local = searched(vectors=vectors)
    with use_dask(client, vectors=[vectors]):
        assert_equal(searched(vectors=vectors), local)


@pytest.mark.parametrize("of_file", [False, True])
def test_models_come_back_with_the_vectors_that_are_here(
    client, vectors, tmp_path, of_file
):
    if of_file:  # which the workers do not see
        path = tmp_path / "vectors.txt"
        vectors = written(vectors, path)
        path.unlink()
    lstm = LSTMClassifier(
        vectors=vectors, store_vectors=not of_file, max_epochs=1, random_state=0
    )
    settings = {
        "estimator": make_pipeline(TextTokenizer(unknown="keep"), lstm),
        "X": TEXTS,
        "y": LABELS,
        "cv": 2,
        "return_estimator": True,
    }
    local = cross_validate(**settings)["estimator"]
    with use_dask(client, vectors=vectors):
        fitted = cross_validate(**settings)["estimator"]
    for here, there in zip(local, fitted, strict=True):
        assert there[-1].vectors is vectors
        np.testing.assert_array_equal(
            there.predict_proba(TEXTS), here.predict_proba(TEXTS)
        )
    if not of_file:
        again = pickle.loads(pickle.dumps(fitted))
        assert again[0][-1].vectors == vectors


def test_nothing_is_held_after_an_error(client, vectors):
    def stumble():
        with use_dask(client, vectors=vectors):
            assert held(client) == [1, 1]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert held(client) == [0, 0]
    assert not _sharing.SHARED  # that of the scheduler as well, which is in here


def test_vectors_may_be_shared_twice(client, vectors):
    with use_dask(client, vectors=vectors):
        with use_dask(client, vectors=vectors):
            assert held(client) == [2, 2]
        assert held(client) == [1, 1]
        assert vectors.matrix.tobytes() not in dumps(vectors)


@pytest.fixture
def example():
    spec = importlib.util.spec_from_file_location("dask_search", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_starts_a_cluster(example):
    with example.connect() as client:
        assert [*client.ncores().values()] == [1, 1]


def test_the_example_on_a_cluster_whose_scheduler_is_elsewhere(client):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLE), client.scheduler.address],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,  # where the scheduler cannot read a task, joblib waits for ever
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"best: \{'lstmclassifier__lr': 0\.05\}, accuracy 0\.[78]\d\d\n"
        r"1000 answers, 8\d\.\d% of them right\n",
        done.stdout,
    )


def fatal(doomed):
    """Return a callback that kills the process of this id after an epoch."""

    class Fatal(Callback):  # in here, so that it travels with its code
        def __init__(self, doomed=doomed):
            self.doomed = doomed

        def on_epoch_end(self, net, **kwargs):
            if os.getpid() == self.doomed:
                os.kill(os.getpid(), signal.SIGKILL)

    return Fatal()


def test_a_search_outlives_a_worker(client, vectors):
    doomed = min(client.run(os.getpid).values())
    settings = {"vectors": vectors, "callbacks": [fatal(doomed)]}
    local = searched(**settings)
    with use_dask(client, vectors=vectors):
        assert_equal(searched(**settings), local)
        client.wait_for_workers(2)
        assert doomed not in client.run(os.getpid).values()
        assert held(client) == [1, 1]  # the new one, too


def test_data_outlive_the_worker_that_has_them(client):
    data = client.sync(LastingClient(client).scatter, np.arange(1000))
    assert data.result().sum() == 499_500
    ((holder,),) = client.who_has(data).values()
    os.kill(client.run(os.getpid, workers=[holder])[holder], signal.SIGKILL)
    assert client.submit(np.sum, data).result() == 499_500
