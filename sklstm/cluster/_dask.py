"""The only imports of Dask: word vectors for all workers, and data that last."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from uuid import uuid4

import dask
from distributed import Client, Future, Scheduler, Worker, WorkerPlugin

from sklstm.vectors import WordVectors
from sklstm.vectors._sharing import SHARED

# What is sent once, on purpose, may be large
NO_WARNING = {"distributed.admin.large-graph-warning-threshold": "1 PB"}
# A message of Dask is at most 4 GiB, and words come to the numbers
LARGEST = 4_000_000_000


def check_client(client: Any) -> None:
    """Refuse what is no client, one without a cluster, or one to be awaited."""
    if not isinstance(client, Client) or client.asynchronous:
        raise TypeError(
            "use_dask expects a distributed.Client that is not asynchronous, got "
            f"{client!r}."
        )
    if client.status != "running":
        raise ValueError(
            f"use_dask expects a client that is connected, got {client!r}."
        )


# -- data that outlive the worker that has them ----------------------------------------


class LastingClient:
    """A client for joblib, whose scattered data can be made again.

    Dask can run a lost task again, but has no second copy of scattered data:
    https://github.com/dask/distributed/issues/3149. So data are a task here.
    """

    def __init__(self, client: Client):
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def scatter(self, data: Any, **options: Any) -> Future:
        """Hand data to one worker, as the argument of a task that returns it."""
        with dask.config.set(NO_WARNING):
            return self._client.submit(keep, data, key=f"data-{uuid4().hex}")


def keep(data: Any) -> Any:
    """Return data as they are."""
    return data


# -- word vectors that travel once to each worker --------------------------------------


class Delivery(WorkerPlugin):
    """Word vectors for the processes of a cluster.

    Parameters
    ----------
    name : str
        Of this delivery.
    vectors : WordVectors
        What is brought, which is pickled as words and numbers here.
    """

    def __init__(self, name: str, vectors: WordVectors):
        self.name = name
        self.parts = (
            vectors.vocabulary,
            vectors.matrix,
            vectors._subwords,
            vectors._origin,
            vectors.digest,
        )

    def setup(self, worker: Worker | Scheduler) -> None:
        """Unpack in a process, unless the vectors are there."""
        digest = self.parts[-1]
        there = [held for held in tuple(SHARED.values()) if held.digest == digest]
        vectors = there[0] if there else WordVectors._stored(*self.parts)
        SHARED[f"{self.name} {worker.id}"] = vectors

    def teardown(self, worker: Worker | Scheduler) -> None:
        """Drop the vectors."""
        SHARED.pop(f"{self.name} {worker.id}", None)


@contextmanager
def share(vectors: WordVectors, client: Client) -> Iterator[None]:
    """Let all processes of a cluster hold word vectors as long as the block runs."""
    parts = [part for part in (vectors, vectors._subwords) if part is not None]
    size = sum(part.matrix.nbytes for part in parts)
    if size > LARGEST:
        raise ValueError(
            f"use_dask sends up to 4 GB of word vectors; these are {size / 1e9:.1f}. "
            "Keep the most frequent words, load_vectors(limit=); or put the file where "
            "the scheduler and all workers see it, and leave vectors= out here."
        )
    name = f"sklstm-vectors-{uuid4().hex}"
    delivery = Delivery(name, vectors)
    with ExitStack() as stack:
        stack.callback(drop, name)
        SHARED[name] = vectors
        # It reads each task, to write it anew for the worker
        stack.callback(withdraw, client, client.run_on_scheduler, drop, name)
        client.run_on_scheduler(hold_there, delivery)
        stack.callback(withdraw, client, client.unregister_worker_plugin, name)
        client.register_plugin(delivery, name=name)
        yield


def hold_there(delivery: Delivery, dask_scheduler: Scheduler) -> None:
    """Unpack in the scheduler, which runs this."""
    delivery.setup(dask_scheduler)


def drop(name: str) -> None:
    """Drop whatever this delivery brought to this process."""
    for key in [key for key in tuple(SHARED) if key.startswith(name)]:
        SHARED.pop(key, None)


def withdraw(client: Client, request: Callable, *args: Any) -> None:
    """Have vectors dropped, where there is still somebody to do so."""
    if client.status == "running":
        with suppress(OSError):  # a worker that died meanwhile
            request(*args)
