"""PredictionTrace: every number is what the model really computes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import LinearSVC

import sklstm
from sklstm import (
    LSTMClassifier,
    LSTMLanguageModel,
    LSTMRegressor,
    PretrainedEmbeddingAverager,
    SequencePadder,
    TextTokenizer,
    make_baseline,
    train_vectors,
)
from sklstm.datasets import make_reviews
from sklstm.inspection import PredictionTrace, worst_predictions
from sklstm.inspection._values import text_of

TEXTS, LABELS = make_reviews(120, random_state=0)
THREE = np.array(["good", "bad", "so so"])[np.arange(120) % 3]
NETS = [name for name in sklstm.__all__ if name.endswith(("Classifier", "Regressor"))]
SERIES = np.random.default_rng(0).normal(size=(20, 10, 5))
VECTORS = train_vectors([t.split() for t in TEXTS], vector_size=6, random_state=0)
TEXT = "the film was not bad at all"


def reading_of(model, X, y=None):
    (reading,) = PredictionTrace.from_estimator(model, X, y).readings
    return reading


def text_pipe(net=None, *, padder=(), **tokenizer):
    net = net or LSTMClassifier(max_epochs=2, hidden_size=8, random_state=0)
    return make_pipeline(TextTokenizer(**tokenizer), *padder, net)


# -- recurrent nets


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("kind", ["text", "series"])
def test_the_reading_is_what_the_model_says_of_each_beginning(name, kind):
    net = getattr(sklstm, name)(max_epochs=1, hidden_size=4, random_state=0)
    classifier = "Classifier" in name
    if kind == "text":
        y = THREE if classifier else np.arange(120.0)
        model = text_pipe(net).fit(TEXTS, y)
        words = TEXT.split()
        row, beginnings = [TEXT], [" ".join(words[: i + 1]) for i in range(len(words))]
    else:
        model = net.fit(SERIES, THREE[:20] if classifier else np.arange(20.0))
        row = SERIES[:1]
        beginnings = [SERIES[0, : i + 1] for i in range(10)]
    ask = model.predict_proba if classifier else model.predict
    reading = reading_of(model, row)
    expected = np.concatenate([np.atleast_1d(ask([part])) for part in beginnings])
    np.testing.assert_allclose(
        reading.reading, expected.reshape(len(beginnings), -1), atol=1e-6
    )
    result = ask(row)[0]
    np.testing.assert_allclose(reading.result, np.atleast_1d(result), atol=1e-7)
    np.testing.assert_allclose(reading.reading[-1], reading.result, atol=1e-6)
    predicted = model.predict(row)[0]
    assert reading.predicted == (predicted if classifier else f"{predicted:.6g}")
    if classifier:
        logits = model.decision_function(row)[0]
        np.testing.assert_allclose(reading.logits, logits, atol=1e-5)
        np.testing.assert_allclose(reading.score, logits.max(), atol=1e-5)
    else:
        np.testing.assert_allclose(reading.score, result, rtol=1e-5, atol=1e-5)
    pooled = model.transform(row)[0]
    np.testing.assert_allclose(reading.pooled, pooled, atol=1e-6)


def test_states_follow_from_the_gates_that_are_shown():
    model = text_pipe().fit(TEXTS, LABELS)
    (layer,) = reading_of(model, [TEXT]).layers
    s = layer.signals
    before = np.vstack([np.zeros(8), s["cell state"][:-1]])
    cell = s["forget gate"] * before + s["input gate"] * s["candidate"]
    np.testing.assert_allclose(s["cell state"], cell, atol=1e-12)
    hidden = s["output gate"] * np.tanh(cell)
    np.testing.assert_allclose(s["hidden state"], hidden, atol=1e-12)


def test_the_score_of_two_classes_is_the_log_odds_of_the_predicted_one():
    model = text_pipe().fit(TEXTS, LABELS)
    reading = reading_of(model, [TEXT])
    np.testing.assert_allclose(
        reading.score, abs(model.decision_function([TEXT])[0]), atol=1e-5
    )


def test_a_word_is_left_out():
    model = text_pipe().fit(TEXTS, LABELS)
    reading = reading_of(model, [TEXT])
    words = TEXT.split()
    fall = dict(zip(words, reading.contributions[0].values, strict=True))
    shorter = model.predict_proba([" ".join(w for w in words if w != "not")])[0]
    expected = reading.result[reading.focus] - shorter[reading.focus]
    np.testing.assert_allclose(fall["not"], expected, atol=1e-6)


def test_a_step_of_numbers_gives_place_to_the_mean():
    model = LSTMRegressor(max_epochs=1, hidden_size=4, random_state=0)
    model.fit(SERIES, np.arange(20.0))
    reading = reading_of(model, SERIES[:1])
    changed = SERIES[:1].astype(np.float32)
    changed[0, 3] = changed[0].mean(axis=0)
    fall = model.predict(SERIES[:1]) - model.predict(changed)
    np.testing.assert_allclose(reading.contributions[0].values[3], fall[0], atol=1e-5)
    np.testing.assert_allclose(reading.steps[3].values, SERIES[0, 3], rtol=1e-6)


@pytest.mark.parametrize("truncating", ["post", "pre"])
@pytest.mark.parametrize("container", ["default", "pandas"])
def test_unknown_and_truncated_words_are_marked(truncating, container):
    padder = SequencePadder(max_length=3, truncating=truncating)
    pipe = text_pipe(padder=[padder]).set_output(transform=container)
    pipe.fit(TEXTS, LABELS)
    reading = reading_of(pipe, ["the film zzzz was bad"])
    words = [step.label for step in reading.steps]
    assert words == ["the", "film", "zzzz", "was", "bad"]
    marks = {
        "post": ["", "", "unknown", "cut", "cut"],
        "pre": ["cut", "cut", "unknown", "", ""],
    }
    assert [step.mark for step in reading.steps] == marks[truncating]
    assert len(reading.reading) == 3
    frame = PredictionTrace((reading,)).to_frame()
    assert frame["left out"].isna().sum() == 2


def test_words_that_only_the_vectors_know_are_known():
    net = LSTMClassifier(vectors=VECTORS, max_epochs=1, random_state=0)
    pipe = text_pipe(net, unknown="keep").fit(TEXTS[:10], LABELS[:10])
    word = next(w for w in VECTORS.words if w not in " ".join(TEXTS[:10]))
    reading = reading_of(pipe, [f"{word} zzzz"])
    assert [step.label for step in reading.steps] == [word, "zzzz"]
    assert [step.mark for step in reading.steps] == ["", "unknown"]


def test_plain_ids_have_numbers_for_names():
    ids = np.random.default_rng(0).integers(1, 9, size=(20, 4))
    model = LSTMClassifier(max_epochs=1).fit(ids, THREE[:20])
    reading = reading_of(model, ids[:1])
    assert reading.labels == [f"id {i}" for i in ids[0]]


@pytest.mark.parametrize("text", ["", "   ", "zzzz", "a"])
def test_texts_of_no_or_one_word(text):
    model = text_pipe().fit(TEXTS, LABELS)
    reading = reading_of(model, [text])
    expected = model.predict_proba([text])[0]
    np.testing.assert_allclose(reading.result, expected, atol=1e-7)
    assert len(reading.reading) == len(text.split())
    str(PredictionTrace((reading,)))
    PredictionTrace((reading,)).to_frame()


def test_several_labels_at_once():
    Y = np.column_stack([np.arange(120) % 2, np.arange(120) % 3 == 0]).astype(int)
    model = text_pipe().fit(TEXTS, Y)
    reading = reading_of(model, [TEXT])
    assert reading.outputs == ("label 0", "label 1")
    there = np.flatnonzero(model.predict([TEXT])[0])
    expected = ", ".join(f"label {i}" for i in there) or "no label"
    assert reading.predicted == expected
    expected = model.predict_proba([TEXT])[0]
    np.testing.assert_allclose(reading.result, expected, atol=1e-7)


def test_several_numbers_at_once():
    model = LSTMRegressor(max_epochs=1).fit(SERIES, SERIES[:, 0, :2])
    reading = reading_of(model, SERIES[:1], SERIES[:1, 0, :2])
    assert reading.outputs == ("output 0", "output 1")
    assert reading.reading.shape == (10, 2)


def test_inside_searches_and_pipelines_of_pipelines():
    inner = make_pipeline(SequencePadder(), LSTMClassifier(max_epochs=1))
    model = make_pipeline(make_pipeline(TextTokenizer()), inner)
    grid = {"pipeline-2__lstmclassifier__hidden_size": [3, 4]}
    search = GridSearchCV(model, grid, cv=2).fit(TEXTS, LABELS)
    reading = reading_of(search, [TEXT], ["positive"])
    assert reading.labels == TEXT.split()
    assert reading.true == "positive"
    np.testing.assert_allclose(reading.reading[-1], search.predict_proba([TEXT])[0])


def test_reading_changes_nothing():
    model = text_pipe().fit(TEXTS, LABELS)
    before = model.predict_proba(TEXTS)
    reading_of(model, [TEXT])
    np.testing.assert_array_equal(model.predict_proba(TEXTS), before)
    assert not any(w.grad is not None for w in model[-1].net_.module_.parameters())


# -- averaged word vectors


@pytest.mark.parametrize("weighting", [None, "idf", "sif"])
@pytest.mark.parametrize("oov", ["skip", "zero", "mean"])
@pytest.mark.parametrize("normalize", [False, True])
def test_contributions_add_up_to_the_score(weighting, oov, normalize):
    averager = PretrainedEmbeddingAverager(
        VECTORS, weighting=weighting, oov=oov, normalize=normalize
    )
    model = make_pipeline(averager, StandardScaler(), PCA(4), LogisticRegression())
    model.fit(TEXTS, LABELS)
    reading = reading_of(model, ["the film zzzz was bad , bad"])
    exact = reading.contributions[0]
    assert exact.name == "exact"
    score = model.decision_function(["the film zzzz was bad , bad"])[0]
    score = score if reading.focus == 1 else -score
    np.testing.assert_allclose(exact.constant + exact.values.sum(), score, atol=1e-5)
    assert [s.mark for s in reading.steps][2] == "unknown"
    if oov != "mean" and weighting != "sif":
        assert exact.values[2] == 0


@pytest.mark.parametrize("classes", [LABELS, THREE])
def test_the_baseline_word_by_word(classes):
    model = make_baseline(VECTORS).fit(TEXTS, classes)
    reading = reading_of(model, [TEXT])
    np.testing.assert_allclose(reading.result, model.predict_proba([TEXT])[0])
    np.testing.assert_allclose(reading.reading[-1], reading.result, atol=1e-6)
    half = model.predict_proba(["the film was"])[0]
    np.testing.assert_allclose(reading.reading[2], half, atol=1e-6)


def test_only_linear_models_have_exact_contributions():
    steps = PretrainedEmbeddingAverager(VECTORS), QuantileTransformer(n_quantiles=9)
    model = make_pipeline(*steps, LogisticRegression()).fit(TEXTS, LABELS)
    assert [c.name for c in reading_of(model, [TEXT]).contributions] == ["left out"]
    model = make_pipeline(steps[0], RandomForestClassifier(5, random_state=0))
    model.fit(TEXTS, LABELS)
    assert [c.name for c in reading_of(model, [TEXT]).contributions] == ["left out"]
    model = make_pipeline(steps[0], LinearSVC()).fit(TEXTS, LABELS)
    reading = reading_of(model, [TEXT])
    assert [c.name for c in reading.contributions] == ["exact", "left out"]
    assert reading.scale == "score"
    model = make_pipeline(steps[0], Ridge()).fit(TEXTS, np.arange(120.0))
    reading = reading_of(model, [TEXT])
    exact = reading.contributions[0]
    np.testing.assert_allclose(exact.constant + exact.values.sum(), reading.result[0])


@pytest.mark.parametrize("container", ["default", "pandas"])
def test_the_baseline_behind_a_tokenizer(container):
    model = make_baseline(VECTORS)
    model.steps.insert(0, ("words", TextTokenizer()))
    model.set_output(transform=container).fit(TEXTS, LABELS)
    reading = reading_of(model, [TEXT])
    assert reading.labels == TEXT.split()
    ids = model[0].vocabulary_
    assert [step.id for step in reading.steps] == [ids[word] for word in TEXT.split()]
    assert reading.contributions[0].name == "exact"


# -- language models


@pytest.mark.parametrize("backward", [False, True])
def test_the_next_words_at_each_step(backward):
    model = LSTMLanguageModel(
        embedding_dim=8, hidden_size=8, max_epochs=2, backward=backward, random_state=0
    ).fit(list(TEXTS))
    reading = reading_of(model, ["the film was"])
    words = ["the", "film", "was"][:: -1 if backward else 1]
    assert reading.labels == ["<eos>", *words]
    for i, best in enumerate(reading.next_words):
        part = words[:i][:: -1 if backward else 1]
        p = model.predict_proba([" ".join(part)])[0]
        order = np.argsort(-p)[:5]
        assert [word for word, _ in best] == model.classes_[order].tolist()
        np.testing.assert_allclose([q for _, q in best], p[order], atol=1e-6)
    assert reading.predicted == model.predict(["the film was"])[0]
    p = model.predict_proba(["the film was"])[0]
    (without,) = model.predict_proba([" ".join(sorted(words, key=TEXT.index)[1:])])
    place = reading.labels.index("the")
    np.testing.assert_allclose(
        reading.contributions[0].values[place],
        p[reading.focus] - without[reading.focus],
        atol=1e-6,
    )
    assert reading.layers[0].signals["hidden state"].shape == (4, 8)


def test_an_empty_prompt():
    model = LSTMLanguageModel(embedding_dim=4, hidden_size=4, max_epochs=1)
    reading = reading_of(model.fit(list(TEXTS)), [""])
    assert reading.labels == ["<eos>"]
    assert len(reading.next_words) == 1


# -- the trace around the readings


def test_frames_and_parts():
    model = text_pipe().fit(TEXTS, LABELS)
    trace = PredictionTrace.from_estimator(model, ["not bad", "a film"], ["x", "y"])
    assert len(trace) == 2
    assert trace[1].readings[0].title == "a film"
    assert len(trace[:1]) == 1
    frame = trace.to_frame()
    assert list(frame["step"]) == ["not", "bad", "a", "film"]
    probabilities = frame[["p(negative)", "p(positive)"]].sum(axis=1)
    np.testing.assert_allclose(probabilities, 1, atol=1e-6)
    assert max(map(len, str(trace).splitlines())) <= 80


def test_rows_of_frames_and_series():
    column = pd.Series(TEXTS[:5], index=[7, 7, 3, 2, 1])
    model = text_pipe().fit(TEXTS, LABELS)
    trace = PredictionTrace.from_estimator(model, column, pd.Series(LABELS[:5]))
    assert [r.title for r in trace.readings] == [text_of(t) for t in TEXTS[:5]]
    assert [r.true for r in trace.readings] == list(LABELS[:5])


def test_what_cannot_be_read_is_refused():
    with pytest.raises(NotFittedError):
        PredictionTrace.from_estimator(text_pipe(), TEXTS)
    foreign = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    with pytest.raises(TypeError, match="make_baseline"):
        PredictionTrace.from_estimator(foreign, TEXTS)
    model = text_pipe().fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match="y has 3"):
        PredictionTrace.from_estimator(model, TEXTS[:2], LABELS[:3])


@pytest.mark.parametrize(
    "texts",
    [
        ["", " "],
        ["🎬🎬 great 👍🏽", "so 😡"],
        ["שלום עולם", "مرحبا بالعالم"],
        ["<script>alert(1)</script>", "a\x00b\x1b[31m"],
        ["word " * 60, "x" * 500],
    ],
)
def test_odd_texts_are_shown(texts):
    model = text_pipe().fit([*TEXTS, *texts], [*LABELS, *LABELS[: len(texts)]])
    trace = PredictionTrace.from_estimator(model, texts)
    text = str(trace)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "<script>alert" not in trace._page()


def test_worst_predictions_of_a_classifier():
    model = text_pipe().fit(TEXTS, LABELS)
    worst = worst_predictions(model, TEXTS, LABELS, n=4)
    p = model.predict_proba(TEXTS)
    column = np.searchsorted(model.classes_, LABELS)
    loss = -np.log(p[np.arange(120), column])
    order = np.argsort(-loss, kind="stable")[:4]
    assert worst["row"].tolist() == order.tolist()
    np.testing.assert_allclose(worst["error"], loss[order], rtol=1e-4)
    for row, trace in zip(worst["row"], worst["trace"], strict=True):
        assert trace.readings[0].title == text_of(TEXTS[row])
    with pytest.raises(ValueError, match="not among"):
        worst_predictions(model, TEXTS, ["other"] * 120)
    with pytest.raises(ValueError, match="but y has 3"):
        worst_predictions(model, TEXTS, LABELS[:3])


def test_worst_predictions_of_a_regressor_and_the_baseline():
    model = LSTMRegressor(max_epochs=1, random_state=0).fit(SERIES, np.arange(20.0))
    worst = worst_predictions(model, SERIES, np.arange(20.0), n=2)
    off = np.abs(model.predict(SERIES) - np.arange(20.0))
    assert worst["row"].tolist() == np.argsort(-off)[:2].tolist()
    baseline = make_baseline(VECTORS).fit(TEXTS, LABELS)
    worst = worst_predictions(baseline, pd.Series(TEXTS), pd.Series(LABELS), n=200)
    assert len(worst) == 120


def test_plot():
    plt = pytest.importorskip("matplotlib.pyplot")
    model = text_pipe().fit(TEXTS, LABELS)
    trace = PredictionTrace.from_estimator(model, [TEXT, ""])
    ax = trace.plot()
    reading = trace.readings[0]
    line = ax.lines[0].get_ydata()
    np.testing.assert_array_equal(line, reading.reading[:, reading.focus])
    assert [label.get_text() for label in ax.get_xticklabels()] == TEXT.split()
    trace.plot(ax, example=1)
    with pytest.raises(IndexError, match="example=2, but the trace has 2 rows"):
        trace.plot(ax, example=2)
    plt.close(ax.figure)


# -- what a stranger found


def test_a_language_model_behind_a_transformer():
    turn = FunctionTransformer(lambda X: [" ".join(x.split()[::-1]) for x in X])
    model = LSTMLanguageModel(embedding_dim=4, hidden_size=4, max_epochs=1)
    pipe = make_pipeline(turn, model).fit(list(TEXTS))
    reading = reading_of(pipe, ["the film was"])
    assert reading.labels == ["<eos>", "was", "film", "the"]
    p = pipe.predict_proba(["the film was"])[0].max()
    np.testing.assert_allclose(reading.next_words[-1][0][1], p, atol=1e-6)


def test_a_step_that_is_left_out_at_the_end():
    net = LSTMClassifier(max_epochs=1, hidden_size=4, random_state=0)
    steps = [("t", TextTokenizer()), ("n", net), ("p", "passthrough")]
    reading = reading_of(Pipeline(steps).fit(TEXTS, LABELS), [TEXT])
    assert reading.labels == TEXT.split()


@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_steps_of_numbers_that_a_padder_cuts(truncating):
    rows = [SERIES[i, : 4 + i % 7] for i in range(20)]
    padder = SequencePadder(max_length=3, truncating=truncating)
    model = LSTMClassifier(max_epochs=1, hidden_size=4, random_state=0)
    pipe = make_pipeline(padder, model).fit(rows, THREE[:20])
    reading = reading_of(pipe, rows[6:7])  # 10 steps
    marks = ["cut"] * 7 + [""] * 3
    marks = marks if truncating == "pre" else marks[::-1]
    assert [step.mark for step in reading.steps] == marks
    kept = "step 8" if truncating == "pre" else "step 1"
    assert reading.labels[0] == kept
    np.testing.assert_allclose(reading.steps[9].values, rows[6][9], rtol=1e-6)


def test_rows_have_to_be_rows():
    model = text_pipe().fit(TEXTS, LABELS)
    for X, name in (("one text", "wrap it"), ({"a"}, "set"), (None, "NoneType")):
        with pytest.raises(TypeError, match=name):
            PredictionTrace.from_estimator(model, X)
    with pytest.raises(ValueError, match="no rows"):
        PredictionTrace.from_estimator(model, [])
    index = pd.Index([TEXT, "bad"])
    assert PredictionTrace.from_estimator(model, index).readings[1].title == "bad"


def test_worst_rows_keep_their_numbers_and_targets_their_shape():
    model = LSTMRegressor(max_epochs=1, random_state=0).fit(SERIES, np.arange(20.0))
    plain = worst_predictions(model, SERIES, np.arange(20.0), n=3)
    column = worst_predictions(model, SERIES, np.arange(20.0)[:, None], n=3)
    np.testing.assert_array_equal(plain["error"], column["error"])
    assert plain["title"].tolist() == [f"row {i}" for i in plain["row"]]
    frame = pd.DataFrame({"text": TEXTS})
    text = text_pipe().fit(frame, LABELS)
    worst = worst_predictions(text, frame, pd.DataFrame({"y": LABELS}), n=2)
    assert worst["title"].tolist() == [text_of(TEXTS[i]) for i in worst["row"]]


def test_worst_predictions_of_any_labels():
    for y in (np.arange(120) % 2 * 1.0, np.arange(120) % 2 == 0, np.arange(120) % 2):
        model = text_pipe().fit(TEXTS, y)
        assert len(worst_predictions(model, TEXTS, y, n=2)) == 2
    with pytest.raises(ValueError, match="not among the classes"):
        worst_predictions(model, TEXTS, ["0"] * 120)
    with pytest.raises(ValueError, match="1 at least"):
        worst_predictions(model, TEXTS, y, n=0)
    several = text_pipe().fit(TEXTS, np.eye(2, dtype=int)[np.arange(120) % 2])
    with pytest.raises(ValueError, match="one label for each row"):
        worst_predictions(several, TEXTS, np.eye(2)[np.arange(120) % 2])
    averager = PretrainedEmbeddingAverager(VECTORS)
    without = make_pipeline(averager, LinearSVC()).fit(TEXTS, LABELS)
    with pytest.raises(TypeError, match="predict_proba"):
        worst_predictions(without, TEXTS, LABELS)


def test_small_numbers_are_not_zeros():
    model = text_pipe().fit(TEXTS, np.array([f"class {i}" for i in range(60)] * 2))
    trace = PredictionTrace.from_estimator(model, [TEXT])
    values = trace.readings[0].contributions[0].values
    shown = trace._page_data()["readings"][0]["contributions"][0]["values"]
    np.testing.assert_array_equal(shown, values)
    assert "+0.000" not in str(trace).replace("+0.000 ", "", np.sum(values == 0))
