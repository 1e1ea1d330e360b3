"""A CUDA device: the table of speed.py, and how workers share one GPU.

python benchmarks/gpu.py [--repeats N] [--documents N]
"""

import argparse
import threading
import time
import warnings

import numpy as np
import torch
from documents import make_documents
from joblib import Parallel, delayed
from measuring import print_head, print_row
from speed import print_tables

from sklstm import LSTMClassifier

SYSTEMS = [
    "Hand",
    "HandBfloat16",
    "Sklstm",
    "SklstmBfloat16",
    "SklstmDefaults",
    "SkorchPadded",
    "SkorchPacked",
]
N_FITS = 32  # of a search, shared by its workers


def fit(ids, y, seed, device):
    """Fit one small net of a search."""
    model = LSTMClassifier(max_epochs=3, random_state=seed, device=device)
    return model.fit(ids, y).history_[-1]["train_loss"]


def most_used(stop, found):
    """Note the most memory of the GPU that is in use, until ``stop``."""
    while not stop.wait(0.02):
        free, total = torch.cuda.mem_get_info()
        found[0] = max(found[0], (total - free) / 2**20)


def print_sharing(n_documents=2000, device="cuda"):
    """Print how long a search of small nets takes with more and more workers."""
    documents = make_documents(n_documents)
    print(f"\n## {N_FITS} fits of {n_documents:,} documents, workers on one GPU\n")
    print_head("n_jobs", "seconds", "one job / n jobs", "most memory of the GPU, MiB")
    first = None
    for n_jobs in (1, 2, 4, 8):
        with Parallel(n_jobs=n_jobs) as parallel:
            rows = documents.ids, documents.y
            parallel(delayed(fit)(*rows, i, device) for i in range(8))  # workers start
            stop, most = threading.Event(), [0.0]
            watch = threading.Thread(target=most_used, args=(stop, most))
            if device != "cpu":
                watch.start()
            started = time.perf_counter()
            losses = parallel(delayed(fit)(*rows, i, device) for i in range(N_FITS))
            seconds = time.perf_counter() - started
            stop.set()
        assert np.isfinite(losses).all()
        first = first or seconds
        print_row(n_jobs, f"{seconds:.1f}", f"{first / seconds:.2f}", f"{most[0]:,.0f}")


def main():
    """Print the tables, where there is a CUDA device."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--documents", type=int, default=32_000)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("No CUDA device was found: nothing to measure.")
    print(f"`python benchmarks/gpu.py --documents {options.documents}`\n")
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}.")
    print_tables(SYSTEMS, options.repeats, options.documents, "cuda")
    warnings.simplefilter("ignore")
    print_sharing()


if __name__ == "__main__":
    main()
