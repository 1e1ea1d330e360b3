"""Files of models: what tests/fuzz.py does to them, and what has to come of it."""

import copy
import io
import json
import math
import tempfile
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline

import sklstm
from sklstm import (
    BiLSTMClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMLanguageModel,
    SequencePadder,
    TextTokenizer,
    WordVectors,
    make_baseline,
)
from sklstm._persistence._files import FORMAT, MAGIC, _digest, read_file
from sklstm.datasets import make_reviews

TEXTS, LABELS = make_reviews(24, random_state=0)
NUMBERS = np.random.default_rng(0).normal(size=(9, 4, 2))
TINY = {"embedding_dim": 3, "hidden_size": 2, "max_epochs": 1, "random_state": 0}

# Names of what must not be called or imported, and of what there is none
HOSTILE = [
    *(("os", "system"), ("posix", "system"), ("subprocess", "Popen")),
    *(("builtins", "eval"), ("builtins", "exec"), ("builtins", "open")),
    *(("functools", "partial"), ("operator", "methodcaller"), ("pathlib", "Path")),
    *(("numpy", "memmap"), ("numpy", "load"), ("numpy", "ndarray"), ("torch", "load")),
    *(("sklearn.metrics", "accuracy_score"), ("sklearn.tree._tree", "Tree")),
    ("sklearn.datasets._covtype", "GzipFile"),
    ("sklearn.datasets._covtype", "TemporaryDirectory"),
    ("sklearn.externals.array_api_compat.numpy", "memmap"),
    ("sklearn.externals.array_api_compat.torch", "PyTorchFileWriter"),
    ("sklearn.callback._progressbar", "Thread"),
    ("sklearn.pipeline", "Pipeline"),
    ("sklearn.linear_model._logistic", "LogisticRegression"),
    ("sklstm.text._vocabulary", "Vocabulary"),
    ("sklstm._persistence._save", "load"),
    ("canary", "Canary"),
    ("", ""),
]
LOADERS = """BytearrayNode BytesNode CachedNode ConstructorFromReduceNode DTypeNode
DefaultDictNode DictNode FunctionNode JsonNode ListNode LossNode MaskedArrayNode
MethodNode NdArrayNode ObjectNode OperatorFuncNode PartialNode RandomGeneratorNode
RandomStateNode SetNode SliceNode SparseMatrixNode TreeNode TupleNode TypeNode
NoNode""".split()
ODD = [
    *(None, True, -1, 0, 1, 2, 10**6, 2**31, 10**30, 0.5, float("nan"), float("inf")),
    *("", "x", "os.system", "\ud800", [], {}, [[]], [None], {"a": 1}, ["os"]),
]
SHAPES = [(), (0,), (-1,), (1,), (3,), (2, 3), (10**6,), (10**12,), (2**62, 2)]
DTYPES = ["<f4", "<f8", "<i8", "|u1", "|O", "<U1", "<U0", "|V0", "<M8[s]", "<c16", "?"]


def flipped(data, rng, start=0, stop=None):
    """Return bytes of which one to eight are others."""
    data = bytearray(data)
    places = range(start, len(data) if stop is None else stop)
    for place in rng.sample(places, min(rng.randint(1, 8), len(places))):
        data[place] ^= rng.randint(1, 255)
    return bytes(data)


