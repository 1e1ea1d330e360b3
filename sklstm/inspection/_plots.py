"""Traces as plots of matplotlib, which is imported where it is used."""

import textwrap
from typing import Any

import numpy as np

from sklstm.inspection._reading import Contribution, Reading
from sklstm.inspection._tables import clip

# Okabe and Ito (2008): for all kinds of colour vision
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#8a8a8a"

STEPS_SHOWN = 60  # with labels


def axes_of(ax: Any, size: tuple[float, float]) -> Any:
    """Return the axes to draw on, of a new figure where there are none."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def plot_flow(trace: Any, ax: Any = None) -> Any:
    """Draw the stages of a PipelineTrace as boxes from top to bottom."""
    stages = trace.stages
    ax = axes_of(ax, (7.0, 0.4 + 0.62 * (len(stages) + 1)))
    first = stages[0].input
    ax.text(0.02, 0.0, f"{first.type} {first.shape}", va="center", family="monospace")
    for i, stage in enumerate(stages, start=1):
        indent = 0.06 * stage.level
        colour = BLUE if stage.level == 0 else GREY
        ax.annotate(
            "",
            (0.05 + indent, i - 0.32),
            (0.05 + indent, i - 0.68),
            arrowprops={"arrowstyle": "->", "color": colour},
        )
        ax.text(
            0.02 + indent,
            i,
            clip(stage.name, 34),
            va="center",
            bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": colour},
        )
        count = f"  {stage.n_parameters:,} parameters" if stage.n_parameters else ""
        ax.text(
            0.5,
            i,
            f"{stage.output.type} {stage.output.shape}{count}",
            va="center",
            family="monospace",
            fontsize=8,
        )
    ax.set(xlim=(0, 1), ylim=(len(stages) + 0.6, -0.6), title=trace.remark)
    ax.set_axis_off()
    return ax


def plot_reading(reading: Reading, ax: Any = None) -> Any:
    """Draw the answer after each step, and below it what the steps add."""
    n = len(reading.read)
    ax = axes_of(ax, (max(5.0, min(0.45 * n + 2, 14)), 3.6))
    x = np.arange(n)
    if reading.next_words is not None:
        answers = [top[0][1] for top in reading.next_words]
        ax.plot(x, answers, "o-", color=BLUE, label="probability of the next word")
        for i, top in enumerate(reading.next_words):
            ax.annotate(
                top[0][0],
                (i, top[0][1]),
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
    elif n:
        name = reading.focus_name
        probability = reading.scale == "probability"
        label = f"probability of {name}, up to here" if probability else name
        ax.plot(x, reading.reading[:, reading.focus], "o-", color=BLUE, label=label)
    handles = ax.get_legend_handles_labels()[0]
    if n and reading.contributions:
        handles += _plot_contribution(reading.contributions[0], ax)
    if n and n <= STEPS_SHOWN:
        ax.set_xticks(x, [clip(label, 16) for label in reading.labels])
        ax.tick_params(axis="x", rotation=0 if n < 9 else 60)
    ax.set_title("\n".join(textwrap.wrap(f"{reading.title}: {reading.predicted}", 70)))
    if n:
        ax.legend(handles=handles, fontsize=8)
    return ax


def _plot_contribution(contribution: Contribution, ax: Any) -> list[Any]:
    """Draw bars; on an axis of their own at the right if they are of the score."""
    if contribution.of == "score":
        ax = ax.twinx()
        ax.set_ylabel("added to the score")
    x, values = np.arange(len(contribution.values)), contribution.values
    ax.axhline(0, color=GREY, linewidth=0.8)
    bars = []
    for colour, way, chosen in (
        (GREEN, "for", values >= 0),
        (ORANGE, "against", values < 0),
    ):
        if chosen.any():
            label = f"{contribution.name}: speaks {way} it"
            bars.append(
                ax.bar(x[chosen], values[chosen], color=colour, alpha=0.5, label=label)
            )
    return bars
