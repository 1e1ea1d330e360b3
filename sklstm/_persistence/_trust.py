"""What may be in a file: types that are trusted, functions with a name."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from sklearn.base import BaseEstimator

TRUSTED_TYPES = (
    *(
        f"sklstm.recurrent._{module}.{name}"
        for module, names in {
            "classifiers": ("RNNClassifier", "GRUClassifier"),
            "lstm_classifiers": ("LSTMClassifier", "BiLSTMClassifier"),
            "regressors": (
                "RNNRegressor",
                "GRURegressor",
                "LSTMRegressor",
                "BiLSTMRegressor",
            ),
            "language_model": ("LSTMLanguageModel",),
            "word_table": ("WordTable",),
        }.items()
        for name in names
    ),
    "sklstm.text._padder.SequencePadder",
    "sklstm.text._report.Lengths",
    "sklstm.text._report.TextReport",
    "sklstm.text._token_array.TokenArray",
    "sklstm.text._tokenizer.TextTokenizer",
    "sklstm.text._vocabulary.Vocabulary",
    "sklstm.text._word_counts.WordCounts",
    "sklstm.vectors._averager.PretrainedEmbeddingAverager",
    "sklstm.vectors._weights.Weights",
    "sklstm.vectors._word_vectors.WordVectors",
)

_OF_SKLEARN = re.compile(r"sklearn(\.[A-Za-z_][A-Za-z_0-9]*)+")
# What no estimator holds, and what hands the numbers of a file to compiled code unseen
_NOT_OURS = re.compile(
    r"sklearn\.(callback|conftest|datasets|experimental|externals)\b|test"
    r"|sklearn\.ensemble\._hist_gradient_boosting\.predictor\b"
)


def is_our_own(name: str, *, called: bool = False) -> bool:
    """Whether a type is of this package, or one of scikit-learn's that may be built.

    Not trusted are functions and whatever else is ``called`` with what is in the file;
    types that scikit-learn has from elsewhere, among which are files and threads; and
    compiled ones, such as trees, which believe the numbers that they are given.
    """
    if name in TRUSTED_TYPES:
        return True
    module, _, cls = name.rpartition(".")
    if called or not _OF_SKLEARN.fullmatch(module) or _NOT_OURS.search(module):
        return False
    try:
        home = import_module(module)
    except ImportError:
        return False
    found = getattr(home, cls, None)
    is_python = (getattr(home, "__file__", None) or "").endswith(".py")
    return is_python and isinstance(found, type) and found.__module__ == module


def refuse_what_has_no_name(estimator: BaseEstimator) -> None:
    """Refuse functions that cannot be imported where the file is loaded."""
    parameters = {"estimator": estimator, **estimator.get_params(deep=True)}
    for name, value in parameters.items():
        for function in _functions_in(value):
            if not _can_be_imported(function):
                called = getattr(function, "__qualname__", repr(function))
                raise ValueError(
                    f"{name}={called} of {type(estimator).__name__} cannot be saved: "
                    "it has no import path. Define it in a module, by def, and pass "
                    "it from there."
                )
        if getattr(value, "_skl_callbacks", None):
            raise ValueError(
                f"{name} has callbacks, which cannot be saved; {name}.set_callbacks() "
                "takes them off."
            )


def _functions_in(value: Any) -> Iterator[Any]:
    if isinstance(value, partial):
        yield from _functions_in((value.func, value.args, value.keywords))
    elif isinstance(value, Mapping):
        yield from _functions_in(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _functions_in(part)
    elif callable(value) and hasattr(value, "__qualname__"):
        yield value


def _can_be_imported(function: Any) -> bool:
    module = getattr(function, "__module__", None)
    if module in (None, "__main__"):
        return False
    found: Any = import_module(module)
    for part in function.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is function
