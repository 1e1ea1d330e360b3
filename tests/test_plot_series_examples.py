"""The gallery's examples on series: they run, draw, and what they say is true."""

import re

import pytest

from tests.gallery import check_form, run

ANYWHERE = [
    "plot_forecasting",
    "plot_forecasting_bands",
    "plot_forecasting_steps",
    "plot_gates",
    "plot_signals",
]
ON_REAL_DATA = ["plot_airline", "plot_airline_year", "plot_japanese_vowels"]


def numbers(printed, name):
    """Return the numbers of the line that begins with ``name``."""
    (line,) = re.findall(rf"^{re.escape(name)}  *(.*)$", printed, re.MULTILINE)
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", line)]


def number(printed, name):
    """Return the first number of the line that begins with ``name``."""
    return numbers(printed, name)[0]


@pytest.mark.parametrize("name", ANYWHERE + ON_REAL_DATA)
def test_form(name):
    check_form(name)


@pytest.mark.parametrize("name", ON_REAL_DATA)
def test_missing_data_is_said_in_a_line(name, tmp_path):
    printed = run(name, tmp_path, tmp_path / "none")
    said = r"This example needs data that is not there: .*none.*\n"
    assert re.fullmatch(said, printed)


def test_forecasting(tmp_path):
    printed = run("plot_forecasting", tmp_path, tmp_path)
    season = number(printed, "same month last year")
    growth = number(printed, "last growth again")
    assert number(printed, "ridge") < number(printed, "LSTM") < growth - 1 < season - 20
    assert printed.endswith("axes drawn: 1\n")


def test_forecasting_bands(tmp_path):
    printed = run("plot_forecasting_bands", tmp_path, tmp_path)
    season = number(printed, "same month last year")
    ridge, lstm = number(printed, "ridge"), number(printed, "LSTM 0.5")
    assert ridge < lstm < season - 20
    assert 75 <= number(printed, "in the band:") <= 90
    assert printed.endswith("axes drawn: 1\n")


def test_forecasting_steps(tmp_path):
    printed = run("plot_forecasting_steps", tmp_path, tmp_path)
    season = number(printed, "same month last year")
    for model in ("LSTMRegressor", "RidgeCV"):
        direct = number(printed, f"{model}, direct")
        recursive = number(printed, f"{model}, recursive")
        assert recursive < direct < season - 3
    assert printed.endswith("axes drawn: 1\n")


def test_gates(tmp_path):
    printed = run("plot_gates", tmp_path, tmp_path)
    plain, default = numbers(printed, "RNN"), numbers(printed, "LSTM ")
    for net in (plain, default):
        assert min(net[:2]) > 0.9
        assert max(net[2:]) < 0.6
    for net in ("LSTM, open gates", "GRU, open gates"):
        assert min(numbers(printed, net)[:3]) > 0.95
        assert numbers(printed, net)[3] > 0.8
    assert printed.endswith("axes drawn: 1\n")


def test_signals(tmp_path):
    printed = run("plot_signals", tmp_path, tmp_path)
    assert number(printed, "nearest recording") < 0.75
    assert number(printed, "LSTM") > 0.95
    assert printed.endswith("axes drawn: 4\n")


def test_airline(tmp_path, data):
    printed = run("plot_airline", tmp_path, data)
    assert number(printed, "passengers (thousands)") > 0.9
    assert 0.05 < number(printed, "log growth in a year") < 0.1
    assert number(printed, "its change in a month") < 0.01
    season = number(printed, "same month last year")
    growth = number(printed, "last growth again")
    ridge, lstm = number(printed, "RidgeCV"), number(printed, "LSTMRegressor")
    assert ridge < min(lstm, growth)
    assert abs(lstm - growth) < 1
    assert lstm < season - 20
    assert printed.endswith("axes drawn: 4\n")


def test_airline_year(tmp_path, data):
    printed = run("plot_airline_year", tmp_path, data)
    season = number(printed, "same month last year,")
    growth = number(printed, "last growth kept,")
    for way in ("direct", "recursive"):
        error = number(printed, f"LSTM, {way},")
        assert abs(error - growth) < 2
        assert error < season - 15
    assert printed.endswith("axes drawn: 1\n")


def test_japanese_vowels(tmp_path, data):
    printed = run("plot_japanese_vowels", tmp_path, data)
    assert number(printed, "nearest utterance") == 0.973
    assert number(printed, "BiLSTM") > 0.973
    assert printed.endswith("axes drawn: 2\n")
