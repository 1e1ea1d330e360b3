"""Input checks: texts, sequences, labels and weights, each checked once, here."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklstm._validation._sequences import (
        PAD_ID,
        UNK_ID,
        Sequences,
        check_sequences,
        vocabulary_of,
    )
    from sklstm._validation._targets import check_labels, check_numbers, check_weights
    from sklstm._validation._texts import check_texts

_HOMES = {
    "PAD_ID": "_sequences",
    "Sequences": "_sequences",
    "UNK_ID": "_sequences",
    "check_labels": "_targets",
    "check_numbers": "_targets",
    "check_sequences": "_sequences",
    "check_texts": "_texts",
    "check_weights": "_targets",
    "vocabulary_of": "_sequences",
}

__all__ = [
    "PAD_ID",
    "UNK_ID",
    "Sequences",
    "check_labels",
    "check_numbers",
    "check_sequences",
    "check_texts",
    "check_weights",
    "vocabulary_of",
]


def __getattr__(name):
    """Import a public name when it is first used: the runtime has no scikit-learn."""
    if name in _HOMES:
        value = getattr(import_module(f"sklstm._validation.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(set(globals()) | set(__all__))
