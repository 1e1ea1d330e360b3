"""Texts to token ids, ready for a recurrent estimator."""

from typing import TYPE_CHECKING

from sklstm._lazy import lazy_names

if TYPE_CHECKING:
    from sklstm.text._analysis import TOKEN_PATTERN
    from sklstm.text._padder import SequencePadder
    from sklstm.text._report import TextReport
    from sklstm.text._token_array import TokenArray
    from sklstm.text._tokenizer import TextTokenizer
    from sklstm.text._vocabulary import Vocabulary

# Imported when they are used: the runtime has no scikit-learn
_HOMES = {
    "SequencePadder": "_padder",
    "TOKEN_PATTERN": "_analysis",
    "TextReport": "_report",
    "TextTokenizer": "_tokenizer",
    "TokenArray": "_token_array",
    "Vocabulary": "_vocabulary",
}

__all__ = [
    "TOKEN_PATTERN",
    "SequencePadder",
    "TextReport",
    "TextTokenizer",
    "TokenArray",
    "Vocabulary",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
