"""Which GPU a worker takes; real workers, and GPUs that only seem to be there."""

import logging

import pytest
import torch
from joblib import Parallel, delayed

from sklstm.nn import devices


def choose_twice(n_gpus):
    """Choose a device in a worker that seems to have GPUs; count what it says."""
    import logging
    from unittest.mock import patch

    import torch

    from sklstm.nn import devices

    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logging.getLogger("sklstm").addHandler(handler)
    with (
        patch.object(torch.cuda, "is_available", lambda: True),
        patch.object(torch.cuda, "device_count", lambda: n_gpus),
    ):  # and no longer: workers live on
        devices._gpu_of_worker.cache_clear()
        chosen = [devices.resolve_device("auto") for _ in range(2)]
        devices._gpu_of_worker.cache_clear()
    logging.getLogger("sklstm").removeHandler(handler)
    return devices.worker_number(), chosen, said


choose_twice.__module__ = "__main__"  # so that it travels to workers by value


@pytest.mark.parametrize("n_gpus", [1, 2, 3])
def test_workers_spread_over_gpus(n_gpus):
    with Parallel(n_jobs=2, backend="loky") as parallel:
        found = parallel(delayed(choose_twice)(n_gpus) for _ in range(6))
    for number, chosen, said in found:
        assert number is not None
        gpu = "cuda" if n_gpus == 1 else f"cuda:{number % n_gpus}"
        assert chosen == [gpu, gpu]
        assert len(said) == (n_gpus > 1)
        assert all(f"GPU {number % n_gpus} of {n_gpus}" in line for line in said)


def test_a_program_that_is_no_worker_takes_the_first(monkeypatch, caplog):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    devices._gpu_of_worker.cache_clear()
    with caplog.at_level(logging.INFO):
        assert devices.worker_number() is None
        assert devices.resolve_device("auto") == "cuda"
    assert not caplog.records
    devices._gpu_of_worker.cache_clear()
