"""Files of strangers, who can make a sha256 that is right.

What is promised of them, and tests/fuzz.py tries on thousands of files:

- A file whose bytes are not those that were written is refused: ``load``,
  ``runtime.load`` and ``read_manifest`` raise ValueError.
- A file that was made anew, whatever is in it, is refused by a ValueError that names
  the file, or gives an estimator of types that are trusted. What the file names is not
  called and, if it is not trusted, not even imported; nothing is written or deleted, no
  process starts; a file of some kilobytes takes no 10 seconds and no 1 GiB.
- What was loaded answers each row, or raises ValueError; MemoryError where it says
  that texts are padded to some billion words. So it is with the estimators of this
  package and those that the runtime knows; others have no checks of their own.
- The numbers may be any: a stranger may have trained the model to be wrong.
"""

import io
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from sklstm import SequencePadder, load, read_manifest, save
from sklstm._persistence._files import FORMAT, MAGIC, _digest, read_file, write_file
from sklstm.runtime import load as light_load
from tests.persistence.hand_made import (
    array_node,
    assert_refused,
    called,
    dict_node,
    listed,
    members_of,
    node,
    packed,
    padder,
    plain,
    tree_of,
)

FUZZ = Path(__file__).parents[1] / "fuzz.py"
READERS = (load, light_load, read_manifest)


@pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
def test_a_few_hundred_files():
    done = subprocess.run(
        [sys.executable, FUZZ, "300"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tree_made_by_hand_is_one_that_is_read(made):
    assert isinstance(load(made(tree=tree_of(padder()))), SequencePadder)
    holder = tree_of(padder(max_length=[1, {"a": "b"}]))
    assert load(made(tree=holder)).max_length == [1, {"a": "b"}]


# -- nothing is called


CALLS = [
    ("os.system", "touch {}.ran"),
    ("posix.system", "touch {}.ran"),
    ("builtins.open", "{}", "w"),
    ("builtins.eval", "open('{}', 'w')"),
    ("builtins.exec", "open('{}', 'w')"),
    ("subprocess.Popen", ["touch", "{}.ran"]),
    ("os.remove", "{}"),
    ("numpy.memmap", "{}", "uint8", "w+", 0, 9),
    # What scikit-learn's modules have from elsewhere
    ("sklearn.datasets._covtype.GzipFile", "{}", "wb"),
    ("sklearn.datasets._covtype.TemporaryDirectory", None, "ran", "{}"),
    ("sklearn.externals.array_api_compat.numpy.memmap", "{}", "uint8", "w+", 0, 9),
    ("sklearn.externals.array_api_compat.torch.PyTorchFileWriter", "{}"),
    ("sklearn.compose._column_transformer.partial", "{}"),
    ("sklearn.callback._progressbar.Thread", None, None, "{}"),
    ("sklearn.pipeline.Pipeline", "{}"),
]
LOADERS = [
    *("ConstructorFromReduceNode", "ListNode", "ObjectNode", "DictNode", "LossNode"),
    *("FunctionNode", "PartialNode", "MethodNode", "OperatorFuncNode", "TreeNode"),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
def test_nothing_that_a_file_names_is_called(call, made, tmp_path):
    name, *arguments = call
    target = tmp_path / "target"
    target.mkdir()
    victim = target / "victim"
    victim.write_text("precious")

    def aimed(value):
        return value.format(str(victim)) if isinstance(value, str) else value

    arguments = [
        [*map(aimed, a)] if isinstance(a, list) else aimed(a) for a in arguments
    ]
    for loader in LOADERS:
        bad = called(name, *arguments, loader=loader)
        bad["__reduce__"] = {"args": bad["content"]}
        for tree in (tree_of(bad), tree_of(padder(), check=bad)):
            path = made(tree=tree)
            with pytest.raises(ValueError, match="made"):
                load(path)
            assert victim.read_text() == "precious"
            assert [entry.name for entry in target.iterdir()] == ["victim"]


@pytest.mark.parametrize(
    "name", ["sklearn.\0.a", "sklearn.\ud800.a", "sklearn..a", "\x1b[31m.a", "a.\n"]
)
def test_names_that_are_none(name, made):
    """No other error comes of them, and no terminal is written to."""
    for loader in ("ObjectNode", "ConstructorFromReduceNode"):
        path = made(tree=tree_of(called(name, 1, loader=loader)))
        with pytest.raises(ValueError, match="types that are not trusted") as caught:
            load(path)
        assert str(caught.value).isprintable()


def test_old_protocols_are_not_read(made):
    """Each has readers of its own, which any file can ask for."""
    for protocol in (0, 1, -1, True, "2", None, 2.0, 10**30):
        tree = {**tree_of(padder()), "protocol": protocol}
        assert_refused(made(tree=tree), "protocol")


def test_compiled_types_have_to_be_trusted(tmp_path):
    """What a forest holds is indices, which its compiled code follows anywhere."""
    X = np.random.default_rng(0).normal(size=(20, 2))
    forest = RandomForestClassifier(2, random_state=0).fit(X, X[:, 0] > 0)
    path = save(forest, tmp_path / "forest")
    with pytest.raises(ValueError, match=r"not trusted: sklearn\.tree\._tree\.Tree\."):
        load(path)
    loaded = load(path, trusted=["sklearn.tree._tree.Tree"])
    assert (loaded.predict(X) == forest.predict(X)).all()


def test_sparse_matrices_have_no_indices_outside(tmp_path):
    """SciPy's products read memory wherever an index points to."""
    X = sparse.csr_array(np.eye(4))
    model = NearestNeighbors(algorithm="brute").fit(X)
    model._fit_X.indices[0] = 10**6
    path = save(model, tmp_path / "model")
    with pytest.raises(ValueError, match="indices"):
        load(path, trusted=["scipy.sparse._csr.csr_array"])


def test_what_is_no_estimator_is_refused(made):
    for tree in (tree_of(plain("text")), tree_of(listed()), tree_of(dict_node())):
        assert_refused(made(tree=tree))


# -- pickles


def test_pickles_are_refused_unread(tmp_path):
    marker = tmp_path / "ran"
    program = b"cbuiltins\nopen\n(V%bVw\ntR." % str(marker).encode()
    path = tmp_path / "model.pkl"
    model = LogisticRegression().fit([[0], [1]], [0, 1])
    zipped = packed({"schema.json": program, "data.pkl": program})
    contents = [program, b"\x80\x04" + program, pickle.dumps(model), zipped]
    for compress in (0, 3, ("gzip", 3)):
        joblib.dump(model, path, compress=compress)
        contents.append(path.read_bytes())
    for content in contents:
        path.write_bytes(content)
        assert_refused(path, "no file that sklstm.save", READERS)
        write_file(path, {"format": 1}, content)
        assert_refused(path, "cannot be read")
    assert not marker.exists()


# -- the manifest


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"null", b"1", b'"text"', b"\xff", b"[" * 100_000, b"9" * 5000],
    ids=lambda line: line[:8],
)
def test_a_manifest_that_is_none(line, tmp_path, files):
    path = tmp_path / "model"
    content = read_file(files["text"])[1]
    body = line + b"\n" + content
    path.write_bytes(b"%s %d %s\n" % (MAGIC, FORMAT, _digest(FORMAT, body)) + body)
    assert_refused(path, "cannot be read", READERS)


# -- the archive


def test_parts_of_any_name_are_refused(made, files, tmp_path):
    members = members_of(files["text"])
    before = sorted(tmp_path.rglob("*"))
    for name in ("../x", "/etc/x", "a/b.npy", "C:\\x.npy", "..\\x.npy", "x", "x.pkl"):
        path = made({**members, name: b"any"})
        assert_refused(path, "it has a part")
        path.unlink()
    assert sorted(tmp_path.rglob("*")) == before


def test_parts_are_not_compressed(made, files):
    members = members_of(files["text"])
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = made({"a.npy": bytes(10**6), **members}, compression=compression)
        assert_refused(path, "unpacks to")
        path = made({"a.npy": np.random.default_rng(0).bytes(10**6)}, None, compression)
        assert_refused(path, "unpacks to|compressed|schema.json")


def with_other_bytes(content, name, offset, value):
    """Change bytes of the entry of a part in the directory of an archive."""
    entry = content.rindex(b"PK\1\2", 0, content.rindex(name))
    start = entry + offset
    return content[:start] + value + content[start + len(value) :]


def test_a_part_that_tells_a_small_size(tmp_path):
    """It would be a gigabyte when it is read: zipfile trusts what it is told."""
    members = {"schema.json": bytes(10**6)}
    content = packed(members, zipfile.ZIP_DEFLATED)
    small = (10).to_bytes(4, "little")
    path = tmp_path / "model"
    write_file(path, {}, with_other_bytes(content, b"schema.json", 24, small))
    assert_refused(path, "compressed")


def test_parts_that_lie_on_one_another(tmp_path, files):
    content = read_file(files["text"])[1]
    names = [*members_of(files["text"])]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        first = archive.getinfo(names[0])
    place = first.header_offset.to_bytes(4, "little")
    path = tmp_path / "model"
    write_file(path, {}, with_other_bytes(content, names[1].encode(), 42, place))
    assert_refused(path, "cannot be read")


def test_a_part_that_is_there_twice(tmp_path, files):
    buffer = io.BytesIO(read_file(files["text"])[1])
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(match="Duplicate"):
        archive.writestr("schema.json", b"{}")
    write_file(tmp_path / "model", {}, buffer.getvalue())
    assert_refused(tmp_path / "model", "a part twice")


def sparse_node(name):
    scipy = "scipy.sparse._csr.csr_matrix"
    return node("SparseMatrixNode", scipy, type="scipy", file=name)


def npz(shape=(2, 2), indptr=(0, 0, 0), **options):
    """Return a sparse matrix as skops stores it."""
    parts = {"indices": [], "indptr": [*indptr], "data": [], "shape": [*shape]}
    members = {}
    for name, values in {**parts, "format": b"csr", **options}.items():
        array = io.BytesIO()
        np.save(array, np.asarray(values))
        members[f"{name}.npy"] = array.getvalue()
    return members


def test_floods_inside_of_a_sparse_matrix(made):
    """By any name: skops reads them as such wherever a node says so."""
    flood = packed(npz(more=np.zeros(10**6)), zipfile.ZIP_DEFLATED)
    for name in ("1.npz", "1.npy", "1.bin"):
        path = made({name: flood}, tree_of(padder(), check=sparse_node(name)))
        assert_refused(path, "sparse matrix has .* unpacks to")
    odd = packed(npz(), zipfile.ZIP_BZIP2)
    path = made({"1.npz": odd}, tree_of(padder(), check=sparse_node("1.npz")))
    assert_refused(path, "packed in an unknown way")
    pickled = packed({"data.npy": pickle.dumps([1])})
    path = made({"1.npz": pickled}, tree_of(padder(), check=sparse_node("1.npz")))
    assert_refused(path)


# -- arrays


def npy(shape, descr, body=b""):
    head = io.BytesIO()
    said = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, said)
    return head.getvalue() + body


