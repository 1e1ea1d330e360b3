"""to_onnx: onnxruntime says what the estimator says."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

import sklstm
from sklstm import (
    LSTMClassifier,
    LSTMLanguageModel,
    LSTMRegressor,
    RNNClassifier,
    TextTokenizer,
    WordVectors,
    to_onnx,
)
from sklstm.datasets import make_reviews

onnxruntime = pytest.importorskip("onnxruntime")

RNG = np.random.default_rng(0)
SMALL = {"embedding_dim": 3, "hidden_size": 4, "max_epochs": 2, "random_state": 0}
IDS = RNG.integers(1, 12, (24, 7))
for row, length in enumerate(RNG.integers(1, 8, 24)):
    IDS[row, length:] = 0
LONGER = RNG.integers(1, 12, (9, 21))
NUMBERS = RNG.normal(size=(24, 6, 2))
THREE = np.array(["a", "b", "c"])[np.arange(24) % 3]
NETS = [name for name in sklstm.__all__ if name.endswith(("Classifier", "Regressor"))]


def answers(path, x, lengths):
    session = onnxruntime.InferenceSession(path)
    scores, answer = session.run(None, {"x": x, "lengths": lengths})
    assert scores.dtype == answer.dtype == np.float32
    return answer


def check(model, path, X, x=None, lengths=None):
    if x is None:
        tokens = X.ndim == 2
        x = X.astype(np.int64 if tokens else np.float32)
        steps = (X != 0).sum(axis=1) if tokens else np.full(len(X), X.shape[1])
        lengths = steps.astype(np.int64)
    expected = (
        model.predict_proba(X) if hasattr(model, "classes_") else model.predict(X)
    )
    found = answers(to_onnx(model, path), x, lengths)
    size = max(1.0, np.abs(expected).max())  # predictions are in the units of y
    np.testing.assert_allclose(found, expected.reshape(len(X), -1), atol=1e-5 * size)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("name", NETS)
def test_every_net(name, num_layers, pooling, tmp_path):
    model = getattr(sklstm, name)(**SMALL, num_layers=num_layers, pooling=pooling)
    classifier = "Classifier" in name
    y = THREE if classifier else np.arange(24.0) * 7 - 3
    path = tmp_path / "model.onnx"
    model.fit(IDS, y)
    check(model, path, IDS)
    check(model, path, IDS[:1])
    check(model, path, LONGER)
    model.fit(NUMBERS, y)
    check(model, path, NUMBERS)
    check(model, path, NUMBERS[:, :1])


def test_relu_and_several_outputs(tmp_path):
    path = tmp_path / "model.onnx"
    check(RNNClassifier(**SMALL, nonlinearity="relu").fit(IDS, THREE), path, IDS)
    check(LSTMClassifier(**SMALL).fit(IDS, IDS[:, 0] > 5), path, IDS)
    check(
        LSTMClassifier(**SMALL).fit(IDS, np.eye(2, dtype=int)[IDS[:, 0] % 2]), path, IDS
    )
    check(LSTMRegressor(**SMALL).fit(NUMBERS, NUMBERS[:, 0] * 9 + 4), path, NUMBERS)


@pytest.mark.parametrize("freeze_vectors", [False, True])
def test_texts_with_vectors(freeze_vectors, tmp_path):
    texts, labels = make_reviews(60, random_state=0)
    words = sorted({word for text in texts for word in text.split()})
    vectors = WordVectors(words, RNG.normal(size=(len(words), 3)))
    model = LSTMClassifier(
        vectors=vectors, freeze_vectors=freeze_vectors, max_epochs=1, random_state=0
    )
    tokenizer = TextTokenizer()
    pipe = make_pipeline(tokenizer, model).fit(texts[:40], labels[:40])
    ids = tokenizer.transform(texts)
    lengths = np.array([len(row) for row in ids])
    x = np.zeros((60, lengths.max()), np.int64)
    for row, values in enumerate(ids):
        x[row, : len(values)] = values
    found = answers(to_onnx(model, tmp_path / "model.onnx"), x, lengths)
    np.testing.assert_allclose(found, pipe.predict_proba(texts), atol=1e-5)
    beyond = np.array([[10_000, 10_000]])
    unknown = np.array([[1, 1]])
    for ids in (beyond, unknown):
        found = answers(tmp_path / "model.onnx", ids, np.array([2]))
        np.testing.assert_allclose(found, pipe.predict_proba(["zzz yyy"]), atol=1e-5)


def test_what_cannot_be_exported(tmp_path):
    path = tmp_path / "model.onnx"
    texts, labels = make_reviews(20, random_state=0)
    pipe = make_pipeline(TextTokenizer(), LSTMClassifier(**SMALL)).fit(texts, labels)
    for model in (pipe, LSTMLanguageModel(**SMALL).fit(list(texts)), "model"):
        with pytest.raises(TypeError, match="recurrent classifier or regressor"):
            to_onnx(model, path)
    with pytest.raises(NotFittedError):
        to_onnx(LSTMClassifier(), path)
    assert not path.exists()
