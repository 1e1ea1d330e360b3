"""Real texts for the benchmarks, read from a folder that the project does not ship."""

import csv
import gzip
import os
from functools import partial
from pathlib import Path

import numpy as np

DATA = Path(
    os.environ.get(
        "SKLSTM_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"
    )
)
GLOVE = DATA / "vec_glove6B" / "glove.6B.50d.top10k.txt.gz"


def read_lines(path, encoding="utf-8"):
    """Return the lines of a file, cut at line feeds only."""
    return [line for line in (DATA / path).read_text(encoding).split("\n") if line]


def read_csv(path):
    """Return the rows of a CSV file, which may be compressed by gzip."""
    open_text = gzip.open if path.endswith(".gz") else open
    with open_text(DATA / path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def label_text(path, encoding="utf-8"):
    """Read lines of a label, a space and a text."""
    pairs = [line.split(" ", 1) for line in read_lines(path, encoding)]
    return [text for _, text in pairs], [label for label, _ in pairs]


def distinct(pairs):
    """Return the (text, label) pairs, each of them once, at its first place."""
    return list(dict.fromkeys(pairs))


def cut(pairs, n_train):
    """Split (text, label) pairs into the first ones and the others."""
    texts, labels = zip(*pairs, strict=True)
    return (texts[:n_train], labels[:n_train]), (texts[n_train:], labels[n_train:])


def shuffled(pairs, share=0.8):
    """Split (text, label) pairs at random, always the same way."""
    order = np.random.RandomState(0).permutation(len(pairs))
    return cut([pairs[i] for i in order], int(share * len(pairs)))


def sst2():
    """Return sentences of film reviews, two classes."""
    return label_text("sst2/stsa.binary.train"), label_text("sst2/stsa.binary.test")


def sst5():
    """Return sentences of film reviews, five classes."""
    return label_text("sst5/stsa.fine.train"), label_text("sst5/stsa.fine.test")


def trec6():
    """Return questions by kind of answer, six classes."""
    train = label_text("trec6/TREC.train.all", "latin-1")
    return train, label_text("trec6/TREC.test.all", "latin-1")


def mr():
    """Return sentences of film reviews, two classes; most of SST is among them."""
    texts, labels = label_text("mr/rt-polarity.all", "cp1252")
    return shuffled(list(zip(texts, labels, strict=True)), share=0.9)


def sms(repeats=False):
    """Return text messages, two classes; 403 messages are repeated."""
    lines = read_lines("sms_spam/SMSSpamCollection")
    pairs = [tuple(line.split("\t")[::-1]) for line in lines]
    return shuffled(pairs if repeats else distinct(pairs))


def ag_news_sample():
    """Return 10,001 descriptions of news and their classes, of which there are four."""
    lines = read_lines("ag_news/alps_dev.tsv")
    rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(text, label) for text, label in rows]


def ag_news():
    """Return descriptions of news, four classes: a sample of train, and all of test."""
    names = read_lines("ag_news/classes.txt")
    rows = read_csv("ag_news/test.csv")
    test = [(text, names[int(number) - 1]) for number, _, text in rows]
    train = ag_news_sample()
    return cut(train + test, len(train))


def imdb():
    """Return film reviews, two classes; the file has been shuffled."""
    rows = read_csv("imdb/train_5000.csv.gz")[1:]
    pairs = [(text.replace("<br />", " "), label) for _, _, label, text in rows]
    return cut(pairs, 4_000)


def waimai():
    """Return Chinese reviews of delivered food, two classes."""
    rows = read_csv("chinese_reviews/waimai_10k.csv")
    return shuffled([(text, label) for label, text in rows])


def names18():
    """Return surnames, eighteen languages."""
    pairs = [
        (name.strip(), path.stem)
        for path in sorted((DATA / "names18").iterdir())
        for name in read_lines(path)
    ]
    return shuffled(distinct(pairs))


# Four small sets with their repeats, split at random where no test part is near
CORPORA = {
    "SST-2": sst2,
    "TREC-6": trec6,
    "SMS": partial(sms, repeats=True),
    "AG News": lambda: shuffled(ag_news_sample()),
}
# What models of text are compared on: each gives (texts, labels) to train and to test
WORDS = {
    "SST-2": sst2,
    "SST-5": sst5,
    "TREC-6": trec6,
    "MR": mr,
    "SMS": sms,
    "AG News": ag_news,
    "IMDB-5k": imdb,
}
CHARACTERS = {"waimai": waimai, "names18": names18}
