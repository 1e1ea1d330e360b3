"""save and load: what comes back is what went in, or an error says why not."""

import json
import os
import pickle
import signal
import stat
import subprocess
import sys
import threading
import time
from functools import partial
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.callback import ScoringMonitor
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sklstm
from sklstm import (
    LSTMClassifier,
    LSTMLanguageModel,
    PretrainedEmbeddingAverager,
    SequencePadder,
    TextTokenizer,
    WordVectors,
    load,
    make_baseline,
    read_manifest,
    save,
)
from sklstm._persistence._files import FORMAT, MAGIC, _digest
from sklstm._persistence._trust import is_our_own
from sklstm.datasets import make_reviews

TEXTS, LABELS = make_reviews(40, random_state=0)
NUMBERS = np.random.default_rng(0).normal(size=(12, 5, 2))
TINY = {"embedding_dim": 3, "hidden_size": 2, "max_epochs": 1, "random_state": 0}
WORDS = sorted({word for text in TEXTS for word in text.split()})
VECTORS = WordVectors(WORDS, np.random.default_rng(0).normal(size=(len(WORDS), 3)))


def loud(text):
    """Shout, a preprocessor with an import path."""
    return text.upper()


def language_model():
    return LSTMLanguageModel(**TINY).fit(list(TEXTS))


def text_pipe(**options):
    model = LSTMClassifier(**{**TINY, **options})
    return make_pipeline(TextTokenizer(), SequencePadder(), model)


MODELS = {
    **{
        name: (getattr(sklstm, name)(**TINY), NUMBERS, np.arange(12) % 3)
        for name in sklstm.__all__
        if name.endswith(("Classifier", "Regressor"))
    },
    "text": (text_pipe(), TEXTS, LABELS),
    "warm": (text_pipe(warm_start=True), TEXTS, LABELS),
    "labels": (
        text_pipe(class_weight={"negative": 2.0, "positive": 1.0}),
        TEXTS,
        LABELS,
    ),
    "multilabel": (text_pipe(), TEXTS, np.eye(2, dtype=int)[np.arange(40) % 2]),
    "vectors": (
        make_pipeline(TextTokenizer(unknown="keep"), LSTMClassifier(vectors=VECTORS)),
        TEXTS,
        LABELS,
    ),
    "frozen vectors": (text_pipe(vectors=VECTORS, freeze_vectors=True), TEXTS, LABELS),
    "baseline": (make_baseline(VECTORS, weighting="sif"), TEXTS, LABELS),
    "idf": (PretrainedEmbeddingAverager(VECTORS, weighting="idf"), TEXTS, None),
    "language": (LSTMLanguageModel(**TINY), list(TEXTS), None),
    "encoder": (text_pipe(encoder=language_model()), TEXTS, LABELS),
    "frozen": (FrozenEstimator(text_pipe().fit(TEXTS, LABELS)), TEXTS, LABELS),
    "foreign": (
        make_pipeline(TfidfVectorizer(dtype=np.float64), LogisticRegression()),
        TEXTS,
        LABELS,
    ),
    "tokens": (
        TextTokenizer(stop_words=["the"], vocabulary={"good", "bad"}),
        TEXTS,
        None,
    ),
}


@pytest.fixture(scope="module")
def pipe():
    return text_pipe().fit(TEXTS, LABELS)


@pytest.fixture
def saved(pipe, tmp_path):
    return save(pipe, tmp_path / "model.sklstm", X_check=TEXTS[:3])


def answers(model, X):
    for method in ("predict_proba", "predict", "transform"):
        if hasattr(model, method):
            found = getattr(model, method)(X)
            ragged = isinstance(found, np.ndarray) and found.dtype == object
            if sparse.issparse(found):
                found = found.toarray()
            yield np.array([str(row) for row in found]) if ragged else np.asarray(found)


