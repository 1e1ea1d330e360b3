"""What a language model says of texts, in memory that does not grow with them."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from sklstm._validation import Sequences
from sklstm.nn.batches import OrderedBatches, SequenceDataset
from sklstm.nn.canonical import distinct_rows
from sklstm.nn.cross_entropy import exact_log_probabilities, log_likelihoods
from sklstm.nn.devices import float32_products
from sklstm.nn.inference import chunks
from sklstm.nn.language import LanguageNetwork
from sklstm.nn.parts import State
from sklstm.nn.threads import fair_share, parallel_map

STRETCH = 128  # steps of which the features are in memory
MIN_ROWS = 8  # fewer take another kernel


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

    def total(ids: Tensor, lengths: Tensor) -> Tensor:
        n_rows = len(lengths)
        first = ids.new_full((len(ids), 1), first_id)
        sums = torch.zeros(n_rows, dtype=torch.float64, device=ids.device)
        read = torch.cat([first, ids[:, :-1]], dim=1)
        for start, features in _stretches(network, read):
            words = ids[:n_rows, start : start + features.shape[1]]  # (B, S)
            step = torch.arange(start, start + words.shape[1], device=ids.device)
            inside = step < lengths[:, None]
            found = log_likelihoods(
                features[:n_rows][inside], network.output, words[inside]
            )
            each = torch.zeros(inside.shape, dtype=torch.float64, device=ids.device)
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

    def scores(ids: Tensor, lengths: Tensor) -> Tensor:
        n_rows = len(lengths)
        row = torch.arange(n_rows, device=ids.device)
        last = ids.new_zeros((n_rows, len(network.bias)), dtype=torch.float64)
        for start, features in _stretches(network, ids):
            step = lengths - 1 - start
            here = (step >= 0) & (step < features.shape[1])
            last[here] = exact_log_probabilities(
                features[row[here], step[here]], network.output
            )
        return last

    return _by_batch(network, sequences, scores)


def _stretches(network: LanguageNetwork, ids: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Yield the first step of each stretch and its features, (B, S, E)."""
    ends = network.recurrent.beginning(len(ids))
    for start in range(0, ids.shape[1], STRETCH):
        features, ends = network(ids[:, start : start + STRETCH], ends)
        yield start, features


@fair_share()
def _compute(
    network: LanguageNetwork,
    plan: list[tuple[SequenceDataset, np.ndarray, int]],
    function: Callable[[Tensor, Tensor], Tensor],
) -> np.ndarray:
    device = network.bias.device

    def run(batch: tuple[SequenceDataset, np.ndarray, int]) -> Tensor:
        dataset, rows, n_rows = batch
        with torch.inference_mode(), float32_products(device):
            ids = dataset.batch(rows)[0]["x"]
            lengths = dataset.lengths[torch.from_numpy(rows[:n_rows])].to(device)
            return function(ids, lengths)

    return torch.cat(parallel_map(run, plan)).cpu().numpy()


def _by_batch(
    network: LanguageNetwork,
    sequences: Sequences,
    function: Callable[[Tensor, Tensor], Tensor],
) -> Iterator[np.ndarray]:
    """Yield what ``function`` says of the rows of each stretch of ``sequences``."""
    for chunk in chunks(sequences):
        distinct, inverse = distinct_rows(chunk)
        dataset = SequenceDataset(distinct, device=network.bias.device)
        batches = OrderedBatches(dataset, min_rows=MIN_ROWS)
        plan = [(dataset, batches.filled(rows), len(rows)) for rows in batches.plan()]
        yield _compute(network, plan, function)[inverse]


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
