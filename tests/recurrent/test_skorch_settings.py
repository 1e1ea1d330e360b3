"""The rest of skorch: callbacks, optimizers, settings, what is printed."""

import pickle
import shutil

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    LRScheduler,
)

from sklstm import LSTMClassifier, load, save
from sklstm._sklearn import InvalidParameterError
from sklstm.recurrent._settings import _FLAT_NAMES

SMALL = {"embedding_dim": 6, "hidden_size": 6, "max_epochs": 3, "random_state": 0}

X = np.random.RandomState(0).randint(1, 30, (90, 8))
Y = np.where(X[:, 0] + X[:, 1] > 40, "a", "b")
X_NEW = np.random.RandomState(1).randint(1, 30, (40, 8))
Y_NEW = np.where(X_NEW[:, 0] + X_NEW[:, 1] > 40, "a", "b")


def small(**params):
    return LSTMClassifier(**{**SMALL, **params})


def bits(model):
    return b"".join(model.state_[name].tobytes() for name in sorted(model.state_))


def losses(model, name="train_loss"):
    return [row[name] for row in model.history_]


def test_schedule_of_the_learning_rate():
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.1)
    model = small(callbacks=[schedule], max_epochs=3, lr=0.01).fit(X, Y)
    rates = model.net_.history[:, "event_lr"]
    np.testing.assert_allclose(rates, [0.01, 0.001, 0.0001])
    assert not hasattr(schedule, "lr_scheduler_"), "the user's own is left alone"


# Of torch's tracer, which they would end as errors
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
@pytest.mark.filterwarnings("ignore:Guards may run slower:RuntimeWarning")
def test_a_compiled_net_is_saved_as_any_other(tmp_path):
    settings = {"compile": True, "compile__backend": "aot_eager"}
    compiled, plain = small(net_params=settings).fit(X, Y), small().fit(X, Y)
    assert hasattr(compiled.net_.module_, "_compiled_call_impl")
    assert list(compiled.state_) == list(plain.state_)
    expected = compiled.predict_proba(X_NEW)
    np.testing.assert_allclose(expected, plain.predict_proba(X_NEW), atol=1e-3)
    for copy in (
        pickle.loads(pickle.dumps(compiled)),
        load(save(compiled, tmp_path / "f")),
    ):
        np.testing.assert_array_equal(copy.predict_proba(X_NEW), expected)


def test_frozen_layers_stay_as_they_were():
    slow, fast = (
        small(callbacks=[Freezer("embedding.*")], lr=lr).fit(X, Y).state_
        for lr in (0.01, 0.02)
    )
    moved = {name for name in slow if not np.array_equal(slow[name], fast[name])}
    assert moved == set(slow) - {"embedding.weight"}


def test_scores_of_the_users_choice():
    callbacks = [
        EpochScoring("accuracy", name="mine", lower_is_better=False),
        EpochScoring("f1_macro", name="f1", on_train=True, lower_is_better=False),
    ]
    model = small(callbacks=callbacks).fit(X, Y, X_val=X_NEW, y_val=Y_NEW)
    mine = model.net_.history[:, "mine"]
    np.testing.assert_allclose(mine, losses(model, "valid_accuracy"), rtol=1e-6)
    assert all(0 < value <= 1 for value in model.net_.history[:, "f1"])


class Counts(Callback):
    """Counts epochs in attributes that are no parameters."""

    def __init__(self, share=0.5):
        self.share = share
        self.epochs = []

    def on_epoch_end(self, net, **kwargs):
        self.epochs.append(len(net.history))


def test_callback_of_the_users_own():
    mine = Counts()
    model = small(callbacks=[("mine", mine)])
    assert model.fit(X, Y).fit(X, Y).n_iter_ == 3
    assert mine.epochs == []
    assert dict(model.net_.callbacks_)["mine"].epochs == [1, 2, 3]
    assert dict(model.net_.callbacks_)["mine"].share == 0.5


@pytest.mark.parametrize("early_stopping", [True, False])
def test_early_stopping_of_the_users_own(early_stopping):
    stop = EarlyStopping(
        monitor="train_loss",
        patience=2,
        threshold=10.0,
        threshold_mode="abs",
        sink=lambda text: None,
    )
    model = small(callbacks=[stop], max_epochs=20, early_stopping=early_stopping)
    model.fit(X, Y)
    assert model.n_iter_ == 3
    assert model.predict(X).shape == (90,)
    if early_stopping:
        assert model.best_epoch_ == np.argmin(losses(model, "valid_loss")) + 1


def test_settings_of_skorch_are_searched():
    grid = {"net__optimizer__betas": [(0.5, 0.9), (0.9, 0.999)], "hidden_size": [3]}
    search = GridSearchCV(
        small(net_params={"optimizer__eps": 1e-6}),
        grid,
        cv=2,
        scoring="neg_log_loss",
        error_score="raise",
    ).fit(X, Y)
    first, second = search.cv_results_["mean_test_score"]
    assert first != second
    params = search.best_estimator_.net_params
    assert params == {
        "optimizer__eps": 1e-6,
        "optimizer__betas": search.best_params_["net__optimizer__betas"],
    }
    group = search.best_estimator_.net_.optimizer_.param_groups[0]
    assert group["betas"] == params["optimizer__betas"]
    assert clone(search.best_estimator_).net_params == params


