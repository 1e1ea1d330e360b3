"""load_vectors: its sources, its two caches, the downloader."""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from gensim.models import FastText, Word2Vec
from joblib import Parallel, delayed

from sklstm import load_vectors
from tests.vectors.conftest import MATRIX, WORDS, glove_text


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(glove_text())
    return path


def test_objects_of_gensim(vectors, keyed_vectors):
    loaded = load_vectors(keyed_vectors)
    assert loaded == vectors
    assert not np.shares_memory(loaded.matrix, keyed_vectors.vectors)
    assert load_vectors(keyed_vectors, limit=2).words == ("the", "film")
    for cls in (Word2Vec, FastText):
        model = cls([["a", "b"]] * 3, vector_size=3, min_count=1, workers=1)
        assert load_vectors(model) == load_vectors(model.wv)
        np.testing.assert_array_equal(load_vectors(model)["b"], model.wv["b"])


def test_word_vectors_are_what_they_are(vectors):
    assert load_vectors(vectors) is vectors
    assert load_vectors(vectors, limit=5) is vectors
    few = load_vectors(vectors, limit=2)
    assert few.words == ("the", "film")
    np.testing.assert_array_equal(few.matrix, MATRIX[:2])


@pytest.mark.parametrize("source", [None, 3, {"a": [1]}, np.eye(2), Word2Vec])
def test_what_are_no_vectors(source):
    with pytest.raises(
        TypeError, match=f"a KeyedVectors of gensim; got {type(source).__name__}"
    ):
        load_vectors(source)


def test_paths_of_every_type(path, vectors, monkeypatch):
    monkeypatch.chdir(path.parent)
    for source in (path, str(path), "v.txt", os.path.join(".", "v.txt")):
        assert load_vectors(source).matrix is load_vectors(path).matrix
    monkeypatch.setenv("HOME", str(path.parent))
    monkeypatch.setenv("USERPROFILE", str(path.parent))
    assert load_vectors("~/v.txt") is load_vectors(path)


def test_missing_files(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"no file of word vectors at .*none\.txt"
    ):
        load_vectors(tmp_path / "none.txt")
    with pytest.raises(
        FileNotFoundError, match=r"no file of word vectors at .*none\.txt"
    ):
        load_vectors("none.txt")
    with pytest.raises(ValueError, match="is a folder"):
        load_vectors(tmp_path)


# -- read once -------------------------------------------------------------------------


def test_one_copy_in_a_process(path):
    first = load_vectors(path)
    assert load_vectors(path) is first
    with ThreadPoolExecutor(8) as pool:
        assert all(v is first for v in pool.map(load_vectors, [path] * 32))
    assert load_vectors(path, limit=2) is not first


def test_threads_that_come_first_share_too(path):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(id, pool.map(load_vectors, [path] * 32)))) == 1


def test_a_changed_file_is_read_again(path):
    first = load_vectors(path)
    path.write_bytes(glove_text().replace(b"film", b"movie"))
    assert load_vectors(path).words[1] == "movie"
    assert first.words[1] == "film"


# -- the converted copy ----------------------------------------------------------------


def test_nothing_is_written_unasked(path):
    load_vectors(path)
    assert os.listdir(path.parent) == ["v.txt"]


def mapped(array):
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False


def test_converted_copy_is_mapped(path, vectors, tmp_path):
    folder = tmp_path / "cache"
    made = load_vectors(path, cache_dir=folder)
    assert made == vectors
    assert made.words == vectors.words
    assert mapped(made.matrix)
    assert not made.matrix.flags.writeable
    (copy,) = folder.iterdir()
    before = {p.name: p.stat().st_mtime_ns for p in copy.iterdir()}
    from sklstm.vectors import _loading

    _loading._read_once.cache_clear()
    again = load_vectors(path, cache_dir=folder)
    assert again == made
    assert before == {p.name: p.stat().st_mtime_ns for p in copy.iterdir()}
    assert load_vectors(path, cache_dir=folder, limit=2).words == ("the", "film")
    assert len(list(folder.iterdir())) == 2


def where_from(vectors):
    return vectors.digest, mapped(vectors.matrix), os.getpid()


def test_worker_processes_map_it(path, tmp_path):
    made = load_vectors(path, cache_dir=tmp_path / "cache")
    found = Parallel(n_jobs=2)(delayed(where_from)(made) for _ in range(4))
    assert {(digest, is_mapped) for digest, is_mapped, _ in found} == {
        (made.digest, True)
    }
    assert os.getpid() not in {pid for _, _, pid in found}


def test_converted_copy_of_subwords(tmp_path):
    from gensim.models.fasttext import save_facebook_model

    model = FastText([WORDS] * 3, vector_size=4, min_count=1, bucket=9, workers=1)
    save_facebook_model(model, str(tmp_path / "m.bin"))
    made = load_vectors(tmp_path / "m.bin", cache_dir=tmp_path / "cache")
    plain = load_vectors(tmp_path / "m.bin")
    assert made == plain
    np.testing.assert_array_equal(made["filmgoer"], plain["filmgoer"])
    assert pickle.loads(pickle.dumps(made)) == plain


def test_damaged_copy(path, tmp_path):
    load_vectors(path, cache_dir=tmp_path / "cache")
    from sklstm.vectors import _loading

    _loading._read_once.cache_clear()
    (copy,) = (tmp_path / "cache").iterdir()
    (copy / "matrix.npy").write_bytes(b"")
    with pytest.raises(ValueError, match=r"stored copy of .*v\.txt, is damaged"):
        load_vectors(path, cache_dir=tmp_path / "cache")


# -- the downloader --------------------------------------------------------------------

NAME = "glove-of-nobody-4"


def run(code, **environment):
    command = [sys.executable, "-W", "error", "-c", code]
    environment = os.environ | {"https_proxy": "http://127.0.0.1:9"} | environment
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment
    )


def test_downloaded_code_is_never_imported(tmp_path):
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / f"{NAME}.gz").write_bytes(glove_text())
    (folder / "__init__.py").write_text("raise SystemExit('imported')")
    code = (
        f"import sys, sklstm; v = sklstm.load_vectors({NAME!r});"
        f"print(len(v), v.path, {NAME!r} in sys.modules)"
    )
    done = run(code, GENSIM_DATA_DIR=str(tmp_path))
    expected = ["5", str(folder / f"{NAME}.gz"), "False"]
    assert done.stdout.split() == expected, done.stderr


def test_downloader_without_internet(tmp_path):
    code = (
        "import logging; logging.disable(); import sklstm\n"
        f"try: sklstm.load_vectors({NAME!r})\n"
        "except FileNotFoundError as error: print(error)"
    )
    done = run(code, GENSIM_DATA_DIR=str(tmp_path))
    start = (
        f"There is no file '{NAME}', and gensim's downloader could not fetch vectors"
    )
    assert done.stdout.startswith(start), done.stderr
    place = tmp_path / NAME / f"{NAME}.gz"
    end = f"Without internet put the file at {place}, or pass the path of any file of "
    assert end in done.stdout
