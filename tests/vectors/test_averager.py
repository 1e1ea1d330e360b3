"""What the averager computes: known answers, coverage, faults, containers."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from gensim.models import FastText
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfTransformer

from sklstm import (
    PretrainedEmbeddingAverager,
    SequencePadder,
    TextTokenizer,
    WordVectors,
    load_vectors,
)
from sklstm.datasets import make_reviews
from tests.vectors.conftest import MATRIX, WORDS

TEXTS = ["the good film", "The bad, bad film!", "Café", "film good the bad Film"]
TOKENS = [["the", "good", "film"], ["the", "bad", "bad", "film"], ["Café"]]
TOKENS += [["film", "good", "the", "bad", "film"]]
VECTOR = dict(zip(WORDS, MATRIX.astype(float), strict=True))
UNKNOWN = "ignore:PretrainedEmbeddingAverager"


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def plain_means(documents=TOKENS):
    return np.array([np.mean([VECTOR[w] for w in d], axis=0) for d in documents])


# -- known answers ---------------------------------------------------------------------


def test_means(vectors):
    found = PretrainedEmbeddingAverager(vectors).fit_transform(TEXTS)
    assert found.dtype == np.float32
    assert_close(found, plain_means())


def test_oov_modes(vectors):
    known, unknown = VECTOR["film"] + VECTOR["good"], 2
    texts = ["film good xyz xyz", *TEXTS]
    expected = {
        "skip": known / 2,
        "zero": known / 4,
        "mean": (known + unknown * MATRIX.mean(axis=0)) / 4,
    }
    for oov, answer in expected.items():
        averager = PretrainedEmbeddingAverager(vectors, oov=oov).fit(texts)
        assert_close(averager.transform(texts[:1])[0], answer)
    averager = PretrainedEmbeddingAverager(vectors, oov="error").fit(TOKENS)
    message = (
        "PretrainedEmbeddingAverager has no vector for 'xyz' at row 2. Use "
        'oov="skip", "zero" or "mean", or vectors that have the word.'
    )
    for method in (averager.fit, averager.transform):
        with pytest.raises(ValueError) as error:
            method(["film", "", "film good xyz"])
        assert str(error.value) == message


@pytest.mark.parametrize("oov", ["skip", "zero", "mean"])
def test_idf_is_that_of_scikit_learn(vectors, oov):
    documents = [*TOKENS, ["xyz", "film", "xyz"]]
    words = sorted({w for d in documents for w in d})
    counts = np.array([[d.count(w) for w in words] for d in documents])
    idf = dict(zip(words, TfidfTransformer().fit(counts).idf_, strict=True))
    idf["new"] = np.log(1 + len(documents)) + 1
    averager = PretrainedEmbeddingAverager(vectors, weighting="idf", oov=oov)
    averager.fit(documents)
    of_unknown = {"zero": 0 * VECTOR["film"], "mean": MATRIX.mean(axis=0)}
    for document in (*documents, ["new", "film", "good", "xyz"]):
        used = [w for w in document if w in VECTOR or oov != "skip"]
        of = {w: VECTOR.get(w, of_unknown.get(oov)) for w in used}
        weights = [idf[w] for w in used]
        expected = np.average([of[w] for w in used], axis=0, weights=weights)
        assert_close(averager.transform([document])[0], expected)


def arora(train, test, a=1e-3):
    """SIF by the words of the paper, one document after the other."""
    n_tokens = sum(map(len, train))
    p = {w: sum(d.count(w) for d in train) / n_tokens for w in {*VECTOR, "xyz"}}

    def average(documents):
        rows = []
        for document in documents:
            known = [w for w in document if w in VECTOR]
            total = sum(a / (a + p.get(w, 0)) * VECTOR[w] for w in known)
            rows.append(total / len(known))
        return np.array(rows)

    component = np.linalg.svd(average(train))[2][0]
    found = average(test)
    return found - np.outer(found @ component, component), component


def test_sif_is_that_of_arora_et_al(vectors):
    train = [*TOKENS, ["xyz", "film", "xyz"]]
    test = [["good", "Café", "new"], *train]
    averager = PretrainedEmbeddingAverager(vectors, weighting="sif")
    found = averager.fit_transform(train)
    expected, component = arora(train, test)
    assert_close(found, expected[1:])
    assert_close(averager.transform(test), expected)
    assert_close(abs(averager.common_component_ @ component), 1)
    assert_close(found @ averager.common_component_, 0)


def test_normalize(vectors):
    averager = PretrainedEmbeddingAverager(vectors, normalize=True)
    with pytest.warns(UserWarning, match="made zeros of 1 of 5 texts"):
        found = averager.fit_transform([*TOKENS, []])
    expected = plain_means()
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert_close(found, [*expected, np.zeros(4)])


@pytest.mark.parametrize("weighting", [None, "idf", "sif"])
def test_no_row_depends_on_another(vectors, weighting):
    texts, _ = make_reviews(60, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        averager = PretrainedEmbeddingAverager(vectors, weighting=weighting).fit(texts)
        whole = averager.transform(texts)
        order = np.random.RandomState(0).permutation(60)
        np.testing.assert_array_equal(averager.transform(texts[order]), whole[order])
        rows = [averager.transform([text]) for text in texts]
        np.testing.assert_array_equal(np.concatenate(rows), whole)
    assert np.isfinite(whole).all()


@pytest.mark.filterwarnings(UNKNOWN)
@pytest.mark.parametrize("weighting", [None, "idf", "sif"])
@pytest.mark.parametrize("oov", ["skip", "zero", "mean"])
def test_empty_and_unknown_documents(vectors, weighting, oov):
    averager = PretrainedEmbeddingAverager(vectors, weighting=weighting, oov=oov)
    found = averager.fit_transform(["", "xyz", "film", "film good"])
    assert np.isfinite(found).all()
    assert not found[0].any()
    assert found[1].any() == (oov == "mean")
    nothing = clone(averager).fit_transform(["", " "])
    assert nothing.tolist() == [[0] * 4] * 2


def test_subwords_give_unknown_words_vectors():
    model = FastText([WORDS] * 3, vector_size=4, min_count=1, bucket=9, workers=1)
    averager = PretrainedEmbeddingAverager(load_vectors(model), oov="error")
    found = averager.fit_transform([["film", "filmgoer"], ["Film"]])
    expected = (model.wv["film"] + model.wv["filmgoer"]) / 2
    assert_close(found, [expected, model.wv["film"]])
    assert averager.coverage_ == {"tokens": 1, "words": 1}


# -- coverage --------------------------------------------------------------------------


def test_coverage(vectors):
    averager = PretrainedEmbeddingAverager(vectors)
    averager.fit(["film film good xyz", "film bad"])
    assert averager.coverage_ == {"tokens": 5 / 6, "words": 3 / 4}
    averager.fit(["film film good xyz", "film bad", "good bad"], ["b", "a", "a"])
    assert averager.coverage_ == {
        "tokens": 7 / 8,
        "words": 3 / 4,
        "classes": {
            "a": {"tokens": 1.0, "words": 1.0},
            "b": {"tokens": 3 / 4, "words": 2 / 3},
        },
    }


@pytest.mark.parametrize("y", [[0.1, 0.2, 0.3], np.eye(3, dtype=int), ["a", None, "b"]])
def test_targets_without_classes(vectors, y):
    averager = PretrainedEmbeddingAverager(vectors).fit(TEXTS[:3], y)
    assert set(averager.coverage_) == {"tokens", "words"}


def test_labels_of_another_length(vectors):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        PretrainedEmbeddingAverager(vectors).fit(TEXTS, [0, 1])


def test_warning_of_low_coverage(vectors):
    averager = PretrainedEmbeddingAverager(vectors)
    averager.fit(["film good bad x y"])  # 60 %
    with pytest.warns(UserWarning, match="has vectors for only 50%") as caught:
        averager.fit(["film film x x x", "film"])
    assert [str(w.message) for w in caught] == [
        "PretrainedEmbeddingAverager has vectors for only 50% of the tokens. Are they "
        "of the language of the texts, and is it split into words as they are? "
        "coverage_ says more."
    ]


def test_warning_of_zeros(vectors):
    averager = PretrainedEmbeddingAverager(vectors).fit(TEXTS)
    with pytest.warns(UserWarning, match="made zeros of 3 of 4") as caught:
        averager.transform(["", "x", "y z", "film"])
    assert [str(w.message) for w in caught] == [
        "PretrainedEmbeddingAverager made zeros of 3 of 4 texts: 1 empty, 2 without a "
        "known word."
    ]


# -- token ids -------------------------------------------------------------------------


@pytest.mark.parametrize("weighting", [None, "idf", "sif"])
@pytest.mark.parametrize("oov", ["skip", "zero", "mean"])
def test_ids_are_as_good_as_texts(vectors, weighting, oov):
    averager = PretrainedEmbeddingAverager(vectors, weighting=weighting, oov=oov)
    train, test = [*TEXTS, "film of films"], ["bad films, good times", "the film"]
    tokenizer = TextTokenizer(
        lowercase=False, unknown="keep", add_bos=True, add_eos=True
    )
    expected = clone(averager).fit(train).transform(test)
    found = averager.fit(tokenizer.fit_transform(train))
    ids = tokenizer.transform(test)
    assert_close(found.transform(ids), expected)
    padded = SequencePadder().fit(ids).transform(ids)
    assert_close(found.transform(padded), expected)
    frame = tokenizer.set_output(transform="pandas").transform(test)
    assert_close(found.transform(frame), expected)


def test_unk_is_never_known():
    vectors = WordVectors(["<unk>", "film"], [[9, 9], [1, 2]])
    averager = PretrainedEmbeddingAverager(vectors)
    texts = ["film film <unk>", "film"]
    for X in (texts, TextTokenizer().fit_transform(texts)):
        assert averager.fit_transform(X).tolist() == [[1, 2], [1, 2]]
        assert averager.coverage_ == {"tokens": 3 / 4, "words": 1 / 2}


def test_ids_without_their_vocabulary(vectors):
    averager = PretrainedEmbeddingAverager(vectors)
    tokenizer = TextTokenizer()
    ids = tokenizer.fit_transform(TEXTS)
    padded = SequencePadder().fit_transform(ids)
    polars = tokenizer.set_output(transform="polars").transform(TEXTS)
    lists = [row.tolist() for row in ids]
    for X in (np.asarray(ids), np.asarray(padded), lists, polars):
        with pytest.raises(ValueError) as error:
            averager.fit(X)
        assert str(error.value) == (
            "PretrainedEmbeddingAverager got token ids without their vocabulary, which "
            "polars, np.asarray and np.concatenate drop. Pass what TextTokenizer gives "
            "as it is, or the texts themselves."
        )


# -- containers and faults of texts ----------------------------------------------------


@pytest.mark.parametrize(
    "container",
    [
        tuple,
        iter,
        np.array,
        lambda X: np.array(X, dtype=object)[:, np.newaxis],
        lambda X: [text.encode() for text in X],
        pd.Series,
        lambda X: pd.Series(X, dtype="string[pyarrow]"),
        lambda X: pd.DataFrame({"text": X}),
        pl.Series,
        lambda X: pl.DataFrame({"text": X}),
    ],
)
def test_containers(vectors, container):
    averager = PretrainedEmbeddingAverager(vectors)
    assert_close(averager.fit_transform(container(TEXTS)), plain_means_of_texts())


def plain_means_of_texts():
    known = [[w for w in document if w in VECTOR] for document in TOKENS]
    return plain_means(known)


def test_faults_of_texts(vectors):
    averager = PretrainedEmbeddingAverager(vectors)
    with pytest.raises(ValueError, match="Averager found a missing value at row 1"):
        averager.fit(["film", None])
    with pytest.raises(ValueError, match="Iterable over raw text documents expected"):
        averager.fit("film")
    with pytest.raises(ValueError, match="minimum of 1 is required by Pretrained"):
        averager.fit([])
    with pytest.raises(TypeError, match=r"row 1 has int \(3\)"):
        averager.fit(["film", 3])
    with pytest.raises(ValueError, match=r"Averager cannot decode row 0.*encoding="):
        averager.fit([b"caf\xe9"])
    averager.set_params(missing="empty", encoding="latin-1")
    with pytest.warns(UserWarning, match="1 empty"):
        found = averager.fit_transform([b"Caf\xe9", None])
    assert_close(found, [VECTOR["Café"], np.zeros(4)])


def test_not_fitted(vectors):
    averager = PretrainedEmbeddingAverager(vectors)
    for method in (averager.transform, averager.get_feature_names_out):
        with pytest.raises(NotFittedError):
            method(TEXTS)
    with pytest.raises(ValueError, match="at row 0"):
        averager.set_params(oov="error").fit(["xyz"])
    assert not hasattr(averager, "vectors_")
