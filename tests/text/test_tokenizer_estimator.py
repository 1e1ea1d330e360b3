"""Faults, ids back to text, and the tokenizer as a scikit-learn estimator."""

import pickle
import re
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm._validation._sequences import vocabulary_of
from sklstm.text import TOKEN_PATTERN, SequencePadder, TextTokenizer, TokenArray

TEXTS = ["not a bad film", "a bad, bad film", "good"]
SST2 = Path(__file__).parents[3] / "shared" / "data" / "sst2" / "stsa.binary.train"


@pytest.fixture(scope="module")
def sst2():
    if not SST2.exists():
        pytest.skip(f"the sentences of SST-2 are not at {SST2}")
    lines = SST2.read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 1)[1] for line in lines]


def as_lists(X):
    return [row.tolist() for row in X]


def words_of(tokenizer):
    """List the words of a fitted tokenizer by id."""
    ids = tokenizer.vocabulary_
    assert list(ids.values()) == list(range(len(ids)))
    return list(ids)


# Faults that are the tokenizer's own; the others are those of check_texts


def test_faults_01_to_05_reach_the_tokenizer():
    with pytest.raises(ValueError, match="found a missing value at row 1"):
        TextTokenizer().fit(["a", None])
    tokenizer = TextTokenizer(missing="empty", encoding="latin-1")
    assert as_lists(tokenizer.fit_transform(["é", None, b"\xe9"])) == [[2], [], [2]]
    assert as_lists(tokenizer.transform([np.nan])) == [[]]
    with pytest.raises(TypeError, match=r"expects str; row 1 has int \(3\)"):
        tokenizer.transform(["a", 3])


def test_fault_06_empty_text():
    assert as_lists(TextTokenizer().fit_transform(["", "a"])) == [[], [2]]


@pytest.mark.parametrize("texts", [["", ""], [" ", "\n"], [[], []], ["the", "this"]])
def test_fault_07_every_document_empty(texts):
    tokenizer = TextTokenizer(stop_words="english")
    with pytest.raises(ValueError) as error:
        tokenizer.fit(texts)
    assert str(error.value) == (
        "TextTokenizer found an empty vocabulary; perhaps the documents only contain "
        "stop words"
    )
    assert not hasattr(tokenizer, "vocabulary_")
    assert as_lists(tokenizer.fit(["film"]).transform(texts)) == [[], []]


def test_fault_14_index_is_kept_in_the_output():
    series = pd.Series(["a b", "a"], index=[5, 5])
    tokenizer = TextTokenizer().set_output(transform="pandas")
    frame = tokenizer.fit_transform(series)
    assert list(frame.index) == [5, 5]
    assert as_lists(frame["tokens"]) == [[2, 3], [2]]


def test_fault_15_lone_surrogate_survives():
    tokenizer = TextTokenizer().fit(["\ud83d a"])
    restored = pickle.loads(pickle.dumps(tokenizer))
    X = restored.transform(["a \ud83d"])
    assert restored.inverse_transform(X).tolist() == ["a \ud83d"]


def test_fault_16_long_document():
    text = "word " * 200_000
    X = TextTokenizer().fit_transform([text, "a"])
    assert len(X[0]) == 200_000
    assert (X[0] == 2).all()


def test_fault_17_no_known_word():
    assert as_lists(TextTokenizer().fit(["a"]).transform(["x y z"])) == [[1, 1, 1]]


def test_fault_18_not_fitted():
    for method in ("transform", "inverse_transform", "get_feature_names_out"):
        with pytest.raises(NotFittedError):
            getattr(TextTokenizer(), method)(TEXTS)
    assert not hasattr(TextTokenizer(), "vocabulary_")


def test_no_documents():
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        TextTokenizer().fit([])
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        TextTokenizer().fit(TEXTS).transform([])


# Ids to text


def test_inverse_transform_of_every_container():
    tokenizer = TextTokenizer(tokenizer=str.split, add_bos=True, add_eos=True)
    X = tokenizer.fit_transform(["b a", "a"])
    padded = np.array([[2, 5, 4, 3], [2, 4, 3, 0]])
    pandas = TextTokenizer(tokenizer=str.split, add_bos=True, add_eos=True)
    frame = pandas.set_output(transform="pandas").fit_transform(["b a", "a"])
    polars = pandas.set_output(transform="polars").transform(["b a", "a"])
    for ids in (
        X,
        as_lists(X),
        list(X),
        np.asarray(X),
        X.reshape(-1, 1),
        padded,
        padded.tolist(),
        TokenArray(padded, X.vocabulary),
        pd.DataFrame(padded),
        pd.DataFrame(padded).astype("Int32"),
        frame,
        polars,
    ):
        texts = tokenizer.inverse_transform(ids)
        assert texts.dtype == object
        assert texts.tolist() == ["b a", "a"]


