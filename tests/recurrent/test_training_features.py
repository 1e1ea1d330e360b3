"""Weights, validation, going on, callbacks: what the parameters of training do."""

import numpy as np
import pytest
from scipy.special import log_expit
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss
from skorch.callbacks import Callback

from sklstm import BiLSTMClassifier, GRUClassifier, LSTMClassifier

SMALL = {
    "embedding_dim": 6,
    "hidden_size": 6,
    "word_dropout": 0.25,
    "max_epochs": 3,
    "random_state": 0,
}


def make_tokens(n=90, seed=0):
    """Rows of ids, all different, and words for labels: "a" is three times rarer."""
    rng = np.random.RandomState(seed)
    X = rng.randint(1, 30, (n, 8))
    y = np.where(X[:, 0] + X[:, 1] > 40, "a", "b")
    return X, y


X, Y = make_tokens()
X_NEW, Y_NEW = make_tokens(40, seed=1)
MANY = np.stack([X[:, 0] > 15, X[:, 1] > 15, (X > 20).any(axis=1)], axis=1).astype(int)


def small(cls=LSTMClassifier, **params):
    return cls(**{**SMALL, **params})


def bits(model):
    return b"".join(model.state_[name].tobytes() for name in sorted(model.state_))


def losses(model, name="train_loss"):
    return [row[name] for row in model.history_]


# -- weights


def test_a_weight_of_two_is_the_row_twice():
    weights = np.arange(90) % 3
    rows = np.repeat(np.arange(90), weights)
    by_weight = small().fit(X, Y, sample_weight=weights)
    assert bits(by_weight) == bits(small().fit(X[rows], Y[rows]))
    assert bits(by_weight) != bits(small().fit(X, Y))
    assert by_weight.history_[0]["rows"] == np.count_nonzero(weights)


def test_weights_move_the_prediction():
    towards_a = small().fit(X, Y, sample_weight=np.where(Y == "a", 20.0, 1.0))
    share = towards_a.predict_proba(X)[:, 0].mean()
    assert share > small().fit(X, Y).predict_proba(X)[:, 0].mean() + 0.2


def test_reported_accuracy_and_loss_are_weighted():
    """Without steps in between, they are those of the whole of the rows."""
    weights = np.random.RandomState(0).uniform(0.5, 3, 90)
    model = small(lr=1e-12, max_epochs=1, dropout=0.0, batch_size=-1)
    model.set_params(word_dropout=0.0).fit(X, Y, sample_weight=weights)
    row, proba = model.history_[0], model.predict_proba(X)
    expected = log_loss(Y, proba, sample_weight=weights)
    np.testing.assert_allclose(row["train_loss"], expected, rtol=1e-5)
    expected = accuracy_score(Y, model.predict(X), sample_weight=weights)
    np.testing.assert_allclose(row["train_accuracy"], expected, rtol=1e-5)


def test_balanced_is_the_dict_of_its_formula():
    labels, counts = np.unique(Y, return_counts=True)
    formula = {
        label: len(Y) / (2 * count) for label, count in zip(labels, counts, strict=True)
    }
    balanced = small(class_weight="balanced").fit(X, Y)
    assert bits(balanced) == bits(small(class_weight=formula).fit(X, Y))
    assert bits(balanced) != bits(small().fit(X, Y))
    by_weight = small().fit(X, Y, sample_weight=[formula[label] for label in Y])
    assert bits(balanced) == bits(by_weight)


def test_balanced_counts_weights_and_only_the_rows_that_train():
    weights = np.random.RandomState(0).randint(0, 4, 90)
    totals = {label: weights[Y == label].sum() for label in "ab"}
    formula = {label: weights.sum() / (2 * total) for label, total in totals.items()}
    balanced = small(class_weight="balanced").fit(X, Y, sample_weight=weights)
    by_dict = small(class_weight=formula).fit(X, Y, sample_weight=weights)
    assert bits(balanced) == bits(by_dict)
    # The validation rows weigh as their classes do in training: one row of "b" is not
    # worth 30 of "a" there.
    formula = {label: 90 / (2 * np.sum(Y == label)) for label in "ab"}
    rows = np.r_[np.flatnonzero(Y == "a"), np.flatnonzero(Y == "b")[:1]]
    validation = {"X_val": X[rows], "y_val": Y[rows]}
    balanced = small(class_weight="balanced").fit(X, Y, **validation)
    by_dict = small(class_weight=formula).fit(X, Y, **validation)
    assert losses(balanced, "valid_loss") == losses(by_dict, "valid_loss")


