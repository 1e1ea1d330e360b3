"""Recurrent networks for text and sequences as ordinary scikit-learn estimators."""

from importlib import import_module

__version__ = "0.1.0.dev0"

_HOMES = {
    "BiLSTMClassifier": "sklstm.recurrent",
    "BiLSTMRegressor": "sklstm.recurrent",
    "GRUClassifier": "sklstm.recurrent",
    "GRURegressor": "sklstm.recurrent",
    "LSTMClassifier": "sklstm.recurrent",
    "LSTMLanguageModel": "sklstm.recurrent",
    "LSTMRegressor": "sklstm.recurrent",
    "PretrainedEmbeddingAverager": "sklstm.vectors",
    "RNNClassifier": "sklstm.recurrent",
    "RNNRegressor": "sklstm.recurrent",
    "SequencePadder": "sklstm.text",
    "TRUSTED_TYPES": "sklstm._persistence",
    "TextTokenizer": "sklstm.text",
    "WordVectors": "sklstm.vectors",
    "load": "sklstm._persistence",
    "load_vectors": "sklstm.vectors",
    "make_baseline": "sklstm.vectors",
    "make_windows": "sklstm.sequences",
    "read_manifest": "sklstm._persistence",
    "save": "sklstm._persistence",
    "to_onnx": "sklstm._persistence",
    "train_vectors": "sklstm.vectors",
}

_FOLDERS = {"datasets", "inspection", "runtime", "sequences", "text", "vectors"}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name):
    """Import a public name when it is first used: torch takes its time."""
    if name in _FOLDERS:
        return import_module(f"sklstm.{name}")
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(set(globals()) | set(__all__) | _FOLDERS)
