"""Readers of vector files: word2vec text and binary, GloVe text, fastText ``.vec``.

A file is told by what it holds, not by its name, and nothing is allocated on the word
of a header.
"""

import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice, repeat
from typing import IO

import numpy as np

from sklstm.vectors._packed import open_unpacked, packer_of

_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"(\d{1,18})[ \t]+(\d{1,18})[ \t]*\r?\n")
_HTML = re.compile(rb"\s*<(!doctype|html|head|\?xml)", re.IGNORECASE)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_NO_TEXT = re.compile(rb"[^\t\r\x20-\x7e]")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_BLANK = b" \t\r\n"
_N_SNIFFED = 1 << 16
_N_LINES = 1024  # read at a time, or
_N_BYTES = 1 << 22  # that much, whatever comes first
_LONGEST = 1 << 20  # bytes of a line, and of a word

Words = list[str]
Decode = Callable[[bytes], str]


def kind_of(path: str) -> str:
    """Tell "pickle", "fasttext" and "words", the formats read here, apart.

    Raises
    ------
    ValueError
        If the file is empty, a web page, an archive, or binary of another kind.
    """
    with open_unpacked(path) as file:
        head = file.read(_N_SNIFFED)
    if not head.strip(_BLANK):
        raise ValueError(f"{path} is empty.")
    if _PICKLE.match(head):
        return "pickle"
    if head.startswith(b"\xba\x16\x4f\x2f"):
        return "fasttext"
    if head.startswith(b"PK\x03\x04"):
        raise ValueError(f"{path} is a zip archive. Unpack it and pass a file of it.")
    if _HTML.match(head):
        raise ValueError(
            f"{path}, line 1: this is a web page, not word vectors. Download the file "
            "itself."
        )
    if b"\x00" in head and _header_of(head) is None:
        raise ValueError(
            f"{path}, line 1: binary data without the header of a word2vec file. Word "
            "vectors are read from word2vec, GloVe and fastText files."
        )
    return "words"


def read_words(
    path: str, limit: int | None, encoding: str, decode_error: str
) -> tuple[Words, np.ndarray]:
    """Read the first ``limit`` words and their vectors.

    Parameters
    ----------
    path : str
        A file of word2vec, text or binary, GloVe or fastText ``.vec``, packed or not.
    limit : int or None
        How many words to read; None reads all.
    encoding, decode_error : str
        How the words are decoded.

    Returns
    -------
    words : list of str
        Each word once.
    matrix : ndarray of shape (n_words, vector_size), float32

    Raises
    ------
    ValueError
        If the file is not of these formats; the message has the file and the line.
    """
    with open_unpacked(path) as file:
        head = file.read(_N_SNIFFED)
        header = _header_of(head)
        file.seek(len(_BOM) if head.startswith(_BOM) else 0)
        binary = False
        if header is not None:
            if 0 in header:
                raise ValueError(f"{path}, line 1: the header promises no vectors.")
            start = file.tell() + len(file.readline())
            binary = _is_binary(head[start:], header[1])
            if packer_of(path) is None:
                _check_claim(path, header, 4 if binary else 2)
        first = 1 if binary else 1 + (header is not None)
        unit = "word" if binary else "line"

        def place(row: int) -> str:
            return f"{path}, {unit} {row + first}"

        def decode(row: int, raw: bytes) -> str:
            try:
                return raw.decode(encoding, decode_error)
            except UnicodeDecodeError as error:
                raise ValueError(
                    f'{place(row)}: {error}. Set encoding=, or decode_error="replace".'
                ) from error

        size = None if header is None else header[1]
        read: Callable = _read_binary if binary else _read_text
        words, matrix = read(file, size, limit, place, decode)
    if header is not None:
        _check_count(path, header[0], len(words), limit, place)
    if not words:
        raise ValueError(f"{path} is empty.")
    check_finite(words, matrix, place)
    return _first_of_each(path, words, matrix)