PARTS = ["iterator_train__num_workers", "iterator_valid", "module__hidden_size"]


@pytest.mark.parametrize("name", [*sorted(_FLAT_NAMES), *PARTS])
def test_names_that_are_parameters_already(name):
    with pytest.raises(ValueError, match=rf"net_params\['{name}'\] of LSTMClassifier"):
        small().set_params(**{f"net__{name}": 1}).fit(X, Y)


@pytest.mark.parametrize(
    "name",
    "adadelta adagrad adam adamax adamw asgd nadam radam rmsprop sgd".split(),
)
def test_optimizer_by_name_is_its_class(name):
    by_name = small(optimizer=name, lr=0.01).fit(X, Y)
    cls = type(by_name.net_.optimizer_)
    assert cls.__name__.lower() == name
    assert cls.__module__.startswith("torch.optim")
    assert bits(small(optimizer=cls, lr=0.01).fit(X, Y)) == bits(by_name)


def test_batches_are_reshuffled_unless_told_not_to():
    orders = []

    class Spy(Callback):
        def on_batch_begin(self, net, batch=None, training=None, **kwargs):
            orders[-1].append(batch[0]["x"].numpy().tobytes())

        def on_epoch_begin(self, net, **kwargs):
            orders.append([])

    small(shuffle=False, callbacks=[Spy()]).fit(X, Y)
    assert orders[0] == orders[1] == orders[2]
    orders.clear()
    small(shuffle=True, callbacks=[Spy()]).fit(X, Y)
    assert orders[0] != orders[1]
    assert len(orders[0]) == 3


def test_verbose_prints_epochs_and_nothing_else(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quiet = small(early_stopping=True, n_iter_no_change=1, max_epochs=30, tol=1.0)
    model = quiet.fit(X, Y)
    quiet.set_params(early_stopping=False).partial_fit(X, Y).predict(X)
    pickle.loads(pickle.dumps(model)).predict(X)
    assert capsys.readouterr() == ("", "")
    small(verbose=1).fit(X, Y)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 2 + 3
    assert printed[0].split()[:3] == ["epoch", "train_accuracy", "train_loss"]
    quiet.set_params(early_stopping=True, verbose=1).fit(X, Y)
    assert "Stopping since valid_loss" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_gradients_are_clipped():
    norms = []

    class Spy(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            norms.append(
                float(
                    torch.nn.utils.get_total_norm(
                        [p.grad for _, p in named_parameters if p.grad is not None]
                    )
                )
            )

    small(clip_norm=1e-3, callbacks=[Spy()]).fit(X, Y)
    assert max(norms) < 1.001e-3
    norms.clear()
    small(clip_norm=None, callbacks=[Spy()]).fit(X, Y)
    assert max(norms) > 1e-2


class StopAtTheEnd(Callback):
    def on_train_end(self, net, **kwargs):
        raise KeyboardInterrupt


def numbers():
    X = np.random.RandomState(0).randn(80, 6, 2).astype(np.float32)
    return X, X.sum(axis=(1, 2)) > 0


def test_a_callback_that_stops_at_the_end_does_not_keep_others_from_theirs():
    X, y = numbers()
    model = LSTMClassifier(hidden_size=4, lr=0.3, max_epochs=8, random_state=0)
    model.set_params(early_stopping=True, n_iter_no_change=9)
    expected = clone(model).fit(X, y)
    assert expected.best_epoch_ < 8  # else this test says nothing
    found = clone(model).set_params(callbacks=[StopAtTheEnd()]).fit(X, y)
    assert found.best_epoch_ == expected.best_epoch_
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


def test_a_callback_that_needs_a_validation_says_so():
    with pytest.raises(ValueError, match="asks for valid_loss, but no rows validate"):
        LSTMClassifier(callbacks=[EarlyStopping()], max_epochs=2).fit(*numbers())


def test_every_epoch_is_printed_and_names_are_free(capsys):
    model = LSTMClassifier(hidden_size=4, verbose=1, max_epochs=20, random_state=0)
    stop = ("early_stopping", EarlyStopping(patience=1, threshold=1e9, sink=print))
    model.set_params(early_stopping=True, callbacks=[stop]).fit(*numbers())
    printed = capsys.readouterr().out
    assert model.n_iter_ < 20
    assert f"\n      {model.n_iter_}  " in printed


def test_loading_makes_no_callbacks(tmp_path):
    X, y = numbers()
    folder = tmp_path / "checkpoints"
    checkpoint = Checkpoint(monitor=None, dirname=str(folder))
    model = LSTMClassifier(hidden_size=4, max_epochs=1, callbacks=[checkpoint])
    stored = pickle.dumps(model.fit(X, y))
    shutil.rmtree(folder)
    assert isinstance(pickle.loads(stored).callbacks[0], Checkpoint)
    assert not folder.exists()


@pytest.mark.parametrize("optimizer", [str, lambda params, lr: None])
def test_what_is_no_optimizer_is_refused(optimizer):
    with pytest.raises(InvalidParameterError, match="'optimizer' parameter of LSTMC"):
        LSTMClassifier(optimizer=optimizer).fit(*numbers())
