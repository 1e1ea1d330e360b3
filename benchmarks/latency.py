"""How long does one text take? Against the bare network, and TF-IDF.

    python benchmarks/latency.py [N_CALLS]

Calls take turns; each is timed alone.
"""

import sys
import time
import warnings

import numpy as np
import torch
from documents import make_documents
from measuring import print_head, print_row
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TextTokenizer


def main(n_calls=1000):
    """Print a Markdown table."""
    documents = make_documents(2000)
    texts = documents.texts
    pipe = make_pipeline(
        TextTokenizer(), LSTMClassifier(random_state=0, max_epochs=1, device="cpu")
    ).fit(texts, documents.y)
    tfidf = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    tfidf.fit(texts, documents.y)
    tokenizer, model = pipe
    network = model.net_.module_
    rows = [tokenizer.transform([text]) for text in texts]
    tensors = [torch.tensor(row.to_ragged()[0])[None] for row in rows]

    def bare(i):
        with torch.inference_mode():
            x = tensors[i]
            states = network.recurrent.forward_layers[0](network.embedding(x))[0]
            return network.head(states.amax(dim=1)).softmax(dim=1)

    calls = {
        "the network alone: embedding, LSTM, pooling, head": bare,
        "LSTMClassifier from ids": lambda i: model.predict_proba(rows[i]),
        "pipeline from text": lambda i: pipe.predict_proba([texts[i]]),
        "TF-IDF + logistic regression": lambda i: tfidf.predict_proba([texts[i]]),
    }
    taken = {name: [] for name in calls}
    for i in range(-20, int(n_calls)):
        for name, call in calls.items():
            started = time.perf_counter()
            call(i % len(texts))
            if i >= 0:
                taken[name].append(time.perf_counter() - started)
    print(f"`python benchmarks/latency.py {n_calls}`: one text of 40 tokens (median)\n")
    print_head("what", "p50, ms", "p99, ms", "p50 / the network alone")
    base = np.median(next(iter(taken.values())))
    for name, seconds in taken.items():
        p50, p99 = np.percentile(seconds, (50, 99))
        print_row(name, f"{1e3 * p50:.2f}", f"{1e3 * p99:.2f}", f"{p50 / base:.1f}")


if __name__ == "__main__":
    warnings.simplefilter("error")
    main(*sys.argv[1:])
