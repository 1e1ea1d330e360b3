"""Training: a skorch net whose randomness comes from one seed.

The only door to skorch. The net is a genuine :class:`skorch.NeuralNet`: its hooks run
in skorch's order, so that any skorch callback works on it.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import (
    Callback,
    EpochTimer,
    GradientNormClipping,
    PassthroughScoring,
    PrintLog,
)
from skorch.helper import predefined_split
from skorch.history import History
from torch import Tensor, nn

from sklstm._validation import PAD_ID, UNK_ID
from sklstm.nn._callbacks import (
    AverageWeights,
    BatchBar,
    Follow,
    KeepBest,
    UnfreezeGradually,
    is_raised_by_code,
    stop_early,
)
from sklstm.nn.batches import (
    Batch,
    OrderedBatches,
    SequenceDataset,
    TrainingBatches,
)
from sklstm.nn.modules import build_network
from sklstm.nn.state import to_arrays, to_tensors
from sklstm.nn.team import ALONE, Team
from sklstm.nn.threads import fair_share

OPTIMIZERS = {
    cls.__name__.lower(): cls
    for cls in (
        torch.optim.Adadelta,
        torch.optim.Adagrad,
        torch.optim.Adam,
        torch.optim.Adamax,
        torch.optim.AdamW,
        torch.optim.ASGD,
        torch.optim.NAdam,
        torch.optim.RAdam,
        torch.optim.RMSprop,
        torch.optim.SGD,
    )
}

# Of the recurrent layers while they train
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_FUSED = (torch.optim.Adagrad, torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD)


class StopTraining(KeyboardInterrupt):
    """A callback asked for the end of training by raising KeyboardInterrupt."""


class SequenceNet(NeuralNet):
    """A skorch net over :class:`SequenceDataset`, seeded, with weighted rows.

    Parameters
    ----------
    module, criterion
        As in :class:`skorch.NeuralNet`; the criterion is made with
        ``reduction="none"`` and gives one loss for each row, or one for each output.
    seed : int or None, default=None
        Of initial weights, dropout and the order of rows. None leaves the weights
        unset, for a net whose weights are loaded.
    dropout : float, default=0.0
        Share of units left out, see :meth:`RecurrentNet.forward`.
    word_dropout : float, default=0.0
        A token that trained ``n`` times is read as an unknown word with probability
        ``word_dropout / (word_dropout + n)``, so that the embedding of the unknown
        word is trained, on words as rare as the unknown ones will be (Kiperwasser and
        Goldberg 2016, section 3).
    precision : {"float32", "bfloat16"}, default="float32"
        Of the recurrent layers while they train.
    shuffle : bool, default=True
        Whether each epoch has an order of its own.
    team : Team, default=ALONE
        The processes that train this net together.
    **kwargs
        Of :class:`skorch.NeuralNet`.
    """

    builder: Callable[..., nn.Module] = staticmethod(build_network)
    unit = "rows"  # a batch has one target for each

    def __init__(
        self,
        module: Any,
        criterion: Any,
        *,
        seed: int | None = None,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
        precision: str = "float32",
        shuffle: bool = True,
        team: Team = ALONE,
        **kwargs: Any,
    ) -> None:
        super().__init__(module, criterion, **kwargs)
        self.seed = seed
        self.dropout = dropout
        self.word_dropout = word_dropout
        self.precision = precision
        self.shuffle = shuffle
        self.team = team

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        callbacks = [
            ("epoch_timer", EpochTimer()),
            ("train_loss", PassthroughScoring("train_loss", on_train=True)),
            ("valid_loss", PassthroughScoring("valid_loss")),
        ]
        if self.verbose > 1:
            callbacks.append(("batch_bar", BatchBar()))
        elif self.verbose:
            callbacks.append(("print_log", PrintLog()))
        return callbacks

    # -- randomness: every draw comes from `generator_`, or from `draws_` reseeded by it

    def initialize_module(self) -> "SequenceNet":
        """Build the network and the generators from ``seed``."""
        self.generator_ = torch.Generator()
        self.draws_ = torch.Generator(device=self.device)
        self.token_counts_ = torch.zeros(1, device=self.device)
        self.resumed_epoch_: int | None = None
        if self.seed is not None:
            self.generator_.manual_seed(self.seed)
        if self.module is not self.builder:
            return super().initialize_module()
        seed = self._next_seed() if self.seed is not None else None
        self.module_ = self.builder(seed, **self.get_params_for("module"))
        return self

    def torch_compile(self, module: Any, name: str) -> Any:
        """Compile in place: skorch's way gives all weights other names."""
        if self.compile:
            module.compile(**self.get_params_for("compile"))
        return module

    def _next_seed(self) -> int:
        return int(torch.randint(2**62, (1,), generator=self.generator_))

    def infer(self, x: dict[str, Tensor], **fit_params: Any) -> Tensor:
        """Return the scores of a batch; in training, with dropout, of its own rows."""
        steps, lengths, vectors = x["x"], x["lengths"], x.get("vectors")
        if not self.module_.training:
            return self.module_(steps, lengths, vectors=vectors)
        if self.module_.embedding is not None:
            steps = self._with_unknown(steps)
        precision, masks = PRECISIONS[self.precision], self._draw_masks(len(steps))
        own = self.team.own(len(steps))
        if masks is not None:
            masks = [mask[own] for mask in masks]
        return self.module_(steps[own], lengths[own], masks, vectors, precision)

    def _with_unknown(self, ids: Tensor) -> Tensor:
        """Read some words as unknown, the rarer the likelier, (B, L) -> (B, L)."""
        if not self.word_dropout:
            return ids
        unknown = torch.bernoulli(self.unknown_rates_[ids], generator=self.draws_)
        return ids.masked_fill(unknown.bool() & (ids != PAD_ID), UNK_ID)

    def _draw_masks(self, n_rows: int) -> list[Tensor] | None:
        """Draw a dropout mask (B, size) for each place where units are left out."""
        if not self.dropout:
            return None
        keep = 1.0 - self.dropout
        return [
            torch.empty((n_rows, size), device=self.device)
            .bernoulli_(keep, generator=self.draws_)
            .div_(keep)
            for size in self.module_.mask_sizes
        ]

    def set_embedding(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """Let some rows of the embedding start as given vectors."""
        with torch.no_grad():
            self.module_.embedding.weight[rows] = to_tensors(vectors).to(self.device)

    def set_recurrent(self, weights: dict[str, np.ndarray]) -> None:
        """Let the recurrent layers start as given weights, by name."""
        self.module_.recurrent.load_state_dict(to_tensors(weights))

    # -- one epoch

    def count(self, dataset: SequenceDataset) -> int:
        """Return how many targets the batches of an epoch have."""
        return len(dataset)

    def on_train_begin(self, net: NeuralNet, X: Any = None, **kwargs: Any) -> None:
        """Count the tokens that are about to train."""
        super().on_train_begin(net, X=X, **kwargs)
        self.team.compare((len(X), len(X.values)), "their numbers of rows and steps")
        if self.module_.embedding is not None:
            n_tokens = self.module_.embedding.num_embeddings
            counts = X.token_counts(n_tokens)  # those looked up in vectors at the end
            counts[:n_tokens] += self.token_counts_
            self.token_counts_ = counts[:n_tokens]
            self.unknown_rates_ = self.word_dropout / (self.word_dropout + counts)

    def get_iterator(
        self, dataset: SequenceDataset, training: bool = False
    ) -> Iterable[Batch]:
        """Return batches of similar length, or in the order of the rows."""
        if not training:
            return OrderedBatches(dataset)
        size = len(dataset) if self.batch_size == -1 else self.batch_size
        return TrainingBatches(dataset, size, self.generator_, self.shuffle)

    def get_loss(
        self, y_pred: Tensor, y_true: Tensor, X: Any = None, training: bool = False
    ) -> Tensor:
        """Return the weighted loss of a batch, ``(w * l).sum() / n_rows``.

        In training it is the part of this process, and the sum over the team is that.
        """
        n_rows, weights = len(y_true), X["weights"]
        if training:
            y_true, weights = self._own_part(y_true, weights)
        losses = self.criterion_(y_pred, y_true)
        if losses.ndim == 2:  # one loss for each output
            losses = losses.mean(dim=1)
        return (weights * losses).sum() / n_rows

    def _own_part(self, y_true: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return targets and weights of the rows that :meth:`infer` computes."""
        own = self.team.own(len(y_true))
        if self.team.is_idle(len(y_true)):
            return y_true[own], torch.zeros_like(weights[own])
        return y_true[own], weights[own]

    def on_grad_computed(self, net: NeuralNet, **kwargs: Any) -> None:
        """Add the gradients of the other processes, before callbacks see them."""
        super().on_grad_computed(net, **kwargs)
        self.team.add_gradients(self.module_.parameters())

    def run_single_epoch(
        self,
        iterator: Any,
        training: bool,
        prefix: str,
        step_fn: Any,
        **fit_params: Any,
    ) -> None:
        """Run the batches of an epoch, reading nothing from the device until its end.

        Like skorch's, but losses enter the history all at once, after the last batch,
        and the accuracy of the batches' own predictions is measured on the way.
        """
        if iterator is None:
            return
        if training:
            self.draws_.manual_seed(self._next_seed())
        losses, hits, weight = [], [], []
        first = len(self.history[-1]["batches"])
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, **fit_params)
            self.history.record_batch(f"{prefix}_batch_size", len(batch[1]))
            self.notify("on_batch_end", batch=batch, training=training, **step)
            losses.append(step["loss"].detach())
            y_true, weights = batch[1], batch[0].get("weights")
            if training and weights is not None:
                y_true, weights = self._own_part(y_true, weights)
            correct = self.is_correct(step["y_pred"].detach(), y_true)
            if correct is not None:
                hits.append((weights * correct).sum())
                weight.append(weights.sum())
            del batch, step  # with them the graph: no two at a time
        batches = self.history[-1]["batches"][first:]
        gathered = self.team.total if training else self.team.first
        all_losses = gathered(torch.stack(losses))
        for record, loss in zip(batches, all_losses.tolist(), strict=True):
            record[f"{prefix}_loss"] = loss
        self.history.record(f"{prefix}_batch_count", len(losses))
        if hits:
            hit, of = gathered(torch.stack([torch.stack(hits), torch.stack(weight)]))
            accuracy = hit.sum() / of.sum()
            self.history.record(f"{prefix}_accuracy", float(accuracy))
        if training and not math.isfinite(total := float(all_losses.sum())):
            raise self._diverged(f"loss is {total}")

    def _diverged(self, how: str) -> ValueError:
        return ValueError(
            f"Training diverged at epoch {len(self.history)} ({how}); lower lr or "
            "scale X"
        )

    def is_correct(self, y_pred: Tensor, y_true: Tensor) -> Tensor | None:
        """Return for each row whether its prediction is right; None where undefined."""
        if isinstance(self.criterion_, nn.CrossEntropyLoss):
            return y_pred.argmax(dim=1) == y_true
        if isinstance(self.criterion_, nn.BCEWithLogitsLoss):
            return ((y_pred > 0) == (y_true > 0)).all(dim=1)
        return None

    def predict(self, X: Any) -> np.ndarray:
        """Return class numbers (or 0/1 labels), as scorers of skorch expect them."""
        scores = self.forward(X)
        if isinstance(self.criterion_, nn.CrossEntropyLoss):
            return scores.argmax(dim=1).numpy()
        if isinstance(self.criterion_, nn.BCEWithLogitsLoss):
            return (scores > 0).long().numpy()
        return scores.numpy()

    # -- stopping

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Call a hook of the net and of its callbacks, in skorch's order.

        A callback that raises KeyboardInterrupt ends training, but not before the
        others have been called too.
        """
        getattr(self, method_name)(self, **cb_kwargs)
        stop = False
        for _, callback in self.callbacks_:
            try:
                getattr(callback, method_name)(self, **cb_kwargs)
            except KeyboardInterrupt as interrupt:
                if not is_raised_by_code(interrupt):
                    raise
                stop = True
        if stop:
            raise StopTraining

    def mean_loss(self, dataset: SequenceDataset) -> float:
        """Return the loss of the weights as they are, as after an epoch."""
        losses, n_losses = [], 0
        for batch in self.get_iterator(dataset):
            losses.append(self.validation_step(batch)["loss"] * len(batch[1]))
            n_losses += len(batch[1])
        return float(torch.stack(losses).sum()) / n_losses

    @fair_share()
    def train(self, dataset: SequenceDataset, epochs: int | None = None) -> None:
        """Train on ``dataset`` for ``epochs`` passes, between skorch's own hooks."""
        self.last_epoch_ = len(self.history) + (epochs or self.max_epochs)
        try:
            with suppress(StopTraining):
                self.notify("on_train_begin", X=dataset, y=dataset.y)
                self.fit_loop(dataset, epochs=epochs)
        except KeyError as error:
            if "valid_loss" not in str(error):
                raise
            raise ValueError(
                "A callback asks for valid_loss, but no rows validate. Set "
                "early_stopping=True or pass X_val and y_val to fit."
            ) from error
        finally:
            for _, callback in self.callbacks_:
                if isinstance(callback, BatchBar):
                    callback.close()
        with suppress(StopTraining):
            self.notify("on_train_end", X=dataset, y=dataset.y)
        # The last step may have gone astray after the last loss was measured.
        if not all(torch.isfinite(w).all() for w in self.module_.parameters()):
            raise self._diverged("weights are not finite")
        self.module_.eval()
        self.optimizer_.zero_grad(set_to_none=True)

    @contextmanager
    def followed_by(self, follower: Any) -> Iterator[None]:
        """Tell ``follower`` of each epoch, see ``Follow``, after all callbacks."""
        self.callbacks_.append(("follow", Follow(follower)))
        try:
            yield
        finally:
            self.callbacks_.pop()

    # -- state

    def weights(self) -> dict[str, Any]:
        """Return the weights of the network and, where it has one, of their mean."""
        weights = {"network": self.module_.state_dict()}
        if averaging := dict(self.callbacks_).get("average_weights"):
            weights["averaging"] = averaging.state()
        return weights

    def set_weights(self, weights: dict[str, Any]) -> None:
        """Take over the ``weights`` of a net like this one."""
        self.module_.load_state_dict(weights["network"])
        averaging = dict(self.callbacks_).get("average_weights")
        if averaging and "averaging" in weights:
            state = weights["averaging"]
            there = [weight.to(self.device) for weight in state["weights"]]
            averaging.set_state(state["n_steps"], there)

    @property
    def best_epoch(self) -> int | None:
        """The epoch that was restored; None where nothing was validated."""
        return getattr(dict(self.callbacks_).get("keep_best"), "best_epoch_", None)

    def epochs(self, n_rows: int) -> list[dict[str, Any]]:
        """Return the history as tidy rows, one for each epoch."""
        names = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy")
        return [
            {"epoch": i}
            | {name: float(epoch[name]) for name in names if name in epoch}
            | {"seconds": float(epoch["dur"]), "rows": epoch.get("rows", n_rows)}
            for i, epoch in enumerate(self.history, start=1)
            if "dur" in epoch
        ]

    def resume(
        self,
        weights: dict,
        history: list[dict],
        best_epoch: int | None = None,
        **states: Any,
    ) -> None:
        """Take over the weights and the history of a fitted net, and its ``states``.

        Parameters
        ----------
        weights : dict of ndarray
            Of the network, by name.
        history : list of dict
            From :meth:`epochs`.
        best_epoch : int or None
            The epoch that the weights are of; None for the last one.
        **states
            From :meth:`states`, or nothing.
        """
        held = {"network": weights}
        if "averaging" in states:
            held["averaging"] = states["averaging"]
        self.set_weights(to_tensors(held))
        self.resumed_epoch_ = best_epoch
        self.history = History(
            {"batches": [], "dur": row["seconds"], **row} for row in history
        )
        if states:
            self._resume_optimizer(**states["optimizer"])
            self.generator_.set_state(torch.from_numpy(states["generator"].copy()))
            self.token_counts_ = to_tensors(states["token_counts"]).to(self.device)
        for group in self.optimizer_.param_groups:  # a schedule that goes on needs it
            group.setdefault("initial_lr", group["lr"])

    def _resume_optimizer(self, name: str, defaults: dict, state: dict) -> None:
        """Take over what an optimizer gathered; parameters changed since then win."""
        if name != type(self.optimizer_).__name__:
            return  # moments of another kind
        now = self.optimizer_.defaults
        self.optimizer_.load_state_dict(to_tensors(state))
        changed = {key: now[key] for key in now if now[key] != defaults.get(key)}
        if "lr" in changed:
            changed["initial_lr"] = changed["lr"]
        for group in self.optimizer_.param_groups:
            group.update(changed)

    def states(self) -> dict[str, Any]:
        """Return what training needs beside the weights to go on to the bit."""
        beside = self.weights()
        del beside["network"]
        return {
            **to_arrays(beside),
            "optimizer": {
                "name": type(self.optimizer_).__name__,
                "defaults": dict(self.optimizer_.defaults),
                "state": to_arrays(self.optimizer_.state_dict()),
            },
            "generator": self.generator_.get_state().numpy(),
            "token_counts": to_arrays(self.token_counts_),
        }


def is_callback(value: Any) -> bool:
    """Whether skorch takes ``value`` among its callbacks."""
    if isinstance(value, tuple):
        return len(value) == 2 and isinstance(value[0], str) and is_callback(value[1])
    return isinstance(value, Callback) or (
        isinstance(value, type) and issubclass(value, Callback)
    )


def build_net(
    sizes: dict[str, Any],
    criterion: dict[str, Any],
    *,
    cls: type[Any] = SequenceNet,
    optimizer: str | type[torch.optim.Optimizer],
    weight_decay: float,
    clip_norm: float | None,
    average: bool,
    gradual_unfreezing: int = 0,
    callbacks: Sequence[Any],
    patience: int | None = None,
    tol: float = 0.0,
    validation: SequenceDataset | None,
    net_params: dict[str, Any],
    **params: Any,
) -> Any:
    """Make the skorch net of an estimator and initialize it.

    Parameters
    ----------
    sizes : dict
        Parameters of the module.
    criterion : dict
        Loss class of torch, and its parameters, by skorch's names.
    cls : type, default=SequenceNet
        Of the net.
    optimizer : str or type
        Name in ``OPTIMIZERS``, or a class.
    weight_decay, clip_norm
        L2 penalty; largest norm of the gradients, None for no clipping.
    average : bool
        Whether the net ends with the mean of its weights, see ``AverageWeights``.
    gradual_unfreezing : int, default=0
        Epochs after which one more layer trains, see ``UnfreezeGradually``.
    callbacks : sequence
        Of skorch, copied here: training changes them.
    patience, tol
        When to stop early, see :func:`stop_early`; a patience of None runs all epochs.
    validation : SequenceDataset or None
        Rows on which the loss is measured after each epoch; the best one is kept.
    net_params : dict
        Anything else of skorch, by skorch's names; wins over what is set here.
    **params
        Of the net.
    """
    rule = OPTIMIZERS[optimizer] if isinstance(optimizer, str) else optimizer
    settings: dict[str, Any] = {}
    if weight_decay:
        settings["optimizer__weight_decay"] = weight_decay
    if rule in _FUSED:
        settings["optimizer__fused"] = True
    ours: list[Any] = [] if clip_norm is None else [GradientNormClipping(clip_norm)]
    if gradual_unfreezing:
        ours.append(("unfreeze_gradually", UnfreezeGradually(gradual_unfreezing)))
    if average:
        ours.append(("average_weights", AverageWeights()))
    if validation is not None:
        ours.append(("keep_best", KeepBest()))
        if patience is not None:
            ours.append(("stop_early", stop_early(patience, tol, params["verbose"])))
    settings = {
        "module": cls.builder,
        **criterion,
        "criterion__reduction": "none",
        "optimizer": rule,
        "train_split": None if validation is None else predefined_split(validation),
        "callbacks": ours + deepcopy(list(callbacks)),
        **{f"module__{name}": value for name, value in sizes.items()},
        **settings,
        **params,
        **net_params,
    }
    try:
        return cls(**settings).initialize()
    except (TypeError, ValueError) as error:
        if "unexpected" not in str(error):
            raise
        raise ValueError(f"Something in net_params is not known: {error}") from error
