"""Regression: numbers to standardised targets, scores to numbers."""

from collections.abc import Callable
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if
from torch import nn

from sklstm._sklearn import Interval, StrOptions, _fit_context
from sklstm._validation import check_numbers
from sklstm.nn.inference import predict_scores
from sklstm.nn.losses import QuantileLoss
from sklstm.recurrent._base import BaseRecurrentEstimator
from sklstm.recurrent._drafts import all_or_nothing, on_one_state
from sklstm.recurrent._held_net import has_no_early_stopping
from sklstm.recurrent._rows import Rows

LOSSES = {
    "squared_error": nn.MSELoss,
    "absolute_error": nn.L1Loss,
    "huber": nn.HuberLoss,
    "quantile": QuantileLoss,
}


class BaseRecurrentRegressor(RegressorMixin, BaseRecurrentEstimator):
    """A recurrent net whose outputs are numbers."""

    _parameter_constraints: dict = {
        **BaseRecurrentEstimator._parameter_constraints,
        "loss": [StrOptions(set(LOSSES))],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(
        self,
        *,
        loss="squared_error",
        quantile=0.5,
        vectors=None,
        freeze_vectors=False,
        store_vectors=True,
        embedding_dim=50,
        hidden_size=64,
        num_layers=1,
        dropout=0.1,
        word_dropout=4.0,
        pooling="last",
        input_type="auto",
        max_epochs=30,
        lr=0.01,
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
        self.loss = loss
        self.quantile = quantile
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
        """Train on sequences and their numbers.

        Parameters
        ----------
        X : sequences of n_samples rows
            Token ids: 2-D integers of shape (n_samples, n_steps), where 0 is padding,
            or ragged rows. Numbers: floats of shape (n_samples, n_steps) or
            (n_samples, n_steps, n_channels), or ragged rows of shape (n_steps_i,) or
            (n_steps_i, n_channels); steps of NaN at the end of a row (in 3-D at its
            start, too) are padding.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What to predict, in any units: inside, targets are standardised.
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
            If the data cannot be read as sequences and numbers, training diverges, or
            a device or parameter is not available.
        MemoryError
            If the network or a batch does not fit.
        """
        self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))
        return self

    @available_if(has_no_early_stopping)
    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one pass over some rows, in the order given.

        Parameters
        ----------
        X : sequences of n_samples rows
            As in :meth:`fit`. The first call sizes the embedding: by the vocabulary
            that a TextTokenizer's ids carry, else by the largest id, and larger ids
            that come later are read as unknown words.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What to predict. The first call decides by which mean and scale targets are
            standardised: let it have rows enough.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, on a scale common to all calls.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data cannot be read as sequences and numbers.
        AttributeError
            If ``early_stopping`` is set: one pass has no validation part.
        """
        self._partial_fit(X, y, sample_weight)
        return self

    def _criterion(self) -> dict[str, Any]:
        criterion = {"criterion": LOSSES[self.loss]}
        if self.loss == "quantile":
            criterion["criterion__quantile"] = self.quantile
        return criterion

    def _n_outputs(self) -> int:
        return len(self.target_mean_)

    def _strata(self, rows: Rows) -> None:
        return None  # numbers have no classes to spread

    # -- targets

    def _check_targets(self, y: Any, *, complete: bool) -> np.ndarray:
        return check_numbers(self, y)

    def _learn_targets(
        self, targets: np.ndarray, *, partial: bool, **said: Any
    ) -> None:
        self._shape_of_row_ = targets.shape[1:]

    def _encode(self, targets: np.ndarray) -> np.ndarray:
        """Return targets as a matrix, of as many columns as in the first fit."""
        if targets.shape[1:] != self._shape_of_row_:
            fitted = ("n_samples", *map(str, self._shape_of_row_))
            raise ValueError(
                f"y has shape {targets.shape}, but {type(self).__name__} was fitted "
                f"with y of shape ({', '.join(fitted)})."
            )
        return targets.reshape(len(targets), -1)

    def _prepare(self, rows: Rows, *, reset: bool) -> Callable[[Rows], Rows]:
        if reset:
            self._learn_scale(rows)

        def standardised(some: Rows) -> Rows:
            targets = (some.targets - self.target_mean_) / self.target_scale_
            return replace(some, targets=targets.astype(np.float32))

        return standardised

    def _learn_scale(self, rows: Rows) -> None:
        """Learn the mean and the standard deviation of each output.

        Where all targets are one, the size of that one stands in for the deviation.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.average(rows.targets, axis=0, weights=rows.weights)
            variance = np.average(
                (rows.targets - mean) ** 2, axis=0, weights=rows.weights
            )
        if not np.isfinite(variance).all():
            raise ValueError(
                f"y of {type(self).__name__} has numbers up to "
                f"{np.abs(rows.targets).max():.3g}, too large to standardise; divide "
                "it by a constant."
            )
        size = np.where(mean == 0, 1.0, np.abs(mean))
        rounding = 10 * np.finfo(float).eps * np.abs(mean)  # of a mean of equal targets
        scale = np.sqrt(variance)
        self.target_mean_ = mean
        self.target_scale_ = np.where(scale > rounding, scale, size)

    # -- prediction

    @on_one_state
    def predict(self, X):
        """Return the predicted number, or numbers, of each row.

        Parameters
        ----------
        X : sequences of n_samples rows
            As in :meth:`fit`; rows may be longer than any in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            In the shape and the units of the ``y`` of ``fit``.
        """
        sequences = self._check_predict(X)
        scores = predict_scores(self.net_.module_, sequences).astype(np.float32)
        numbers = scores * self.target_scale_ + self.target_mean_  # float64
        return numbers.reshape(len(numbers), *self._shape_of_row_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
