"""The cost of a grid search beside the fits that it is made of.

    python benchmarks/search.py [N_REPEATS]

12 candidates x 3 folds of tokenizer -> padder -> LSTMClassifier on 2,000 made reviews.
The parts are the fits and scores that the search timed itself; with ``memory=`` texts
are tokenized once for each fold.
"""

import sys
import tempfile
import time
import warnings

import numpy as np
import torch
from counting import CountingTokenizer
from measuring import middle, print_head, print_row
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequencePadder
from sklstm.datasets import make_reviews

GRID = {
    "lstmclassifier__hidden_size": [16, 32, 64],
    "lstmclassifier__lr": [0.002, 0.005, 0.01, 0.02],
}


def search(texts, y, memory, n_jobs):
    """Return seconds, the sum of the parts, and how often texts were tokenized."""
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as log:
        pipe = make_pipeline(
            CountingTokenizer(log.name),
            SequencePadder(),
            LSTMClassifier(max_epochs=2, random_state=0, device="cpu"),
            memory=folder if memory else None,
        )
        grid = GridSearchCV(pipe, GRID, cv=3, n_jobs=n_jobs, refit=False)
        started = time.perf_counter()
        grid.fit(texts, y)
        seconds = time.perf_counter() - started
        fits = len(log.read())
    results = grid.cv_results_
    parts = 3 * float((results["mean_fit_time"] + results["mean_score_time"]).sum())
    return seconds, parts, fits


def main(n_repeats=3):
    """Print a Markdown table."""
    texts, y = make_reviews(2000, random_state=0)
    search(texts[:90], y[:90], memory=False, n_jobs=2)  # workers start
    print(f"`python benchmarks/search.py {n_repeats}`, torch's threads:", end=" ")
    print(f"{torch.get_num_threads()}\n")
    ways = {
        "one job": (False, 1),
        "one job, memory=": (True, 1),
        "two jobs": (False, 2),
        "two jobs, memory=": (True, 2),
    }
    found = {name: [] for name in ways}
    for _ in range(int(n_repeats)):
        for name, way in ways.items():
            found[name].append(search(texts, y, *way))
    print_head("search", "seconds", "seconds x jobs / sum of its parts", "tokenized")
    for name, (_, n_jobs) in ways.items():
        seconds, parts, fits = map(np.array, zip(*found[name], strict=True))
        print_row(
            name, f"{np.median(seconds):.1f}", middle(n_jobs * seconds / parts), fits[0]
        )


if __name__ == "__main__":
    warnings.simplefilter("error")
    main(*sys.argv[1:])
