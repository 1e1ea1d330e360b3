"""Traces as text, in 80 columns."""

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from sklstm.inspection._values import MORE, Values

COLUMNS = 80

# Marks of Unicode that turn the rest of a line around
_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def flow_text(trace: Any) -> str:
    """Write a PipelineTrace: a paragraph for each stage."""
    lines = [trace.remark]
    inputs: list[Values] = []  # of the stages that this one is inside of
    outputs: list[Values] = []  # of the last stage of each level
    for stage in trace.stages:
        del inputs[stage.level :], outputs[stage.level + 1 :]
        indent = "  " * stage.level
        head = f"{indent}{stage.name}"
        if stage.kind.lower() != stage.name.lower():
            head += f" ({stage.kind})"
        lines += ["", clip(head)]
        inner = indent + "    "
        lines += wrap(stage.summary, inner)
        if stage.input not in [*inputs[-1:], *outputs[stage.level :]]:
            lines += _values_lines("in ", stage.input, inner)
        inputs.append(stage.input)
        outputs[stage.level :] = [stage.output]
        lines += _values_lines("out", stage.output, inner)
        if stage.n_parameters:
            formula = f" = {stage.formula}" if stage.formula else ""
            lines += wrap(f"{stage.n_parameters:,} parameters{formula}", inner)
    if trace.facts:
        lines.append("")
        width = max(columns_of(name) for name, _ in trace.facts)
        lines += [clip(f"{pad(name, width)}  {text}") for name, text in trace.facts]
    lines += [line for text in trace.warnings for line in ["", *wrap("! " + text, "")]]
    return "\n".join(lines)


def _values_lines(name: str, values: Values, indent: str) -> list[str]:
    parts = [values.type, values.shape if values.dims else "", values.dtype]
    if values.density is not None:
        parts.append(f"{values.density:.2%} stored")
    lines = [clip(f"{indent}{name} {' '.join(part for part in parts if part)}")]
    for i, row in enumerate(values.rows):
        if values.words:
            lines.append(clip(f"{indent}      {values.words[i]}"))
        lines.append(clip(f"{indent}      {row}"))
    return lines


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1
) -> Iterator[str]:
    """Yield the lines of a table; the first ``left`` columns stand to the left."""
    cells = [list(header), *map(list, rows)]
    widths = [max(columns_of(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        parts = [
            pad(cell, width) if i < left else " " * (width - columns_of(cell)) + cell
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield clip("  ".join(parts).rstrip())


def wrap(text: str, indent: str) -> list[str]:
    """Break a text into lines."""
    return textwrap.wrap(text, COLUMNS, initial_indent=indent, subsequent_indent=indent)


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, width: int) -> str:
    """Fill a text with spaces."""
    return text + " " * max(width - columns_of(text), 0)


def clip(text: str, width: int = COLUMNS) -> str:
    """Cut a line off where the columns end, control characters left out."""
    text = "".join(
        c for c in text if unicodedata.category(c) != "Cc" and c not in _TURNING
    )
    if columns_of(text) <= width:
        return text
    taken = 0
    for i, character in enumerate(text):
        taken += _width(character)
        if taken > width - 1:
            return text[:i] + MORE
    return text


def signed(value: float) -> str:
    """Write a number that is added, in a few places and with its sign."""
    if value and abs(value) < 5e-4:
        return f"{value:+.0e}"
    return f"{value:+.3f}"


def number(value: float, digits: int = 3) -> str:
    """Write a number in a few places."""
    if not np.isfinite(value):
        return str(value)
    size = abs(value)
    if size and not 1e-3 <= size < 1e5:
        return f"{value:.2e}"
    return f"{value:.{digits}f}"


def predictions_text(readings: Iterable[Any]) -> str:
    """Write readings: the answer, then a table with a line for each step."""
    return "\n\n".join("\n".join(_reading_lines(reading)) for reading in readings)


def _reading_lines(reading: Any) -> Iterator[str]:
    answer = f"predicted {reading.predicted}"
    if reading.outputs and reading.scale != "value":
        name = reading.focus_name
        of = "" if name == reading.predicted else f" of {name}"
        answer += f", {reading.scale}{of} {number(reading.result[reading.focus])}"
    if reading.next_words is not None:
        answer = f"next word {reading.predicted}, probability "
        answer += number(reading.next_words[-1][0][1])
    if reading.true is not None:
        answer += f"; true is {reading.true}"
    named = reading.title if reading.title[:3] in ("row", "(em") else ""
    yield clip(named or f'"{reading.title}"')
    yield clip(f"    {answer}")
    yield ""
    position_of = {int(step): i for i, step in enumerate(reading.read)}
    header, columns = _columns(reading)
    rows = []
    for i, step in enumerate(reading.steps):
        mark = f"{step.label} [{step.mark}]" if step.mark else step.label
        place = position_of.get(i)
        cells = [""] * len(columns) if place is None else [c[place] for c in columns]
        rows.append([clip(mark, 24), _token_or_values(step), *cells])
    second = "values" if reading.input == "series" else "id"
    if any(row[1] for row in rows):
        yield from table(["step", second, *header], rows)
    elif rows:
        yield from table(["step", *header], ([row[0], *row[2:]] for row in rows))


def _token_or_values(step: Any) -> str:
    if step.values is not None:
        return clip(" ".join(f"{value:.3g}" for value in step.values), 20)
    return "" if step.id is None else str(step.id)


def _columns(reading: Any) -> tuple[list[str], list[list[str]]]:
    """Return the names and the cells of what there is for each step that was read."""
    header, columns = [], []
    if reading.outputs:
        name = reading.focus_name
        header.append(
            clip(f"p({name})" if reading.scale == "probability" else name, 14)
        )
        columns.append([number(p) for p in reading.reading[:, reading.focus]])
    if reading.next_words is not None:
        header.append("next word")
        columns.append([f"{w} {p:.3f}" for (w, p), *_ in reading.next_words])
    for contribution in reading.contributions:
        header.append(clip(contribution.name, 16))
        columns.append([signed(value) for value in contribution.values])
    if reading.gradient_by_step is not None:
        header.append("gradient")
        columns.append([number(value) for value in reading.gradient_by_step])
    return header, columns
