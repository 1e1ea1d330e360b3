"""The loss of the next word, without a score for each word at each step.

Softmax over a vocabulary is most of what a language model computes. Two things make it
less. The rarer words are put into clusters, and their scores are computed only where
one of the cluster is right: the adaptive softmax of Grave et al. (2017, Efficient
softmax approximation for GPUs), here with vectors of full width, so that they can be
those of the embedding. And steps are taken a few at a time: their scores are computed,
turned into the loss and at once into the gradients, and overwritten (Hsu et al. 2024,
Liger kernel, section 3.2).
"""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from sklstm._validation import PAD_ID
from sklstm.nn.threads import parallel_map

# Words by falling frequency: the head has those before the first, and the clusters
CUTOFFS = (2_000, 10_000, 40_000)

CHUNK_SCORES = 4_000_000
JOB_STEPS = 64  # rows of a product that one thread computes
JOB_WORDS = 1_024


class Output(NamedTuple):
    """What turns features (N, E) into probabilities of V words, C clusters of them."""

    weight: Tensor  # (V, E)
    bias: Tensor  # (V,)
    cluster_weight: Tensor  # (C, E)
    cluster_bias: Tensor  # (C,)

    @property
    def bounds(self) -> list[int]:
        """Where the head ends, and each cluster."""
        n_words, n_clusters = len(self.weight), len(self.cluster_weight)
        return [*CUTOFFS[:n_clusters], n_words]

    def head(self) -> tuple[Tensor, Tensor]:
        """Return weights (H + C, E) and biases of the head: words, then clusters."""
        n_head = self.bounds[0]
        bias = self.bias[:n_head].clone()
        bias[PAD_ID] = -torch.inf  # padding never comes next
        return (
            torch.cat([self.weight[:n_head], self.cluster_weight]),
            torch.cat([bias, self.cluster_bias]),
        )


def n_clusters(n_words: int) -> int:
    """Return how many clusters a vocabulary has beside its head."""
    return sum(1 for cutoff in CUTOFFS if 2 * cutoff <= n_words)