def test_class_weight_by_label():
    heavy = small(class_weight={"a": 30}).fit(X, Y)
    assert np.mean(heavy.predict(X) == "a") > 0.9
    truth = Y == "a"
    by_bool = small(class_weight={True: 30}).fit(X, truth)
    assert np.mean(by_bool.predict(X)) > 0.9
    ignored = small(class_weight={"b": 0}).fit(X, Y)
    assert np.mean(ignored.predict(X) == "a") == 1


# -- labels that come together


@pytest.mark.parametrize("cls", [LSTMClassifier, BiLSTMClassifier])
def test_labels_that_come_together(cls):
    model = small(cls, max_epochs=30, lr=0.02).fit(X, MANY)
    scores, proba, found = (
        getattr(model, method)(X)
        for method in ("decision_function", "predict_proba", "predict")
    )
    assert scores.shape == proba.shape == found.shape == MANY.shape
    assert scores.dtype == proba.dtype == np.float32
    np.testing.assert_allclose(model.predict_log_proba(X), log_expit(scores), rtol=1e-5)
    np.testing.assert_allclose(proba, np.exp(log_expit(scores)), rtol=1e-5)
    np.testing.assert_array_equal(found, (proba > 0.5).astype(int))
    assert found.dtype.kind == "i"
    assert not np.allclose(proba.sum(axis=1), 1)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.score(X, MANY) == np.mean((found == MANY).all(axis=1)) > 0.7
    weights = np.arange(90.0) + 1
    exact = np.average((found == MANY).all(axis=1), weights=weights)
    np.testing.assert_allclose(model.score(X, MANY, sample_weight=weights), exact)


def test_history_of_labels_that_come_together():
    model = small(max_epochs=4).fit(X, MANY, X_val=X_NEW[:5], y_val=MANY[:5])
    model.set_params(warm_start=False)
    best = model.history_[model.best_epoch_ - 1]
    hits = (model.predict(X_NEW[:5]) == MANY[:5]).all(axis=1)
    np.testing.assert_allclose(best["valid_accuracy"], hits.mean())
    scores = model.decision_function(X_NEW[:5])
    loss = -log_expit(np.where(MANY[:5], scores, -scores)).mean()
    np.testing.assert_allclose(best["valid_loss"], loss, rtol=1e-5)


def test_indicators_of_any_container_and_sparse():
    import pandas as pd
    import polars as pl
    from scipy.sparse import csr_array

    expected = bits(small().fit(X, MANY))
    for y in (
        MANY.tolist(),
        MANY.astype(bool),
        pd.DataFrame(MANY),
        pd.DataFrame(MANY).astype("boolean"),
        pl.DataFrame(MANY),
        csr_array(MANY),
    ):
        assert bits(small().fit(X, y)) == expected


def test_an_indicator_matrix_of_other_numbers_is_refused():
    for values in ([-1, 1], [0, 3], [1, 2]):
        y = np.array(values)[MANY]
        with pytest.raises(ValueError, match=f"0 and 1 only, y has .{values[0]}, "):
            small().fit(X, y)


def test_class_weight_is_refused_for_labels_that_come_together():
    with pytest.raises(ValueError, match="class_weight for exclusive classes only"):
        small(class_weight={0: 2}).fit(X, MANY)


# -- validation


def test_no_row_is_set_aside_unless_asked():
    model = small().fit(np.r_[X, X[:20]], np.r_[Y, Y[:20]])
    assert model.history_[0]["rows"] == 90
    assert "valid_loss" not in model.history_[0]
    assert model.best_epoch_ is None
    given = small().fit(X, Y, X_val=X_NEW, y_val=Y_NEW)
    assert given.history_[0]["rows"] == 90
    assert losses(given) == losses(small().fit(X, Y))


