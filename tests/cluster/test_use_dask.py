"""use_dask with a cluster inside this process, and without one."""

import asyncio
import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from distributed import Client
from joblib import Parallel, delayed

import sklstm.cluster
from sklstm import WordVectors
from sklstm.cluster import use_dask
from sklstm.cluster._dask import Delivery
from sklstm.vectors._sharing import SHARED
from sklstm.vectors._subwords import Subwords

INSIDE = {
    "processes": False,
    "n_workers": 1,
    "dashboard_address": ":0",
    "set_as_default": False,  # or frames of Dask in other tests would look for it
}


@pytest.fixture
def vectors():
    return WordVectors(["good", "bad"], np.eye(2))


@pytest.fixture
def threads():
    with Client(**INSIDE, threads_per_worker=2) as client:
        yield client


def test_one_process_needs_one_copy(threads, vectors):
    with use_dask(threads, vectors=vectors):
        assert len(SHARED) == 3  # for client, scheduler and worker
        assert all(held is vectors for held in SHARED.values())
        words = Parallel()(delayed(getattr)(vectors, "words") for _ in range(3))
    assert words == [("good", "bad")] * 3
    assert not SHARED


def test_a_cluster_may_be_gone_at_the_end(threads, vectors):
    with use_dask(threads, vectors=vectors):
        threads.close()
        threads.cluster.close()
    assert not SHARED


@pytest.mark.parametrize("client", [None, "tcp://10.0.0.1:8786"])
def test_no_client(client):
    with (
        pytest.raises(TypeError, match=r"expects a distributed\.Client .*, got "),
        use_dask(client),
    ):
        pass


def test_a_client_that_was_closed(threads):
    threads.close()
    with pytest.raises(ValueError, match="that is connected"), use_dask(threads):
        pass


def test_a_client_whose_answers_are_awaited():
    async def use():
        async with Client(**INSIDE, asynchronous=True) as client:
            with use_dask(client):
                pass

    with pytest.raises(TypeError, match="not asynchronous"):
        asyncio.run(use())


def test_no_vectors(threads):
    with (
        pytest.raises(TypeError, match=r"expects WordVectors, .* got ndarray"),
        use_dask(threads, vectors=[np.eye(2)]),
    ):
        pass
    with (
        pytest.raises(TypeError, match=r"expects WordVectors, .* got str"),
        use_dask(threads, vectors="glove.txt"),
    ):
        pass


def test_a_delivery_has_the_parts_of_words_too(vectors):
    parts = Subwords(np.arange(16, dtype=np.float32).reshape(8, 2), 3, 4)
    given = WordVectors._stored(vectors.vocabulary, vectors.matrix, parts)
    delivery = pickle.loads(pickle.dumps(Delivery("to you", given)))
    delivery.setup(SimpleNamespace(id="1"))
    brought = SHARED["to you 1"]
    delivery.teardown(SimpleNamespace(id="1"))
    assert not SHARED
    assert brought == given
    np.testing.assert_array_equal(brought["unseen"], given["unseen"])
    assert not brought.matrix.flags.writeable


def test_more_than_a_message_holds(threads, vectors):
    matrix = np.broadcast_to(np.float32(0), (2, 600_000_000))  # no memory behind it
    large = WordVectors._stored(vectors.vocabulary, matrix.view(), digest="")
    with (
        pytest.raises(ValueError, match=r"these are 4\.8.*load_vectors\(limit=\)"),
        use_dask(threads, vectors=[vectors, large]),
    ):
        pass
    assert not SHARED


def test_without_dask(monkeypatch):
    monkeypatch.delitem(sys.modules, "sklstm.cluster._dask")
    monkeypatch.delattr(sklstm.cluster, "_dask")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ImportError, match=r"pip install 'sklstm\[dask\]'"),
        use_dask(None),
    ):
        pass
