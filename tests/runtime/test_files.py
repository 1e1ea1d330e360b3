"""Files in the runtime: NumPy is enough, and what it does not know it refuses."""

import io
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import sklstm
from sklstm import (
    LSTMClassifier,
    LSTMLanguageModel,
    SequencePadder,
    TextTokenizer,
    WordVectors,
    load_vectors,
    make_baseline,
)
from sklstm._persistence._files import read_file, write_file

TEXTS, LABELS = ["a good film", "bad", "not good", "a bad film"], [1, 0, 0, 0]
TINY = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}
VECTORS = WordVectors(["good", "bad", "film", "a", "not"], np.eye(5))

ALONE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in {"numpy", "sklstm"} | sys.stdlib_module_names:
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Refuse())
import numpy as np
import sklstm

assert sklstm.read_manifest(sys.argv[1])["format"] == 1
model = sklstm.runtime.load(sys.argv[1])
np.save(sys.argv[2], model.predict_proba(["a good film", "", "bad", "caf\\u00e9"]))
others = {name.split(".")[0] for name in sys.modules} - sys.stdlib_module_names
print(sorted(name for name in others if not name.startswith("_")))
"""


@pytest.mark.filterwarnings("ignore:PretrainedEmbeddingAverager")
@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(
            TextTokenizer(unknown="keep", stop_words=["not"]),
            SequencePadder(),
            LSTMClassifier(vectors=VECTORS, **TINY),
        ),
        make_baseline(VECTORS, weighting="sif"),
    ],
    ids=["net", "baseline"],
)
def test_numpy_is_enough(model, tmp_path):
    path = sklstm.save(model.fit(TEXTS, LABELS), tmp_path / "model")
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        ALONE,
        path,
        tmp_path / "answers.npy",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['numpy', 'sklstm']"
    expected = model.predict_proba(["a good film", "", "bad", "caf\u00e9"])
    answers = np.load(tmp_path / "answers.npy")
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-5)


def test_english_stop_words_need_scikit_learn(tmp_path):
    model = make_pipeline(TextTokenizer(stop_words="english"), LSTMClassifier(**TINY))
    path = sklstm.save(model.fit(TEXTS, LABELS), tmp_path / "model")
    command = [sys.executable, "-c", ALONE, path, tmp_path / "answers.npy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 'TextTokenizer(stop_words="english") needs scikit-learn' in done.stderr


def words_of(text):
    """Split a text, a tokenizer with an import path."""
    return text.split()


class Shouting:
    """A callable object."""

    def __call__(self, text):
        return text.upper()


def fitted(*steps):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_pipeline(*steps).fit(TEXTS, LABELS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: fitted(TextTokenizer(tokenizer=words_of), LSTMClassifier(**TINY)),
            "words_of .FunctionNode., and the runtime runs no functions",
        ),
        (
            lambda: fitted(
                TextTokenizer(preprocessor=Shouting()), LSTMClassifier(**TINY)
            ),
            "TextTokenizer has preprocessor=.*Shouting: the runtime runs no code",
        ),
        (
            lambda: fitted(TfidfVectorizer(), LogisticRegression()),
            "does not know the step 'tfidfvectorizer'.*The runtime predicts with",
        ),
        (
            lambda: fitted(TextTokenizer(), LSTMClassifier(**TINY), TruncatedSVD(1)),
            "does not know the step 'truncatedsvd'.*after LSTMClassifier",
        ),
        (lambda: fitted(TextTokenizer()), "TextTokenizer, which predicts nothing"),
        (
            lambda: LSTMLanguageModel(**TINY).fit(TEXTS),
            "does not know the step 'lstmlanguagemodel'",
        ),
        (lambda: LSTMClassifier(), "LSTMClassifier in the file has no .*fitted"),
    ],
)
def test_what_is_not_known_is_refused(make, message, tmp_path):
    path = sklstm.save(make(), tmp_path / "model")
    with pytest.raises(ValueError, match=message) as caught:
        sklstm.runtime.load(path)
    assert str(path) in str(caught.value)


def test_vectors_stored_as_a_path(tmp_path):
    lines = [f"{word} {i} 1" for i, word in enumerate(["good", "bad", "film"])]
    (tmp_path / "vectors.txt").write_text("\n".join(lines))
    vectors = load_vectors(tmp_path / "vectors.txt")
    net = LSTMClassifier(vectors=vectors, store_vectors=False, **TINY)
    path = sklstm.save(fitted(TextTokenizer(), net), tmp_path / "model")
    with pytest.raises(ValueError, match="saved with the path of its word vectors"):
        sklstm.runtime.load(path)


def rewritten(path, change):
    """Write a file anew whose digest is right and whose archive is another."""
    manifest, content = read_file(path)
    members = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            members[name] = archive.read(name)
    change(members)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    write_file(path, manifest, buffer.getvalue())


def pickled_array():
    buffer = io.BytesIO()
    np.save(buffer, np.array([Shouting()], dtype=object), allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda members: members.pop("schema.json"), "not as sklstm.save writes it"),
        (lambda members: members.update({"schema.json": b"[]"}), "not as sklstm.save"),
        (lambda members: members.update({"schema.json": b"{"}), "cannot be read"),
        (
            lambda members: members.update(
                {k: pickled_array() for k in members if k.endswith(".npy")}
            ),
            "allow_pickle=False",
        ),
    ],
)
def test_bad_archives(change, message, tmp_path):
    model = fitted(TextTokenizer(), LSTMClassifier(**TINY))
    path = sklstm.save(model, tmp_path / "model")
    rewritten(path, change)
    with pytest.raises(ValueError, match=message):
        sklstm.runtime.load(path)


def test_damaged_files(tmp_path):
    path = sklstm.save(fitted(TextTokenizer(), LSTMClassifier(**TINY)), tmp_path / "a")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="is damaged"):
        sklstm.runtime.load(path)
    with pytest.raises(FileNotFoundError):
        sklstm.runtime.load(tmp_path / "no file")
