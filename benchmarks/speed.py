"""How fast are training and prediction? Ratios to the best loop written by hand.

    python benchmarks/speed.py [--repeats N] [--documents N] [--only NAME ...] [--busy]

Needs the peers of ``benchmarks/requirements.txt``. Every measurement is a process of
its own; the systems take turns, and a ratio is one of neighbours in time. Slow systems
train on a part of the documents, and their time is that of each token. ``--busy`` has
another process compute beside each of them.
"""

import argparse
import importlib.metadata
import json
import multiprocessing
import platform
import sys
import time
import warnings

import numpy as np
from documents import LENGTHS, make_documents
from measuring import forget_peak, in_a_process, memory, middle, print_head, print_row
from systems import SYSTEMS

EPOCHS = 1

# Documents and epochs on which the losses of all systems are compared, and seeds
N_LOSS, N_LOSS_EPOCHS, N_LOSS_SEEDS = 512, 8, 2

# Slow systems train on one of so many documents
SHARES = {"SkorchPadded": 4, "Keras": 8, "Scikeras": 8, "SkorchPacked": 16}


def log_loss(y, p):
    """Return the mean log loss of probabilities of the second class."""
    p = np.clip(np.where(y, p, 1 - p), 1e-7, 1)
    return float(-np.log(p).mean())


def measure(name, kind, bidirectional, n_documents, seed, device):
    """Fit and predict once, after a warm-up that gives the loss."""
    system, loss = SYSTEMS[name], None
    if kind == "short" and seed < N_LOSS_SEEDS:
        few = make_documents(N_LOSS, kind, seed=1)
        model = system(bidirectional, N_LOSS_EPOCHS, seed, device)
        model.fit(few)
        loss = log_loss(few.y, model.predict_proba(few))
    else:
        few = make_documents(128, "short", seed=1)
        model = system(bidirectional, 1, seed, device)
        model.fit(few)
        model.predict_proba(few)
    documents = make_documents(n_documents, kind)
    documents = documents.head(n_documents // SHARES.get(name, 1))
    getattr(documents, system.reads)  # made before the clock starts
    before = forget_peak()
    model = system(bidirectional, EPOCHS, seed, device)
    started = time.perf_counter()
    model.fit(documents)
    fitted = time.perf_counter()
    model.predict_proba(documents)
    predicted = time.perf_counter()
    n_tokens = int(documents.lengths.sum())
    return {
        "fit": (fitted - started) / n_tokens,
        "predict": (predicted - fitted) / n_tokens,
        "n_tokens": n_tokens,
        "memory": memory("VmHWM") - before,
        "loss": loss,
    }


def spin():
    """Keep one core busy."""
    while True:
        pass


def print_table(kind, bidirectional, found, n_documents):
    """Print one Markdown table."""
    direction = "BiLSTM" if bidirectional else "LSTM"
    base = found["Hand"]
    print(f"\n## {direction}, {kind} documents")
    n_tokens = base[0]["n_tokens"]
    print(f"\n{n_documents:,} documents, {n_tokens:,} tokens.\n")
    print_head(
        "system",
        "fit / hand",
        "predict / hand",
        "fit, tokens/s",
        "s an epoch",
        "predict, tokens/s",
        "memory, MiB",
        "loss",
    )
    for name, runs in found.items():
        cells = [SYSTEMS[name].name]
        for part in ("fit", "predict"):
            pairs = zip(runs, base, strict=True)
            cells.append(middle([a[part] / b[part] for a, b in pairs]))
        fit = np.median([run["fit"] for run in runs])
        predict = np.median([run["predict"] for run in runs])
        cells += [f"{1 / fit:,.0f}", f"{fit * n_tokens:.1f}", f"{1 / predict:,.0f}"]
        cells.append(f"{np.median([run['memory'] for run in runs]):.0f}")
        losses = [run["loss"] for run in runs if run["loss"] is not None]
        cells.append(middle(losses, "{:.3f}") if losses else "")
        print_row(*cells)


def print_tables(names, n_repeats, n_documents, device):
    """Measure the systems and print a table for each kind of document and network."""
    for kind in LENGTHS:
        n = n_documents // (1 if kind == "short" else 4)
        for bidirectional in (False, True):
            found = {name: [] for name in names}
            for seed in range(n_repeats):
                for name in names:
                    job = name, kind, bidirectional, n, seed, device
                    found[name].append(in_a_process(__file__, *job))
                    print(name, found[name][-1], file=sys.stderr, flush=True)
            print_table(kind, bidirectional, found, n)


def main():
    """Read the options and print all tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--documents", type=int, default=8000)
    names = [name for name in SYSTEMS if name != "HandBfloat16"]  # that of gpu.py
    parser.add_argument("--only", nargs="+", default=names, choices=SYSTEMS)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        warnings.simplefilter("ignore")
        print(json.dumps(measure(*json.loads(options.measure))))
        return
    names = ["Hand"] + [name for name in options.only if name != "Hand"]
    arguments = " ".join(sys.argv[1:])
    print(f"`python benchmarks/speed.py {arguments}`".replace(" `", "`"))
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("torch", "skorch", "keras", "tensorflow-cpu", "scikit-learn")
    )
    n_cores = multiprocessing.cpu_count()
    print(f"\n{platform.machine()}, {n_cores} cores, {versions}.")
    busy = None
    if options.busy:
        print("Beside each of them another process keeps one core busy.")
        busy = multiprocessing.Process(target=spin, daemon=True)
        busy.start()
    print_tables(names, options.repeats, options.documents, "cpu")
    if busy is not None:
        busy.terminate()


if __name__ == "__main__":
    main()
