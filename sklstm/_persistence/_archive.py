"""What skops makes of an estimator, looked through before anything is built of it.

An archive of schema.json, a tree of nodes that each name the class of an object, and of
the arrays, in NumPy's own format. A stranger may have written it: see SECURITY.md.

What is refused here is what :func:`sklstm.save` never writes, though skops may read it:
parts that are compressed, of which some bytes may be gigabytes; parts that several
objects share, which each would read anew; and one object told in two ways, by which
some nodes may stand for ever so many.
"""

import io
import json
import math
import re
import zipfile
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO, Any

import numpy as np

_PROTOCOL = 2  # of the oldest skops that this package writes with
_PART = re.compile(r"schema\.json|[\w-]+\.(npy|npz|bin)")
_KEY = re.compile(r"(builtins|numpy)\.\w+")
_MAX_RATIO = 100  # of a sparse matrix, the one thing that is compressed
_SMALL = 1 << 16  # bytes
_ARRAY_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

# Nodes that fill an empty object, or name a type; others call what they name
_BUILT = {"DictNode", "ObjectNode", "TupleNode", "TypeNode"}


@dataclass(eq=False)
class Archive:
    """An archive that has been looked through.

    Parameters
    ----------
    content : bytes
        The archive.
    file : ZipFile
        The same, opened.
    tree : dict
        The node of the whole.
    objects, generators : list of dict
        The nodes of objects that have a state, and of random generators, each once.
    called : set of str
        The names of types and functions that would be called.
    sparse : set of str
        The names of the parts that are sparse matrices.
    """

    content: bytes
    file: zipfile.ZipFile
    tree: dict[str, Any]
    objects: list[dict[str, Any]] = field(default_factory=list)
    generators: list[dict[str, Any]] = field(default_factory=list)
    called: set[str] = field(default_factory=set)
    sparse: set[str] = field(default_factory=set)

    def read_array(self, name: str) -> np.ndarray:
        """Return an array of the archive, read-only, without copying it."""
        entry = self.file.getinfo(name)
        with self.file.open(entry) as part:
            shape, in_columns, dtype = _check_array(part, entry)
            start = entry.file_size - math.prod(shape) * dtype.itemsize
        local = entry.header_offset  # of which the lengths of name and extras are told
        named, extra = np.frombuffer(self.content, "<u2", 2, local + 26).tolist()
        array = np.frombuffer(
            self.content, dtype, math.prod(shape), local + 30 + named + extra + start
        )
        return array.reshape(shape, order="F" if in_columns else "C")


def open_archive(content: bytes) -> Archive:
    """Open an archive that is as :func:`sklstm.save` writes it.

    Raises
    ------
    ValueError
        If it has what is refused here.
    Exception
        Of any other kind, if it is no archive, or not of skops.
    """
    file = zipfile.ZipFile(io.BytesIO(content))
    _check_parts(file, len(content))
    tree = json.loads(file.read("schema.json"))
    if type(tree["protocol"]) is not int or tree["protocol"] < _PROTOCOL:
        raise ValueError(f"its tree is of protocol {tree['protocol']!r:.20}")
    archive = Archive(content, file, tree)
    _Census(archive).number(tree)
    return archive


def _check_parts(file: zipfile.ZipFile, n_bytes: int) -> None:
    entries = file.infolist()
    size = sum(entry.file_size for entry in entries)
    if size > n_bytes:  # compressed, or one on top of the other
        raise ValueError(f"it has {n_bytes:,} bytes and unpacks to {size:,}")
    if len({entry.filename for entry in entries}) < len(entries):
        raise ValueError("it has a part twice")
    for entry in entries:
        if not _PART.fullmatch(entry.filename):
            raise ValueError(f"it has a part {entry.filename!r:.80}")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise ValueError(f"its part {entry.filename!r} is compressed or encrypted")


