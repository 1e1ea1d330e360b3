"""Losses as curves: as text for a terminal of 80 columns, and with matplotlib."""

import math
from collections.abc import Sequence
from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from sklstm.inspection._training_trace import Run

MARKS = {"train_loss": ("o", "training"), "valid_loss": ("x", "validation")}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Longer tables are read by no one: some of their lines stand for all
MAX_LINES = 40
# Told apart by the colour-blind too (Okabe and Ito 2008, Color Universal Design)
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

# Between 13 rows lie 12 steps: 2, 3, 4 or 6 ticks divide them, each exactly on a row
N_ROWS = 13
SEVERAL = "*"


class Curve(NamedTuple):
    """Points of one curve, drawn with a mark of one character."""

    mark: str
    x: Sequence[int]
    y: Sequence[float]


def draw_curves(curves: Sequence[Curve], *, legend: str, width: int = 80) -> list[str]:
    """Draw curves over whole numbers, with axes.

    Parameters
    ----------
    curves : sequence of Curve
        Points that are not finite are left out.
    legend : str
        Stands above the curves. Where marks of two curves fall on one another,
        ``*`` stands for both, and the legend says so.
    width : int, default=80
        How long lines may be.

    Returns
    -------
    list of str
        At most 16 lines; none where no point is finite.
    """
    points = [
        (mark, [(x, y) for x, y in zip(xs, ys, strict=True) if math.isfinite(y)])
        for mark, xs, ys in curves
    ]
    every = [point for _, found in points for point in found]
    if not every:
        return []
    ticks = _ticks(min(y for _, y in every), max(y for _, y in every))
    labels = _tick_labels(ticks)
    margin = max(map(len, labels)) + 1
    first, last = min(x for x, _ in every), max(x for x, _ in every)
    n_columns = _n_columns(last - first, width - margin - 2)

    def place(x: int, y: float) -> tuple[int, int]:
        column = (x - first) / max(last - first, 1) * (n_columns - 1)
        row = (ticks[-1] - y) / (ticks[-1] - ticks[0]) * (N_ROWS - 1)
        return round(row), round(column)

    grid, shared = _paint(
        [(mark, [place(x, y) for x, y in found]) for mark, found in points], n_columns
    )
    by_row = {place(first, y)[0]: label for y, label in zip(ticks, labels, strict=True)}
    lines = [" " * margin + legend + (f"   {SEVERAL} several" if shared else "")]
    for row, cells in enumerate(grid):
        label = by_row.get(row, "")
        lines.append(f"{label:>{margin}}{'┤' if label else '│'}{cells}".rstrip())
    axis = _x_axis(first, last, n_columns)
    return lines + [" " * margin + line for line in axis]


def _paint(
    curves: Sequence[tuple[str, Sequence[tuple[int, int]]]], n_columns: int
) -> tuple[list[str], bool]:
    """Return the rows of the picture, and whether two curves share a cell."""
    grid = [[" "] * n_columns for _ in range(N_ROWS)]
    for _, cells in curves:
        for (row, column), (end_row, end) in pairwise(cells):
            for between in range(column + 1, end):
                share = (between - column) / (end - column)
                grid[round(row + share * (end_row - row))][between] = "·"
    owners: dict[tuple[int, int], str] = {}
    for mark, cells in curves:
        for cell in cells:
            owners[cell] = mark if owners.get(cell, mark) == mark else SEVERAL
    for (row, column), mark in owners.items():
        grid[row][column] = mark
    return ["".join(cells) for cells in grid], SEVERAL in owners.values()


