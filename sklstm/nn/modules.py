"""The network: embedding (or numbers) -> recurrent stack -> pooling -> head.

Shapes in comments: B rows of a batch, L steps of its longest row, C channels,
E embedding width, H hidden width times directions, K outputs.

Rows are left-aligned and never packed: what stands after a row's length cannot reach
its states, because the backward direction runs over each row reversed by its own
length. The forward pass is a pure function: dropout masks come in as tensors.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklstm._validation import PAD_ID
from sklstm.nn.parts import State, continue_layer, run_layers

Module = TypeVar("Module", bound=nn.Module)

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
POOLINGS = ("last", "mean", "max", "attention")

# Sums over steps run over a multiple of this many, so that the width of the padding
# does not change the order of the additions and with it the last bits.
STEP_MULTIPLE = 16


class RecurrentStack(nn.Module):
    """Layers of one cell, in one direction or both.

    Parameters
    ----------
    cell : {"rnn", "gru", "lstm"}
        Kind of recurrent cell.
    input_size, hidden_size, num_layers : int
        Widths as in :class:`torch.nn.LSTM`.
    bidirectional : bool
        Whether each layer also reads every row from its end.
    nonlinearity : {"tanh", "relu"}
        Of the plain RNN cell; other cells ignore it.
    device : torch.device or str
        Where the parameters are made; "meta" makes none.
    """

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bidirectional: bool,
        nonlinearity: str = "tanh",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        options = {"nonlinearity": nonlinearity} if cell == "rnn" else {}
        width = hidden_size * (2 if bidirectional else 1)
        self.hidden_size = hidden_size

        def layers() -> nn.ModuleList:
            return nn.ModuleList(
                CELLS[cell](
                    size, hidden_size, batch_first=True, device=device, **options
                )
                for size in [input_size] + [width] * (num_layers - 1)
            )

        self.forward_layers = layers()
        self.backward_layers = layers() if bidirectional else None

    def forward(
        self,
        x: Tensor,
        lengths: Tensor,
        masks: Sequence[Tensor] = (),
        precision: torch.dtype = torch.float32,
    ) -> Tensor:
        """Return the states of the last layer, (B, L, E) -> (B, L, H), float32.

        ``masks`` holds one dropout mask (B, 1, H) for each layer but the last.
        """
        if self.backward_layers is not None:
            order = _reversal(lengths, x.shape[1])  # (B * L,)
        for i, layer in enumerate(self.forward_layers):
            if self.backward_layers is None:
                (states,) = run_layers([layer], [x], precision)
            else:
                pair = layer, self.backward_layers[i]
                ahead, back = run_layers(pair, [x, _Reverse.apply(x, order)], precision)
                states = torch.cat([ahead, _Reverse.apply(back, order)], dim=2)
            x = states * masks[i] if i < len(masks) else states
        return x

    def advance(
        self,
        x: Tensor,
        starts: Sequence[State],
        masks: Sequence[Tensor] = (),
        precision: torch.dtype = torch.float32,
    ) -> tuple[Tensor, list[State]]:
        """Go on from where each layer ended, in one direction, (B, L, E) -> (B, L, H).

        Returns the states of the last layer, and where all layers end.
        """
        ends = []
        for i, (layer, start) in enumerate(
            zip(self.forward_layers, starts, strict=True)
        ):
            x, end = continue_layer(layer, x, start, precision)
            x = x * masks[i] if i < len(masks) else x
            ends.append(end)
        return x, ends

    def beginning(self, n_rows: int) -> list[State]:
        """Return where all layers start: zeros, for ``n_rows`` rows."""
        weight = next(self.parameters())
        zeros = weight.new_zeros((1, n_rows, self.hidden_size))
        two = isinstance(self.forward_layers[0], nn.LSTM)
        return [(zeros, zeros) if two else (zeros,)] * len(self.forward_layers)


def _reversal(lengths: Tensor, n_steps: int) -> Tensor:
    """Flat step numbers that reverse each row by its own length, (B,) -> (B * L,)."""
    step = torch.arange(n_steps, device=lengths.device)
    reversed_step = lengths[:, None] - 1 - step  # (B, L)
    reversed_step = torch.where(reversed_step >= 0, reversed_step, step)
    row = torch.arange(len(lengths), device=lengths.device)[:, None]
    return (row * n_steps + reversed_step).flatten()


class _Reverse(torch.autograd.Function):
    """Reverse rows, (B, L, E) -> (B, L, E): a reordering that undoes itself.

    So the gradient takes the same way back, and whole steps are copied; ``gather``
    takes four times as long.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor) -> Tensor:
        ctx.order = order
        return x.flatten(0, 1).index_select(0, order).view(x.shape)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Reverse.apply(gradient, ctx.order), None


