"""Saved models, loaded to predict and for nothing else."""

from typing import Any

import numpy as np

from sklstm._persistence._files import reading_errors
from sklstm._persistence._nets import NETS
from sklstm._persistence._stored import Stored
from sklstm.runtime._read import read_model
from sklstm.runtime._steps import FOLLOWS, STEPS, LogisticRegression

_SUPPORTED = (
    "The runtime predicts with a recurrent classifier or regressor, alone or after "
    "TextTokenizer, SequencePadder or both, and with PretrainedEmbeddingAverager, "
    "StandardScaler and LogisticRegression."
)


class RuntimeModel:
    """A saved model that predicts with NumPy alone.

    Made by :func:`load`. A classifier is a :class:`RuntimeClassifier`, which has
    probabilities too.

    Attributes
    ----------
    steps : list of (str, object)
        The names and steps of the pipeline; a net alone is one step.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import sklstm
    >>> X, y = np.random.default_rng(0).normal(size=(20, 5)), np.arange(20.0)
    >>> fitted = sklstm.GRURegressor(max_epochs=1, random_state=0).fit(X, y)
    >>> path = sklstm.save(fitted, tempfile.mkdtemp() + "/model.sklstm")
    >>> model = sklstm.runtime.load(path)
    >>> model
    RuntimeModel(GRURegressor)
    >>> np.allclose(model.predict(X), fitted.predict(X), atol=1e-4)
    True
    """

    def __init__(self, steps, kinds):
        self.steps, self._kinds = steps, kinds

    def predict(self, X):
        """Return the predicted number, or numbers, of each row.

        Parameters
        ----------
        X : array-like of str, of token ids or of numbers
            Rows as the saved model takes them, in lists, arrays or columns.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            In the units of the targets.

        Raises
        ------
        ValueError
            If a row cannot be read, or there are none.
        TypeError
            If a text is not text.
        """
        return self._last.predict(self._transformed(X))

    @property
    def _last(self) -> Any:
        return self.steps[-1][1]

    def _transformed(self, X: Any) -> Any:
        """Return what the last step reads."""
        for _, step in self.steps[:-1]:
            X = step.transform(X)
        return X

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(self._kinds)})"


