"""How accurate is each model at its defaults? Sets by models, in one table.

    python benchmarks/accuracy.py [--sets SST-2 ...] [--models lstm ...] [--seeds 3]
                                  [--rows N] [--out FILE]

Accuracies are written to stderr as they come, the table to stdout and to FILE.
"""

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from platform import python_version
from typing import NamedTuple

import numpy as np
import sklearn
import torch
from corpora import CHARACTERS, GLOVE, WORDS
from series import SERIES, ChannelScaler, Stretcher
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from skorch.callbacks import LRScheduler
from threadpoolctl import threadpool_limits

import sklstm
from sklstm import (
    BiLSTMClassifier,
    LSTMClassifier,
    LSTMLanguageModel,
    TextTokenizer,
    load_vectors,
    make_baseline,
)

# The one setting of nets for all series, which have 40 to 270 rows to train: 10 epochs
# are 20 to 90 steps of the optimizer, too few to learn anything. A constant learning
# rate at times throws a net off its course shortly before the end.
SETTING = {
    "max_epochs": 200,
    "dropout": 0.5,
    "callbacks": [LRScheduler("CosineAnnealingLR", T_max=200)],
}

# By the kind of what they hold; texts by the analyzer that reads them
SETS = {"word": WORDS, "char": CHARACTERS, "series": SERIES}

REMARKS = """\
Accuracy on the test rows in %, and seconds of fit and predict together. Nets: mean and
standard deviation over seeds, and mean time. Bold: the best of a row.

- The parts are those given with SST-2, SST-5, TREC-6, AG News (train: a published
  sample of 10,001; test: all 7,600; both are descriptions without titles) and all
  series. IMDB-5k: the first 4,000 rows train, the last 1,000 test. The others are split
  at random, once for all models and seeds: MR 90/10; SMS, waimai, names18 80/20. As
  given, train and test share 2 texts of SST-2, 10 of TREC-6 and 8 of AG News.
- Before the split, SMS loses 403 messages and names18 2,038 names that repeat one of
  the same label; a name of several languages stays once in each. MR has no repeats;
  waimai (7) and IMDB-5k (8) keep theirs. In IMDB-5k `<br />` is made a space.
- waimai and names18 are read by character, by tfidf too.
- tfidf: 1- and 2-grams, sublinear, logistic regression with C=10; all else as
  scikit-learn has it. average: `make_baseline`. lstm, bilstm: `TextTokenizer()` and the
  classifier, at their defaults; with -glove `unknown="keep"` and `vectors=`. The
  vectors are GloVe 6B 50d, the 10,362 most frequent words. With -lm the net starts from
  language models (6 epochs, lr 0.003, 20,000 words) that read the training texts
  without their labels, once for all seeds; its layers are unfrozen one in an epoch. The
  time of reading is spread over the seeds.
- Series: nets with 200 epochs, dropout 0.5, a learning rate that falls to 0 along a
  cosine, and channels scaled by the training rows. 1-nn is Euclidean on raw values,
  stretched to the longest training row where lengths differ.
"""


class Model(NamedTuple):
    """The kinds of sets that it suits, ``make(kind, seed)``, and whether it draws."""

    kinds: tuple[str, ...]
    make: Callable
    draws: bool = False


def majority(kind, seed):
    """Make the classifier that does not look."""
    return DummyClassifier()


def tfidf(kind, seed):
    """Make the rival on texts."""
    return make_pipeline(
        TfidfVectorizer(analyzer=kind, ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000),
    )


def nearest(kind, seed):
    """Make the rival on series."""
    return make_pipeline(Stretcher(), KNeighborsClassifier(1))


def average(weighting, kind, seed):
    """Make the baseline of averaged word vectors."""
    return make_baseline(GLOVE, weighting=weighting)


def net(cls, kind, seed):
    """Make a net, and what has to stand before it."""
    if kind == "series":
        return make_pipeline(ChannelScaler(), cls(**SETTING, random_state=seed))
    return make_pipeline(TextTokenizer(analyzer=kind), cls(random_state=seed))


def net_with_vectors(cls, kind, seed):
    """Make a net that starts from word vectors, and looks up words of test rows too."""
    tokenizer = TextTokenizer(unknown="keep")
    return make_pipeline(tokenizer, cls(vectors=GLOVE, random_state=seed))


@cache
def reader(texts, backward):
    """Return a language model that has read the texts of a training part."""
    return LSTMLanguageModel(
        tokenizer=TextTokenizer(add_eos=True, max_features=20_000),
        backward=backward,
        max_epochs=6,
        lr=0.003,
        random_state=0,
    ).fit(texts)


class AfterReading:
    """A net that starts from what it read: the training texts, without labels."""

    def __init__(self, cls, seed):
        self.cls, self.seed = cls, seed

    def fit(self, texts, labels):
        """Read once for all seeds, then train."""
        encoder = reader(tuple(texts), False)
        if self.cls is BiLSTMClassifier:
            encoder = encoder, reader(tuple(texts), True)
        net = self.cls(encoder=encoder, gradual_unfreezing=1, random_state=self.seed)
        self.model = make_pipeline(TextTokenizer(unknown="keep"), net)
        self.model.fit(texts, labels)
        return self

    def predict(self, texts):
        """Return labels."""
        return self.model.predict(texts)


