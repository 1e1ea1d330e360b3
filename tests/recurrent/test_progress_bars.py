"""verbose=2 shows a bar for each epoch."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from skorch.callbacks import Callback

from sklstm import LSTMClassifier, LSTMLanguageModel, LSTMRegressor
from sklstm.datasets import make_reviews

SMALL = {"embedding_dim": 4, "hidden_size": 4, "max_epochs": 3, "random_state": 0}
RNG = np.random.RandomState(0)
IDS = RNG.randint(1, 30, (61, 8))
LABELS = np.where(IDS[:, 0] > 15, "a", "b")
NUMBERS = IDS[:, 0] / 7 + RNG.randn(61)
TEXTS, _ = make_reviews(60, random_state=0)


@pytest.mark.parametrize(
    ("model", "data", "n_epochs"),
    [
        (LSTMClassifier(**SMALL), (IDS, LABELS), 3),
        (LSTMRegressor(**SMALL, batch_size=20), (IDS, NUMBERS), 3),  # 61 = 3 x 20 + 1
        (LSTMClassifier(**SMALL, early_stopping=True), (IDS, LABELS), 3),
        (LSTMLanguageModel(**SMALL), (TEXTS,), 3),
        (LSTMLanguageModel(**SMALL, bptt=None), (TEXTS,), 3),
        (LSTMLanguageModel(**SMALL, early_stopping=True), (TEXTS,), 3),
    ],
    ids=["rows", "a row left over", "early stopping", "stream", "texts", "validation"],
)
def test_bars_are_full_and_end_with_the_losses(capsys, model, data, n_epochs):
    model = clone(model).set_params(verbose=2).fit(*data)
    out, err = capsys.readouterr()
    assert out == ""
    bars = [line.rpartition("\r")[2].rstrip() for line in err.split("\n")[:-1]]
    assert len(bars) == n_epochs
    for epoch, bar in zip(model.history_, bars, strict=True):
        assert bar.startswith(f"epoch {epoch['epoch']}/3: 100%|")
        names = [name for name in ("train_loss", "valid_loss") if name in epoch]
        losses = ", ".join(f"{name}={epoch[name]:.4f}" for name in names)
        assert bar.endswith(f", {losses}")
        assert len(bar) <= 80
    quiet = clone(model).set_params(verbose=0).fit(*data)
    for name, weight in quiet.state_.items():
        np.testing.assert_array_equal(model.state_[name], weight)
    pickle.dumps(model.net_)


def test_bars_of_a_fit_that_goes_on(capsys):
    model = LSTMClassifier(**SMALL, verbose=2, warm_start=True).fit(IDS, LABELS)
    model.fit(IDS, LABELS).partial_fit(IDS, LABELS)
    bars = capsys.readouterr().err.split("\n")[:-1]
    numbers = [bar.rpartition("\r")[2].split(":")[0] for bar in bars]
    assert numbers == [
        *("epoch 1/3", "epoch 2/3", "epoch 3/3"),
        *("epoch 4/6", "epoch 5/6", "epoch 6/6", "epoch 7/7"),
    ]


class LeavesInABatch(Callback):
    def __init__(self, error):
        self.error = error

    def on_batch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise self.error


def test_a_bar_ends_its_line_when_training_fails(capsys):
    model = LSTMClassifier(
        **SMALL, verbose=2, callbacks=[LeavesInABatch(RuntimeError("failed"))]
    )
    with pytest.raises(RuntimeError, match="failed"):
        model.fit(IDS, LABELS)
    err = capsys.readouterr().err
    assert err.endswith("\n")
    assert len(err.split("\n")[:-1]) == 2
    assert "epoch 2/3:  52%" in err
    model.set_params(callbacks=[LeavesInABatch(KeyboardInterrupt)]).fit(IDS, LABELS)
    err = capsys.readouterr().err
    assert err.endswith("\n")
    assert len(err.split("\n")[:-1]) == 2


def test_lines_or_bars_but_not_both(capsys):
    LSTMClassifier(**SMALL, verbose=1).fit(IDS, LABELS)
    out, err = capsys.readouterr()
    assert "train_loss" in out
    assert err == ""
    LSTMClassifier(**SMALL).fit(IDS, LABELS)
    assert capsys.readouterr() == ("", "")