@pytest.mark.parametrize(
    "data",
    [
        npy((2**40,), "<f4"),
        npy((2**62, 2**62), "<f8", bytes(8)),
        npy((-1,), "<f4", bytes(4)),
        npy((-2, -2), "|u1", bytes(4)),
        npy((3,), "<f4", bytes(8)),
        npy((1,), "<f4", bytes(8)),
        npy((2**40,), "|V0"),
        npy((2**40,), "<U0"),
        npy((1,), [("a", "|O")], bytes(8)),
        npy((1,), "|O", pickle.dumps(np.array([print], object))),
        b"",
        b"PK\3\4",
        pickle.dumps(np.eye(2)),
        packed({"a.npy": b""}),
    ],
)
def test_arrays_have_as_many_bytes_as_they_say(data, made):
    path = made({"1.npy": data}, tree_of(padder(), check=array_node()))
    assert_refused(path)


def test_a_part_belongs_to_one_object(made):
    """Else each would read it anew: a thousand times a thousand."""
    data = npy((1000,), "|u1", bytes(1000))
    many = listed(*(array_node() for _ in range(1000)))
    path = made({"1.npy": data}, tree_of(padder(), check=many))
    assert_refused(path, "two objects have the part")


# -- trees that are none


@pytest.mark.parametrize("decoy", [True, False])
def test_lists_that_double_60_times(decoy, made):
    """Each holds the one before twice: 2**60 objects in some kilobytes."""
    tree = listed(plain(1))
    for _ in range(60):
        again = {**plain(1), "__id__": tree["__id__"]} if decoy else {}
        tree = listed(tree, {"__id__": tree["__id__"], **again})
    assert_refused(made(tree=tree_of(padder(), check=tree)))


def test_an_object_inside_of_itself(made):
    inner = plain(1)
    outer = listed(inner)
    inner["__id__"] = outer["__id__"]
    assert_refused(made(tree=tree_of(padder(), check=outer)), "told in two ways")
    cached = node("CachedNode", "builtins.list")
    outer = listed(cached)
    cached["__id__"] = outer["__id__"]
    assert_refused(made(tree=tree_of(padder(), check=outer)), "told in two ways")


@pytest.mark.parametrize("depth", [300, 3000, 30_000])
def test_trees_that_are_deep(depth, made):
    head = '{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", '
    lists = [f'{head}"__id__": {10**6 + i}, "content": [' for i in range(depth)]
    text = json.dumps(tree_of(padder(), check="here"))
    text = text.replace('"here"', "".join(lists) + "]}" * depth)
    assert_refused(made({"schema.json": text.encode()}))
    assert_refused(made(tree=tree_of(padder(padding="[" * depth))), "cannot be read")
