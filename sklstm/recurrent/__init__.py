"""Recurrent networks as scikit-learn estimators."""

from sklstm.recurrent._classifiers import GRUClassifier, RNNClassifier
from sklstm.recurrent._language_model import LSTMLanguageModel
from sklstm.recurrent._lstm_classifiers import BiLSTMClassifier, LSTMClassifier
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
    "LSTMLanguageModel",
    "LSTMRegressor",
    "RNNClassifier",
    "RNNRegressor",
]
