"""What is said of losses: every rule by a known case."""

import math

import pytest

from sklstm.inspection._observations import observe


def losses(*values, start=1, name="train_loss"):
    return [{"epoch": i, name: value} for i, value in enumerate(values, start=start)]


def both(train, valid):
    pairs = zip(losses(*train), losses(*valid, name="valid_loss"), strict=True)
    return [a | b for a, b in pairs]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (losses(1.0, 0.72), "falling fast: 28 % below the epoch before"),
        (losses(1.0, 0.94), "best so far, 6 % below the epoch before"),
        (losses(1.0, 1.04), "rising slightly: 4 % above the epoch before"),
        (losses(1.0, 1.4), "rising: 40 % above the epoch before"),
        (losses(1.0, 1.0), "the same as the epoch before"),
        (
            losses(1.0, 0.9, 0.95, 0.93),
            "falling again, 3 % above the lowest (epoch 2)",
        ),
        (losses(1.0, 0.9, 0.95, 0.9), "falling again, as low as the lowest (epoch 2)"),
        (
            losses(1.0, 0.9, 0.95, 0.89),
            "best so far, 1 % below the lowest before (epoch 2)",
        ),
        (
            losses(1.0, 0.5, 0.9),
            "training loss 80 % above its lowest (epoch 2): diverging",
        ),
        (losses(1.0, math.inf), "training loss is inf: diverged"),
        (losses(1.0, math.nan), "training loss is nan: diverged"),
        (both([1, 0.9], [1, math.nan]), "validation loss is nan: diverged"),
        (losses(0.502, 0.501, 0.5, 0.499), "changed by 0.6 % over 3 epochs: settled"),
        (losses(0.5, 0.5, 0.5, 0.5), "unchanged over 3 epochs: settled"),
        (losses(0.5, 0.6, 0.5, 0.5), "the same as the epoch before"),
        (
            both([1.0, 0.9, 0.8, 0.7], [1.0, 0.5, 0.52, 0.54]),
            "validation loss 8 % above its lowest (epoch 2) while training loss still "
            "falls: overfitting",
        ),
        # one epoch is chance; rounding is none; training no longer falls
        (
            both([1.0, 0.9, 0.8], [1.0, 0.5, 0.52]),
            "rising slightly: 4 % above the epoch before",
        ),
        (
            both([1, 0.9, 0.8, 0.7], [1, 0.5, 0.50001, 0.50002]),
            "rising slightly: less than 0.01 % above the epoch before",
        ),
        (
            both([1, 0.9, 0.8, 0.8], [1, 0.5, 0.52, 0.54]),
            "rising slightly: 4 % above the epoch before",
        ),
    ],
)
def test_rules(rows, expected):
    assert observe(rows, None, None)[-1] == expected


@pytest.mark.parametrize(
    ("row", "n_classes", "expected"),
    [
        ({"train_loss": 0.61}, 2, "loss 12 % below guessing (ln 2 = 0.693)"),
        ({"train_loss": 0.75}, 2, "loss 8 % above guessing (ln 2 = 0.693)"),
        ({"train_loss": 0.6932}, 2, "loss no better than guessing (ln 2 = 0.693)"),
        ({"train_loss": 1.09}, 3, "loss only 0.8 % below guessing (ln 3 = 1.099)"),
        (
            {"train_loss": 0.61, "train_accuracy": 0.664},
            2,
            "loss 12 % below guessing (ln 2 = 0.693); accuracy 0.66, 0.50 by guessing",
        ),
        (
            {"train_accuracy": 0.9, "valid_accuracy": 0.25},
            4,
            "accuracy 0.25, 0.25 by guessing",
        ),
        (
            {"train_loss": 0.1, "valid_loss": 0.61},
            2,
            "loss 12 % below guessing (ln 2 = 0.693)",
        ),
        ({"train_loss": 0.0}, 2, "loss 100 % below guessing (ln 2 = 0.693)"),
        ({"train_loss": 3.14159}, None, "starts at 3.142"),
        ({"train_loss": -0.5}, None, "starts at -0.5"),
        ({"train_loss": 3.14159}, 1, "starts at 3.142"),
        ({"train_loss": math.nan}, 2, "training loss is nan: diverged"),
        ({}, 2, ""),
        ({}, None, ""),
    ],
)
def test_the_first_epoch(row, n_classes, expected):
    assert observe([{"epoch": 1, **row}], None, n_classes) == [expected]


def test_stuck_at_guessing():
    said = observe(losses(0.6931, 0.6932, 0.6930, 0.6931), None, 2)
    assert (
        said[-1] == "changed by 0.03 % over 3 epochs: stuck at guessing (ln 2 = 0.693)"
    )


def test_kept_weights():
    said = observe(losses(1.0, 0.9, 0.95), 2, None)
    expected = (
        "best so far, 10 % below the epoch before; weights of this epoch are kept"
    )
    assert said[1] == expected
    assert sum("kept" in text for text in said) == 1
    assert observe([{"epoch": 1}], 1, None) == ["weights of this epoch are kept"]


def test_iterations_are_called_so():
    said = observe(losses(1.0, 0.5, 0.9, 0.85), None, None, unit="iteration")
    assert said[1] == "falling fast: 50 % below the iteration before"
    assert "(iteration 2)" in said[2]
    assert not any("epoch" in text for text in said)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # where a share says nothing there is a difference
        ((0.5, -0.3), "best so far, 0.8 below the epoch before"),
        ((0.5, 0.0), "falling fast: 100 % below the epoch before"),
        ((0.0, 0.0), "the same as the epoch before"),
        ((0.0, 0.2), "rising slightly: 0.2 above the epoch before"),
        ((0.0, 0.0, 0.0, 0.0), "unchanged over 3 epochs: settled"),
        ((-1.0, -1.3), "falling fast: 30 % below the epoch before"),
        ((-1.0, -1.05), "best so far, 5 % below the epoch before"),
        ((1.0, -1.0, 0.5), "training loss 1.5 above its lowest (epoch 2): diverging"),
        # a loss of almost nothing that doubles
        ((0.7, 1e-6, 2e-6), "rising: 100 % above the epoch before"),
        ((0.7, 0.0, 1e-9), "rising slightly: 1e-09 above the epoch before"),
    ],
)
def test_losses_of_any_sign(values, expected):
    assert observe(losses(*values), None, None)[-1] == expected


def test_losses_that_are_missing():
    rows = [{"epoch": 1}, *losses(1.0, 0.9, start=2), {"epoch": 4}]
    rows += losses(0.8, start=5)
    assert observe(rows, None, 2) == [
        "",
        "",
        "best so far, 10 % below the epoch before",
        "",
        "best so far, 11 % below the lowest before (epoch 3)",
    ]


def test_after_a_loss_that_is_not_finite():
    said = observe(losses(1.0, math.nan, 1.1, 0.9), None, None)
    assert said[2] == ""
    assert said[3] == "best so far, 10 % below the lowest before (epoch 1)"
    assert observe(losses(math.nan, 1.0), None, None)[1] == ""
    assert observe([], None, None) == []