@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.parametrize("name", MODELS)
def test_what_comes_back_answers_the_same(name, tmp_path):
    model, X, y = MODELS[name]
    model = model.fit(X, y)
    loaded = load(save(model, tmp_path / "model", X_check=X[:3]))
    for expected, found in zip(answers(model, X), answers(loaded, X), strict=True):
        np.testing.assert_array_equal(found, expected)
    again = load(save(loaded, tmp_path / "again"))
    for expected, found in zip(answers(model, X), answers(again, X), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_training_goes_on_to_the_bit(tmp_path):
    model = LSTMClassifier(**TINY)
    model.partial_fit(NUMBERS, np.arange(12) % 2, classes=[0, 1])
    loaded = load(save(model, tmp_path / "model"))
    for each in (model, loaded):
        each.partial_fit(NUMBERS, np.arange(12) % 2)
    np.testing.assert_array_equal(
        loaded.predict_proba(NUMBERS), model.predict_proba(NUMBERS)
    )


def test_a_manifest_is_read_without_building_anything(saved):
    manifest = read_manifest(saved)
    assert manifest["format"] == FORMAT
    assert manifest["sklstm"] == sklstm.__version__
    assert manifest["numpy"] == np.__version__
    assert manifest["checked_rows"] == 3
    outline = "Pipeline(TextTokenizer, SequencePadder, LSTMClassifier)"
    assert manifest["estimator"] == outline
    content = saved.read_bytes().split(b"\n", 2)[2]
    assert manifest["sha256"] == sha256(content).hexdigest()


def test_plain_skops_reads_it_with_our_trusted_types(saved):
    content = saved.read_bytes().split(b"\n", 2)[2]
    assert set(skops.io.get_untrusted_types(data=content)) <= set(sklstm.TRUSTED_TYPES)
    held = skops.io.loads(content, trusted=list(sklstm.TRUSTED_TYPES))
    assert held["estimator"].predict(TEXTS[:1]).shape == (1,)


def test_every_trusted_type_exists():
    for name in sklstm.TRUSTED_TYPES:
        module, _, cls = name.rpartition(".")
        __import__(module)
        assert isinstance(getattr(sys.modules[module], cls), type)


# -- damage


def test_a_flipped_byte_anywhere_is_found(saved, tmp_path):
    data = saved.read_bytes()
    rng = np.random.default_rng(0)
    places = {*range(90), *rng.integers(len(data), size=300).tolist(), len(data) - 1}
    broken = tmp_path / "broken"
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 1 << rng.integers(8)
        broken.write_bytes(flipped)
        for read in (load, read_manifest):
            with pytest.raises(ValueError, match=r"damaged|no file that"):
                read(broken)


def test_fault_59_a_cut_file_is_found(saved, tmp_path):
    data = saved.read_bytes()
    broken = tmp_path / "broken"
    for length in (0, 1, 20, 90, 500, len(data) // 2, len(data) - 1):
        broken.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"damaged|no file that"):
            load(broken)
    broken.write_bytes(data + b"\0")
    with pytest.raises(ValueError, match="damaged"):
        load(broken)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "other"
    with pytest.raises(FileNotFoundError):
        load(path)
    for content in (b"", b"\n", b"sklstm-model", b"sklstm-model x y\n", b"PK\3\4" * 50):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"no file that sklstm\.save has written"):
            load(path)


def made_file(path, content, number=FORMAT, manifest=None):
    """Write a file as a stranger could, with a sha256 that is right."""
    body = json.dumps(manifest or {}).encode() + b"\n" + content
    path.write_bytes(b"%s %d %s\n" % (MAGIC, number, _digest(number, body)) + body)
    return path


def test_a_newer_format_is_refused_in_words(saved, tmp_path):
    path = made_file(tmp_path / "new", b"whatever", FORMAT + 1)
    for read in (load, read_manifest):
        with pytest.raises(ValueError, match=f"format {FORMAT + 1}.*install a newer"):
            read(path)


# -- strangers


class Sly(BaseEstimator):
    """Of a module that nobody knows."""


def test_unknown_types_are_listed_and_refused(tmp_path):
    path = save(Sly(), tmp_path / "model")
    name = f"{Sly.__module__}.Sly"
    with pytest.raises(ValueError, match=f"not trusted: {name}"):
        load(path)
    assert isinstance(load(path, trusted=[name]), Sly)


