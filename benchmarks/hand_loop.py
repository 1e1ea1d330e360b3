"""The limit: the best loop that we can write by hand, for one task, with no checks.

Batches of documents of one length, trimmed to the longest of them, not packed; ids
sliced from one tensor; the state after the last token gathered; fused Adam. The second
direction reads rows that are reversed by their own length.
"""

import numpy as np
import torch
from torch import nn

EMBEDDING, HIDDEN, BATCH, LR = 100, 128, 64, 0.005


class Net(nn.Module):
    """Embedding, LSTM, last state, scores of two classes."""

    def __init__(self, n_words, bidirectional):
        super().__init__()
        self.embedding = nn.Embedding(n_words, EMBEDDING, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.directions = nn.ModuleList(
            nn.LSTM(EMBEDDING, HIDDEN, batch_first=True)
            for _ in range(2 if bidirectional else 1)
        )
        for layer in self.directions:
            nn.init.zeros_(layer.bias_hh_l0)
            nn.init.zeros_(layer.bias_ih_l0)
            nn.init.ones_(layer.bias_ih_l0[HIDDEN : 2 * HIDDEN])  # forget gate
        self.head = nn.Linear(HIDDEN * len(self.directions), 2)

    def forward(self, ids, lengths):
        """Return scores, (B, L), (B,) -> (B, 2)."""
        row, last = torch.arange(len(ids), device=ids.device), lengths - 1
        x = self.embedding(ids)
        states = [self.directions[0](x)[0][row, last]]
        if len(self.directions) == 2:
            step = torch.arange(ids.shape[1], device=ids.device)
            back = last[:, None] - step
            back = torch.where(back >= 0, back, step) + ids.shape[1] * row[:, None]
            reversed_x = x.flatten(0, 1).index_select(0, back.flatten()).view_as(x)
            states.append(self.directions[1](reversed_x)[0][row, last])
        return self.head(torch.cat(states, dim=1))


class HandLoop:
    """Train and predict; ``device`` and ``dtype`` are for GPUs."""

    def __init__(self, bidirectional, epochs, seed, n_words, device="cpu", dtype=None):
        torch.set_flush_denormal(True)
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.epochs, self.device, self.dtype = epochs, device, dtype
        self.net = Net(n_words, bidirectional).to(device)

    def _tensors(self, documents):
        tensors = documents.padded, documents.lengths, documents.y
        return [torch.from_numpy(a).to(self.device) for a in tensors]

    def _scores(self, ids, lengths):
        with torch.autocast(self.device, self.dtype, enabled=self.dtype is not None):
            return self.net(ids, lengths).float()

    def fit(self, documents):
        """Train for ``epochs``."""
        ids, lengths, y = self._tensors(documents)
        host_lengths = documents.lengths
        optimizer = torch.optim.Adam(self.net.parameters(), lr=LR, fused=True)
        for _ in range(self.epochs):
            order = np.argsort(host_lengths + self.rng.random(len(host_lengths)))
            batches = np.array_split(order, max(len(order) // BATCH, 1))
            for i in self.rng.permutation(len(batches)):
                rows = torch.from_numpy(batches[i]).to(self.device)
                width = host_lengths[batches[i]].max()
                scores = self._scores(ids[rows, :width], lengths[rows])
                loss = nn.functional.cross_entropy(scores, y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return self

    @torch.inference_mode()
    def predict_proba(self, documents):
        """Return the probability of the second class."""
        ids, lengths, _ = self._tensors(documents)
        order = np.argsort(documents.lengths, kind="stable")
        found = torch.empty(len(order), device=self.device)
        for rows in np.array_split(order, max(len(order) // 256, 1)):
            index = torch.from_numpy(rows).to(self.device)
            width = documents.lengths[rows].max()
            scores = self._scores(ids[index, :width], lengths[index])
            found[index] = scores.softmax(1)[:, 1]
        return found.cpu().numpy()
