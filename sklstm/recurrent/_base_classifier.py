"""Classification: labels to targets, scores to labels."""

from collections.abc import Callable
from reprlib import repr as short_repr
from typing import Any

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from torch import nn

from sklstm._sklearn import StrOptions, _fit_context
from sklstm._validation import check_labels
from sklstm.nn.inference import predict_scores
from sklstm.recurrent._base import BaseRecurrentEstimator
from sklstm.recurrent._drafts import all_or_nothing, on_one_state
from sklstm.recurrent._held_net import has_no_early_stopping
from sklstm.recurrent._rows import Rows


class BaseRecurrentClassifier(ClassifierMixin, BaseRecurrentEstimator):
    """A recurrent net whose outputs are classes, or labels that may come together."""

    _parameter_constraints: dict = {
        **BaseRecurrentEstimator._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        *,
        vectors=None,
        freeze_vectors=False,
        store_vectors=True,
        embedding_dim=50,
        hidden_size=64,
        num_layers=1,
        dropout=0.2,
        word_dropout=4.0,
        pooling="max",
        input_type="auto",
        class_weight=None,
        max_epochs=10,
        lr=0.005,
        batch_size=32,
        optimizer="adam",
        weight_decay=0.0,
        clip_norm=1.0,
        average=True,
        shuffle=True,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        tol=1e-4,
        warm_start=False,
        callbacks=None,
        net_params=None,
        device="auto",
        precision="float32",
        random_state=None,
        verbose=0,
    ):
        self.vectors = vectors
        self.freeze_vectors = freeze_vectors
        self.store_vectors = store_vectors
        self.embedding_dim = embedding_dim
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.word_dropout = word_dropout
        self.pooling = pooling
        self.input_type = input_type
        self.class_weight = class_weight
        self.max_epochs = max_epochs
        self.lr = lr
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.average = average
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.net_params = net_params
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    # -- training

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Train on sequences and their labels.

        Parameters
        ----------
        X : sequences of n_samples rows
            Token ids: 2-D integers of shape (n_samples, n_steps), where 0 is padding,
            or ragged rows. Numbers: floats of shape (n_samples, n_steps) or
            (n_samples, n_steps, n_channels), or ragged rows of shape (n_steps_i,) or
            (n_steps_i, n_channels); steps of NaN at the end of a row (in 3-D at its
            start, too) are padding.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels of any kind, or an indicator matrix of labels that come together.
        sample_weight : array-like of shape (n_samples,), default=None
            A weight of 2 is the row twice, a weight of 0 is no row.
        X_val, y_val : default=None
            Rows to validate on after each epoch. The epoch of the lowest validation
            loss is kept; with ``early_stopping=True`` they decide when to stop, too.
            After ``set_fit_request(X_val=True, y_val=True)`` a Pipeline made with
            ``transform_input=["X_val"]`` transforms and passes them on. Beware that
            GridSearchCV would split an ``X_val`` of exactly the length of ``X``.
        sample_weight_val : array-like, default=None
            Weights of the validation rows.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data cannot be read as sequences and classes, training diverges, or
            a device or parameter is not available.
        MemoryError
            If the network or a batch does not fit.
        """
        self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))
        return self

    @available_if(has_no_early_stopping)
    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one pass over some rows, in the order given.

        Parameters
        ----------
        X : sequences of n_samples rows
            As in :meth:`fit`. The first call sizes the embedding: by the vocabulary
            that a TextTokenizer's ids carry, else by the largest id, and larger ids
            that come later are read as unknown words.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels; all of them among ``classes``.
        classes : array-like of shape (n_classes,), default=None
            All labels that will come. Required in the first call, unless ``y`` is an
            indicator matrix.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, on a scale common to all calls.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If ``classes`` is missing in the first call, a label is not among them, or
            the data cannot be read.
        AttributeError
            If ``early_stopping`` is set: one pass has no validation part.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit: the "
                "share of each class is not known. Pass a dict of class weights."
            )
        self._partial_fit(X, y, sample_weight, classes=classes)
        return self

    def _criterion(self) -> dict[str, Any]:
        multilabel = self._multilabel_
        return {
            "criterion": nn.BCEWithLogitsLoss if multilabel else nn.CrossEntropyLoss
        }

    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _strata(self, rows: Rows) -> np.ndarray | None:
        return None if self._multilabel_ else rows.targets

    def _prepare(self, rows: Rows, *, reset: bool) -> Callable[[Rows], Rows]:
        factors = self._class_factors(rows)
        return lambda some: some.class_weighted(factors)

    def _class_factors(self, rows: Rows) -> np.ndarray | None:
        """Return the weight of each class, from the rows that train."""
        if self.class_weight is None:
            return None
        name = type(self).__name__
        if self._multilabel_:
            raise ValueError(
                f"{name} takes class_weight for exclusive classes only; for labels "
                "that come together pass sample_weight."
            )
        if self.class_weight == "balanced":
            totals = np.bincount(rows.targets, rows.weights, len(self.classes_))
            factors = np.ones(len(totals))  # a class may be in the validation part only
            k = np.count_nonzero(totals)
            np.divide(rows.weights.sum(), k * totals, out=factors, where=totals > 0)
            return factors
        classes = self.classes_.tolist()
        unknown = [label for label in self.class_weight if label not in classes]
        if unknown:
            raise ValueError(
                f"class_weight of {name} names {unknown}, which are not among the "
                f"classes {short_repr(classes)}."
            )
        for label, weight in self.class_weight.items():
            if not (
                isinstance(weight, int | float | np.number) and 0 <= weight < np.inf
            ):
                raise ValueError(
                    f"class_weight of {name} must be finite numbers from 0 on, found "
                    f"{weight!r} for {label!r}."
                )
        return np.array([self.class_weight.get(k, 1.0) for k in classes], float)

    # -- targets

    def _check_targets(self, y: Any, *, complete: bool) -> np.ndarray:
        return check_labels(self, y, complete=complete)

    def _learn_targets(
        self, targets: np.ndarray, *, partial: bool, **said: Any
    ) -> None:
        self._multilabel_ = targets.ndim == 2
        if self._multilabel_:
            self.classes_ = np.arange(targets.shape[1])
        elif partial:
            self.classes_ = self._first_classes(said["classes"])
        else:
            self.classes_ = np.unique(targets)
        self._check_classes()

    def _compare_targets(self, **said: Any) -> None:
        classes = said.get("classes")
        if classes is not None and not np.array_equal(
            np.unique(classes), self.classes_
        ):
            raise ValueError(
                f"classes={classes!r} is not the same as on the last call to "
                f"partial_fit, was {self.classes_!r}"
            )

    def _first_classes(self, classes: Any) -> np.ndarray:
        if classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return np.unique(check_labels(self, classes, complete=False))

    def _check_classes(self) -> None:
        if not self._multilabel_ and len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes in the "
                "data, but the data contains only one class: "
                f"{self.classes_.tolist()[0]!r}"
            )

    def _encode(self, targets: np.ndarray) -> np.ndarray:
        """Turn labels into class numbers, or an indicator matrix into float32."""
        name = type(self).__name__
        if self._multilabel_ != (targets.ndim == 2):
            fitted = "an indicator matrix" if self._multilabel_ else "one label per row"
            raise ValueError(f"{name} was fitted with {fitted}, y is something else.")
        if self._multilabel_:
            if targets.shape[1] != len(self.classes_):
                raise ValueError(
                    f"y has {targets.shape[1]} labels, but {name} is expecting "
                    f"{len(self.classes_)}."
                )
            return targets.astype(np.float32)
        unseen = np.setdiff1d(targets, self.classes_)
        if len(unseen):
            raise ValueError(
                f"y has the labels {short_repr(unseen.tolist())}, which are not among "
                f"the classes {short_repr(self.classes_.tolist())} of {name}."
            )
        return np.searchsorted(self.classes_, targets)

    # -- prediction

    @on_one_state
    def decision_function(self, X):
        """Return the log-odds of two classes, or the score of each class or label.

        Parameters
        ----------
        X : sequences of n_samples rows
            As in :meth:`fit`; rows may be longer than any in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes), float32
            For two classes the log-odds of ``classes_[1]``; otherwise the logits.
        """
        sequences = self._check_predict(X)
        scores = predict_scores(self.net_.module_, sequences)
        if self._is_binary():
            scores = scores[:, 1] - scores[:, 0]
        return scores.astype(np.float32)

    def _link(self, X: Any, independent: Callable, exclusive: Callable) -> np.ndarray:
        """Apply a link function for labels of their own, or for classes, to scores."""
        scores = self.decision_function(X).astype(np.float64)
        if self._is_binary():
            scores = np.multiply.outer(scores, (-1.0, 1.0))
        elif not self._multilabel_:
            return exclusive(scores, axis=1).astype(np.float32)
        return independent(scores).astype(np.float32)

    def _is_binary(self) -> bool:
        return not self._multilabel_ and len(self.classes_) == 2

    @on_one_state
    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : sequences of n_samples rows
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float32
            Columns in the order of ``classes_``. For an indicator matrix each label
            has a probability of its own, and rows do not add up to 1.
        """
        return self._link(X, expit, softmax)

    @on_one_state
    def predict_log_proba(self, X):
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : sequences of n_samples rows
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float32
            Columns in the order of ``classes_``; finite where the probability itself
            is too small for float32.
        """
        return self._link(X, log_expit, log_softmax)

    @on_one_state
    def predict(self, X):
        """Return the most probable label of each row.

        Parameters
        ----------
        X : sequences of n_samples rows
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels as they were given to ``fit``, or an indicator matrix.
        """
        scores = self.decision_function(X)
        if self._multilabel_:
            return (scores > 0).astype(np.int64)
        best = scores > 0 if self._is_binary() else scores.argmax(axis=1)
        return self.classes_[best.astype(np.intp)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
