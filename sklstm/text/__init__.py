"""Texts to token ids, ready for a recurrent estimator."""

from sklstm.text._analysis import TOKEN_PATTERN
from sklstm.text._padder import SequencePadder
from sklstm.text._report import TextReport
from sklstm.text._token_array import TokenArray
from sklstm.text._tokenizer import TextTokenizer
from sklstm.text._vocabulary import Vocabulary

__all__ = [
    "TOKEN_PATTERN",
    "SequencePadder",
    "TextReport",
    "TextTokenizer",
    "TokenArray",
    "Vocabulary",
]