def test_validation_part_is_stratified():
    parts = {}

    class Spy(Callback):
        def on_train_begin(self, net, X=None, **kwargs):
            parts["train"] = X.y.tolist()
            parts["valid"] = net.get_split_datasets(X)[1].y.tolist()

    for fraction in (0.1, 0.3):
        model = small(early_stopping=True, validation_fraction=fraction, max_epochs=1)
        model.set_params(callbacks=[Spy()]).fit(X, Y)
        n_valid = int(np.ceil(fraction * 90))
        assert len(parts["valid"]) == n_valid
        assert len(parts["train"]) == 90 - n_valid == model.history_[0]["rows"]
        # class 0 is "a"
        assert abs(parts["valid"].count(0) - n_valid * np.mean(Y == "a")) <= 1
        assert parts["valid"].count(0) + parts["train"].count(0) == np.sum(Y == "a")


@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("cls", [LSTMClassifier, GRUClassifier])
def test_the_best_epoch_is_restored(cls, early_stopping):
    weights = np.random.RandomState(0).uniform(0.2, 2, 40)
    model = small(cls, max_epochs=40, lr=0.03, n_iter_no_change=6)
    model.set_params(early_stopping=early_stopping, class_weight={"a": 2.5})
    model.fit(X, Y, X_val=X_NEW, y_val=Y_NEW, sample_weight_val=weights)
    found = losses(model, "valid_loss")
    assert model.best_epoch_ == np.argmin(found) + 1 < model.n_iter_ == len(found)
    assert (model.n_iter_ < 40) == early_stopping
    both = weights * np.where(Y_NEW == "a", 2.5, 1.0)
    by_hand = log_loss(Y_NEW, model.predict_proba(X_NEW), sample_weight=both)
    np.testing.assert_allclose(min(found), by_hand, rtol=1e-5)
    accuracy = model.score(X_NEW, Y_NEW, sample_weight=both)
    best = model.history_[model.best_epoch_ - 1]
    np.testing.assert_allclose(best["valid_accuracy"], accuracy, rtol=1e-5)
    # The epochs up to the best are those of a training that ends there.
    short = clone(model).set_params(max_epochs=model.best_epoch_, early_stopping=False)
    short.fit(X, Y)
    assert bits(short) == bits(model)


def test_tol_only_decides_when_to_stop():
    fits = {}
    for tol in (0.0, 1e-4, 10.0):
        model = small(early_stopping=True, tol=tol, n_iter_no_change=3, max_epochs=60)
        fits[tol] = model.fit(X, Y)
        assert model.best_epoch_ == np.argmin(losses(model, "valid_loss")) + 1
    # With a fall of 10 asked for, only the first epoch is an improvement.
    assert fits[10.0].n_iter_ == 4
    assert fits[10.0].best_epoch_ > 1, "though it is no improvement, it is the best"
    assert fits[0.0].n_iter_ > 4
    common = losses(fits[0.0], "valid_loss")[:4]
    assert losses(fits[10.0], "valid_loss") == common


def test_validation_rows_do_not_teach():
    """Neither their words nor their number: only which epoch is kept."""
    model = small().fit(X, Y, X_val=X_NEW + 100, y_val=Y_NEW)
    assert model.sizes_["n_tokens"] == X.max() + 1
    by_repeated = small().fit(X, Y, X_val=np.r_[X_NEW, X_NEW], y_val=[*Y_NEW, *Y_NEW])
    once = small().fit(X, Y, X_val=X_NEW, y_val=Y_NEW)
    assert bits(by_repeated) == bits(once)
    assert losses(by_repeated, "valid_loss") == losses(once, "valid_loss")


VALIDATION_FAULTS = {
    "no labels": ({"X_val": X_NEW}, "X_val and y_val go together; one of them"),
    "no rows": ({"y_val": Y_NEW}, "X_val and y_val go together; one of them"),
    "weights only": ({"sample_weight_val": [1]}, "sample_weight_val needs X_val and"),
    "length": ({"X_val": X_NEW, "y_val": Y_NEW[:9]}, "inconsistent numbers of sampl"),
    "label": ({"X_val": X_NEW[:2], "y_val": ["a", "c"]}, r"labels \['c'\], which are"),
    "numbers": ({"X_val": X_NEW / 7, "y_val": Y_NEW}, "expects integer token ids"),
    "weights": (
        {"X_val": X_NEW, "y_val": Y_NEW, "sample_weight_val": np.zeros(40)},
        "at least one non-zero",
    ),
}


@pytest.mark.parametrize(
    ("params", "message"), VALIDATION_FAULTS.values(), ids=VALIDATION_FAULTS
)
def test_faulty_validation_rows(params, message):
    model = small()
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, **params)
    assert not hasattr(model, "classes_")
