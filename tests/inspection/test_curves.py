"""Curves and tables as text: points lie where they should."""

import math

import numpy as np
import pytest

from sklstm.inspection._curves import Curve, draw_curves, write_table
from sklstm.inspection._observations import observe
from sklstm.inspection._training_trace import Run, TrainingTrace


def losses(*values, start=1, name="train_loss"):
    return [{"epoch": i, name: value} for i, value in enumerate(values, start=start)]


def both(train, valid):
    pairs = zip(losses(*train), losses(*valid, name="valid_loss"), strict=True)
    return [a | b for a, b in pairs]


def run_of(rows, best=None, name="fit", unit="epoch"):
    said = tuple(observe(rows, best, None, unit))
    return Run(name, unit, tuple(rows), best, None, None, said)


def points(lines, mark):
    """Return the places of a mark, (row from the top, column from the axis)."""
    body = [line for line in lines if "┤" in line or "│" in line]
    axis = body[0].index("┤")
    return [
        (i, j - axis - 1)
        for i, line in enumerate(body)
        for j, cell in enumerate(line)
        if cell == mark
    ]


def test_points_of_the_chart():
    # one step is 12 columns; 12 rows between 0 and 1.2: one for each 0.1
    curve = Curve("o", [1, 2, 3, 4, 5], [1.2, 0.6, 0.3, 0.1, 0.0])
    lines = draw_curves([curve], legend="loss")
    assert sorted(points(lines, "o"), key=lambda p: p[1]) == [
        (0, 0),
        (6, 12),
        (9, 24),
        (11, 36),
        (12, 48),
    ]
    assert lines[0].strip() == "loss"
    assert lines[1].startswith(" 1.2┤o")
    assert lines[-1].split() == ["1", "2", "3", "4", "5"]


def test_a_small_chart():
    curve = Curve("o", [1, 2, 3], [1.0, 0.5, 0.25])
    found = "\n".join(draw_curves([curve], legend="loss"))
    expected = """
     loss
 1.00┤o·
     │  ···
     │     ···
     │        ···
 0.75┤           ···
     │              ···
     │                 ···
     │                    ···
 0.50┤                       ·o···
     │                            ·····
     │                                 ·······
     │                                        ·····
 0.25┤                                             ···o
     └┬───────────────────────┬───────────────────────┬
      1                       2                       3"""
    assert found == expected[1:]


@pytest.mark.parametrize(
    "values",
    [
        [0.5],
        [0.5, 0.5, 0.5],
        [0.0, 0.0],
        [-3.0, -3.5, 2.0],
        [1e-7, 3e-8, 1e-8],
        [1e9, 1e3, 5.0],
        [math.nan, 1.0, math.inf, 0.5],
        list(np.geomspace(1, 0.01, 7)),
        list(np.geomspace(1, 0.01, 76)),
        list(np.geomspace(1, 0.01, 77)),
        list(np.geomspace(1, 0.01, 1500)),
    ],
)
@pytest.mark.parametrize("start", [1, 98])
def test_every_chart_fits(values, start):
    curve = Curve("o", list(range(start, start + len(values))), values)
    lines = draw_curves([curve], legend="loss")
    assert len(lines) == 16
    assert max(map(len, lines)) <= 80
    finite = [v for v in values if math.isfinite(v)]
    ticks = [float(line.split("┤")[0]) for line in lines if "┤" in line]
    assert ticks == sorted(ticks, reverse=True)
    assert ticks[-1] <= min(finite) * (1 + 1e-6)
    assert max(finite) <= ticks[0] * (1 + 1e-6)
    found = points(lines, "o")
    assert 1 <= len(found) <= len(finite)
    top = found[0][0]
    nearest = ticks[0] - top / 12 * (ticks[0] - ticks[-1])
    assert abs(nearest - max(finite)) <= 0.51 * (ticks[0] - ticks[-1]) / 12


def test_curves_that_meet():
    curves = [Curve("o", [1, 2], [1.0, 0.5]), Curve("x", [1, 2], [1.0, 0.8])]
    lines = draw_curves(curves, legend="o a   x b")
    assert lines[0].strip() == "o a   x b   * several"
    assert points(lines, "*") == [(0, 0)]
    assert len(points(lines, "o")) == len(points(lines, "x")) == 1
    assert draw_curves([Curve("o", [1], [math.nan])], legend="") == []


def test_tables_wrap_their_last_column():
    lines = write_table([["n", "said"]], [["1", "one two three"]], align="><", width=9)
    assert lines == ["n  said", "─" * 9, "1  one", "   two", "   three"]


def test_text_of_several_runs():
    runs = [
        run_of(both([1.0, 0.5], [1.0, 0.6]), best=2, name="x" * 90),
        run_of(losses(1.0, math.nan), name="b"),
        run_of([{"epoch": 1, "train_accuracy": 0.5}], name="c", unit="iteration"),
    ]
    text = str(TrainingTrace(tuple(runs)))
    assert max(map(len, text.splitlines())) <= 80
    assert "training or validation loss by epoch or iteration" in text
    *_, first, second, third = (line.split() for line in text.splitlines())
    assert (first[0], first[-3:]) == ("a", ["0.6000", "0.6000", "2"])
    assert (second[:2], second[-3:]) == (["b", "b"], ["nan", "1.0000", "1"])
    assert third == ["c", "c", "1", "iteration", "0.5000"]


def test_many_runs_have_letters():
    runs = [run_of(losses(1.0, 0.5), name=f"{i}") for i in range(60)]
    text = str(TrainingTrace(tuple(runs)))
    assert "* several" in text
    lines = text.splitlines()[-60:]
    assert [lines[i][0] for i in (0, 25, 26, 51, 52)] == ["a", "z", "A", "Z", "a"]


def test_long_trainings_show_some_lines():
    values = np.geomspace(1, 0.1, 500).tolist()
    text = str(TrainingTrace((run_of(losses(*values)),)))
    lines = text.splitlines()
    shown = [line.split()[0] for line in lines if line[:5].strip().isdigit()]
    assert shown == [*map(str, range(1, 500, 13)), "500"]
    best = str(TrainingTrace((run_of(losses(*values), best=321),)))
    assert "  321  " in best
    assert lines[-1] == "40 of 500 epochs; to_frame() has all."
