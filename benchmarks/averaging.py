"""How fast are word vectors averaged? Ratios to the loop that everyone writes.

    python benchmarks/averaging.py [N_RUNS]

50,000 words of 100 numbers, 3,000 documents of 229 tokens; medians, one thread.
"""

import sys
import time
import warnings
from functools import partial

import numpy as np
from gensim.models import KeyedVectors

from sklstm import PretrainedEmbeddingAverager, TextTokenizer, load_vectors

N_WORDS, SIZE, N_DOCUMENTS, N_TOKENS = 50_000, 100, 3_000, 229


def median_seconds(run, n_runs):
    """Return the median time of ``run`` and what it returned."""
    seconds = []
    for _ in range(n_runs):
        started = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - started)
    return np.median(seconds), result


def main(n_runs=5):
    """Print a Markdown table."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(N_WORDS)])
    share = 1 / np.arange(1, N_WORDS + 1)  # as Zipf has it
    shape = N_DOCUMENTS, N_TOKENS
    tokens = words[rng.choice(N_WORDS, size=shape, p=share / share.sum())].tolist()
    texts = [" ".join(document) for document in tokens]
    keyed_vectors = KeyedVectors(SIZE)
    matrix = rng.standard_normal((N_WORDS, SIZE)).astype(np.float32)
    keyed_vectors.add_vectors(words.tolist(), matrix)
    vectors = load_vectors(keyed_vectors)
    ids = TextTokenizer().fit_transform(tokens)

    def loop():
        kv = keyed_vectors
        return [np.mean([kv[word] for word in d], axis=0) for d in tokens]

    base, expected = median_seconds(loop, n_runs)
    print(f"`python benchmarks/averaging.py {n_runs}`: seconds, and the speed-up over")
    print("`np.mean([kv[word] for word in document], axis=0)`\n")
    print("| from | weighting | seconds | speed-up |\n|---|---|---|---|")
    print(f"| tokens, the loop | - | {base:.3f} | 1 |")
    for name, X in (("texts", texts), ("tokens", tokens), ("ids", ids)):
        for weighting in (None, "idf", "sif"):
            averager = PretrainedEmbeddingAverager(vectors, weighting=weighting).fit(X)
            seconds, found = median_seconds(partial(averager.transform, X), n_runs)
            if weighting is None:
                np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
            print(f"| {name} | {weighting} | {seconds:.3f} | {base / seconds:.1f} |")


if __name__ == "__main__":
    warnings.simplefilter("error")
    main(*map(int, sys.argv[1:]))
