"""Threads: each computes a part of a batch alone, in place of one step together.

Threads of OpenMP meet at every step of a sequence. That is fast only on a machine with
nothing else to do: beside one other busy process, or where waiting threads sleep, they
wait several times longer than they compute. Here every thread has a part of the rows
for itself and they meet once for each layer.
"""

import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
from joblib.parallel import get_active_backend
from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Calling(threading.local):
    """What the calling thread may use; the threads that it calls may use nothing."""

    n_threads = 1


_calling = _Calling()


@contextmanager
def fair_share() -> Iterator[None]:
    """Compute in this thread alone, and let :func:`parallel_map` use as many as torch.

    A worker of joblib that is a thread gets no other: threads times workers would
    exceed the cores (joblib sees to this itself where workers are processes). The limit
    is one of the calling thread; nothing of the process is changed, and no other thread
    notices it.
    """
    n_threads, outside = torch.get_num_threads(), _calling.n_threads
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main and get_active_backend()[0].nesting_level:
        n_threads = 1
    # In a call from within (a callback that predicts) the outer number stands
    _calling.n_threads = max(n_threads, outside)
    try:
        with _alone():
            yield
    finally:
        _calling.n_threads = outside


@contextmanager
def _alone() -> Iterator[None]:
    """Keep the libraries under torch from using more than the calling thread."""
    openmp, limit_mkl = _controllers()
    # As openmp.limit does, in less of the time that a single row takes
    several = {
        library: n_threads
        for library in openmp.lib_controllers
        if (n_threads := library.num_threads or 1) > 1
    }
    before = limit_mkl(1)
    for library in several:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, n_threads in several.items():
            library.set_num_threads(n_threads)
        limit_mkl(before)


@cache
def _controllers() -> tuple[ThreadpoolController, Callable[[int], int]]:
    """Return the controllers of OpenMP and MKL; to look for them takes a while.

    ``torch.set_num_threads`` sets a number for MKL too, for the whole process, which
    goes before that of OpenMP. MKL has a number of the calling thread that goes before
    both; 0 takes it back.
    """
    openmp = ThreadpoolController().select(user_api="openmp")
    for library in Path(torch.__file__).parent.glob("lib/*torch_cpu.*"):
        with suppress(OSError, AttributeError):
            return openmp, ctypes.CDLL(str(library)).MKL_Set_Num_Threads_Local
    return openmp, lambda number: 0


@cache
def _pool(n_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n_threads, "sklstm", _set_up_thread)


def _set_up_thread() -> None:
    torch.get_num_threads()  # torch sets up a new thread when it first meets it: now
    openmp, limit_mkl = _controllers()
    limit_mkl(1)  # both for as long as the thread lives
    openmp.limit(limits=1)


def parallel_map(
    function: Callable[[Item], Result], items: Sequence[Item]
) -> list[Result]:
    """Return ``function`` of each item, computed by the threads of ``fair_share``.

    Parameters
    ----------
    function : callable
        Modes of torch, such as ``no_grad``, belong to a thread: it sets its own.
    items : sequence
        What to compute.

    Returns
    -------
    list
        In the order of ``items``. The first error of a function is raised when all
        threads are done.
    """
    n_helpers = min(_calling.n_threads, len(items)) - 1
    if n_helpers < 1:
        return [function(item) for item in items]
    waiting = deque(range(len(items)))
    results: dict[int, Result] = {}

    def work() -> None:
        while True:
            try:
                i = waiting.popleft()
            except IndexError:
                return
            results[i] = function(items[i])

    pool = _pool(_calling.n_threads - 1)
    helpers = [pool.submit(work) for _ in range(n_helpers)]
    try:
        work()
    finally:
        waiting.clear()  # after an error
        begun = [helper for helper in helpers if not helper.cancel()]
        wait(begun)
    for helper in begun:
        helper.result()  # or its error
    return [results[i] for i in range(len(items))]


def _after_fork() -> None:
    """Leave a forked child with one thread: those of its parent are gone.

    A child that uses OpenMP after its parent did would deadlock (pytorch#17199).
    """
    torch.set_num_threads(1)
    _pool.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
