"""Recurrent networks for text and sequences as ordinary scikit-learn estimators."""

from sklstm._lazy import lazy_names

__version__ = "0.1.0.dev0"

# Imported when they are used: torch takes its time
_HOMES = {
    "BiLSTMClassifier": "recurrent",
    "BiLSTMRegressor": "recurrent",
    "GRUClassifier": "recurrent",
    "GRURegressor": "recurrent",
    "LSTMClassifier": "recurrent",
    "LSTMLanguageModel": "recurrent",
    "LSTMRegressor": "recurrent",
    "PretrainedEmbeddingAverager": "vectors",
    "RNNClassifier": "recurrent",
    "RNNRegressor": "recurrent",
    "SequencePadder": "text",
    "TRUSTED_TYPES": "_persistence",
    "TextTokenizer": "text",
    "WordVectors": "vectors",
    "load": "_persistence",
    "load_vectors": "vectors",
    "make_baseline": "vectors",
    "make_windows": "sequences",
    "read_manifest": "_persistence",
    "save": "_persistence",
    "to_onnx": "_persistence",
    "train_vectors": "vectors",
}

_FOLDERS = frozenset(
    {"cluster", "datasets", "inspection", "runtime", "sequences", "text", "vectors"}
)

__all__ = ["__version__", *sorted(_HOMES)]

__getattr__, __dir__ = lazy_names(__name__, _HOMES, _FOLDERS)
