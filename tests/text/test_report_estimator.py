"""TextReport: warnings, word vectors, faults, and as a part of the estimator."""

import copy
import io
import pickle
import warnings
from dataclasses import FrozenInstanceError
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklstm import PretrainedEmbeddingAverager, WordVectors, train_vectors
from sklstm._sklearn import InvalidParameterError
from sklstm.datasets import make_reviews
from sklstm.text import TextTokenizer

TEXTS = ["not a bad film", "a bad, bad film", "a film", ""]
VECTORS = WordVectors(["a", "c"], np.eye(2))


def report_quietly(tokenizer, X, **options):
    """Report on texts that may well be bad."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return tokenizer.report(X, **options)


# What is bad


def texts_of(n, n_bad, bad):
    return ["a b"] * (n - n_bad) + [bad] * n_bad


@pytest.mark.parametrize(
    ("X", "bad_X", "options", "sentence"),
    [
        (
            texts_of(20, 4, "x a"),
            texts_of(20, 5, "x a"),
            {},
            "12.5% of the tokens are unknown, most often x. Fit on texts like these, "
            "or keep more words: min_df, max_df, max_features, vocabulary.",
        ),
        (
            texts_of(20, 1, ""),
            texts_of(20, 2, ""),
            {},
            "10.0% of the documents are empty. Leave them out, or split texts in "
            "another way.",
        ),
        (
            texts_of(20, 5, "a b a b"),
            texts_of(20, 6, "a b a b"),
            {"max_length": 3},
            "30.0% of the documents are longer than max_length=3, and 11.5% of the "
            "tokens would be cut. A larger max_length keeps them.",
        ),
        (
            texts_of(20, 0, ""),
            texts_of(20, 1, "b b"),
            {"vectors": WordVectors(["a"], [[1]])},
            "Only 47.5% of the tokens have a vector. Are the vectors of the language "
            "of the texts, and is it split into words as they are?",
        ),
    ],
)
def test_each_rule(X, bad_X, options, sentence):
    tokenizer = TextTokenizer().fit(["a b"])
    assert tokenizer.report(X, **options).warnings == ()
    with pytest.warns(UserWarning, match="^TextTokenizer: ") as caught:
        report = tokenizer.report(bad_X, **options)
    assert report.warnings == (sentence,)
    assert [str(w.message) for w in caught] == [f"TextTokenizer: {sentence}"]
    assert Path(caught[0].filename) == Path(__file__)
    assert " ".join(str(report).split("\n\n")[1].split()) == f"Warning: {sentence}"


def test_one_warning_joins_all_of_them():
    tokenizer = TextTokenizer().fit(["a b"])
    with pytest.warns(UserWarning, match="^TextTokenizer: ") as caught:
        report = tokenizer.report(
            ["", "x y z"], max_length=1, vectors=WordVectors(["a"], [[1]])
        )
    assert len(report.warnings) == 4
    assert len(caught) == 1
    joined = " ".join(report.warnings)
    assert str(caught[0].message) == f"TextTokenizer: {joined}"


def test_fit_never_warns():
    tokenizer = TextTokenizer(max_features=1)
    tokenizer.fit(TEXTS)  # warnings are errors here
    tokenizer.fit_transform(TEXTS)
    assert len(tokenizer.report_.warnings) == 2


# Word vectors


def test_coverage_is_that_of_the_averager():
    texts, _ = make_reviews(300, random_state=0)
    texts = [*texts, "the <unk> plot"]
    vectors = train_vectors(
        texts[:100], vector_size=4, min_count=3, epochs=1, random_state=0
    )
    report = report_quietly(TextTokenizer().fit(texts), texts, vectors=vectors)
    expected = PretrainedEmbeddingAverager(vectors).fit(texts).coverage_
    assert 0.5 < report.share_covered < 1
    assert report.share_covered == expected["tokens"]
    assert report.share_covered_words == expected["words"]


def test_words_are_looked_up_as_the_nets_do_it():
    tokenizer = TextTokenizer(lowercase=False).fit(["A"])
    vectors = WordVectors(["a", "New"], [[1], [2]])
    report = report_quietly(tokenizer, ["A New new x"], vectors=vectors)
    assert report.share_covered == 1 / 2  # in lower case too, and no other way


def test_many_words_are_looked_up_in_parts():
    words = [f"w{i}" for i in range(9000)]
    tokenizer = TextTokenizer().fit([words])
    vectors = WordVectors(words[::3], np.ones((3000, 1)))
    report = report_quietly(tokenizer, [words], vectors=vectors)
    assert report.share_covered == report.share_covered_words == 1 / 3


@pytest.mark.parametrize("vectors", ["glove.txt", Path("glove.txt"), {"a": [1]}, 3])
def test_vectors_must_be_loaded(vectors):
    tokenizer = TextTokenizer().fit(["a"])
    message = rf"vectors that are loaded, got {type(vectors).__name__}.*load_vectors\("
    with pytest.raises(TypeError, match=message):
        tokenizer.report(["a"], vectors=vectors)


# Faults


@pytest.mark.parametrize("max_length", [0, -1, 2.5, "10"])
def test_bad_max_length(max_length):
    tokenizer = TextTokenizer().fit(["a"])
    with pytest.raises(InvalidParameterError, match="'max_length' parameter of"):
        tokenizer.report(["a"], max_length=max_length)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        TextTokenizer().report(["a"])
    with pytest.raises(NotFittedError):
        _ = TextTokenizer().report_


def test_faults_of_texts():
    tokenizer = TextTokenizer().fit(["a"])
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        tokenizer.report([])
    with pytest.raises(ValueError, match="found a missing value at row 1"):
        tokenizer.report(["a", None])
    with pytest.raises(ValueError, match="string object received"):
        tokenizer.report("a film")
    with pytest.raises(TypeError, match=r"row 0 has int \(3\)"):
        tokenizer.report([3])


def test_a_failed_fit_keeps_vocabulary_and_report():
    tokenizer = TextTokenizer(vocabulary=["a"])
    with pytest.raises(TypeError):
        tokenizer.fit(["a", 3])
    with pytest.raises(NotFittedError):
        tokenizer.transform(["a"])
    tokenizer.fit(["a b"])
    before = tokenizer.report_
    with pytest.raises(TypeError):
        tokenizer.fit(["a", 3])
    assert tokenizer.report_ is before


# As part of a scikit-learn estimator


def test_plain_numbers_that_nobody_changes():
    tokenizer = TextTokenizer(min_df=2).fit(TEXTS)
    report = report_quietly(tokenizer, TEXTS, max_length=np.int64(2), vectors=VECTORS)
    for value in (*vars(report).values(), *report.lengths):
        assert type(value) in {int, float, tuple, type(report.lengths)}
    assert all(type(n) is int for _, n in report.unknown_words)
    with pytest.raises(FrozenInstanceError):
        report.n_tokens = 3
    assert len({report, copy.deepcopy(report)}) == 1


def test_storing():
    texts, _ = make_reviews(2000, random_state=0)
    tokenizer = TextTokenizer(min_df=3).fit(texts)
    joblib.dump(tokenizer, buffer := io.BytesIO())
    buffer.seek(0)
    for restored in (pickle.loads(pickle.dumps(tokenizer)), joblib.load(buffer)):
        assert restored.report_ == tokenizer.report_
        assert str(restored.report_) == str(tokenizer.report_)
    assert len(pickle.dumps(tokenizer.report_)) < 1000
    assert not hasattr(clone(tokenizer), "report_")


def test_a_tokenizer_of_a_version_without_reports():
    tokenizer = TextTokenizer().fit(TEXTS)
    del tokenizer._report
    restored = pickle.loads(pickle.dumps(tokenizer))
    assert [row.tolist() for row in restored.transform(["a film"])] == [[2, 4]]
    assert not hasattr(restored, "report_")
    with pytest.raises(AttributeError, match=r"call report\(X\) on its training texts"):
        _ = restored.report_
    assert restored.report(["a film"]).n_words == 5
    assert restored.fit(TEXTS).report_.n_documents == 4


def test_containers_of_the_output_do_not_matter():
    expected = TextTokenizer().fit(TEXTS).report_
    for container in ("pandas", "polars"):
        tokenizer = TextTokenizer().set_output(transform=container)
        tokenizer.fit_transform(TEXTS)
        assert tokenizer.report_ == expected
        with config_context(transform_output=container):
            assert report_quietly(tokenizer, TEXTS) == expected


def test_order_of_the_texts_does_not_matter():
    texts, _ = make_reviews(200, random_state=0)
    tokenizer = TextTokenizer(max_features=50).fit(texts)
    assert clone(tokenizer).fit(texts[::-1]).report_ == tokenizer.report_


def test_a_report_changes_nothing():
    tokenizer = TextTokenizer(unknown="keep").fit(TEXTS)
    before, words = dict(vars(tokenizer)), tokenizer.vocabulary_
    report_quietly(tokenizer, ["something else"], max_length=1, vectors=VECTORS)
    assert vars(tokenizer) == before
    assert tokenizer.vocabulary_ == words
