"""Text pipelines inside scikit-learn's meta-estimators, on real sentences."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from sklstm import GRUClassifier, LSTMClassifier, SequencePadder, TextTokenizer

# Few rows and few epochs: word dropout and a mean of the weights would take more.
SMALL = {
    "embedding_dim": 16,
    "hidden_size": 16,
    "word_dropout": 0.25,
    "average": False,
    "max_epochs": 4,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def sentences(sst2):
    """Some of the longer half of SST-2, as arrays: 240 to train, 200 to test."""
    (texts, labels), (test_texts, test_labels) = sst2
    rows = np.random.RandomState(0).permutation(len(texts))[:240]
    X = np.array(texts, dtype=object)[rows]
    y = np.array(labels)[rows]
    return X, y, np.array(test_texts[:200], dtype=object), np.array(test_labels[:200])


def text_pipeline(classifier=None, **params):
    if classifier is None:
        classifier = LSTMClassifier(**{**SMALL, **params})
    return make_pipeline(TextTokenizer(), SequencePadder(max_length=20), classifier)


def assert_probabilities(model, X, n_classes=2):
    proba = model.predict_proba(X)
    assert proba.shape == (len(X), n_classes)
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    assert len(np.unique(proba[:, 0])) > len(X) // 2
    np.testing.assert_array_equal(
        model.predict(X), model.classes_[proba.argmax(axis=1)]
    )


def assert_learned(model, X, y):
    """It knows the rows it trained on better than chance would."""
    assert model.score(X, y) > 0.7


# -- search


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search(sentences, n_jobs):
    X, y, X_test, _ = sentences
    grid = [
        {
            "lstmclassifier__pooling": ["max", "mean"],
            "lstmclassifier__optimizer": ["adam", "sgd"],
        },
        {
            "texttokenizer__lowercase": [False],
            "texttokenizer__max_features": [50],
            "lstmclassifier__early_stopping": [True],
            "lstmclassifier__net__optimizer__betas": [(0.8, 0.99)],
        },
    ]
    search = GridSearchCV(
        text_pipeline(),
        grid,
        cv=3,
        n_jobs=n_jobs,
        scoring=["accuracy", "neg_log_loss", "roc_auc"],
        refit="neg_log_loss",
        error_score="raise",
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 5
    losses = search.cv_results_["mean_test_neg_log_loss"]
    assert len(np.unique(losses)) == 5, "each parameter has reached the estimator"
    assert search.best_params_ == search.cv_results_["params"][losses.argmax()]
    for scorer in ("accuracy", "roc_auc"):
        assert np.isfinite(search.cv_results_[f"mean_test_{scorer}"]).all()
    assert_probabilities(search, X_test)


def test_searches_do_not_depend_on_n_jobs(sentences):
    X, y, _, _ = sentences
    search = RandomizedSearchCV(
        text_pipeline(),
        {
            "lstmclassifier__hidden_size": range(4, 40),
            "texttokenizer__min_df": [1, 2],
            "sequencepadder__max_length": [10, 0.9],
        },
        n_iter=3,
        cv=2,
        random_state=0,
        scoring=["accuracy", "neg_log_loss"],
        refit="accuracy",
        error_score="raise",
    )
    one, two = (clone(search).set_params(n_jobs=n).fit(X, y) for n in (1, 2))
    assert one.best_params_ == two.best_params_
    for score in ("mean_test_accuracy", "mean_test_neg_log_loss"):
        np.testing.assert_array_equal(one.cv_results_[score], two.cv_results_[score])
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_halving_search_with_epochs_as_the_resource(sentences):
    X, y, _, _ = sentences
    search = HalvingGridSearchCV(
        text_pipeline(),
        {"lstmclassifier__hidden_size": [4, 8, 16, 32]},
        resource="lstmclassifier__max_epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
        random_state=0,
        error_score="raise",
    ).fit(X, y)
    assert search.n_resources_ == [1, 2, 4]
    assert search.n_candidates_ == [4, 2, 1]
    assert search.best_estimator_[-1].n_iter_ == 4


def test_memory_of_a_pipeline_is_hit(sentences, tmp_path):
    X, y, X_test, _ = sentences
    plain = text_pipeline().fit(X, y)
    cached = text_pipeline().set_params(memory=str(tmp_path)).fit(X, y)
    np.testing.assert_array_equal(
        cached.predict_proba(X_test), plain.predict_proba(X_test)
    )
    stored = sorted(tmp_path.rglob("output.pkl"))
    assert len(stored) == 2
    cached.set_params(lstmclassifier__hidden_size=3).fit(X, y)
    assert sorted(tmp_path.rglob("output.pkl")) == stored, "both steps came from it"
    np.testing.assert_array_equal(
        cached[:-1].transform(X_test)[0], plain[:-1].transform(X_test)[0]
    )
    # Equal ids of other words are another entry.
    renamed = [f"{text} zzz".replace(" a ", " qqq ") for text in X]
    cached.fit(renamed, y)
    assert len(sorted(tmp_path.rglob("output.pkl"))) == 4
    assert "qqq" in cached[0].vocabulary_


# -- evaluation


def test_cross_validation(sentences):
    X, y, _, _ = sentences
    result = cross_validate(
        text_pipeline(),
        X,
        y,
        cv=3,
        scoring=["accuracy", "f1_macro"],
        return_estimator=True,
        return_train_score=True,
        error_score="raise",
    )
    assert len(result["estimator"]) == 3
    assert (result["train_accuracy"] > 0.7).all()
    for model in result["estimator"]:
        assert len(model.predict(X)) == len(X)
        assert model[-1].n_iter_ == SMALL["max_epochs"]
    vocabularies = {len(model[0].vocabulary_) for model in result["estimator"]}
    assert len(vocabularies) > 1, "each fold has a vocabulary of its own"


def test_cross_val_predict(sentences):
    X, y, _, _ = sentences
    one, two = (
        cross_val_predict(text_pipeline(), X, y, cv=2, method=method, n_jobs=n_jobs)
        for method, n_jobs in (("predict_proba", 1), ("decision_function", 2))
    )
    assert one.shape == (len(X), 2)
    np.testing.assert_allclose(np.log(one[:, 1] / one[:, 0]), two, atol=1e-4)
    assert set(cross_val_predict(text_pipeline(), X, y, cv=2)) == set(y)


def test_curves(sentences):
    X, y, _, _ = sentences
    sizes, train, test = learning_curve(
        text_pipeline(), X, y, cv=2, train_sizes=[40, 100], error_score="raise"
    )
    assert sizes.tolist() == [40, 100]
    assert train.shape == test.shape == (2, 2)
    train, test = validation_curve(
        text_pipeline(),
        X,
        y,
        param_name="lstmclassifier__max_epochs",
        param_range=[1, 8],
        cv=2,
        error_score="raise",
    )
    assert (train[1] > train[0]).all(), "more epochs fit the training part better"


# -- around the whole pipeline


AROUND = {
    "calibrated": lambda pipe: CalibratedClassifierCV(pipe, cv=2),
    "calibrated, one model": lambda pipe: CalibratedClassifierCV(
        pipe, cv=2, ensemble=False, method="isotonic"
    ),
    "voting": lambda pipe: VotingClassifier(
        [
            ("lstm", pipe),
            ("gru", text_pipeline(GRUClassifier(**SMALL))),
            ("linear", make_pipeline(TfidfVectorizer(), LogisticRegression())),
        ],
        voting="soft",
    ),
    "stacking": lambda pipe: StackingClassifier(
        [
            ("lstm", pipe),
            ("linear", make_pipeline(TfidfVectorizer(), LogisticRegression())),
        ],
        cv=2,
        n_jobs=2,
    ),
    "one against the rest": OneVsRestClassifier,
    "threshold": lambda pipe: TunedThresholdClassifierCV(pipe, cv=2),
}


@pytest.mark.parametrize("wrap", AROUND.values(), ids=AROUND)
def test_around_the_pipeline(sentences, wrap):
    X, y, X_test, y_test = sentences
    model = wrap(text_pipeline()).fit(X, y)
    assert_learned(model, X, y)
    assert model.score(X_test, y_test) > 0.5
    proba = model.predict_proba(X_test)
    assert proba.shape == (len(X_test), 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    assert set(model.predict(X_test)) == {"negative", "positive"}


def test_one_against_the_rest_of_three_classes(sentences):
    X, y, _, _ = sentences
    y = np.where(np.char.str_len(X.astype(str)) > 100, "long", y)
    model = OneVsRestClassifier(text_pipeline(max_epochs=10)).fit(X, y)
    assert len(model.estimators_) == 3
    assert_probabilities(model, X, 3)
    assert_learned(model, X, y)


def test_threshold_moves_the_prediction(sentences):
    X, y, _, _ = sentences
    pipe = text_pipeline().fit(X, y)
    counts = []
    for threshold in (0.01, 0.5, 0.99):
        model = FixedThresholdClassifier(
            text_pipeline(), threshold=threshold, pos_label="positive"
        )
        counts.append(np.sum(model.fit(X, y).predict(X) == "positive"))
    assert counts[0] > counts[1] > counts[2]
    assert counts[1] == np.sum(pipe.predict(X) == "positive")


def test_bagging_of_pipelines(sentences):
    X, y, X_test, _ = sentences
    model = BaggingClassifier(text_pipeline(), n_estimators=3, random_state=0)
    column = X[:, None]
    model.fit(column, y)
    assert_learned(model, column, y)
    assert_probabilities(model, X_test[:, None])
    vocabularies = {tuple(pipe[0].vocabulary_) for pipe in model.estimators_}
    assert len(vocabularies) == 3
    frame = pd.DataFrame({"text": X})
    by_frame = clone(model).fit(frame, y)
    np.testing.assert_array_equal(
        by_frame.predict_proba(frame), model.predict_proba(column)
    )


def test_permutation_importance_of_a_text_column(sentences):
    X, y, _, _ = sentences
    frame = pd.DataFrame({"text": X})
    pipe = text_pipeline().fit(frame, y)
    result = permutation_importance(pipe, frame, y, n_repeats=3, random_state=0)
    assert result.importances.shape == (1, 3)
    assert result.importances_mean[0] > 0.1, "the text is what it goes by"


# -- as the last step


def test_boosting_as_the_last_step(sentences):
    X, y, X_test, _ = sentences
    boosted = AdaBoostClassifier(
        LSTMClassifier(**{**SMALL, "max_epochs": 2}), n_estimators=3, random_state=0
    )
    model = text_pipeline(boosted).fit(X, y)
    assert len(boosted.estimators_) == 3
    assert {tree.input_type_ for tree in boosted.estimators_} == {"tokens"}
    assert_learned(model, X, y)
    assert model.predict_proba(X_test).shape == (len(X_test), 2)


# Each has its place as the last step of the pipeline, or takes texts as a column.
REFUSED = {
    "boosting": (AdaBoostClassifier, "list", "Expected 2D array, got 1D array"),
    "boosting, column": (
        AdaBoostClassifier,
        "column",
        "Pipeline doesn't support sampl",
    ),
    "bagging": (BaggingClassifier, "list", "Expected 2D array, got 1D array"),
    "self-training": (
        SelfTrainingClassifier,
        "list",
        "Expected 2D array, got 1D array",
    ),
    "self-training, column": (
        SelfTrainingClassifier,
        "column",
        "could not convert str",
    ),
    "one against one": (OneVsOneClassifier, "list", "Expected 2D array, got 1D array"),
    "chain": (ClassifierChain, "list", "Expected 2D array, got 1D array"),
}


@pytest.mark.parametrize(("cls", "container", "message"), REFUSED.values(), ids=REFUSED)
def test_what_scikit_learn_refuses_around_a_pipeline(
    sentences, cls, container, message
):
    """The documented answer hangs on it: a release that lets it in is told here."""
    X, y, _, _ = sentences
    y = np.c_[y == y[0], y == y[1]].astype(int) if cls is ClassifierChain else y
    with pytest.raises(ValueError, match=message):
        cls(text_pipeline()).fit(list(X) if container == "list" else X[:, None], y)


def test_one_against_one_as_the_last_step(sentences):
    X, y, _, _ = sentences
    y = np.where(np.char.str_len(X.astype(str)) > 100, "long", y)
    ones = OneVsOneClassifier(LSTMClassifier(**{**SMALL, "max_epochs": 10}))
    model = text_pipeline(ones).fit(X, y)
    assert len(ones.estimators_) == 3
    assert_learned(model, X, y)


def test_bagging_as_the_last_step(sentences):
    X, y, X_test, _ = sentences
    bagged = BaggingClassifier(
        LSTMClassifier(**SMALL), n_estimators=3, n_jobs=2, random_state=0
    )
    model = text_pipeline(bagged).fit(X, y)
    assert_learned(model, X, y)
    assert_probabilities(model, X_test)
    same = text_pipeline(clone(bagged).set_params(n_jobs=1)).fit(X, y)
    np.testing.assert_array_equal(
        same.predict_proba(X_test), model.predict_proba(X_test)
    )


def test_self_training_as_the_last_step(sentences):
    X, y, X_test, _ = sentences
    labels = (y == "positive").astype(int)
    labels[::2] = -1
    learner = SelfTrainingClassifier(
        LSTMClassifier(**{**SMALL, "max_epochs": 8}), threshold=0.9, max_iter=2
    )
    model = text_pipeline(learner).fit(X, labels)
    assert (learner.labeled_iter_ > 0).any(), "it has labelled rows by itself"
    known = labels >= 0
    assert np.mean(model.predict(X)[known] == labels[known]) > 0.7
    assert_probabilities(model, X_test)