class _Census:
    """Goes through the nodes of a tree, and through the parts that they name."""

    def __init__(self, archive: Archive):
        self.archive = archive
        self.numbers: dict[Any, int] = {}
        self.number_of: dict[int, int] = {}  # of the content of each object
        self.owner_of: dict[str, int] = {}  # of each part, the object
        self.seen: set[int] = set()

    def number(self, value: Any) -> int:
        """Return the number of a value; equal contents have one, whatever their ids."""
        key: Any
        if isinstance(value, dict):
            # A node with an id alone stands for another; a dict may have such names
            is_node = any(
                not isinstance(value.get(name, {}), dict)
                for name in ("__id__", "__loader__")
            )
            parts = {k: v for k, v in value.items() if not (is_node and k == "__id__")}
            if is_node and "file" in value:
                parts["file"] = self.fingerprint(value["file"])
            key = dict, *((k, self.number(part)) for k, part in parts.items())
        elif isinstance(value, list):
            is_node, key = False, (list, *map(self.number, value))
        else:
            is_node, key = False, (type(value), repr(value))
        number = self.numbers.setdefault(key, len(self.numbers))
        if is_node:
            self.look_at(value, number)
        return number

    def fingerprint(self, name: str) -> str:
        """Return what tells a part from others, which has another name each time.

        Large ones, which are arrays, keep their name.
        """
        if self.archive.file.getinfo(name).file_size > _SMALL:
            return name
        return sha256(self.archive.file.read(name)).hexdigest()

    def look_at(self, node: dict[str, Any], number: int) -> None:
        """Check a node, whose content has a number, and remember what it is."""
        archive, own, loader = self.archive, node["__id__"], node["__loader__"]
        if type(own) is not int or type(loader) is not str:
            raise ValueError(f"it has an object {own!r:.20} of kind {loader!r:.20}")
        if self.number_of.setdefault(own, number) != number:
            raise ValueError(f"its object {own} is told in two ways")
        if own not in self.seen:
            self.seen.add(own)
            if loader == "ObjectNode":
                archive.objects.append(node)
            elif loader in ("RandomStateNode", "RandomGeneratorNode"):
                archive.generators.append(node)
        if loader not in _BUILT:
            archive.called.add(name_of(node))
        if loader == "DictNode":
            _check_keys(node)
        elif loader == "ObjectNode" and _is_dict(node.get("content")):
            _check_keys(node["content"], only={"builtins.str"})
        if "file" in node:
            self.check_part(node)

    def check_part(self, node: dict[str, Any]) -> None:
        """Check the part that belongs to a node."""
        name, owner, loader = node["file"], node["__id__"], node["__loader__"]
        if self.owner_of.setdefault(name, owner) != owner:
            raise ValueError(f"two objects have the part {name!r}")
        entry = self.archive.file.getinfo(name)
        if loader == "SparseMatrixNode":
            self.archive.sparse.add(name)
            _check_sparse(self.archive.file.read(name))
        elif loader == "NdArrayNode":
            with self.archive.file.open(entry) as part:
                shape, _, dtype = _check_array(part, entry)
            if node["__module__"] == "numpy" and node["__class__"] != "ndarray":
                _check_number(node["__class__"], shape, dtype)


def _check_number(cls: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Refuse to have an array, or a number of another kind, made a number."""
    if shape or np.dtype(getattr(np, cls)).kind != dtype.kind:
        raise ValueError(f"it has a numpy.{cls} of shape {shape} and {dtype}")


def _is_dict(node: Any) -> bool:
    return isinstance(node, dict) and node["__loader__"] == "DictNode"


def _check_keys(node: dict[str, Any], only: set[str] | None = None) -> None:
    """Refuse a dict that has not a type for each key: the others would be dropped."""
    types = node["key_types"]["content"]
    names = {name_of(part) for part in types if part["__loader__"] == "TypeNode"}
    if (
        len(types) != len(node["content"])
        or any(part["__loader__"] != "TypeNode" for part in types)
        or not (names <= only if only else all(map(_KEY.fullmatch, names)))
    ):
        raise ValueError(f"the keys of a dict are of types {sorted(names)!r:.80}")


def name_of(node: dict[str, Any]) -> str:
    """Return the full name of the class, or function, of a node."""
    return f"{node['__module__']}.{node['__class__']}"


def _check_array(
    file: IO[bytes], entry: zipfile.ZipInfo
) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, order and dtype of an array that has as many bytes as it says."""
    version = np.lib.format.read_magic(file)
    if version not in _ARRAY_HEADERS:
        raise ValueError(f"its array {entry.filename!r} has format {version}")
    shape, in_columns, dtype = _ARRAY_HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError(
            f"its array {entry.filename!r} is of Python objects, which are a pickle: "
            "read with allow_pickle=False"
        )
    size = math.prod(shape)
    wrong = min(shape, default=0) < 0 or (size and not dtype.itemsize)
    if wrong or size * dtype.itemsize != entry.file_size - file.tell():
        raise ValueError(
            f"its array {entry.filename!r} is of shape {shape} and {dtype}, and has "
            f"{entry.file_size - file.tell():,} bytes"
        )
    return shape, in_columns, dtype


def _check_sparse(data: bytes) -> None:
    """Refuse a sparse matrix that unpacks to far more than it is."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        entries = file.infolist()
        size = sum(entry.file_size for entry in entries)
        if size > _MAX_RATIO * len(data):
            raise ValueError(
                f"its sparse matrix has {len(data):,} bytes and unpacks to {size:,}"
            )
        for entry in entries:
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError("its sparse matrix is packed in an unknown way")
            with file.open(entry) as part:
                _check_array(part, entry)
