"""From the parameters of an estimator to its net."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from sklstm._validation import Sequences
from sklstm.nn import training
from sklstm.nn.devices import release_memory, worker_number
from sklstm.nn.team import ALONE, team_of
from sklstm.recurrent._encoder import Encoder


def network_sizes(
    estimator: Any,
    sequences: Sequences,
    encoder: Encoder | None,
    *,
    more_to_come: bool,
) -> dict[str, Any]:
    """Parameters of the network, sized by the rows that train and by an encoder.

    Where more rows are to come, all words of a known vocabulary get an embedding.
    """
    n_tokens, table = None, estimator._word_table_
    if table is not None:
        n_tokens = len(table.words)
    elif sequences.input_type == "tokens":
        n_tokens = max(int(sequences.values.max(initial=0)), 1) + 1
        if sequences.vocabulary is not None:
            n_words = sequences.vocabulary.n_fitted
            n_tokens = n_words if more_to_come else min(n_tokens, n_words)
    return {
        "cell": estimator._cell,
        "n_tokens": n_tokens,
        "input_size": estimator._n_channels_
        or (estimator.embedding_dim if table is None else table.vectors.vector_size),
        "hidden_size": encoder.hidden_size if encoder else estimator.hidden_size,
        "num_layers": encoder.num_layers if encoder else estimator.num_layers,
        "n_outputs": estimator._n_outputs(),
        "bidirectional": estimator._bidirectional,
        "nonlinearity": getattr(estimator, "nonlinearity", "tanh"),
        "pooling": estimator.pooling,
    }


def build_net(
    estimator: Any,
    sizes: dict[str, Any],
    validation: Any = None,
    *,
    callbacks: Any = (),
    **own: Any,
) -> Any:
    """Make the net of an estimator and initialize it; ``own`` are settings of it."""
    team = team_of(estimator.device) if own.get("seed") is not None else ALONE
    return training.build_net(
        sizes,
        estimator._criterion(),
        validation=validation,
        callbacks=callbacks,
        patience=estimator.n_iter_no_change if estimator.early_stopping else None,
        tol=estimator.tol,
        optimizer=estimator.optimizer,
        lr=estimator.lr,
        weight_decay=estimator.weight_decay,
        clip_norm=estimator.clip_norm,
        average=bool(estimator.average),
        max_epochs=estimator.max_epochs,
        batch_size=estimator.batch_size,
        dropout=estimator.dropout,
        word_dropout=estimator.word_dropout,
        precision=estimator.precision,
        verbose=int(estimator.verbose) if team.rank == 0 else 0,
        team=team,
        net_params=estimator.net_params or {},
        **own,
    )


@contextmanager
def memory_errors(estimator: Any) -> Iterator[None]:
    """Say which settings ask for too much memory, and give back what was taken."""
    try:
        yield
    except (MemoryError, RuntimeError, TypeError) as error:
        exhausted = isinstance(error, (MemoryError, torch.OutOfMemoryError))
        # torch cannot even count the bytes of a tensor that overflows
        if not exhausted and not re.search("allocate|[Oo]verflow", str(error)):
            raise
        torch.cuda.empty_cache()
        fewer = ""
        if isinstance(error, torch.OutOfMemoryError) and worker_number() is not None:
            fewer = ", or let fewer workers (n_jobs) share the GPU"
        names = ("hidden_size", "embedding_dim", "num_layers", "batch_size")
        settings = ", ".join(f"{name}={getattr(estimator, name)}" for name in names)
        raise MemoryError(
            f"{type(estimator).__name__} found too little memory for {settings}; lower "
            f"one of them, or shorten the sequences{fewer}."
        ) from error
    finally:
        release_memory()
