"""PipelineTrace: every shape and value is what the pipeline really computes."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

import sklstm
from sklstm import (
    LSTMClassifier,
    LSTMLanguageModel,
    SequencePadder,
    TextTokenizer,
    make_baseline,
    train_vectors,
)
from sklstm.datasets import make_reviews
from sklstm.inspection import PipelineTrace
from sklstm.inspection._values import describe, text_of

TEXTS, LABELS = make_reviews(60, random_state=0)
NETS = [name for name in sklstm.__all__ if name.endswith(("Classifier", "Regressor"))]
SERIES = np.random.default_rng(0).normal(size=(20, 10, 5))


def flow_of(estimator, X, **options):
    return PipelineTrace.from_estimator(estimator, X, **options)


def stage_named(trace, name):
    (found,) = [stage for stage in trace.stages if stage.name == name]
    return found


# -- the package's own estimators


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("kind", ["tokens", "padded", "series"])
def test_every_net(name, kind):
    net = getattr(sklstm, name)(max_epochs=1, hidden_size=4, random_state=0)
    y = LABELS[:20] if "Classifier" in name else np.arange(20.0)
    X, before = SERIES, []
    if kind != "series":
        X, before = TEXTS[:20], [TextTokenizer(), SequencePadder()]
        before = before[: 1 + (kind == "padded")]
    pipe = make_pipeline(*before, net).fit(X, y)
    trace = flow_of(pipe, X)
    assert [s.name for s in trace.stages if s.level == 0] == [n for n, _ in pipe.steps]
    flowing = X
    for stage, (_, step) in zip(
        [s for s in trace.stages if s.level == 0], pipe.steps, strict=True
    ):
        assert stage.input == describe(flowing)
        flowing = step.predict(flowing) if step is net else step.transform(flowing)
        assert stage.output == describe(flowing)
    layers = [stage for stage in trace.stages if stage.level == 1]
    n_learned = sum(weight.numel() for weight in net.net_.module_.parameters())
    assert sum(stage.n_parameters for stage in layers) == n_learned
    assert trace.stages[-len(layers) - 1].n_parameters == n_learned
    for stage in layers:
        if stage.formula:
            formula = stage.formula.replace("×", "*").replace(",", "")
            assert eval(formula) == stage.n_parameters
    steps = {"tokens": "3..15", "padded": "15", "series": "10"}[kind]
    (recurrent,) = (s for s in layers if s.kind[:3] in ("RNN", "GRU", "LST"))
    assert recurrent.output.dims == ("20", steps, "8" if "Bi" in name else "4")
    answers = net.predict_proba if "Classifier" in name else net.predict
    given = pipe[:-1].transform(X) if before else X
    assert layers[-1].output.rows == tuple(map(text_of, answers(given[:3])))
    pooled = stage_named(trace, "pooling").output.rows
    assert pooled == tuple(map(text_of, net.transform(given[:3])))


def test_the_system_it_grew_from():
    """Tokens (n, 10) -> embedding (n, 10, 50) -> LSTM (n, 64) -> dense -> softmax."""
    pipe = make_pipeline(
        TextTokenizer(),
        SequencePadder(max_length=10),
        LSTMClassifier(pooling="last", max_epochs=1),
    ).fit(TEXTS, LABELS)
    shapes = {s.name: s.output.shape for s in flow_of(pipe, TEXTS).stages}
    assert shapes["sequencepadder"] == "(60, 10)"
    assert shapes["embedding"] == "(60, 10, 50)"
    assert shapes["LSTM"] == "(60, 10, 64)"
    assert shapes["pooling"] == "(60, 64)"
    assert shapes["dense"] == shapes["softmax"] == "(60, 2)"
    lstm = stage_named(flow_of(pipe, TEXTS), "LSTM")
    assert lstm.n_parameters == 29_696
    assert lstm.formula == "4 × (50 × 64 + 64 × 64 + 2 × 64)"


def test_words_stand_above_their_ids():
    tokenizer = TextTokenizer().fit(["a good film", "bad"])
    (stage,) = flow_of(tokenizer, ["bad film", "zzz a"]).stages
    assert stage.output.type == "TokenArray"
    assert stage.output.shape == "(2, 2)"
    assert stage.output.words == ("bad film", "<unk> a")
    ids = tokenizer.vocabulary_
    assert stage.output.rows == (f"{ids['bad']} {ids['film']}", f"1 {ids['a']}")
    ragged = flow_of(tokenizer, ["bad film", "a"]).stages[0].output
    assert ragged.shape == "(2, 1..2)"


@pytest.mark.parametrize("tokenized", [False, True])
def test_the_baseline_opens_into_tokens_lookup_and_pooling(tokenized):
    vectors = train_vectors([t.split() for t in TEXTS], vector_size=7, min_count=1)
    pipe = make_baseline(vectors)
    if tokenized:
        pipe.steps.insert(0, ("tokens_of", TextTokenizer()))
    trace = flow_of(pipe.fit(TEXTS, LABELS), TEXTS)
    lengths = [len(row) for row in TextTokenizer().fit_transform(TEXTS)]
    span = f"{min(lengths)}..{max(lengths)}"
    assert stage_named(trace, "tokens").output.dims == ("60", span)
    assert stage_named(trace, "lookup").output.dims == ("60", span, "7")
    assert stage_named(trace, "pooling").output.dims == ("60", "7")
    last = trace.stages[-1]
    assert (last.n_parameters, last.formula) == (8, "1 × 7 + 1")


def test_a_language_model_opens_too():
    model = LSTMLanguageModel(
        embedding_dim=6, hidden_size=8, num_layers=2, max_epochs=1, random_state=0
    ).fit(list(TEXTS))
    trace = flow_of(model, list(TEXTS))
    layers = [stage for stage in trace.stages if stage.level == 1]
    n_learned = sum(weight.numel() for weight in model.net_.module_.parameters())
    assert sum(stage.n_parameters or 0 for stage in layers) == n_learned
    names = ["tokenizer_", "embedding", "LSTM 1", "LSTM 2", "projection", "dense"]
    assert [stage.name for stage in layers] == [*names, "softmax"]
    best = model.predict_proba(list(TEXTS[:1]))[0].argmax()
    assert layers[-1].output.rows[0].startswith(f"{model.classes_[best]} ")


# -- foreign pipelines


def foreign():
    frame = pd.DataFrame(
        {"text": TEXTS, "price": np.arange(60.0), "city": ["a", "b", "c"] * 20}
    )
    columns = make_column_transformer(
        (TfidfVectorizer(), "text"),
        (make_pipeline(StandardScaler(), PCA(1)), ["price"]),
        (OneHotEncoder(), ["city"]),
        ("drop", []),
    )
    words = FeatureUnion([("words", CountVectorizer()), ("skipped", "drop")])
    yield make_pipeline(TfidfVectorizer(), LinearSVC()), TEXTS
    net = MLPClassifier((4, 3))
    yield make_pipeline(CountVectorizer(), TruncatedSVD(3), net), TEXTS
    yield make_pipeline(columns, LogisticRegression()), frame
    inner = make_pipeline(words, SelectKBest(k=5))
    yield Pipeline([("inner", inner), ("none", None)]), TEXTS
    yield make_pipeline(words, "passthrough", RandomForestClassifier(5)), TEXTS
    matrix = SERIES[:, :, 0]
    yield make_pipeline(FunctionTransformer(), StandardScaler(), Ridge()), matrix


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("case", range(6))
def test_foreign_pipelines(case):
    pipe, X = list(foreign())[case]
    y = SERIES[:, 0, 0] if X.ndim == 2 and isinstance(X, np.ndarray) else LABELS
    pipe.fit(X, y)
    trace = flow_of(pipe, X, max_rows=15)
    flowing = X[:15]
    steps = [step for step in pipe.steps if step[1] not in (None, "passthrough")]
    top = [stage for stage in trace.stages if stage.level == 0]
    assert [stage.name for stage in top] == [name for name, _ in steps]
    for stage, (_, step) in zip(top, steps, strict=True):
        assert stage.kind == type(step).__name__
        assert stage.input == describe(flowing)
        last = hasattr(step, "predict")
        flowing = step.predict(flowing) if last else step.transform(flowing)
        assert stage.output == describe(flowing)
    assert trace.n_rows == min(15, len(X))
    assert trace.remark.startswith("The first 15 of")
    assert len(trace.to_frame()) == len(trace.stages)


def test_branches_are_run_on_their_columns():
    _, _, (pipe, X), *_ = foreign()
    trace = flow_of(pipe.fit(X, LABELS), X)
    assert [(s.level, s.kind) for s in trace.stages] == [
        (0, "ColumnTransformer"),
        (1, "TfidfVectorizer"),
        (1, "Pipeline"),
        (2, "StandardScaler"),
        (2, "PCA"),
        (1, "OneHotEncoder"),
        (0, "LogisticRegression"),
    ]
    fitted = pipe[0].named_transformers_
    words = fitted["tfidfvectorizer"].transform(X["text"])
    assert trace.stages[1].output == describe(words)
    assert trace.stages[1].output.density == words.nnz / np.prod(words.shape)
    prices = fitted["pipeline"].transform(X[["price"]])
    assert trace.stages[4].output == describe(prices)


def test_searches_and_frozen_estimators_are_opened():
    pipe = make_pipeline(TfidfVectorizer(), LogisticRegression())
    search = GridSearchCV(pipe, {"logisticregression__C": [1, 2]}, cv=2)
    search.fit(TEXTS, LABELS)
    names = ["tfidfvectorizer", "logisticregression"]
    assert [stage.name for stage in flow_of(search, TEXTS).stages] == names
    frozen = FrozenEstimator(search.best_estimator_)
    assert [stage.name for stage in flow_of(frozen, TEXTS).stages] == names
    search = clone(search).set_params(refit=False).fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match="refit=True"):
        flow_of(search, TEXTS)


def test_unfitted_estimators_are_refused():
    for unfitted in (
        make_pipeline(TextTokenizer(), LSTMClassifier()),
        GridSearchCV(Ridge(), {"alpha": [1]}),
        Ridge(),
    ):
        with pytest.raises(NotFittedError):
            flow_of(unfitted, TEXTS)


def test_a_trace_reads_and_does_not_change():
    pipe = make_pipeline(TextTokenizer(), LSTMClassifier(max_epochs=1, random_state=0))
    before = pipe.fit(TEXTS, LABELS).predict_proba(TEXTS)
    flow_of(pipe, TEXTS)
    np.testing.assert_array_equal(pipe.predict_proba(TEXTS), before)


def test_values_can_be_hidden():
    texts = ["secretive words", "and furtive"] * 30
    pipe = make_pipeline(TextTokenizer(max_features=1), LSTMClassifier(max_epochs=1))
    trace = flow_of(pipe.fit(texts, LABELS), texts, show_values=False)
    assert "75.0% of the tokens are unknown" in trace.warnings[0]
    for shown in (str(trace), trace._page(), trace.to_frame().to_string()):
        assert "secretive" not in shown
        assert "furtive" not in shown
    assert trace.stages[0].output.shape == "(60, 2)"


@pytest.mark.parametrize("container", ["default", "pandas"])
def test_frames_flow_too(container):
    pipe = make_pipeline(StandardScaler(), Ridge()).set_output(transform=container)
    X = pd.DataFrame(SERIES[:, :3, 0], columns=["a", "b", "c"])
    trace = flow_of(pipe.fit(X, X["a"]), X)
    assert trace.stages[0].input.type == "DataFrame"
    assert trace.stages[0].input.rows[0].startswith("a=")
    assert trace.stages[1].input.shape == "(20, 3)"


@pytest.mark.parametrize(
    ("X", "dims", "dtype"),
    [
        (np.zeros((3, 2), np.float32), ("3", "2"), "float32"),
        (np.zeros((4, 0)), ("4", "0"), "float64"),
        (["a", ""], ("2",), "str"),
        ([], ("0",), "object"),
        ([None, "x", float("nan")], ("3",), "str"),
        ([1, "a"], ("2",), "mixed"),
        ([[1, 2], [3]], ("2", "1..2"), "int64"),
        ([[], []], ("2", "0"), "object"),
        ([[[1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]]], ("2", "1..2", "2"), "float64"),
        (pd.Series(["a", "b"]), ("2",), "str"),
        (pd.Series([1, 2], dtype="Int64"), ("2",), "Int64"),
        (pd.Series(["a", "b"], dtype="category"), ("2",), "category"),
        (pd.DataFrame({"a": [1], "b": ["x"]}), ("1", "2"), "mixed"),
        (pd.DataFrame(index=range(3)), ("3", "0"), "object"),
        (np.array([["a", 1]], object), ("1", "2"), "object"),
        (np.array(["aa", "b"]), ("2",), "str"),
        (None, (), ""),
    ],
)
def test_data_of_all_kinds_is_described(X, dims, dtype):
    values = describe(X)
    assert (values.dims, values.dtype) == (dims, dtype)
    assert values.shape.startswith("(")


@pytest.mark.parametrize(
    "texts",
    [
        ["", " ", "a"],
        ["🎬🎬 great 👍🏽", "so 😡", "a"],
        ["שלום עולם", "مرحبا بالعالم", "a"],
        ["<script>alert(1)</script>", "</script>", "a\x00b\x1b[31m"],
        ["word " * 500, "x" * 5000, "a\nb\tc"],
    ],
)
def test_odd_texts_are_written_in_80_columns(texts):
    pipe = make_pipeline(TextTokenizer(), LSTMClassifier(max_epochs=1))
    trace = flow_of(pipe.fit([*texts, "b"], [0, 1, 0, 1]), texts)
    for line in str(trace).splitlines():
        assert len(line) <= 80
        assert "\x1b" not in line
    assert "<script>alert" not in trace._page()


def test_many_columns():
    X = pd.DataFrame(np.zeros((5, 300)), columns=[f"column {i}" for i in range(300)])
    trace = flow_of(StandardScaler().fit(X), X)
    assert trace.stages[0].output.dims == ("5", "300")
    assert max(map(len, str(trace).splitlines())) <= 80


def test_saved_and_shown(tmp_path):
    trace = flow_of(StandardScaler().fit(SERIES[:, :, 0]), SERIES[:, :, 0])
    path = trace.save(tmp_path / "flow.html")
    assert "standardscaler" in path.read_text("utf-8")
    assert trace._repr_html_().startswith("<iframe")
    assert "PipelineTrace" in repr(trace)


def test_plot():
    plt = pytest.importorskip("matplotlib.pyplot")
    trace = flow_of(StandardScaler().fit(SERIES[:, :, 0]), SERIES[:, :, 0])
    ax = trace.plot()
    assert trace.plot(ax) is ax
    texts = [text.get_text() for text in ax.texts]
    assert "standardscaler" in texts
    assert "ndarray (20, 10)" in texts
    plt.close(ax.figure)


# -- what a stranger found


def test_steps_that_can_predict_but_hand_on_what_they_transform():
    X = SERIES[:, :, 0]
    y = np.arange(20) % 2
    pipe = make_pipeline(StandardScaler(), KMeans(3, random_state=0), Ridge())
    trace = flow_of(pipe.fit(X, y), X)
    assert trace.stages[1].output == describe(pipe[:2].transform(X))
    net = LSTMClassifier(max_epochs=1, hidden_size=4, random_state=0)
    texts = make_pipeline(TextTokenizer(), net, StandardScaler(), LogisticRegression())
    trace = flow_of(texts.fit(TEXTS, LABELS), TEXTS)
    names = [stage.name for stage in trace.stages]
    assert names[1:5] == ["lstmclassifier", "embedding", "LSTM", "pooling"]
    assert names[5:] == ["standardscaler", "logisticregression"]
    assert trace.stages[1].output == describe(texts[:2].transform(TEXTS))
    branch = FeatureUnion([("words", CountVectorizer()), ("net", texts[:2])])
    model = make_pipeline(branch, LogisticRegression()).fit(TEXTS, LABELS)
    assert stage_named(flow_of(model, TEXTS), "lstmclassifier").output.dims == (
        "60",
        "4",
    )


@pytest.mark.parametrize(
    "ids", [[[1, 2], [3], [2, 3, 4]] * 3, [[[1.0, 2.0]], [[0.5, 1.0], [2.0, 1.0]]] * 4]
)
def test_ragged_lists(ids):
    model = LSTMClassifier(max_epochs=1, hidden_size=4)
    trace = flow_of(model.fit(ids, [0, 1, 0, 1, 0, 1, 0, 1, 0][: len(ids)]), ids)
    assert stage_named(trace, "LSTM").output.dims[1].startswith("1..")


def test_frames_between_the_steps():
    net = LSTMClassifier(max_epochs=1, hidden_size=4, random_state=0)
    pipe = make_pipeline(TextTokenizer(), net).set_output(transform="pandas")
    trace = flow_of(pipe.fit(TEXTS, LABELS), TEXTS)
    assert len(stage_named(trace, "pooling").output.rows) == 3


def test_containers_of_all_kinds():
    pyarrow = pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    pipe = make_pipeline(TextTokenizer(), LSTMClassifier(max_epochs=1, hidden_size=4))
    pipe.fit(TEXTS, LABELS)
    for X in (
        pyarrow.table({"t": list(TEXTS)}),
        pyarrow.array(list(TEXTS)),
        polars.Series(list(TEXTS)),
        polars.DataFrame({"t": list(TEXTS)}),
        pd.Index(TEXTS),
        tuple(TEXTS),
    ):
        assert flow_of(pipe, X).n_rows == 60
    matrix = sparse.random(20, 5, density=0.5, random_state=0)
    scaler = StandardScaler(with_mean=False).fit(matrix.tocsr())
    for X in (matrix, matrix.todia(), matrix.tobsr(), matrix.tolil()):
        assert flow_of(scaler, X).stages[0].output.density == 0.5


@pytest.mark.parametrize("max_rows", [0, -1, 2.5, "all"])
def test_how_many_rows(max_rows):
    model = StandardScaler().fit(SERIES[:, :, 0])
    with pytest.raises(ValueError, match="max_rows"):
        flow_of(model, SERIES[:, :, 0], max_rows=max_rows)


def test_long_names_stay_within_80_columns():
    steps = [("a" * 100, StandardScaler()), ("b" * 90, Ridge())]
    trace = flow_of(
        Pipeline(steps).fit(SERIES[:, :, 0], np.arange(20)), SERIES[:, :, 0]
    )
    assert max(map(len, str(trace).splitlines())) <= 80
