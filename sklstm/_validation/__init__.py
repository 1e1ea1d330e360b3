"""Input checks: texts, sequences, labels and weights, each checked once, here."""

from typing import TYPE_CHECKING

from sklstm._lazy import lazy_names

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

# Imported when they are used: the runtime has no scikit-learn
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

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
