"""Threads compute parts by themselves, and take nothing from anybody else."""

import os
import threading
import time

import pytest
import torch
from joblib import Parallel, delayed

from sklstm.nn.threads import fair_share, parallel_map


@pytest.fixture(autouse=True)
def _two_threads():
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


def workers(n_items=2):
    """How many threads compute, and how many OpenMP uses in each."""
    meeting = threading.Barrier(n_items, timeout=10)

    def meet(item):
        try:
            meeting.wait(0.5)  # both items at once, if there are two threads
        except threading.BrokenBarrierError:
            pass
        return threading.get_ident(), torch.get_num_threads()

    with fair_share():
        found = parallel_map(meet, range(n_items))
    assert torch.get_num_threads() == 2  # as before
    assert {n for _, n in found} == {1}
    return len({thread for thread, _ in found})


def test_as_many_threads_as_torch_has():
    assert workers() == 2
    torch.set_num_threads(3)
    with fair_share():
        assert torch.get_num_threads() == 1
    torch.set_num_threads(2)


def test_a_thread_of_the_user_has_as_many():
    found = []
    thread = threading.Thread(target=lambda: found.append(workers()))
    thread.start()
    thread.join()
    assert found == [2]


def test_a_worker_that_is_a_thread_computes_alone():
    found = Parallel(n_jobs=2, backend="threading")(
        delayed(workers)() for _ in range(4)
    )
    assert found == [1] * 4
    assert torch.get_num_threads() == 2


def test_a_call_within_a_call_keeps_the_threads():
    with fair_share():
        with fair_share():
            assert len(set(parallel_map(lambda _: sleepy_thread(), range(2)))) == 2
        assert len(set(parallel_map(lambda _: sleepy_thread(), range(2)))) == 2


def sleepy_thread():
    time.sleep(0.2)
    return threading.get_ident()


def test_outside_a_share_nothing_is_shared():
    assert set(parallel_map(lambda _: sleepy_thread(), range(2))) == {
        threading.get_ident()
    }


def test_results_come_in_order():
    with fair_share():
        assert parallel_map(lambda i: i * i, range(100)) == [i * i for i in range(100)]
        assert parallel_map(abs, []) == []


@pytest.mark.parametrize("culprit", [0, 1, 7])
def test_an_error_is_raised_when_all_have_stopped(culprit):
    running = []

    def work(i):
        running.append(i)
        time.sleep(0.01)
        if i == culprit:
            raise ValueError(f"item {i}")
        running.remove(i)

    with fair_share(), pytest.raises(ValueError, match=f"item {culprit}"):
        parallel_map(work, range(8))
    assert running == [culprit]
    assert torch.get_num_threads() == 2
    assert workers() == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")
def test_a_forked_child_computes_alone():
    assert workers() == 2
    child = os.fork()
    if child == 0:
        with fair_share():
            alone = parallel_map(lambda i: threading.get_ident(), range(4))
        os._exit(0 if len(set(alone)) == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
