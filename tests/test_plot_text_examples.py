"""The gallery's examples on texts: they run, draw, and what they say is true."""

import re

import pytest

from tests.gallery import check_form, run

ANYWHERE = ["plot_baseline", "plot_sentiment", "plot_unlabelled_text"]
ON_REAL_DATA = ["plot_few_labels", "plot_unseen_words"]


def rows_of(printed, pattern):
    """Return the numbers of the lines that begin with ``pattern``, line by line."""
    lines = re.findall(rf"^{pattern}(.*)$", printed, re.MULTILINE)
    return [[float(number) for number in re.findall(r"\d\.\d+", x)] for x in lines]


@pytest.mark.parametrize("name", ANYWHERE + ON_REAL_DATA)
def test_form(name):
    check_form(name)


@pytest.mark.parametrize("name", ON_REAL_DATA)
def test_missing_data_is_said_in_a_line(name, tmp_path):
    printed = run(name, tmp_path, tmp_path / "none")
    assert re.fullmatch(r"This example needs data that is not there: .*none\n", printed)


def test_baseline(tmp_path):
    printed = run("plot_baseline", tmp_path, tmp_path)
    ((mean_plain, mean_order),) = rows_of(printed, "mean of word vectors")
    ((tfidf_plain, tfidf_order),) = rows_of(printed, "TF-IDF of one or two words")
    ((lstm_plain, lstm_order),) = rows_of(printed, "LSTM")
    assert min(mean_plain, tfidf_plain, lstm_plain) > 0.9
    assert mean_order < 0.55 < tfidf_order < 0.8 < lstm_order
    assert printed.endswith("axes drawn: 1\n")


def test_sentiment(tmp_path):
    printed = run("plot_sentiment", tmp_path, tmp_path)
    assert rows_of(printed, " *accuracy")[0][0] > 0.93
    pattern = r"^ *(\w.*?) +(positive|negative) +(positive|negative) +(\d\.\d+)$"
    worst = re.findall(pattern, printed, re.MULTILINE)
    assert len(worst) == 4
    assert all(true != predicted for _, true, predicted, _ in worst)
    errors = [float(error) for *_, error in worst]
    assert errors == sorted(errors, reverse=True)
    blamed = r"'(.+)' adds (\d\.\d+), trained in (\d+) reviews, (\d+) of them (\w+)"
    words = re.findall(blamed, printed)
    assert len(words) == 4
    for (review, _, predicted, _), (word, _, n, n_alike, side) in zip(
        worst, words, strict=True
    ):
        assert word in review
        assert side == predicted
        assert int(n_alike) <= int(n) <= 100  # of 2,000
        assert int(n_alike) >= int(n) / 2
    assert max(float(adds) for _, adds, *_ in words) > 0.5  # one word, all alone
    assert printed.endswith("axes drawn: 4\n")


def test_unlabelled_text(tmp_path):
    printed = run("plot_unlabelled_text", tmp_path, tmp_path)
    assert re.search(r"^like 'matrix': .*(matrices|diagonal)", printed, re.M)
    for n_labels in (100, 300):
        ((without, with_vectors),) = rows_of(printed, f"{n_labels} labels: ")
        assert with_vectors > without + 0.05
    assert printed.endswith("axes drawn: 2\n")


def test_few_labels(tmp_path, data):
    printed = run("plot_few_labels", tmp_path, data)
    few, more, many = (rows_of(printed, f"{n} ")[0] for n in (100, 250, 600))
    gains = [vectors - alone for alone, vectors, _ in (few, more, many)]
    assert gains[0] > gains[1] > gains[2] > 0.02
    assert abs(few[1] - few[2]) < 0.07  # the mean is hard to beat
    assert more[1] > more[2]
    assert many[1] > many[2]
    assert printed.endswith("axes drawn: 1\n")


def test_unseen_words(tmp_path, data):
    printed = run("plot_unseen_words", tmp_path, data)
    table = rows_of(printed, r"\(.*\]")
    gains = [looked_up - unknown for unknown, looked_up in table]
    assert len(gains) == 4
    assert gains == sorted(gains)
    assert gains[0] > 0
    assert gains[-1] > 0.05
    assert printed.endswith("axes drawn: 1\n")
