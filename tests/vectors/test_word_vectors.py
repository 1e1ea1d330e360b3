"""WordVectors: looking up, comparing, sharing and storing."""

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from gensim.models import FastText
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklstm import (
    PretrainedEmbeddingAverager,
    TextTokenizer,
    WordVectors,
    load_vectors,
)
from sklstm.text import Vocabulary
from tests.vectors.conftest import MATRIX, WORDS, glove_text


def test_parts(vectors):
    assert vectors.words == tuple(WORDS)
    assert list(vectors) == WORDS
    assert (len(vectors), vectors.vector_size, vectors.path) == (5, 4, None)
    assert vectors.vocabulary == Vocabulary(WORDS)
    np.testing.assert_array_equal(vectors.matrix, MATRIX)
    np.testing.assert_allclose(vectors.mean, MATRIX.mean(axis=0), rtol=1e-6)
    assert repr(vectors) == "WordVectors(5 words of 4 numbers)"


def test_lookup_is_exact_then_in_lower_case():
    vectors = WordVectors(["Paris", "paris", "film", "café"], np.eye(4))
    words = ["Paris", "paris", "PARIS", "Film", "FILM", "CAFÉ", "xyz", ""]
    assert vectors.lookup(words).tolist() == [0, 1, 1, 2, 2, 3, -1, -1]
    assert vectors.lookup(words).dtype == np.int64
    assert vectors.lookup([]).tolist() == []
    assert vectors.lookup(iter(["film"])).tolist() == [2]
    assert "FILM" in vectors
    assert "films" not in vectors
    np.testing.assert_array_equal(vectors["PARIS"], np.eye(4)[1])
    with pytest.raises(KeyError, match="'films' has no vector"):
        vectors["films"]
    found, known = vectors.lookup_vectors(["films", "Film"])
    np.testing.assert_array_equal(found, [np.zeros(4), np.eye(4)[2]])
    assert known.tolist() == [False, True]


def test_most_similar_is_that_of_gensim(vectors, keyed_vectors):
    for word in WORDS:
        ours = vectors.most_similar(word)
        expected = keyed_vectors.most_similar(word)
        assert [w for w, _ in ours] == [w for w, _ in expected]
        np.testing.assert_allclose(
            [c for _, c in ours], [c for _, c in expected], atol=1e-6
        )
    assert vectors.most_similar("Film", topn=2) == vectors.most_similar("film")[:2]
    with pytest.raises(KeyError):
        vectors.most_similar("unknown")


def test_most_similar_with_zeros():
    vectors = WordVectors(["a", "b", "zero"], [[1, 0], [1, 1], [0, 0]])
    assert vectors.most_similar("a") == [
        ("b", pytest.approx(0.7071068)),
        ("zero", 0),
    ]


def test_nothing_can_be_changed(vectors):
    with pytest.raises(ValueError, match="read-only"):
        vectors.matrix[0, 0] = 1
    for name in ("matrix", "words", "vocabulary", "path", "vector_size"):
        with pytest.raises(AttributeError):
            setattr(vectors, name, None)
    own = MATRIX.copy()
    made = WordVectors(WORDS, own)
    own[:] = 0
    np.testing.assert_array_equal(made.matrix, MATRIX)
    looked_up, _ = made.lookup_vectors(["film"])
    looked_up[:] = 0
    np.testing.assert_array_equal(made["film"], MATRIX[1])


def test_read_only_arrays_are_not_copied():
    frozen = MATRIX.copy()
    frozen.flags.writeable = False
    assert np.shares_memory(WordVectors(WORDS, frozen).matrix, frozen)


@pytest.mark.parametrize(
    ("words", "matrix", "message"),
    [
        (["a", "a"], np.eye(2), "each word once; 'a' appears 2 times"),
        (["a"], np.eye(2), r"got 1 words and a matrix of shape \(2, 2\)"),
        (["a", "b"], np.ones(2), r"got 2 words and a matrix of shape \(2,\)"),
        ([], np.ones((0, 3)), "at least one of both, got 0 words"),
        (["a", "b"], [[1], [np.nan]], "row 1: the vector of 'b' has NaN or infinity"),
    ],
)
def test_what_are_no_word_vectors(words, matrix, message):
    with pytest.raises(ValueError, match=message):
        WordVectors(words, matrix)


