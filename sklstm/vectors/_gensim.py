"""The only door to gensim: its objects, its files, its downloader, its training."""

import os
from typing import Any
from zlib import crc32

import gensim.downloader
import numpy as np
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.models.fasttext import load_facebook_vectors
from gensim.utils import SaveLoad

from sklstm.vectors._subwords import Subwords


def keyed_vectors_of(source: Any) -> KeyedVectors | None:
    """Return the word vectors of an object of gensim; None for anything else."""
    source = getattr(source, "wv", source)
    return source if isinstance(source, KeyedVectors) else None


def read_keyed_vectors(
    vectors: KeyedVectors,
) -> tuple[list[str], np.ndarray, Subwords | None]:
    """Return copies of the words, their vectors and those of their parts."""
    matrix = np.array(vectors.vectors, dtype=np.float32, order="C")
    ngrams = getattr(vectors, "vectors_ngrams", None)
    subwords = None
    if ngrams is not None and len(ngrams) and vectors.max_n > 0:
        parts = np.array(ngrams, dtype=np.float32, order="C")
        subwords = Subwords(parts, int(vectors.min_n), int(vectors.max_n))
    matrix.flags.writeable = False  # WordVectors need not copy it again
    return list(vectors.index_to_key), matrix, subwords


def load_native(path: str) -> KeyedVectors:
    """Unpickle a file of gensim's own, which runs whatever code is in it."""
    try:
        loaded = keyed_vectors_of(SaveLoad.load(path))
    except Exception as error:  # whatever unpickling raises
        raise ValueError(f"{path} is no file that gensim reads: {error}") from error
    if loaded is None:
        raise ValueError(
            f"{path} is a pickle, but has no word vectors of gensim in it."
        )
    return loaded


def load_fasttext(path: str, encoding: str) -> KeyedVectors:
    """Read the ``.bin`` file of a fastText model, which has been looked through."""
    try:
        return load_facebook_vectors(path, encoding=encoding)
    except Exception as error:  # gensim asserts, unpacks and indexes what it reads
        raise ValueError(
            f"{path} is truncated, or not a fastText model that gensim reads: {error}"
        ) from error


def download(name: str) -> str:
    """Return the path of vectors of gensim-data, fetched if they are not there.

    The folder has a module beside the file, by which gensim would load it: code from
    the internet, which is never imported here.
    """
    place = os.path.join(gensim.downloader.BASE_DIR, name, f"{name}.gz")
    if os.path.exists(place):  # gensim asks the internet first
        return place
    try:
        path = gensim.downloader.load(name, return_path=True)
        if os.path.exists(path):
            return path
        error: Any = f"{path} is missing"
    except Exception as caught:  # of urllib, json, or "Incorrect model/corpus name"
        error = caught
    raise FileNotFoundError(
        f"There is no file {name!r}, and gensim's downloader could not fetch vectors "
        f"of that name: {error}. Without internet put the file at {place}, or pass "
        "the path of any file of vectors."
    )


def train(
    sentences: list[list[str]],
    counts: dict[str, int],
    method: str,
    seed: int,
    **settings: Any,
) -> KeyedVectors:
    """Train vectors of the words in ``counts``, in their order.

    On one thread, because more would make the vectors differ from run to run; with a
    hash of our own, because Python's differs from process to process; in the given
    order, because gensim's sort of equal counts may differ from machine to machine.
    """
    model = {"word2vec": Word2Vec, "fasttext": FastText}[method](
        seed=seed, workers=1, hashfxn=_stable_hash, sorted_vocab=0, **settings
    )
    model.build_vocab_from_freq(counts, corpus_count=len(sentences))
    model.train(sentences, total_examples=len(sentences), epochs=model.epochs)
    return model.wv


def _stable_hash(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))
