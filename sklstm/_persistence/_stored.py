"""What is in the file of a model, as plain objects: nothing is run or imported."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sklstm._persistence._archive import Archive, name_of


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
    read_state: Callable[[], Any] = dict

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


class Reader:
    """Turns nodes of an archive into values.

    What it has no plain value for, random states and functions say, it reads as an
    object without a state.

    Parameters
    ----------
    archive : Archive
        One that has been looked through.
    """

    def __init__(self, archive: Archive):
        self.archive = archive
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
        """Return the value of a node."""
        return self.readers.get(node["__loader__"], self.read_foreign)(node)

    def read_foreign(self, node: dict) -> Stored:
        """Return an object of which nothing is read."""
        return Stored(node["__module__"], node["__class__"])

    def read_objects(self) -> Iterator[Stored]:
        """Return all objects of the archive that have a state."""
        return map(self.read_object, self.archive.objects)

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
        if name_of(node) != "builtins.frozenset":
            return self.read_foreign(node)
        return frozenset(*self.read(node["content"]))

    def read_array(self, node: dict) -> np.ndarray:
        if node["type"] != "json":
            return self.archive.read_array(node["file"])
        values = [self.read(part) for part in node["content"]]
        if len(self.read(node["shape"])) > 1:
            return np.array(values, dtype=object)
        array = np.empty(len(values), dtype=object)
        for position, value in enumerate(values):  # which may be sequences
            array[position] = value
        return array
