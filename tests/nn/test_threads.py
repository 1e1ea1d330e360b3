"""A worker that is a thread takes one core; nobody else notices."""

import threading

import pytest
import torch
from joblib import Parallel, delayed

from sklstm.nn.threads import fair_share


@pytest.fixture(autouse=True)
def _two_threads():
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


def seen():
    with fair_share():
        inside = torch.get_num_threads()
    return inside, torch.get_num_threads()


def test_workers_that_are_threads_take_one_core_each():
    found = Parallel(n_jobs=2, backend="threading")(delayed(seen)() for _ in range(4))
    assert found == [(1, 2)] * 4
    assert torch.get_num_threads() == 2


def test_all_others_are_left_alone():
    assert seen() == (2, 2)
    found = []
    thread = threading.Thread(target=lambda: found.append(seen()))
    thread.start()
    thread.join()
    assert found == [(2, 2)]


def test_the_limit_goes_with_an_error():
    def fail():
        with pytest.raises(ValueError, match="gone"), fair_share():
            raise ValueError("gone")
        return torch.get_num_threads()

    assert Parallel(n_jobs=2, backend="threading")([delayed(fail)()]) == [2]
