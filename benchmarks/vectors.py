"""What do word vectors add, by number of labelled rows? Sets by models, in one table.

    python benchmarks/vectors.py [--sets SST-2 ...] [--rows 100 300 1000 all]
                                 [--seeds 5] [--out FILE]

Accuracies are written to stderr as they come, the table to stdout and to FILE.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from accuracy import head, tfidf
from corpora import GLOVE, WORDS
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from sklstm import LSTMClassifier, TextTokenizer, load_vectors, make_baseline

SETS = ["AG News", "TREC-6", "SST-2"]
ROWS = ["100", "300", "1000", "all"]
N_TEST = 2_000
EPOCHS = 10, 30  # the default, and what few rows need; all rows have the default only

REMARKS = """\
Accuracy on test rows in %: mean and standard deviation over seeds. A seed draws the
rows that train (100 of them are among 300) and all that is random in a net. Bold: the
best of a line.

- Test rows: TREC-6 and SST-2 all that are given, 500 and 1,821; AG News 2,000 of 7,600,
  drawn at random, always the same ones. AG News: 10,001 rows are all that train;
  descriptions without titles.
- Vectors: GloVe 6B 50d, the 10,362 most frequent words.
- none, unk, keep, frozen: `TextTokenizer` and `LSTMClassifier`, at their defaults but
  for `max_epochs`, which is in the column epochs. none: without vectors. unk: with
  vectors. keep: with vectors and `TextTokenizer(unknown="keep")`, so that words of test
  rows are looked up. frozen: the same with `freeze_vectors=True`.
- average: `make_baseline(vectors)`. tfidf: 1- and 2-grams, sublinear, logistic
  regression with C=10; all else as scikit-learn has it.
"""


def net(vectors, unknown, frozen, epochs, seed):
    """Make a net behind a tokenizer."""
    classifier = LSTMClassifier(
        vectors=vectors, freeze_vectors=frozen, max_epochs=epochs, random_state=seed
    )
    return make_pipeline(TextTokenizer(unknown=unknown), classifier)


def make_models(vectors, epochs, seed):
    """Return the models by name."""
    return {
        "none": net(None, "unk", False, epochs, seed),
        "unk": net(vectors, "unk", False, epochs, seed),
        "keep": net(vectors, "keep", False, epochs, seed),
        "frozen": net(vectors, "keep", True, epochs, seed),
        "average": make_baseline(vectors),
        "tfidf": tfidf("word", seed),
    }


def draw(part, n_rows, seed):
    """Return texts and labels of some rows, drawn at random."""
    texts, labels = (np.array(column, dtype=object) for column in part)
    rows = np.random.RandomState(seed).permutation(len(texts))[:n_rows]
    return texts[rows], labels[rows]


def measure(train, test, n_rows, epochs, n_seeds, vectors):
    """Return the accuracies in % of each model, one for each seed."""
    accuracies = {}
    for seed in range(n_seeds):
        texts, labels = draw(train, n_rows, seed)
        for name, model in make_models(vectors, epochs, seed).items():
            hits = model.fit(texts, labels).predict(test[0]) == test[1]
            accuracies.setdefault(name, []).append(100 * hits.mean())
    return accuracies


def line(name, n_rows, epochs, accuracies):
    """Write a line of the table; bold where the mean, as written, is best."""
    means = {model: f"{np.mean(found):.1f}" for model, found in accuracies.items()}
    best = max(means.values(), key=float)
    cells = []
    for model, found in accuracies.items():
        bold = "**" if means[model] == best else ""
        spread = f" ± {np.std(found, ddof=1):.1f}" if len(found) > 1 else ""
        cells.append(f"{bold}{means[model]}{spread}{bold}")
    return f"| {name} | {n_rows:,} | {epochs} | {' | '.join(cells)} |"


def columns():
    """Return the first lines of the table."""
    names = ["set", "rows", "epochs", *make_models(None, 1, 0)]
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]


def parse(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", nargs="+", choices=WORDS, default=SETS)
    parser.add_argument("--rows", nargs="+", default=ROWS, help="numbers, or all")
    parser.add_argument("--seeds", type=int, default=5, help="fits of each model")
    parser.add_argument("--out", type=Path, help="file for the table")
    return parser.parse_args(arguments)


def main(arguments):
    """Measure, and print a Markdown table."""
    options = parse(arguments)
    try:
        vectors = load_vectors(GLOVE)
        sets = {name: WORDS[name]() for name in options.sets}
    except FileNotFoundError as error:
        sys.exit(
            f"{error}\nThe environment variable SKLSTM_DATA names the data folder."
        )
    lines = [head("vectors.py", arguments), *columns()]
    started = time.perf_counter()
    for name, (train, test) in sets.items():
        test = draw(test, N_TEST, 0)
        for rows in options.rows:
            n_rows = len(train[0]) if rows == "all" else int(rows)
            for epochs in EPOCHS[:1] if rows == "all" else EPOCHS:
                found = measure(train, test, n_rows, epochs, options.seeds, vectors)
                lines.append(line(name, n_rows, epochs, found))
                print(lines[-1], file=sys.stderr, flush=True)
    minutes = (time.perf_counter() - started) / 60
    text = "\n".join([*lines, "", REMARKS + f"- It took {minutes:.0f} minutes.\n"])
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="PretrainedEmbeddingAverager made zeros")
    with threadpool_limits(1):
        main(sys.argv[1:])
