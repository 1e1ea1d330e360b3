"""What does a saved model cost with NumPy alone? Against the full package.

    python benchmarks/runtime.py [N_REPEATS]

Every start is a process of its own; the two take turns.
"""

import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from measuring import in_a_process, memory, middle, print_head, print_row

N_CALLS = 300


def save_model(folder):
    """Fit the defaults on short documents of 40 tokens; return path and texts."""
    import sklearn
    import torch
    from documents import make_documents
    from sklearn.pipeline import make_pipeline

    import sklstm

    documents = make_documents(2000)
    net = sklstm.BiLSTMClassifier(max_epochs=1, random_state=0, device="cpu")
    pipe = make_pipeline(sklstm.TextTokenizer(), net)
    pipe.fit(documents.texts[1000:], documents.y[1000:])
    (Path(folder) / "texts").write_text("\n".join(documents.texts[:1000]))
    sklstm.save(pipe, Path(folder) / "model")
    return {"NumPy": np, "scikit-learn": sklearn, "torch": torch}


def measure(way, folder):
    """Load a model and predict, in a fresh process; return seconds and MiB."""
    texts = (Path(folder) / "texts").read_text().splitlines()
    started = time.perf_counter()
    import sklstm

    load = sklstm.runtime.load if way == "runtime" else sklstm.load
    model = load(Path(folder) / "model")
    model.predict_proba(texts[:1])
    start = time.perf_counter() - started
    resident = memory("VmRSS")
    ones = []
    for text in texts[:N_CALLS]:
        started = time.perf_counter()
        model.predict_proba([text])
        ones.append(time.perf_counter() - started)
    started = time.perf_counter()
    proba = model.predict_proba(texts)
    thousand = time.perf_counter() - started
    return {
        "start": start,
        "resident": resident,
        "one": 1000 * float(np.median(ones)),
        "thousand": thousand,
        "proba": proba.tolist(),
    }


def main(n_repeats=5):
    """Print a Markdown table."""
    found = {"full": [], "runtime": []}
    with tempfile.TemporaryDirectory() as folder:
        versions = save_model(folder)
        for _ in range(int(n_repeats)):
            for way, results in found.items():
                results.append(in_a_process(__file__, way, folder))
    print("# The runtime: NumPy alone")
    said = ", ".join(f"{name} {it.__version__}" for name, it in versions.items())
    print(f"`python benchmarks/runtime.py {n_repeats}`: a TextTokenizer and a")
    print(
        "BiLSTMClassifier of the default sizes, texts of 40 tokens (median), 1 thread;"
    )
    print(f"median and range of {n_repeats} processes each, by turns. {said}.\n")
    print_head("what", "full package", "runtime", "full / runtime")
    for key, name, form in (
        ("start", "import (beside NumPy), load and first prediction, s", "{:.2f}"),
        ("resident", "memory then, NumPy and Python included, MiB", "{:.0f}"),
        ("one", "one text, ms", "{:.2f}"),
        ("thousand", "1,000 texts, s", "{:.3f}"),
    ):
        both = [[result[key] for result in results] for results in found.values()]
        ratio = np.median(both[0]) / np.median(both[1])
        cells = (middle(values, form) for values in both)
        print_row(name, *cells, f"{ratio:.2f}")
    a, b = (np.array(results[0]["proba"]) for results in found.values())
    print(f"\nLargest difference of a probability: {np.abs(a - b).max():.0e}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--measure"]:
        import json

        print(json.dumps(measure(*json.loads(sys.argv[2]))))
    else:
        main(*sys.argv[1:])
