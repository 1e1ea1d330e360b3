"""Files of word vectors: every format, and rows 65 to 74 of the table of faults."""

import bz2
import gzip
import re
import struct

import gensim.corpora
import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import save_facebook_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklstm import load_vectors
from sklstm.vectors._subwords import ngram_buckets
from tests.vectors.conftest import MATRIX, WORDS, glove_text


def test_formats_and_fault_69_is_none(vector_file):
    vectors = load_vectors(vector_file)
    assert list(vectors.words) == WORDS
    np.testing.assert_array_equal(vectors.matrix, MATRIX)
    assert vectors.matrix.dtype == np.float32
    assert vectors.path == str(vector_file)


def test_limit(vector_file):
    for limit in (1, 3, 5, 100):
        vectors = load_vectors(vector_file, limit=limit)
        assert list(vectors.words) == WORDS[:limit]
        np.testing.assert_array_equal(vectors.matrix, MATRIX[:limit])


@pytest.mark.parametrize("limit", [0, -1, 2.5])
def test_limit_of_nothing(limit):
    with pytest.raises(ValueError, match="The 'limit' parameter of load_vectors"):
        load_vectors("any.txt", limit=limit)


def test_many_lines_in_the_order_of_the_file(tmp_path):
    matrix = np.random.RandomState(0).standard_normal((5000, 3)).astype(np.float32)
    lines = [f"w{i} {' '.join(map(repr, r))}" for i, r in enumerate(matrix.tolist())]
    lines[3000] = lines[3000].replace("w3000", "w 3000 words")  # read line by line
    path = tmp_path / "v.txt"
    path.write_text("\n".join(lines), "utf-8")
    vectors = load_vectors(path)
    np.testing.assert_array_equal(vectors.matrix, matrix)
    assert vectors.words[2999:3002] == ("w2999", "w 3000 words", "w3001")


@pytest.mark.parametrize("binary", [True, False])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_round_trip_of_any_words(tmp_path, keyed_vectors, binary, data):
    word = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1)
    words = data.draw(st.lists(word, min_size=1, max_size=6, unique=True))
    number = st.floats(width=32, allow_nan=False, allow_infinity=False)
    rows = st.lists(number, min_size=2, max_size=2)
    n = len(words)
    matrix = np.array(data.draw(st.lists(rows, min_size=n, max_size=n)), np.float32)
    # Binary is told by bytes that are not text, of which nearly all floats have some.
    matrix = np.insert(matrix, 2, 0.5, axis=1)
    made = type(keyed_vectors)(3)
    made.add_vectors(words, matrix)
    path = tmp_path / "v"
    made.save_word2vec_format(str(path), binary=binary)
    vectors = load_vectors(path)
    assert list(vectors.words) == words
    np.testing.assert_array_equal(vectors.matrix, matrix)


def test_other_encodings(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"caf\xe9 1 2\n")
    assert load_vectors(path, encoding="latin-1").words == ("café",)
    assert load_vectors(path, decode_error="ignore").words == ("caf",)


# -- faults; what is expected is the whole message, but for the folder of the file ----


def assert_refused(path, message, **options):
    with pytest.raises(ValueError) as error:
        load_vectors(path, **options)
    assert str(error.value).replace(str(path), path.name) == message


GLOVE = b"a 1 2 3 4\nb 1 2 3 4\nc 1 2 3 4\n"

