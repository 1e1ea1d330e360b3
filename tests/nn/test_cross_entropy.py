"""The loss of the next word equals torch's, in pieces, and never holds all scores."""

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from sklstm.nn import cross_entropy
from sklstm.nn.cross_entropy import (
    Output,
    exact_log_probabilities,
    log_likelihoods,
    n_clusters,
    next_word_loss,
)
from sklstm.nn.threads import fair_share

# Steps, words, width: one of each, fewer and more than a piece, and odd ones
SIZES = [(1, 2, 1), (3, 5, 2), (16, 24, 4), (17, 23, 4), (61, 50, 7), (64, 3, 5)]


@pytest.fixture
def small_pieces(monkeypatch):
    """Cut small batches into many chunks and many jobs."""
    monkeypatch.setattr(cross_entropy, "CHUNK_SCORES", 200)
    monkeypatch.setattr(cross_entropy, "JOB_STEPS", 4)
    monkeypatch.setattr(cross_entropy, "JOB_WORDS", 6)


@pytest.fixture
def small_clusters(monkeypatch):
    """Put the words of small vocabularies into clusters."""
    monkeypatch.setattr(cross_entropy, "CUTOFFS", (2, 7, 12))


@pytest.fixture(params=["one softmax", "clusters"])
def _with_clusters_or_not(request):
    if request.param == "clusters":
        request.getfixturevalue("small_clusters")


def problem(n_steps, n_words, width, dtype=torch.float32, seed=0):
    """Features and an output, which need gradients; targets that are not padding."""
    generator = torch.Generator().manual_seed(seed)
    n = n_clusters(n_words)
    shapes = (n_steps, width), (n_words, width), (n_words,), (n, width), (n,)
    features, *output = (
        torch.randn(shape, generator=generator, dtype=dtype).requires_grad_()
        for shape in shapes
    )
    targets = torch.randint(1, n_words, (n_steps,), generator=generator)
    return features, Output(*output), targets


def reference_likelihoods(features, output, targets):
    """By torch: its softmax, or its adaptive softmax with biases as one more weight."""
    weight, bias, cluster_weight, cluster_bias = output
    bias = bias.masked_fill(torch.arange(len(bias)) == 0, -1e5)  # never padding
    n_words, width = weight.shape
    if not len(cluster_weight):
        scores = F.linear(features, weight, bias)
        return -F.cross_entropy(scores, targets.long(), reduction="none")
    width, cutoffs = width + 1, list(cross_entropy.CUTOFFS[: len(cluster_weight)])
    words = torch.cat([weight, bias[:, None]], dim=1)
    clusters = torch.cat([cluster_weight, cluster_bias[:, None]], dim=1)
    parts = {"head.weight": torch.cat([words[: cutoffs[0]], clusters])}
    for i, inside in enumerate(words.tensor_split(cutoffs)[1:]):
        parts[f"tail.{i}.0.weight"] = torch.eye(width, dtype=weight.dtype)
        parts[f"tail.{i}.1.weight"] = inside
    softmax = nn.AdaptiveLogSoftmaxWithLoss(width, n_words, cutoffs, div_value=1.0)
    given = torch.cat([features, torch.ones_like(features[:, :1])], dim=1)
    return functional_call(softmax, parts, (given, targets.long())).output


def reference(*problem):
    return -reference_likelihoods(*problem).mean()


def loss_and_gradients(loss_of, problem, factor=1.0):
    features, output, targets = problem
    loss = loss_of(features, output, targets)
    leaves = [part for part in (features, *output) if part.numel()]
    return loss.detach(), *torch.autograd.grad(loss * factor, leaves)


def assert_equal_to_torch(problem, factor=1.0, **tolerance):
    found = loss_and_gradients(next_word_loss, problem, factor)
    expected = loss_and_gradients(reference, problem, factor)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, **tolerance)


@pytest.mark.usefixtures("_with_clusters_or_not")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_loss_and_gradients_are_those_of_torch(sizes):
    assert_equal_to_torch(problem(*sizes))


@pytest.mark.usefixtures("small_pieces", "_with_clusters_or_not")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_so_they_are_in_many_pieces(sizes):
    assert_equal_to_torch(problem(*sizes))


@pytest.mark.usefixtures("_with_clusters_or_not")
@pytest.mark.parametrize("chunk_scores", [1, 24 * 4, 24 * 8, 24 * 61, 10**6])
@pytest.mark.parametrize("job_words", [1, 7, 24, 1000])
@pytest.mark.parametrize("job_steps", [1, 4, 61, 1000])
def test_so_they_are_wherever_it_is_cut(
    monkeypatch, chunk_scores, job_words, job_steps
):
    monkeypatch.setattr(cross_entropy, "CHUNK_SCORES", chunk_scores)
    monkeypatch.setattr(cross_entropy, "JOB_WORDS", job_words)
    monkeypatch.setattr(cross_entropy, "JOB_STEPS", job_steps)
    assert_equal_to_torch(problem(61, 24, 3))


