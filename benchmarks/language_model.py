"""The language model beside PyTorch's recipe: perplexity, speed, memory, and growth.

    python benchmarks/language_model.py [N_REPEATS [N_EPOCHS [FIGURE]]]

Trains on the validation text of WikiText-2 (its training text is not at hand) and
scores its test text as one stream: equal ids, sizes, epochs, optimizer and dropout.
Every measurement is a process of its own; systems take turns. Then both grow: the
vocabulary while training, the length of a text while scoring.
"""

import json
import sys
import time
import warnings

import numpy as np
from corpora import DATA
from language_loop import LanguageLoop
from measuring import forget_peak, in_a_process, memory, middle, print_head, print_row

SIZE, LAYERS, DROPOUT, LR = 200, 2, 0.4, 0.002
SYSTEMS = {
    "sklstm": "sklstm",
    "full": "by hand, all words at once",
    "adaptive": "by hand, adaptive softmax",
    "defaults": "sklstm, word dropout and running mean on",
}
OURS = {"sklstm": {}, "defaults": {"word_dropout": 0.25, "average": True}}
WORDS = [1_000, 3_000, 10_000, 30_000, 100_000]
LENGTHS = [1_000, 10_000, 100_000, 1_000_000]


def read_lines(name):
    """Return the words of each line that has some."""
    text = (DATA / "wikitext2" / f"{name}.txt").read_text("utf-8")
    return [words for line in text.split("\n") if (words := line.split())]


def new_model(seed, epochs, **settings):
    """Return our model with the settings of the recipe."""
    from sklstm import LSTMLanguageModel

    recipe = {
        "embedding_dim": SIZE,
        "hidden_size": SIZE,
        "num_layers": LAYERS,
        "dropout": DROPOUT,
        "lr": LR,
        "word_dropout": 0,
        "average": False,
    }
    return LSTMLanguageModel(
        max_epochs=epochs, device="cpu", random_state=seed, **recipe | settings
    )


def ids_of(train, test):
    """Return the ids of both, line after line, and the number of words."""
    from sklstm import TextTokenizer

    tokenizer = TextTokenizer(add_eos=True).fit(train)
    streams = (tokenizer.transform(lines).to_ragged()[0] for lines in (train, test))
    return *streams, len(tokenizer.vocabulary_)


def count(lines):
    """Return the number of words, ends among them."""
    return sum(len(line) + 1 for line in lines)


def measure_training(system, epochs, seed):
    """Return perplexity of the test text, seconds of an epoch and memory."""
    train, test = read_lines("valid"), read_lines("test")
    new_model(seed, 1).fit(train[:50])  # warm
    if system in OURS:
        model = new_model(seed, epochs, **OURS[system])
        stream = [word for line in test for word in [*line, "<eos>"]][:-1]
        before = forget_peak()
        model.fit(train)
        seconds = [row["seconds"] for row in model.history_]
        peak = memory("VmHWM") - before
        started = time.perf_counter()
        perplexity = model.perplexity([stream])
    else:
        ids, test_ids, n_words = ids_of(train, test)
        loop = LanguageLoop(
            n_words, SIZE, LAYERS, DROPOUT, LR, seed, adaptive=system == "adaptive"
        )
        before = forget_peak()
        seconds = [loop.epoch(ids) for _ in range(epochs)]
        peak = memory("VmHWM") - before
        started = time.perf_counter()
        perplexity = loop.perplexity(test_ids)
    return {
        "perplexity": perplexity,
        "tokens/s": count(train) / float(np.median(seconds)),
        "MiB": peak,
        "scored/s": count(test) / (time.perf_counter() - started),
    }


def measure_words(system, n_words):
    """Return seconds and memory of 100,000 made tokens of ``n_words`` words."""
    ids = np.random.RandomState(0).randint(2, n_words, 30_000).astype(np.int32)
    names = [f"w{i}" for i in range(n_words)]
    if system == "sklstm":
        from sklstm import TextTokenizer

        tokenizer = TextTokenizer(add_eos=True, vocabulary=names)
        texts = [[names[i] for i in ids]]
        new_model(0, 1).fit([texts[0][:500]])
        model = new_model(0, 1, num_layers=1, tokenizer=tokenizer)
        before = forget_peak()
        model.fit(texts)
        return model.history_[0]["seconds"], memory("VmHWM") - before
    LanguageLoop(500, SIZE, 1, DROPOUT, LR, 0).epoch(ids[:500] % 500)
    before = forget_peak()
    seconds = LanguageLoop(n_words, SIZE, 1, DROPOUT, LR, 0).epoch(ids)
    return seconds, memory("VmHWM") - before


