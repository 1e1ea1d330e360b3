"""The classifiers: what goes in, what comes out, what is learned."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from skorch import NeuralNet

from sklstm import (
    BiLSTMClassifier,
    GRUClassifier,
    LSTMClassifier,
    RNNClassifier,
    SequencePadder,
    TextTokenizer,
)

CLASSIFIERS = [RNNClassifier, GRUClassifier, LSTMClassifier, BiLSTMClassifier]


@pytest.fixture(scope="module")
def tokens():
    rng = np.random.RandomState(0)
    X = rng.randint(1, 30, (80, 8))
    return X, (X > 20).sum(axis=1) > 2


def fit(X, y, cls=LSTMClassifier, **params):
    return cls(**{"max_epochs": 3, "random_state": 0, **params}).fit(X, y)


# -- input


def test_every_container_of_tokens_gives_the_same(tokens):
    X, y = tokens
    X = X * (np.arange(8) < np.random.RandomState(1).randint(3, 9, (80, 1)))
    rows = [row[row > 0] for row in X]
    expected = fit(X, y).predict_proba(X)
    ragged = np.empty(len(rows), dtype=object)
    ragged[:] = rows
    names = [f"c{i}" for i in range(8)]
    for container in (
        X.astype(np.uint16),
        X.tolist(),
        rows,
        [row.tolist() for row in rows],
        ragged,
        pd.Series(rows, index=range(80, 0, -1)),
        pd.DataFrame({"tokens": rows}),
        pd.DataFrame(X, columns=names),
        pd.DataFrame(X, columns=names).astype("Int64"),
        pl.DataFrame(X, schema=names),
        pl.Series([row.tolist() for row in rows]),
        torch.from_numpy(X),
        SequencePadder().fit_transform(rows),
    ):
        model = fit(container, y)
        assert model.input_type_ == "tokens"
        np.testing.assert_array_equal(model.predict_proba(container), expected)


def test_every_container_of_numbers_gives_the_same():
    rng = np.random.RandomState(0)
    X = rng.randn(40, 6, 2)
    y = X[:, :, 0].sum(axis=1) > 0
    lengths = rng.randint(2, 7, 40)
    X[np.arange(6) >= lengths[:, None]] = np.nan
    rows = [row[:n] for row, n in zip(X, lengths, strict=True)]
    expected = fit(X, y).predict_proba(X)
    for container in (X.astype(np.float32), X[:, ::1].tolist(), rows, tuple(rows)):
        model = fit(container, y)
        assert model.input_type_ == "series"
        np.testing.assert_array_equal(model.predict_proba(container), expected)


def test_two_dimensions_of_floats_are_one_channel():
    X = np.random.RandomState(0).randn(30, 6)
    y = X[:, 0] > 0
    flat = fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(fit(X[:, :, None], y).predict_proba(X), flat)
    np.testing.assert_array_equal(fit(list(X), y).predict_proba(X), flat)


def test_integers_can_be_numbers_and_floats_can_be_tokens(tokens):
    X, y = tokens
    assert fit(X, y, input_type="series").input_type_ == "series"
    as_tokens = fit(X.astype(float), y, input_type="tokens")
    assert as_tokens.input_type_ == "tokens"
    np.testing.assert_array_equal(
        as_tokens.predict_proba(X.astype(float)), fit(X, y).predict_proba(X)
    )


def test_sizes_come_from_the_data(tokens):
    X, y = tokens
    model = fit(X, y, embedding_dim=7, hidden_size=5, num_layers=2)
    assert model.state_["embedding.weight"].shape == (X.max() + 1, 7)
    assert model.state_["head.weight"].shape == (2, 5)
    assert model.state_["recurrent.forward_layers.1.weight_ih_l0"].shape == (20, 5)
    assert model.n_features_in_ == 8
    assert not hasattr(fit([*X.tolist(), [3]], [*y, True]), "n_features_in_")


def test_unseen_ids_are_the_unknown_word(tokens):
    X, y = tokens
    model = fit(X, y)
    later = np.array([[2, 1_000, 5], [2, 1, 5]])
    known, unknown = model.predict_proba(later)
    np.testing.assert_array_equal(known, unknown)


def test_the_unknown_word_is_trained():
    texts = ["good film", "bad film", "good plot", "bad plot", "good end", "bad ending"]
    X = TextTokenizer().fit_transform(texts * 3)
    X = [row for row in X]
    y = [0, 1] * 9
    model = fit(X, y, max_epochs=20)
    start = fit(X, y, max_epochs=20, word_dropout=0.0)
    trained, untrained = (m.state_["embedding.weight"][1] for m in (model, start))
    assert not np.array_equal(trained, untrained)


def test_kept_words_past_the_vocabulary_are_unknown():
    texts, y = ["good film", "bad film", "good plot", "bad plot"], [1, 0, 1, 0]
    tokenizer = TextTokenizer(unknown="keep", min_df=2)
    X = tokenizer.fit_transform(texts)
    n_words = len(tokenizer.vocabulary_)
    model = fit(X, y)
    assert len(model.state_["embedding.weight"]) <= n_words
    kept = tokenizer.transform(["good novelty"])
    unknown = TextTokenizer(min_df=2).fit(texts).transform(["good novelty"])
    assert kept[0][1] >= n_words
    np.testing.assert_array_equal(
        model.predict_proba(list(kept)), model.predict_proba(list(unknown))
    )


def test_tokens_of_another_vocabulary_are_refused():
    X = TextTokenizer().fit_transform(["good film", "bad film"])
    model = fit(X, [1, 0])
    other = TextTokenizer().fit(["another story"]).transform(["story"])
    with pytest.raises(ValueError, match="another vocabulary than the one LSTM"):
        model.predict(other)
    model.predict(np.array([[2, 3]]))  # plain ids carry no vocabulary to compare


def test_any_number_of_steps_at_predict(tokens):
    X, y = tokens
    model = fit(X, y)
    assert model.predict(np.tile(X, 3)).shape == (80,)
    assert model.predict(X[:, :2]).shape == (80,)
    numbers = fit(X[:, :, None] / 30, y)
    assert numbers.predict(np.tile(X, 2)[:, :, None] / 30).shape == (80,)
    flat = fit(X / 30, y)
    with pytest.raises(ValueError, match="X has 9 features, but LSTMClassifier is"):
        flat.predict(np.ones((2, 9)))
    with pytest.raises(ValueError, match="X has 2 channels, but LSTMClassifier is"):
        numbers.predict(np.ones((3, 8, 2)))


def test_empty_rows_have_an_answer(tokens):
    X, y = tokens
    for cls in CLASSIFIERS:
        for pooling in ("last", "mean", "max", "attention"):
            model = fit([[], *X.tolist()], [True, *y], cls, pooling=pooling)
            proba = model.predict_proba([[], [0, 0], [3]])
            assert np.isfinite(proba).all()
            np.testing.assert_array_equal(proba[0], proba[1])
            assert np.isfinite(model.predict_proba(np.zeros((1, 4), int))).all()


# -- labels and scores

LABELS = {
    "str": np.array(["no", "yes"]),
    "object": np.array(["no", "yes"], dtype=object),
    "bool": np.array([False, True]),
    "int32": np.array([5, 9], dtype=np.int32),
    "signs": np.array([-1, 1]),
    "float": np.array([0.0, 1.0]),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels_come_back_as_they_were(tokens, labels):
    X, y = tokens
    model = fit(X, labels[y.astype(int)], max_epochs=15)
    assert model.classes_.tolist() == labels.tolist()
    predicted = model.predict(X)
    assert predicted.dtype == labels.dtype
    assert np.mean(predicted == labels[y.astype(int)]) > 0.8


@pytest.mark.parametrize("dtype", ["category", "string", "str", "boolean", "Int64"])
def test_labels_of_pandas_types(tokens, dtype):
    X, y = tokens
    values = {"boolean": [False, True], "Int64": [3, 7]}.get(dtype, ["no", "yes"])
    labels = pd.Series([values[int(label)] for label in y], dtype=dtype)
    model = fit(X, labels)
    assert model.classes_.tolist() == values
    assert set(model.predict(X).tolist()) <= set(values)


def test_scores_of_two_classes(tokens):
    X, y = tokens
    model = fit(X, y)
    scores, proba = model.decision_function(X), model.predict_proba(X)
    assert scores.shape == (80,)
    assert scores.dtype == proba.dtype == np.float32
    np.testing.assert_allclose(proba[:, 1], 1 / (1 + np.exp(-scores)), rtol=1e-6)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(proba), rtol=1e-5)
    np.testing.assert_array_equal(model.predict(X), model.classes_[(scores > 0) * 1])
    net = model.net_.module_
    pooled = torch.from_numpy(model.transform(X))
    logits = net.head(pooled).detach().numpy()
    np.testing.assert_allclose(scores, logits[:, 1] - logits[:, 0], atol=1e-5)


def test_scores_of_three_classes(tokens):
    X, _ = tokens
    y = np.array(["a", "b", "c"])[X[:, 0] % 3]
    model = fit(X, y)
    scores, proba = model.decision_function(X), model.predict_proba(X)
    assert scores.shape == proba.shape == (80, 3)
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(proba, expected, rtol=1e-5)
    np.testing.assert_array_equal(model.predict(X), model.classes_[scores.argmax(1)])
    assert model.score(X, y) == np.mean(model.predict(X) == y)


def test_log_probabilities_stay_finite(tokens):
    X, y = tokens
    model = fit(X, y, max_epochs=1)
    with torch.no_grad():
        model.net_.module_.head.weight.mul_(1e4)
    assert np.isfinite(model.predict_log_proba(X)).all()


@pytest.mark.parametrize("cls", CLASSIFIERS)
def test_transform_gives_pooled_states(tokens, cls):
    X, y = tokens
    model = fit(X, y, cls, hidden_size=6)
    states = model.transform(X)
    width = 12 if cls is BiLSTMClassifier else 6
    assert states.shape == (80, width)
    assert states.dtype == np.float32
    prefix = cls.__name__.lower()
    assert list(model.get_feature_names_out()) == [f"{prefix}{i}" for i in range(width)]
    frame = model.set_output(transform="pandas").transform(X)
    np.testing.assert_array_equal(frame.to_numpy(), states)


def test_relu_is_another_net_than_tanh(tokens):
    X, y = tokens
    tanh, relu = (
        fit(X, y, RNNClassifier, nonlinearity=kind).transform(X)
        for kind in ("tanh", "relu")
    )
    assert tanh.min() < 0
    assert relu.min() >= 0


# -- training


def test_history_is_tidy(tokens):
    X, y = tokens
    X, y = np.r_[X, X[:9]], np.r_[y, y[:9]]  # nine rows twice
    model = fit(X, y, max_epochs=4)
    assert model.n_iter_ == len(model.history_) == 4
    assert model.best_epoch_ is None
    for i, row in enumerate(model.history_, start=1):
        assert list(row) == ["epoch", "train_loss", "train_accuracy", "seconds", "rows"]
        assert row["epoch"] == i
        assert row["rows"] == 80
        assert 0 <= row["train_accuracy"] <= 1
        assert row["seconds"] > 0
        assert all(type(value) in (int, float) for value in row.values())
    assert pd.DataFrame(model.history_).shape == (4, 5)
    watched = fit(X, y, early_stopping=True).history_[0]
    assert {"valid_loss", "valid_accuracy"} <= set(watched)
    assert watched["rows"] == 72


def test_net_is_a_skorch_net(tokens):
    X, y = tokens
    model = fit(X, y)
    assert isinstance(model.net_, NeuralNet)
    assert [row["train_loss"] for row in model.net_.history] == [
        row["train_loss"] for row in model.history_
    ]
    for name, weight in model.net_.module_.state_dict().items():
        np.testing.assert_array_equal(weight.numpy(), model.state_[name])


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "rmsprop", torch.optim.Adagrad])
def test_optimizers(tokens, optimizer):
    X, y = tokens
    model = fit(X, y, optimizer=optimizer, lr=0.01, weight_decay=0.01)
    found = model.net_.optimizer_
    assert (
        type(found).__name__.lower()
        == getattr(optimizer, "__name__", optimizer).lower()
    )
    assert found.param_groups[0]["lr"] == 0.01
    assert found.param_groups[0]["weight_decay"] == 0.01


def test_other_settings_of_skorch(tokens):
    X, y = tokens
    model = LSTMClassifier(max_epochs=1, net_params={"optimizer__eps": 1e-6})
    given = model.net_params
    model.set_params(net__optimizer__betas=(0.8, 0.99), hidden_size=9)
    assert given == {"optimizer__eps": 1e-6}
    group = clone(model).fit(X, y).net_.optimizer_.param_groups[0]
    assert (group["betas"], group["eps"]) == ((0.8, 0.99), 1e-6)
    with pytest.raises(ValueError, match=r"net_params\['lr'\] of LSTMClassifier"):
        model.set_params(net__lr=1.0).fit(X, y)


def test_quiet_unless_asked(tokens, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = tokens
    model = fit(X, y, early_stopping=True, n_iter_no_change=1, max_epochs=20)
    model.predict(X)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
    assert list(tmp_path.iterdir()) == []
    fit(X, y, verbose=1, max_epochs=2)
    printed = capsys.readouterr().out
    assert "train_accuracy" in printed
    assert len(printed.strip().splitlines()) == 4  # a head of two lines


def test_pickle_holds_arrays_only_and_gives_the_same_net(tokens):
    X, y = tokens
    model = fit(X, y, BiLSTMClassifier, early_stopping=True)
    data = pickle.dumps(model)
    assert b"torch" not in data
    assert b"skorch" not in data
    loaded = pickle.loads(data)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
    assert loaded.history_ == model.history_
    assert isinstance(loaded.net_, NeuralNet)
    assert len(loaded.net_.history) == model.n_iter_


def test_errors_of_validation_rows_say_so(tokens):
    X, y = tokens
    with pytest.raises(ValueError, match=r"In X_val, y_val, .*not among the classes"):
        LSTMClassifier().fit(X, y, X_val=X[:3], y_val=[True, False, 7])
    with pytest.raises(ValueError, match=r"In X_val, y_val, .*inconsistent numbers"):
        LSTMClassifier().fit(X, y, X_val=X[:3], y_val=y[:2])


def test_token_ids_are_no_numbers(tokens):
    X, y = tokens
    model = fit(X / 30, y)
    ids = TextTokenizer().fit_transform(["a b c d e f g h"])
    with pytest.raises(ValueError, match="fitted with numbers, but X holds token ids"):
        model.predict(SequencePadder().fit_transform(ids))
