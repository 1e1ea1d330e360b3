"""The network of a language model: embedding -> LSTM -> what it knows at each step.

Shapes in comments: B texts or columns of a batch, L steps, E embedding width, H hidden
width, V words.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sklstm._validation import PAD_ID
from sklstm.nn.cross_entropy import Output, n_clusters
from sklstm.nn.modules import RecurrentStack, build_module
from sklstm.nn.parts import State


class LanguageNetwork(nn.Module):
    """Words in, a vector at each step out, whose product with a word is its score.

    Parameters
    ----------
    n_tokens : int
        Rows of the embedding.
    embedding_dim, hidden_size, num_layers : int
        Widths as in :class:`torch.nn.LSTM`.
    tied : bool
        Whether words are read and predicted with the same vectors (Press and Wolf
        2017). Where ``hidden_size`` differs from ``embedding_dim``, a linear layer
        stands between.
    device : torch.device or str, default=None
        Where the parameters are made.
    """

    def __init__(
        self,
        n_tokens: int,
        embedding_dim: int,
        hidden_size: int,
        num_layers: int,
        tied: bool,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(
            n_tokens, embedding_dim, padding_idx=PAD_ID, device=device
        )
        self.recurrent = RecurrentStack(
            "lstm", embedding_dim, hidden_size, num_layers, False, device=device
        )
        self.projection = (
            nn.Linear(hidden_size, embedding_dim, bias=False, device=device)
            if tied and hidden_size != embedding_dim
            else None
        )
        width = embedding_dim if tied else hidden_size
        self.decoder = (
            None if tied else nn.Linear(width, n_tokens, bias=False, device=device)
        )
        self.bias = nn.Parameter(torch.empty(n_tokens, device=device))
        n = n_clusters(n_tokens)
        self.clusters = nn.Linear(width, n, device=device) if n else None
        self.mask_sizes = [embedding_dim] + [hidden_size] * (num_layers - 1) + [width]

    @property
    def output(self) -> Output:
        """The vector and the bias of each word to predict, and of their clusters."""
        layer = self.embedding if self.decoder is None else self.decoder
        weight, clusters = layer.weight, self.clusters
        if clusters is None:
            none = weight.new_empty((0, weight.shape[1]))
            return Output(weight, self.bias, none, none[:, 0])
        return Output(weight, self.bias, clusters.weight, clusters.bias)

    def forward(
        self,
        x: Tensor,
        starts: Sequence[State],
        masks: Sequence[Tensor] | None = None,
        precision: torch.dtype = torch.float32,
    ) -> tuple[Tensor, list[State]]:
        """Return what is known after each step, (B, L) -> (B, L, E), and the ends.

        Parameters
        ----------
        x : Tensor of shape (B, L), integer
            Token ids.
        starts : sequence of State
            Where the layers ended before.
        masks : sequence of Tensor, optional
            Dropout masks, one of shape (B, size) for each of ``mask_sizes``, the same
            for all steps (Gal and Ghahramani 2016).
        precision : torch.dtype, default=torch.float32
            In which the recurrent layers compute.
        """
        steps = self.embedding(x)
        if masks is None:
            states, ends = self.recurrent.advance(steps, starts, (), precision)
        else:
            first, *inner, last = (mask.unsqueeze(1) for mask in masks)  # (B, 1, size)
            steps = steps * first
            states, ends = self.recurrent.advance(steps, starts, inner, precision)
        if self.projection is not None:
            states = self.projection(states)
        return (states if masks is None else states * last), ends


def build_language_network(seed: int | None, **sizes: Any) -> LanguageNetwork:
    """Build a :class:`LanguageNetwork` of ``sizes``, see :func:`build_module`."""
    network = build_module(LanguageNetwork, seed, **sizes)
    nn.init.zeros_(network.bias)
    return network