@pytest.mark.usefixtures("small_pieces", "_with_clusters_or_not")
@pytest.mark.parametrize("factor", [0.0, -2.5, 1e3])
def test_gradients_flow_through_what_comes_after(factor):
    assert_equal_to_torch(problem(61, 50, 7), factor, rtol=1e-5, atol=1e-4)


@pytest.mark.usefixtures("small_pieces", "_with_clusters_or_not")
def test_float64_is_exact():
    exact = problem(61, 50, 7, dtype=torch.float64)
    assert_equal_to_torch(exact, rtol=1e-12, atol=1e-14)


@pytest.mark.usefixtures("small_pieces", "_with_clusters_or_not")
def test_gradients_equal_finite_differences():
    features, output, targets = problem(9, 17, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda features, *output: (
            3 * next_word_loss(features, Output(*output), targets)
        ),
        (features, *output),
    )


@pytest.mark.usefixtures("small_pieces", "_with_clusters_or_not")
@pytest.mark.parametrize("scale", [1e-4, 30.0, 1e3])
def test_large_scores_do_not_overflow(scale):
    features, output, targets = problem(33, 20, 4)
    features = (features * scale).detach().requires_grad_()
    atol = 2e-5 * max(scale, 5)
    assert_equal_to_torch((features, output, targets), rtol=1e-4, atol=atol)


@pytest.mark.usefixtures("_with_clusters_or_not")
def test_targets_may_be_of_any_integer_type():
    *given, targets = problem(33, 20, 4)
    expected = loss_and_gradients(next_word_loss, (*given, targets))
    for dtype in (torch.int32, torch.int16):
        found = loss_and_gradients(next_word_loss, (*given, targets.to(dtype)))
        assert all(map(torch.equal, found, expected))


@pytest.mark.usefixtures("_with_clusters_or_not")
def test_padding_gets_no_gradient_and_no_probability():
    features, output, targets = problem(300, 20, 4)
    with torch.no_grad():
        output.bias[0] = 100.0  # by far the largest score
    next_word_loss(features, output, targets).backward()
    assert not output.weight.grad[0].any()
    assert not output.bias.grad[0].any()
    assert output.weight.grad[1:].abs().sum(dim=1).min() > 0
    found = exact_log_probabilities(features, output)
    assert (found[:, 0] == -torch.inf).all()
    assert found[:, 1:].isfinite().all()


@pytest.mark.usefixtures("small_pieces", "small_clusters")
@pytest.mark.parametrize("which", range(5))
def test_one_of_them_alone_may_need_a_gradient(which):
    features, output, targets = problem(33, 24, 4)
    expected = loss_and_gradients(reference, (features, output, targets))[1 + which]
    frozen = [leaf.detach() for leaf in (features, *output)]
    frozen[which].requires_grad_()
    next_word_loss(frozen[0], Output(*frozen[1:]), targets).backward()
    torch.testing.assert_close(frozen[which].grad, expected)
    assert all(leaf.grad is None for i, leaf in enumerate(frozen) if i != which)


@pytest.mark.usefixtures("small_pieces", "_with_clusters_or_not")
def test_without_gradients_the_loss_is_the_same_to_the_bit():
    given = problem(61, 50, 7)
    expected = next_word_loss(*given)
    with torch.no_grad():
        assert torch.equal(next_word_loss(*given), expected)
    with torch.inference_mode():
        assert torch.equal(next_word_loss(*given), expected)


@pytest.mark.usefixtures("_with_clusters_or_not")
def test_what_it_is_given_is_left_alone():
    features, output, targets = problem(61, 50, 7)
    before = [part.detach().clone() for part in (features, *output, targets)]
    next_word_loss(features, output, targets).backward()
    log_likelihoods(features, output, targets)
    assert all(map(torch.equal, (features, *output, targets), before))


# -- threads


@pytest.fixture
def with_threads():
    """Call a function on some threads."""

    def call(n_threads, function):
        torch.set_num_threads(n_threads)
        with fair_share():
            return function()

    yield call
    torch.set_num_threads(1)


