"""Files of strangers whose objects do not fit together, or name a path."""

import io
import json
import math
import os
import re
import sys

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import GRURegressor, LSTMClassifier, TextTokenizer, load, load_vectors, save
from sklstm.runtime import load as light_load
from sklstm.vectors import _loading
from tests.persistence.conftest import LABELS, TEXTS, TINY
from tests.persistence.hand_made import (
    Ids,
    array_node,
    assert_refused,
    listed,
    members_of,
    node,
    padder,
    plain,
    tree_of,
)


def changed(path, kind, where, new, more=None):
    """Return the parts of a model; of all objects of a kind an attribute is another."""
    members = {**members_of(path), **(more or {})}
    tree = json.loads(members["schema.json"])
    *outer, name = (part.replace("\0", ".") for part in where.split("."))
    found = []

    def walk(value):
        if isinstance(value, dict):
            if value.get("__class__") == kind and value["__loader__"] == "ObjectNode":
                found.append(value)
            value = [*value.values()]
        if isinstance(value, list):
            for part in value:
                walk(part)

    walk(tree)
    assert found
    for place in found:
        place["__id__"] = Ids.new() + 10**6
        state = place["content"]
        state["__id__"] = Ids.new() + 10**6
        for each in outer:
            state = state["content"][each]
            state["__id__"] = Ids.new() + 10**6
        assert name in state["content"]
        if new is None:
            del state["content"][name]
        else:
            state["content"][name] = {**new, "__id__": Ids.new() + 10**6}
    members["schema.json"] = json.dumps(tree).encode()
    return members


NET, TOKENIZER = "LSTMClassifier", "TextTokenizer"
SIZES = {
    "hidden_size": (0, -1, 3, 1e9, math.nan, None, "2", 10**9),
    "num_layers": (0, 2, 10**9, 10**30, True),
    "n_tokens": (0, 1, 5, 10**12, None),
    "cell": ("gru", "none", 1, ["lstm"]),
    "bidirectional": (True,),
    "pooling": ("attention",),
    "n_outputs": (3,),
}
MISFITS = [
    *(
        ("text", NET, f"sizes_.{name}", plain(value))
        for name, values in SIZES.items()
        for value in values
    ),
    ("text", NET, "sizes_.cell", None),
    ("text", NET, "classes_", plain([0, 1])),
    ("text", NET, "classes_", None),
    ("text", NET, "input_type_", plain("series")),
    ("text", NET, "_n_channels_", plain(2)),
    ("text", NET, "_vocabulary_", plain("words")),
    ("text", NET, "_word_table_", plain({"words": 1})),
    ("text", TOKENIZER, "token_pattern", plain("(")),
    ("text", TOKENIZER, "token_pattern", plain("(a)(b)")),
    ("text", TOKENIZER, "token_pattern", plain(7)),
    ("text", TOKENIZER, "stop_words", plain([1])),
    ("text", TOKENIZER, "lowercase", plain("yes")),
    ("text", TOKENIZER, "analyzer", plain("lines")),
    ("text", TOKENIZER, "_vocabulary", plain(["a"])),
    ("text", "Vocabulary", "n_fitted", plain(10**6)),
    ("text", "Vocabulary", "n_fitted", plain(-1)),
    ("text", "SequencePadder", "max_length_", plain(0)),
    ("text", "SequencePadder", "max_length_", plain(math.inf)),
    ("text", "SequencePadder", "padding", plain("both")),
    ("text", "Pipeline", "steps", plain([["a"]])),
    ("text", "Pipeline", "steps", plain("steps")),
    ("vectors", "WordTable", "words", plain(["a"])),
    ("vectors", "WordTable", "vectors", plain(None)),
    ("baseline", "PretrainedEmbeddingAverager", "oov", plain("guess")),
    ("baseline", "PretrainedEmbeddingAverager", "vectors_", plain("v.txt")),
    ("baseline", "PretrainedEmbeddingAverager", "_word_weights", plain(None)),
    ("baseline", "LogisticRegression", "coef_", plain([[1]])),
    ("baseline", "LogisticRegression", "classes_", plain([0, 1])),
    ("baseline", "StandardScaler", "scale_", plain("1")),
    ("baseline", "StandardScaler", "with_mean", plain([])),
    ("numbers", "GRURegressor", "_shape_of_row_", plain([7])),
    ("numbers", "GRURegressor", "target_mean_", plain(0.5)),
    ("numbers", "GRURegressor", "_n_channels_", plain(3)),
]
ARRAYS = [
    ("text", "Vocabulary", "offsets", np.array([0, 5, 2])),
    ("text", "Vocabulary", "offsets", np.array([0, 10**9])),
    ("text", "Vocabulary", "offsets", np.array([-9, 9])),
    ("text", "Vocabulary", "offsets", np.empty(0, int)),
    ("text", "Vocabulary", "utf8", np.full(99, 255, np.uint8)),
    ("text", NET, "state_.head\0bias", np.zeros(3, "f4")),
    ("text", NET, "state_.head\0bias", np.full(2, np.nan, "f4")),
    ("text", NET, "state_.embedding\0weight", np.zeros((3, 3), "f4")),
    ("text", NET, "classes_", np.arange(3)),
    ("vectors", "WordVectors", "matrix", np.zeros((3, 5), "f4")),
    ("vectors", "WordVectors", "matrix", np.full((5, 5), np.inf, "f4")),
    ("vectors", "WordVectors", "matrix", np.zeros((5, 4), "f4")),
    ("baseline", "WordVectors", "matrix", np.zeros((5, 5), "S4")),
    ("baseline", "Weights", "weights", np.ones(2)),
    ("baseline", "PretrainedEmbeddingAverager", "common_component_", np.ones(4)),
    ("baseline", "LogisticRegression", "coef_", np.ones((2, 4))),
    ("baseline", "StandardScaler", "mean_", np.ones(4)),
    ("numbers", "GRURegressor", "target_scale_", np.ones(3)),
]


