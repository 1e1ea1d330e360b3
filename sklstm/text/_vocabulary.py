"""Vocabulary: the words behind the ids, stored as bytes."""

from collections import Counter
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise

import numpy as np

PAD, UNK, BOS, EOS = "<pad>", "<unk>", "<bos>", "<eos>"
PAD_ID, UNK_ID = 0, 1


class Vocabulary:
    """Words in a fixed order: the id of a word is its position.

    A vocabulary never changes, so copies share it, and equal words make equal
    vocabularies. The words are held as UTF-8 bytes and offsets, two arrays that every
    kind of file stores at once; the tuple and the dict of the words are made when they
    are first asked for and are never pickled.

    Parameters
    ----------
    words : iterable of str
        The words, each once.
    n_fitted : int, default=None
        How many leading words were there when the tokenizer was fitted; the words
        after them were appended by ``TextTokenizer(unknown="keep")``. None means all.

    Attributes
    ----------
    n_fitted : int
        How many leading words were there when the tokenizer was fitted.
    words : tuple of str
        The words in order.
    ids : dict of str to int
        The position of each word. Shared by all users: do not change it.
    digest : str
        A fingerprint of the words and ``n_fitted``, in hexadecimal.
    fitted_digest : str
        The ``digest`` of the fitted part, whatever was appended to it.

    Raises
    ------
    ValueError
        If a word appears twice, or ``n_fitted`` is not between 0 and the number of
        words.
    TypeError
        If a word is not a str.

    Examples
    --------
    >>> from sklstm.text import Vocabulary
    >>> fitted = Vocabulary(["<pad>", "<unk>", "good", "film"])
    >>> fitted.ids["film"], fitted[2], len(fitted)
    (3, 'good', 4)
    >>> longer = fitted.extend(["bad"])
    >>> len(longer), longer.n_fitted, longer.fitted == fitted
    (5, 4, True)
    """

    def __init__(self, words, n_fitted=None):
        words = tuple(words)
        for position, word in enumerate(words):
            if not isinstance(word, str):
                raise TypeError(
                    f"Vocabulary expects words of type str; word {position} is "
                    f"{type(word).__name__} ({word!r})."
                )
        if len(set(words)) < len(words):
            word, times = Counter(words).most_common(1)[0]
            raise ValueError(
                f"Vocabulary expects each word once; {word!r} appears {times} times."
            )
        n_fitted = len(words) if n_fitted is None else int(n_fitted)
        if not 0 <= n_fitted <= len(words):
            raise ValueError(
                f"Vocabulary expects n_fitted from 0 to {len(words)}, the number of "
                f"words, got {n_fitted}."
            )
        self._store(*_encode(words), n_fitted)

    def _store(self, utf8: np.ndarray, offsets: np.ndarray, n_fitted: int) -> None:
        self._utf8, self._offsets, self._n_fitted = utf8, offsets, n_fitted

    @classmethod
    def _stored(
        cls, utf8: np.ndarray, offsets: np.ndarray, n_fitted: int
    ) -> "Vocabulary":
        """Make a vocabulary of bytes that are known to be right."""
        vocabulary = cls.__new__(cls)
        vocabulary._store(utf8, offsets, n_fitted)
        return vocabulary

    @property
    def n_fitted(self):
        """How many leading words were there when the tokenizer was fitted."""
        return self._n_fitted

    @cached_property
    def words(self):
        """The words in order, a tuple of str."""
        utf8, bounds = self._utf8.tobytes(), self._offsets.tolist()
        return tuple(
            utf8[start:stop].decode("utf-8", "surrogatepass")
            for start, stop in pairwise(bounds)
        )

    @cached_property
    def ids(self):
        """The position of each word, a dict shared by all users."""
        return {word: position for position, word in enumerate(self.words)}

    @cached_property
    def digest(self):
        """A fingerprint of the words and ``n_fitted``, in hexadecimal."""
        offsets = self._offsets.astype("<i8")
        fingerprint = blake2b(digest_size=16)
        for part in (np.int64(self._n_fitted).astype("<i8"), offsets, self._utf8):
            fingerprint.update(part.tobytes())
        return fingerprint.hexdigest()

    @property
    def fitted_digest(self):
        """The ``digest`` of the fitted part."""
        return self.fitted.digest

    @cached_property
    def fitted(self):
        """The vocabulary as it was fitted, without the words appended later."""
        if self._n_fitted == len(self):
            return self
        offsets = self._offsets[: self._n_fitted + 1]
        return self._stored(self._utf8[: offsets[-1]], offsets, self._n_fitted)

    def select(self, positions):
        """Return some of the words.

        Parameters
        ----------
        positions : ndarray of shape (n_selected,), integer
            Positions in the vocabulary.

        Returns
        -------
        list of str
            The word at each position.
        """
        utf8, starts, stops = self._utf8, self._offsets[:-1], self._offsets[1:]
        bounds = zip(starts[positions].tolist(), stops[positions].tolist(), strict=True)
        return [
            utf8[start:stop].tobytes().decode("utf-8", "surrogatepass")
            for start, stop in bounds
        ]

    def extend(self, words):
        """Append words that fit did not see.

        Parameters
        ----------
        words : iterable of str
            Words that are not in the vocabulary yet, each once.

        Returns
        -------
        Vocabulary
            A new vocabulary with the same ``n_fitted``.

        Raises
        ------
        ValueError
            If a word appears twice, or is in the vocabulary already.
        """
        tail = Vocabulary(words)
        if not len(tail):
            return self
        known = next((word for word in tail if word in self.ids), None)
        if known is not None:
            raise ValueError(f"Vocabulary has the word {known!r} already.")
        return self._stored(
            np.concatenate([self._utf8, tail._utf8]),
            np.concatenate([self._offsets, tail._offsets[1:] + self._offsets[-1]]),
            self._n_fitted,
        )

    def __len__(self):
        return len(self._offsets) - 1

    def __getitem__(self, position):
        return self.words[position]

    def __iter__(self):
        return iter(self.words)

    def __contains__(self, word):
        return word in self.ids

    def __eq__(self, other):
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.digest == other.digest

    def __hash__(self):
        return hash(self.digest)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self  # nothing in it changes; pandas copies attrs at every operation

    def __getstate__(self):
        return {
            "utf8": self._utf8,
            "offsets": self._offsets,
            "n_fitted": self._n_fitted,
        }

    def __setstate__(self, state):
        self._store(state["utf8"], state["offsets"], state["n_fitted"])

    def __repr__(self):
        shown = ", ".join(map(repr, self.words[:6]))
        more = ", ..." if len(self) > 6 else ""
        return f"Vocabulary({shown}{more}; {len(self)} words)"


def _encode(words: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the UTF-8 bytes of all words and where each of them starts and ends."""
    # surrogatepass: text with half of an emoji is odd, but it is text.
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    offsets = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum([len(word) for word in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets
