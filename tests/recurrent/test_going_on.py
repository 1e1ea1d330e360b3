"""partial_fit and warm_start: training that goes on from a fitted net."""

import copy
import pickle

import numpy as np
import pytest
from skorch.callbacks import Callback, LRScheduler

from sklstm import (
    BiLSTMClassifier,
    GRUClassifier,
    LSTMClassifier,
    RNNClassifier,
    TextTokenizer,
)

CLASSIFIERS = [RNNClassifier, GRUClassifier, LSTMClassifier, BiLSTMClassifier]
SMALL = {"embedding_dim": 6, "hidden_size": 6, "max_epochs": 2, "random_state": 0}
OPTIMIZERS = "adadelta adagrad adam adamax adamw asgd nadam radam rmsprop sgd".split()

X = np.random.RandomState(0).randint(1, 30, (90, 8))
Y = np.where(X[:, 0] > 15, "a", "b")


def small(cls=LSTMClassifier, **params):
    return cls(**{**SMALL, **params})


def bits(model):
    return b"".join(model.state_[name].tobytes() for name in sorted(model.state_))


def stored(model):
    return pickle.loads(pickle.dumps(model))


def pass_over(model, start, stop):
    return model.partial_fit(X[start:stop], Y[start:stop], classes=["b", "a"])


# -- partial_fit


@pytest.mark.parametrize("cls", CLASSIFIERS)
def test_partial_fit_goes_on_to_the_bit_after_a_round_trip(cls):
    kept = small(cls, dropout=0.4, num_layers=2)
    pass_over(kept, 0, 40)
    copied, restored = copy.deepcopy(kept), stored(kept)
    for model in (kept, copied, restored):
        pass_over(pass_over(model, 40, 90), 0, 30)
    assert bits(kept) == bits(copied) == bits(restored)
    assert [row["epoch"] for row in restored.history_] == [1, 2, 3]
    assert [row["train_loss"] for row in kept.history_] == [
        row["train_loss"] for row in restored.history_
    ]
    again = small(cls, dropout=0.4, num_layers=2)
    for start, stop in ((0, 40), (40, 90), (0, 30)):
        pass_over(again, start, stop)
    assert bits(again) == bits(kept)


def test_partial_fit_is_one_pass_over_the_rows_as_they_are():
    batches = []

    class Spy(Callback):
        def on_batch_begin(self, net, batch=None, **kwargs):
            batches.append(len(batch[1]))

    model = small(batch_size=10, callbacks=[Spy()])
    twice = np.r_[np.arange(50), np.arange(50)]
    model.partial_fit(X[twice], Y[twice], classes=["a", "b"])
    assert batches == [10] * 10
    assert model.n_iter_ == 1
    assert model.history_[0]["rows"] == 100, "equal rows are not merged"


def test_partial_fit_learns():
    model = small(lr=0.02)
    for _ in range(25):
        pass_over(model, 0, 90)
    assert model.score(X, Y) > 0.9
    assert model.n_iter_ == 25
    assert model.fit(X, Y).n_iter_ == 2, "fit starts anew"


def test_fault_40_classes_of_partial_fit():
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        small().partial_fit(X, Y)
    model = small().partial_fit(X[:1], Y[:1], classes=["b", "c", "a"])
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert model.predict_proba(X).shape == (90, 3)
    model.partial_fit(X, Y).partial_fit(X, Y, classes=np.array(["c", "b", "a"]))
    before, history = bits(model), model.history_
    for y, classes, message in (
        (
            np.where(X[:, 0] > 15, "a", "z"),
            None,
            r"labels \['z'\], which are not among",
        ),
        (Y, ["a", "b"], "is not the same as on the last call to partial_fit, was"),
        (X[:, 0] > 15, None, "which are not among the classes"),
        (np.c_[Y == "a", Y == "b"], None, "was fitted with one label per row"),
    ):
        with pytest.raises(ValueError, match=message):
            model.partial_fit(X, y, classes=classes)
        assert bits(model) == before
        assert model.history_ is history
    with pytest.raises(ValueError, match="only one class: 'a'"):
        small().partial_fit(X[:1], ["a"], classes=["a"])