def check_finite(words: Words, matrix: np.ndarray, place: Callable[[int], str]) -> None:
    """Refuse NaN and infinity, a slice at a time."""
    for start in range(0, len(matrix), _N_LINES):
        finite = np.isfinite(matrix[start : start + _N_LINES]).all(axis=1)
        if not finite.all():
            row = start + int(finite.argmin())
            raise ValueError(
                f"{place(row)}: the vector of {words[row]!r} has NaN or infinity in it."
            )


def _header_of(head: bytes) -> tuple[int, int] | None:
    """Return the number of words and of dimensions that the first line promises."""
    match = _HEADER.match(head.removeprefix(_BOM))
    return None if match is None else (int(match[1]), int(match[2]))


def _is_binary(body: bytes, size: int) -> bool:
    """Whether the numbers after a header are bytes of floats, not text."""
    line = body.partition(b"\n")[0]
    tokens = line.split()
    if len(tokens) > size and all(map(_is_number, tokens[-size:])):
        return False
    numbers = line.partition(b" ")[2][: 4 * size]
    return bool(_NO_TEXT.search(numbers) or _CONTROL.search(body))


def _is_number(token: str | bytes) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def _check_claim(path: str, header: tuple[int, int], width: int) -> None:
    """Refuse a header that promises more than the file, not packed, can hold."""
    n_words, size = header
    n_bytes = os.path.getsize(path)
    if n_bytes < n_words * (width * size + 1):
        raise ValueError(
            f"{path}, line 1: the header promises {n_words} words of {size} numbers, "
            f"more than a file of {n_bytes} bytes can hold. Is it truncated?"
        )


def _check_count(
    path: str, promised: int, found: int, limit: int | None, place: Callable
) -> None:
    if found < promised and found != limit:
        raise ValueError(
            f"{place(found)}: the header promises {promised} words, but the file ends "
            f"after {found}. Is it truncated?"
        )
    if found > promised and limit is None:
        warnings.warn(
            f"{path}: the header promises {promised} words, but the file has {found}. "
            "All of them were read.",
            stacklevel=2,
        )


def _first_of_each(
    path: str, words: Words, matrix: np.ndarray
) -> tuple[Words, np.ndarray]:
    """Keep the first vector of a word that is there more than once."""
    rows: dict[str, int] = {}
    for row, word in enumerate(words):
        rows.setdefault(word, row)
    n_repeats = len(words) - len(rows)
    if not n_repeats:
        return words, matrix
    repeated = next(word for row, word in enumerate(words) if rows[word] != row)
    warnings.warn(
        f"{path} has {n_repeats} words more than once, {repeated!r} for one. The first "
        "vector of each was kept.",
        stacklevel=2,
    )
    return list(rows), matrix[list(rows.values())]


def _read_text(
    file: IO[bytes],
    size: int | None,
    limit: int | None,
    place: Callable[[int], str],
    decode: Callable[[int, bytes], str],
) -> tuple[Words, np.ndarray]:
    words: Words = []
    numbers = bytearray()  # grows in place: a list of arrays would need twice the room
    for chunk in _chunks(islice(_lines(file, place), limit)):
        row = len(words)
        texts = [decode(row + i, line) for i, line in enumerate(chunk)]
        if size is None:
            size = _size_of(texts[0], place(0))
        places = map(place, range(row, row + len(texts)))
        found, block = _read_block(texts, size, places)
        words += found
        numbers += block.tobytes()
    return words, np.frombuffer(numbers, np.float32).reshape(len(words), size or 0)


def _lines(file: IO[bytes], place: Callable[[int], str]) -> Iterator[bytes]:
    """Yield the lines without what is blank at their end; no blank lines at the end."""
    n_read = n_blank = 0
    for line in iter(partial(file.readline, _LONGEST), b""):
        stripped = line.rstrip(_BLANK)
        if not stripped:
            n_blank += 1
            continue
        n_read += n_blank
        if len(line) == _LONGEST:
            raise ValueError(f"{place(n_read)}: a line of {_LONGEST:,} bytes or more")
        yield from repeat(b"", n_blank)
        n_read, n_blank = n_read + 1, 0
        yield stripped


