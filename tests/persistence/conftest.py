"""Models in files, and a function that makes such files by hand."""

import json
import zipfile

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import (
    GRURegressor,
    LSTMClassifier,
    LSTMLanguageModel,
    SequencePadder,
    TextTokenizer,
    WordVectors,
    make_baseline,
    save,
)
from sklstm._persistence._files import write_file
from tests.persistence.hand_made import packed

TEXTS, LABELS = ["a good film", "bad", "not good", "a bad film"], [1, 0, 0, 0]
TINY = {"embedding_dim": 3, "hidden_size": 2, "max_epochs": 1, "random_state": 0}
VECTORS = WordVectors(["good", "bad", "film", "a", "not"], np.eye(5))


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Models, each saved, by name."""
    pipe = make_pipeline(TextTokenizer(), SequencePadder(), LSTMClassifier(**TINY))
    tokenizer = TextTokenizer(unknown="keep")
    aligned = make_pipeline(tokenizer, LSTMClassifier(vectors=VECTORS, **TINY))
    numbers = np.random.default_rng(0).normal(size=(6, 4, 2))
    models = {
        "text": pipe.fit(TEXTS, LABELS),
        "vectors": aligned.fit(TEXTS, LABELS),
        "baseline": make_baseline(VECTORS, weighting="sif").fit(TEXTS, LABELS),
        "numbers": GRURegressor(**TINY).fit(numbers, numbers[:, 0]),
        "language": LSTMLanguageModel(**TINY).fit(TEXTS),
    }
    folder = tmp_path_factory.mktemp("models")
    return {name: save(model, folder / name) for name, model in models.items()}


@pytest.fixture
def made(tmp_path):
    """Return a function that writes a file of parts, or of a tree and no more."""

    def make(members=None, tree=None, compression=zipfile.ZIP_STORED):
        members = dict(members or {})
        if tree is not None:
            members["schema.json"] = json.dumps(tree).encode()
        path = tmp_path / "made"
        write_file(path, {"format": 1}, packed(members, compression))
        return path

    return make
