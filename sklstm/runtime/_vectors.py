"""Word vectors of a file: those of a net, and averages of them."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from sklstm._persistence._stored import Stored
from sklstm.runtime._rows import Rows, write_rows
from sklstm.text._analysis import tokenize
from sklstm.text._vocabulary import BOS, EOS, PAD, UNK, UNK_ID, Vocabulary
from sklstm.vectors._subwords import Subwords
from sklstm.vectors._weights import Weights
from sklstm.vectors._word_vectors import SCALE, WordVectors


def read_vocabulary(stored: Stored) -> Vocabulary:
    """Return a vocabulary of the file, which ``check_fitted`` has looked at."""
    return Vocabulary._stored(stored["utf8"], stored["offsets"], stored["n_fitted"])


def read_vectors(stored: Stored, owner: str) -> WordVectors:
    """Return word vectors of the file, which are those of a step, ``owner``."""
    if "origin" in stored.state:
        raise ValueError(
            f"{owner} was saved with the path of its word vectors and not with the "
            "vectors, which the runtime does not read. Save it with "
            "store_vectors=True, or vectors.by_value()."
        )
    subwords = None
    if "ngrams" in stored.state:
        subwords = Subwords(stored["ngrams"], *stored["ngram_lengths"])
    vocabulary = read_vocabulary(stored["vocabulary"])
    return WordVectors._stored(vocabulary, stored["matrix"], subwords)


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
        self.vectors = read_vectors(stored["vectors"], self.owner)
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
        vectors, known = self.vectors.lookup_vectors([words[i] for i in new])
        if not self.of_encoder:
            vectors = (vectors - self.vectors.mean) * (SCALE / self.vectors.spread)
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
    lowercase = add_bos = add_eos = False
    strip_accents = preprocessor = tokenizer = token_pattern = stop_words = None
    analyzer = "word"

    def __init__(self, stored: Stored):
        self.vectors = read_vectors(stored["vectors_"], stored.kind)
        self.weighting, self.oov = stored["weighting"], stored["oov"]
        self.normalize, self.missing = stored["normalize"], stored["missing"]
        self.encoding, self.decode_error = stored["encoding"], stored["decode_error"]
        self.component = stored["common_component_"]
        self.weights: Weights | None = None
        if self.weighting is not None:
            learned = stored["_word_weights"]
            self.weights = Weights(read_vocabulary(learned["seen"]), learned["weights"])

    def transform(self, X: Any) -> np.ndarray:
        """Return the mean vector of each text, (n_samples, vector_size), float32."""
        rows = _without_marks(X) if isinstance(X, Rows) else self._read(X)
        words = rows.vocabulary.words if rows.vocabulary is not None else ()
        used, places = np.unique(rows.values, return_inverse=True)
        vectors, found = self.vectors.lookup_vectors([words[i] for i in used.tolist()])
        found[used <= UNK_ID] = False  # whatever the vectors call <unk>
        vectors[~found] = self.vectors.mean if self.oov == "mean" else 0
        if self.oov == "error" and not found.all():
            step = int((~found[places]).argmax())
            raise ValueError(
                f"PretrainedEmbeddingAverager has no vector for "
                f"{words[rows.values[step]]!r} at row {rows.row_of[step]}."
            )
        weights = np.ones(len(used))
        if self.weights is not None:
            weights = self.weights.of([words[i] for i in used.tolist()])
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
        return write_rows(Vocabulary([PAD, UNK]), tokenize(self, X), keep=True)

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
