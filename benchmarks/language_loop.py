"""The word language model of PyTorch's examples, written by hand, with Adam.

Embedding, LSTM, scores of all words at all steps, or an adaptive softmax; columns of a
stream, the state carried along. It lives here to be compared with.
"""

import math
import time

import torch
from torch import nn


class Net(nn.Module):
    """Embedding, LSTM and tied scores, or an adaptive softmax of its own."""

    def __init__(self, n_words, size, n_layers, dropout, adaptive):
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.embedding = nn.Embedding(n_words, size)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        between = dropout if n_layers > 1 else 0.0
        self.lstm = nn.LSTM(size, size, n_layers, dropout=between)
        if adaptive:
            cutoffs = [c for c in (1_000, 5_000) if c < n_words]
            self.head = nn.AdaptiveLogSoftmaxWithLoss(size, n_words, cutoffs)
        else:
            self.head = nn.Linear(size, n_words)
            nn.init.zeros_(self.head.bias)
            self.head.weight = self.embedding.weight

    def forward(self, ids, targets, state):
        """Return the mean loss of (L, B) words, and the state after them."""
        states, state = self.lstm(self.drop(self.embedding(ids)), state)
        states = self.drop(states).flatten(0, 1)
        if isinstance(self.head, nn.AdaptiveLogSoftmaxWithLoss):
            return self.head(states, targets.flatten()).loss, state
        scores = self.head(states)
        return nn.functional.cross_entropy(scores, targets.flatten()), state


class LanguageLoop:
    """Train on a stream of ids and score another."""

    def __init__(
        self, n_words, size, n_layers, dropout, lr, seed, adaptive=False, columns=20
    ):
        torch.manual_seed(seed)
        self.net = Net(n_words, size, n_layers, dropout, adaptive)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=lr, fused=True)
        self.columns = columns

    def _stretches(self, stream, columns, n_steps=35):
        length = len(stream) // columns
        grid = torch.from_numpy(stream[: length * columns]).long()
        grid = grid.view(columns, length).T.contiguous()  # (L, B)
        for start in range(0, length - 1, n_steps):
            stop = min(start + n_steps, length - 1)
            yield grid[start:stop], grid[start + 1 : stop + 1]

    def epoch(self, stream):
        """Train for one pass; return its seconds."""
        started, state = time.perf_counter(), None
        self.net.train()
        for ids, targets in self._stretches(stream, self.columns):
            if state is not None:
                state = tuple(part.detach() for part in state)
            self.optimizer.zero_grad()
            loss, state = self.net(ids, targets, state)
            loss.backward()
            nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimizer.step()
        return time.perf_counter() - started

    @torch.no_grad()
    def perplexity(self, stream):
        """Return the perplexity of one stream, read in one piece."""
        self.net.eval()
        total, n_words, state = 0.0, 0, None
        for ids, targets in self._stretches(stream, 1):
            loss, state = self.net(ids, targets, state)
            total += float(loss) * len(targets)
            n_words += len(targets)
        return math.exp(total / n_words)
