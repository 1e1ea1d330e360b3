"""TrainingTrace: where its numbers come from, and how it shows them."""

import math

import numpy as np
import pytest
from sklearn.callback import ScoringMonitor
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    BiLSTMClassifier,
    LSTMClassifier,
    LSTMLanguageModel,
    LSTMRegressor,
    TextTokenizer,
    WordVectors,
    make_baseline,
    make_windows,
)
from sklstm.datasets import make_reviews, make_seasonal
from sklstm.inspection._observations import observe
from sklstm.inspection._training_trace import NUMBERS, Run, TrainingTrace

SCORES = ["neg_log_loss", "accuracy"]
SMALL = {"embedding_dim": 8, "hidden_size": 8, "random_state": 0}


def trace(model):
    return TrainingTrace.from_estimator(model)


def losses(*values, start=1, name="train_loss"):
    return [{"epoch": i, name: value} for i, value in enumerate(values, start=start)]


def run_of(rows, best=None, name="fit", unit="epoch"):
    said = tuple(observe(rows, best, None, unit))
    return Run(name, unit, tuple(rows), best, None, None, said)


@pytest.fixture(scope="module")
def reviews():
    return make_reviews(120, random_state=0)


@pytest.fixture(scope="module")
def numbers():
    return make_classification(120, random_state=0)


@pytest.fixture(scope="module")
def stopped(reviews):
    """A pipeline whose training validated."""
    net = BiLSTMClassifier(max_epochs=5, lr=0.02, early_stopping=True, **SMALL)
    return make_pipeline(TextTokenizer(), net).fit(*reviews)


def monitored(**params):
    monitor = ScoringMonitor(scoring=SCORES)
    model = LogisticRegression(**params).set_callbacks(monitor)
    return make_pipeline(StandardScaler(), model)


# -- where the numbers come from


def test_a_classifier(reviews):
    texts, labels = reviews
    model = make_pipeline(TextTokenizer(), LSTMClassifier(max_epochs=3, **SMALL))
    (run,) = trace(model.fit(texts, labels)).runs
    history = model[-1].history_
    assert (run.name, run.unit, run.best, run.n_classes) == ("fit", "epoch", None, 2)
    assert run.n_rows == history[-1]["rows"]
    wanted = ("epoch", "train_loss", "train_accuracy")
    assert list(run.rows) == [{name: row[name] for name in wanted} for row in history]
    assert len(run.observations) == 3
    assert "guessing (ln 2 = 0.693)" in run.observations[0]
    assert trace(model[-1]).runs == (run,)


def test_early_stopping(stopped):
    (run,) = trace(stopped).runs
    net = stopped[-1]
    assert run.best == net.best_epoch_
    assert [row["valid_loss"] for row in run.rows] == [
        row["valid_loss"] for row in net.history_
    ]
    kept = [i for i, said in enumerate(run.observations, 1) if "are kept" in said]
    assert kept == [run.best]


def test_a_regressor():
    X, y, _ = make_windows(make_seasonal(120, random_state=0), n_steps=12)
    model = LSTMRegressor(max_epochs=2, hidden_size=8, random_state=0).fit(X, y)
    (run,) = trace(model).runs
    assert run.n_classes is None
    assert set(run.rows[0]) == {"epoch", "train_loss"}
    assert run.observations[0] == f"starts at {run.rows[0]['train_loss']:.4g}"
    assert "loss by epoch   o training" in str(trace(model))


def test_a_language_model(reviews):
    model = LSTMLanguageModel(max_epochs=2, **SMALL).fit(reviews[0])
    (run,) = trace(model).runs
    assert run.n_classes == len(model.classes_)
    assert f"ln {run.n_classes} = {math.log(run.n_classes):.3f}" in run.observations[0]


