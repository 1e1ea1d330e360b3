"""The systems the package grew from, with their shapes and their figures.

Those of text had no word dropout, with which the loss of training is higher.
"""

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, RNNClassifier, SequencePadder, TextTokenizer
from sklstm.datasets import make_reviews, make_sequences


def last_epoch(classifier):
    losses = [row["train_loss"] for row in classifier.history_]
    return losses, classifier.history_[-1]["train_accuracy"]


def to_ids(texts):
    return make_pipeline(TextTokenizer(), SequencePadder(max_length=10)).fit_transform(
        texts
    )


@pytest.mark.parametrize("cls", [RNNClassifier, LSTMClassifier])
def test_the_defaults_do_better_on_new_texts(reviews, cls):
    """What word dropout is for: it costs training loss and gains elsewhere."""
    X, y = reviews
    train, test = slice(None, 700), slice(700, None)
    by_default, without = (
        cls(random_state=0, **params).fit(X[train], y[train])
        for params in ({}, {"word_dropout": 0.0})
    )
    assert last_epoch(by_default)[0][-1] > last_epoch(without)[0][-1]
    losses = [
        log_loss(y[test], m.predict_proba(X[test])) for m in (by_default, without)
    ]
    assert losses[0] < 0.9 * losses[1]


@pytest.fixture(scope="module")
def reviews():
    texts, labels = make_reviews(1000, max_words=10, random_state=0)
    return to_ids(texts), labels


@pytest.mark.parametrize("random_state", [0, 1])
def test_lstm_on_text(reviews, random_state):
    X, y = reviews
    assert X.shape == (1000, 10)
    classifier = LSTMClassifier(
        max_epochs=5, word_dropout=0.0, random_state=random_state
    ).fit(X, y)
    losses, accuracy = last_epoch(classifier)
    assert losses[-1] <= 0.45
    assert accuracy >= 0.85
    network = classifier.net_.module_
    batch, _ = next(iter(classifier.net_.get_iterator(_dataset(classifier, X))))
    assert network.embed(batch["x"]).shape[2] == 50
    assert classifier.transform(X).shape == (1000, 64)
    assert classifier.predict_proba(X).shape == (1000, 2)


def _dataset(classifier, X):
    from sklstm.nn.batches import SequenceDataset

    return SequenceDataset(classifier._check_predict(X))


@pytest.mark.parametrize("random_state", [0, 1])
def test_rnn_on_text(reviews, random_state):
    classifier = RNNClassifier(
        max_epochs=5, word_dropout=0.0, random_state=random_state
    ).fit(*reviews)
    losses, accuracy = last_epoch(classifier)
    assert losses[-1] <= 0.28
    assert accuracy >= 0.89


@pytest.mark.parametrize("random_state", [0, 1])
def test_lstm_on_numbers(random_state):
    X, y = make_sequences(1000, n_steps=10, n_channels=5, random_state=0)
    assert X.shape == (1000, 10, 5)
    classifier = LSTMClassifier(
        hidden_size=20, max_epochs=5, random_state=random_state
    ).fit(X, y)
    losses, accuracy = last_epoch(classifier)
    assert losses[-1] <= 0.22
    assert accuracy >= 0.91
    assert (np.diff(losses) < 0).all()
    assert classifier.transform(X).shape == (1000, 20)
    assert classifier.decision_function(X).shape == (1000,)
    # Glorot says nothing of sizes: 4 gates, each of inputs, states and two biases
    weights = sum(w.size for k, w in classifier.state_.items() if "recurrent" in k)
    assert weights == 4 * (5 * 20 + 20 * 20 + 2 * 20)


@pytest.mark.parametrize("random_state", [0, 1])
def test_lstm_on_real_sentences(sst2, random_state):
    (texts, labels), _ = sst2
    rows = np.random.RandomState(0).permutation(len(texts))[:1000]
    X = TextTokenizer().fit_transform([texts[i] for i in rows])
    y = [labels[i] for i in rows]
    classifier = LSTMClassifier(
        max_epochs=5, dropout=0.0, word_dropout=0.0, random_state=random_state
    )
    assert last_epoch(classifier.fit(X, y))[1] >= 0.85


def test_next_word(sst2):
    """Ten words in, a distribution over the next one out."""
    (texts, _), _ = sst2
    tokenizer = TextTokenizer(max_features=200)
    stream, _ = tokenizer.fit_transform(texts[:300]).to_ragged()
    windows = np.lib.stride_tricks.sliding_window_view(stream, 11)[::2]
    words = np.array(tokenizer.inverse_transform(windows[:, 10:]))
    classifier = LSTMClassifier(max_epochs=6, random_state=0)
    classifier.fit(windows[:, :10], words)
    proba = classifier.predict_proba(windows[:5, :10])
    assert proba.shape == (5, len(classifier.classes_))
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    most_frequent = np.mean(words == max(set(words), key=list(words).count))
    assert classifier.score(windows[:, :10], words) > most_frequent