@pytest.mark.parametrize("pieces", [True, False])
def test_threads_do_not_move_a_bit(pieces, with_threads, request):
    for name in ("small_pieces", "small_clusters") if pieces else ():
        request.getfixturevalue(name)
    given = problem(*((61, 50, 7) if pieces else (300, 6000, 16)))
    assert len(given[1].cluster_weight) == (3 if pieces else 1)

    def run():
        return *loss_and_gradients(next_word_loss, given), log_likelihoods(*given)

    expected = run()
    for n_threads in (1, 2, 3, 2):
        assert all(map(torch.equal, with_threads(n_threads, run), expected))


# -- memory


class Sizes(TorchDispatchMode):
    """Note how many numbers the largest tensor has that an operation returns."""

    def __init__(self):
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        tensors = result if isinstance(result, tuple | list) else [result]
        for tensor in tensors:
            if isinstance(tensor, torch.Tensor):
                self.largest = max(self.largest, tensor.numel())
        return result


def largest_of(function):
    with Sizes() as sizes:
        function()
    return sizes.largest


def test_all_scores_are_never_in_memory(monkeypatch):
    n_steps, n_words, width = 200, 150, 8
    given = problem(n_steps, n_words, width)
    everything = largest_of(lambda: reference(*given).backward())
    assert everything >= n_steps * n_words, "or the measure is not one"
    monkeypatch.setattr(cross_entropy, "CHUNK_SCORES", 3000)
    monkeypatch.setattr(cross_entropy, "JOB_STEPS", 4)
    assert largest_of(lambda: next_word_loss(*given).backward()) == 3000
    some = largest_of(lambda: log_likelihoods(*given))
    assert 4 * n_words <= some <= n_steps * width
    # However many words there are, a few steps are computed at once
    monkeypatch.setattr(cross_entropy, "CHUNK_SCORES", 1)
    assert largest_of(lambda: next_word_loss(*given)) <= max(4 * n_words, 200 * width)


@pytest.mark.usefixtures("small_clusters")
def test_only_gradients_wait_for_the_backward_pass():
    loss = next_word_loss(*problem(61, 50, 7))
    kept = loss.grad_fn.saved_tensors
    sizes = [(61, 7), (50, 7), (50,), (3, 7), (3,)]
    assert [tuple(part.shape) for part in kept] == sizes


# -- likelihoods


@pytest.mark.usefixtures("_with_clusters_or_not")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("job_steps", [1, 4, 64])
def test_log_likelihoods_are_those_of_torch(monkeypatch, sizes, job_steps):
    monkeypatch.setattr(cross_entropy, "JOB_STEPS", job_steps)
    features, output, targets = problem(*sizes)
    expected = reference_likelihoods(features, output, targets).detach()
    found = log_likelihoods(features, output, targets.int())
    torch.testing.assert_close(found, expected)
    assert not found.requires_grad
    mean = next_word_loss(features, output, targets)
    torch.testing.assert_close(-found.mean(), mean.detach())


@pytest.mark.usefixtures("_with_clusters_or_not")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_probabilities_of_all_words_are_exact_and_sum_to_one(sizes):
    features, output, _ = problem(*sizes, dtype=torch.float64)
    found = exact_log_probabilities(features.float(), output)
    assert found.dtype == torch.float64
    assert found.shape == sizes[:2]
    torch.testing.assert_close(found.exp().sum(dim=1), torch.ones_like(found[:, 0]))
    for word in range(1, sizes[1]):
        targets = torch.full(sizes[:1], word)
        expected = reference_likelihoods(features, output, targets)
        torch.testing.assert_close(found[:, word], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("_with_clusters_or_not")
def test_log_likelihoods_do_not_depend_on_the_steps_beside():
    features, output, targets = problem(150, 700, 32)
    whole = log_likelihoods(features, output, targets)
    for stop in (1, 2, 7, 63, 64, 65, 149):
        found = log_likelihoods(features[:stop], output, targets[:stop])
        assert torch.equal(found, whole[:stop])
    alone = [
        log_likelihoods(features[i : i + 1], output, targets[i : i + 1])
        for i in range(150)
    ]
    torch.testing.assert_close(torch.cat(alone), whole, rtol=0, atol=1e-5)


@pytest.mark.usefixtures("_with_clusters_or_not")
def test_no_steps_have_no_log_likelihoods():
    features, output, targets = problem(3, 50, 2)
    found = log_likelihoods(features[:0], output, targets[:0])
    assert found.shape == (0,)
    assert found.dtype == torch.float32


@pytest.mark.parametrize(
    ("n_words", "expected"), [(2, 0), (3999, 0), (4000, 1), (20_000, 2), (10**6, 3)]
)
def test_large_vocabularies_have_clusters(n_words, expected):
    assert n_clusters(n_words) == expected
