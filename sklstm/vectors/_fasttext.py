"""Looks through the file of a fastText model before gensim reads it.

gensim believes such a file: it reads on for ever in a word that does not end, and makes
matrices as large as it is told.
"""

import mmap
import os
import struct
from typing import NoReturn

# Magic number and version; 12 settings, the first the length of a vector; a threshold;
# numbers of entries, words and labels; of tokens and of dropped parts of words
_HEADER = struct.Struct("<2i 12i d 3i 2q")
_MATRIX = struct.Struct("<? 2q")
_AFTER_WORD = 9  # a count and a type
_LONGEST_PART = 100  # characters; fastText has 6 by default


def check_fasttext(path: str) -> None:
    """Refuse the file of a model whose parts are not as long as it says.

    Raises
    ------
    ValueError
        If the file is truncated, damaged, or made smaller by quantization.
    """
    n_bytes = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            raise ValueError(f"{path} is truncated: it ends in its header.")
        numbers = _HEADER.unpack(head)
        size, n_parts, shortest, longest = numbers[2], *numbers[10:13]
        n_entries, n_words, n_labels, _, n_dropped = numbers[15:]
        if n_labels > 0:
            raise ValueError(f"{path} is a fastText classifier, not word vectors.")
        claims = size, n_words, n_parts, shortest, longest
        n_rows = n_words + n_parts
        if (
            min(claims) < 0
            or not size
            or n_entries != n_words
            or longest > _LONGEST_PART
            or 4 * size * n_rows > n_bytes
        ):
            raise ValueError(
                f"{path} is truncated or damaged: its header promises {n_words} words "
                f"and {n_parts} parts of words of {size} numbers, but it has {n_bytes} "
                "bytes."
            )
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            start = _end_of_words(path, data, n_words) + 8 * max(n_dropped, 0)
            if start + _MATRIX.size > n_bytes:
                _truncated(path, "words")
            is_small, *shape = _MATRIX.unpack(data[start : start + _MATRIX.size])
    if is_small:
        raise ValueError(f"{path} is a quantized model, which is not read.")
    if shape != [n_rows, size]:
        raise ValueError(
            f"{path} is damaged: its matrix is of shape {tuple(shape)}, not of "
            f"{(n_rows, size)}."
        )
    if start + _MATRIX.size + 4 * n_rows * size > n_bytes:
        _truncated(path, "matrix")


def _end_of_words(path: str, data: mmap.mmap, n_words: int) -> int:
    """Return where the entries of the words end."""
    position = _HEADER.size
    for _ in range(n_words):
        stop = data.find(b"\0", position)
        if stop < 0:
            _truncated(path, "words")
        position = stop + 1 + _AFTER_WORD
    return position


def _truncated(path: str, part: str) -> NoReturn:
    raise ValueError(f"{path} is truncated: it ends in its {part}.")