def test_inverse_transform_of_one_step():
    tokenizer = TextTokenizer().fit(["a b"])
    frame = pd.DataFrame([2, 3])
    for ids in ([[2], [3]], np.array([[2], [3]]), frame, frame.astype("Int32")):
        assert tokenizer.inverse_transform(ids).tolist() == ["a", "b"]


def test_inverse_transform_writes_unk_and_empty_texts():
    tokenizer = TextTokenizer().fit(["a"])
    texts = tokenizer.inverse_transform([[1, 2], [], [0, 0]])
    assert texts.tolist() == ["<unk> a", "", ""]


@pytest.mark.parametrize("wrong", [3, -1, 10**6])
def test_inverse_transform_of_an_id_out_of_range(wrong):
    tokenizer = TextTokenizer().fit(["a"])
    with pytest.raises(ValueError) as error:
        tokenizer.inverse_transform([[], [2, 1], [2, wrong], [wrong]])
    assert str(error.value) == (
        f"TextTokenizer found id {wrong} at row 2, but its vocabulary has ids from 0 "
        "to 2."
    )


@pytest.mark.parametrize("ids", [[2, 3], [[0.5]], ["a"], [[[2]]]])
def test_inverse_transform_of_no_ids(ids):
    with pytest.raises(ValueError, match="TokenArray expects"):
        TextTokenizer().fit(["a b"]).inverse_transform(ids)


def test_inverse_transform_refuses_another_vocabulary():
    X = TextTokenizer().fit_transform(["b"])
    with pytest.raises(ValueError, match="ids of another vocabulary"):
        TextTokenizer().fit(["a"]).inverse_transform(X)


tokens = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1)
texts = st.lists(st.lists(tokens).map(" ".join), min_size=1).filter(any)


@given(texts)
def test_inverse_transform_gives_the_texts_back(texts):
    tokenizer = TextTokenizer(lowercase=False, tokenizer=lambda text: text.split(" "))
    X = tokenizer.fit_transform(texts)
    special = {"<pad>": "<unk>"}
    expected = [
        " ".join(special.get(token, token) for token in text.split(" "))
        for text in texts
    ]
    assert tokenizer.inverse_transform(X).tolist() == expected


@given(texts, st.randoms())
def test_order_of_documents_does_not_matter(texts, random):
    shuffled = random.sample(texts, len(texts))
    first = TextTokenizer(tokenizer=str.split).fit(texts)
    second = TextTokenizer(tokenizer=str.split).fit(shuffled)
    assert first.vocabulary_ == second.vocabulary_


@given(texts, st.sampled_from(["unk", "keep"]), st.sampled_from([None, 1, 3]))
def test_fit_transform_is_fit_and_transform(texts, unknown, max_features):
    options = {"unknown": unknown, "max_features": max_features, "tokenizer": str.split}
    tokenizer = TextTokenizer(add_bos=True, **options)
    once = tokenizer.fit_transform(texts)
    twice = TextTokenizer(add_bos=True, **options).fit(texts).transform(texts)
    assert as_lists(once) == as_lists(twice)
    assert once.vocabulary == twice.vocabulary
    assert joblib.hash(once) == joblib.hash(twice)


def test_fit_transform_splits_each_text_once():
    seen = []

    def split(text):
        seen.append(text)
        return text.split()

    TextTokenizer(tokenizer=split).fit_transform(iter(TEXTS))
    assert seen == TEXTS


# As a scikit-learn estimator


def test_clone_and_refit():
    tokenizer = TextTokenizer(max_features=2, stop_words=["a"]).fit(TEXTS)
    copied = clone(tokenizer)
    assert copied.get_params() == tokenizer.get_params()
    assert not hasattr(copied, "vocabulary_")
    assert copied.fit(TEXTS).vocabulary_ == tokenizer.vocabulary_
    assert tokenizer.fit(["new"]) is tokenizer
    assert words_of(tokenizer)[2:] == ["new"]


def test_a_failed_fit_leaves_the_tokenizer_unfitted():
    tokenizer = TextTokenizer()
    with pytest.raises(TypeError):
        tokenizer.fit(["a", 3])
    with pytest.raises(NotFittedError):
        tokenizer.transform(["a"])


