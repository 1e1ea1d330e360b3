"""Word vectors of a file: those of a net, and averages of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np

from sklstm._validation._texts import check_texts
from sklstm.runtime._read import Stored
from sklstm.runtime._rows import Rows
from sklstm.text._analysis import build_analyzer
from sklstm.text._ids import growing_index, write_ids
from sklstm.text._vocabulary import BOS, EOS, PAD, PAD_ID, UNK, UNK_ID, Vocabulary

# The standard deviation to which nets scale pretrained vectors
SCALE = 0.3


def read_vocabulary(stored: Stored) -> Vocabulary:
    """Return a vocabulary of the file."""
    offsets = stored["offsets"]
    if (np.diff(offsets) < 0).any() or offsets[-1] > len(stored["utf8"]):
        raise ValueError("the words of a vocabulary lie outside its text")
    return Vocabulary._stored(stored["utf8"], offsets, stored["n_fitted"])


class StoredVectors:
    """The word vectors of a file.

    Parameters
    ----------
    stored : Stored
        ``WordVectors``, stored by value.
    owner : str
        The class of the step that has them, for errors.
    """

    def __init__(self, stored: Stored, owner: str):
        if "origin" in stored.state:
            raise ValueError(
                f"{owner} was saved with the path of its word vectors and not with "
                "the vectors, which the runtime does not read. Save it with "
                "store_vectors=True, or vectors.by_value()."
            )
        self.vocabulary = read_vocabulary(stored["vocabulary"])
        self.matrix = stored["matrix"]
        self.ngrams = stored.state.get("ngrams")
        self.ngram_lengths: list[int] = stored.state.get("ngram_lengths", [])

    @cached_property
    def mean(self) -> np.ndarray:
        """The mean of all vectors, float32."""
        return self.matrix.mean(axis=0, dtype=np.float64).astype(np.float32)

    @cached_property
    def spread(self) -> float:
        """The standard deviation of all numbers around ``mean``; 1 where it is 0."""
        squares = np.einsum("ij,ij->", self.matrix, self.matrix, dtype=np.float64)
        mean = self.matrix.mean(axis=0, dtype=np.float64)
        variance = (squares / len(self.matrix) - mean @ mean) / len(mean)
        return float(np.sqrt(max(variance, 0.0))) or 1.0

    def look_up(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors of words, and which words have one.

        A word that is not there is looked up in lower case, and after that made of its
        parts, where those have vectors.
        """
        ids = self.vocabulary.ids
        rows = [ids.get(word, ids.get(word.lower(), -1)) for word in words]
        found = np.array(rows, np.int64) >= 0
        vectors = np.zeros((len(words), self.matrix.shape[1]), np.float32)
        vectors[found] = self.matrix[np.array(rows, np.int64)[found]]
        if self.ngrams is not None:
            for position in np.flatnonzero(~found).tolist():
                low, high = self.ngram_lengths
                buckets = ngram_buckets(words[position], low, high, len(self.ngrams))
                if buckets:
                    vectors[position] = self.ngrams[buckets].mean(axis=0)
                    found[position] = True
        return vectors, found


def ngram_buckets(word: str, min_n: int, max_n: int, n_buckets: int) -> list[int]:
    """Hash the character n-grams of ``<word>`` as fastText does, by 32-bit FNV-1a."""
    characters = [c.encode("utf-8", "surrogatepass") for c in f"<{word}>"]
    n = len(characters)
    buckets = []
    for start in range(n):
        for stop in range(start + min_n, min(start + max_n, n) + 1):
            if stop - start == 1 and (start == 0 or stop == n):
                continue  # < and > alone are no part of the word
            value = 2166136261
            for byte in b"".join(characters[start:stop]):
                signed = byte | 0xFFFFFF00 if byte > 127 else byte  # a signed char
                value = ((value ^ signed) * 16777619) & 0xFFFFFFFF
            buckets.append(value % n_buckets)
    return buckets


class WordTable:
    """The words behind the rows of an embedding, and the vectors of all others.

    Parameters
    ----------
    stored : Stored
        The table of an estimator with word vectors.
    """

    def __init__(self, stored: Stored):
        self.owner = stored["owner"]
        self.words = read_vocabulary(stored["words"])
        self.vectors = StoredVectors(stored["vectors"], self.owner)
        self.of_encoder = stored["of_encoder"]

    def encode(self, rows: Rows) -> Rows:
        """Turn ids of the tokenizer into rows of the embedding and of vectors."""
        if rows.vocabulary is None:
            raise ValueError(
                f"{self.owner} has word vectors and needs the words behind the ids, "
                "but X has no vocabulary. Save the pipeline with its TextTokenizer."
            )
        ids, inverse = np.unique(rows.values, return_inverse=True)
        words = rows.vocabulary.select(ids)
        of_words = np.array([self.words.ids.get(word, -1) for word in words], np.int32)
        new = np.flatnonzero(of_words < 0)
        vectors, known = self.vectors.look_up([words[i] for i in new])
        if not self.of_encoder:
            vectors -= self.vectors.mean
            vectors *= SCALE / self.vectors.spread
        of_words[new] = UNK_ID
        of_words[new[known]] = len(self.words) + np.arange(np.count_nonzero(known))
        return replace(rows, values=of_words[inverse], vectors=vectors[known])


