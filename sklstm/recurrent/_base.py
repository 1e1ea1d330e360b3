"""What all recurrent estimators share: parameters, checks, training, state."""

import re
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklstm import __version__
from sklstm._sklearn import Interval, InvalidParameterError, Options, StrOptions
from sklstm._validation import Sequences, check_sequences, vocabulary_of
from sklstm.nn import training
from sklstm.nn.inference import predict_pooled
from sklstm.nn.modules import POOLINGS
from sklstm.nn.state import to_arrays
from sklstm.recurrent._rows import Rows

# What skorch would take too, and the parameter that already says it.
_FLAT_NAMES = {
    "batch_size": "batch_size",
    "callbacks": "callbacks",
    "criterion": "the choice of estimator",
    "criterion__reduction": "sample_weight",
    "device": "device",
    "dropout": "dropout",
    "lr": "lr",
    "max_epochs": "max_epochs",
    "optimizer": "optimizer",
    "optimizer__lr": "lr",
    "optimizer__weight_decay": "weight_decay",
    "seed": "random_state",
    "shuffle": "shuffle",
    "train_split": "early_stopping and X_val",
    "verbose": "verbose",
    "warm_start": "warm_start",
}

# Parts of skorch that are replaced, with all of their own settings
_FLAT_PARTS = {
    "iterator_train": "batch_size and shuffle",
    "iterator_valid": "batch_size and shuffle",
    "module": "hidden_size and its like",
}


def all_or_nothing(fit_method: Callable) -> Callable:
    """Fit a draft of the estimator, and take over all of it or nothing.

    So a fit that fails half-way leaves no trace: from scratch it leaves the estimator
    unfitted, going on from a fitted net it leaves that net. And another thread that
    predicts meanwhile sees the old model or the new one, never parts of both. Stands
    outside of everything that may raise.
    """

    @wraps(fit_method)
    def fit_draft(self, *args, **kwargs):
        goes_on = self._goes_on(partial=fit_method.__name__ == "partial_fit")
        draft = object.__new__(type(self))
        draft.__dict__.update(vars(self))
        try:
            fit_method(draft, *args, **kwargs)
        except BaseException:
            if not goes_on:
                params = {k: v for k, v in vars(self).items() if k[-1] != "_"}
                self.__dict__ = params
            raise
        self.__dict__ = draft.__dict__
        return self

    return fit_draft


def on_one_state(method: Callable) -> Callable:
    """Let a method read one state of the estimator, even while another thread fits."""

    @wraps(method)
    def on_snapshot(self, *args, **kwargs):
        snapshot = object.__new__(type(self))
        snapshot.__dict__ = self.__dict__  # a fit does not change it but replaces it
        return method(snapshot, *args, **kwargs)

    return on_snapshot


