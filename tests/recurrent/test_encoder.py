"""Classifiers that start from language models."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from sklstm import BiLSTMClassifier, LSTMClassifier, LSTMLanguageModel, TextTokenizer
from sklstm.datasets import make_reviews
from sklstm.recurrent import GRUClassifier

TEXTS, LABELS = make_reviews(120, random_state=0)
FEW, FEW_LABELS = TEXTS[:30], LABELS[:30]
SIZES = {"embedding_dim": 6, "hidden_size": 8, "num_layers": 2}

# Steps too small to change a weight: what the net knew when it started
STILL = {
    "lr": 1e-30,
    "max_epochs": 1,
    "dropout": 0,
    "pooling": "last",
    "average": False,
    "random_state": 0,
}


def language_model(**params):
    return LSTMLanguageModel(**SIZES | {"max_epochs": 1, "random_state": 0} | params)


@pytest.fixture(scope="module")
def ahead():
    return language_model().fit(TEXTS)


@pytest.fixture(scope="module")
def back():
    return language_model(backward=True).fit(TEXTS)


def fitted(model, texts=FEW, labels=FEW_LABELS, **options):
    pipe = make_pipeline(TextTokenizer(unknown="keep", **options), model)
    return pipe.fit(texts, labels)


@torch.no_grad()
def last_states(model, texts, *, backward=False):
    """Return what the layers of a language model know after each text."""
    network, known = model.net_.module_, model.tokenizer_.vocabulary_
    states = []
    for tokens in texts:
        words = tokens.split()[::-1] if backward else tokens.split()
        ids = torch.tensor([[known.get(word, 1) for word in words]])
        start = network.recurrent.beginning(1)
        x = network.embedding(ids)
        states.append(network.recurrent.advance(x, start)[0][0, -1])
    return torch.stack(states).numpy()


def test_layers_and_words_are_those_of_the_language_model(ahead):
    pipe = fitted(LSTMClassifier(encoder=ahead, **STILL))
    features = pipe[:-1].transform(TEXTS)
    states = pipe[-1].transform(features)
    split = [" ".join(features.vocabulary.select(row)) for row in features]
    np.testing.assert_allclose(states, last_states(ahead, split), atol=1e-6)


def test_each_direction_reads_its_own_language_model(ahead, back):
    pipe = fitted(BiLSTMClassifier(encoder=(ahead, back), **STILL))
    features = pipe[:-1].transform(TEXTS)
    states = pipe[-1].transform(features)
    split = [" ".join(features.vocabulary.select(row)) for row in features]
    np.testing.assert_allclose(states[:, :8], last_states(ahead, split), atol=1e-6)
    np.testing.assert_allclose(
        states[:, 8:], last_states(back, split, backward=True), atol=1e-6
    )


def test_words_without_labels_are_known(ahead):
    pipe = fitted(LSTMClassifier(encoder=ahead, **STILL))
    classifier = pipe[-1]
    labelled = set(pipe[0].vocabulary_)
    new = [word for word in ahead.tokenizer_.vocabulary_ if word not in labelled][1:]
    assert new  # the first was <eos>
    states = pipe.transform(new)
    np.testing.assert_allclose(states, last_states(ahead, new), atol=1e-6)
    assert classifier.sizes_["n_tokens"] <= len(labelled)


def test_unknown_words_are_those_of_the_language_model(ahead):
    pipe = fitted(LSTMClassifier(encoder=ahead, **STILL))
    unknown = last_states(ahead, ["<unk>"])
    np.testing.assert_allclose(pipe.transform(["qwertz"]), unknown, atol=1e-6)


def test_sizes_are_those_of_the_language_model(ahead, back):
    one = fitted(LSTMClassifier(encoder=ahead, hidden_size=3, **STILL))[-1]
    assert one.sizes_["hidden_size"], one.sizes_["num_layers"] == (8, 2)
    assert one.embedding_dim_ == 6
    both = fitted(BiLSTMClassifier(encoder=(ahead, back), **STILL))[-1]
    assert both.embedding_dim_ == 12
    assert both.transform(TextTokenizer().fit_transform(FEW)).shape == (30, 16)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("hidden_size", [6, 8])
def test_whatever_the_output_of_the_language_model(tied, hidden_size):
    sizes = {"tie_weights": tied, "hidden_size": hidden_size}
    encoder = language_model(**sizes).fit(TEXTS)
    pipe = fitted(LSTMClassifier(encoder=encoder, **STILL))
    assert pipe[-1].sizes_["hidden_size"] == hidden_size


def test_clones_keep_what_was_learned(ahead):
    classifier = LSTMClassifier(encoder=ahead, max_epochs=2, random_state=0)
    twin = clone(make_pipeline(TextTokenizer(), classifier))[-1]
    assert twin.encoder is ahead
    assert twin.get_params(deep=False) == classifier.get_params(deep=False)
    fit = fitted(classifier)[-1]
    assert clone(fit).encoder is ahead
    assert not hasattr(clone(fit), "state_")


def test_searches(ahead):
    pipe = make_pipeline(TextTokenizer(), LSTMClassifier(max_epochs=1, random_state=0))
    pipe.set_params(lstmclassifier__encoder=ahead)
    assert len(cross_val_score(pipe, FEW, FEW_LABELS, cv=2, error_score="raise")) == 2
    grid = {
        "lstmclassifier__encoder": [None, FrozenEstimator(ahead)],
        "lstmclassifier__gradual_unfreezing": [0, 1],
    }
    search = GridSearchCV(pipe, grid, cv=2, error_score="raise")
    assert len(search.fit(FEW, FEW_LABELS).cv_results_["params"]) == 4


def test_round_trip(ahead):
    pipe = fitted(LSTMClassifier(encoder=ahead, max_epochs=1, random_state=0))
    again = pickle.loads(pickle.dumps(pipe))
    np.testing.assert_array_equal(again.predict_proba(TEXTS), pipe.predict_proba(TEXTS))


def test_goes_on(ahead):
    model = LSTMClassifier(encoder=ahead, warm_start=True, max_epochs=1, random_state=0)
    X = TextTokenizer().fit_transform(FEW)
    model.fit(X, FEW_LABELS).fit(X, FEW_LABELS)
    assert model.n_iter_ == 2
    with pytest.raises(ValueError, match="from a net with vectors to one without"):
        model.set_params(encoder=None).fit(X, FEW_LABELS)


def test_frozen_embedding(ahead):
    model = LSTMClassifier(encoder=ahead, freeze_vectors=True, random_state=0)
    pipe = fitted(model)
    words = pipe[-1].word_vectors_
    expected, known = ahead.word_vectors_.lookup_vectors(words.words)
    assert known.all()
    np.testing.assert_array_equal(words.matrix, expected)


class Weights(Callback):
    """Copy the weights after each epoch."""

    seen = ()

    def on_epoch_end(self, net, **kwargs):
        """Copy them."""
        weights = {k: v.clone() for k, v in net.module_.state_dict().items()}
        Weights.seen = [*Weights.seen, weights]


@pytest.mark.parametrize("bidirectional", [False, True])
def test_layers_unfreeze_from_the_top(ahead, back, bidirectional):
    Weights.seen = []
    cls = BiLSTMClassifier if bidirectional else LSTMClassifier
    encoder = (ahead, back) if bidirectional else ahead
    options = {"average": False, "dropout": 0, "word_dropout": 0, "random_state": 0}
    model = cls(
        encoder=encoder,
        gradual_unfreezing=2,
        max_epochs=8,
        callbacks=[Weights()],
        **options,
    )
    fitted(model)
    start, *ends = Weights.seen
    changed = []
    for end in ends:
        names = {name for name in end if not torch.equal(start[name], end[name])}
        changed.append(names)
        start = end
    tops = {i: [n for n in ends[0] if f"layers.{i}." in n] for i in (0, 1)}
    assert len(tops[0]) == len(tops[1]) == (8 if bidirectional else 4)
    head = {"head.weight", "head.bias"}
    assert changed[0] == head  # epoch 2
    assert changed[1] == changed[2] == head | set(tops[1])
    assert changed[3] == changed[4] == head | {*tops[0], *tops[1]}
    assert changed[5] == changed[6] == set(ends[0])
    assert all(weight.requires_grad for weight in model.net_.module_.parameters())


def test_unfreezing_needs_no_encoder():
    model = LSTMClassifier(gradual_unfreezing=1, max_epochs=3, random_state=0)
    X = np.random.RandomState(0).normal(size=(20, 4, 3))
    assert model.fit(X, [0, 1] * 10).n_iter_ == 3


def test_pretraining_helps_with_words_that_have_no_label():
    """Two topics; the labelled texts have a quarter of the words of each."""
    rng = np.random.RandomState(0)

    def write(n_texts, first, last):
        topics = rng.randint(2, size=n_texts)
        texts = [
            " ".join(f"{'ab'[topic]}{i}" for i in rng.randint(first, last, 8))
            for topic in topics
        ]
        return texts, topics

    encoder = LSTMLanguageModel(
        embedding_dim=16, hidden_size=16, bptt=9, random_state=0
    ).fit(write(500, 0, 40)[0])
    labelled, others = write(20, 0, 10), write(100, 10, 40)
    scores = []
    for given in (None, encoder):
        model = LSTMClassifier(encoder=given, max_epochs=20, random_state=0)
        scores.append(fitted(model, *labelled).score(*others))
    assert scores[0] < 0.65
    assert scores[1] > 0.85


# Faults


def refused(error, words, model, X=None):
    X = TextTokenizer().fit_transform(FEW) if X is None else X
    with pytest.raises(error, match=words):
        model.fit(X, FEW_LABELS)
    assert not hasattr(model, "state_")


def test_wrong_encoders(ahead, back):
    refused(TypeError, "takes an LSTMLanguageModel", LSTMClassifier(encoder="lm"))
    refused(TypeError, "takes an LSTMLanguageModel", LSTMClassifier(encoder=(ahead,)))
    refused(TypeError, "takes a pair", BiLSTMClassifier(encoder=ahead))
    refused(ValueError, "FrozenEstimator", LSTMClassifier(encoder=clone(ahead)))
    refused(ValueError, "backward=False", LSTMClassifier(encoder=back))
    refused(ValueError, "backward=True", BiLSTMClassifier(encoder=(ahead, ahead)))
    other = language_model(backward=True).fit(TEXTS[:50])
    refused(ValueError, "different words", BiLSTMClassifier(encoder=(ahead, other)))
    vectors = ahead.word_vectors_
    model = LSTMClassifier(encoder=ahead, vectors=vectors)
    refused(ValueError, "either vectors or an encoder", model)
    refused(
        ValueError,
        "gradual_unfreezing",
        LSTMClassifier(encoder=ahead, gradual_unfreezing=-1),
    )


def test_words_are_needed(ahead):
    model = LSTMClassifier(encoder=ahead)
    ids = np.random.RandomState(0).randint(2, 9, (30, 4))
    refused(ValueError, r"encoder=\.\.\.\) needs the words", model, ids)
    refused(ValueError, "X holds numbers", model, ids.astype(float))


def test_only_lstms_have_an_encoder():
    with pytest.raises(TypeError, match="encoder"):
        GRUClassifier(encoder=None)
