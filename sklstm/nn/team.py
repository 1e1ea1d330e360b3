"""Team: the processes that train one net together, with the help of Accelerate.

Each process plans the same batches and draws the same dropout, computes some rows of
each batch, and adds the gradients of the others to its own. So a team takes the steps
that one process would take, and no weights are ever sent.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

DEVICE = "accelerate"  # the value of the parameter ``device`` that asks for a team


class Team:
    """One process, alone: all rows are its own, and there is nothing to add.

    Attributes
    ----------
    size, rank : int
        How many processes there are, and the number of this one.
    """

    size, rank = 1, 0

    def own(self, n_rows: int) -> slice:
        """Return the rows of a batch that this process computes, one at least."""
        start, stop = self._bounds(n_rows)
        return slice(start, max(stop, start + 1))

    def is_idle(self, n_rows: int) -> bool:
        """Whether all rows are those of others, so that its own must not count."""
        start, stop = self._bounds(n_rows)
        return start == stop

    def _bounds(self, n_rows: int) -> tuple[int, int]:
        return n_rows * self.rank // self.size, n_rows * (self.rank + 1) // self.size

    def total(self, part: Tensor) -> Tensor:
        """Return the sum of what each process has."""
        return part

    def first(self, value: Any) -> Any:
        """Return what the first process has."""
        return value

    def all(self, value: Any) -> list[Any]:
        """Return what each process has."""
        return [value]

    def add_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Let each process have the sum of all gradients."""
        if self.size == 1:
            return
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        parts = self.total(flat).split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def compare(self, found: Sequence[int], what: str) -> None:
        """Raise in all processes where they were not given the same."""
        numbers = self.all(tuple(found))
        if len(set(numbers)) > 1:
            raise ValueError(
                f'With device="{DEVICE}" all processes fit the same rows, but '
                f"{what} are {', '.join(map(str, numbers))}."
            )


ALONE = Team()


class AcceleratedTeam(Team):
    """The processes that ``accelerate launch`` has started."""

    def __init__(self) -> None:
        state = _state()
        self.size, self.rank = state.num_processes, state.process_index

    def total(self, part: Tensor) -> Tensor:
        """Return the sum of what each process has."""
        from accelerate.utils import reduce

        return reduce(part, "sum")

    def first(self, value: Any) -> Any:
        """Return what the first process has."""
        from accelerate.utils import broadcast_object_list

        return broadcast_object_list([value])[0]

    def all(self, value: Any) -> list[Any]:
        """Return what each process has."""
        from accelerate.utils import gather_object

        return gather_object([value])


def team_of(device: str) -> Team:
    """Return the team that the parameter ``device`` asks for."""
    return AcceleratedTeam() if device == DEVICE else ALONE


def team_device() -> str:
    """Return the device of this process of the team."""
    device = _state().device
    return "cpu" if device.type == "cpu" else str(device)


def _state() -> Any:
    try:
        from accelerate import PartialState
    except ImportError as error:
        raise ImportError(
            f'device="{DEVICE}" needs Accelerate: pip install "sklstm[accelerate]"'
        ) from error
    # Where there is no GPU, processes meet only if they say so
    return PartialState(cpu=not torch.cuda.is_available())
