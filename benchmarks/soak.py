"""Does a process that works for long keep its memory? Fits and predictions, on and on.

    python benchmarks/soak.py [N_FITS] [N_PREDICTIONS]

One process fits pipelines of every kind over and over, then predicts text by text, then
saves and loads. After a warm-up of a tenth, memory should stay within 5 %, and threads
and open files should be as many as before.

oneDNN, which computes the layers for torch, keeps its kernels for the last 1,024
shapes. Here sizes and lengths change all the time, and memory grows until it has so
many, by some 200 MiB. ONEDNN_PRIMITIVE_CACHE_CAPACITY=64 lets it keep fewer.
"""

import gc
import os
import sys
import tempfile
import threading
import time
import warnings
from itertools import cycle
from pathlib import Path

import numpy as np
from documents import make_documents
from measuring import memory, print_head, print_row
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import sklstm

N_STAGES = 10  # of which the first is the warm-up
KINDS = (
    sklstm.LSTMClassifier(),
    sklstm.BiLSTMClassifier(pooling="attention", num_layers=2),
    sklstm.GRUClassifier(pooling="mean", early_stopping=True),
    sklstm.RNNClassifier(pooling="last", warm_start=True),
)


def in_use():
    """Return MiB, threads, open files and objects of Python, all of this process."""
    gc.collect()
    return {
        "MiB": memory("VmRSS"),
        "threads": len(os.listdir("/proc/self/task")),
        "Python threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "objects": len(gc.get_objects()),
    }


def soak(name, step, n):
    """Call ``step(i)`` n times; print what is in use after each tenth."""
    started = time.perf_counter()
    rows = []
    for i in range(n):
        step(i)
        if (i + 1) % (n // N_STAGES) == 0:
            rows.append(in_use())
            print_row(f"{i + 1:,} {name}", *(f"{v:,.0f}" for v in rows[-1].values()))
    seconds = time.perf_counter() - started
    sizes = np.array([row["MiB"] for row in rows])
    growth = sizes[1:].max() / sizes[0] - 1
    leaks = [
        key
        for key in ("threads", "Python threads", "files")
        if rows[-1][key] > rows[0][key]
    ]
    return name, n, seconds, growth, leaks


def main(n_fits=1000, n_predictions=100_000):
    """Print how much is in use, and whether it grew."""
    n_fits, n_predictions = int(n_fits), int(n_predictions)
    documents = make_documents(400)
    texts, y = np.array(documents.texts, object), documents.y
    rng = np.random.default_rng(0)
    kinds = cycle(KINDS)

    def pipeline():
        net = clone(next(kinds)).set_params(
            embedding_dim=16,
            hidden_size=int(rng.integers(8, 33)),
            max_epochs=2,
            random_state=int(rng.integers(2**31)),
            device="cpu",
        )
        return make_pipeline(
            sklstm.TextTokenizer(max_features=int(rng.integers(100, 1000))),
            sklstm.SequencePadder(max_length=int(rng.integers(10, 60))),
            net,
        )

    def fit(i):
        rows = rng.choice(len(texts), size=int(rng.integers(60, 121)), replace=False)
        pipeline().fit(texts[rows], y[rows])

    served = pipeline().fit(texts, y)

    def predict(i):
        served.predict_proba([texts[i % len(texts)]])

    print("# Soak: one process, on and on\n")
    print(f"`python benchmarks/soak.py {n_fits} {n_predictions}`, 4 kinds of nets, in")
    print("pipelines with a tokenizer and a padder, of changing sizes and rows.")
    capacity = os.environ.get("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "1024, the default")
    print(f"Shapes for which oneDNN keeps its kernels: {capacity}.\n")
    print_head("after", "MiB", "threads", "Python threads", "files", "objects")
    with tempfile.TemporaryDirectory() as folder:

        def save_and_load(i):
            sklstm.load(sklstm.save(served, Path(folder) / "model", X_check=texts[:2]))
            sklstm.runtime.load(Path(folder) / "model").predict(texts[:2])

        parts = [
            soak("fits", fit, n_fits),
            soak("predictions", predict, n_predictions),
            soak("saved and loaded", save_and_load, max(n_fits // 2, N_STAGES)),
        ]
    print()
    print_head("what", "seconds", "most memory against the first tenth", "leaked")
    for name, n, seconds, growth, leaks in parts:
        print_row(
            f"{n:,} {name}", f"{seconds:.0f}", f"{growth:+.1%}", ", ".join(leaks) or "-"
        )
    return int(any(growth > 0.05 or leaks for *_, growth, leaks in parts))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    raise SystemExit(main(*sys.argv[1:]))
