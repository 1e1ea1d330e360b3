"""Predictions of saved models with NumPy alone."""

from sklstm.runtime._models import RuntimeClassifier, RuntimeModel, load

__all__ = ["RuntimeClassifier", "RuntimeModel", "load"]