def test_labels_beside_one_another_are_not_guessed_from():
    X, y = make_multilabel_classification(60, random_state=0)
    perceptron = MLPClassifier((4,), max_iter=3, early_stopping=True, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        perceptron.fit(X, y)
    net = LSTMClassifier(input_type="series", max_epochs=1, hidden_size=4)
    for model in (perceptron, net.fit(X, y)):
        assert trace(model).runs[0].n_classes is None


def test_the_baseline(reviews):
    texts, labels = reviews
    words = sorted({word for text in texts for word in text.split()})
    vectors = WordVectors(words, np.random.RandomState(0).normal(size=(len(words), 5)))
    monitor = ScoringMonitor(scoring=SCORES)
    baseline = make_baseline(vectors, callbacks=[monitor]).fit(texts, labels)
    (run,) = trace(baseline).runs
    assert (run.unit, run.best, run.n_rows) == ("iteration", None, None)
    assert [row["epoch"] for row in run.rows] == [
        *range(1, baseline[-1].n_iter_[0] + 1)
    ]
    last = run.rows[-1]
    final = log_loss(labels, baseline.predict_proba(texts))
    assert last["train_loss"] == pytest.approx(final, rel=1e-6)
    assert last["train_accuracy"] == baseline.score(texts, labels)
    assert trace(baseline)._page_data()["unit"] == "iteration"


def test_the_most_recent_fit_of_a_monitor(numbers):
    X, y = numbers
    model = monitored().fit(X, y)
    before = trace(model).runs[0].rows
    after = trace(model.fit(X[:50], y[:50])).runs[0].rows
    assert before != after
    final = log_loss(y[:50], model.predict_proba(X[:50]))
    assert after[-1]["train_loss"] == pytest.approx(final, rel=1e-6)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_search_shows_its_refit(numbers, n_jobs):
    X, y = numbers
    grid = {"logisticregression__C": [0.01, 1.0, 100.0]}
    search = GridSearchCV(monitored(), grid, cv=2, n_jobs=n_jobs).fit(X, y)
    (run,) = trace(search).runs
    assert len(run.rows) == search.best_estimator_[-1].n_iter_[0]
    final = log_loss(y, search.predict_proba(X))
    assert run.rows[-1]["train_loss"] == pytest.approx(final, rel=1e-6)


def test_a_search_over_a_net(reviews):
    net = make_pipeline(TextTokenizer(), LSTMClassifier(max_epochs=2, **SMALL))
    search = GridSearchCV(net, {"lstmclassifier__lr": [0.01, 0.1]}, cv=2)
    (run,) = trace(search.fit(*reviews)).runs
    history = search.best_estimator_[-1].history_
    assert [r["train_loss"] for r in run.rows] == [r["train_loss"] for r in history]


def test_the_folds_of_cross_validate(reviews):
    net = make_pipeline(TextTokenizer(), LSTMClassifier(max_epochs=2, **SMALL))
    result = cross_validate(net, *reviews, cv=3, return_estimator=True)
    found = trace(result)
    assert [run.name for run in found.runs] == ["fold 1", "fold 2", "fold 3"]
    for run, model in zip(found.runs, result["estimator"], strict=True):
        assert run.rows == trace(model).runs[0].rows


def test_folds_that_share_a_monitor(numbers):
    X, y = numbers
    model = monitored().fit(X[:30], y[:30])  # an older fit in the same log
    folds = StratifiedKFold(3)
    result = cross_validate(model, X, y, cv=folds, return_estimator=True)
    runs = trace(result).runs
    for run, (rows, _), fitted in zip(
        runs, folds.split(X, y), result["estimator"], strict=True
    ):
        final = log_loss(y[rows], fitted.predict_proba(X[rows]))
        assert run.rows[-1]["train_loss"] == pytest.approx(final, rel=1e-6)


def test_a_monitor_of_accuracy_alone(numbers):
    model = LogisticRegression().set_callbacks(ScoringMonitor(scoring="accuracy"))
    found = trace(model.fit(*numbers))
    assert set(found.runs[0].rows[0]) == {"epoch", "train_accuracy"}
    assert set(found.runs[0].observations[1:]) == {""}
    assert "accuracy" in found.runs[0].observations[0]
    assert "loss by" not in str(found)
    assert found.to_frame()["train_loss"].isna().all()


def test_perceptrons(numbers):
    X, y = numbers
    model = MLPClassifier((8,), early_stopping=True, n_iter_no_change=3, random_state=0)
    (run,) = trace(model.fit(X, y)).runs
    assert [row["train_loss"] for row in run.rows] == model.loss_curve_
    assert [row["valid_accuracy"] for row in run.rows] == model.validation_scores_
    assert run.rows[run.best - 1]["valid_accuracy"] == model.best_validation_score_
    assert run.n_rows == 108  # a tenth validates
    regressor = MLPRegressor(
        hidden_layer_sizes=(8,), tol=1, n_iter_no_change=1, random_state=0
    )
    (run,) = trace(regressor.fit(X, y.astype(float))).runs
    assert (run.best, run.n_rows, run.n_classes) == (None, 120, None)
    assert [row["train_loss"] for row in run.rows] == regressor.loss_curve_


def test_names_of_runs(numbers, stopped):
    model = monitored().fit(*numbers)
    names = {
        "dict": [run.name for run in trace({"net": stopped, 2: model}).runs],
        "classes": [run.name for run in trace([stopped, model]).runs],
        "alike": [run.name for run in trace([stopped, stopped]).runs],
    }
    assert names == {
        "dict": ["net", "2"],
        "classes": ["BiLSTMClassifier", "LogisticRegression"],
        "alike": ["model 1", "model 2"],
    }


# -- what cannot be traced


@pytest.mark.parametrize(
    "model",
    [
        LSTMClassifier(),
        make_pipeline(TextTokenizer(), LSTMClassifier()),
        GridSearchCV(LSTMClassifier(), {}),
        [LogisticRegression()],
    ],
)
def test_unfitted(model):
    with pytest.raises(NotFittedError):
        trace(model)


def test_the_line_to_add(numbers):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=2.0))
    with pytest.raises(ValueError) as caught:
        trace(model.fit(*numbers))
    said = str(caught.value)
    scorer = 'ScoringMonitor(scoring=["neg_log_loss", "accuracy"])'
    assert f"LogisticRegression(C=2.0).set_callbacks({scorer})" in said
    assert f"make_baseline(vectors, callbacks=[{scorer}])" in said
    _, imported, line, *_ = (line.strip() for line in said.splitlines())
    scope = {"LogisticRegression": LogisticRegression}
    exec(f"{imported}\nmodel = {line}", scope)
    assert trace(scope["model"].fit(*numbers)).runs[0].unit == "iteration"


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize(
    ("model", "match"),
    [
        (StandardScaler(), "StandardScaler keeps no losses that can be traced"),
        (MLPClassifier((2,), solver="lbfgs", max_iter=999), "solver='adam'"),
        (GridSearchCV(LogisticRegression(), {}, refit=False), "refit=True"),
    ],
)
def test_others_say_what_can_be_traced(numbers, model, match):
    with pytest.raises(ValueError, match=match):
        trace(model.fit(*numbers))


