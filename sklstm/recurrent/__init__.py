"""Recurrent networks as scikit-learn estimators."""

from sklstm.recurrent._classifiers import (
    BiLSTMClassifier,
    GRUClassifier,
    LSTMClassifier,
    RNNClassifier,
)
from sklstm.recurrent._regressors import (
    BiLSTMRegressor,
    GRURegressor,
    LSTMRegressor,
    RNNRegressor,
)

__all__ = [
    "BiLSTMClassifier",
    "BiLSTMRegressor",
    "GRUClassifier",
    "GRURegressor",
    "LSTMClassifier",
    "LSTMRegressor",
    "RNNClassifier",
    "RNNRegressor",
]
