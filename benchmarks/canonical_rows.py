"""Do canonical rows cost accuracy or time? Training with and without them.

    python benchmarks/canonical_rows.py [N_SEEDS [CORPUS ...]]

Canonical rows make ``fit`` independent of the order of rows and of the way weights are
written (identical rows are one row of their added weight). Without them rows are taken
in the order given, repeats and all.
"""

import sys
import time

import numpy as np
import torch
from corpora import CORPORA

from sklstm import LSTMClassifier, TextTokenizer
from sklstm.recurrent._rows import Rows


def run(train, test, seed, canonical):
    """Return accuracy, seconds to fit and rows that trained."""
    kept = Rows.canonical
    if not canonical:
        Rows.canonical = lambda rows: rows
    try:
        tokenizer = TextTokenizer()
        X = tokenizer.fit_transform(train[0])
        started = time.perf_counter()
        model = LSTMClassifier(max_epochs=5, random_state=seed).fit(X, train[1])
        seconds = time.perf_counter() - started
    finally:
        Rows.canonical = kept
    accuracy = model.score(tokenizer.transform(test[0]), test[1])
    return accuracy, seconds, model.history_[0]["rows"]


def main(n_seeds=5, *names):
    """Print a Markdown table."""
    torch.set_num_threads(1)
    print(f"`python benchmarks/canonical_rows.py {n_seeds}`: LSTMClassifier, 5 epochs,")
    print(
        f"test accuracy in % over {n_seeds} seeds (mean and standard error), 1 thread\n"
    )
    print(
        "| corpus | rows | distinct | as given | canonical | time, canonical / given |"
    )
    print("|---|---|---|---|---|---|")
    for name in names or CORPORA:
        train, test = CORPORA[name]()
        found = {True: [], False: []}
        for seed in range(n_seeds):
            for canonical in (False, True):
                found[canonical].append(run(train, test, seed, canonical))
        cells = []
        for canonical in (False, True):
            scores = 100 * np.array([row[0] for row in found[canonical]])
            error = scores.std(ddof=1) / np.sqrt(n_seeds)
            cells.append(f"{scores.mean():.2f} ± {error:.2f}")
        pairs = zip(found[True], found[False], strict=True)
        ratio = np.median([ours[1] / theirs[1] for ours, theirs in pairs])
        print(
            f"| {name} | {found[False][0][2]} | {found[True][0][2]} | {cells[0]} | "
            f"{cells[1]} | {ratio:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
