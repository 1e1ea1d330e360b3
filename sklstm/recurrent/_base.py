"""What all recurrent estimators share: parameters, checks, training, state."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklstm._validation import (
    UNK_ID,
    Sequences,
    check_sequences,
    check_weights,
    vocabulary_of,
)
from sklstm.nn.canonical import rows_that_weigh
from sklstm.nn.devices import resolve_device
from sklstm.nn.inference import embedded_steps, predict_pooled
from sklstm.recurrent._drafts import on_one_state
from sklstm.recurrent._encoder import Encoder
from sklstm.recurrent._held_net import BaseNetEstimator, draw_seeds
from sklstm.recurrent._nets import build_net, memory_errors, network_sizes
from sklstm.recurrent._progress import follow_fit
from sklstm.recurrent._rows import Rows
from sklstm.recurrent._settings import CONSTRAINTS, check_settings
from sklstm.recurrent._word_table import WordTable
from sklstm.vectors import WordVectors


class BaseRecurrentEstimator(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseNetEstimator
):
    """A scikit-learn estimator that turns each sequence into an answer.

    Leaves name their cell. A task, classification say, checks its targets, and gives
    the loss and the number of outputs.
    """

    _cell: str
    _bidirectional = False
    input_type_: str
    _n_channels_: int | None
    _vocabulary_: Any
    _word_table_: WordTable | None

    _parameter_constraints: dict = CONSTRAINTS

    # -- input

    def _check_input(self, X: Any, *, reset: bool) -> Sequences:
        """Return the sequences of ``X``, numbers as float32."""
        input_type = self.input_type if reset else self.input_type_
        sequences = check_sequences(self, X, reset=reset, input_type=input_type)
        sequences = sequences.as_float32(type(self).__name__)
        if reset:
            self.input_type_ = sequences.input_type
            self._n_channels_ = sequences.n_channels
            self._vocabulary_ = sequences.vocabulary
            return sequences
        self._compare_vocabulary(vocabulary_of(X))
        return sequences.with_channels(self._n_channels_, type(self).__name__)

    def _compare_vocabulary(self, vocabulary: Any) -> None:
        if vocabulary is not None and self.input_type_ == "series":
            raise ValueError(
                f"{type(self).__name__} was fitted with numbers, but X holds token ids."
            )
        if vocabulary is None or self._vocabulary_ is None:
            return
        if vocabulary.fitted_digest != self._vocabulary_.fitted_digest:
            raise ValueError(
                f"X was tokenized with another vocabulary than the one "
                f"{type(self).__name__} was fitted with: its ids mean other words. "
                "Transform X with the tokenizer that was fitted together with the "
                "estimator."
            )

    def _check_predict(self, X: Any) -> Sequences:
        if not self.__sklearn_is_fitted__():  # known at once, unlike all of its tags
            check_is_fitted(self)
        return self._read_ids(self._check_input(X, reset=False))

    # -- word vectors

    def _read_ids(self, sequences: Sequences) -> Sequences:
        """Turn token ids into those that the net has; all others are unknown."""
        if self._word_table_ is not None:
            return self._word_table_.encode(sequences)
        return sequences.limited_to(self.sizes_["n_tokens"])

    @property
    def word_vectors_(self):
        """The embedding of each word that the tokenizer was fitted with."""
        check_is_fitted(self)
        vocabulary = self._vocabulary_
        if vocabulary is None:
            raise AttributeError(
                f"{type(self).__name__} has no word_vectors_: it was fitted with plain "
                "numbers, not with the output of a TextTokenizer."
            )
        ids = np.arange(UNK_ID + 1, vocabulary.n_fitted, dtype=np.int32)
        sequences = Sequences(ids, np.array([len(ids)]), vocabulary=vocabulary)
        known = self._read_ids(sequences)
        rows = np.flatnonzero(known.values != UNK_ID)
        matrix = embedded_steps(self.net_.module_, known)[rows]
        return WordVectors(vocabulary.select(ids[rows]), matrix)

    # -- what a task says of its targets

    def _check_targets(self, y: Any, *, complete: bool) -> np.ndarray:
        """Return targets as an array of one row for each sequence."""
        raise NotImplementedError

    def _learn_targets(
        self, targets: np.ndarray, *, partial: bool, **said: Any
    ) -> None:
        """Learn from the targets of a first fit what they are; not their values."""
        raise NotImplementedError

    def _compare_targets(self, **said: Any) -> None:
        """Compare what a later ``partial_fit`` was told with what the first was."""

    def _encode(self, targets: np.ndarray) -> np.ndarray:
        """Turn targets into numbers, refusing those that the first fit did not have."""
        raise NotImplementedError

    def _prepare(self, rows: Rows, *, reset: bool) -> Callable[[Rows], Rows]:
        """Learn from the rows that train how to weigh and scale any rows."""
        raise NotImplementedError

    def _strata(self, rows: Rows) -> np.ndarray | None:
        """Return the classes over which the validation part is spread."""
        raise NotImplementedError

    def _criterion(self) -> dict[str, Any]:
        """Return the loss class of torch and its parameters, by skorch's names."""
        raise NotImplementedError

    def _n_outputs(self) -> int:
        raise NotImplementedError

    # -- training

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation_data: tuple) -> None:
        """Train on canonical rows."""
        continued = self._goes_on(partial=False)
        check_settings(self)
        rows = self._read_rows(X, y, sample_weight, reset=not continued).canonical()
        followed = follow_fit(self, X, y, sample_weight, max_epochs=self.max_epochs)
        split_seed, seed = draw_seeds(self)
        validation = self._read_validation(*validation_data)
        if validation is None and self.early_stopping:
            rows, validation = rows.split(
                self.validation_fraction, split_seed, self._strata(rows)
            )
        prepare = self._prepare(rows, reset=not continued)
        self._fit_net(
            prepare(rows).with_mean_weight_one(),
            validation and prepare(validation).with_mean_weight_one(),
            seed=seed,
            continued=continued,
            keep_states=self.warm_start,
            followed=followed,
        )

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, **said: Any) -> None:
        """Train for one pass over rows in the order given."""
        continued = self._goes_on(partial=True)
        self._validate_params()  # scikit-learn does it before the first call only
        check_settings(self)
        rows = self._read_rows(
            X, y, sample_weight, reset=not continued, partial=True, **said
        )
        followed = follow_fit(self, X, y, sample_weight, max_epochs=1)
        self._fit_net(
            self._prepare(rows, reset=not continued)(rows),
            None,
            seed=draw_seeds(self)[1],
            continued=continued,
            keep_states=True,
            epochs=1,
            followed=followed,
        )

    def _read_rows(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        reset: bool,
        partial: bool = False,
        **said: Any,
    ) -> Rows:
        """Check X, y and weights; learn what the targets are when ``reset``."""
        sequences = self._check_input(X, reset=reset)
        targets = self._check_targets(y, complete=reset and not partial)
        check_consistent_length(sequences.lengths, targets)
        weights = check_weights(sample_weight, sequences.lengths)
        sequences, targets, weights = rows_that_weigh(sequences, targets, weights)
        if reset:
            self._learn_targets(targets, partial=partial, **said)
        else:
            self._compare_targets(**said)
        return Rows(sequences, self._encode(targets), weights)

    def _read_validation(self, X: Any, y: Any, sample_weight: Any) -> Rows | None:
        if X is None and y is None:
            if sample_weight is not None:
                raise ValueError("sample_weight_val needs X_val and y_val.")
            return None
        if X is None or y is None:
            raise ValueError("X_val and y_val go together; one of them is missing.")
        try:
            return self._read_rows(X, y, sample_weight, reset=False).canonical()
        except (TypeError, ValueError) as error:
            raise type(error)(f"In X_val, y_val, sample_weight_val: {error}") from error

    def _fit_net(
        self,
        rows: Rows,
        validation: Rows | None,
        *,
        continued: bool,
        keep_states: bool,
        **how: Any,
    ) -> None:
        """Train a net on ``rows`` and set the fitted attributes, see ``_train_net``."""
        encoder = self._read_encoder()
        has_vectors = self.vectors is not None or encoder is not None
        if not continued:
            self._word_table_ = None
            if has_vectors:
                self._word_table_ = WordTable.learn(
                    self, rows.sequences, encoder, more_to_come=keep_states
                )
        elif has_vectors != (self._word_table_ is not None):
            raise ValueError(
                f"{type(self).__name__} cannot go on from a net with vectors to one "
                "without, nor the other way; fit with warm_start=False."
            )
        sizes = network_sizes(self, rows.sequences, encoder, more_to_come=keep_states)
        self.sizes_ = self._fitted_sizes(sizes) if continued else sizes
        tokens = rows.sequences.input_type == "tokens"
        self.embedding_dim_ = self.sizes_["input_size"] if tokens else None
        device = resolve_device(self.device)

        def start(net: Any) -> None:
            if self._word_table_ is not None:
                net.set_embedding(*self._word_table_.initial_weights())
            if encoder is not None:
                net.set_recurrent(encoder.weights)

        with memory_errors(self):
            self._train_net(  # which alone holds the tensors, so that they go
                rows.dataset(self._read_ids, device),
                validation and validation.dataset(self._read_ids, device),
                device=device,
                continued=continued,
                keep_states=keep_states,
                start=start,
                **how,
            )

    def _make_net(self, sizes, validation=None, **settings):
        return build_net(self, sizes, validation, shuffle=self.shuffle, **settings)

    def _read_encoder(self) -> Encoder | None:
        """Return what the net starts from, if something trained before."""
        return None

    # -- hidden states

    @on_one_state
    def transform(self, X):
        """Return the pooled hidden states: features for any other estimator.

        Parameters
        ----------
        X : sequences
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_hidden), float32
            ``n_hidden`` is ``hidden_size``, twice that for two directions.

        Notes
        -----
        The states of the rows of ``fit`` know their labels: cross-fit them, with a
        StackingClassifier say, before another estimator learns from them. A
        ClassifierChain takes these features, not token ids, beside which its label
        columns would be read as words.
        """
        sequences = self._check_predict(X)
        return predict_pooled(self.net_.module_, sequences)

    # -- state

    @property
    def _n_features_out(self):  # for get_feature_names_out
        return self.sizes_["hidden_size"] * (2 if self._bidirectional else 1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def __getstate__(self):
        state = super().__getstate__()
        table = state.get("_word_table_")
        if table is not None and self.store_vectors:
            state["_word_table_"] = table.by_value()
            if self.vectors is table.vectors:  # one object, stored once
                state["vectors"] = state["_word_table_"].vectors
        return state