def test_monitors_that_saw_nothing(numbers):
    X, y = numbers
    late = LogisticRegression().fit(X, y)
    late.set_callbacks(ScoringMonitor(scoring=SCORES))
    with pytest.raises(ValueError, match="set before the fit"):
        trace(late)
    with pytest.warns(UserWarning, match="Callbacks are only supported"):
        other = monitored(solver="newton-cg").fit(X, y)
    with pytest.raises(ValueError, match=r"LogisticRegression\(\)\.set_callbacks"):
        trace(other)
    unscored = LogisticRegression().set_callbacks(ScoringMonitor(scoring="f1"))
    with pytest.raises(ValueError, match="right scores"):
        trace(unscored.fit(X, y))
    result = cross_validate(monitored(), X, y, cv=2, n_jobs=2, return_estimator=True)
    with pytest.raises(ValueError, match="n_jobs=None"):
        trace(result)


@pytest.mark.parametrize(
    ("model", "match"),
    [
        ({"fit_time": [1.0], "test_score": [1.0]}, "return_estimator=True"),
        ([], "no model"),
        ({}, "no model"),
    ],
)
def test_no_models(model, match):
    with pytest.raises(ValueError, match=match):
        trace(model)


# -- text


def test_text_of_one_run(stopped):
    found = trace(stopped)
    lines = str(found).splitlines()
    (run,) = found.runs
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"fit: {len(run.rows)} epochs on {run.n_rows} rows")
    assert lines[0].endswith(f"weights of epoch {run.best} kept")
    assert "o training   x validation" in lines[2]
    for row in run.rows:
        written = "  ".join(f"{row[name]:.4f}" for name in NUMBERS)
        (line,) = [line for line in lines if line.split()[:1] == [str(row["epoch"])]][
            -1:
        ]
        assert line.split()[:5] == [str(row["epoch"]), *written.split()]


# -- frame, figure, page


def test_frame(stopped, numbers):
    models = {"net": stopped, "baseline": monitored().fit(*numbers)}
    found = trace(models)
    frame = found.to_frame()
    assert list(frame) == ["run", "epoch", *NUMBERS, "observation"]
    assert set(frame.dtypes[list(NUMBERS)]) == {np.dtype("float64")}
    for run in found.runs:
        part = frame[frame["run"] == run.name]
        assert part["epoch"].tolist() == [row["epoch"] for row in run.rows]
        for name in NUMBERS:
            np.testing.assert_array_equal(part[name], run.column(name))
        assert tuple(part["observation"]) == run.observations


def test_page_data(stopped):
    found = trace(stopped)
    data = found._page_data()
    assert list(data) == ["note", "unit", "runs"]
    (run,), (page,) = found.runs, data["runs"]
    assert {k: page[k] for k in ("name", "n_rows", "best")} == {
        "name": "fit",
        "n_rows": run.n_rows,
        "best": run.best,
    }
    for row, shown, said in zip(run.rows, page["rows"], run.observations, strict=True):
        assert shown == {**row, "observation": said}
    short = TrainingTrace((run_of(losses(1.0)),))._page_data()["runs"][0]
    assert short["rows"][0]["valid_accuracy"] is None
    assert (short["n_rows"], short["best"]) == (None, None)


def test_plot(stopped):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    found = trace(stopped)
    (run,) = found.runs
    ax = found.plot()
    train, valid, kept = ax.lines
    np.testing.assert_array_equal(train.get_ydata(), run.column("train_loss"))
    np.testing.assert_array_equal(valid.get_ydata(), run.column("valid_loss"))
    assert (train.get_linestyle(), valid.get_linestyle()) == ("-", "--")
    assert list(kept.get_xdata()) == [run.best]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    assert found.plot(ax) is ax
    assert len(ax.lines) == 6
    several = trace([stopped, stopped]).plot(plt.figure().subplots())
    labels = [text.get_text() for text in several.get_legend().get_texts()]
    assert labels[:2] == ["model 1: training", "model 1: validation"]
    assert several.lines[0].get_color() != several.lines[3].get_color()
    no_loss = run_of([{"epoch": 1, "train_accuracy": 0.5}])
    assert not TrainingTrace((no_loss,)).plot(plt.figure().subplots()).lines
    plt.close("all")
