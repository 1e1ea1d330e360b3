"""A lesson from a trace: three questions and an insight, made of its own numbers."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sklstm.inspection._curves import MARKS
from sklstm.inspection._reading import Reading
from sklstm.inspection._tables import number, signed


def questions(trace: Any) -> list[dict[str, str]]:
    """Return one question with its answer for each part that the trace has."""
    found = [*_on_flow(trace.flow), *_on_training(trace.training)]
    found += _on_predictions(trace.predictions)
    return [{"question": question, "answer": answer} for question, answer in found]


def insight(trace: Any) -> str:
    """Return what the trace shows, in one paragraph."""
    said = [*_of_flow(trace.flow), *_of_training(trace.training)]
    return " ".join([*said, *_of_predictions(trace.predictions)])


# -- data flow


def _learned(flow: Any) -> list[Any]:
    """Return the stages that learned numbers, the innermost ones."""
    inside = [s for s in flow.stages if s.n_parameters and s.level]
    return inside or [s for s in flow.stages if s.n_parameters]


def _on_flow(flow: Any) -> Iterator[tuple[str, str]]:
    learned = [stage for stage in _learned(flow) if stage.formula]
    if learned:
        stage = next((s for s in learned if "(" in s.formula), learned[0])
        yield (
            f"How many numbers does the stage {stage.name!r} learn, and how are they "
            "counted?",
            f"{stage.n_parameters:,} = {stage.formula}.",
        )
    elif flow.stages:
        stage = flow.stages[-1]
        yield (
            f"What shape has the data when it comes out of {stage.name!r}?",
            f"{stage.output.shape}, from {stage.input.shape}.",
        )


def _of_flow(flow: Any) -> Iterator[str]:
    if not flow.stages:
        return
    steps = [stage for stage in flow.stages if stage.level == 0]
    first, last = steps[0].input, steps[-1].output
    way = "one step" if len(steps) == 1 else f"{len(steps)} steps"
    yield f"In {way}, data of shape {first.shape} became {last.shape}."
    learned = _learned(flow)
    total = sum(stage.n_parameters for stage in learned)
    if len(learned) > 1:
        most = max(learned, key=lambda stage: stage.n_parameters)
        yield (
            f"Of the {total:,} numbers that were learned, "
            f"{most.n_parameters / total:.0%} are in {most.name!r}."
        )


# -- training


def _on_training(training: Any) -> Iterator[tuple[str, str]]:
    if training is None or not training.runs:
        return
    run = training.runs[0]
    losses = run.column(run.watched)
    if len(losses) < 2 or not np.isfinite(losses).all():
        return
    best = int(np.argmin(losses))
    answer = (
        f"After {run.unit} {best + 1} of {len(losses)}: it was {number(losses[best])}, "
        f"and {number(losses[0])} after the first."
    )
    if best + 1 < len(losses):
        answer += f" In the end it was {number(losses[-1])}."
    called = MARKS[run.watched][1]
    yield f"After which {run.unit} was the {called} loss lowest?", answer


def _of_training(training: Any) -> Iterator[str]:
    if training is None or not training.runs:
        return
    run = training.runs[0]
    called, losses = MARKS[run.watched][1], run.column(run.watched)
    if len(losses) and not np.isnan(losses).any():
        units = run.unit if len(losses) == 1 else f"{run.unit}s"
        yield (
            f"In {len(losses)} {units} the {called} loss went from "
            f"{number(losses[0])} to {number(losses[-1])}."
        )


# -- predictions


def _strongest(reading: Reading) -> tuple[str, float, str] | None:
    """Return the step that adds most, how much, and to what."""
    if not reading.contributions or not len(reading.read):
        return None
    first = reading.contributions[0]
    step = int(np.abs(first.values).argmax())
    return reading.labels[step], float(first.values[step]), first.of


def _on_predictions(predictions: Any) -> Iterator[tuple[str, str]]:
    for reading in predictions.readings if predictions else ():
        found = _strongest(reading)
        if found is not None:
            label, value, _ = found
            about = reading.contributions[0].about
            yield (
                f"Which step of “{reading.title}” weighs most for or against "
                f"“{reading.focus_name}”?",
                f"“{label}”: {signed(value)}. ({about}.)",
            )
            return


def _of_predictions(predictions: Any) -> Iterator[str]:
    for reading in predictions.readings if predictions else ():
        found = _strongest(reading)
        if found is not None:
            label, value, of = found
            unit = "" if of == "answer" else " of the score"
            way = "speaks for" if value > 0 else "speaks against"
            yield (
                f"In “{reading.title}”, “{label}” counts most: it {way} "
                f"“{reading.focus_name}”, by {number(abs(value))}{unit}."
            )
            return
