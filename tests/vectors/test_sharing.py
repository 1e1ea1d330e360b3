"""Word vectors that all processes of a cluster hold are named in pickles."""

import pickle
from io import BytesIO

import cloudpickle
import joblib
import numpy as np
import pytest

from sklstm import PretrainedEmbeddingAverager, WordVectors, load, load_vectors, save
from sklstm.vectors._sharing import SHARED
from tests.vectors.conftest import MATRIX, WORDS, glove_text


@pytest.fixture
def shared(vectors, monkeypatch):
    monkeypatch.setitem(SHARED, "here", vectors)
    return vectors


def joblib_dumps(value):
    file = BytesIO()
    joblib.dump(value, file)
    return file.getvalue()


def has_numbers(pickled):
    return MATRIX.tobytes() in pickled


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps, joblib_dumps])
def test_a_pickle_names_what_is_shared(shared, dumps):
    pickled = dumps({"vectors": shared})
    assert not has_numbers(pickled)
    assert joblib.load(BytesIO(pickled))["vectors"] is shared


def test_estimators_name_it_too(shared):
    fitted = PretrainedEmbeddingAverager(shared).fit(["good film", "bad film"])
    pickled = pickle.dumps(fitted)
    assert not has_numbers(pickled)
    assert pickle.loads(pickled).vectors_ is shared


def test_vectors_of_a_file_are_named_in_both_forms(tmp_path, monkeypatch):
    (tmp_path / "v.txt").write_bytes(glove_text())
    of_file = load_vectors(tmp_path / "v.txt")
    monkeypatch.setitem(SHARED, "here", of_file)
    for form in (of_file, of_file.by_value()):
        assert pickle.loads(pickle.dumps(form)) is of_file


def test_equal_vectors_of_somebody_else_are_not_named(shared):
    assert has_numbers(pickle.dumps(WordVectors(WORDS, MATRIX)))
    other_words = WordVectors([*"abcde"], shared.matrix)
    assert other_words.matrix is shared.matrix
    assert pickle.loads(pickle.dumps(other_words)).words == (*"abcde",)


def test_a_name_says_nothing_where_it_is_not_known(shared, monkeypatch):
    pickled = pickle.dumps(shared)
    monkeypatch.delitem(SHARED, "here")
    with pytest.raises(ValueError, match=f"made inside use_dask.*{shared.digest}"):
        pickle.loads(pickled)
    assert has_numbers(pickle.dumps(shared))


def test_files_of_models_have_the_numbers(shared, monkeypatch, tmp_path):
    texts = ["good film", "bad film"]
    fitted = PretrainedEmbeddingAverager(shared).fit(texts)
    save(fitted, tmp_path / "model.sklstm")
    monkeypatch.delitem(SHARED, "here")
    loaded = load(tmp_path / "model.sklstm")
    np.testing.assert_array_equal(loaded.transform(texts), fitted.transform(texts))