FAULTS = {
    "65: header too large": (
        b"9 4\n" + glove_text(),
        "v.txt, line 7: the header promises 9 words, but the file ends after 5. Is it "
        "truncated?",
    ),
    "66: too few numbers": (
        GLOVE.replace(b"c 1 ", b"c "),
        "v.txt, line 3: expected 4 numbers, found 3",
    ),
    "66: too many numbers": (
        GLOVE.replace(b"b 1 ", b"b 1 1 "),
        "v.txt, line 2: expected 4 numbers, found 5",
    ),
    "66: blank line": (
        GLOVE.replace(b"b 1 2 3 4", b""),
        "v.txt, line 2: expected 4 numbers, found 0",
    ),
    "66: only a word": (
        b"3 4\n" + GLOVE.replace(b"b 1 2 3 4", b"b").replace(b"4", b"4.0000000"),
        "v.txt, line 3: expected 4 numbers, found 0",
    ),
    "66: no number": (
        GLOVE.replace(b"b 1", b"b x"),
        "v.txt, line 2: expected 4 numbers, found 'x'",
    ),
    "67: NaN": (
        GLOVE.replace(b"c 1", b"c nan"),
        "v.txt, line 3: the vector of 'c' has NaN or infinity in it.",
    ),
    "67: infinity in float32": (
        b"3 4\n" + GLOVE.replace(b"b 1", b"b 1e99"),
        "v.txt, line 3: the vector of 'b' has NaN or infinity in it.",
    ),
    "70: not UTF-8": (
        GLOVE.replace(b"b", b"\xe9"),
        "v.txt, line 2: 'utf-8' codec can't decode byte 0xe9 in position 0: invalid "
        'continuation byte. Set encoding=, or decode_error="replace".',
    ),
    "70: web page": (
        b"\n<!DOCTYPE html><html><title>404</title></html>",
        "v.txt, line 1: this is a web page, not word vectors. Download the file "
        "itself.",
    ),
    "70: prose": (
        b"Not found",
        "v.txt, line 1: expected a word and its numbers, found Not found. Word vectors "
        "are read from word2vec, GloVe and fastText files.",
    ),
    "70: binary of another kind": (
        b"\x93NUMPY\x01\x00v\x00",
        "v.txt, line 1: binary data without the header of a word2vec file. Word "
        "vectors are read from word2vec, GloVe and fastText files.",
    ),
    "70: zip": (
        b"PK\x03\x04\x14\x00",
        "v.txt is a zip archive. Unpack it and pass a file of it.",
    ),
    "70: one byte": (
        b"\x80",
        "v.txt, line 1: 'utf-8' codec can't decode byte 0x80 in position 0: invalid "
        'start byte. Set encoding=, or decode_error="replace".',
    ),
    "70: empty": (b"\n", "v.txt is empty."),
    "72: absurd header": (
        b"1000000000000 300\n" + glove_text(),
        "v.txt, line 1: the header promises 1000000000000 words of 300 numbers, more "
        f"than a file of {18 + len(glove_text())} bytes can hold. Is it truncated?",
    ),
    "72: absurd size": (
        b"3 1000000000000\n" + GLOVE,
        "v.txt, line 1: the header promises 3 words of 1000000000000 numbers, more "
        f"than a file of {16 + len(GLOVE)} bytes can hold. Is it truncated?",
    ),
    "72: nothing": (b"0 4\n", "v.txt, line 1: the header promises no vectors."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_text(fault, tmp_path):
    content, message = FAULTS[fault]
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    assert_refused(path, message)


def test_fault_65_header_too_small(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"2 4\n" + GLOVE)
    message = "promises 2 words, but the file has 3. All of them were read."
    with pytest.warns(UserWarning, match=message):
        assert load_vectors(path).words == ("a", "b", "c")
    assert load_vectors(path, limit=2).words == ("a", "b")  # as asked: no warning


def test_faults_65_66_70_of_binary_files(tmp_path, keyed_vectors):
    path = tmp_path / "v.bin"
    keyed_vectors.save_word2vec_format(str(path), binary=True)
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    assert_refused(path, "v.bin, word 5: the file ends inside of it. Is it truncated?")
    path.write_bytes(whole.replace(b"5 4\n", b"7 4\n"))
    assert_refused(
        path,
        "v.bin, line 1: the header promises 7 words of 4 numbers, more than a file of "
        f"{len(whole)} bytes can hold. Is it truncated?",
    )
    path.write_bytes(gzip.compress(whole.replace(b"5 4\n", b"6 4\n")))
    assert_refused(
        path,
        "v.bin, word 6: the header promises 6 words, but the file ends after 5. Is it "
        "truncated?",
    )
    path.write_bytes(whole.replace(b"good", b"\xe9ood"))
    with pytest.raises(ValueError, match=r"v.bin, word 3: 'utf-8' codec can't decode"):
        load_vectors(path)
    nan = np.float32(np.nan).tobytes()
    path.write_bytes(whole.replace(MATRIX[1, :1].tobytes(), nan))
    assert_refused(
        path, "v.bin, word 2: the vector of 'film' has NaN or infinity in it."
    )


def test_fault_68_repeated_word(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"a 1 2\nb 3 4\na 5 6\nb 7 8\nc 9 9\n")
    message = (
        f"{path} has 2 words more than once, 'a' for one. The first vector of each was "
        "kept."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$"):
        vectors = load_vectors(path)
    assert vectors.words == ("a", "b", "c")
    np.testing.assert_array_equal(vectors.matrix, [[1, 2], [3, 4], [9, 9]])


@pytest.mark.parametrize("packer", [gzip, bz2])
def test_fault_71_packed_files(packer, tmp_path):
    path = tmp_path / "v.packed"
    noise = np.random.RandomState(0).standard_normal((500, 8)).tolist()
    text = "".join(f"w{i} {' '.join(map(str, r))}\n" for i, r in enumerate(noise))
    whole = packer.compress(text.encode())
    middle = len(whole) // 2
    damaged = whole[:middle] + bytes(64) + whole[middle + 64 :]
    for content in (whole[:middle], whole[:-1], whole[:5], damaged):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"v.packed is truncated or damaged: "):
            load_vectors(path)


def test_fault_71_packed_in_name_only(tmp_path):
    path = tmp_path / "v.txt.gz"
    path.write_bytes(GLOVE)
    assert load_vectors(path).words == ("a", "b", "c")
    path.write_bytes(b"gone")
    with pytest.raises(ValueError, match="line 1: expected a word and its numbers"):
        load_vectors(path)


def test_fault_72_absurd_header_of_a_packed_file(tmp_path):
    path = tmp_path / "v.gz"
    path.write_bytes(gzip.compress(b"1000000000000 4\n" + GLOVE))
    assert_refused(
        path,
        "v.gz, line 5: the header promises 1000000000000 words, but the file ends "
        "after 3. Is it truncated?",
    )
    path.write_bytes(gzip.compress(b"3 1000000000000\na " + bytes(100)))
    assert_refused(path, "v.gz, word 1: the file ends inside of it. Is it truncated?")


def test_fault_74_pickles_are_refused(tmp_path, keyed_vectors):
    path = tmp_path / "v.kv"
    keyed_vectors.save(str(path))
    assert_refused(
        path,
        "v.kv is a pickle, as gensim writes its own files: reading it runs whatever "
        "code is in it. Pass allow_pickle=True to load_vectors if you trust it; "
        "better, write it as word2vec with save_word2vec_format.",
    )
    vectors = load_vectors(path, allow_pickle=True, limit=4)
    assert list(vectors.words) == WORDS[:4]
    assert vectors.path is None  # unpickling a model never leads to another pickle


def test_fault_74_refused_before_anything_runs(tmp_path):
    path, marker = tmp_path / "v.model", tmp_path / "ran"
    path.write_bytes(b"\x80\x04cbuiltins\nopen\n(V%bVw\ntR." % str(marker).encode())
    with pytest.raises(ValueError, match="is a pickle"):
        load_vectors(path)
    assert not marker.exists()


def test_pickle_of_something_else(tmp_path):
    path = tmp_path / "v.pkl"
    path.write_bytes(b"\x80\x04N.")  # None
    with pytest.raises(ValueError, match=r"v.pkl is no file that gensim reads: "):
        load_vectors(path, allow_pickle=True)
    gensim.corpora.Dictionary([["good", "film"]]).save(str(path))
    assert_refused(
        path,
        "v.pkl is a pickle, but has no word vectors of gensim in it.",
        allow_pickle=True,
    )


# -- fastText -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fasttext():
    sentences = [["naïve", "film", "films"], ["good", "film"], ["naïve", "goods"]] * 3
    return FastText(
        sentences, vector_size=6, min_count=1, bucket=50, seed=0, workers=1, epochs=2
    )


def test_fasttext_model(tmp_path, fasttext):
    path = tmp_path / "model.bin"
    save_facebook_model(fasttext, str(path))
    vectors = load_vectors(path)
    assert vectors.subwords
    assert list(vectors.words) == fasttext.wv.index_to_key
    np.testing.assert_allclose(vectors.matrix, fasttext.wv.vectors, rtol=1e-5)
    unknown = ["filmgoer", "naïveté", "x", "日本語"]
    expected = fasttext.wv[unknown]
    found, known = vectors.lookup_vectors(unknown)
    assert known.all()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-8)
    assert load_vectors(path, limit=2).words == vectors.words[:2]


def test_hashes_are_those_of_gensim():
    from gensim.models.fasttext import ft_ngram_hashes

    for word in ("a", "", "film", "naïve", "日本語", "😀x", "İ"):
        for lengths in ((1, 1), (3, 6), (2, 3)):
            assert ngram_buckets(word, *lengths, 1000) == ft_ngram_hashes(
                word, *lengths, 1000
            )


def test_damaged_fasttext_models(tmp_path, fasttext):
    path = tmp_path / "model.bin"
    save_facebook_model(fasttext, str(path))
    whole = path.read_bytes()
    for length in (10, 90, 100, len(whole) // 3):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"model.bin is truncated"):
            load_vectors(path)
    path.write_bytes(whole[:8] + struct.pack("<i", 2**31 - 1) + whole[12:])
    with pytest.raises(ValueError, match="its header promises 5 words and 50 parts of"):
        load_vectors(path)
    path.write_bytes(gzip.compress(whole))
    with pytest.raises(ValueError, match="is packed"):
        load_vectors(path)
