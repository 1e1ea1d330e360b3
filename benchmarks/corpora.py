"""Real texts for the benchmarks, read from a folder that the project does not ship."""

import csv
import os
from pathlib import Path

import numpy as np

DATA = Path(
    os.environ.get(
        "SKLSTM_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"
    )
)


def read_lines(path, encoding="utf-8"):
    """Return the lines of a file, cut at line feeds only."""
    return [line for line in (DATA / path).read_text(encoding).split("\n") if line]


def label_text(path, encoding="utf-8"):
    """Read lines of a label, a space and a text."""
    pairs = [line.split(" ", 1) for line in read_lines(path, encoding)]
    return [text for _, text in pairs], [label for label, _ in pairs]


def shuffled(pairs, share=0.8):
    """Split (text, label) pairs at random, always the same way."""
    order = np.random.RandomState(0).permutation(len(pairs))
    texts, labels = zip(*(pairs[i] for i in order), strict=True)
    cut = int(share * len(pairs))
    return (texts[:cut], labels[:cut]), (texts[cut:], labels[cut:])


def sst2():
    """Return sentences of film reviews, two classes."""
    return label_text("sst2/stsa.binary.train"), label_text("sst2/stsa.binary.test")


def trec6():
    """Return questions by kind of answer, six classes."""
    train = label_text("trec6/TREC.train.all", "latin-1")
    return train, label_text("trec6/TREC.test.all", "latin-1")


def sms():
    """Return text messages, two classes; 403 messages are repeated."""
    lines = read_lines("sms_spam/SMSSpamCollection")
    return shuffled([line.split("\t")[::-1] for line in lines])


def ag_news():
    """Return descriptions of news, four classes."""
    lines = read_lines("ag_news/alps_dev.tsv")
    rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return shuffled([row[:2] for row in rows])


CORPORA = {"SST-2": sst2, "TREC-6": trec6, "SMS": sms, "AG News": ag_news}