def cut(data, rng):
    """Return bytes without their end, or with more at it."""
    if rng.random() < 0.2:
        return data + rng.randbytes(rng.randint(1, 50))
    return data[: rng.randrange(len(data))]


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def packed(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def places_of(value):
    """Yield each place in a tree of JSON, as a container and a key."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in items:
        yield value, key
        if isinstance(part, dict | list):
            yield from places_of(part)


@dataclass
class Sample:
    """A file of a model, its parts, and what the model answers to rows."""

    manifest: dict
    content: bytes
    data: bytes
    X: Any
    answers: dict

    def made(self, content, manifest=None):
        """Return a file of another content, or another manifest, and the sample."""
        line = self.manifest if manifest is None else manifest
        line = line if isinstance(line, bytes) else json.dumps(line).encode()
        body = line + b"\n" + content
        return b"%s %d %s\n" % (MAGIC, FORMAT, _digest(FORMAT, body)) + body, self


class Models:
    """Files of models, and the readers of them."""

    def __init__(self, violation):
        self.violation = violation
        self.samples = []
        for model, X in fitted():  # checked rows would find much that is wrong
            self.samples += [saved(model, X, None), saved(model, X, X[:2])]

    # -- what is done to a file

    def flip_file(self, rng):
        sample = rng.choice(self.samples)
        data, start = sample.data, len(sample.data) - len(sample.content)
        ends = [0, data.index(b"\n"), data.index(b"{"), start]
        ends += [data.rindex(b"PK\1\2"), len(data)]
        region = rng.randrange(len(ends) - 1)
        return flipped(data, rng, ends[region], ends[region + 1]), None

    def cut_file(self, rng):
        return cut(rng.choice(self.samples).data, rng), None

    def change_manifest(self, rng):
        sample = rng.choice(self.samples)
        lines = [b"[" * 10**5, b"{", b"\xff", b"", b"9" * 5000, b'{"a":' * 10**4]
        lines += [*ODD[1:], [sample.manifest], {**sample.manifest, "format": 10**30}]
        return sample.made(sample.content, rng.choice(lines))

    def flip_directory(self, rng):
        sample = rng.choice(self.samples)
        start = sample.content.index(b"PK\1\2")
        return sample.made(flipped(sample.content, rng, start))

    def flip_part(self, rng):
        sample, members, i = self.part(rng)
        name, data = members[i]
        head = min(len(data) - 1, 128)  # of an array
        start, stop = rng.choice([(0, head), (head, None), (head, None), (0, None)])
        members[i] = name, flipped(data, rng, start, stop)
        return sample.made(packed(members))

    def cut_part(self, rng):
        sample, members, i = self.part(rng)
        if rng.random() < 0.3:
            return sample.made(cut(sample.content, rng))
        members[i] = members[i][0], cut(members[i][1], rng)
        return sample.made(packed(members))

    def part(self, rng, ending=""):
        """Return a sample, its parts, and the position of one of them."""
        sample = rng.choice(self.samples)
        members = unpacked(sample.content)
        fitting = [i for i, (name, _) in enumerate(members) if name.endswith(ending)]
        return sample, members, rng.choice(fitting)

    def change_parts(self, rng):
        sample, members, i = self.part(rng)
        j = rng.randrange(len(members))
        name, data = members[i]
        compression = rng.choice([0, 0, 0, 8, 12, 14])
        what = rng.choice(["drop", "twice", "name", "swap", "fill", "pickle"])
        if what == "drop":
            del members[i]
        elif what == "twice":
            members.append((f"{name}x", members[j][1]))
        elif what == "name":
            names = [
                "../x",
                "/etc/x",
                "C:\\x",
                "..\\x",
                f"a/{name}",
                "x" * 300,
                "schema.json/",
            ]
            members[i] = rng.choice(names), data
        elif what == "swap":
            members[i], members[j] = (name, members[j][1]), (members[j][0], data)
        elif what == "fill":
            members[i] = name, bytes(rng.choice([0, 10, 10**6]))
        else:
            members[i] = name, b"\x80\x04cbuiltins\nopen\n(Vcanary\nVw\ntR."
        return sample.made(packed(members, compression))

    def change_tree(self, rng, renumbered=False):
        sample = rng.choice(self.samples)
        members = dict(unpacked(sample.content))
        tree = json.loads(members["schema.json"])
        for _ in range(rng.choice([1, 1, 2])):
            change_tree(tree, rng)
        if renumbered:
            renumber(tree, {})
        members["schema.json"] = json.dumps(tree).encode()
        return sample.made(packed([*members.items()]))

    def change_array(self, rng):
        sample, members, i = self.part(rng, ".npy")
        name, data = members[i]
        array = np.load(io.BytesIO(data))
        said = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
        if rng.random() < 0.6:
            said["shape"] = rng.choice([*SHAPES, array.shape[::-1]])
        if rng.random() < 0.6:
            said["descr"] = rng.choice(DTYPES)
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, said)
        body = array.tobytes()
        if rng.random() < 0.5:
            size = np.dtype(said["descr"]).itemsize * math.prod(said["shape"])
            body = rng.randbytes(min(abs(size), 10**5))
        members[i] = name, head.getvalue() + body
        return sample.made(packed(members))

    # -- what has to come of it

    def must_refuse(self, path, sample, watch):
        for read in (sklstm.read_manifest, sklstm.load, sklstm.runtime.load):
            if self.read(read, path, watch) is not None:
                raise self.violation(f"{read.__module__} has not seen the damage")
        return "refused"

    def must_hold(self, path, sample, watch):
        manifest = self.read(sklstm.read_manifest, path, watch)
        if manifest is not None and not isinstance(manifest, dict):
            raise self.violation(f"the manifest is {manifest!r:.80}")
        outcomes = set()
        for read in (sklstm.load, sklstm.runtime.load):
            model = self.read(read, path, watch)
            if model is None:
                outcomes.add("refused")
            else:
                outcomes.add(self.answer(model, sample, watch))
        ranks = ["not finite", "equal", "other", "refused late", "refused"]
        return min(outcomes, key=ranks.index)

    def read(self, read, path, watch):
        """Return what a reader makes of a file; None where it refuses it in words."""
        found = self.tried(read, path, watch)
        if isinstance(found, ValueError) and str(path) not in str(found):
            raise self.violation(f"no name of the file: {found}")
        if isinstance(found, MemoryError):
            raise self.violation(f"out of memory: {found}")
        return None if isinstance(found, ValueError) else found

    def answer(self, model, sample, watch):
        expected = sample.answers
        found = self.tried(lambda X: answers_of(model, X), sample.X, watch)
        if isinstance(found, ValueError | MemoryError):
            return "refused late"
        for method, array in found.items():
            if len(array) != len(sample.X) or array.dtype.kind not in "biufUSO":
                raise self.violation(f"{method} gives {array!r:.200}")
        same = all(
            np.array_equal(found.get(method), array)
            or (
                array.dtype.kind == "f"
                and method in found
                and found[method].shape == array.shape
                and np.allclose(found[method], array, rtol=0, atol=1e-5)
            )
            for method, array in expected.items()
            if method in found
        )
        floats = [array for array in found.values() if array.dtype.kind == "f"]
        finite = all(np.isfinite(array).all() for array in floats)
        return "equal" if same else "other" if finite else "not finite"

    def tried(self, function, argument, watch):
        """Call a function; return its ValueError or MemoryError, if it has one."""
        try:
            with watch:
                found = function(argument)
        except (ValueError, MemoryError) as error:
            found = error
        except Exception as error:
            raise self.violation(f"{type(error).__name__}: {error}") from error
        if watch.seen:
            raise self.violation(f"something was done: {watch.seen}")
        return found


def fitted():
    """Yield fitted models and some rows for them."""
    words = sorted({word for text in TEXTS for word in text.split()})
    matrix = np.random.default_rng(0).normal(size=(len(words), 3))
    vectors = WordVectors(words, matrix)
    net = LSTMClassifier(**TINY)
    pipe = make_pipeline(TextTokenizer(), SequencePadder(), net)
    yield pipe.fit(TEXTS, LABELS), TEXTS
    net = BiLSTMClassifier(vectors=vectors, pooling="attention", **TINY)
    tokenizer = TextTokenizer(unknown="keep", stop_words=["the"])
    yield make_pipeline(tokenizer, net).fit(TEXTS, LABELS), TEXTS
    yield make_baseline(vectors, weighting="sif").fit(TEXTS, LABELS), TEXTS
    yield GRURegressor(**TINY).fit(NUMBERS, NUMBERS[:, 0]), NUMBERS
    yield LSTMLanguageModel(**TINY).fit(list(TEXTS)), list(TEXTS)


def saved(model, X, X_check):
    """Return what a fitted model is in a file, and what it answers."""
    with tempfile.TemporaryDirectory() as folder:
        path = sklstm.save(model, Path(folder) / "model", X_check=X_check)
        parts = *read_file(path), path.read_bytes()
        return Sample(*parts, X[:3], answers_of(model, X[:3]))


def answers_of(model, X):
    """Return what a model answers, by method."""
    methods = ["predict_proba", "decision_function", "predict"]
    if isinstance(model, LSTMLanguageModel):
        methods = ["predict", "score_samples"]
    return {
        method: np.asarray(getattr(model, method)(X))
        for method in methods
        if hasattr(model, method)
    }


def change_tree(tree, rng):
    """Change one place of a tree of skops."""
    places = [*places_of(tree)]
    nodes = [
        part[key]
        for part, key in places
        if isinstance(part[key], dict) and "__loader__" in part[key]
    ]
    node = rng.choice(nodes)
    what = rng.choice(["name", "loader", "value", "swap", "drop", "id", "raw", "both"])
    if what in ("name", "both"):
        node["__module__"], node["__class__"] = rng.choice(HOSTILE)
    if what in ("loader", "both"):
        node["__loader__"] = rng.choice(LOADERS)
    elif what == "value":
        plain = [n for n in nodes if n.get("is_json")]
        rng.choice(plain)["content"] = json.dumps(rng.choice(ODD))
    elif what == "swap":
        other = rng.choice(nodes)
        one, two = copy.deepcopy(node), copy.deepcopy(other)
        node.clear()
        node.update(two)
        other.clear()
        other.update(one)
    elif what == "drop":
        part, key = rng.choice([p for p in places if isinstance(p[0], dict)])
        del part[key]
    elif what == "id":
        node["__id__"] = rng.choice([rng.choice(nodes)["__id__"], *ODD])
        if rng.random() < 0.5:
            for key in [*node]:
                if key != "__id__":
                    del node[key]
    elif what == "raw":
        part, key = rng.choice(places)
        part[key] = rng.choice(ODD)


def renumber(value, ids):
    """Give one id to all nodes of one content, as who knows the format would."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            renumber(part, ids)
    if isinstance(value, dict) and "__loader__" in value:
        value.pop("__id__", None)
        value["__id__"] = ids.setdefault(json.dumps(value), 10**6 + len(ids))


def model_families(violation):
    """Return what makes a file, and what has to come of it, by name."""
    models = Models(violation)
    resealed = {
        "manifest": models.change_manifest,
        "directory": models.flip_directory,
        "bytes of a part": models.flip_part,
        "cut part": models.cut_part,
        "parts": models.change_parts,
        "array": models.change_array,
        "tree": models.change_tree,
        "tree, new ids": partial(models.change_tree, renumbered=True),
    }
    return {
        "model: bytes flipped": (models.flip_file, models.must_refuse),
        "model: cut": (models.cut_file, models.must_refuse),
        **{
            f"model, new sha256: {name}": (make, models.must_hold)
            for name, make in resealed.items()
        },
    }