def test_functions_are_saved_by_their_path_and_not_trusted(tmp_path):
    tokenizer = TextTokenizer(preprocessor=loud).fit(["a film"])
    path = save(tokenizer, tmp_path / "model")
    name = f"{__name__}.loud"
    with pytest.raises(ValueError, match=name):
        load(path)
    assert load(path, trusted=[name]).vocabulary_["FILM"] == 3


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (TextTokenizer(preprocessor=lambda text: text), "preprocessor"),
        (make_pipeline(FunctionTransformer(lambda X: X)), "functiontransformer__func"),
        (TextTokenizer(tokenizer=str.split), "tokenizer=str.split"),
        (FunctionTransformer(partial(np.add, np.sin)), None),
        (FunctionTransformer(partial(lambda X, y: X, y=1)), "func"),
        (LSTMClassifier(net_params={"a": [lambda: 0]}), "net_params"),
    ],
)
def test_functions_without_a_path_are_refused(estimator, named, tmp_path):
    if named is None:
        save(estimator, tmp_path / "model")
        return
    with pytest.raises(ValueError, match=rf"{named}.* no import path"):
        save(estimator, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_callbacks_are_taken_off_first(tmp_path):
    monitor = ScoringMonitor(scoring="accuracy")
    model = make_baseline(VECTORS, callbacks=[monitor]).fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match=r"logisticregression.set_callbacks\(\)"):
        save(model, tmp_path / "model")
    model[-1].set_callbacks()
    save(model, tmp_path / "model")
    alone = LogisticRegression().set_callbacks(monitor)
    with pytest.raises(ValueError, match=r"set_callbacks\(\)"):
        save(alone, tmp_path / "alone")


def test_what_is_no_estimator_is_refused(tmp_path):
    for thing in ({"a": 1}, [1], "text", None, LSTMClassifier):
        with pytest.raises(TypeError, match="takes an estimator"):
            save(thing, tmp_path / "model")


@pytest.mark.parametrize(
    ("name", "trusted"),
    [
        ("sklearn.model_selection._split.StratifiedKFold", True),
        ("sklearn.metrics.accuracy_score", False),
        ("sklearn.no_such_module.Type", False),
        ("sklearn.svm.NoSuchType", False),
        ("os.system", False),
        ("builtins.eval", False),
    ],
)
def test_types_of_scikit_learn_are_trusted_and_functions_are_not(name, trusted):
    assert is_our_own(name) == trusted


