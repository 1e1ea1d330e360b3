"""Text pipelines as parts: of other pipelines, with routed metadata, in containers."""

import io
import pickle

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    BiLSTMClassifier,
    GRUClassifier,
    LSTMClassifier,
    SequencePadder,
    TextTokenizer,
)

# Few rows and few epochs: word dropout and a mean of the weights would take more.
SMALL = {
    "embedding_dim": 16,
    "hidden_size": 8,
    "word_dropout": 0.25,
    "average": False,
    "max_epochs": 4,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def reviews(sst2):
    """A frame of real sentences and a number that tells half of the label."""
    (texts, labels), _ = sst2
    rng = np.random.RandomState(0)
    rows = rng.permutation(len(texts))[:300]
    y = np.array(labels)[rows]
    frame = pd.DataFrame(
        {
            "text": [texts[i] for i in rows],
            "stars": 100 + 30 * ((y == "positive") + rng.randn(300)),
        },
        index=rows,
    )
    return frame, y


def branch(cls=LSTMClassifier, **params):
    return make_pipeline(
        TextTokenizer(), SequencePadder(max_length=20), cls(**{**SMALL, **params})
    )


# -- beside other features


def in_sample(final):
    """Hidden states of the rows that trained the net, beside numbers."""
    columns = make_column_transformer(
        (branch(), "text"),
        (StandardScaler(), ["stars"]),
        verbose_feature_names_out=True,
    )
    return make_pipeline(columns, final)


def cross_fitted(final):
    """Probabilities of rows that did not train the net, beside numbers."""
    text = make_pipeline(ColumnTransformer([("text", branch(), "text")]), final)
    numbers = make_pipeline(
        ColumnTransformer([("numbers", StandardScaler(), ["stars"])]), final
    )
    return StackingClassifier([("text", text), ("numbers", numbers)], final, cv=3)


def test_text_branch_beside_scaled_numbers(reviews):
    frame, y = reviews
    model = in_sample(LogisticRegression()).fit(frame, y)
    features = model[0].transform(frame)
    assert features.shape == (300, 9)
    np.testing.assert_allclose(features[:, 8].std(), 1, rtol=1e-6)
    names = model[0].get_feature_names_out()
    assert names[0] == "pipeline__lstmclassifier0"
    assert names[8] == "standardscaler__stars"
    alone = branch().fit(frame["text"], y)
    np.testing.assert_allclose(features[:, :8], alone.transform(frame["text"]))


def test_cross_fitted_branch_does_not_overfit(reviews):
    """In-sample states promise more than they keep; the difference is the gap."""
    frame, y = reviews
    gaps = {}
    for recipe in (in_sample, cross_fitted):
        scores = cross_validate(
            recipe(LogisticRegression()),
            frame,
            y,
            cv=3,
            return_train_score=True,
            error_score="raise",
        )
        assert scores["test_score"].mean() > 0.6
        gaps[recipe] = scores["train_score"].mean() - scores["test_score"].mean()
    assert gaps[cross_fitted] < gaps[in_sample]


def test_search_through_a_column_transformer(reviews):
    frame, y = reviews
    search = GridSearchCV(
        in_sample(LogisticRegression()),
        {
            "columntransformer__pipeline__lstmclassifier__hidden_size": [2, 8],
            "columntransformer__pipeline__texttokenizer__max_features": [100],
        },
        cv=2,
        n_jobs=2,
        error_score="raise",
    ).fit(frame, y)
    first, second = search.cv_results_["mean_test_score"]
    assert search.best_score_ == max(first, second)


def test_union_of_two_nets(reviews):
    frame, y = reviews
    union = FeatureUnion(
        [("lstm", branch()), ("gru", branch(BiLSTMClassifier, hidden_size=3))]
    )
    features = union.fit(frame["text"], y).transform(frame["text"])
    assert features.shape == (300, 8 + 6)
    assert features.dtype == np.float32
    model = make_pipeline(union, PCA(4), LogisticRegression()).fit(frame["text"], y)
    assert model.score(frame["text"], y) > 0.7


def test_chain_of_labels_on_features(reviews):
    """The chain appends label columns to X: to features, not to ids."""
    frame, y = reviews
    X, positive = frame["text"], y == "positive"
    many = np.c_[positive, positive & (X.str.len() > 60)].astype(int)
    net = branch().fit(X, y)
    model = make_pipeline(FrozenEstimator(net), ClassifierChain(LogisticRegression()))
    model.fit(X, many)
    assert [len(one.coef_[0]) for one in model[-1].estimators_] == [8, 9]
    found = model.predict(X)
    assert ((found == many).mean(axis=0) > 0.7).all()
    # Several labels need no chain: the net itself takes the matrix.
    assert branch().fit(X, many).predict(X).shape == (300, 2)


def test_frozen_net_is_not_trained_again(reviews):
    frame, y = reviews
    net = branch().fit(frame["text"], y)
    states = net.transform(frame["text"])
    model = make_pipeline(FrozenEstimator(net), LogisticRegression())
    model.fit(frame["text"][:50], y[:50])
    np.testing.assert_array_equal(model[0].transform(frame["text"]), states)
    assert clone(model)[0].estimator is net


# -- metadata


def test_weights_are_routed(reviews):
    frame, y = reviews
    X, weights = list(frame["text"]), np.arange(300) % 3
    expected = branch().fit(X, y, lstmclassifier__sample_weight=weights)
    plain = branch().fit(X, y)
    with config_context(enable_metadata_routing=True):
        pipe = branch()
        pipe[-1].set_fit_request(sample_weight=True)
        pipe[-1].set_score_request(sample_weight=True)
        routed = clone(pipe).fit(X, y, sample_weight=weights)
        search = GridSearchCV(pipe, {"lstmclassifier__lr": [0.005]}, cv=2)
        searched = search.fit(X, y, sample_weight=weights)
    proba = expected.predict_proba(X)
    np.testing.assert_array_equal(routed.predict_proba(X), proba)
    np.testing.assert_array_equal(searched.predict_proba(X), proba)
    assert not np.array_equal(plain.predict_proba(X), proba)


def test_validation_texts_go_through_the_pipeline(reviews):
    frame, y = reviews
    X, X_val = list(frame["text"][:250]), list(frame["text"][250:])
    with config_context(enable_metadata_routing=True):
        pipe = branch(early_stopping=True).set_params(transform_input=["X_val"])
        pipe[-1].set_fit_request(X_val=True, y_val=True)
        pipe.fit(X, y[:250], X_val=X_val, y_val=y[250:])
    net = pipe[-1]
    assert net.history_[0]["rows"] == 250, "no row is set aside"
    best = net.history_[net.best_epoch_ - 1]
    np.testing.assert_allclose(pipe.score(X_val, y[250:]), best["valid_accuracy"])
    by_hand = branch(early_stopping=True)
    ids = by_hand[:-1].fit(X).transform(X)
    ids_val = by_hand[:-1].transform(X_val)
    by_hand[-1].fit(ids, y[:250], X_val=ids_val, y_val=y[250:])
    np.testing.assert_array_equal(by_hand.predict_proba(X), pipe.predict_proba(X))


# -- containers

COLUMNS = {
    "list": list,
    "tuple": tuple,
    "array of objects": lambda texts: np.array(texts, dtype=object),
    "array of str": np.array,
    "column of a frame": lambda texts: pd.DataFrame({"text": texts}),
    "pandas object": lambda texts: pd.Series(texts, dtype=object),
    "pandas str": lambda texts: pd.Series(texts, dtype="str"),
    "pandas string": lambda texts: pd.Series(texts, dtype="string"),
    "pandas category": lambda texts: pd.Series(texts, dtype="category"),
    "pandas pyarrow": lambda texts: pd.Series(
        texts, dtype=pd.ArrowDtype(pa.string()), index=[7] * len(texts)
    ),
    "polars series": pl.Series,
    "polars frame": lambda texts: pl.DataFrame({"text": texts}),
    "polars categories": lambda texts: pl.Series(texts, dtype=pl.Categorical),
    "pyarrow": pa.array,
    "pyarrow chunks": lambda texts: pa.chunked_array([texts[:9], texts[9:]]),
    "pyarrow table": lambda texts: pa.table({"text": texts}),
}


@pytest.fixture(scope="module")
def expected(reviews):
    frame, y = reviews
    X = list(frame["text"][:60])
    return X, y[:60], branch().fit(X, y[:60])


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_columns_of_texts(expected, column):
    X, y, model = expected
    found = branch().fit(column(X), y)
    np.testing.assert_array_equal(
        found.predict_proba(column(X)), model.predict_proba(X)
    )


@pytest.mark.parametrize(
    "name", [name for name in COLUMNS if not name.endswith(("frame", "table"))]
)
def test_columns_of_labels(expected, name):
    X, y, model = expected
    found = branch().fit(X, COLUMNS[name](y.tolist()))
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))
    assert found.classes_.tolist() == ["negative", "positive"]