def net_after_reading(cls, kind, seed):
    """Make a net that starts from a language model of the training texts."""
    return AfterReading(cls, seed)


MODELS = {
    "majority": Model(("word", "char", "series"), majority),
    "tfidf": Model(("word", "char"), tfidf),
    "1-nn": Model(("series",), nearest),
    "average": Model(("word",), partial(average, None)),
    "average-idf": Model(("word",), partial(average, "idf")),
    "average-sif": Model(("word",), partial(average, "sif")),
    "lstm": Model(("word", "char", "series"), partial(net, LSTMClassifier), True),
    "bilstm": Model(("word", "char", "series"), partial(net, BiLSTMClassifier), True),
    "lstm-glove": Model(("word",), partial(net_with_vectors, LSTMClassifier), True),
    "bilstm-glove": Model(("word",), partial(net_with_vectors, BiLSTMClassifier), True),
    "lstm-lm": Model(("word",), partial(net_after_reading, LSTMClassifier), True),
    "bilstm-lm": Model(("word",), partial(net_after_reading, BiLSTMClassifier), True),
}


def some(part, n_rows):
    """Return ``n_rows`` rows drawn at random, always the same ones."""
    rows = np.random.RandomState(0).permutation(len(part[1]))[:n_rows]
    return [[column[i] for i in rows] for column in part]


def read_sets(names, n_rows):
    """Return (kind, train, test) for each set, or end at once if a file is missing."""
    sets = {}
    try:
        load_vectors(GLOVE)
        for kind, readers in SETS.items():
            for name in (name for name in readers if name in names):
                parts = readers[name]()
                if n_rows is not None:
                    parts = [some(part, n_rows) for part in parts]
                sets[name] = kind, *parts
    except FileNotFoundError as error:
        sys.exit(
            f"{error}\nThe environment variable SKLSTM_DATA names the data folder."
        )
    return sets


def measure(model, kind, train, test, n_seeds):
    """Return the accuracies in %, one for each seed, and the mean time in seconds."""
    accuracies, seconds = [], []
    for seed in range(n_seeds if model.draws else 1):
        classifier = model.make(kind, seed)
        started = time.perf_counter()
        hits = classifier.fit(*train).predict(test[0]) == np.array(test[1])
        seconds.append(time.perf_counter() - started)
        accuracies.append(100 * hits.mean())
    return accuracies, np.mean(seconds)


def cell(accuracies, seconds, best=None):
    """Write accuracy, spread and time; bold where the accuracy, as written, is best."""
    text = f"{np.mean(accuracies):.1f}"
    bold = "**" if text == best else ""
    if len(accuracies) > 1:
        text += f" ± {np.std(accuracies, ddof=1):.1f}"
    return f"{bold}{text}{bold} ({seconds:.1f} s)"


def table(sets, models, results):
    """Return the lines of the Markdown table of the results, by set and model."""
    lines = [
        f"| set | train / test | {' | '.join(models)} |",
        f"|{'---|' * (2 + len(models))}",
    ]
    for name, (_, train, test) in sets.items():
        row = [results.get((name, model)) for model in models]
        means = [np.mean(result[0]) for result in row if result]
        best = f"{max(means, default=0):.1f}"
        cells = [cell(*result, best) if result else "-" for result in row]
        n_rows = f"{len(train[1]):,} / {len(test[1]):,}"
        lines.append(f"| {name} | {n_rows} | {' | '.join(cells)} |")
    return lines


def head(script, arguments):
    """Say which command ran, on what."""
    command = shlex.join(["python", f"benchmarks/{script}", *arguments])
    versions = (
        f"sklstm {sklstm.__version__}, scikit-learn {sklearn.__version__}, torch "
        f"{torch.__version__}, NumPy {np.__version__}, Python {python_version()}"
    )
    device = "CUDA" if torch.cuda.is_available() else "CPU"
    return f"`{command}`\n\n{versions}; {device}, 1 thread\n"


def parse(arguments):
    """Read the command line."""
    names = [name for readers in SETS.values() for name in readers]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", nargs="+", choices=names, default=names)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", type=int, default=3, help="fits of each net")
    parser.add_argument("--rows", type=int, help="take only so many rows of each part")
    parser.add_argument("--out", type=Path, help="file for the table")
    return parser.parse_args(arguments)


def main(arguments):
    """Measure, and print a Markdown table."""
    options = parse(arguments)
    sets = read_sets(options.sets, options.rows)
    results = {}
    for name, (kind, train, test) in sets.items():
        for model in (m for m in options.models if kind in MODELS[m].kinds):
            result = measure(MODELS[model], kind, train, test, options.seeds)
            results[name, model] = result
            print(f"{name}, {model}: {cell(*result)}", file=sys.stderr, flush=True)
    measured = {model for _, model in results}
    models = [model for model in MODELS if model in measured]
    text = "\n".join(
        [head("accuracy.py", arguments), *table(sets, models, results), "", REMARKS]
    )
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    torch.set_num_threads(1)
    with threadpool_limits(1):
        main(sys.argv[1:])