def test_partial_fit_of_labels_that_come_together():
    many = np.c_[Y == "a", X[:, 1] > 15].astype(int)
    model = small().partial_fit(X, many).partial_fit(X, many)
    assert model.predict_proba(X).shape == (90, 2)
    with pytest.raises(ValueError, match="y has 3 labels, but LSTMClassifier is expec"):
        model.partial_fit(X, np.c_[many, many[:, 0]])


def test_partial_fit_and_early_stopping_exclude_each_other():
    assert not hasattr(small(early_stopping=True), "partial_fit")
    with pytest.raises(ValueError, match="class_weight='balanced' is not supported"):
        small(class_weight="balanced").partial_fit(X, Y, classes=["a", "b"])


def test_parameters_are_checked_when_it_goes_on():
    """scikit-learn checks those of a first call only."""
    model = small().partial_fit(X, Y, classes=["a", "b"])
    for params in ({"optimizer": "adamm"}, {"lr": np.nan}, {"batch_size": 0}):
        changed = stored(model).set_params(**params)
        with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
            changed.partial_fit(X, Y)
        assert bits(changed) == bits(model)


def test_more_classes_than_half_the_rows_are_no_surprise():
    """Warnings are errors here: a small batch of many classes gives none."""
    y = np.arange(90) % 45
    model = small().partial_fit(X, y, classes=np.arange(45))
    model.partial_fit(X[:45], y[:45])


def test_weights_of_partial_fit():
    """They are on a scale common to all calls: twice as heavy rows pull more."""
    light, heavy = (
        small(optimizer="sgd", lr=0.1, clip_norm=None, word_dropout=0.0).partial_fit(
            X, Y, classes=["a", "b"], sample_weight=np.full(90, weight)
        )
        for weight in (1.0, 4.0)
    )
    start = small(optimizer="sgd", lr=1e-30).fit(X, Y).state_["head.weight"]
    moved = [
        np.abs(model.state_["head.weight"] - start).sum() for model in (light, heavy)
    ]
    assert moved[1] > 2 * moved[0]
    unweighted = small(optimizer="sgd", lr=0.1, clip_norm=None, word_dropout=0.0)
    assert bits(unweighted.partial_fit(X, Y, classes=["a", "b"])) == bits(light)


# -- warm_start


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_warm_start_goes_on_to_the_bit_after_a_round_trip(optimizer):
    kept = small(warm_start=True, optimizer=optimizer, weight_decay=0.01).fit(X, Y)
    start, restored = bits(kept), stored(kept)
    kept.fit(X, Y)
    assert kept.n_iter_ == 4
    assert bits(kept) != start
    assert bits(restored.fit(X, Y)) == bits(kept)


def test_two_warm_halves_are_the_whole():
    whole = small(max_epochs=4).fit(X, Y)
    halves = small(max_epochs=2, warm_start=True, word_dropout=0.0)
    whole = small(max_epochs=4, word_dropout=0.0).fit(X, Y)
    assert bits(halves.fit(X, Y).fit(X, Y)) == bits(whole)
    assert [row["train_loss"] for row in halves.history_] == [
        row["train_loss"] for row in whole.history_
    ]


def test_warm_start_takes_new_rows_and_new_settings():
    model = small(warm_start=True).fit(X[:60], Y[:60])
    model.set_params(lr=0.5, weight_decay=0.1, max_epochs=1).fit(X[60:], Y[60:])
    group = model.net_.optimizer_.param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (0.5, 0.1)
    assert [row["rows"] for row in model.history_] == [60, 60, 30]
    model.set_params(optimizer="sgd").fit(X, Y)
    assert type(model.net_.optimizer_).__name__ == "SGD"
    assert model.n_iter_ == 4


