"""Files of word vectors from strangers: refused in words, and at no great cost.

Text and numbers have no sha256: a byte that was changed may be another number. What is
promised is that ``load_vectors`` raises a ValueError that names the file, or gives
words, each once, and finite numbers; that packed files are refused or read right; and
that a file of some kilobytes takes neither gigabytes nor minutes. tests/fuzz.py tries
it on thousands of files, and tests/persistence/test_strangers.py runs some of them.
"""

import bz2
import gzip
import io
import struct
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import save_facebook_model

from sklstm import load_vectors

LIMITED = """
import faulthandler, resource, sys
from pathlib import Path
import sklstm

path = Path(sys.argv[1])
try:
    sklstm.load_vectors(path)
except ValueError:
    pass
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = used + (1 << 30)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
faulthandler.dump_traceback_later(10, exit=True)
try:
    sklstm.load_vectors(path)
except ValueError as error:
    print(error)
"""


def in_limits(path):
    """Return the error of a file that is read in 10 seconds and 1 GiB more."""
    command = [sys.executable, "-c", LIMITED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


BLOCKS = {
    "lines": (b"", b"w 1\n" * 250_000),
    "one line": (b"a", b" 1" * 500_000),
    "blank lines": (b"a 1\n", b"\n" * 10**6),
    "zeros": (b"9 4\n", bytes(10**6)),
    "one word": (b"9 4\n", b"\x01" * 10**6),
    "one vector": (b"1 900000000\n\x01 ", bytes(10**6)),
}


def flood(name, pack, n_blocks):
    """Pack many blocks, each by itself, which are one file when they are unpacked."""
    head, block = BLOCKS[name]
    return pack(head) + pack(block) * n_blocks


@pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
def test_a_flood_of_gigabytes(tmp_path):
    path = tmp_path / "v.packed"
    path.write_bytes(flood("lines", gzip.compress, 4000))
    assert path.stat().st_size < 5 * 10**6
    assert "word vectors do not shrink like that" in in_limits(path)


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_floods(name, pack, tmp_path):
    path = tmp_path / "v.packed"
    path.write_bytes(flood(name, pack, 30))
    with pytest.raises(ValueError, match=r"do not shrink like that|bytes or more") as e:
        load_vectors(path)
    assert str(path) in str(e.value)


def test_vectors_that_shrink_well_are_read(tmp_path):
    path = tmp_path / "v.gz"
    rows = np.eye(300, dtype=int).tolist()  # 180 kB, a fiftieth of it packed
    text = "".join(f"w{i} {' '.join(map(str, row))}\n" for i, row in enumerate(rows))
    packed = gzip.compress(text.encode())
    assert len(packed) < len(text) / 20
    path.write_bytes(packed)
    np.testing.assert_array_equal(load_vectors(path).matrix, rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a" + b" 1" * 10**6, "line 1: a line of 1,048,576 bytes or more"),
        (b"a 1\nb 2\n\n" + b"c" * 2**20, "line 4: a line of 1,048,576 bytes or more"),
        (b"9 4\n\x01" + b"a" * 2**21, "word 1: it has 1,048,576 bytes or more"),
        (b"a 1\n" + b"\n" * 10**6 + b"b 1\n", "line 2: expected 1 numbers, found 0"),
        (b"a" + b" " * 10**6, "line 1: expected a word"),
        (b"a " + b"1" * 10**6, "NaN or infinity"),
        (b"a " + b"9" * 5000 + b"\n", "NaN or infinity"),
        (b"9" * 5000 + b" 4\na 1 2 3 4\n", "line 2: expected 1 numbers, found 4"),
        (b"\xef\xbb\xbf", "is empty"),
    ],
    ids=range(9),
)
def test_text_of_odd_sizes(content, message, tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        load_vectors(path)
    assert str(path) in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*more than once")
def test_long_lines_are_read_in_small_chunks(tmp_path):
    """A list of numbers of Python is thirty times as large as the text."""
    path = tmp_path / "v.txt"
    line = b" ".join([b"1_0"] * 200_000)  # which only the slow way reads
    path.write_bytes(b"".join(b"w%d %s\n" % (i, line) for i in range(8)))
    assert load_vectors(path).matrix.shape == (8, 200_000)


# -- archives and pickles


def test_archives_are_refused(tmp_path):
    path = tmp_path / "v.bin"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../v.txt", "a 1 2\n")
    with pytest.raises(ValueError, match="is a zip archive"):
        load_vectors(path)
    for mode in ("w", "w:gz", "w:xz"):
        with tarfile.open(path, mode) as archive:
            archive.addfile(tarfile.TarInfo("../v.txt"), io.BytesIO())
        with pytest.raises(ValueError, match=r"v\.bin"):
            load_vectors(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["v.bin"]


def test_no_pickle_of_any_kind_is_read(tmp_path):
    marker, path = tmp_path / "ran", tmp_path / "v.kv"
    program = b"cbuiltins\nopen\n(V%bVw\ntR." % str(marker).encode()
    for protocol in (b"", b"\x80\x02", b"\x80\x04", b"\x80\x05", b"\x80\x06"):
        for packer in (bytes, gzip.compress, bz2.compress):
            path.write_bytes(packer(protocol + program))
            with pytest.raises(ValueError, match=r"v\.kv"):
                load_vectors(path)
    assert not marker.exists()


# -- models of fastText


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.bin"
    words = [["film", "films", "good"]] * 3
    made = FastText(words, vector_size=4, min_count=1, bucket=20, workers=1)
    save_facebook_model(made, str(path))
    return path.read_bytes()


HEAD = struct.Struct("<2i 12i d 3i 2q")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (2, 0, "promises"),
        (2, -4, "promises"),
        (2, 5, "its matrix is of shape"),
        (10, -3, "promises"),
        (10, 2**31 - 1, "promises"),
        (11, -1, "promises"),
        (12, 2**31 - 1, "promises"),
        (15, 4, "promises"),
        (16, -1, "promises"),
        (17, 1, "classifier"),
        (19, 2**62, "ends in its words"),
    ],
)
def test_headers_of_models(field, value, message, model, tmp_path):
    numbers = [*HEAD.unpack(model[: HEAD.size])]
    numbers[field] = value
    path = tmp_path / "model.bin"
    path.write_bytes(HEAD.pack(*numbers) + model[HEAD.size :])
    with pytest.raises(ValueError, match=rf"model\.bin .*{message}"):
        load_vectors(path)


def test_a_word_that_does_not_end(model, tmp_path):
    """gensim would look for its end after that of the file, for ever."""
    path = tmp_path / "model.bin"
    path.write_bytes(model[: HEAD.size] + b"\x01" * (len(model) - HEAD.size))
    with pytest.raises(ValueError, match="truncated: it ends in its words"):
        load_vectors(path)


def test_quantized_models(model, tmp_path):
    path = tmp_path / "model.bin"
    start = model.index(struct.pack("<? 2q", False, 23, 4))
    path.write_bytes(model[:start] + b"\x01" + model[start + 1 :])
    with pytest.raises(ValueError, match="is a quantized model"):
        load_vectors(path)


def test_models_with_infinity(model, tmp_path):
    path = tmp_path / "model.bin"
    start = model.index(struct.pack("<? 2q", False, 23, 4)) + 17
    path.write_bytes(model[:start] + b"\x00\x00\x80\x7f" * 92 + model[start + 368 :])
    with pytest.raises(ValueError, match=r"model\.bin: .*NaN or infinity"):
        load_vectors(path)
