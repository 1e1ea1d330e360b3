"""Devices: which one is meant, what fits on it, how exactly it multiplies."""

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from logging import getLogger

import torch

from sklstm.nn import team


def resolve_device(device: str, *, fall_back: bool = False) -> str:
    """Return the device that "auto" stands for, or say that it is not there.

    Parameters
    ----------
    device : str
        "auto" (CUDA where there is one; workers take turns where there are more),
        "cpu", "cuda", "cuda:1" or "accelerate" (that of this process of a team).
    fall_back : bool, default=False
        Whether a missing CUDA device becomes the CPU, for models that are loaded.
    """
    if device == team.DEVICE:
        try:
            return team.team_device()
        except ImportError:
            if not fall_back:
                raise
            device = "auto"
    if device == "auto":
        return _gpu_of_worker() if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda"):
        index = torch.device(device).index or 0
        if not torch.cuda.is_available() or index >= torch.cuda.device_count():
            if fall_back:
                return "cpu"
            raise ValueError(
                f"device={device!r} requested but CUDA is not available. "
                'Use device="auto" or device="cpu".'
            )
    return device


def worker_number() -> int | None:
    """Return the number of this process among the workers of its parent, from 0.

    None for a process that nobody started as a worker. Loky, multiprocessing and Dask
    number the processes that they start.
    """
    numbers = multiprocessing.current_process()._identity
    return numbers[-1] - 1 if numbers else None


@cache
def _gpu_of_worker() -> str:
    """Return the GPU of this process: workers take turns where there are several."""
    number, n_gpus = worker_number(), torch.cuda.device_count()
    if number is None or n_gpus < 2:
        return "cuda"
    gpu = number % n_gpus
    getLogger("sklstm").warning(
        'Worker %d computes on GPU %d of %d: device="auto" spreads workers over GPUs.',
        *(number, gpu, n_gpus),
    )
    return f"cuda:{gpu}"


def release_memory() -> None:
    """Give back what a worker keeps of a GPU for later, so that others can have it."""
    if worker_number() is not None:
        torch.cuda.empty_cache()


def home(n_bytes: int, device: torch.device | str) -> torch.device:
    """Return where a data set of ``n_bytes`` lives: on its device, or on the CPU.

    On a GPU it leaves half of the free memory to training.
    """
    device = torch.device(device)
    if device.type == "cuda" and n_bytes > torch.cuda.mem_get_info(device)[0] / 2:
        return torch.device("cpu")
    return device


_lock = threading.Lock()
_n_inside = 0
_allowed_outside = True


@contextmanager
def float32_products(device: torch.device) -> Iterator[None]:
    """Have cuDNN multiply float32 as float32, not as TF32, which keeps 10 bits.

    TF32 would let a prediction depend on the rows beside it. The flag is one of the
    process: it comes back when the last thread has left.
    """
    if device.type != "cuda":
        yield
        return
    global _n_inside, _allowed_outside
    flags = torch.backends.cudnn
    with _lock:
        if _n_inside == 0:
            _allowed_outside = flags.allow_tf32
            flags.allow_tf32 = False
        _n_inside += 1
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            if _n_inside == 0:
                flags.allow_tf32 = _allowed_outside
