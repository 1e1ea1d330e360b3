"""Questions about a story: the share that each model answers.

    python benchmarks/stories.py [N_SEEDS] [--sets NAME ...]

bAbI tasks 1 (one supporting fact) and 6 (yes or no) of Weston et al. 2015, and the
kinds of make_stories: 10,000 questions to train, 1,000 new ones to answer. Each goes
with all that was told before it; the answer is a class.
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from corpora import DATA, read_lines
from joblib import Parallel, delayed
from measuring import print_head, print_row
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import BiLSTMClassifier, LSTMClassifier, TextTokenizer
from sklstm.datasets import make_stories

# The one setting of nets for all sets. Words are few, known, and all of them needed:
# none is left out. Training goes on for some epochs after it has found the way to read.
SETTING = {"dropout": 0.0, "word_dropout": 0.0, "max_epochs": 16}


def babi(task, part):
    """Return stories, questions and answers; a story goes up to its question."""
    rows, story = [], []
    for line in read_lines(f"babi/{task}_{part}.txt"):
        number, text = line.split(" ", 1)
        if number == "1":
            story = []
        if "\t" in text:
            question, answer, _ = text.split("\t")
            rows.append((" ".join(story), question.strip(), answer))
        else:
            story.append(text)
    return tuple(np.array(column, dtype=object) for column in zip(*rows, strict=True))


def made(kind, part):
    """Return stories, questions and answers of sentences that are drawn."""
    n_samples, seed = (10_000, 0) if part == "train" else (1_000, 1)
    return make_stories(n_samples, kind, random_state=seed)


SETS = {
    "bAbI 1": partial(babi, "qa1_single-supporting-fact"),
    "bAbI 6": partial(babi, "qa6_yes-no-questions"),
    "one fact": partial(made, "one fact"),
    "two facts": partial(made, "two facts"),
    "yes or no": partial(made, "yes or no"),
}


def question_first(story, question):
    """Let a net that reads forward know what to look for."""
    return question + " " + story


def question_last(story, question):
    """Let a net that reads backward know what to look for."""
    return story + " " + question


def question_around(story, question):
    """Let a net know what to look for in either direction."""
    return question + " " + story + " " + question


def tfidf(seed):
    """Make the rival, which knows no order but that of neighbours."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_pipeline(vectorizer, LogisticRegression(C=10, max_iter=1000))


def net(cls, seed):
    """Make a net."""
    return make_pipeline(TextTokenizer(), cls(**SETTING, random_state=seed))


class Model(NamedTuple):
    """What to make of a seed, how two texts become one, and the most fits."""

    make: Callable
    join: Callable
    most_fits: int | None = None


MODELS = {
    "TF-IDF": Model(tfidf, question_first, 1),
    "LSTM": Model(partial(net, LSTMClassifier), question_around),
    "BiLSTM": Model(partial(net, BiLSTMClassifier), question_around),
    "BiLSTM, question first": Model(partial(net, BiLSTMClassifier), question_first, 1),
    "BiLSTM, question last": Model(partial(net, BiLSTMClassifier), question_last, 1),
}


def measure(name, model, seed):
    """Return the accuracy in % on new questions, and the seconds to fit."""
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    make, join, _ = MODELS[model]
    train, test = (SETS[name](part) for part in ("train", "test"))
    classifier = make(seed)
    started = time.perf_counter()
    classifier.fit(join(*train[:2]), train[2])
    seconds = time.perf_counter() - started
    accuracy = 100 * classifier.score(join(*test[:2]), test[2])
    print(f"{name}, {model}, {seed}: {accuracy:.1f}", file=sys.stderr, flush=True)
    return accuracy, seconds


def cell(results):
    """Write the accuracy of each seed, and the median time."""
    accuracies, seconds = zip(*results, strict=True)
    shown = ", ".join(f"{accuracy:.1f}" for accuracy in accuracies)
    return f"{shown} ({np.median(seconds):.0f} s)"


def parse(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("n_seeds", nargs="?", type=int, default=2)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    return parser.parse_args(arguments)


def main(arguments):
    """Print a Markdown table."""
    options = parse(arguments)
    if any("bAbI" in name for name in options.sets) and not (DATA / "babi").is_dir():
        sys.exit(f"{DATA / 'babi'} is missing: SKLSTM_DATA names the data folder.")
    jobs = [
        (name, model, seed)
        for name in options.sets
        for model in MODELS
        for seed in range(min(options.n_seeds, MODELS[model].most_fits or 100))
    ]
    # One process for each core, one thread in each: a fit gives the same bits anywhere
    found = Parallel(n_jobs=os.cpu_count())(delayed(measure)(*job) for job in jobs)
    results = dict(zip(jobs, found, strict=True))
    command = " ".join(["python benchmarks/stories.py", *arguments])
    setting = ", ".join(f"{name}={value}" for name, value in SETTING.items())
    print(f"`{command}`: accuracy in %, a figure for each seed (seconds to")
    print(f"fit, on a core); nets with `{setting}`\n")
    print_head("questions", *MODELS)
    for name in options.sets:
        cells = {model: [] for model in MODELS}
        for (of, model, _), result in results.items():
            if of == name:
                cells[model].append(result)
        print_row(name, *map(cell, cells.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