class RuntimeClassifier(RuntimeModel):
    """A saved classifier that predicts with NumPy alone.

    Made by :func:`load`.

    Attributes
    ----------
    steps : list of (str, object)
        The names and steps of the pipeline; a net alone is one step.
    classes_ : ndarray of shape (n_classes,)
        The labels, in the order of the columns of :meth:`predict_proba`.

    Examples
    --------
    >>> import tempfile
    >>> import sklstm
    >>> from sklearn.pipeline import make_pipeline
    >>> texts, labels = ["a good film", "bad", "not good", "fine"], [1, 0, 0, 1]
    >>> net = sklstm.LSTMClassifier(max_epochs=2, random_state=0)
    >>> pipe = make_pipeline(sklstm.TextTokenizer(), net).fit(texts, labels)
    >>> path = sklstm.save(pipe, tempfile.mkdtemp() + "/model.sklstm")
    >>> model = sklstm.runtime.load(path)
    >>> model.predict_proba(["good", "so bad"]).shape, model.classes_
    ((2, 2), array([0, 1]))
    >>> bool((model.predict(texts) == pipe.predict(texts)).all())
    True
    """

    @property
    def classes_(self):
        """The labels."""
        return self._last.classes

    def decision_function(self, X):
        """Return the log-odds of two classes, or the score of each class or label.

        Parameters
        ----------
        X : array-like of str, of token ids or of numbers
            Rows as the saved model takes them, in lists, arrays or columns.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the log-odds of ``classes_[1]``.

        Raises
        ------
        ValueError
            If a row cannot be read, or there are none.
        TypeError
            If a text is not text.
        """
        return self._last.decide(self._transformed(X))

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of str, of token ids or of numbers
            Rows as the saved model takes them, in lists, arrays or columns.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``. For labels that come together each
            has a probability of its own, and rows do not add up to 1.

        Raises
        ------
        ValueError
            If a row cannot be read, or there are none.
        TypeError
            If a text is not text.
        """
        decided = self.decision_function(X)
        scores = decided.astype(np.float64)
        if scores.ndim == 1:
            scores = np.stack([-scores, scores], axis=1)
        if decided.ndim == 1 or self._last.multilabel:
            proba = np.exp(-np.logaddexp(0, -scores))
        else:
            proba = np.exp(scores - scores.max(axis=1, keepdims=True))
            proba /= proba.sum(axis=1, keepdims=True)
        return proba.astype(decided.dtype)

    def predict(self, X):
        """Return the most probable label of each row.

        Parameters
        ----------
        X : array-like of str, of token ids or of numbers
            Rows as the saved model takes them, in lists, arrays or columns.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels as they were given to ``fit``, or an indicator matrix.

        Raises
        ------
        ValueError
            If a row cannot be read, or there are none.
        TypeError
            If a text is not text.
        """
        scores = self.decision_function(X)
        if self._last.multilabel:
            return (scores > 0).astype(np.int64)
        best = scores > 0 if scores.ndim == 1 else scores.argmax(axis=1)
        return self.classes_[best.astype(np.intp)]


def load(path):
    """Load what :func:`sklstm.save` has written, to predict with NumPy alone.

    Neither torch nor scikit-learn nor skops has to be installed. Nothing of the file
    is run, and callables among its parameters are refused.

    Parameters
    ----------
    path : str or path
        The file: a recurrent classifier or regressor, alone or after
        :class:`~sklstm.TextTokenizer`, :class:`~sklstm.SequencePadder` or both; or what
        :func:`~sklstm.make_baseline` makes.

    Returns
    -------
    RuntimeModel or RuntimeClassifier
        Its probabilities differ from those of the full package by less than 1e-5.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If the file is none of :func:`sklstm.save`, is damaged, was written by a newer
        version, holds what does not fit together, or a step that the runtime does not
        know.

    See Also
    --------
    sklstm.load : Loads the whole estimator, of any kind.

    Examples
    --------
    >>> import tempfile
    >>> import sklstm
    >>> vectors = sklstm.WordVectors(["good", "bad", "film"], [[1, 0], [-1, 0], [0, 1]])
    >>> texts, labels = ["good film", "bad film", "bad"], ["yes", "no", "no"]
    >>> baseline = sklstm.make_baseline(vectors).fit(texts, labels)
    >>> path = sklstm.save(baseline, tempfile.mkdtemp() + "/model.sklstm")
    >>> model = sklstm.runtime.load(path)
    >>> model
    RuntimeClassifier(PretrainedEmbeddingAverager, StandardScaler, LogisticRegression)
    >>> model.predict(["a good, good film"]).tolist()
    ['yes']
    """
    estimator = read_model(path)
    with reading_errors(path):
        stored = _stored_steps(estimator)
        kinds = [step.kind for _, step in stored]
        steps = [(name, STEPS[step.kind](step)) for name, step in stored]
    is_classifier = kinds[-1].endswith("Classifier")
    is_classifier |= isinstance(steps[-1][1], LogisticRegression)
    return (RuntimeClassifier if is_classifier else RuntimeModel)(steps, kinds)


def _stored_steps(estimator: Stored) -> list[tuple[str, Stored]]:
    """Return the steps of a pipeline, or an estimator alone, in good order."""
    steps = [(estimator.kind.lower(), estimator)]
    if estimator.full_name == "sklearn.pipeline.Pipeline":
        steps = [
            (name, step)
            for name, step in estimator["steps"]
            if step not in (None, "passthrough")
        ]
    before = None
    for name, step in steps:
        is_ours = step.module.startswith(("sklstm.", "sklearn."))
        if not is_ours or step.kind not in FOLLOWS.get(before, ()):
            place = "" if before is None else f", after {before}"
            raise ValueError(
                f"the runtime does not know the step {name!r}, "
                f"{step.full_name}{place}. {_SUPPORTED}"
            )
        before = step.kind
    if before not in (*NETS, "LogisticRegression"):
        raise ValueError(
            f"its last step is {before}, which predicts nothing. {_SUPPORTED}"
        )
    return steps