def next_word_loss(features: Tensor, output: Output, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy of the words that come next.

    Parameters
    ----------
    features : Tensor of shape (N, E)
        What the network knows at each step.
    output : Output
        Of the network.
    targets : Tensor of shape (N,), integer
        The words.

    Returns
    -------
    Tensor of shape ()
    """
    return _NextWordLoss.apply(features, *output, targets)


def log_likelihoods(features: Tensor, output: Output, targets: Tensor) -> Tensor:
    """Return the log-probability of each target, (N, E) -> (N,), float32.

    Every product has the same number of rows, so that a value does not depend on how
    many steps are asked for.
    """
    found = features.new_zeros(len(features))
    for steps, wanted, weight, bias, _ in _softmaxes(output, targets):
        given = features if steps is None else features[steps]

        def run(
            rows: slice,
            given: Tensor = given,
            wanted: Tensor = wanted,
            weight: Tensor = weight,
            bias: Tensor = bias,
        ) -> Tensor:
            with torch.inference_mode():
                n_rows = len(given[rows])
                filled = F.pad(given[rows], (0, 0, 0, JOB_STEPS - n_rows))
                scores = torch.addmm(bias, filled, weight.T)[:n_rows]
                right = scores.gather(1, wanted[rows, None])[:, 0]
                return right - scores.logsumexp(dim=1)

        jobs = list(_slices(len(given), JOB_STEPS))
        values = torch.cat([found.new_zeros(0), *parallel_map(run, jobs)])
        if steps is None:
            found += values
        else:
            found[steps] += values
    return found


def exact_log_probabilities(features: Tensor, output: Output) -> Tensor:
    """Return the log-probability of all words, (N, E) -> (N, V), in float64."""
    features = features.double()
    weight, bias = (part.double() for part in output.head())
    first, *bounds = output.bounds
    head = F.linear(features, weight, bias).log_softmax(dim=1)
    parts = [head[:, :first]]
    for i, (start, stop) in enumerate(pairwise([first, *bounds])):
        weight, bias = (part[start:stop].double() for part in output[:2])
        inside = F.linear(features, weight, bias).log_softmax(dim=1)
        parts.append(head[:, first + i, None] + inside)
    return torch.cat(parts, dim=1)


def _softmaxes(
    output: Output, targets: Tensor
) -> Iterator[tuple[Tensor | None, Tensor, Tensor, Tensor, slice | None]]:
    """Yield each softmax: its steps, what is right there, weights, biases, words.

    The first one is that of the head, at all steps, for which steps and words are None.
    """
    targets = targets.long()
    first, *bounds = output.bounds
    starts = torch.tensor(
        [first, *bounds[:-1]] if bounds else [], device=targets.device
    )
    cluster = torch.bucketize(targets, starts, right=True)  # 0 is the head
    right = torch.where(cluster > 0, first + cluster - 1, targets)
    yield None, right, *output.head(), None
    for i, (start, stop) in enumerate(pairwise([first, *bounds]), start=1):
        steps = torch.nonzero(cluster == i)[:, 0]
        words = slice(start, stop)
        yield (
            steps,
            targets[steps] - start,
            output.weight[words],
            output.bias[words],
            words,
        )


def _slices(n: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def _add_softmax(
    features: Tensor,
    targets: Tensor,
    weight: Tensor,
    bias: Tensor,
    gradients: tuple[Tensor, Tensor] | None,
) -> tuple[Tensor, Tensor | None]:
    """Return the sum of the losses of one softmax, and the gradient of the features.

    Adds those of the weights and biases to ``gradients``, in parts that each thread
    has for itself, so that sums do not depend on the number of threads.
    """
    n_steps, n_words = len(features), len(weight)
    on_cpu = features.device.type == "cpu"
    job_steps, job_words = (JOB_STEPS, JOB_WORDS) if on_cpu else (n_steps, n_words)
    chunk_steps = max(CHUNK_SCORES // n_words // JOB_STEPS, 1) * JOB_STEPS
    buffer = features.new_empty((min(chunk_steps, n_steps), n_words))
    losses = features.new_empty(n_steps)
    d_features = None if gradients is None else torch.empty_like(features)
    for chunk in _slices(n_steps, chunk_steps):

        def score(rows: slice, start: int = chunk.start) -> None:
            steps = slice(start + rows.start, start + rows.stop)
            with torch.no_grad():
                target = targets[steps, None]
                scores = torch.addmm(bias, features[steps], weight.T, out=buffer[rows])
                total = scores.logsumexp(dim=1, keepdim=True)
                losses[steps] = (total - scores.gather(1, target))[:, 0]
                if d_features is not None:  # the scores become their own gradients
                    scores.sub_(total).exp_()
                    scores.scatter_add_(1, target, -torch.ones_like(total))
                    torch.mm(scores, weight, out=d_features[steps])

        n_rows = chunk.stop - chunk.start
        parallel_map(score, list(_slices(n_rows, job_steps)))
        if gradients is None:
            continue
        add = partial(_add_products, buffer[:n_rows], features[chunk], *gradients)
        parallel_map(add, list(_slices(n_words, job_words)))
    return losses.sum(), d_features


def _add_products(
    scores: Tensor, features: Tensor, d_weight: Tensor, d_bias: Tensor, words: slice
) -> None:
    """Add the gradients of some words, of whose scores (N, V) those are."""
    with torch.no_grad():
        d_weight[words].addmm_(scores[:, words].T, features)
        d_bias[words] += scores[:, words].sum(dim=0)


class _NextWordLoss(torch.autograd.Function):
    """Loss and gradients in one go; the backward pass only multiplies."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, *rest: Tensor) -> Tensor:
        *parts, targets = rest
        output = Output(*parts)
        trains = any(ctx.needs_input_grad)
        n_head = output.bounds[0]
        sums = [torch.zeros_like(part) for part in parts] if trains else []
        d_features, loss = torch.zeros_like(features), features.new_zeros(())
        for steps, right, weight, bias, words in _softmaxes(output, targets):
            given = features if steps is None else features[steps]
            gradients = None
            if trains and words is None:
                gradients = torch.zeros_like(weight), torch.zeros_like(bias)
            elif trains:
                gradients = sums[0][words], sums[1][words]
            found, d_given = _add_softmax(given, right, weight, bias, gradients)
            loss += found
            if gradients is None or d_given is None:
                continue
            if steps is None:
                d_features = d_given
                for i, of_head in enumerate(gradients):
                    sums[i][:n_head] += of_head[:n_head]
                    sums[i + 2] += of_head[n_head:]
            else:
                d_features.index_add_(0, steps, d_given)
        if trains:
            ctx.save_for_backward(d_features, *sums)
        ctx.n_steps = len(features)
        return loss / len(features)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Any:
        share = gradient / ctx.n_steps
        return *(part * share for part in ctx.saved_tensors), None
