"""How long does one text take? Against the bare network, and TF-IDF.

    python benchmarks/latency.py [N_CALLS] [N_STARTS]

Each call is timed alone and computes on one thread. Ways take turns, some calls each;
one client asks for one text after another, or eight do so side by side, in threads of
one process. The first call after load is that of a process of its own.
"""

import json
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from measuring import in_a_process, middle, print_head, print_row

N_CLIENTS = 8
PER_TURN = 80  # calls

WAYS = {
    "bare": "the bare torch forward: embedding, LSTM, pooling, head",
    "eight": "the same of 8 equal rows, as sklstm computes one",
    "ids": "LSTMClassifier from ids",
    "pipeline": "pipeline from text",
    "runtime": "the same in `sklstm.runtime`, NumPy alone",
    "tfidf": "TF-IDF + logistic regression",
}


def save_models(folder, n_documents=4000):
    """Fit on half of the documents, save what ways load, and the texts of the rest."""
    import joblib
    from documents import make_documents
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    import sklstm

    documents = make_documents(n_documents)
    half = n_documents // 2
    seen, y = documents.texts[:half], documents.y[:half]
    net = sklstm.LSTMClassifier(random_state=0, max_epochs=1, device="cpu")
    pipe = make_pipeline(sklstm.TextTokenizer(), net).fit(seen, y)
    sklstm.save(pipe, folder / "model")
    tfidf = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    joblib.dump(tfidf.fit(seen, y), folder / "tfidf")
    (folder / "texts").write_text("\n".join(documents.texts[half:]))


def load(way, folder):
    """Return a function of the number of a text to its probabilities."""
    texts = (folder / "texts").read_text().splitlines()
    if way == "tfidf":
        import joblib

        model = joblib.load(folder / "tfidf")
        return lambda i: model.predict_proba([texts[i]])
    import sklstm

    if way == "runtime":
        model = sklstm.runtime.load(folder / "model")
        return lambda i: model.predict_proba([texts[i]])
    import torch

    torch.set_num_threads(1)
    pipe = sklstm.load(folder / "model")
    if way == "pipeline":
        return lambda i: pipe.predict_proba([texts[i]])
    tokenizer, net = pipe
    rows = [tokenizer.transform([text]) for text in texts]
    if way == "ids":
        return lambda i: net.predict_proba(rows[i])
    n_rows = 8 if way == "eight" else 1
    tensors = [torch.tensor(row[0]).repeat(n_rows, 1) for row in rows]
    return bare(net.net_.module_, tensors)


def bare(network, tensors):
    """Return the forward pass of rows, by layers of torch and nothing else."""
    import torch

    @torch.inference_mode()
    def forward(i):
        steps = network.embedding(tensors[i])
        states = network.recurrent.forward_layers[0](steps)[0]
        return network.head(states.amax(dim=1)).softmax(dim=1).numpy()

    return forward


def measure(way, folder):
    """Return the seconds of the first call after load, in a fresh process."""
    call = load(way, Path(folder))
    started = time.perf_counter()
    call(0)
    return time.perf_counter() - started


def turn(call, pool, n_clients, texts):
    """Let clients ask side by side; return the seconds of calls, and calls a second."""

    def client(number):
        taken = []
        for i in texts[number::n_clients]:
            started = time.perf_counter()
            call(i)
            taken.append(time.perf_counter() - started)
        return taken

    started = time.perf_counter()
    taken = [one for part in pool.map(client, range(n_clients)) for one in part]
    return taken, len(taken) / (time.perf_counter() - started)


def take_turns(calls, n_calls, n_texts):
    """Return the seconds of calls and their rates, by way and number of clients."""
    seconds, rates = defaultdict(list), defaultdict(list)
    pools = {n: ThreadPoolExecutor(n) for n in (1, N_CLIENTS)}
    for first in range(-PER_TURN, n_calls, PER_TURN):
        texts = np.arange(first, first + PER_TURN) % n_texts
        for n_clients, pool in pools.items():
            for way, call in calls.items():
                taken, rate = turn(call, pool, n_clients, texts.tolist())
                if first >= 0:  # in the first turn all gets ready
                    seconds[way, n_clients] += taken
                    rates[way, n_clients].append(rate)
    for pool in pools.values():
        pool.shutdown()
    return seconds, rates


def print_table(starts, seconds, rates):
    """Print what was found, in milliseconds."""
    many = f"{N_CLIENTS} clients: "
    print_head(
        *("what", "first call, ms", "p50, ms", "p99, ms", "p50 / bare"),
        *(f"{many}p50, ms", f"{many}p99, ms", f"{many}texts a second"),
    )
    for way, name in WAYS.items():
        (p50, p99), of_many = (
            1e3 * np.percentile(seconds[way, n], (50, 99)) for n in (1, N_CLIENTS)
        )
        ratio = p50 / (1e3 * np.median(seconds["bare", 1]))
        cells = (f"{cell:.2f}" for cell in (p50, p99, ratio, *of_many))
        rate = f"{np.median(rates[way, N_CLIENTS]):.0f}"
        print_row(name, middle(starts[way], "{:.1f}"), *cells, rate)


def main(n_calls=4000, n_starts=5):
    """Print a page of Markdown."""
    print("# Latency\n")
    print(f"`python benchmarks/latency.py {n_calls} {n_starts}`: one text of 40 tokens")
    print("(median), each call on one thread. The first call after load is that of a")
    print(f"process of its own: median and range of {n_starts}.\n")
    with tempfile.TemporaryDirectory() as folder:
        save_models(Path(folder))
        starts = defaultdict(list)
        for way in [*WAYS] * int(n_starts):
            starts[way].append(1e3 * in_a_process(__file__, way, folder))
        calls = {way: load(way, Path(folder)) for way in WAYS}
        n_texts = len((Path(folder) / "texts").read_text().splitlines())
        print_table(starts, *take_turns(calls, int(n_calls), n_texts))


if __name__ == "__main__":
    warnings.simplefilter("error")
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(*json.loads(sys.argv[2]))))
    else:
        main(*sys.argv[1:])