class PretrainedEmbeddingAverager:
    """Turns each text into the mean of the vectors of its words.

    Parameters
    ----------
    stored : Stored
        A fitted averager.
    """

    # How it splits texts, as the names that the analysis of a TextTokenizer reads
    lowercase = False
    strip_accents = preprocessor = tokenizer = token_pattern = stop_words = None
    analyzer = "word"

    def __init__(self, stored: Stored):
        self.vectors = StoredVectors(stored["vectors_"], stored.kind)
        self.weighting, self.oov = stored["weighting"], stored["oov"]
        self.normalize, self.missing = stored["normalize"], stored["missing"]
        self.encoding, self.decode_error = stored["encoding"], stored["decode_error"]
        self.component = stored["common_component_"]
        if self.weighting is not None:
            self.seen = read_vocabulary(stored["_word_weights"]["seen"])
            self.weights = stored["_word_weights"]["weights"]

    def transform(self, X: Any) -> np.ndarray:
        """Return the mean vector of each text, (n_samples, vector_size), float32."""
        rows = _without_marks(X) if isinstance(X, Rows) else self._read(X)
        words = rows.vocabulary.words if rows.vocabulary is not None else ()
        used, places = np.unique(rows.values, return_inverse=True)
        vectors, found = self.vectors.look_up([words[i] for i in used.tolist()])
        found[used <= UNK_ID] = False  # whatever the vectors call <unk>
        vectors[~found] = self.vectors.mean if self.oov == "mean" else 0
        if self.oov == "error" and not found.all():
            step = int((~found[places]).argmax())
            raise ValueError(
                f"PretrainedEmbeddingAverager has no vector for "
                f"{words[rows.values[step]]!r} at row {rows.row_of[step]}."
            )
        weights = self._weights_of([words[i] for i in used.tolist()])
        sums = np.zeros((len(rows), vectors.shape[1]), np.float32)
        weighted = vectors * weights[:, None].astype(np.float32)
        for row, (start, stop) in enumerate(pairwise([*rows.starts, len(places)])):
            sums[row] = weighted[places[start:stop]].sum(axis=0)
        counts = np.ones(len(used)) if self.weighting == "sif" else weights
        if self.oov == "skip":
            counts = counts * found
        totals = np.bincount(rows.row_of, counts[places], len(rows))[:, None]
        averages = np.zeros_like(sums)
        np.divide(sums, totals, out=averages, where=totals > 0, casting="same_kind")
        return self._finish(averages)

    def _read(self, X: Any) -> Rows:
        texts = check_texts(
            X,
            estimator=self,
            missing=self.missing,
            encoding=self.encoding,
            decode_error=self.decode_error,
        )
        analyze = build_analyzer(self)
        index = growing_index([PAD, UNK])
        tokens = (analyze(text, row) for row, text in enumerate(texts))
        ids, lengths = write_ids(tokens, partial(map, index.__getitem__))
        ids[ids == PAD_ID] = UNK_ID  # a literal <pad>
        return Rows(ids, lengths, Vocabulary(index))

    def _weights_of(self, words: Sequence[str]) -> np.ndarray:
        if self.weighting is None:
            return np.ones(len(words))
        get = self.seen.ids.get
        rows = np.fromiter((get(word, -1) for word in words), np.int64, len(words))
        return self.weights[rows]  # unseen words have the last one

    def _finish(self, averages: np.ndarray) -> np.ndarray:
        if self.component is not None:
            along = (averages * self.component).sum(axis=1, keepdims=True)
            averages = averages - along * self.component
        if self.normalize:
            lengths = np.linalg.norm(averages, axis=1, keepdims=True)
            np.divide(averages, lengths, out=averages, where=lengths > 0)
        return averages


def _without_marks(rows: Rows) -> Rows:
    """Leave out what a tokenizer puts around texts."""
    if rows.vocabulary is None:
        return rows
    words: Mapping[str, int] = rows.vocabulary.ids
    marks = {BOS, EOS} & set(rows.vocabulary.words[:4])
    return rows.kept(~np.isin(rows.values, [words[mark] for mark in marks]))
