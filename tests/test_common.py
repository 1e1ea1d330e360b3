"""scikit-learn's own checks: every one of them, for every estimator, no exceptions."""

import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_estimator,
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_inplace_ensure_writeable,
    check_param_validation,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
    parametrize_with_checks,
)
from sklearn.utils.validation import check_is_fitted

from sklstm import (
    BiLSTMClassifier,
    BiLSTMRegressor,
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMRegressor,
    RNNClassifier,
    RNNRegressor,
    SequencePadder,
)

CLASSIFIERS = [RNNClassifier, GRUClassifier, LSTMClassifier, BiLSTMClassifier]
REGRESSORS = [RNNRegressor, GRURegressor, LSTMRegressor, BiLSTMRegressor]

# Each as it comes, and each option that changes how it computes somewhere.
ESTIMATORS = [
    *(cls() for cls in CLASSIFIERS),
    RNNClassifier(pooling="attention", nonlinearity="relu"),
    LSTMClassifier(pooling="mean", early_stopping=True),
    LSTMClassifier(pooling="last", input_type="series", shuffle=False),
    BiLSTMClassifier(pooling="attention", num_layers=2, dropout=0.5, batch_size=64),
    *(cls() for cls in REGRESSORS),
    LSTMRegressor(loss="huber", num_layers=2, average=False),
    SequencePadder(),
    SequencePadder(max_length=3, padding="pre", truncating="pre"),
    SequencePadder(max_length=0.5),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_the_checks_are_not_vacuous():
    results = check_estimator(LSTMClassifier(), on_fail=None, on_skip=None)
    assert len(results) > 65
    assert {result["status"] for result in results} == {"passed"}


# Checks of scikit-learn's own suite that check_estimator leaves out.
EXTRA = [
    check_dataframe_column_names_consistency,
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_inplace_ensure_writeable,
    check_param_validation,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
]


# Some fit on a frame and transform an array.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")
@pytest.mark.parametrize("check", EXTRA, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    "estimator",
    [*(cls() for cls in CLASSIFIERS), LSTMRegressor(), SequencePadder()],
    ids=repr,
)
def test_checks_that_check_estimator_leaves_out(check, estimator):
    check(type(estimator).__name__, estimator)


@pytest.mark.parametrize("cls", CLASSIFIERS)
def test_not_fitted_error_before_anything_else(cls):
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        with pytest.raises(NotFittedError):
            getattr(cls(), method)("what is not even a sequence")
    with pytest.raises(NotFittedError):
        check_is_fitted(cls())