def _chunks(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield lists of some lines, which are read at once."""
    chunk, n_bytes = [], 0
    for line in lines:
        chunk.append(line)
        n_bytes += len(line)
        if len(chunk) == _N_LINES or n_bytes > _N_BYTES:
            yield chunk
            chunk, n_bytes = [], 0
    if chunk:
        yield chunk


def _size_of(line: str, place: str) -> int:
    """Count the numbers of the first line of a file without a header."""
    n_numbers = 0
    for token in reversed(line.split(" ")[1:]):
        if not _is_number(token):
            break
        n_numbers += 1
    if not n_numbers:
        raise ValueError(
            f"{place}: expected a word and its numbers, found {line:.60}. Word vectors "
            "are read from word2vec, GloVe and fastText files."
        )
    return n_numbers


def _read_block(
    lines: Words, size: int, places: Iterable[str]
) -> tuple[Words, np.ndarray]:
    """Read some lines at once; one by one where that fails, to find out why."""
    parts = [line.partition(" ") for line in lines]
    rests = [rest for _, _, rest in parts]
    if all(rests):  # loadtxt would skip an empty one
        try:
            with np.errstate(over="ignore"):  # an infinity, which is refused later
                block = np.loadtxt(
                    rests, np.float32, comments=None, delimiter=" ", ndmin=2
                )
            if block.shape == (len(lines), size):
                return [word for word, _, _ in parts], block
        except ValueError:
            pass
    read = [_read_line(*line, size) for line in zip(places, lines, strict=True)]
    with np.errstate(over="ignore"):
        block = np.array([numbers for _, numbers in read]).astype(np.float32)
    return [word for word, _ in read], block


def _read_line(place: str, line: str, size: int) -> tuple[str, list[float]]:
    """Read one line, whose word may have spaces in it."""
    tokens = line.split(" ")
    numbers = tokens[-size:] if len(tokens) > size else tokens[1:]
    bad = next((token for token in numbers if not _is_number(token)), None)
    # A number where the word should end: too many numbers
    extra = len(tokens) > size + 1 and _is_number(tokens[-size - 1])
    if len(numbers) < size or extra:
        found = len(tokens) - 1
        raise ValueError(f"{place}: expected {size} numbers, found {found}")
    if bad is not None:
        raise ValueError(f"{place}: expected {size} numbers, found {bad!r:.40}")
    return " ".join(tokens[:-size]), [float(number) for number in numbers]


def _read_binary(
    file: IO[bytes],
    size: int,
    limit: int | None,
    place: Callable[[int], str],
    decode: Callable[[int, bytes], str],
) -> tuple[Words, np.ndarray]:
    words: Words = []
    numbers = bytearray()
    for word, vector in islice(_records(file, 4 * size, place), limit):
        words.append(decode(len(words), word))
        numbers += vector
    return words, np.frombuffer(numbers, "<f4").reshape(-1, size).astype(
        np.float32, copy=False
    )


def _records(
    file: IO[bytes], width: int, place: Callable[[int], str]
) -> Iterable[tuple[bytes, bytes]]:
    """Yield each word and the bytes of its vector."""
    pending, start, n_read = bytearray(), 0, 0
    while data := file.read(1 << 20):
        del pending[:start]
        pending += data
        start = 0
        while (space := pending.find(b" ", start, start + _LONGEST)) >= 0:
            stop = space + 1 + width
            if stop > len(pending):
                break
            # Some writers put a line feed after each vector.
            word = bytes(pending[start:space]).lstrip(b"\n")
            yield word, bytes(pending[space + 1 : stop])
            start, n_read = stop, n_read + 1
        if space < 0 and len(pending) - start > _LONGEST:
            raise ValueError(f"{place(n_read)}: it has {_LONGEST:,} bytes or more")
    if pending[start:].strip(_BLANK):
        raise ValueError(
            f"{place(n_read)}: the file ends inside of it. Is it truncated?"
        )
