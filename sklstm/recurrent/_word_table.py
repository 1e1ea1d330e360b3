"""Word vectors inside a net: which words it has weights for, and which it looks up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklstm._validation import UNK_ID, Sequences
from sklstm.recurrent._encoder import Encoder
from sklstm.text import Vocabulary
from sklstm.vectors import WordVectors, load_vectors
from sklstm.vectors._word_vectors import SCALE


@dataclass(frozen=True)
class WordTable:
    """The words behind the rows of an embedding, and the vectors of all others.

    A net has weights for the words that trained; where the vectors are frozen, only
    for those of them that have no vector. Any other word that the vectors know is
    looked up in them, whenever it comes. Pretrained vectors are centred and scaled as
    one to a standard deviation of ``SCALE``: what they have in common says nothing, and
    where they are large, training hardly moves them. Those of an encoder stay as they
    are, the one of its unknown word too.

    Parameters
    ----------
    owner : str
        The class of the estimator, for errors.
    words : Vocabulary
        The words that have weights: the padding, the unknown word, all others sorted.
    vectors : WordVectors
        The word vectors that the estimator was given.
    of_encoder : bool
        Whether they are the embedding of an encoder.
    """

    owner: str
    words: Vocabulary
    vectors: WordVectors
    of_encoder: bool

    @classmethod
    def learn(
        cls,
        estimator: Any,
        sequences: Sequences,
        encoder: Encoder | None,
        *,
        more_to_come: bool,
    ) -> "WordTable":
        """Load the vectors of an estimator and choose the words that get weights.

        Parameters
        ----------
        estimator : estimator
            Gives ``vectors``, ``freeze_vectors`` and ``store_vectors``.
        sequences : Sequences
            The rows that train.
        encoder : Encoder or None
            Gives the vectors, if there is one.
        more_to_come : bool
            Whether all words of the tokenizer get weights, for rows to come.
        """
        owner = type(estimator).__name__
        given = "vectors" if encoder is None else "encoder"
        _need_words(owner, sequences, given)
        vectors = encoder.vectors if encoder else load_vectors(estimator.vectors)
        if not estimator.store_vectors and vectors.path is None:
            raise ValueError(
                f"{owner}(store_vectors=False) stores the path of the file of vectors, "
                "but these were not read from a file. Load them from one, or leave "
                "store_vectors=True."
            )
        vocabulary = sequences.vocabulary
        ids = np.unique(sequences.values)
        if more_to_come:
            ids = np.union1d(ids, np.arange(vocabulary.n_fitted))
        words = vocabulary.select(ids[ids > UNK_ID])
        known = vectors.lookup_vectors(words)[1]
        if words and not known.any():
            raise ValueError(
                f"None of the {len(words)} words that {owner} was given has a vector, "
                f"{words[0]!r} for one. Are the vectors of the language of the texts, "
                "and are the tokens words?"
            )
        if estimator.freeze_vectors:
            words = [words[i] for i in np.flatnonzero(~known)]
        special = vocabulary.select(np.arange(UNK_ID + 1))
        table = Vocabulary([*special, *sorted(words)])
        return cls(owner, table, vectors, encoder is not None)

    def initial_weights(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the embedding that start as vectors, and the vectors."""
        vectors, known = self._look_up(self.words.words)
        # Whatever pretrained vectors call <unk>; an encoder's is that of this package
        known[: UNK_ID + (0 if self.of_encoder else 1)] = False
        return np.flatnonzero(known), vectors[known]

    def encode(self, sequences: Sequences) -> Sequences:
        """Turn ids of the tokenizer into rows of the embedding.

        Words without weights get the ids that follow, and their vectors go with the
        sequences; those that have no vector either are unknown.
        """
        _need_words(self.owner, sequences, "encoder" if self.of_encoder else "vectors")
        ids, inverse = np.unique(sequences.values, return_inverse=True)
        words = sequences.vocabulary.select(ids)
        rows = np.array([self.words.ids.get(word, -1) for word in words], np.int32)
        new = np.flatnonzero(rows < 0)
        vectors, known = self._look_up([words[i] for i in new])
        rows[new] = UNK_ID
        rows[new[known]] = len(self.words) + np.arange(np.count_nonzero(known))
        return replace(sequences, values=rows[inverse], vectors=vectors[known])

    def _look_up(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors as the net reads them, and which words have one."""
        vectors, known = self.vectors.lookup_vectors(words)
        if self.of_encoder:
            return vectors, known
        return (vectors - self.vectors.mean) * (SCALE / self.vectors.spread), known

    def by_value(self) -> "WordTable":
        """Return a table whose vectors are pickled as numbers, not as a path."""
        return replace(self, vectors=self.vectors.by_value())


def _need_words(owner: str, sequences: Sequences, given: str) -> None:
    """Refuse sequences to which no word vectors can be aligned."""
    if sequences.input_type == "series":
        raise ValueError(
            f"{owner}({given}=...) expects token ids, but X holds numbers. Leave "
            f"{given} out, or turn texts into tokens with a TextTokenizer."
        )
    if sequences.vocabulary is None:
        raise ValueError(
            f"{owner}({given}=...) needs the words behind the token ids, but X has no "
            "vocabulary: it was lost on the way, by np.asarray or by a meta-estimator "
            "that makes plain arrays. Pass on what TextTokenizer gives, as in "
            f'make_pipeline(TextTokenizer(unknown="keep"), {owner}({given}=...))'
            f".fit(texts, y), or leave {given} out."
        )
