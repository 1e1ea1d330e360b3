"""Training of a language model: state carried along a stream, weights left out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from sklstm.nn.batches import OrderedBatches, SequenceDataset, TrainingBatches
from sklstm.nn.cross_entropy import next_word_loss
from sklstm.nn.language import build_language_network
from sklstm.nn.streams import StreamBatches, TextBatches, chosen
from sklstm.nn.training import PRECISIONS, SequenceNet


class LanguageNet(SequenceNet):
    """A skorch net whose rows are texts, and which predicts each word of them.

    Parameters
    ----------
    module, criterion
        As in :class:`SequenceNet`; the loss is that of the next word, whatever the
        criterion.
    first_id : int
        The token id that stands before a text.
    bptt : int or None
        Steps through which gradients flow back along one stream of all texts. None
        reads each text for itself, and as a whole.
    weight_dropout : float, default=0.0
        Share of the weights between the states of a layer that a batch leaves out
        (Merity et al. 2018, section 2).
    **kwargs
        Of :class:`SequenceNet`.
    """

    builder = staticmethod(build_language_network)
    unit = "words"

    def __init__(
        self,
        module: Any,
        criterion: Any,
        *,
        first_id: int,
        bptt: int | None,
        weight_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(module, criterion, **kwargs)
        self.first_id = first_id
        self.bptt = bptt
        self.weight_dropout = weight_dropout

    def get_iterator(
        self, dataset: SequenceDataset, training: bool = False
    ) -> StreamBatches | TextBatches:
        """Return stretches of the stream, or batches of whole texts."""
        size = len(dataset) if self.batch_size == -1 else self.batch_size
        if self.bptt is not None:
            return StreamBatches(dataset, self.first_id, size, self.bptt)
        batches = (
            TrainingBatches(dataset, size, self.generator_)
            if training
            else OrderedBatches(dataset)
        )
        return TextBatches(batches, self.first_id)

    def count(self, dataset: SequenceDataset) -> int:
        """Return how many words the batches of an epoch have."""
        return len(dataset.values) - 1  # without the padding

    def train_step_single(self, batch: Any, **fit_params: Any) -> Any:
        """Compute the gradients of a batch, some words and weights left out."""
        X, _ = batch
        ids = self._with_unknown(X["ids"])
        with self._without_some_weights():
            return super().train_step_single(
                ({**X, "ids": ids}, chosen(ids, X["real"])), **fit_params
            )

    def infer(self, x: dict[str, Any], **fit_params: Any) -> Tensor:
        """Return what is known before each word, (N, E); in training, of its own."""
        n_rows, n_steps = x["ids"].shape
        training, masks, precision = self.module_.training, None, torch.float32
        own = slice(0, n_rows)
        if training:
            own, precision = self.team.own(n_rows), PRECISIONS[self.precision]
            masks = self._draw_masks(n_rows)
            masks = masks and [mask[own] for mask in masks]
        ids = x["ids"][own]  # (B, L)
        read = torch.cat([x["previous"][own, None], ids[:, :-1]], dim=1)
        if not x["goes_on"]:
            self._ends = self.module_.recurrent.beginning(len(ids))
        features, self._ends = self.module_(read, self._ends, masks, precision)
        real = x["real"]
        if real is not None and len(ids) < n_rows:
            real = real[_words_of(x, own)] - own.start * n_steps
        return chosen(features, real)

    def get_loss(
        self, y_pred: Tensor, y_true: Tensor, X: Any = None, training: bool = False
    ) -> Tensor:
        """Return the mean cross-entropy of the words, in nats.

        In training it is the part of this process, and the sum over the team is that.
        """
        if not training or self.team.size == 1:
            return next_word_loss(y_pred, self.module_.output, y_true)
        n_rows = len(X["ids"])
        own = y_true[_words_of(X, self.team.own(n_rows))]
        if self.team.is_idle(n_rows) or not len(own):
            return 0 * sum(weight.sum() for weight in self.module_.parameters())
        loss = next_word_loss(y_pred, self.module_.output, own)
        return loss * (len(own) / len(y_true))

    def is_correct(self, y_pred: Tensor, y_true: Tensor) -> None:
        """Accuracy would need the scores of all words, which nothing holds."""

    @contextmanager
    def _without_some_weights(self) -> Iterator[None]:
        """Leave out some of the weights between states, and their gradients."""
        if not self.weight_dropout:
            yield
            return
        keep = 1.0 - self.weight_dropout
        held: list[tuple[nn.Parameter, Tensor, Tensor]] = []
        with torch.no_grad():
            for name, weight in self.module_.recurrent.named_parameters():
                if "weight_hh" in name:
                    mask = torch.empty_like(weight).bernoulli_(
                        keep, generator=self.draws_
                    )
                    held.append((weight, weight.clone(), mask.div_(keep)))
                    weight.mul_(held[-1][2])
        try:
            yield
        finally:
            with torch.no_grad():
                for weight, whole, mask in held:
                    weight.copy_(whole)
                    if weight.grad is not None:
                        weight.grad.mul_(mask)


def _words_of(x: dict[str, Any], rows: slice) -> slice | Tensor:
    """Return which words of a batch are those of some rows."""
    n_steps = x["ids"].shape[1]
    start, stop = rows.start * n_steps, rows.stop * n_steps
    real = x["real"]
    return slice(start, stop) if real is None else (start <= real) & (real < stop)
