"""Texts in the runtime: the same tokens, labels and probabilities."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline

import sklstm
from sklstm import (
    BiLSTMClassifier,
    LSTMClassifier,
    SequencePadder,
    TextTokenizer,
    WordVectors,
    make_baseline,
)
from sklstm.datasets import make_reviews
from sklstm.recurrent import _word_table
from sklstm.runtime import _vectors
from sklstm.vectors._subwords import Subwords

TEXTS, LABELS = map(list, make_reviews(40, random_state=0))
ODD = [
    "",
    "good",
    "Good GOOD bad!",
    "cafe\u0301 caf\u00e9",
    "\ud83d",
    "<pad> <unk> zzz",
]
WORDS = sorted({word for text in TEXTS for word in text.lower().split()})[::2]
RNG = np.random.default_rng(0)
MATRIX = RNG.normal(1, 2, size=(len(WORDS), 4))
VECTORS = WordVectors(WORDS, MATRIX)
TINY = {"hidden_size": 4, "max_epochs": 2, "lr": 0.05, "random_state": 0}


def with_subwords():
    """Make word vectors that know the parts of words, as fastText does."""
    ngrams = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
    return WordVectors._stored(
        VECTORS.vocabulary, VECTORS.matrix, Subwords(ngrams, 2, 3)
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"lowercase": False},
        {"strip_accents": "ascii"},
        {"strip_accents": "unicode", "add_bos": True, "add_eos": True},
        {"token_pattern": r"(\w)\w*"},
        {"analyzer": "char", "max_features": 9},
        {"stop_words": ["a", "the"]},
        {"stop_words": frozenset({"a", "the"})},
        {"stop_words": "english"},
        {"unknown": "keep", "min_df": 3},
    ],
)
def test_tokenizers(options, in_runtime, assert_same):
    net = LSTMClassifier(**TINY)
    model = make_pipeline(TextTokenizer(**options), net).fit(TEXTS, LABELS)
    assert_same(in_runtime(model), model, TEXTS + ODD)


@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("padding", ["pre", "post"])
def test_padders(truncating, padding, in_runtime, assert_same):
    padder = SequencePadder(max_length=4, truncating=truncating, padding=padding)
    model = make_pipeline(TextTokenizer(), padder, BiLSTMClassifier(**TINY))
    model.fit(TEXTS, LABELS)
    light = in_runtime(model)
    assert [name for name, _ in light.steps] == [name for name, _ in model.steps]
    assert_same(light, model, TEXTS + ODD)


def test_padder_of_numbers(in_runtime, assert_same):
    X = [row[: 3 + i] for i, row in enumerate(RNG.normal(size=(6, 9, 2)))]
    model = make_pipeline(SequencePadder(max_length=5), LSTMClassifier(**TINY))
    model.fit(X, list("aabbab"))
    assert_same(in_runtime(model), model, X)


def test_containers_of_texts(in_runtime, assert_same):
    model = make_pipeline(TextTokenizer(missing="empty"), LSTMClassifier(**TINY))
    light = in_runtime(model.fit(TEXTS, LABELS))
    for X in (
        pd.Series([*TEXTS, None]),
        np.array(TEXTS),
        [text.encode() for text in TEXTS],
        [text.split() for text in TEXTS],
    ):
        assert_same(light, model, X)
    with pytest.raises(ValueError, match="TextTokenizer takes a list of texts"):
        light.predict("a text")


@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("unknown", ["unk", "keep"])
@pytest.mark.parametrize("vectors", [VECTORS, with_subwords()], ids=["words", "parts"])
def test_word_vectors_in_a_net(freeze, unknown, vectors, in_runtime, assert_same):
    net = LSTMClassifier(vectors=vectors, freeze_vectors=freeze, **TINY)
    model = make_pipeline(TextTokenizer(unknown=unknown), net)
    model.fit(TEXTS[:10], LABELS[:10])
    assert_same(in_runtime(model), model, TEXTS + ODD)


def test_nets_scale_vectors_alike():
    assert _vectors.SCALE == _word_table.SCALE


@pytest.mark.filterwarnings("ignore:PretrainedEmbeddingAverager")
@pytest.mark.parametrize("weighting", [None, "idf", "sif"])
@pytest.mark.parametrize("oov", ["skip", "zero", "mean"])
@pytest.mark.parametrize("normalize", [False, True])
def test_baselines(weighting, oov, normalize, in_runtime, assert_same):
    model = make_baseline(VECTORS, weighting=weighting, oov=oov)
    model.set_params(pretrainedembeddingaverager__normalize=normalize)
    model.fit(TEXTS, LABELS)
    assert_same(in_runtime(model), model, TEXTS + ODD)


@pytest.mark.filterwarnings("ignore:PretrainedEmbeddingAverager")
def test_baselines_of_other_forms(in_runtime, assert_same):
    labels = list("abcd" * 10)
    model = make_baseline(with_subwords(), weighting="idf").fit(TEXTS, labels)
    assert_same(in_runtime(model), model, TEXTS + ODD)
    tokenizer = TextTokenizer(unknown="keep", add_bos=True, add_eos=True)
    model = make_pipeline(tokenizer, *make_baseline(VECTORS)).fit(TEXTS, labels)
    assert_same(in_runtime(model), model, TEXTS + ODD)
    model = make_pipeline(*make_baseline(VECTORS).set_params(standardscaler=None))
    assert_same(in_runtime(model.fit(TEXTS, LABELS)), model, TEXTS)


def test_word_without_a_vector(in_runtime):
    plain = [word for word in WORDS if word.isalpha()]
    known = [" ".join(plain[i : i + 3]) for i in range(8)]
    model = make_baseline(VECTORS, oov="error").fit(known, list("ab" * 4))
    light = in_runtime(model)
    assert light.predict(known).tolist() == model.predict(known).tolist()
    with pytest.raises(ValueError, match="no vector for 'qqq' at row 1"):
        light.predict([known[0], "qqq"])


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    net = BiLSTMClassifier(pooling="attention", num_layers=2, **TINY)
    tokenizer = TextTokenizer(strip_accents="unicode")
    made = {"net": make_pipeline(tokenizer, net), "base": make_baseline(VECTORS)}
    pairs = []
    for name, model in made.items():
        model.fit(TEXTS, LABELS)
        path = sklstm.save(model, folder / name)
        pairs.append((model, sklstm.runtime.load(path)))
    return pairs


some_text = st.one_of(
    st.text(max_size=30), st.lists(st.sampled_from(WORDS)).map(" ".join)
)


@pytest.mark.filterwarnings("ignore:PretrainedEmbeddingAverager")
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(texts=st.lists(some_text, min_size=1, max_size=8))
def test_any_texts(models, assert_same, texts):
    for model, light in models:
        assert_same(light, model, texts)
