"""What can be wrong with parameters and in training: rows 44 to 55 of the faults."""

import re

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklstm import LSTMClassifier
from sklstm._sklearn import InvalidParameterError

IDS = np.random.RandomState(0).randint(1, 30, (40, 8))
Y = np.arange(40) % 2
SMALL = {"embedding_dim": 4, "hidden_size": 4, "max_epochs": 1, "random_state": 0}


def small(**params):
    return LSTMClassifier(**{**SMALL, **params})


BAD_PARAMS = {
    "44 no rows a batch": ({"batch_size": 0}, "'batch_size' parameter of LSTMClass"),
    "44 negative batch": ({"batch_size": -5}, "'batch_size' parameter of LSTMClass"),
    "44 part of a row": ({"batch_size": 2.5}, "'batch_size' parameter of LSTMClass"),
    "46 no epochs": ({"max_epochs": 0}, r"must be an int in the range \[1, inf\)"),
    "46 negative epochs": ({"max_epochs": -1}, r"must be an int in the range \[1, inf"),
    "47 lr NaN": ({"lr": np.nan}, r"'lr' parameter .* float in the range \(0.0, inf\)"),
    "47 lr infinite": ({"lr": np.inf}, r"'lr' parameter .* range \(0.0, inf\)"),
    "50 typo": ({"device": "cdua"}, "'device' parameter of LSTMClassifier must be"),
    "50 meta": ({"device": "meta"}, "'device' parameter of LSTMClassifier must be"),
    "optimizer": ({"optimizer": "adamm"}, "'optimizer' parameter of LSTMClassifier"),
    "pooling": ({"pooling": "sum"}, "'pooling' parameter of LSTMClassifier must be"),
    "dropout": ({"dropout": 1.0}, r"'dropout' .* float in the range \[0.0, 1.0\)"),
}


@pytest.mark.parametrize(("params", "message"), BAD_PARAMS.values(), ids=BAD_PARAMS)
def test_faulty_parameters(assert_fit_fails, params, message):
    assert_fit_fails(small(**params), InvalidParameterError, message, IDS, Y)


def test_fault_45_batch_larger_than_the_data():
    whole, larger = (small(batch_size=n).fit(IDS, Y) for n in (-1, 1000))
    np.testing.assert_array_equal(whole.predict_proba(IDS), larger.predict_proba(IDS))


OTHER_PARAMS = {
    "flat name": (
        {"net_params": {"optimizer__lr": 1.0}},
        ValueError,
        "net_params['optimizer__lr'] of LSTMClassifier is what lr says; set that",
    ),
    "unknown name": (
        {"net_params": {"patience": 3}},
        ValueError,
        "Something in net_params is not known: __init__() got unexpected argument(s) p",
    ),
    "unknown name of the optimizer": (
        {"net_params": {"optimizer__momentun": 3}},
        ValueError,
        "not known: Adam.__init__() got an unexpected keyword argument 'momentun'",
    ),
    "callback": (
        {"callbacks": ["EarlyStopping"]},
        TypeError,
        "callbacks of LSTMClassifier takes callbacks of skorch, or pairs of a name and "
        "a callback; found 'EarlyStopping' at 0.",
    ),
}


@pytest.mark.parametrize(
    ("params", "error", "message"), OTHER_PARAMS.values(), ids=OTHER_PARAMS
)
def test_faulty_settings_of_skorch(assert_fit_fails, params, error, message):
    assert_fit_fails(small(**params), error, re.escape(message), IDS, Y)


# -- training


@pytest.mark.parametrize("batch_size", [8, -1])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_fault_48_divergence(assert_fit_fails, batch_size, optimizer):
    """Also when the very last step does it, after the last loss was measured."""
    model = small(lr=1e39, batch_size=batch_size, optimizer=optimizer, clip_norm=None)
    message = r"Training diverged at epoch 1 \(.*\); lower lr or scale X"
    assert_fit_fails(model, ValueError, message, IDS, Y)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_fault_49_no_cuda(assert_fit_fails):
    for device in ("cuda", "cuda:7"):
        message = (
            f"device='{device}' requested but CUDA is not available. "
            'Use device="auto" or device="cpu".'
        )
        assert_fit_fails(small(device=device), ValueError, re.escape(message), IDS, Y)
    assert small(device="auto").fit(IDS, Y).net_.device == "cpu"


@pytest.mark.parametrize(
    "params",
    [{"hidden_size": 10**n} for n in (7, 9, 18, 30)]
    + [{"embedding_dim": 10**n} for n in (12, 18, 30)],
    ids=str,
)
def test_fault_52_more_than_fits_memory(assert_fit_fails, params):
    (name, size), *_ = params.items()
    message = f"LSTMClassifier found too little memory for .*{name}={size}.*lower one"
    assert_fit_fails(small(**params), MemoryError, message, IDS, Y)


class Fails(Callback):
    """Raises where it is told to."""

    def __init__(self, hook, error=RuntimeError):
        self.hook = hook
        self.error = error

    def on_train_begin(self, net, **kwargs):
        self.fail("on_train_begin")

    def on_batch_end(self, net, **kwargs):
        self.fail("on_batch_end")

    def on_epoch_end(self, net, **kwargs):
        self.fail("on_epoch_end")

    def on_train_end(self, net, **kwargs):
        self.fail("on_train_end")

    def fail(self, hook):
        if hook == self.hook:
            raise self.error("the callback's own words")


def test_fault_51_a_gpu_without_memory(assert_fit_fails):
    """As torch says it when a GPU is full; test_cuda.py fills one."""
    model = small(callbacks=[Fails("on_batch_end", torch.OutOfMemoryError)])
    message = "LSTMClassifier found too little memory for .*batch_size=.*lower one"
    assert_fit_fails(model, MemoryError, message, IDS, Y)


HOOKS = ["on_train_begin", "on_batch_end", "on_epoch_end", "on_train_end"]


@pytest.mark.parametrize("hook", HOOKS)
def test_fault_54_exception_in_a_callback(assert_fit_fails, hook):
    model = small(callbacks=[Fails(hook)])
    assert_fit_fails(model, RuntimeError, "the callback's own words", IDS, Y)
    model = small().partial_fit(IDS, Y, classes=[0, 1])
    expected = model.predict_proba(IDS)
    model.set_params(callbacks=[Fails(hook)])
    with pytest.raises(RuntimeError, match="the callback's own words"):
        model.partial_fit(IDS, Y)
    np.testing.assert_array_equal(model.predict_proba(IDS), expected)
    assert len(model.history_) == 1
    model.set_params(callbacks=None).partial_fit(IDS, Y)
    twice = small().partial_fit(IDS, Y, classes=[0, 1]).partial_fit(IDS, Y)
    np.testing.assert_array_equal(model.predict_proba(IDS), twice.predict_proba(IDS))


@pytest.mark.parametrize("n", [2, 4])
def test_fault_55_too_few_rows_to_validate_on(assert_fit_fails, n):
    X = IDS[np.arange(n) % 2]  # two distinct rows
    message = (
        "early_stopping=True needs rows to validate on, but n_samples=2 distinct rows "
        "leave none to train on."
    )
    assert_fit_fails(
        small(early_stopping=True), ValueError, message, X, np.arange(n) % 2
    )


def test_fault_55_three_rows_are_enough():
    model = small(early_stopping=True).fit(IDS[:3], Y[:3])
    assert model.history_[0]["rows"] == 1