def _n_columns(n_steps: int, room: int) -> int:
    """Return a width at which all steps are equally wide, if there is room."""
    if not 0 < n_steps < room:
        return room if n_steps else 25
    return n_steps * min(max(48 // n_steps, 4), (room - 1) // n_steps) + 1


def _nice_steps(step: float) -> list[float]:
    """Return round numbers from ``step`` on."""
    power = 10.0 ** math.floor(math.log10(step))
    sizes = (1, 2, 2.5, 5, 10, 20)
    return [size * power for size in sizes if size * power >= step * (1 - 1e-9)]


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers around all values, as close as 13 rows allow."""
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        reach = abs(low) / 10 or 1.0
        low, high = low - reach, high + reach
    fitting = []
    for n_steps in (4, 3, 6, 2):
        for step in _nice_steps((high - low) / n_steps):
            start = math.floor(low / step + 1e-9)
            if (start + n_steps) * step >= high - 1e-9 * step:
                ticks = [(start + i) * step for i in range(n_steps + 1)]
                fitting.append((n_steps * step, ticks))
                break
    return min(fitting, key=lambda found: found[0])[1]


def _tick_labels(ticks: Sequence[float]) -> list[str]:
    """Write ticks with as many decimals as their distance needs."""
    size = max(map(abs, ticks))
    if size >= 1e6 or size < 1e-3:
        return [f"{tick:.3g}" for tick in ticks]
    step = ticks[1] - ticks[0]
    digits = next(d for d in range(9) if abs(round(step, d) - step) < 1e-6 * step)
    return [f"{tick:.{digits}f}" for tick in ticks]


def _x_axis(first: int, last: int, n_columns: int) -> list[str]:
    """Return the line of the axis, and the line with its numbers."""
    n_steps = max(last - first, 1)
    size = len(str(last)) + 2
    wanted = max(n_steps * size / n_columns, 1)
    step = int(next(s for s in _nice_steps(wanted) if s == int(s)))
    shown = [x for x in range(first, last + 1) if x % step == 0]
    if not shown or (shown[0] - first) / n_steps * n_columns >= size:
        shown = [first, *shown]
    axis, numbers = ["─"] * n_columns, [" "] * (n_columns + size)
    for x in shown:
        column = round((x - first) / n_steps * (n_columns - 1))
        axis[column] = "┬"
        text = str(x)
        start = column + 1 - (len(text) - 1) // 2
        numbers[start : start + len(text)] = text
    return ["└" + "".join(axis), "".join(numbers).rstrip()]


def write_table(
    heads: Sequence[Sequence[str]],
    lines: Sequence[Sequence[str]],
    *,
    align: str,
    width: int = 80,
) -> list[str]:
    """Write a table whose last column is wrapped.

    Parameters
    ----------
    heads, lines : sequence of sequence of str
        Cells of the lines above and below the rule.
    align : str
        ``"<"`` or ``">"`` for each column.
    width : int, default=80
        How long lines may be; the last column has what is left.

    Returns
    -------
    list of str
    """
    columns = list(zip(*heads, *lines, strict=True))
    sizes = [max(map(len, column)) for column in columns]
    sizes[-1] = min(sizes[-1], width - sum(sizes[:-1]) - 2 * (len(sizes) - 1))

    def write(cells: Sequence[str]) -> list[str]:
        wrapped = wrap(cells[-1], sizes[-1]) or [""]
        table = [[*cells[:-1], wrapped[0]]]
        table += [[""] * (len(cells) - 1) + [more] for more in wrapped[1:]]
        return [
            "  ".join(
                f"{cell:{side}{size}}"
                for cell, side, size in zip(row, align, sizes, strict=True)
            ).rstrip()
            for row in table
        ]

    rule = "─" * (sum(sizes) + 2 * (len(sizes) - 1))
    above = [text for head in heads for text in write(head)]
    return [*above, rule, *(text for line in lines for text in write(line))]


# -- trainings


def write_runs(runs: Sequence["Run"]) -> list[str]:
    """Write one run in full, or several beside one another; lines of 80 columns."""
    return _write_run(runs[0]) if len(runs) == 1 else _compare_runs(runs)


def _count(run: "Run") -> str:
    n = len(run.rows)
    return f"{n:,} {run.unit}{'' if n == 1 else 's'}"


def _epochs(run: "Run") -> list[int]:
    return [row["epoch"] for row in run.rows]


def _write_run(run: "Run") -> list[str]:
    """Write a chart of the losses and a table."""
    title = f"{run.name}: {_count(run)}"
    if run.n_rows is not None:
        title += f" on {run.n_rows:,} rows"
    if run.best is not None:
        title += f", weights of {run.unit} {run.best} kept"
    shown = {name: mark for name, mark in MARKS.items() if run.has(name)}
    curves = [
        Curve(mark, _epochs(run), run.column(name).tolist())
        for name, (mark, _) in shown.items()
    ]
    legend = f"loss by {run.unit}   " + "   ".join(
        f"{mark} {what}" for mark, what in shown.values()
    )
    chart = draw_curves(curves, legend=legend)
    return [*_block([title]), *_block(chart), *_table_of(run)]


def _block(lines: Sequence[str]) -> list[str]:
    return [*lines, ""] if lines else []


def _table_of(run: "Run") -> list[str]:
    kinds = [
        (name, what, kind)
        for what, prefix in (("training", "train"), ("validation", "valid"))
        for kind in ("loss", "accuracy")
        if run.has(name := f"{prefix}_{kind}")
    ]
    columns = [_decimals([row.get(name) for row in run.rows]) for name, _, _ in kinds]
    chosen = _some(
        len(run.rows), [i for i, e in enumerate(_epochs(run)) if e == run.best]
    )
    lines = [
        [f"{run.rows[i]['epoch']}", *(c[i] for c in columns), run.observations[i]]
        for i in chosen
    ]
    sides = [what for _, what, _ in kinds]
    firsts = ["" if what in sides[:i] else what for i, what in enumerate(sides)]
    heads = [
        ["", *firsts, ""],
        [run.unit, *(kind for _, _, kind in kinds), "observation"],
    ]
    align = ">" * (1 + len(kinds)) + "<"
    table = write_table(
        heads if "validation" in sides else heads[1:], lines, align=align
    )
    if len(chosen) < len(run.rows):
        table += [
            "",
            f"{len(chosen)} of {len(run.rows):,} {run.unit}s; to_frame() has all.",
        ]
    return table


def _some(n: int, wanted: Sequence[int]) -> list[int]:
    """Return evenly spaced lines of ``n``, some 40 at most, the last, those wanted."""
    return sorted({*range(0, n, math.ceil(n / MAX_LINES)), *wanted, n - 1})


def _decimals(values: Sequence[float | None]) -> list[str]:
    """Write the numbers of one column, "" for None."""
    sizes = [abs(v) for v in values if v and math.isfinite(v)]
    plain = not sizes or (max(sizes) < 1e4 and min(sizes) >= 1e-3)
    return ["" if v is None else f"{v:{'.4f' if plain else '.4g'}}" for v in values]


def _compare_runs(runs: Sequence["Run"]) -> list[str]:
    """Write a chart of the watched losses and a line for each run."""
    letters = [LETTERS[i % len(LETTERS)] for i in range(len(runs))]
    units = sorted({run.unit for run in runs})
    watched = {MARKS[run.watched][1] for run in runs}
    chart = draw_curves(
        [
            Curve(letter, _epochs(run), run.column(run.watched).tolist())
            for letter, run in zip(letters, runs, strict=True)
        ],
        legend=f"{' or '.join(sorted(watched))} loss by {' or '.join(units)}",
    )
    heads = [
        ["", "", "", "", "loss", "", "", ""],
        ["", "run", "trained", "rows", "last", "lowest", "at", "accuracy"],
    ]
    lines = [_summary(letter, run) for letter, run in zip(letters, runs, strict=True)]
    others = [max(map(len, column)) + 2 for column in zip(*heads, *lines, strict=True)]
    room = max(80 - sum(others) + others[1], 8)
    for line in lines:
        line[1] = line[1] if len(line[1]) <= room else f"{line[1][: room - 1]}…"
    table = write_table(heads, lines, align="<<>>>>>>")
    return [f"{len(runs)} runs", "", *_block(chart), *table]


def _summary(letter: str, run: "Run") -> list[str]:
    """Return one line on a run: the accuracy is that of its last or kept weights."""
    losses = run.column(run.watched)
    finite = np.flatnonzero(np.isfinite(losses))
    lowest = finite[losses[finite].argmin()] if len(finite) else -1
    side = "valid_accuracy" if run.has("valid_accuracy") else "train_accuracy"
    kept = _epochs(run).index(run.best) if run.best in _epochs(run) else -1
    last, low = (run.rows[i].get(run.watched) for i in (-1, lowest))
    return [
        letter,
        run.name,
        _count(run),
        "" if run.n_rows is None else f"{run.n_rows:,}",
        *_decimals([last]),
        *_decimals([low if len(finite) else None]),
        str(run.rows[lowest]["epoch"]) if len(finite) else "",
        *_decimals([run.rows[kept].get(side)]),
    ]


def plot_losses(runs: Sequence["Run"], ax: Any) -> Any:
    """Draw the losses of runs into axes of matplotlib."""
    from matplotlib.ticker import MaxNLocator

    several = len(runs) > 1
    for i, run in enumerate(runs):
        for part, (name, (_, what)) in enumerate(MARKS.items()):
            if not run.has(name):
                continue
            colour = COLOURS[(i if several else part) % len(COLOURS)]
            losses = run.column(name)
            ax.plot(
                _epochs(run),
                losses,
                color=colour,
                linestyle="--" if name == "valid_loss" else "-",
                marker="o" if len(losses) <= MAX_LINES else "",
                markersize=3.5,
                label=f"{run.name}: {what}" if several else what,
            )
            if name == run.watched and run.best in _epochs(run):
                kept = _epochs(run).index(run.best)
                ax.plot(
                    run.best,
                    losses[kept],
                    marker="o",
                    markersize=11,
                    markerfacecolor="none",
                    markeredgecolor=colour,
                    markeredgewidth=1.5,
                    linestyle="",
                    label="" if several else f"kept: {run.unit} {run.best}",
                )
    ax.set_xlabel(" or ".join(sorted({run.unit for run in runs})))
    ax.set_ylabel("loss")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False)
    return ax
