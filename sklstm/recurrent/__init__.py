"""Recurrent networks as scikit-learn estimators."""

from sklstm.recurrent._classifiers import (
    BiLSTMClassifier,
    GRUClassifier,
    LSTMClassifier,
    RNNClassifier,
)

__all__ = ["BiLSTMClassifier", "GRUClassifier", "LSTMClassifier", "RNNClassifier"]
