"""What the losses of a training say, epoch by epoch, each with its number."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

# One epoch that takes off a fifth is far from done, whatever the scale of the loss
FALLING_FAST = 0.2
# Noise of small batches moves a loss by some percent; half as much again is no noise
DIVERGING = 0.5
# A loss of nearly 0 doubles by chance; diverging also loses this share of the progress
LOST = 0.05
# A hundredth in three epochs: many more of them would be needed to see it in a score
SETTLED, N_SETTLED = 0.01, 3
# One validation loss above the lowest is chance, two in a row are a turn
N_OVERFITTING = 2
# Less than a thousandth may be rounding, and is not called overfitting
ROUNDING = 0.001
# Random first weights already give about the loss of guessing, give or take this
GUESSING = 0.02


def observe(
    rows: Sequence[Mapping[str, Any]],
    best: int | None,
    n_classes: int | None,
    unit: str = "epoch",
) -> list[str]:
    """Say for each epoch what its losses mean.

    The *watched* loss is the validation loss where there is one, else the training
    loss. The first of these rules that holds gives the observation; ``""`` where none
    does, as where a loss is missing. A change is a share of the loss that it starts
    from, or, where a loss of 0 or a change of sign leaves no share, a difference.

    1. A loss is not a finite number.
    2. The first epoch: the watched loss against that of guessing among K classes,
       ``ln K``, and the accuracy against ``1 / K``; its plain value without classes.
    3. Diverging: the training loss is more than half above its lowest, and has lost
       more than a twentieth of the progress made until then.
    4. Overfitting: the validation loss is above its lowest for two epochs in a row,
       while the training loss still falls.
    5. Falling fast: the watched loss fell by more than a fifth in one epoch.
    6. Settled: the watched loss changed by less than a hundredth over three epochs;
       stuck, if that is at the loss of guessing.
    7. Best so far.
    8. Rising, or falling to a loss that is not the lowest, or neither.

    The epoch whose weights are kept says so, beside its observation.

    Parameters
    ----------
    rows : sequence of dict
        With ``epoch`` and, where they were measured, ``train_loss``,
        ``train_accuracy``, ``valid_loss`` and ``valid_accuracy``.
    best : int or None
        The epoch whose weights are kept.
    n_classes : int or None
        How many classes there are to guess from; None for regressors.
    unit : {"epoch", "iteration"}, default="epoch"
        What a row is called.

    Returns
    -------
    list of str
        An observation for each row.
    """
    losses = _Losses(rows, n_classes, unit)
    kept = f"weights of this {unit} are kept"
    found = []
    for i, row in enumerate(rows):
        rules = _LATER if i else _FIRST
        said = next(filter(None, (rule(losses, i) for rule in rules)), "")
        notes = [said, kept if row["epoch"] == best else ""]
        found.append("; ".join(filter(None, notes)))
    return found


def watched_loss(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the name of the watched loss: that of validation where there is one."""
    validated = any(row.get("valid_loss") is not None for row in rows)
    return "valid_loss" if validated else "train_loss"


class _Losses:
    """Losses as arrays, NaN where there is none, and how to speak of them."""

    def __init__(
        self, rows: Sequence[Mapping[str, Any]], n_classes: int | None, unit: str
    ) -> None:
        def column(name: str) -> np.ndarray:
            values = [row.get(name) for row in rows]
            return np.array([math.nan if v is None else v for v in values], dtype=float)

        self.rows = rows
        self.unit = unit
        self.before = f"the {unit} before"
        self.n_classes = n_classes if n_classes and n_classes > 1 else None
        self.train, self.valid = column("train_loss"), column("valid_loss")
        self.watched = column(watched_loss(rows))

    def lowest(self, losses: np.ndarray, end: int) -> int | None:
        """Return where the lowest finite loss before ``end`` is."""
        finite = np.flatnonzero(np.isfinite(losses[:end]))
        return int(finite[losses[finite].argmin()]) if len(finite) else None

    def name(self, i: int) -> str:
        return f"{self.unit} {self.rows[i]['epoch']}"

    def guess(self) -> str:
        assert self.n_classes is not None
        return f"guessing (ln {self.n_classes} = {math.log(self.n_classes):.3f})"


def _share(new: float, old: float) -> float:
    """Return the change as a share of ``old``; NaN where there is none."""
    if new == old:
        return 0.0
    same_sign = new * old > 0 or (new == 0 and old > 0)
    return (new - old) / abs(old) if same_sign else math.nan


def _percent(share: float) -> str:
    percent = 100 * abs(share)
    if percent < 0.01:
        return "less than 0.01 %"
    return f"{percent:.1g} %" if percent < 1 else f"{percent:,.0f} %"


def _amount(new: float, old: float) -> str:
    """Write a change: "8 %", or a plain difference where a share says nothing."""
    share = _share(new, old)
    return f"{abs(new - old):.3g}" if math.isnan(share) else _percent(share)