def test_floods_are_refused(tmp_path):
    archive = tmp_path / "archive.zip"
    import zipfile

    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("schema.json", b"{}")
        file.writestr("flood.npy", b"\0" * 50_000_000)
    path = made_file(tmp_path / "flood", archive.read_bytes())
    with pytest.raises(ValueError, match="unpacks to"):
        load(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", b"PK\5\6" + b"\0" * 18],
)
def test_content_that_is_no_archive_of_skops(content, tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        load(made_file(tmp_path / "model", content))


@pytest.mark.parametrize(
    "schema",
    ["", "[", "{}", "[]", '{"__loader__": "x"}', "[" * 100_000, '{"protocol": 99}'],
)
def test_a_tree_that_makes_no_sense(schema, tmp_path):
    import zipfile

    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("schema.json", schema)
    with pytest.raises(ValueError, match="cannot be read"):
        load(made_file(tmp_path / "model", archive.read_bytes()))


def test_loading_imports_nothing_that_is_named_in_a_file(tmp_path):
    """The module of a type that is not trusted is never imported."""
    module = tmp_path / "sly_module.py"
    flag = tmp_path / "ran"
    module.write_text(
        f"open({str(flag)!r}, 'w')\nfrom sklearn.base import BaseEstimator\n"
        "class Sly(BaseEstimator):\n    pass\n"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import sklstm, sly_module\n"
        f"sklstm.save(sly_module.Sly(), {str(tmp_path / 'model')!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    flag.unlink()
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"import sklstm\nsklstm.load({str(tmp_path / 'model')!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "not trusted: sly_module.Sly" in done.stderr
    assert not flag.exists()


# -- checked rows


@pytest.mark.parametrize(
    "rows",
    [
        list(TEXTS[:3]),
        TEXTS[:3],
        pd.Series(TEXTS[:3], index=[5, 5, 1]),
        pd.DataFrame({"text": TEXTS[:3]}),
    ],
    ids=["list", "array", "Series", "DataFrame"],
)
def test_rows_are_checked(pipe, rows, tmp_path):
    path = save(pipe, tmp_path / "model", X_check=rows)
    assert read_manifest(path)["checked_rows"] == 3
    assert load(path).predict(TEXTS[:3]).tolist() == pipe.predict(TEXTS[:3]).tolist()


def test_a_model_that_answers_otherwise_is_refused(pipe, tmp_path):
    path = save(pipe, tmp_path / "model", X_check=list(TEXTS[:3]))
    content = path.read_bytes().split(b"\n", 2)[2]
    held = skops.io.loads(content, trusted=list(sklstm.TRUSTED_TYPES))
    held["check"]["answers"]["predict_proba"][0] += 1e-3
    made_file(path, skops.io.dumps(held))
    with pytest.raises(ValueError, match="predict_proba of the rows of X_check"):
        load(path)


def test_rows_cannot_be_checked_before_fit(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        save(text_pipe(), tmp_path / "model", X_check=["a"])


# -- writing


def test_another_version_is_warned_of(tmp_path):
    model = LSTMClassifier(**TINY).fit(NUMBERS, np.arange(12) % 2)
    path = save(model, tmp_path / "model")
    content = path.read_bytes().split(b"\n", 2)[2]
    import io
    import zipfile

    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(changed, "w") as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            if name == "schema.json":
                version = json.dumps(sklstm.__version__).replace('"', '\\"').encode()
                assert version in part
                part = part.replace(version, b'\\"0.0.7\\"')
            new.writestr(name, part)
    made_file(path, changed.getvalue())
    with pytest.warns(InconsistentVersionWarning, match=r"0\.0\.7"):
        load(path)


@pytest.mark.parametrize(
    ("estimator", "X", "y"),
    [
        (TextTokenizer(), TEXTS, None),
        (SequencePadder(), [[1, 2], [3]], None),
        (PretrainedEmbeddingAverager(VECTORS), TEXTS, None),
        (LSTMClassifier(**TINY), [[1, 2], [3]], [0, 1]),
        (LSTMLanguageModel(**TINY), list(TEXTS), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_pickle_of_another_version_warns(estimator, X, y):
    data = pickle.dumps(estimator.fit(X, y))
    assert vars(pickle.loads(data)).keys() == vars(estimator).keys()
    version = sklstm.__version__.encode()
    assert data.count(version) == 1
    data = data.replace(version, b"9.9.9".ljust(len(version)))
    with pytest.warns(InconsistentVersionWarning, match=r" 9\.9\.9") as warned:
        pickle.loads(data)
    assert f" {type(estimator).__name__} " in str(warned[-1].message)


LIMITED = """
import resource, sys, sklstm
model = sklstm.load(sys.argv[1])
for size in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        sklstm.save(model, sys.argv[1])
    except OSError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX has limits for files")
def test_fault_57_the_old_file_stays_where_the_new_one_does_not_fit(saved, tmp_path):
    """The system refuses to write more of the file after the first bytes of it."""
    before = saved.read_bytes()
    command = [sys.executable, "-c", LIMITED, saved, "0", "100", str(len(before) // 2)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.count("File too large") == 3, done.stderr
    assert saved.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [saved.name]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has /dev/full")
def test_fault_57_a_device_is_written_to_and_not_replaced(pipe):
    with pytest.raises(OSError, match="No space left"):
        save(pipe, "/dev/full")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_what_a_link_points_to_is_replaced(pipe, saved, tmp_path):
    link = tmp_path / "latest"
    link.symlink_to(saved.name)
    saved.write_bytes(b"old")
    save(pipe, link)
    assert link.is_symlink()
    load(saved)


def test_a_folder_that_is_missing(pipe, tmp_path):
    with pytest.raises(OSError, match="No such file"):
        save(pipe, tmp_path / "missing" / "model")
    with pytest.raises(IsADirectoryError):
        save(pipe, tmp_path)


KEPT = """
import sys, sklstm
model = sklstm.load(sys.argv[1])
print("ready", flush=True)
while True:
    sklstm.save(model, sys.argv[1])
"""


def test_fault_58_killed_while_it_writes(saved):
    """A process that saves over and over is killed: the file is whole each time."""
    for wait in (0.0, 0.03, 0.11):
        process = subprocess.Popen(
            [sys.executable, "-c", KEPT, str(saved)], stdout=subprocess.PIPE
        )
        assert process.stdout.readline() == b"ready\n"
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        load(saved)


def test_two_threads_write_one_file(pipe, tmp_path):
    path = tmp_path / "model"
    threads = [threading.Thread(target=save, args=(pipe, path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load(path)
    assert len(list(tmp_path.iterdir())) == 1


def test_rights_of_a_file_are_kept(pipe, tmp_path):
    path = save(pipe, tmp_path / "model")
    path.chmod(0o640)
    save(pipe, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_search_saves_its_best(tmp_path):
    grid = {"lstmclassifier__hidden_size": [2, 3]}
    search = GridSearchCV(text_pipe(), grid, cv=2).fit(TEXTS, LABELS)
    path = save(search.best_estimator_, tmp_path / "model")
    assert load(path).predict(TEXTS[:2]).tolist() == search.predict(TEXTS[:2]).tolist()
    whole = load(save(search, tmp_path / "search"))
    assert whole.best_params_ == search.best_params_