def test_parameters_are_not_changed():
    vocabulary, stop_words = ["b", "a"], ["x"]
    tokenizer = TextTokenizer(vocabulary=vocabulary, stop_words=stop_words).fit(["a"])
    tokenizer.transform(["b"])
    assert tokenizer.vocabulary is vocabulary
    assert (vocabulary, stop_words) == (["b", "a"], ["x"])


def test_vocabulary_is_a_copy():
    tokenizer = TextTokenizer().fit(["a"])
    tokenizer.vocabulary_["new"] = 3
    assert as_lists(tokenizer.transform(["new"])) == [[1]]


def test_tags_and_feature_names():
    tags = TextTokenizer().__sklearn_tags__()
    assert tags.input_tags.string
    assert tags.input_tags.one_d_array
    assert not tags.input_tags.two_d_array
    tokenizer = TextTokenizer().fit(TEXTS)
    assert tokenizer.get_feature_names_out().tolist() == ["tokens"]
    assert repr(TextTokenizer(max_features=3)) == "TextTokenizer(max_features=3)"


def test_pickle_and_memory_map(tmp_path):
    tokenizer = TextTokenizer().fit(TEXTS)
    joblib.dump(tokenizer, tmp_path / "tokenizer.joblib")
    for restored in (
        pickle.loads(pickle.dumps(tokenizer)),
        joblib.load(tmp_path / "tokenizer.joblib", mmap_mode="r"),
    ):
        X = restored.transform(TEXTS)
        assert as_lists(X) == as_lists(tokenizer.transform(TEXTS))
        assert X.vocabulary == tokenizer.transform(TEXTS).vocabulary


def test_set_output():
    tokenizer = TextTokenizer().set_output(transform="pandas")
    frame = tokenizer.fit_transform(TEXTS)
    assert list(frame.columns) == ["tokens"]
    assert vocabulary_of(frame).ids == tokenizer.vocabulary_
    assert vocabulary_of(tokenizer.transform(TEXTS)).ids == tokenizer.vocabulary_
    with config_context(transform_output="polars"):
        assert TextTokenizer().fit_transform(TEXTS).columns == ["tokens"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search_and_memory(n_jobs, tmp_path):
    pipeline = make_pipeline(
        TextTokenizer(),
        SequencePadder(),
        LogisticRegression(),
        memory=joblib.Memory(tmp_path, verbose=0),
    )
    grid = {
        "texttokenizer__max_features": [1, None],
        "texttokenizer__unknown": ["unk", "keep"],
    }
    X, y = ["short", "rather long text"] * 6, [0, 1] * 6
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=n_jobs).fit(X, y)
    assert search.best_score_ == 1
    assert search.predict(["a long long text"]).tolist() == [1]


# Real sentences


@pytest.mark.parametrize(
    "options",
    [{}, {"min_df": 3, "max_df": 0.1}, {"stop_words": "english"}, {"min_df": 0.001}],
)
def test_counts_are_those_of_count_vectorizer(sst2, options):
    tokenizer = TextTokenizer(**options)
    X = tokenizer.fit_transform(sst2)
    counter = CountVectorizer(token_pattern=TOKEN_PATTERN, **options)
    expected = counter.fit_transform(sst2)
    words = words_of(tokenizer)[2:]
    assert sorted(words) == sorted(counter.vocabulary_)
    flat, lengths = X.to_ragged()
    counts = np.bincount(flat, minlength=len(tokenizer.vocabulary_))[2:]
    totals = np.ravel(expected.sum(axis=0))
    columns = [counter.vocabulary_[word] for word in words]
    np.testing.assert_array_equal(counts, totals[columns])
    assert (np.diff(counts) <= 0).all()
    row = np.repeat(np.arange(len(sst2)), lengths)
    known = np.bincount(row[flat > 1], minlength=len(sst2))
    np.testing.assert_array_equal(known, np.ravel(expected.sum(axis=1)))


def test_real_sentences_round_trip(sst2):
    tokenizer = TextTokenizer(tokenizer=str.split)
    X = tokenizer.fit_transform(sst2)
    assert tokenizer.inverse_transform(X).tolist() == [
        " ".join(text.lower().split()) for text in sst2
    ]


def test_max_features_on_real_sentences(sst2):
    kept = list(TextTokenizer(max_features=500).fit(sst2).vocabulary_)[2:]
    counts = Counter(
        token for text in sst2 for token in re.findall(TOKEN_PATTERN, text.lower())
    )
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    assert kept == ranked[:500]
