"""What only a CUDA device can show."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklstm import BiLSTMClassifier, GRUClassifier, LSTMClassifier, RNNClassifier
from sklstm.nn import batches

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]

RNG = np.random.RandomState(0)
ROWS = [RNG.randint(2, 50, n).astype(np.int32) for n in RNG.randint(1, 40, 200)]
Y = np.array([int(7 in row) for row in ROWS])
SMALL = {"max_epochs": 2, "random_state": 0, "device": "cuda"}


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
@pytest.mark.parametrize(
    "cls", [RNNClassifier, GRUClassifier, LSTMClassifier, BiLSTMClassifier]
)
def test_a_model_predicts_on_the_cpu_as_on_the_gpu(cls, pooling):
    model = cls(**SMALL, pooling=pooling).fit(ROWS, Y)
    there = model.predict_proba(ROWS)
    here = pickle.loads(pickle.dumps(model.set_params(device="cpu")))
    assert here.net_.device == "cpu"
    np.testing.assert_allclose(here.predict_proba(ROWS), there, atol=1e-5)
    parts = [model.predict_proba(ROWS[i : i + 9]) for i in range(0, 200, 9)]
    np.testing.assert_allclose(np.concatenate(parts), there, rtol=0, atol=1e-6)


class NoWaiting(Callback):
    """An error where the host waits for the device between the first and last batch."""

    def __init__(self, n_batches):
        self.n_batches = n_batches

    def on_batch_begin(self, net, **kwargs):
        torch.cuda.set_sync_debug_mode("error")

    def on_batch_end(self, net, **kwargs):
        if len(net.history[-1, "batches"]) == self.n_batches:
            torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("cls", [LSTMClassifier, BiLSTMClassifier])
def test_nothing_waits_for_the_device_within_an_epoch(cls):
    model = cls(**SMALL, batch_size=20, callbacks=[NoWaiting(10)])
    try:
        model.fit(ROWS, Y)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_rows_that_do_not_fit_stay_behind(monkeypatch):
    model = LSTMClassifier(**SMALL).fit(ROWS, Y)
    monkeypatch.setattr(batches, "home", lambda n_bytes, device: torch.device("cpu"))
    other = LSTMClassifier(**SMALL).fit(ROWS, Y)
    np.testing.assert_allclose(
        other.predict_proba(ROWS), model.predict_proba(ROWS), atol=1e-5
    )


def test_bfloat16_learns():
    exact = LSTMClassifier(**SMALL).fit(ROWS, Y)
    rough = LSTMClassifier(**SMALL, precision="bfloat16").fit(ROWS, Y)
    losses = [model.history_[-1]["train_loss"] for model in (exact, rough)]
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)
    assert all(array.dtype == np.float32 for array in rough.state_.values())


def test_tf32_comes_back_after_threads_that_predict():
    model = LSTMClassifier(**SMALL).fit(ROWS, Y)
    expected = model.predict_proba(ROWS)
    before = torch.backends.cudnn.allow_tf32
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: model.predict_proba(ROWS), range(20)))
    assert torch.backends.cudnn.allow_tf32 == before
    assert all(np.array_equal(f, expected) for f in found)


def test_fault_51_more_than_fits_the_gpu():
    """What a failed fit took is given back, and others go on."""
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved()
    torch.cuda.set_per_process_memory_fraction(0.01)
    try:
        with pytest.raises(MemoryError, match="found too little memory"):
            LSTMClassifier(**{**SMALL, "hidden_size": 30_000}).fit(ROWS, Y)
        assert torch.cuda.memory_reserved() <= before + 2**25
        LSTMClassifier(**SMALL).fit(ROWS, Y).predict(ROWS)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
