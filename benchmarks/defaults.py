"""Is each default a good one? One is changed at a time, on held-out rows.

    python benchmarks/defaults.py [SEEDS] [SET ...]

Every row of the table is the default LSTMClassifier with one thing changed. It trains
on a training set without the part that it is measured on: the development set of
SST-2, 15 % of the training rows of the others. Test sets are not touched.
"""

import sys

import numpy as np
from corpora import CORPORA, label_text
from sklearn.model_selection import train_test_split

import sklstm
from sklstm import TextTokenizer

CHANGES = [
    {},
    {"average": False},
    {"word_dropout": 0.0},
    {"word_dropout": 1.0},
    {"word_dropout": 16.0},
    {"dropout": 0.0},
    {"dropout": 0.4},
    {"pooling": "last"},
    {"pooling": "mean"},
    {"pooling": "attention"},
    {"lr": 0.002},
    {"lr": 0.01},
    {"batch_size": 64},
    {"embedding_dim": 100},
    {"hidden_size": 128},
    {"num_layers": 2},
    {"weight_decay": 1e-4},
    {"cls": "RNNClassifier"},
    {"cls": "GRUClassifier"},
    {"cls": "BiLSTMClassifier"},
]


def held_out(name):
    """Return the rows that train and those that tell, both of the training set."""
    train, _ = CORPORA[name]()
    if name == "SST-2":
        return train, label_text("sst2/stsa.binary.dev")
    texts, labels = map(list, train)
    X, X_new, y, y_new = train_test_split(
        texts, labels, test_size=0.15, random_state=0, stratify=labels
    )
    return (X, y), (X_new, y_new)


def curve(change, data, seed):
    """Return accuracy and log loss on held-out rows after each epoch."""
    (texts, y), (new, y_new) = data
    params = {"random_state": seed, **change}
    model = getattr(sklstm, params.pop("cls", "LSTMClassifier"))(**params)
    tokenizer = TextTokenizer()
    X, X_new = tokenizer.fit_transform(texts), tokenizer.transform(new)
    model.fit(X, y, X_val=X_new, y_val=y_new)  # they change nothing of the training
    return [(row["valid_accuracy"], row["valid_loss"]) for row in model.history_]


def main(seeds="2", *names):
    """Print a Markdown table, row by row."""
    names = names or ("SST-2", "TREC-6")
    data = {name: held_out(name) for name in names}
    command = " ".join(["python benchmarks/defaults.py", seeds, *names])
    print(f"`{command}`: accuracy in % and log loss on held-out rows after 5 and 10")
    print(f"epochs, mean of seeds: {seeds}\n")
    heads = [f"{name}, {n} epochs" for name in names for n in (5, 10)]
    print(
        "| changed |", " | ".join(heads), "|\n|---|" + "---|" * len(heads), flush=True
    )
    for change in CHANGES:
        cells = []
        for name in names:
            curves = [curve(change, data[name], seed) for seed in range(int(seeds))]
            mean = np.mean(curves, axis=0)
            cells += [
                f"{100 * mean[n - 1, 0]:.1f} ({mean[n - 1, 1]:.2f})" for n in (5, 10)
            ]
        said = ", ".join(f"`{key}={value}`" for key, value in change.items())
        print(f"| {said or 'nothing'} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
