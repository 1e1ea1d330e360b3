"""train_vectors: word vectors learned from texts without labels."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from sklstm._sklearn import Interval, StrOptions, validate_params
from sklstm.text import TextTokenizer
from sklstm.text._vocabulary import UNK_ID
from sklstm.vectors._loading import load_vectors

_AT_LEAST_ONE = [Interval(Integral, 1, None, closed="left")]


@validate_params(
    {
        "vector_size": _AT_LEAST_ONE,
        "method": [StrOptions({"word2vec", "fasttext"})],
        "window": _AT_LEAST_ONE,
        "min_count": _AT_LEAST_ONE,
        "epochs": _AT_LEAST_ONE,
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def train_vectors(
    texts,
    vector_size=100,
    *,
    method="word2vec",
    window=5,
    min_count=2,
    epochs=20,
    random_state=None,
):
    """Learn word vectors from texts, which need no labels.

    The vectors are those of gensim's skip-gram model with negative sampling, trained on
    one thread, so that the same texts, ``random_state`` and versions give the same
    vectors.

    Parameters
    ----------
    texts : iterable of str, one column of them, or iterable of lists of str
        The texts, split as :class:`~sklstm.TextTokenizer` does, or lists of tokens.
    vector_size : int, default=100
        The length of a vector.
    method : {"word2vec", "fasttext"}, default="word2vec"
        What has a vector: whole words, or their parts as well, which gives vectors to
        words that the texts do not have, at some cost of time and memory.
    window : int, default=5
        How many words away from a word its context goes.
    min_count : int, default=2
        Words found fewer times get no vector.
    epochs : int, default=20
        How many times the texts are read.
    random_state : int, RandomState instance or None, default=None
        Draws the initial vectors, the contexts and the negative samples.

    Returns
    -------
    WordVectors
        A vector for each word, the most frequent word first.

    Raises
    ------
    ValueError
        If a text is missing, or no word is found ``min_count`` times.
    TypeError
        If a text or a token is not text.

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado and Dean (2013), "Distributed
       Representations of Words and Phrases and their Compositionality", NeurIPS 26.
    .. [2] Bojanowski, Grave, Joulin and Mikolov (2017), "Enriching Word Vectors with
       Subword Information", TACL 5.

    Examples
    --------
    >>> from sklstm import train_vectors
    >>> texts = ["a good film", "a bad film", "good or bad"]
    >>> vectors = train_vectors(texts, vector_size=4, random_state=0)
    >>> vectors.words
    ('a', 'bad', 'film', 'good')
    """
    tokens = TextTokenizer().fit_transform(texts)
    words = tokens.vocabulary.words
    flat, _ = tokens.to_ragged()
    counts = np.bincount(flat, minlength=len(words)).tolist()
    n_special = UNK_ID + 1
    if max(counts[n_special:]) < min_count:
        raise ValueError(
            f"train_vectors found no word {min_count} times. Lower min_count or give "
            "it more texts."
        )
    sentences = [[words[i] for i in row.tolist()] for row in tokens]
    from sklstm.vectors import _gensim

    keyed_vectors = _gensim.train(
        sentences,
        dict(zip(words[n_special:], counts[n_special:], strict=True)),
        method,
        seed=int(check_random_state(random_state).randint(2**31 - 1)),
        sg=1,
        vector_size=vector_size,
        window=window,
        min_count=min_count,
        epochs=epochs,
    )
    return load_vectors(keyed_vectors)
