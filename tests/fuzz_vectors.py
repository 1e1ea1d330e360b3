"""Files of word vectors: what tests/fuzz.py does to them, and what comes of it."""

import bz2
import gzip
import struct
import tempfile
from pathlib import Path

import numpy as np
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import save_facebook_model

import sklstm
from sklstm.vectors import _loading
from tests.fuzz_models import cut, flipped, packed


class Vectors:
    """Files of word vectors of every format, and their reader."""

    words = ("the", "film", "good", "bad", "Café")

    def __init__(self, violation):
        self.violation = violation
        made = KeyedVectors(4)
        self.matrix = np.random.default_rng(0).normal(size=(5, 4)).astype("f4")
        made.add_vectors([*self.words], self.matrix)
        parts = FastText([[*self.words]] * 3, vector_size=4, min_count=1, bucket=20)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "v"

            def written(write, **options):
                write(str(path), **options)
                return path.read_bytes()

            text = written(made.save_word2vec_format)
            binary = written(made.save_word2vec_format, binary=True)
            self.plain = {
                "word2vec": text,
                "binary": binary,
                "GloVe": text.partition(b"\n")[2],
                ".vec": text.replace(b"\n", b" \n"),
                "fastText": written(lambda path: save_facebook_model(parts, path)),
                "pickle": written(made.save),
                "zip": packed([("v.txt", text)]),
            }
        self.packed = {
            "gz": gzip.compress(text),
            "gz, binary": gzip.compress(binary),
            "bz2": bz2.compress(text),
            "gz, fastText": gzip.compress(self.plain["fastText"]),
        }

    def damage(self, rng):
        data = rng.choice([*self.plain.values()])
        for _ in range(rng.choice([1, 1, 2])):
            what = rng.choice([flipped, cut, self.claim, self.say, self.repeat])
            data = what(data, rng) or b"\0"
        return data, None

    def damage_packed(self, rng):
        data = rng.choice([*self.packed.values()])
        return rng.choice([flipped, cut])(data, rng), "packed"

    def pack_damaged(self, rng):
        return rng.choice([gzip.compress, bz2.compress])(self.damage(rng)[0]), None

    def claim(self, data, rng):
        """Let a header claim something else."""
        sizes = [0, 1, 2, 4, 5, 6, 9, 10**6, 10**12, 10**17, "9" * 30]
        if data.startswith(b"\xba\x16\x4f\x2f"):
            number = rng.choice([-(2**31), -20, -1, 0, 1, 4, 5, 25, 2**20, 2**31 - 1])
            place = 4 * rng.randrange(0, 25)
            return data[:place] + struct.pack("<i", number) + data[place + 4 :]
        head = f"{rng.choice(sizes)} {rng.choice(sizes)}\n".encode()
        return head + data.partition(b"\n")[2]

    def say(self, data, rng):
        """Let a number, or something else between spaces, be something else."""
        tokens = data.split(b" ")
        odd = [b"nan", b"-inf", b"1e999", b"-", b"", b"\n", b"0x1", b"1_0", b"\xff"]
        odd += ["\uff11".encode(), b"1" * 5000, b"1\x00", b"\r", b"\x85", b"1,5", b"1j"]
        tokens[rng.randrange(len(tokens))] = rng.choice(odd)
        return b" ".join(tokens)

    def repeat(self, data, rng):
        start, stop = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        return data[:stop] + data[start:stop] * rng.choice([1, 2, 1000]) + data[stop:]

    def must_hold(self, path, facts, watch):
        _loading._read_once.cache_clear()
        try:
            with watch:
                vectors = sklstm.load_vectors(path)
                vectors.lookup_vectors(["film", "films", "Café", "日本", ""])
        except ValueError as error:
            if str(path) not in str(error):
                raise self.violation(f"no name of the file: {error}") from error
            vectors = None
        except Exception as error:
            raise self.violation(f"{type(error).__name__}: {error}") from error
        if watch.seen:
            raise self.violation(f"something was done: {watch.seen}")
        return "refused" if vectors is None else self.compare(vectors, facts)

    def compare(self, vectors, facts):
        matrix = vectors.matrix
        if (
            matrix.dtype != np.float32
            or matrix.shape != (len(set(vectors.words)), vectors.vector_size)
            or not matrix.size
            or not np.isfinite(matrix).all()
        ):
            raise self.violation(f"{vectors!r} has a matrix of {matrix.shape}")
        same = vectors.words == self.words and np.array_equal(matrix, self.matrix)
        if facts == "packed" and not same:
            raise self.violation("a packed file was damaged, and is read wrong")
        return "equal" if same else "other"


def vector_families(violation):
    """Return what makes a file, and what has to come of it, by name."""
    vectors = Vectors(violation)
    made = {
        "plain": vectors.damage,
        "packed, then damaged": vectors.damage_packed,
        "damaged, then packed": vectors.pack_damaged,
    }
    return {
        f"vectors: {name}": (make, vectors.must_hold) for name, make in made.items()
    }
