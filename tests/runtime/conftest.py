"""What the tests of the runtime share: a model in a file, and two ways to load it."""

import numpy as np
import pytest

import sklstm

TOLERANCE = 1e-5
METHODS = ("predict_proba", "decision_function", "predict")


@pytest.fixture
def in_runtime(tmp_path):
    """Return a function that saves a model and loads it into the runtime."""
    return lambda model: sklstm.runtime.load(sklstm.save(model, tmp_path / "model"))


@pytest.fixture
def assert_same():
    """Return a function that compares what two models make of rows."""

    def compare(light, model, X):
        for method in METHODS:
            assert hasattr(light, method) == hasattr(model, method), method
            if not hasattr(model, method):
                continue
            found, expected = getattr(light, method)(X), getattr(model, method)(X)
            assert found.shape == expected.shape
            assert found.dtype.kind == expected.dtype.kind
            if expected.dtype.kind == "f":
                np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)
            else:
                np.testing.assert_array_equal(found, expected)

    return compare
