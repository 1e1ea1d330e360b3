"""Files of models made by hand, as a stranger may make them."""

import io
import json
import zipfile

import pytest

from sklstm import __version__, load
from sklstm._persistence._files import read_file
from sklstm.runtime import load as light_load


def members_of(path):
    with zipfile.ZipFile(io.BytesIO(read_file(path)[1])) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def assert_refused(path, message=None, readers=(load, light_load)):
    for read in readers:
        with pytest.raises(ValueError, match=message) as caught:
            read(path)
        assert str(path) in str(caught.value)


class Ids:
    """Ids that no other object has."""

    last = 0

    @classmethod
    def new(cls):
        cls.last += 1
        return cls.last


def node(loader, name, content=None, **more):
    module, _, cls = name.rpartition(".")
    return {
        "__class__": cls,
        "__module__": module,
        "__loader__": loader,
        "__id__": Ids.new(),
        "content": content,
        **more,
    }


def plain(value):
    return node("JsonNode", "builtins.str", json.dumps(value), is_json=True)


def listed(*nodes):
    return node("ListNode", "builtins.list", [*nodes])


def called(name, *arguments, loader="ConstructorFromReduceNode"):
    arguments = node("TupleNode", "builtins.tuple", [*map(plain, arguments)])
    return node(loader, name, arguments)


def dict_node(**parts):
    types = [node("TypeNode", "builtins.str") for _ in parts]
    return node("DictNode", "builtins.dict", parts, key_types=listed(*types))


def tree_of(estimator, check=None):
    whole = dict_node(
        estimator=estimator, check=plain(None) if check is None else check
    )
    return {**whole, "protocol": 2, "_skops_version": "0.16.0"}


def padder(**parameters):
    """An estimator that is not fitted, of nodes."""
    given = {"max_length": None, "padding": "post", "truncating": "post", **parameters}
    given["_sklstm_version"] = __version__
    state = dict_node(**{k: plain(v) for k, v in given.items()})
    return node("ObjectNode", "sklstm.text._padder.SequencePadder", state)


def array_node(name="1.npy"):
    return node("NdArrayNode", "numpy.ndarray", type="numpy", file=name)
