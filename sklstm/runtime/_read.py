"""What is in the file of a model, as plain objects: nothing of it is run or imported.

skops writes an archive: schema.json, a tree of nodes that each name their class, and
the arrays, in NumPy's own format.
"""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sklstm._persistence._files import read_file, refuse_floods

_SILENT = {"DTypeNode", "RandomGeneratorNode", "RandomStateNode", "TypeNode"}


@dataclass(frozen=True, eq=False)
class Stored:
    """An object of the file, read when it is asked for its state.

    Parameters
    ----------
    module, kind : str
        Where its class is, and the name of the class.
    read_state : callable
        Reads what it holds.
    """

    module: str
    kind: str
    read_state: Callable[[], Any]

    @property
    def full_name(self) -> str:
        """The name of the class with its module."""
        return f"{self.module}.{self.kind}"

    @cached_property
    def state(self) -> dict[str, Any]:
        """The attributes of the object."""
        return self.read_state()

    def __getitem__(self, name: str) -> Any:
        try:
            return self.state[name]
        except KeyError as error:
            raise ValueError(
                f"{self.kind} in the file has no {name}: perhaps it was not fitted."
            ) from error


def read_model(path: Any) -> Stored:
    """Return the estimator of a file that ``sklstm.save`` has written.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If the file is none of ``sklstm.save``, is damaged, or of a newer version.
    """
    _, content = read_file(path)
    refuse_floods(path, content)
    with reading_errors(path):
        archive = zipfile.ZipFile(io.BytesIO(content))
        tree = json.loads(archive.read("schema.json"))
        return _Reader(archive).read(tree["content"]["estimator"])


@contextmanager
def reading_errors(path: Any):
    """Say which file it was that could not be read."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    except (
        *(AttributeError, LookupError, OSError, RuntimeError, TypeError),
        zipfile.BadZipFile,
    ) as error:
        raise ValueError(
            f"{path} cannot be read: it is not as sklstm.save writes it "
            f"({type(error).__name__}: {error})."
        ) from error


class _Reader:
    """Turns nodes of the tree into values."""

    def __init__(self, archive: zipfile.ZipFile):
        self.archive = archive
        self.arrays: dict[str, np.ndarray] = {}
        self.readers: dict[str, Callable[[dict], Any]] = {
            "ConstructorFromReduceNode": self.read_set,
            "DictNode": self.read_dict,
            "JsonNode": lambda node: json.loads(node["content"]),
            "ListNode": lambda node: [self.read(part) for part in node["content"]],
            "NdArrayNode": self.read_array,
            "ObjectNode": self.read_object,
            "SetNode": lambda node: {self.read(part) for part in node["content"]},
            "TupleNode": lambda node: tuple(map(self.read, node["content"])),
        }

    def read(self, node: dict) -> Any:
        loader = node["__loader__"]
        if loader in _SILENT:  # random states and the like, of use in training
            return Stored(node["__module__"], node["__class__"], dict)
        if loader not in self.readers:
            raise ValueError(
                f"it holds {_name_of(node)} ({loader}), and the runtime runs no "
                "functions and no types of others. Where a tokenizer has a callable, "
                "leave it out, or predict with the full package."
            )
        return self.readers[loader](node)

    def read_dict(self, node: dict) -> dict[str, Any]:
        return {name: self.read(part) for name, part in node["content"].items()}

    def read_object(self, node: dict) -> Stored:
        state = node.get("content")
        return Stored(
            node["__module__"],
            node["__class__"],
            lambda: self.read(state) if state else {},
        )

    def read_set(self, node: dict) -> Any:
        if _name_of(node) != "builtins.frozenset":
            return Stored(node["__module__"], node["__class__"], dict)
        return frozenset(*self.read(node["content"]))

    def read_array(self, node: dict) -> np.ndarray:
        if node["type"] != "json":
            name = node["file"]
            if name not in self.arrays:
                data = io.BytesIO(self.archive.read(name))
                self.arrays[name] = np.load(data, allow_pickle=False)
            return self.arrays[name]
        values = [self.read(part) for part in node["content"]]
        if len(self.read(node["shape"])) > 1:
            return np.array(values, dtype=object)
        array = np.empty(len(values), dtype=object)
        for position, value in enumerate(values):  # which may be sequences
            array[position] = value
        return array


def _name_of(node: dict) -> str:
    return f"{node['__module__']}.{node['__class__']}"