WARM_FAULTS = {
    "other classes": (
        {},
        (X, np.where(Y == "a", "x", "y")),
        r"labels \['x', 'y'\], wh",
    ),
    "width": (
        {"hidden_size": 9},
        (X, Y),
        "net with hidden_size=6 to one with hidden_si",
    ),
    "layers": ({"num_layers": 2}, (X, Y), "num_layers=1 to one with num_layers=2; fit"),
    "pooling": ({"pooling": "mean"}, (X, Y), "pooling=max to one with pooling=mean"),
    "embedding": ({"embedding_dim": 7}, (X, Y), "cannot go on from a net with input_s"),
    "numbers": ({}, (X / 7, Y), "expects integer token ids"),
}


@pytest.mark.parametrize(
    ("params", "rows", "message"), WARM_FAULTS.values(), ids=WARM_FAULTS
)
def test_what_a_warm_start_cannot_change(params, rows, message):
    model = small(warm_start=True).fit(X, Y)
    expected = model.predict_proba(X)
    with pytest.raises(ValueError, match=message):
        model.set_params(**params).fit(*rows)
    np.testing.assert_array_equal(model.predict_proba(X), expected)
    cold = model.set_params(warm_start=False).fit(*rows)
    assert cold.n_iter_ == 2


def test_words_that_come_later_are_unknown():
    model = small(warm_start=True).fit(X, Y)
    model.fit(X + 50, Y)
    assert model.sizes_["n_tokens"] == X.max() + 1


def test_states_are_kept_only_to_go_on():
    assert not small().fit(X, Y)._net_states_
    assert small(warm_start=True).fit(X, Y)._net_states_
    model = small().partial_fit(X, Y, classes=["a", "b"])
    assert model._net_states_
    assert b"torch" not in pickle.dumps(model)


def test_a_schedule_goes_on():
    """Also from a fit that kept nothing but its weights."""
    schedule = LRScheduler("LambdaLR", lr_lambda=lambda epoch: 0.5**epoch)
    model = small(callbacks=[schedule], lr=0.08).fit(X, Y)
    rates = [model.net_.optimizer_.param_groups[0]["lr"]]
    for _ in range(3):
        model.partial_fit(X, Y)
        rates.append(model.net_.optimizer_.param_groups[0]["lr"])
    np.testing.assert_allclose(rates, [0.02, 0.01, 0.005, 0.0025])


@pytest.mark.parametrize("partial", [True, False])
def test_words_that_come_later_have_a_place(partial):
    """The vocabulary that ids carry sizes the embedding, not the first rows."""
    texts = ["good film", "bad film", "superb plot", "dreadful plot"]
    labels = ["yes", "no", "yes", "no"]
    tokenizer = TextTokenizer().fit(texts)
    first, later = tokenizer.transform(texts[:2]), tokenizer.transform(texts)
    model = LSTMClassifier(max_epochs=1, random_state=0)
    if partial:
        model.partial_fit(first, labels[:2], classes=["no", "yes"])
        for _ in range(60):
            model.partial_fit(later, labels)
    else:
        model.set_params(warm_start=True).fit(first, labels[:2])
        model.set_params(max_epochs=60).fit(later, labels)
    assert len(model.state_["embedding.weight"]) == len(tokenizer.vocabulary_)
    assert model.score(later, labels) == 1.0


def test_going_on_keeps_the_best_epoch_of_all():
    rng = np.random.RandomState(0)
    X = rng.randn(80, 6, 2).astype(np.float32)
    y = X.sum(axis=(1, 2)) > 0
    model = LSTMClassifier(hidden_size=4, max_epochs=10, random_state=0)
    model.set_params(warm_start=True, early_stopping=True).fit(X, y)
    best, proba = model.best_epoch_, model.predict_proba(X)
    model.set_params(lr=50.0, optimizer="sgd", clip_norm=None, max_epochs=1).fit(X, y)
    losses = [row["valid_loss"] for row in model.history_]
    assert len(losses) == model.n_iter_ == 11
    assert losses[-1] > min(losses)
    assert model.best_epoch_ == best == np.argmin(losses) + 1
    np.testing.assert_array_equal(model.predict_proba(X), proba)