@pytest.mark.parametrize(
    ("name", "kind", "where", "new"),
    MISFITS,
    ids=lambda value: value["content"] if isinstance(value, dict) else None,
)
def test_what_does_not_fit_is_refused(name, kind, where, new, files, made):
    assert_refused(made(changed(files[name], kind, where, new)))


@pytest.mark.parametrize(("name", "kind", "where", "array"), ARRAYS)
def test_arrays_that_do_not_fit_are_refused(name, kind, where, array, files, made):
    data = io.BytesIO()
    np.save(data, array)
    new = array_node("new.npy")
    members = changed(files[name], kind, where, new, {"new.npy": data.getvalue()})
    assert_refused(made(members))


def test_arrays_are_not_made_numbers(files, made):
    """Offsets of float16 are other offsets than those that were checked."""
    data = io.BytesIO()
    np.save(data, np.arange(3))
    for name in ("float16", "int8", "str_", "no_such_type"):
        new = node("NdArrayNode", f"numpy.{name}", type="numpy", file="new.npy")
        members = changed(
            files["text"], NET, "classes_", new, {"new.npy": data.getvalue()}
        )
        assert_refused(made(members))


@pytest.mark.parametrize(
    "types",
    [
        [],
        [plain("str")] * 4,
        [node("TypeNode", "builtins.int")] * 4,
        [node("TypeNode", "sklearn.pipeline.Pipeline")] * 4,
        [node("TypeNode", "builtins.str")] * 3,
        [node("TypeNode", "builtins.str")] * 5,
    ],
)
def test_each_attribute_has_a_name(types, made):
    """What has no type for its key skops leaves out, whatever the file says of it."""
    estimator = padder()
    assert len(estimator["content"]["content"]) == 4
    estimator["content"]["key_types"] = listed(*types)
    assert_refused(made(tree=tree_of(estimator)), "the keys of a dict", (load,))


def test_numbers_of_a_stranger_are_what_they_are(files, made):
    data = io.BytesIO()
    np.save(data, np.array([9, -9], "f4"))
    where, new = "state_.head\0bias", array_node("new.npy")
    members = changed(files["text"], NET, where, new, {"new.npy": data.getvalue()})
    path = made(members)
    for read in (load, light_load):
        np.testing.assert_allclose(read(path).predict_proba(TEXTS)[:, 0], 1, atol=1e-3)


def test_texts_padded_to_a_billion_words(files, made):
    """The net sees no padding, nor does the runtime; the padder is told to make it."""
    where = "SequencePadder", "max_length_", plain(10**15)
    path = made(changed(files["text"], *where))
    assert light_load(path).predict(TEXTS).shape == (4,)
    with pytest.raises((MemoryError, ValueError)):
        load(path).predict(TEXTS)


def test_a_language_model_whose_words_are_others(files, made):
    for value in (0, 3, 10**9):
        new = plain(value)
        members = changed(
            files["language"], "LSTMLanguageModel", "sizes_.n_tokens", new
        )
        assert_refused(made(members), readers=(load,))


@pytest.mark.parametrize(
    ("generator", "field"),
    [
        (np.random.RandomState(0), "pos"),
        (np.random.Generator(np.random.MT19937(0)), "pos"),
        (np.random.Generator(np.random.Philox(0)), "buffer_pos"),
    ],
)
def test_generators_that_read_beyond_their_state(generator, field, tmp_path, made):
    """With such a place NumPy reads what is there, or the process ends."""
    model = GRURegressor(random_state=generator)
    path = save(model, tmp_path / "model")
    assert type(load(path).random_state) is type(generator)
    members = members_of(path)
    tree = members["schema.json"].decode()
    place = re.compile(rf'("{field}": {{[^}}]*"content": ")\d+("[^}}]*"__id__": )\d+')
    for value in ("625", "-1", "1e3", "null"):
        other, n_found = place.subn(rf"\g<1>{value}\g<2>7", tree)
        assert n_found == 1
        path = made({**members, "schema.json": other.encode()})
        assert_refused(path, "a random generator reads at")


# -- paths


@pytest.fixture
def path_of_vectors(tmp_path):
    """A model that holds the path of a file of vectors, and the file."""
    source = tmp_path / "vectors.txt"
    source.write_text("good 1 0\nbad -1 0\nfilm 0 1\n")
    vectors = load_vectors(source, cache_dir=tmp_path / "cache")
    net = LSTMClassifier(vectors=vectors, store_vectors=False, **TINY)
    model = make_pipeline(TextTokenizer(), net).fit(TEXTS, LABELS)
    return save(model, tmp_path / "model"), source


def test_a_path_in_a_file_writes_nothing(path_of_vectors, tmp_path):
    path, _ = path_of_vectors
    for folder in (tmp_path / "cache").iterdir():
        folder.rename(tmp_path / "moved")
    (tmp_path / "cache").rmdir()
    _loading._read_once.cache_clear()
    assert load(path).predict(TEXTS).shape == (4,)
    assert not (tmp_path / "cache").exists()


def test_what_is_at_a_path_is_not_quoted(path_of_vectors):
    path, source = path_of_vectors
    source.write_text("a secret of this machine")
    with pytest.raises(ValueError, match="cannot be read any more") as caught:
        load(path)
    assert "secret" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX has pipes with names")
def test_a_path_of_a_pipe_is_not_read(path_of_vectors):
    path, source = path_of_vectors
    source.unlink()
    os.mkfifo(source)
    with pytest.raises(ValueError, match="which is not there"):
        load(path)
