"""What a language model does to texts before its net reads them, and how it trains."""

import math
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from torch import nn

from sklstm._validation import (
    PAD_ID,
    UNK_ID,
    Sequences,
    check_sequences,
    check_texts,
    vocabulary_of,
)
from sklstm.nn.batches import SequenceDataset
from sklstm.nn.devices import resolve_device
from sklstm.nn.language_training import LanguageNet
from sklstm.recurrent._encoder import Encoder
from sklstm.recurrent._held_net import BaseNetEstimator
from sklstm.recurrent._nets import build_net, memory_errors
from sklstm.recurrent._progress import FollowedFit
from sklstm.text import TextTokenizer
from sklstm.text._vocabulary import BOS, EOS
from sklstm.vectors import WordVectors


class BaseLanguageModel(BaseNetEstimator):
    """A tokenizer and a net that predicts the next word of texts."""

    tokenizer_: TextTokenizer

    # -- texts

    def _read_documents(self, X: Any) -> list:
        """Return texts as a list of str or of lists of words."""
        vocabulary = vocabulary_of(X)
        if vocabulary is not None:  # token ids that know their words
            ids = check_sequences(clone(self), X, reset=True)
            rows = np.split(ids.values, np.cumsum(ids.lengths)[:-1])
            words = (vocabulary.select(row[row != PAD_ID]) for row in rows)
            X = [[word for word in row if word not in (BOS, EOS)] for row in words]
        tokenizer = self.tokenizer or TextTokenizer()
        return check_texts(
            X,
            estimator=self,
            missing=tokenizer.missing,
            encoding=tokenizer.encoding,
            decode_error=tokenizer.decode_error,
        )

    def _new_tokenizer(self) -> TextTokenizer:
        given = self.tokenizer
        tokenizer = TextTokenizer(add_eos=True) if given is None else clone(given)
        return tokenizer.set_output(transform="default")

    def _fit_tokenizer(self, documents: list) -> None:
        tokenizer = self._new_tokenizer()
        if tokenizer.add_bos:
            raise ValueError(
                f"{type(self).__name__} reads <eos> in front of a text, and no <bos>; "
                "leave add_bos=False in its tokenizer."
            )
        self.tokenizer_ = tokenizer.fit(documents)

    @property
    def _n_ends(self) -> int:
        """How many tokens stand at the end of each text."""
        return int(self.tokenizer_.add_eos)

    @property
    def _first_id(self) -> int:
        """The token that stands before a text: the end of another, or nothing."""
        return self.tokenizer_.vocabulary_[EOS] if self._n_ends else PAD_ID

    def _read_ids(self, documents: list) -> Sequences:
        """Return token ids in the order in which the net reads them."""
        ids, lengths = self.tokenizer_.transform(documents).to_ragged()
        n_tokens = len(self.tokenizer_.vocabulary_)
        sequences = Sequences(ids, lengths).limited_to(n_tokens)
        return _reversed(sequences, self._n_ends) if self.backward else sequences

    def _read_prompts(self, documents: list) -> Sequences:
        """Return token ids without an end, with what stands before a text."""
        read = self._read_ids(documents)
        kept = np.ones(len(read.values), bool)
        if self._n_ends:
            kept[np.cumsum(read.lengths) - 1] = False
        lengths = read.lengths - self._n_ends
        starts = np.cumsum(lengths) - lengths
        values = np.insert(read.values[kept], starts, self._first_id)
        return Sequences(values, lengths + 1)

    def _with_words(self, sequences: Sequences) -> Sequences:
        """Leave out texts without words."""
        rows = np.flatnonzero(sequences.lengths > self._n_ends)
        if not len(rows):
            raise ValueError(
                f"{type(self).__name__} found no words in any of the "
                f"{len(sequences)} texts."
            )
        return sequences.take(rows) if len(rows) < len(sequences) else sequences

    # -- training

    def _split(self, documents: list, seed: int) -> tuple[list, list]:
        """Split off texts with words to validate on; both parts keep their order."""
        splitter = self._new_tokenizer()
        splitter.set_params(vocabulary=["a"], unknown="unk", add_eos=False)
        lengths = splitter.fit_transform(documents)
        with_words = np.flatnonzero([len(ids) for ids in lengths])
        n_valid = math.ceil(self.validation_fraction * len(with_words))
        if n_valid >= len(with_words):
            raise ValueError(
                "early_stopping=True needs texts to validate on, but n_samples="
                f"{len(with_words)} texts with words leave none to train on; pass "
                "X_val, or more texts."
            )
        valid = check_random_state(seed).permutation(with_words)[:n_valid]
        held = set(valid.tolist())
        first = [text for i, text in enumerate(documents) if i not in held]
        return first, [documents[i] for i in np.sort(valid)]

    def _fit_texts(
        self,
        documents: list,
        validation: list | None,
        *,
        seed: int,
        continued: bool,
        keep_states: bool,
        epochs: int | None = None,
        followed: FollowedFit | None = None,
    ) -> None:
        if not continued:
            self._fit_tokenizer(documents)
        sequences = self._read_ids(documents)
        trained = self._with_words(sequences)
        self.n_empty_ = len(sequences) - len(trained)
        watched = validation and self._with_words(self._read_ids(validation))
        sizes = {
            "n_tokens": len(self.tokenizer_.vocabulary_),
            "embedding_dim": self.embedding_dim,
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "tied": bool(self.tie_weights),
        }
        self.sizes_ = self._fitted_sizes(sizes) if continued else sizes
        device = resolve_device(self.device)
        with memory_errors(self):
            self._train_net(
                SequenceDataset(trained, device=device),
                watched and SequenceDataset(watched, device=device),
                seed=seed,
                device=device,
                continued=continued,
                keep_states=keep_states,
                epochs=epochs,
                followed=followed,
            )

    def _criterion(self) -> dict[str, Any]:
        return {"criterion": nn.CrossEntropyLoss}

    def _make_net(self, sizes, validation=None, **settings):
        return build_net(
            self,
            sizes,
            validation,
            cls=LanguageNet,
            first_id=self._first_id,
            bptt=self.bptt,
            weight_dropout=self.weight_dropout,
            **settings,
        )

    # -- what others can make of it

    def _vectors_from(self, first: int) -> WordVectors:
        words = self.tokenizer_.vocabulary_
        names = [word for word, i in words.items() if i >= first]
        return WordVectors(names, self.state_["embedding.weight"][first:])

    def _as_encoder(self) -> Encoder:
        """Return what a classifier can start from."""
        prefix = "recurrent."
        return Encoder(
            self._vectors_from(UNK_ID),
            self.sizes_["hidden_size"],
            self.sizes_["num_layers"],
            {
                name.removeprefix(prefix): weight
                for name, weight in self.state_.items()
                if name.startswith(prefix)
            },
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags


def _reversed(sequences: Sequences, n_ends: int) -> Sequences:
    """Reverse each text but for its end."""
    lengths = sequences.lengths
    step = np.arange(len(sequences.values)) - np.repeat(sequences.starts, lengths)
    body = np.repeat(lengths - n_ends, lengths)
    other = np.where(step < body, body - 1 - step, step)
    return Sequences(
        sequences.values[np.repeat(sequences.starts, lengths) + other], lengths
    )
