"""Texts to token ids, ready for a recurrent estimator."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklstm.text._analysis import TOKEN_PATTERN
    from sklstm.text._padder import SequencePadder
    from sklstm.text._report import TextReport
    from sklstm.text._token_array import TokenArray
    from sklstm.text._tokenizer import TextTokenizer
    from sklstm.text._vocabulary import Vocabulary

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


def __getattr__(name):
    """Import a public name when it is first used: the runtime has no scikit-learn."""
    if name in _HOMES:
        value = getattr(import_module(f"sklstm.text.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(set(globals()) | set(__all__))
