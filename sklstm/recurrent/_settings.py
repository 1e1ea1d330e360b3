"""The parameters that all recurrent estimators share, and what they may be."""

import re
from numbers import Integral, Real
from typing import Any

import torch

from sklstm._sklearn import Interval, InvalidParameterError, Options, StrOptions
from sklstm.nn import training
from sklstm.nn.modules import POOLINGS

CONSTRAINTS: dict[str, list | str] = {
    "vectors": "no_validation",  # load_vectors says what is wrong
    "freeze_vectors": ["boolean"],
    "store_vectors": ["boolean"],
    "embedding_dim": [Interval(Integral, 1, None, closed="left")],
    "hidden_size": [Interval(Integral, 1, None, closed="left")],
    "num_layers": [Interval(Integral, 1, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "word_dropout": [Interval(Real, 0, None, closed="left")],
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
    "average": ["boolean"],
    "shuffle": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "tol": [Interval(Real, 0, None, closed="left")],
    "warm_start": ["boolean"],
    "callbacks": [list, tuple, None],
    "net_params": [dict, None],
    "device": [str],
    "precision": [StrOptions(set(training.PRECISIONS))],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}

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
    "precision": "precision",
    "seed": "random_state",
    "shuffle": "shuffle",
    "train_split": "early_stopping and X_val",
    "verbose": "verbose",
    "warm_start": "warm_start",
    "word_dropout": "word_dropout",
}

_DEVICES = r"auto|cpu|cuda(:(0|[1-9]\d?))?|accelerate"

# Parts of skorch that are replaced, with all of their own settings
_FLAT_PARTS = {
    "iterator_train": "batch_size and shuffle",
    "iterator_valid": "batch_size and shuffle",
    "module": "hidden_size and its like",
}


def check_settings(estimator: Any) -> None:
    """Check what parameter constraints cannot say."""
    name = type(estimator).__name__
    if not re.fullmatch(_DEVICES, estimator.device):
        raise InvalidParameterError(
            f"The 'device' parameter of {name} must be 'auto', 'cpu', 'cuda', 'cuda:N' "
            f"or 'accelerate'. Got {estimator.device!r} instead."
        )
    optimizer = estimator.optimizer
    if not isinstance(optimizer, str) and not (
        isinstance(optimizer, type) and issubclass(optimizer, torch.optim.Optimizer)
    ):
        raise InvalidParameterError(
            f"The 'optimizer' parameter of {name} must be a name or a class of "
            f"torch.optim. Got {optimizer!r} instead."
        )
    for key in estimator.net_params or {}:
        said_by = _FLAT_NAMES.get(key) or _FLAT_PARTS.get(str(key).split("__")[0])
        if said_by:
            raise ValueError(
                f"net_params[{key!r}] of {name} is what {said_by} says; set that "
                "instead."
            )
    for position, callback in enumerate(estimator.callbacks or []):
        if not training.is_callback(callback):
            raise TypeError(
                f"callbacks of {name} takes callbacks of skorch, or pairs of a "
                f"name and a callback; found {callback!r:.80} at {position}."
            )