def _not_finite(losses: _Losses, i: int) -> str:
    row = losses.rows[i]
    for name, kind in (("train_loss", "training"), ("valid_loss", "validation")):
        loss = row.get(name)
        if loss is not None and not math.isfinite(loss):
            return f"{kind} loss is {loss}: diverged"
    return ""


def _start(losses: _Losses, i: int) -> str:
    row, loss, k = losses.rows[i], losses.watched[i], losses.n_classes
    if k is None:
        return f"starts at {loss:.4g}" if math.isfinite(loss) else ""
    said = []
    if math.isfinite(loss):
        share = _share(loss, math.log(k))
        side = "below" if loss < math.log(k) else "above"
        how = f"{_amount(loss, math.log(k))} {side}"
        if abs(share) < GUESSING:
            how = "no better than" if share > -ROUNDING else f"only {how}"
        said.append(f"loss {how} {losses.guess()}")
    accuracy = row.get("valid_accuracy", row.get("train_accuracy"))
    if accuracy is not None:
        digits = ".2f" if k <= 50 else ".2g"
        said.append(f"accuracy {accuracy:{digits}}, {1 / k:{digits}} by guessing")
    return "; ".join(said)


def _diverging(losses: _Losses, i: int) -> str:
    loss, at = losses.train[i], losses.lowest(losses.train, i)
    if at is None:
        return ""
    lowest = losses.train[at]
    first = losses.train[np.isfinite(losses.train)][0]
    scale = lowest if lowest > 0 else first - lowest
    rise = loss - lowest
    if scale > 0 and rise > DIVERGING * scale and rise > LOST * (first - lowest):
        above = f"{_amount(loss, lowest)} above its lowest ({losses.name(at)})"
        return f"training loss {above}: diverging"
    return ""


def _overfitting(losses: _Losses, i: int) -> str:
    at = losses.lowest(losses.valid, i + 1)
    if at is None or i - at < N_OVERFITTING:
        return ""
    lowest, last = losses.valid[at], losses.valid[i + 1 - N_OVERFITTING : i + 1]
    risen = all(loss > lowest and not _share(loss, lowest) < ROUNDING for loss in last)
    if risen and losses.train[i] < losses.train[i - 1]:
        above = f"{_amount(last[-1], lowest)} above its lowest ({losses.name(at)})"
        return f"validation loss {above} while training loss still falls: overfitting"
    return ""


def _falling_fast(losses: _Losses, i: int) -> str:
    before, loss = losses.watched[i - 1 : i + 1]
    if _share(loss, before) < -FALLING_FAST:
        return f"falling fast: {_amount(loss, before)} below {losses.before}"
    return ""


def _settled(losses: _Losses, i: int) -> str:
    last = losses.watched[max(i - N_SETTLED, 0) : i + 1]
    if len(last) <= N_SETTLED or not np.isfinite(last).all():
        return ""
    share = _share(last.max(), last.min())
    if not share < SETTLED:
        return ""
    changed = f"changed by {_percent(share)}" if share else "unchanged"
    state = "settled"
    if losses.n_classes is not None:
        from_guess = last / math.log(losses.n_classes) - 1
        if (abs(from_guess) < GUESSING).all():
            state = f"stuck at {losses.guess()}"
    return f"{changed} over {N_SETTLED} {losses.unit}s: {state}"


def _best_so_far(losses: _Losses, i: int) -> str:
    loss, at = losses.watched[i], losses.lowest(losses.watched, i)
    if at is None or not loss < losses.watched[at]:
        return ""
    lowest = losses.before if at == i - 1 else f"the lowest before ({losses.name(at)})"
    return f"best so far, {_amount(loss, losses.watched[at])} below {lowest}"


def _otherwise(losses: _Losses, i: int) -> str:
    before, loss = losses.watched[i - 1 : i + 1]
    at = losses.lowest(losses.watched, i)
    if at is None or not math.isfinite(before) or not math.isfinite(loss):
        return ""
    if loss == before:
        return f"the same as {losses.before}"
    if loss > before:
        rise = "rising" if _share(loss, before) > FALLING_FAST else "rising slightly"
        return f"{rise}: {_amount(loss, before)} above {losses.before}"
    lowest = losses.watched[at]
    where = f"the lowest ({losses.name(at)})"
    if loss == lowest:
        return f"falling again, as low as {where}"
    return f"falling again, {_amount(loss, lowest)} above {where}"


_Rule = Callable[[_Losses, int], str]
_FIRST: tuple[_Rule, ...] = (_not_finite, _start)
_LATER: tuple[_Rule, ...] = (
    *(_not_finite, _diverging, _overfitting, _falling_fast),
    *(_settled, _best_so_far, _otherwise),
)
