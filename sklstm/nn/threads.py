"""Threads of torch beside threads of joblib."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from joblib.parallel import get_active_backend
from threadpoolctl import ThreadpoolController


@contextmanager
def fair_share() -> Iterator[None]:
    """Use one core in a worker of joblib that is a thread, else leave all as it is.

    Threads of torch times workers would exceed the cores, and OpenMP threads that wait
    for a core stall all others. joblib sees to this itself where workers are processes.
    The limit is one of the calling thread; no other thread notices it.
    """
    if threading.current_thread() is threading.main_thread() or not _is_worker():
        yield
        return
    torch.get_num_threads()  # torch sets up a new thread when it first meets it: now
    with _controller().limit(limits=1, user_api="openmp"):
        yield


def _is_worker() -> bool:
    backend, _ = get_active_backend()
    return bool(backend.nesting_level)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries: once is enough