class Pooling(nn.Module):
    """Turn the states of a row into one vector, (B, L, H) -> (B, H).

    Parameters
    ----------
    how : {"last", "mean", "max", "attention"}
        "last" takes the state after the last step of each direction, "mean" and "max"
        go over the steps, "attention" weighs them with a learned query (Yang et al.
        2016, Hierarchical attention networks for document classification).
    size : int
        Width H of the states.
    bidirectional : bool
        Whether the second half of the states was read from the end.
    device : torch.device or str
        Where the parameters are made.
    """

    def __init__(
        self,
        how: str,
        size: int,
        bidirectional: bool,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        self.how = how
        self.n_forward = size // 2 if bidirectional else size
        if how == "attention":
            self.key = nn.Linear(size, size, device=device)
            self.query = nn.Linear(size, 1, bias=False, device=device)

    def forward(self, states: Tensor, lengths: Tensor, full: bool = False) -> Tensor:
        """Pool ``states`` (B, L, H) over the first ``lengths`` (B,) steps.

        ``full`` says that these are all steps, so that none has to be left out.
        """
        if full and self.how == "max":
            return states.amax(dim=1)
        if self.how == "last":
            last = (lengths - 1)[:, None, None].expand(-1, 1, self.n_forward)
            ahead = states[:, :, : self.n_forward].gather(1, last).squeeze(1)
            return torch.cat([ahead, states[:, 0, self.n_forward :]], dim=1)
        step = torch.arange(states.shape[1], device=states.device)
        outside = (step >= lengths[:, None]).unsqueeze(2)  # (B, L, 1)
        if self.how == "max":
            return states.masked_fill(outside, -math.inf).amax(dim=1)
        extra = -states.shape[1] % STEP_MULTIPLE
        states = F.pad(states.masked_fill(outside, 0.0), (0, 0, 0, extra))
        if self.how == "mean":
            return states.sum(dim=1) / lengths[:, None]
        scores = self.query(torch.tanh(self.key(states)))  # (B, L, 1)
        outside = F.pad(outside, (0, 0, 0, extra), value=True)
        weights = scores.masked_fill(outside, -math.inf).softmax(dim=1)
        return (weights * states).sum(dim=1)


class RecurrentNet(nn.Module):
    """A sequence in, one score for each output out.

    Parameters
    ----------
    cell : {"rnn", "gru", "lstm"}
        Kind of recurrent cell.
    n_tokens : int or None
        Rows of the embedding; None for sequences of numbers.
    input_size : int
        Width of the embedding, or number of channels.
    hidden_size, num_layers : int
        Widths as in :class:`torch.nn.LSTM`.
    n_outputs : int
        Scores for each row.
    bidirectional : bool, default=False
        Whether rows are also read from their end.
    nonlinearity : {"tanh", "relu"}, default="tanh"
        Of the plain RNN cell.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        How the states of a row become one vector.
    device : torch.device or str, default=None
        Where the parameters are made.
    """

    def __init__(
        self,
        cell: str,
        n_tokens: int | None,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        n_outputs: int,
        bidirectional: bool = False,
        nonlinearity: str = "tanh",
        pooling: str = "last",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        self.embedding = (
            nn.Embedding(n_tokens, input_size, padding_idx=0, device=device)
            if n_tokens is not None
            else None
        )
        self.recurrent = RecurrentStack(
            cell,
            input_size,
            hidden_size,
            num_layers,
            bidirectional,
            nonlinearity,
            device=device,
        )
        width = hidden_size * (2 if bidirectional else 1)
        self.pooling = Pooling(pooling, width, bidirectional, device=device)
        self.head = nn.Linear(width, n_outputs, device=device)
        self.mask_sizes = [width] * num_layers
        if self.embedding is not None:  # numbers are not left out: few channels
            self.mask_sizes.insert(0, input_size)

    def forward(
        self,
        x: Tensor,
        lengths: Tensor,
        masks: Sequence[Tensor] | None = None,
        vectors: Tensor | None = None,
        precision: torch.dtype = torch.float32,
    ) -> Tensor:
        """Return scores (B, K) of token ids (B, L) or numbers (B, L, C).

        Parameters
        ----------
        x : Tensor of shape (B, L), integer, or (B, L, C), float
            Left-aligned rows; anything may stand after their lengths.
        lengths : Tensor of shape (B,), int64
            Steps of each row, at least 1.
        masks : sequence of Tensor, optional
            Dropout masks, one of shape (B, size) for each of ``mask_sizes``: on the
            embedding, between layers and before the head; the same one for all steps
            of a row (Gal and Ghahramani 2016).
        vectors : Tensor of shape (n_known, E), optional
            What the ids that follow those of the embedding stand for.
        precision : torch.dtype, default=torch.float32
            In which the recurrent layers compute; all else is float32.
        """
        if masks is None:
            return self.head(self.pooled(x, lengths, (), vectors, precision))
        *inside, last = masks
        pooled = self.pooled(x, lengths, inside, vectors, precision)
        return self.head(pooled * last)

    def embed(self, x: Tensor, vectors: Tensor | None = None) -> Tensor:
        """Return what the recurrent stack reads, (B, L) or (B, L, C) -> (B, L, E)."""
        if self.embedding is None:
            return x
        if vectors is None or not len(vectors):
            return self.embedding(x)
        row = x - self.embedding.num_embeddings  # (B, L), in ``vectors`` from 0 on
        known = row >= 0
        own = self.embedding(x.masked_fill(known, PAD_ID))
        return torch.where(known.unsqueeze(2), vectors[row.clamp(min=0)], own)

    def pooled(
        self,
        x: Tensor,
        lengths: Tensor,
        masks: Sequence[Tensor] = (),
        vectors: Tensor | None = None,
        precision: torch.dtype = torch.float32,
        full: bool = False,
    ) -> Tensor:
        """Return one vector for each row, (B, L) or (B, L, C) -> (B, H).

        ``full`` says that all rows have all steps.
        """
        steps = self.embed(x, vectors)
        masks = [mask.unsqueeze(1) for mask in masks]  # (B, 1, size)
        if masks and self.embedding is not None:
            steps = steps * masks.pop(0)
        states = self.recurrent(steps, lengths, masks, precision)
        return self.pooling(states, lengths, full)

    def exact_scores(self, pooled: Tensor) -> Tensor:
        """Return scores (B, K) of pooled rows (B, H), computed in float64.

        Rounded to float32 afterwards, they do not depend on the rows beside them.
        """
        weight, bias = self.head.weight.double(), self.head.bias.double()
        return F.linear(pooled.double(), weight, bias)


def build_network(seed: int | None, **sizes: Any) -> RecurrentNet:
    """Build a :class:`RecurrentNet` of ``sizes``, see :func:`build_module`."""
    return build_module(RecurrentNet, seed, **sizes)


def build_module(cls: type[Module], seed: int | None, **sizes: Any) -> Module:
    """Build a network whose initial weights are drawn from ``seed`` alone.

    The weights are drawn on the CPU, so that a device does not change them.

    Parameters
    ----------
    cls : type
        Of the network.
    seed : int or None
        Seed of the generator; no global generator is read or moved. None leaves the
        weights unset, to be loaded.
    **sizes
        Parameters of the network.

    Returns
    -------
    Module
    """
    network = cls(**sizes, device="meta").to_empty(device="cpu")
    if seed is None:
        return network
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            _initialize(module, generator)
    return network


def _initialize(module: nn.Module, generator: torch.Generator) -> None:
    if isinstance(module, nn.Embedding):
        module.weight.normal_(0.0, EMBEDDING_SCALE, generator=generator)
        module.weight[0] = 0.0
    elif isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight, generator=generator)
        if module.bias is not None:
            module.bias.zero_()
    elif isinstance(module, nn.RNNBase):
        _initialize_cell(module, generator)


EMBEDDING_SCALE = 0.1


def _orthogonal(size: int, generator: torch.Generator) -> Tensor:
    """Draw an orthogonal matrix (Saxe et al. 2014), the same on any number of threads.

    The last bits of a decomposition hang on its threads; rounded from float64 they are
    gone.
    """
    normal = torch.randn((size, size), generator=generator)
    q, r = torch.linalg.qr(normal.double())
    return q * r.diagonal().sign()


def _initialize_cell(layer: nn.RNNBase, generator: torch.Generator) -> None:
    """Set Glorot input weights, orthogonal recurrent ones, and gates that remember.

    A bias of 1 on the forget gate (Jozefowicz et al. 2015; in a GRU the update gate)
    helps learning and keeps gradients of long rows out of the subnormal range, which
    CPUs compute many times slower.
    """
    size = layer.hidden_size
    for name, parameter in layer.named_parameters():
        if name.startswith("bias"):
            parameter.zero_()
        for gate in parameter.split(size):  # the gates are stacked along dimension 0
            if name.startswith("weight_ih"):
                nn.init.xavier_uniform_(gate, generator=generator)
            elif name.startswith("weight_hh"):
                gate.copy_(_orthogonal(size, generator))
        if isinstance(layer, nn.LSTM | nn.GRU) and name.startswith("bias_ih"):
            # Second of the gates in both: input, forget, cell, output; reset, update
            parameter[size : 2 * size] = 1.0
