"""How do time and memory grow? One thing at a time: documents, length, words, width.

    python benchmarks/scaling.py [N_REPEATS [FIGURE]]

LSTMClassifier with its defaults, one epoch; medians, each in a process of its own.
"""

import json
import sys
import time
import warnings

import numpy as np
from documents import make_documents
from measuring import forget_peak, in_a_process, memory, print_head, print_row

# What varies, and what the others are meanwhile
START = {"documents": 2_000, "length": 40, "words": 10_000, "hidden_size": 64}
VALUES = {
    "documents": [1_000, 3_000, 10_000, 30_000, 100_000],
    "length": [10, 30, 100, 300, 1_000],
    "words": [1_000, 10_000, 100_000, 300_000],
    "hidden_size": [32, 64, 128, 256, 512],
}
SMALLER = {"documents": {"length": 20}, "length": {"documents": 500}}


def measure(n_documents, length, n_words, hidden_size):
    """Return seconds and MiB of fit and predict."""
    from sklstm import LSTMClassifier

    settings = dict(random_state=0, max_epochs=1, input_type="tokens", device="cpu")
    few = make_documents(64, 10)
    LSTMClassifier(**settings).fit(few.ids, few.y).predict(few.ids)
    documents = make_documents(n_documents, length, n_words=n_words)
    model = LSTMClassifier(hidden_size=hidden_size, **settings)
    rows = documents.padded.astype(np.int32)
    del documents.__dict__["padded"]
    found = {}
    for name, step in (
        ("fit", lambda: model.fit(rows, documents.y)),
        ("predict", lambda: model.predict(rows)),
    ):
        before = forget_peak()
        started = time.perf_counter()
        step()
        found[f"{name}, s"] = time.perf_counter() - started
        found[f"{name}, MiB"] = memory("VmHWM") - before
    return found


def plot(results, path):
    """Draw time and memory over each of the things that vary."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        2, len(results), figsize=(13, 6), sharex="col", layout="constrained"
    )
    for column, (name, rows) in zip(axes.T, results.items(), strict=True):
        x = list(rows)
        for ax, unit in zip(column, ("s", "MiB"), strict=True):
            for step in ("fit", "predict"):
                y = [max(rows[value][f"{step}, {unit}"], 0.01) for value in x]
                ax.plot(x, y, marker="o", label=step)
            ax.set(xscale="log", yscale="log")
            ax.xaxis.set_minor_formatter("")
            ax.grid(alpha=0.3)
        column[0].set_title(name)
        column[1].set_xlabel(name)
    axes[0, 0].set_ylabel("seconds")
    axes[1, 0].set_ylabel("memory above the data, MiB")
    axes[0, 0].legend()
    figure.savefig(path, dpi=110)


def main(n_repeats=3, path=None):
    """Print a table for each thing that varies."""
    print(f"`python benchmarks/scaling.py {n_repeats}`: LSTMClassifier, one epoch;")
    print("memory is what each step takes above the data.")
    results = {}
    for name, values in VALUES.items():
        sizes = START | SMALLER.get(name, {})
        others = ", ".join(f"{k} {v:,}" for k, v in sizes.items() if k != name)
        print(f"\n## {name.capitalize()}\n\n{others}\n".replace("_", " "))
        print_head(
            name.replace("_", " "), "fit, s", "fit, MiB", "predict, s", "predict, MiB"
        )
        results[name] = {}
        for value in values:
            job = (sizes | {name: value}).values()
            runs = [in_a_process(__file__, *job) for _ in range(int(n_repeats))]
            median = {key: np.median([run[key] for run in runs]) for key in runs[0]}
            results[name][value] = median
            print_row(f"{value:,}", *(f"{number:.2f}" for number in median.values()))
    if path:
        plot(results, path)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        warnings.simplefilter("ignore")
        print(json.dumps(measure(*json.loads(sys.argv[2]))))
    else:
        main(*sys.argv[1:])
