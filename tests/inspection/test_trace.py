"""trace: the three parts on one page, and what is asked about them."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.callback import ScoringMonitor
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import (
    LSTMClassifier,
    LSTMLanguageModel,
    LSTMRegressor,
    SequencePadder,
    TextTokenizer,
    make_baseline,
    train_vectors,
)
from sklstm.datasets import make_reviews
from sklstm.inspection import PipelineTrace, PredictionTrace, TrainingTrace, trace

TEXTS, LABELS = make_reviews(120, random_state=0)


def small_pipe(**options):
    model = LSTMClassifier(max_epochs=2, hidden_size=4, random_state=0, **options)
    return make_pipeline(TextTokenizer(), SequencePadder(), model)


@pytest.fixture(scope="module")
def pipe():
    return small_pipe().fit(TEXTS, LABELS)


def data_of(page):
    """Return the data that a page shows."""
    kind = r'type="application/json"'
    (found,) = re.findall(rf"<script[^>]*{kind}[^>]*>(.*?)</script>", page)
    return json.loads(found)


def test_the_parts_are_the_traces_themselves(pipe):
    lesson = trace(pipe, TEXTS, LABELS)
    assert str(lesson.flow) == str(PipelineTrace.from_estimator(pipe, TEXTS))
    assert str(lesson.training) == str(TrainingTrace.from_estimator(pipe))
    first = PredictionTrace.from_estimator(pipe, TEXTS[:3], LABELS[:3])
    assert str(lesson.predictions) == str(first)
    assert str(lesson).splitlines()[0] == (
        "TextTokenizer → SequencePadder → LSTMClassifier"
    )
    for part in (lesson.flow, lesson.training, lesson.predictions):
        assert str(part) in str(lesson)


def test_the_page_holds_the_numbers_of_the_parts(pipe, tmp_path):
    lesson = trace(pipe, TEXTS, examples=["not a bad film"])
    page = lesson.save(tmp_path / "lesson.html", quiz=True).read_text("utf-8")
    data = data_of(page)
    shapes = [stage["output"]["shape"] for stage in data["flow"]["stages"]]
    assert shapes == [stage.output.shape for stage in lesson.flow.stages]
    losses = [row["train_loss"] for row in data["training"]["runs"][0]["rows"]]
    expected = [row["train_loss"] for row in pipe[-1].history_]
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    (reading,) = data["predictions"]["readings"]
    probabilities = pipe.predict_proba(["not a bad film"])[0]
    np.testing.assert_allclose(reading["result"], probabilities, atol=1e-5)
    np.testing.assert_allclose(reading["reading"][-1], probabilities, atol=1e-5)
    assert len(data["quiz"]) == 3
    assert not re.search(r"https?://(?!www\.w3\.org)", page)


def test_three_questions_of_its_own_numbers(pipe):
    lesson = trace(pipe, TEXTS, examples=["not a bad film"])
    data = data_of(lesson._page(True, {}))
    answers = [question["answer"] for question in data["quiz"]]
    assert answers[0] == "896 = 4 × (50 × 4 + 4 × 4 + 2 × 4)."
    losses = [row["train_loss"] for row in pipe[-1].history_]
    assert f"epoch {int(np.argmin(losses)) + 1} of 2" in answers[1]
    contribution = lesson.predictions.readings[0].contributions[0].values
    words = ["not", "a", "bad", "film"]
    most = words[np.abs(contribution).argmax()]
    assert answers[2].startswith(f"“{most}”")
    assert f"“{most}” counts most" in data["insight"]


def test_a_teachers_own_words(pipe):
    lesson = trace(pipe, TEXTS)
    notes = {"flow": "Mind the <b>shapes</b>.", "insight": "Order counts."}
    data = data_of(lesson._page([("What is 1?", "<unk>")], notes))
    assert data["flow"]["note"] == "Mind the <b>shapes</b>."
    assert data["insight"] == "Order counts."
    assert data["quiz"] == [{"question": "What is 1?", "answer": "<unk>"}]
    assert data_of(lesson._page(False, {}))["quiz"] == []
    with pytest.raises(ValueError, match="insight, found"):
        lesson._page(False, {"flows": "typo"})
    with pytest.raises(ValueError, match="pairs"):
        lesson._page(["a question alone"], {})


def test_foreign_pipelines_have_a_flow():
    foreign = make_pipeline(TfidfVectorizer(), LogisticRegression())
    lesson = trace(foreign.fit(TEXTS, LABELS), TEXTS, LABELS)
    assert [stage.level for stage in lesson.flow.stages] == [0, 0]
    assert lesson.training is None
    assert lesson.predictions is None
    assert "ScoringMonitor" in str(lesson)
    assert "PretrainedEmbeddingAverager" in str(lesson)
    data = data_of(lesson._page(True, {}))
    assert data["training"] is None
    assert len(data["quiz"]) == 1


def test_the_founding_systems():
    vectors = train_vectors([t.split() for t in TEXTS], vector_size=6, random_state=0)
    monitor = ScoringMonitor(scoring=["neg_log_loss", "accuracy"])
    numbers = np.random.default_rng(0).normal(size=(30, 10, 5))
    baseline = make_baseline(vectors, callbacks=[monitor]).fit(TEXTS, LABELS)
    for model, X in (
        (baseline, TEXTS),
        (LSTMRegressor(max_epochs=1).fit(numbers, numbers[:, 0, 0]), numbers),
        (LSTMLanguageModel(max_epochs=1).fit(list(TEXTS)), list(TEXTS)),
    ):
        lesson = trace(model, X)
        assert not lesson.missing
        assert len(data_of(lesson._page(True, {}))["quiz"]) >= 2
        assert max(map(len, str(lesson).splitlines())) <= 80


def test_a_language_model_behind_a_tokenizer():
    model = LSTMLanguageModel(max_epochs=1, embedding_dim=4, hidden_size=4)
    piped = make_pipeline(TextTokenizer(), model).fit(TEXTS)
    lesson = trace(piped, TEXTS, examples=["the film was"])
    assert lesson.predictions.readings[0].labels == ["<eos>", "the", "film", "was"]


def test_rows_of_frames_with_labels(pipe):
    frame = pd.DataFrame({"text": TEXTS, "label": LABELS}).sample(40, random_state=0)
    lesson = trace(pipe, frame["text"], frame["label"])
    true = [reading.true for reading in lesson.predictions.readings]
    assert true == frame["label"].tolist()[:3]


def test_private_text_stays_private(pipe):
    lesson = trace(pipe, ["mysecret film"] * 9, show_values=False)
    assert lesson.predictions is None
    for shown in (str(lesson), lesson._page(True, {})):
        assert "mysecret" not in shown
    lesson = trace(pipe, TEXTS, show_values=False, examples=["bad"])
    assert lesson.predictions.readings[0].title == "bad"


def test_searches(pipe):
    grid = {"lstmclassifier__hidden_size": [3, 4]}
    search = GridSearchCV(small_pipe(), grid, cv=2).fit(TEXTS, LABELS)
    lesson = trace(search, TEXTS)
    assert lesson.title.endswith("LSTMClassifier")
    assert not lesson.missing


def test_faults(pipe):
    with pytest.raises(NotFittedError):
        trace(small_pipe(), TEXTS)
    with pytest.raises(ValueError, match="missing"):
        trace(pipe, [*TEXTS[:3], None])


def test_in_a_notebook(pipe):
    shown = trace(pipe, TEXTS)._repr_html_()
    assert shown.startswith("<iframe")
    assert "&quot;application/json&quot;" in shown or "application/json" in shown
    assert "lesson.html" in repr(trace(pipe, TEXTS))


def test_wrong_examples_are_errors(pipe):
    with pytest.raises(TypeError, match="examples is one text"):
        trace(pipe, TEXTS, examples="the film was bad")
    with pytest.raises(TypeError, match="expects str"):
        trace(pipe, TEXTS, examples=[1, 2])
    with pytest.raises(ValueError, match="inconsistent"):
        trace(pipe, TEXTS, LABELS[:3])
    lesson = trace(pipe, TEXTS, examples=[])
    assert "No examples were given." in str(lesson)


def test_what_is_missing_is_said_and_takes_no_notes():
    foreign = make_pipeline(TfidfVectorizer(), RidgeClassifier())
    lesson = trace(foreign.fit(TEXTS, LABELS), TEXTS)
    assert data_of(lesson._page(False, {}))["subtitle"].startswith("No training: ")
    with pytest.raises(ValueError, match="notes are for flow and insight"):
        lesson._page(False, {"training": "Look."})
    logistic = make_pipeline(TfidfVectorizer(), LogisticRegression())
    said = str(trace(logistic.fit(TEXTS, LABELS), TEXTS))
    assert "    from sklearn.callback import ScoringMonitor\n" in said


@pytest.mark.parametrize("quiz", [["ab", "cd"], [("q", "")], 1, None, [("q",)]])
def test_questions_have_answers(pipe, quiz):
    with pytest.raises(ValueError, match="pairs"):
        trace(pipe, TEXTS)._page(quiz, {})


def test_long_titles_stay_within_80_columns():
    steps = [FunctionTransformer() for _ in range(9)]
    model = make_pipeline(*steps, TfidfVectorizer(), LogisticRegression())
    lesson = trace(model.fit(TEXTS, LABELS), TEXTS)
    assert max(map(len, str(lesson).splitlines()[:2])) <= 80
