"""Models in files: saved, loaded, and looked at without loading."""

from importlib import import_module

_HOMES = {
    "TRUSTED_TYPES": "_trust",
    "load": "_save",
    "read_manifest": "_save",
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


def __getattr__(name):
    """Import a public name when it is first used: the runtime has no scikit-learn."""
    if name in _HOMES:
        value = getattr(import_module(f"sklstm._persistence.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(set(globals()) | set(__all__))