def test_equality_is_that_of_the_contents(vectors):
    twin = WordVectors(WORDS, MATRIX.astype(float).tolist())
    assert twin == vectors
    assert hash(twin) == hash(vectors)
    others = [
        WordVectors(WORDS, MATRIX + 1),
        WordVectors(WORDS[::-1], MATRIX),
        WordVectors(WORDS[:4], MATRIX[:4]),
    ]
    assert len({vectors, *others, twin}) == 4
    assert vectors != WORDS


# -- sharing ---------------------------------------------------------------------------


def test_copies_are_the_same_object(vectors):
    assert copy.copy(vectors) is vectors
    assert copy.deepcopy([vectors])[0] is vectors
    frame = pd.DataFrame({"a": [1]})
    frame.attrs["vectors"] = vectors
    assert frame.copy().attrs["vectors"] is vectors


def test_clones_share_large_vectors():
    matrix = np.zeros((400_000, 100), np.float32)
    matrix.flags.writeable = False
    large = WordVectors(map(str, range(400_000)), matrix)
    pipe = make_pipeline(PretrainedEmbeddingAverager(large))
    clones = [clone(pipe) for _ in range(50)]
    assert all(c[0].vectors is large for c in clones)
    fitted = clones[0].fit(["1 2"])
    assert np.shares_memory(fitted[0].vectors_.matrix, matrix)


def test_as_the_vocabulary_of_a_tokenizer(vectors):
    tokenizer = clone(TextTokenizer(vocabulary=vectors, lowercase=False))
    assert tokenizer.vocabulary is vectors
    X = tokenizer.fit_transform(["Café film x"])
    assert X[0].tolist() == [2 + 4, 2 + 1, 1]
    assert X.vocabulary.words[2:] == vectors.words


# -- storing ---------------------------------------------------------------------------


def by_value(vectors, tmp_path):
    return vectors, {"vocabulary", "matrix"}


def by_path(vectors, tmp_path):
    (tmp_path / "v.txt").write_bytes(glove_text())
    return load_vectors(tmp_path / "v.txt"), {"origin", "digest"}


def with_subwords(vectors, tmp_path):
    model = FastText([WORDS] * 3, vector_size=4, min_count=1, bucket=9, workers=1)
    keys = {"vocabulary", "matrix", "ngrams", "ngram_lengths"}
    return load_vectors(model), keys


@pytest.mark.parametrize("make", [by_value, by_path, with_subwords])
def test_round_trips(make, vectors, tmp_path):
    made, keys = make(vectors, tmp_path)
    assert set(made.__getstate__()) == keys
    joblib.dump(made, tmp_path / "j")
    for restored in (pickle.loads(pickle.dumps(made)), joblib.load(tmp_path / "j")):
        assert restored == made
        assert restored.digest == made.digest
        assert restored.words == made.words
        assert restored.path == made.path
        assert not restored.matrix.flags.writeable
        unknown, known = restored.lookup_vectors(["filmgoer", "film"])
        np.testing.assert_array_equal(
            unknown, made.lookup_vectors(["filmgoer", "film"])[0]
        )
        assert known.tolist() == [made.subwords, True]


def test_memory_mapped_from_joblib(vectors, tmp_path):
    joblib.dump(vectors, tmp_path / "j")
    restored = joblib.load(tmp_path / "j", mmap_mode="r")
    assert isinstance(restored.matrix, np.memmap)
    assert restored == vectors


def test_path_in_a_fresh_process(tmp_path, vectors):
    made, _ = by_path(vectors, tmp_path)
    dumped = pickle.dumps(made)
    assert len(dumped) < 1000
    (tmp_path / "p").write_bytes(dumped)
    code = (
        "import pickle, sys; from pathlib import Path;"
        "v = pickle.loads(Path(sys.argv[1]).read_bytes());"
        "print(v.digest, len(v), 'gensim' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "p")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [made.digest, "5", "False"], done.stderr


def test_path_of_another_file(tmp_path, vectors):
    made, _ = by_path(vectors, tmp_path)
    dumped = pickle.dumps(made)
    path = tmp_path / "v.txt"
    assert pickle.loads(dumped).matrix is made.matrix  # read once in a process
    path.write_bytes(glove_text().replace(b"film", b"filn"))
    with pytest.raises(ValueError, match=r"v\.txt, which holds other vectors now"):
        pickle.loads(dumped)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"v\.txt, which is not there"):
        pickle.loads(dumped)
    value = pickle.dumps(WordVectors(made.words, made.matrix))
    assert pickle.loads(value) == vectors