class BaseRecurrentEstimator(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """A scikit-learn estimator that holds a skorch net.

    Leaves name their cell. A task, classification say, checks its targets, and gives
    the loss and the number of outputs.
    """

    _cell: str
    _bidirectional = False
    _loss: Callable[[], type[nn.Module]]  # what the outputs are trained for; by task

    input_type_: str
    sizes_: dict[str, Any]
    state_: dict[str, np.ndarray]
    history_: list[dict[str, Any]]
    net_: training.SequenceNet
    _n_channels_: int | None
    _vocabulary_: Any
    _net_states_: dict[str, Any]
    best_epoch_: int | None

    _parameter_constraints: dict = {
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "num_layers": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "pooling": [StrOptions(set(POOLINGS))],
        "input_type": [StrOptions({"auto", "tokens", "series"})],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [
            Interval(Integral, 1, None, closed="left"),
            Options(Integral, {-1}),
        ],
        "optimizer": [StrOptions(set(training.OPTIMIZERS)), callable],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "shuffle": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
        "net_params": [dict, None],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    # -- parameters

    def set_params(self, **params):
        """Set parameters; ``net__name`` sets an entry of ``net_params``.

        Parameters
        ----------
        **params : dict
            Parameters of the estimator. ``net__optimizer__betas=(0.8, 0.99)`` sets the
            entry ``"optimizer__betas"`` of ``net_params``: all of skorch's settings
            can be searched.

        Returns
        -------
        self : estimator
            The estimator itself.
        """
        nested = {k: v for k, v in params.items() if k.startswith("net__")}
        super().set_params(**{k: v for k, v in params.items() if k not in nested})
        if nested:
            changed = {name.removeprefix("net__"): v for name, v in nested.items()}
            self.net_params = {**(self.net_params or {}), **changed}
        return self

    def _check_params(self) -> None:
        """Check what parameter constraints cannot say."""
        name = type(self).__name__
        if not re.fullmatch(r"auto|cpu|cuda(:(0|[1-9]\d?))?", self.device):
            raise InvalidParameterError(
                f"The 'device' parameter of {name} must be 'auto', 'cpu', 'cuda' or "
                f"'cuda:N'. Got {self.device!r} instead."
            )
        optimizer = self.optimizer
        if not isinstance(optimizer, str) and not (
            isinstance(optimizer, type) and issubclass(optimizer, torch.optim.Optimizer)
        ):
            raise InvalidParameterError(
                f"The 'optimizer' parameter of {name} must be a name or a class of "
                f"torch.optim. Got {optimizer!r} instead."
            )
        for key in self.net_params or {}:
            said_by = _FLAT_NAMES.get(key) or _FLAT_PARTS.get(str(key).split("__")[0])
            if said_by:
                raise ValueError(
                    f"net_params[{key!r}] of {name} is what {said_by} says; set that "
                    "instead."
                )
        for position, callback in enumerate(self.callbacks or []):
            if not training.is_callback(callback):
                raise TypeError(
                    f"callbacks of {name} takes callbacks of skorch, or pairs of a "
                    f"name and a callback; found {callback!r:.80} at {position}."
                )

    # -- input

    def _check_input(self, X: Any, *, reset: bool) -> Sequences:
        """Return the sequences of ``X``, numbers as float32."""
        input_type = self.input_type if reset else self.input_type_
        sequences = check_sequences(self, X, reset=reset, input_type=input_type)
        sequences = sequences.as_float32(type(self).__name__)
        if reset:
            self.input_type_ = sequences.input_type
            self._n_channels_ = sequences.n_channels
            self._vocabulary_ = sequences.vocabulary
            return sequences
        self._compare_vocabulary(vocabulary_of(X))
        return sequences.with_channels(self._n_channels_, type(self).__name__)

    def _compare_vocabulary(self, vocabulary: Any) -> None:
        if vocabulary is not None and self.input_type_ == "series":
            raise ValueError(
                f"{type(self).__name__} was fitted with numbers, but X holds token ids."
            )
        if vocabulary is None or self._vocabulary_ is None:
            return
        if vocabulary.fitted_digest != self._vocabulary_.fitted_digest:
            raise ValueError(
                f"X was tokenized with another vocabulary than the one "
                f"{type(self).__name__} was fitted with: its ids mean other words. "
                "Transform X with the tokenizer that was fitted together with the "
                "estimator."
            )

    def _check_predict(self, X: Any) -> Sequences:
        check_is_fitted(self)
        sequences = self._check_input(X, reset=False)
        return sequences.limited_to(self.sizes_["n_tokens"])

    # -- training

    def _goes_on(self, *, partial: bool) -> bool:
        """Whether a fit starts from the fitted net, if there is one."""
        return hasattr(self, "state_") and (partial or bool(self.warm_start))

    def _fit_net(
        self,
        rows: Rows,
        validation: Rows | None,
        *,
        n_outputs: int,
        seed: int,
        continued: bool,
        keep_states: bool,
        epochs: int | None = None,
    ) -> None:
        """Train a net on ``rows`` and set the fitted attributes.

        ``continued`` goes on from the fitted net; ``keep_states`` keeps what the next
        call needs to go on from this one.
        """
        sizes = self._network_sizes(rows.sequences, n_outputs, more_to_come=keep_states)
        if continued:
            sizes = self._fitted_sizes(sizes)
        device = training.resolve_device(self.device)
        with self._memory_errors():
            dataset = rows.limited_to(sizes["n_tokens"]).dataset(device)
            watched = None
            if validation is not None:
                watched = validation.limited_to(sizes["n_tokens"]).dataset(device)
            net = self._build_net(
                sizes,
                watched,
                seed=seed,
                device=device,
                callbacks=self.callbacks or (),
            )
            if continued:
                net.resume(
                    self.state_, self.history_, self.best_epoch_, **self._net_states_
                )
            net.train(dataset, epochs)
        net.train_split = None  # let go of the validation rows
        self.net_ = net
        self.sizes_ = sizes
        self.state_ = to_arrays(net.module_.state_dict())
        self._net_states_ = net.states() if keep_states else {}
        self.history_ = net.epochs(len(rows))
        self.n_iter_ = len(self.history_)
        self.best_epoch_ = net.best_epoch

    def _network_sizes(
        self, sequences: Sequences, n_outputs: int, *, more_to_come: bool
    ) -> dict[str, Any]:
        """Parameters of the network, sized by the rows that train.

        Where more rows are to come, all words of a known vocabulary get an embedding.
        """
        n_tokens = None
        if sequences.input_type == "tokens":
            n_tokens = max(int(sequences.values.max(initial=0)), 1) + 1
            if sequences.vocabulary is not None:
                n_words = sequences.vocabulary.n_fitted
                n_tokens = n_words if more_to_come else min(n_tokens, n_words)
        return {
            "cell": self._cell,
            "n_tokens": n_tokens,
            "input_size": self._n_channels_ or self.embedding_dim,
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "n_outputs": n_outputs,
            "bidirectional": self._bidirectional,
            "nonlinearity": getattr(self, "nonlinearity", "tanh"),
            "pooling": self.pooling,
        }

    def _fitted_sizes(self, sizes: dict[str, Any]) -> dict[str, Any]:
        """Return the sizes of the fitted net, which new parameters must not change."""
        for name, size in self.sizes_.items():
            if name != "n_tokens" and sizes[name] != size:
                raise ValueError(
                    f"{type(self).__name__} cannot go on from a net with {name}={size} "
                    f"to one with {name}={sizes[name]}; fit with warm_start=False."
                )
        return self.sizes_

    def _build_net(
        self,
        sizes: dict[str, Any],
        validation: Any = None,
        *,
        seed: int | None,
        device: str,
        callbacks: Any = (),
    ) -> training.SequenceNet:
        return training.build_net(
            sizes,
            self._loss(),
            validation=validation,
            callbacks=callbacks,
            patience=self.n_iter_no_change if self.early_stopping else None,
            tol=self.tol,
            seed=seed,
            device=device,
            optimizer=self.optimizer,
            lr=self.lr,
            weight_decay=self.weight_decay,
            clip_norm=self.clip_norm,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            dropout=self.dropout,
            verbose=int(self.verbose),
            net_params=self.net_params or {},
        )

    @contextmanager
    def _memory_errors(self):
        """Say which settings ask for too much memory, and give back what was taken."""
        try:
            yield
        except (MemoryError, RuntimeError, TypeError) as error:
            exhausted = isinstance(error, (MemoryError, torch.OutOfMemoryError))
            # torch cannot even count the bytes of a tensor that overflows
            if not exhausted and not re.search("allocate|[Oo]verflow", str(error)):
                raise
            torch.cuda.empty_cache()
            raise MemoryError(
                f"{type(self).__name__} found too little memory for "
                f"hidden_size={self.hidden_size}, embedding_dim={self.embedding_dim}, "
                f"num_layers={self.num_layers}, batch_size={self.batch_size}; lower "
                "one of them, or shorten the sequences."
            ) from error

    # -- hidden states

    @on_one_state
    def transform(self, X):
        """Return the pooled hidden states: features for any other estimator.

        Parameters
        ----------
        X : sequences
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_hidden), float32
            ``n_hidden`` is ``hidden_size``, twice that for two directions.

        Notes
        -----
        The states of the rows of ``fit`` know their labels: cross-fit them, with a
        StackingClassifier say, before another estimator learns from them. A
        ClassifierChain takes these features, not token ids, beside which its label
        columns would be read as words.
        """
        sequences = self._check_predict(X)
        return predict_pooled(self.net_.module_, sequences)

    # -- state

    @property
    def _n_features_out(self):  # for get_feature_names_out
        return self.sizes_["hidden_size"] * (2 if self._bidirectional else 1)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "state_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def __getstate__(self):
        state = {k: v for k, v in super().__getstate__().items() if k != "net_"}
        return {**state, "_sklstm_version": __version__}

    def __setstate__(self, state):
        state = dict(state)
        version = state.pop("_sklstm_version", "unknown")
        if version != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=__version__,
                    original_sklearn_version=version,
                ),
                stacklevel=2,
            )
        super().__setstate__(state)
        if "state_" in state:  # now, not in predict, where two threads would race
            device = training.resolve_device(self.device, fall_back=True)
            # Without callbacks: they may write files when they are made
            net = self._build_net(self.sizes_, seed=None, device=device)
            net.resume(self.state_, self.history_, self.best_epoch_)
            net.module_.eval()
            self.net_ = net
