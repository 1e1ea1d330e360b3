"""Input checks: texts, sequences, labels and weights, each checked once, here."""

from sklstm._validation._sequences import (
    PAD_ID,
    UNK_ID,
    Sequences,
    check_sequences,
    vocabulary_of,
)
from sklstm._validation._targets import check_labels, check_numbers, check_weights
from sklstm._validation._texts import check_texts

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
