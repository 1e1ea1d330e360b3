"""How much memory does a file take that is read in chunks? From 50 MB to a gigabyte.

    python benchmarks/out_of_core.py [MEGABYTES ...]

For each size a CSV file of labelled texts is written, then read three times in chunks
of rows: words are counted, a net trains for one pass, all rows are predicted. Each file
is measured in a process of its own, on one thread; accuracy is that of 5,000 rows more.

The texts are made of words as frequent as Zipf has, of which there are 200,000. A file
of the first size has ten times as many: counting keeps every word that it has met.
"""

import json
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from itertools import chain, count, islice, product
from pathlib import Path

import numpy as np
from measuring import forget_peak, in_a_process, memory, print_head, print_row

N_WORDS = 200_000
MAX_FEATURES = 20_000
MAX_LENGTH = 100  # words of a text that the net reads
CHUNK = 1_000  # rows
N_HELD_OUT = 5_000
STEPS = "count", "train", "predict"

CLASSES = np.array(["negative", "positive"], object)
N_OWN_WORDS = 2_000  # of each class
OWN_SHARE = 0.025  # of a text
SYLLABLES = [a + b for a in "bdfghklmnprstv" for b in "aeiou"]


def spell(n_words):
    """Return words of syllables, the shortest first."""
    spelled = (product(SYLLABLES, repeat=length) for length in count(1))
    words = islice(chain.from_iterable(spelled), n_words)
    return np.array(["".join(word) for word in words], object)


def draw(rng, n_words, size):
    """Draw word numbers, the first of which are the most frequent."""
    share = np.cumsum(1 / np.arange(1, n_words + 1))
    return np.searchsorted(share, rng.random(size) * share[-1])


def make_rows(n_words, seed):
    """Yield rows of label and text for ever, a thousand at a time.

    Half of the texts have more than 400 words, none more than 1,500. One word in forty
    is of those that only its class has.
    """
    rng = np.random.default_rng(seed)
    words = spell(n_words + len(CLASSES) * N_OWN_WORDS)
    while True:
        y = rng.integers(len(CLASSES), size=1000)
        lengths = rng.lognormal(np.log(400), 0.6, 1000).astype(int).clip(1, 1500)
        ids = draw(rng, n_words, lengths.sum())
        own = rng.random(len(ids)) < OWN_SHARE
        first = n_words + np.repeat(y, lengths)[own] * N_OWN_WORDS
        ids[own] = first + draw(rng, N_OWN_WORDS, len(first))
        texts = np.split(words[ids], np.cumsum(lengths)[:-1])
        for label, text in zip(CLASSES[y], texts, strict=True):
            yield label, " ".join(text)


def write(path, rows, n_bytes=np.inf):
    """Write a CSV file of so many bytes, or of all rows; return their number."""
    n_rows = 0
    with path.open("w") as file:
        n_written = file.write("label,text\n")
        for label, text in rows:
            n_written += file.write(f"{label},{text}\n")
            n_rows += 1
            if n_written >= n_bytes:
                break
    return n_rows


def read(path):
    """Yield the rows of a file, chunk by chunk."""
    import pandas as pd

    with pd.read_csv(path, chunksize=CHUNK, keep_default_na=False) as chunks:
        yield from chunks


@contextmanager
def measured(found, name):
    """Note how long a step computes, and the most memory that the process has."""
    forget_peak()
    started = time.process_time()
    yield
    seconds = time.process_time() - started
    found[name] = {"s": seconds, "MiB": memory("VmHWM")}


class Model:
    """A tokenizer and a small net, both taught part by part."""

    def __init__(self):
        from sklstm import LSTMClassifier, SequencePadder, TextTokenizer

        self.tokenizer = TextTokenizer(max_features=MAX_FEATURES)
        self.padder = SequencePadder(max_length=MAX_LENGTH)
        self.net = LSTMClassifier(
            embedding_dim=32,
            hidden_size=32,
            batch_size=128,
            lr=0.01,
            device="cpu",
            random_state=0,
        )

    def count(self, path):
        """Count the words of a file."""
        for rows in read(path):
            self.tokenizer.partial_fit(rows["text"])

    def ids(self, rows):
        """Return the first words of texts."""
        return self.padder.fit_transform(self.tokenizer.transform(rows["text"]))

    def train(self, path):
        """Pass once over a file."""
        for rows in read(path):
            self.net.partial_fit(self.ids(rows), rows["label"], classes=CLASSES)

    def predict(self, path):
        """Predict a file; return the share of its rows that are right."""
        n_right = n_rows = 0
        for rows in read(path):
            n_right += (self.net.predict(self.ids(rows)) == rows["label"]).sum()
            n_rows += len(rows)
        return float(n_right / n_rows)


def measure(path, held_out):
    """Return the seconds and the peak of each step, and how good the model is."""
    few = Path(path).with_name("few.csv")
    write(few, islice(make_rows(1_000, seed=2), 300))
    first = Model()
    for step in (first.count, first.train, first.predict):
        step(few)  # what is loaded once is no part of the peaks' growth
    found = {"start": {"MiB": memory("VmRSS")}}
    model = Model()
    for step in (model.count, model.train, model.predict):
        with measured(found, step.__name__):
            step(path)
    found["n_distinct"] = model.tokenizer.report_.n_distinct
    found["accuracy"] = model.predict(held_out)
    return found


def print_memory(name, n_rows, found):
    """Print a row of the table of memory."""
    peaks = (f"{found[step]['MiB']:.0f}" for step in ("start", *STEPS))
    n_distinct, accuracy = f"{found['n_distinct']:,}", f"{found['accuracy']:.3f}"
    print_row(name, f"{n_rows:,}", n_distinct, *peaks, accuracy)


def print_time(name, n_rows, found, megabytes):
    """Print the rows of a file in the table of time."""
    for step in STEPS:
        s = found[step]["s"]
        rates = f"{megabytes / s:.1f}", f"{n_rows / s:,.0f}"
        print_row(name, step, f"{s:.1f}", *rates)


def main(*sizes):
    """Print a table of memory and one of time."""
    sizes = [float(size) for size in sizes or (50, 200, 1000)]
    command = " ".join(["python benchmarks/out_of_core.py", *map("{:g}".format, sizes)])
    print(f"`{command}`\n\n## Memory\n\nThe peak of the process in each step, MiB\n")
    print_head("file", "rows", "distinct words", "start", *STEPS, "accuracy")
    files = {f"{size:g} MB": (size, N_WORDS) for size in sizes}
    files[f"{sizes[0]:g} MB, more words"] = sizes[0], 10 * N_WORDS
    results = []
    for name, (megabytes, n_words) in files.items():
        with tempfile.TemporaryDirectory() as folder:
            held_out, path = Path(folder) / "held_out.csv", Path(folder) / "rows.csv"
            write(held_out, islice(make_rows(n_words, seed=1), N_HELD_OUT))
            n_rows = write(path, make_rows(n_words, seed=0), megabytes * 1e6)
            found = in_a_process(__file__, str(path), str(held_out))
        results.append((name, n_rows, found, megabytes))
        print_memory(name, n_rows, found)
    print("\n## Time\n\nSeconds of the processor, one core\n")
    print_head("file", "step", "seconds", "MB/s", "documents/s")
    for result in results:
        print_time(*result)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        import torch

        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        print(json.dumps(measure(*json.loads(sys.argv[2]))))
    else:
        main(*sys.argv[1:])
