"""Models in files: saved, loaded, and looked at without loading."""

from sklstm._lazy import lazy_names

# Imported when they are used: the runtime has no scikit-learn
_HOMES = {
    "TRUSTED_TYPES": "_trust",
    "load": "_save",
    "read_manifest": "_manifest",
    "save": "_save",
    "to_onnx": "_onnx",
}

__all__ = [
    "TRUSTED_TYPES",
    "load",
    "read_manifest",
    "save",
    "to_onnx",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