def measure_length(length):
    """Return seconds and memory of scoring one text."""
    model = new_model(0, 1, num_layers=1).fit(read_lines("valid")[:500])
    words = list(model.tokenizer_.vocabulary_)[3:]
    text = [words[i] for i in np.random.RandomState(0).randint(0, len(words), length)]
    model.score([text[:500]])
    before = forget_peak()
    started = time.perf_counter()
    model.score([text])
    return time.perf_counter() - started, memory("VmHWM") - before


MEASURES = {
    "training": measure_training,
    "words": measure_words,
    "length": measure_length,
}


def plot(words, lengths, path):
    """Draw time and memory over the vocabulary and over the length of a text."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        2, 2, figsize=(9, 6), sharex="col", layout="constrained"
    )
    panels = ((axes[:, 0], words), (axes[:, 1], {"sklstm": lengths}))
    for column, systems in panels:
        for name, found in systems.items():
            for ax, values in zip(
                column, zip(*found.values(), strict=True), strict=True
            ):
                ax.plot(list(found), values, marker="o", label=SYSTEMS[name])
                ax.set(xscale="log", yscale="log")
                ax.grid(alpha=0.3)
                ax.xaxis.set_minor_formatter("")
    axes[0, 0].set(title="Training on 30,000 tokens", ylabel="seconds")
    axes[0, 1].set(title="Scoring one text")
    axes[1, 0].set(
        xlabel="words of the vocabulary", ylabel="memory above the data, MiB"
    )
    axes[1, 1].set(xlabel="tokens of the text")
    axes[0, 0].legend()
    axes[1, 1].set(yscale="linear", ylim=(0, 100))
    figure.savefig(path, dpi=110)


def main(n_repeats=5, n_epochs=6, path=None):
    """Print the tables and draw the curves."""
    n_repeats, n_epochs = int(n_repeats), int(n_epochs)
    print(f"`python benchmarks/language_model.py {n_repeats} {n_epochs}`\n")
    runs = {system: [] for system in SYSTEMS}
    for seed in range(n_repeats):
        for system in SYSTEMS:
            found = in_a_process(__file__, "training", system, n_epochs, seed)
            runs[system].append(found)
    base = runs["full"]
    print_head(
        *("system", "test perplexity", "tokens/s", "speed / by hand"),
        *("memory, MiB", "memory / by hand", "tokens/s, scoring"),
    )
    for system, found in runs.items():
        column = {key: np.array([run[key] for run in found]) for key in found[0]}
        other = {key: np.array([run[key] for run in base]) for key in base[0]}
        print_row(
            SYSTEMS[system],
            middle(column["perplexity"], "{:.1f}"),
            f"{np.median(column['tokens/s']):,.0f}",
            middle(column["tokens/s"] / other["tokens/s"]),
            f"{np.median(column['MiB']):.0f}",
            middle(column["MiB"] / other["MiB"]),
            f"{np.median(column['scored/s']):,.0f}",
        )
    words = {
        system: {n: in_a_process(__file__, "words", system, n) for n in WORDS}
        for system in ("sklstm", "full")
    }
    print("\n## Training on 30,000 tokens, by words of the vocabulary\n")
    print_head("words", *(f"{SYSTEMS[s]}, {u}" for s in words for u in ("s", "MiB")))
    for n in WORDS:
        cells = [value for found in words.values() for value in found[n]]
        print_row(f"{n:,}", *(f"{value:.1f}" for value in cells))
    lengths = {n: in_a_process(__file__, "length", n) for n in LENGTHS}
    print("\n## Scoring one text, by its length\n")
    print_head("tokens", "s", "MiB")
    for n, (seconds, mib) in lengths.items():
        print_row(f"{n:,}", f"{seconds:.2f}", f"{mib:.0f}")
    if path:
        plot(words, lengths, path)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        warnings.simplefilter("ignore")
        what, *job = json.loads(sys.argv[2])
        print(json.dumps(MEASURES[what](*job)))
    else:
        main(*sys.argv[1:])
