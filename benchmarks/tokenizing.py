"""How fast are texts tokenized and padded? Against scikit-learn and plain Python.

    python benchmarks/tokenizing.py [N_RUNS]

Learning a vocabulary of at most 20,000 words and encoding every text with it; the
baseline learns with CountVectorizer and encodes with its analyzer, which is how ids
are got from scikit-learn. Runs take turns; medians and ranges.
"""

import sys
import warnings
from functools import partial

import numpy as np
from corpora import DATA, WORDS
from documents import make_documents
from measuring import alternate, middle, print_head, print_row
from sklearn.feature_extraction.text import CountVectorizer

from sklstm import SequencePadder, TextTokenizer

N_WORDS = 20_000


def vectorizer_ids(texts):
    """Return ids by way of CountVectorizer."""
    vectorizer = CountVectorizer(max_features=N_WORDS).fit(texts)
    analyze, ids = vectorizer.build_analyzer(), vectorizer.vocabulary_
    return [[ids[word] for word in analyze(text) if word in ids] for text in texts]


def tokenizers_ids(texts):
    """Return ids by way of the tokenizers of Hugging Face, words and punctuation."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(
        vocab_size=N_WORDS, special_tokens=["<pad>", "<unk>"], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def tokenizer_ids(texts):
    """Return ids by way of TextTokenizer."""
    return TextTokenizer(max_features=N_WORDS).fit_transform(texts)


def pad_loop(rows):
    """Return a matrix as everyone writes it."""
    matrix = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for i, row in enumerate(rows):
        matrix[i, : len(row)] = row
    return matrix


def print_table(title, steps, n_runs):
    """Print times, and the speed-up over the first step."""
    print(f"\n## {title}\n")
    print_head("what", "seconds", "speed-up")
    taken = alternate(steps, n_runs)
    base = np.array(next(iter(taken.values())))
    for name, seconds in taken.items():
        print_row(name, f"{np.median(seconds):.3f}", middle(base / seconds))


def main(n_runs=5):
    """Print the tables."""
    print(f"`python benchmarks/tokenizing.py {n_runs}`")
    n_runs = int(n_runs)
    made = make_documents(8000)
    corpora = {"8,000 made texts": made.texts}
    if DATA.is_dir():
        corpora["5,000 reviews of IMDB"] = WORDS["IMDB-5k"]()[0][0]
    for name, texts in corpora.items():
        steps = {
            "CountVectorizer, then its analyzer": partial(vectorizer_ids, texts),
            "Hugging Face tokenizers": partial(tokenizers_ids, texts),
            "TextTokenizer": partial(tokenizer_ids, texts),
        }
        print_table(name, steps, n_runs)
    tokens = tokenizer_ids(made.texts)
    steps = {
        "a loop over lists": partial(pad_loop, made.ids),
        "SequencePadder, lists": partial(SequencePadder().fit_transform, made.ids),
        "SequencePadder, output of TextTokenizer": partial(
            SequencePadder().fit_transform, tokens
        ),
    }
    print_table("Padding 8,000 rows", steps, n_runs)


if __name__ == "__main__":
    warnings.simplefilter("error")
    main(*sys.argv[1:])
