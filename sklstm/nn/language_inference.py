"""What a language model says of texts, in memory that does not grow with them."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sklstm._validation import Sequences
from sklstm.nn.batches import SequenceDataset
from sklstm.nn.cross_entropy import exact_log_probabilities, log_likelihoods
from sklstm.nn.devices import float32_products
from sklstm.nn.inference import by_batch
from sklstm.nn.language import LanguageNetwork
from sklstm.nn.parts import MIN_ROWS, State
from sklstm.nn.threads import fair_share

STRETCH = 128  # steps of which the features are in memory


def total_log_likelihoods(
    network: LanguageNetwork, sequences: Sequences, first_id: int
) -> np.ndarray:
    """Return the log-probability of each text, all its words together.

    Parameters
    ----------
    network : LanguageNetwork
        The network.
    sequences : Sequences
        The texts, as token ids.
    first_id : int
        Stands before each text.

    Returns
    -------
    ndarray of shape (n_texts,), float64
        In nats.
    """

    def total(texts: Texts) -> Tensor:
        n_texts = len(texts.lengths)
        sums = torch.zeros(n_texts, dtype=torch.float64, device=texts.lengths.device)
        for start, words, features in _stretches(network, texts, first_id):
            words = words[:n_texts]  # (B, S)
            step = torch.arange(start, start + words.shape[1], device=words.device)
            inside = step < texts.lengths[:, None]
            found = log_likelihoods(
                features[:n_texts][inside], network.output, words[inside]
            )
            each = torch.zeros(inside.shape, dtype=torch.float64, device=words.device)
            sums += each.masked_scatter(inside, found.double()).sum(dim=1)
        return sums

    return np.concatenate(list(_by_batch(network, sequences, total)))


def next_word_log_probabilities(
    network: LanguageNetwork, sequences: Sequences
) -> Iterator[np.ndarray]:
    """Yield the log-probabilities of what follows some texts, (n_texts, V), float64.

    Parameters
    ----------
    network : LanguageNetwork
        The network.
    sequences : Sequences
        The texts, with what stands before them.
    """

    def last_words(texts: Texts) -> Tensor:
        n_texts, n_words = len(texts.lengths), len(network.bias)
        row = torch.arange(n_texts, device=texts.lengths.device)
        last = network.bias.new_zeros((n_texts, n_words), dtype=torch.float64)
        for start, words, features in _stretches(network, texts, None):
            step = texts.lengths - 1 - start
            here = (step >= 0) & (step < words.shape[1])
            last[here] = exact_log_probabilities(
                features[row[here], step[here]], network.output
            )
        return last

    return _by_batch(network, sequences, last_words)


class Texts(NamedTuple):
    """Texts of a batch, of which some steps are looked up at a time."""

    dataset: SequenceDataset
    rows: Tensor  # where the dataset lives; the last one may be there several times
    n_steps: int
    lengths: Tensor  # of each text, once


def _stretches(
    network: LanguageNetwork, texts: Texts, first_id: int | None
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Yield the first step of each stretch, its words (B, S) and features (B, S, E).

    Features are those before each word, where ``first_id`` stands before the first; or
    after it, where that is None.
    """
    ends = network.recurrent.beginning(len(texts.rows))
    previous = None
    for start in range(0, texts.n_steps, STRETCH):
        stop = min(start + STRETCH, texts.n_steps)
        words = read = texts.dataset.steps(texts.rows, start, stop)
        if first_id is not None:
            if previous is None:
                previous = words.new_full((len(words), 1), first_id)
            read = torch.cat([previous, words[:, :-1]], dim=1)
            previous = words[:, -1:]
        features, ends = network(read, ends)
        yield start, words, features


def _by_batch(
    network: LanguageNetwork,
    sequences: Sequences,
    function: Callable[[Texts], Tensor],
) -> Iterator[np.ndarray]:
    """Yield what ``function`` says of the rows of each stretch of ``sequences``."""

    def run(dataset: SequenceDataset, rows: np.ndarray, n_rows: int) -> Tensor:
        index = torch.from_numpy(rows).to(dataset.home)
        lengths = dataset.lengths[index[:n_rows]].to(dataset.device)
        n_steps = int(dataset.host_lengths[rows].max())
        return function(Texts(dataset, index, n_steps, lengths))

    return by_batch(network.bias, sequences, run)


class Continuation:
    """Texts that go on word by word, each from where it stands.

    Parameters
    ----------
    network : LanguageNetwork
        The network.
    prompt : Sequences
        One text, with what stands before it.
    n_texts : int
        How many continuations go on side by side.
    """

    def __init__(
        self, network: LanguageNetwork, prompt: Sequences, n_texts: int
    ) -> None:
        self.network = network
        self.n_texts = n_texts
        self._ends: list[State] = network.recurrent.beginning(max(n_texts, MIN_ROWS))
        ids = torch.from_numpy(prompt.values).to(network.bias.device)
        for part in ids.split(STRETCH):
            self._last = self._read(part.expand(max(n_texts, MIN_ROWS), -1))

    def log_probabilities(self) -> np.ndarray:
        """Return the log-probability of all words, (n_texts, V), float64."""
        return self._last

    def append(self, ids: np.ndarray) -> None:
        """Let each text go on with a word, (n_texts,)."""
        filled = np.append(ids, np.repeat(ids[-1:], max(MIN_ROWS - len(ids), 0)))
        self._last = self._read(
            torch.from_numpy(filled[:, None]).to(self.network.bias.device)
        )

    @fair_share()
    def _read(self, ids: Tensor) -> np.ndarray:
        with torch.inference_mode(), float32_products(ids.device):
            features, self._ends = self.network(ids, self._ends)
            last = features[: self.n_texts, -1]
            return exact_log_probabilities(last, self.network.output).cpu().numpy()
