"""make_baseline: the mission's figure and the measured table of real data."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ScoringMonitor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from sklstm import (
    PretrainedEmbeddingAverager,
    TextTokenizer,
    load_vectors,
    make_baseline,
)
from tests.conftest import DATA

GLOVE = "vec_glove6B/glove.6B.50d.top10k.txt.gz"
TWITTER = "vec_glove_twitter25/glove.twitter.27B.25d.12k.txt.gz"
NEWS = "vec_word2vec_gnews300/gnews8k.300d.w2v.txt.gz"

TEXTS = ["good film", "bad film", "Good the film", "the bad bad film"] * 3
LABELS = ["yes", "no", "yes", "no"] * 3


def read(part, encoding="utf-8"):
    path = DATA / part
    if not path.exists():
        pytest.skip(f"{path} is missing")
    if path.suffix == ".gz":
        return load_vectors(path)
    lines = path.read_text(encoding).split("\n")
    pairs = [line.split(" ", 1) for line in lines if line]
    return [text for _, text in pairs], [label for label, _ in pairs]


def test_an_ordinary_pipeline(vectors):
    baseline = make_baseline(vectors, weighting="idf", oov="zero", C=0.5, max_iter=50)
    steps = [PretrainedEmbeddingAverager, StandardScaler, LogisticRegression]
    assert [type(step) for _, step in baseline.steps] == steps
    assert baseline.get_params()["pretrainedembeddingaverager__vectors"] is vectors
    settings = {"weighting": "idf", "oov": "zero"}
    assert baseline[0].get_params().items() >= settings.items()
    assert baseline[-1].get_params().items() >= {"C": 0.5, "max_iter": 50}.items()
    fitted = clone(baseline).fit(TEXTS, LABELS)
    assert fitted.score(TEXTS, LABELS) == 1
    restored = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(
        restored.predict_proba(TEXTS), fitted.predict_proba(TEXTS)
    )
    grid = {"logisticregression__C": [0.1, 1]}
    assert GridSearchCV(baseline, grid, cv=3).fit(TEXTS, LABELS).best_score_ == 1


def test_loss_and_accuracy_by_iteration(vectors):
    monitor = ScoringMonitor(scoring=["neg_log_loss", "accuracy"])
    baseline = make_baseline(vectors, callbacks=[monitor]).fit(TEXTS, LABELS)
    log = [r for r in monitor.get_logs().data if r["task_name"] == "lbfgs-iter"]
    assert len(log) == baseline[-1].n_iter_[0]
    losses = [-row["neg_log_loss"] for row in log]
    assert losses[-1] < losses[0]
    final = log_loss(LABELS, baseline.predict_proba(TEXTS))
    assert losses[-1] == pytest.approx(final, rel=1e-3)
    assert log[-1]["accuracy"] == 1


@pytest.mark.filterwarnings("ignore:PretrainedEmbeddingAverager")
def test_the_missions_figure(sst2):
    (texts, labels), _ = sst2
    rows = np.random.RandomState(0).permutation(len(texts))[:1000]
    texts, labels = np.array(texts, dtype=object)[rows], np.array(labels)[rows]
    baseline = make_baseline(read(NEWS)).fit(texts, labels)
    assert log_loss(labels, baseline.predict_proba(texts)) <= 0.32
    assert baseline.score(texts, labels) >= 0.85


SST2 = "sst2/stsa.binary.{}", ("train", "test"), "utf-8"
TREC = "trec6/TREC.{}.all", ("train", "test"), "latin-1"


# Measured by others, with plain lower-case words
@pytest.mark.filterwarnings("ignore:PretrainedEmbeddingAverager")
@pytest.mark.parametrize(
    ("texts", "vectors", "accuracy"),
    [
        (SST2, GLOVE, 68.7),
        (SST2, NEWS, 74.0),
        (SST2, TWITTER, 67.9),
        (TREC, GLOVE, 69.2),
        (TREC, NEWS, 79.6),
        (TREC, TWITTER, 61.4),
    ],
)
def test_measured_table(texts, vectors, accuracy):
    name, parts, encoding = texts
    (X, y), (X_test, y_test) = (read(name.format(part), encoding) for part in parts)
    tokenizer = TextTokenizer(unknown="keep", lowercase=True)
    baseline = make_baseline(read(vectors))
    baseline.fit(tokenizer.fit_transform(X), y)
    found = 100 * baseline.score(tokenizer.transform(X_test), y_test)
    assert found == pytest.approx(accuracy, abs=1)
    # Words in the case that they came in find more of the cased vectors.
    assert 100 * baseline.fit(X, y).score(X_test, y_test) >= accuracy - 1