@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
def test_set_output_of_every_transformer(expected, container):
    X, y, model = expected
    kinds = {"default": np.ndarray, "pandas": pd.DataFrame, "polars": pl.DataFrame}
    pipe = branch().set_output(transform=container).fit(X, y)
    current = X
    for _, step in pipe.steps:
        current = step.transform(current)
        assert isinstance(current, kinds[container])
        assert len(current) == 60
    np.testing.assert_array_equal(np.asarray(current), model.transform(X))
    for method in ("predict", "predict_proba", "decision_function"):
        result = getattr(pipe, method)(X)
        assert type(result) is np.ndarray
    np.testing.assert_array_equal(pipe.predict_proba(X), model.predict_proba(X))


def test_index_of_pandas_is_kept(expected):
    X, y, _ = expected
    series = pd.Series(X, index=[f"row {i}" for i in range(60)])
    pipe = branch().set_output(transform="pandas").fit(series, y)
    assert list(pipe.transform(series).index) == list(series.index)
    names = list(pipe.transform(series).columns)
    assert names == list(pipe[-1].get_feature_names_out())


# -- storing


def through_joblib(model):
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


STORES = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "cloudpickle": lambda model: pickle.loads(cloudpickle.dumps(model)),
    "joblib": through_joblib,
}


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
@pytest.mark.parametrize("cls", [LSTMClassifier, GRUClassifier])
def test_whole_pipelines_are_stored(reviews, cls, store):
    frame, y = reviews
    columns = make_column_transformer(
        (branch(cls), "text"), (StandardScaler(), ["stars"])
    )
    model = make_pipeline(columns, LogisticRegression()).fit(frame, y)
    restored = store(model)
    np.testing.assert_array_equal(
        restored.predict_proba(frame), model.predict_proba(frame)
    )
    refitted = restored.fit(frame, y)
    np.testing.assert_array_equal(
        refitted.predict_proba(frame), model.predict_proba(frame)
    )
    unfitted = store(clone(model))
    assert cross_val_score(unfitted, frame, y, cv=2).mean() > 0.5


def test_a_tokenizer_of_the_users_own_needs_cloudpickle(expected):
    X, y, _ = expected
    pipe = branch().set_params(texttokenizer__tokenizer=lambda text: text.split())
    pipe.fit(X, y)
    restored = pickle.loads(cloudpickle.dumps(pipe))
    np.testing.assert_array_equal(restored.predict_proba(X), pipe.predict_proba(X))
