"""Five words with vectors, and files of them in every format."""

import bz2
import gzip

import numpy as np
import pytest
from gensim.models import KeyedVectors

from sklstm import WordVectors
from sklstm.vectors import _loading

WORDS = ["the", "film", "good", "bad", "Café"]
MATRIX = np.array(
    [
        [0.5, -1.25, 0, 3],
        [1, 2, 3, 4],
        [-1, 0.1, 1e-3, 7],
        [2, -2, 0.25, -7],
        [0.3, 0.3, -0.3, 0.7],
    ],
    dtype=np.float32,
)


@pytest.fixture(autouse=True)
def _forget_files():
    """Each test reads its files itself."""
    _loading._read_once.cache_clear()


@pytest.fixture(scope="session")
def vectors():
    return WordVectors(WORDS, MATRIX)


@pytest.fixture(scope="session")
def keyed_vectors():
    made = KeyedVectors(4)
    made.add_vectors(WORDS, MATRIX)
    return made


def glove_text():
    rows = (" ".join(map(repr, row)) for row in MATRIX.tolist())
    return "".join(f"{w} {row}\n" for w, row in zip(WORDS, rows, strict=True)).encode()


def _by_hand(text, packer=None):
    def write(path, keyed_vectors):
        path.write_bytes(packer(text) if packer else text)

    return write


def _by_gensim(**options):
    def write(path, keyed_vectors):
        keyed_vectors.save_word2vec_format(str(path), **options)

    return write


_HEADER = b"5 4\n"
_BINARY = _HEADER + b"".join(
    word.encode() + b" " + row.astype("<f4").tobytes() + b"\n"
    for word, row in zip(WORDS, MATRIX, strict=True)
)

# File name and the one who writes it
FORMATS = {
    "glove": ("v.txt", _by_hand(glove_text())),
    "glove, gz": ("v.txt.gz", _by_hand(glove_text(), gzip.compress)),
    "glove, bz2": ("v.txt.bz2", _by_hand(glove_text(), bz2.compress)),
    "glove, gz by another name": ("v.vec", _by_hand(glove_text(), gzip.compress)),
    "glove, no line feed at the end": ("v.txt", _by_hand(glove_text().rstrip())),
    "glove, blank lines at the end": ("v.txt", _by_hand(glove_text() + b"\n \n")),
    "glove, BOM": ("v.txt", _by_hand(b"\xef\xbb\xbf" + glove_text())),
    "glove, CRLF": ("v.txt", _by_hand(glove_text().replace(b"\n", b"\r\n"))),
    "word2vec": ("v.txt", _by_hand(_HEADER + glove_text())),
    "word2vec, BOM": ("v.txt", _by_hand(b"\xef\xbb\xbf" + _HEADER + glove_text())),
    "word2vec, gz": ("v.gz", _by_hand(_HEADER + glove_text(), gzip.compress)),
    "fastText .vec": (
        "v.vec",
        _by_hand(_HEADER + glove_text().replace(b"\n", b" \n")),
    ),
    "word2vec, binary with line feeds": ("v.bin", _by_hand(_BINARY)),
    "word2vec, binary, bz2": ("v.bin.bz2", _by_hand(_BINARY, bz2.compress)),
    "word2vec by gensim": ("v.txt", _by_gensim()),
    "word2vec by gensim, gz": ("v.txt.gz", _by_gensim()),
    "word2vec by gensim, bz2": ("v.txt.bz2", _by_gensim()),
    "word2vec by gensim, binary": ("v.bin", _by_gensim(binary=True)),
    "word2vec by gensim, binary, gz": ("v.bin.gz", _by_gensim(binary=True)),
    "GloVe by gensim": ("v.txt", _by_gensim(write_header=False)),
}


@pytest.fixture(params=FORMATS)
def vector_file(request, tmp_path, keyed_vectors):
    name, write = FORMATS[request.param]
    path = tmp_path / name
    write(path, keyed_vectors)
    return path
