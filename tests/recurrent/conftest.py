"""What the tests of faults share."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklstm import LSTMClassifier


@pytest.fixture
def assert_fit_fails():
    """Return a check that ``fit`` raises and leaves no half-fitted estimator."""
    ids = np.random.RandomState(1).randint(1, 30, (20, 5))
    good = LSTMClassifier(embedding_dim=4, hidden_size=4, max_epochs=1, random_state=0)

    def fitted(**params):
        return clone(good).set_params(**params).fit(ids, np.arange(20) % 2)

    def check(model, error, message, X, y, **fit_params):
        params = model.get_params()
        for tried in (clone(model), fitted().set_params(**params)):
            before = repr(tried.get_params())
            with pytest.raises(error, match=message):
                tried.fit(X, y, **fit_params)
            assert [name for name in vars(tried) if name.endswith("_")] == []
            with pytest.raises(NotFittedError):
                tried.predict(ids)
            assert repr(tried.get_params()) == before
        # One that goes on from a fitted net keeps it, where it fails, too.
        going_on = fitted(warm_start=True)
        expected, history = going_on.predict_proba(ids), going_on.history_
        going_on.set_params(**{**params, "warm_start": True})
        try:
            going_on.fit(X, y, **fit_params)
        except (ValueError, TypeError, MemoryError, RuntimeError):
            assert going_on.history_ is history
            np.testing.assert_array_equal(going_on.predict_proba(ids), expected)

    return check
