"""From tokens to ids, and from ids in any container to rows and texts."""

from collections.abc import Iterable, Mapping, Set
from functools import partial
from itertools import islice, repeat
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from sklstm.text._token_array import TokenArray
from sklstm.text._vocabulary import PAD_ID, UNK_ID, Vocabulary
from sklstm.text._word_counts import WordCounts, growing_index, write_ids

if TYPE_CHECKING:
    from sklstm.text._tokenizer import TextTokenizer


def select_words(estimator: "TextTokenizer", counts: WordCounts) -> np.ndarray:
    """Return the positions of the words to keep, in the order of their new ids."""
    name, words = type(estimator).__name__, counts.words
    kept = counts.n_special + np.flatnonzero(counts.tokens[counts.n_special :])
    if not len(kept):
        raise ValueError(
            f"{name} found an empty vocabulary; perhaps the documents only contain "
            "stop words"
        )
    low, high = (
        int(limit) if isinstance(limit, Integral) else limit * counts.n_texts
        for limit in (estimator.min_df, estimator.max_df)
    )
    if high < low:
        raise ValueError(f"{name}: max_df corresponds to < documents than min_df")
    if counts.texts is not None:
        found_in = counts.texts[kept]
        kept = kept[(low <= found_in) & (found_in <= high)]
    if not len(kept):
        raise ValueError(
            f"{name}: After pruning, no terms remain. Try a lower min_df or a "
            "higher max_df."
        )
    kept = np.array(sorted(kept.tolist(), key=words.__getitem__))
    falling = np.argsort(-counts.tokens[kept], kind="stable")
    return kept[falling][: estimator.max_features]


def has_limits(estimator: "TextTokenizer") -> bool:
    """Whether it matters in how many texts a word is."""
    low, high = estimator.min_df, estimator.max_df
    all_texts = not isinstance(high, Integral) and high == 1
    return not all_texts or low > (1 if isinstance(low, Integral) else 0)


def given_vocabulary(estimator: "TextTokenizer", special: list[str]) -> Vocabulary:
    """Read the parameter ``vocabulary``."""
    given = estimator.vocabulary
    try:
        if isinstance(given, str):
            raise TypeError("it is one str, not words")
        if isinstance(given, Mapping):
            if len(set(given.values())) < len(given):
                raise ValueError("two words have the same number")
            given = sorted(given, key=given.__getitem__)
        elif isinstance(given, Set):
            given = sorted(given)
        words = [word for word in given if word not in special]
        if not words:
            raise ValueError("empty vocabulary passed to fit")
        return Vocabulary([*special, *words])
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"{type(estimator).__name__} cannot use its parameter vocabulary: {error}"
        ) from error


def renumber(
    words: list[str],
    n_special: int,
    kept: np.ndarray,
    vocabulary: Vocabulary,
    *,
    keep: bool,
) -> tuple[np.ndarray, Vocabulary]:
    """Return the new id of each position, and the vocabulary of the new ids."""
    new_ids = np.full(len(words), UNK_ID, dtype=np.int32)
    new_ids[:n_special] = np.arange(n_special)
    new_ids[PAD_ID] = UNK_ID  # a literal <pad>
    new_ids[kept] = np.arange(n_special, len(vocabulary))
    if keep:
        cut = np.setdiff1d(np.arange(n_special, len(words)), kept)
        new_ids[cut] = len(vocabulary) + np.arange(len(cut))
        vocabulary = vocabulary.extend(words[i] for i in cut)
    return new_ids, vocabulary


def look_up(
    vocabulary: Vocabulary, documents: Iterable[list[str]], *, keep: bool
) -> TokenArray:
    """Write tokens as ids of a vocabulary, or as ids past it to keep unknown words."""
    if keep:
        index = growing_index(vocabulary.ids)
        flat, lengths = write_ids(documents, partial(map, index.__getitem__))
        vocabulary = vocabulary.extend(islice(index, len(vocabulary), None))
    else:
        get = vocabulary.ids.get
        flat, lengths = write_ids(
            documents, lambda tokens: map(get, tokens, repeat(UNK_ID))
        )
    flat[flat == PAD_ID] = UNK_ID  # a literal <pad>
    return TokenArray.from_ragged(flat, lengths, vocabulary)


def read_ids(X, n_words: int, name: str) -> TokenArray:
    """Read the rows of ids in any container, ragged or padded."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if getattr(X, "shape", ())[1:] == (1,) and len(X) and np.ndim(X[0, 0]):
        X = X[:, 0]  # a frame of one column of arrays
    rows = TokenArray.from_rows(X)
    flat, lengths = rows.to_ragged()
    wrong = np.flatnonzero((flat < 0) | (flat >= n_words))
    if len(wrong):
        row = np.searchsorted(np.cumsum(lengths), wrong[0], side="right")
        raise ValueError(
            f"{name} found id {flat[wrong[0]]} at row {row}, but its vocabulary has "
            f"ids from 0 to {n_words - 1}."
        )
    return rows


def write_texts(estimator: "TextTokenizer", X, *, n_special: int) -> np.ndarray:
    """Write the words of ids of any container, special words but ``<unk>`` left out."""
    from sklstm._validation import vocabulary_of  # late: it imports scikit-learn

    name, vocabulary = type(estimator).__name__, vocabulary_of(X)
    if vocabulary is None:
        vocabulary = estimator._vocabulary
    elif vocabulary.fitted_digest != estimator._vocabulary.digest:
        raise ValueError(
            f"{name} got ids of another vocabulary: use the tokenizer that made them."
        )
    words, separator = vocabulary.words, "" if estimator.analyzer == "char" else " "
    unseen = {PAD_ID, *range(UNK_ID + 1, n_special)}
    texts = [
        separator.join(words[i] for i in row.tolist() if i not in unseen)
        for row in read_ids(X, len(words), name)
    ]
    return np.array(texts, dtype=object)
