"""load_vectors: word vectors of any source, read once in a process."""

import json
import os
import tempfile
import threading
from functools import lru_cache
from hashlib import blake2b
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from sklstm._sklearn import Interval, StrOptions, validate_params
from sklstm.text import Vocabulary
from sklstm.vectors._fasttext import check_fasttext
from sklstm.vectors._packed import packer_of
from sklstm.vectors._readers import kind_of, read_words
from sklstm.vectors._subwords import Subwords
from sklstm.vectors._word_vectors import WordVectors

_LOCK = threading.RLock()  # two threads that ask for one file get one copy of it


@validate_params(
    {
        "limit": [Interval(Integral, 1, None, closed="left"), None],
        "encoding": [str],
        "decode_error": [StrOptions({"strict", "ignore", "replace"})],
        "allow_pickle": ["boolean"],
        "cache_dir": [str, os.PathLike, None],
    },
    prefer_skip_nested_validation=True,
)
def load_vectors(
    source,
    *,
    limit=None,
    encoding="utf-8",
    decode_error="strict",
    allow_pickle=False,
    cache_dir=None,
):
    r"""Load word vectors.

    A file is read once in a process: whoever asks for it again gets the same
    read-only :class:`WordVectors`, for as long as the file is unchanged and among the
    last four.

    Parameters
    ----------
    source : path, str, WordVectors, or word vectors of gensim
        A file: word2vec, text or binary; GloVe; fastText ``.vec`` or ``.bin``, of which
        the latter has vectors for unknown words too; gensim's own ``.kv`` or
        ``.model``. Text may be packed by gzip or bzip2. What a file is, is told by what
        it holds. Or the name of vectors that gensim's downloader has, such as
        ``"glove-wiki-gigaword-100"``. Or a ``KeyedVectors`` or a model of gensim, of
        which a copy is made.
    limit : int, default=None
        How many words to keep, the first ones, which are the most frequent in all
        usual files. None keeps all.
    encoding : str, default="utf-8"
        How the words of a file are decoded.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What is done about bytes that are not of that encoding.
    allow_pickle : bool, default=False
        Whether a file of gensim's own format, which is a pickle, is read. Reading it
        runs whatever code is in it: allow it only for files that you trust.
    cache_dir : path, default=None
        A folder in which the vectors are stored once more as plain arrays. They are
        mapped into memory from there: at once, and one copy for all processes. None
        writes nothing.

    Returns
    -------
    WordVectors

    Raises
    ------
    FileNotFoundError
        If there is no such file, nor vectors of that name.
    ValueError
        If the file is damaged or of another kind; the message has the file and, for
        text, the line. If it unpacks to more than twenty times its size. If it is a
        pickle and ``allow_pickle`` is false, or another parameter is bad.
    TypeError
        If the source is none of these.

    See Also
    --------
    train_vectors : Learns vectors from texts.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklstm import load_vectors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "vectors.txt")
    ...     with open(path, "w", encoding="utf-8") as file:
    ...         _ = file.write("good 1 2\nbad -1 -1\n")
    ...     vectors = load_vectors(path)
    >>> vectors["bad"]
    array([-1., -1.], dtype=float32)
    """
    if isinstance(source, WordVectors):
        return _first(source, limit)
    if not isinstance(source, str | os.PathLike):
        return _first(_of_gensim(source), limit)
    path = _find(source)
    kind = kind_of(path)
    if kind == "pickle":
        if not allow_pickle:
            raise ValueError(
                f"{path} is a pickle, as gensim writes its own files: reading it runs "
                "whatever code is in it. Pass allow_pickle=True to load_vectors if you "
                "trust it; better, write it as word2vec with save_word2vec_format."
            )
        from sklstm.vectors import _gensim

        # No path is kept: unpickling a model must never lead to another pickle.
        return _first(_of_gensim(_gensim.load_native(path)), limit)
    return read_file(
        path,
        limit=limit,
        encoding=encoding,
        decode_error=decode_error,
        cache_dir=None if cache_dir is None else os.path.abspath(cache_dir),
    )


def read_file(
    path: str,
    *,
    limit: int | None,
    encoding: str,
    decode_error: str,
    cache_dir: str | None,
) -> WordVectors:
    """Read a file that is no pickle, or return what was read of it before."""
    with _LOCK:
        return _read_once(_stamp(path), path, limit, encoding, decode_error, cache_dir)


def has_copy(
    path: str,
    *,
    limit: int | None,
    encoding: str,
    decode_error: str,
    cache_dir: str | None,
) -> bool:
    """Whether what ``read_file`` would read is stored in ``cache_dir`` already."""
    if cache_dir is None:
        return False
    read = (_stamp(path), path, limit, encoding, decode_error)
    return _folder_of(read, cache_dir).exists()


def _stamp(path: str) -> tuple[int, int]:
    stat = os.stat(path)
    return stat.st_size, stat.st_mtime_ns


def _folder_of(read: tuple, cache_dir: str) -> Path:
    """Return the folder of the copy of what is read of a file."""
    digest = blake2b(repr(read).encode(), digest_size=8).hexdigest()
    return Path(cache_dir) / f"{Path(read[1]).name}-{digest}"


@lru_cache(maxsize=4)
def _read_once(
    stamp: tuple[int, int],
    path: str,
    limit: int | None,
    encoding: str,
    decode_error: str,
    cache_dir: str | None,
) -> WordVectors:
    """Read a file as it is since ``stamp``."""
    origin: dict[str, Any] = {
        "path": path,
        "limit": limit,
        "encoding": encoding,
        "decode_error": decode_error,
        "cache_dir": cache_dir,
    }
    if cache_dir is None:
        return WordVectors._stored(
            *_parts_of(path, limit, encoding, decode_error), origin
        )
    folder = _folder_of((stamp, path, limit, encoding, decode_error), cache_dir)
    if not folder.exists():
        _convert(_parts_of(path, limit, encoding, decode_error), folder)
    return _open_converted(folder, origin)


def _parts_of(
    path: str, limit: int | None, encoding: str, decode_error: str
) -> tuple[Vocabulary, np.ndarray, Subwords | None]:
    """Read the words, their vectors and those of their parts."""
    if kind_of(path) == "fasttext":
        if packer_of(path) is not None:
            raise ValueError(f"{path} is packed. Unpack it: fastText models are not.")
        check_fasttext(path)
        from sklstm.vectors import _gensim

        model = _gensim.load_fasttext(path, encoding)
        try:
            vectors = _first(_of_gensim(model), limit)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        return vectors.vocabulary, vectors.matrix, vectors._subwords
    words, matrix = read_words(path, limit, encoding, decode_error)
    return Vocabulary(words), matrix, None


def _find(source: str | os.PathLike) -> str:
    """Return the absolute path of a file or of downloaded vectors."""
    path = os.path.abspath(os.path.expanduser(os.fspath(source)))
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder. Pass a file of it.")
    if os.path.exists(path):
        return path
    if isinstance(source, str) and not set(source) & set("./\\"):  # no file of ours
        from sklstm.vectors import _gensim

        return _gensim.download(source)
    raise FileNotFoundError(f"There is no file of word vectors at {path}.")


def _of_gensim(source: Any) -> WordVectors:
    """Copy word vectors of gensim."""
    # Whoever has an object of gensim has imported it, so others need not.
    if type(source).__module__.partition(".")[0] == "gensim":
        from sklstm.vectors import _gensim

        keyed_vectors = _gensim.keyed_vectors_of(source)
        if keyed_vectors is not None:
            words, matrix, subwords = _gensim.read_keyed_vectors(keyed_vectors)
            checked = WordVectors(words, matrix)
            return WordVectors._stored(checked.vocabulary, checked.matrix, subwords)
    raise TypeError(
        "Word vectors are given as a path, the name of vectors of gensim's downloader, "
        f"a WordVectors or a KeyedVectors of gensim; got {type(source).__name__}."
    )


def _first(vectors: WordVectors, limit: int | None) -> WordVectors:
    """Return the vectors of the first words."""
    if limit is None or limit >= len(vectors):
        return vectors
    words = Vocabulary(vectors.words[:limit])
    return WordVectors._stored(words, vectors.matrix[:limit].copy(), vectors._subwords)


# -- the folder of plain arrays that processes share ----------------------------------


def _convert(
    parts: tuple[Vocabulary, np.ndarray, Subwords | None], folder: Path
) -> None:
    """Write a folder that is whole from the moment that it has its name."""
    vectors = WordVectors._stored(*parts)
    state = vectors.__getstate__()
    arrays = {"matrix": state["matrix"], **state["vocabulary"].__getstate__()}
    if "ngrams" in state:
        arrays["ngrams"] = state["ngrams"]
    plain = {"digest": vectors.digest, "ngram_lengths": state.get("ngram_lengths")}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        draft = Path(temporary) / "draft"
        draft.mkdir()
        for name, array in arrays.items():
            np.save(draft / f"{name}.npy", array)
        (draft / "plain.json").write_text(json.dumps(plain), "utf-8")
        try:
            os.rename(draft, folder)
        except OSError:
            if not folder.exists():  # else another process was faster
                raise


def _open_converted(folder: Path, origin: dict[str, Any]) -> WordVectors:
    """Map the arrays of a folder into memory."""

    def array(name: str) -> np.ndarray:
        path = folder / f"{name}.npy"
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))

    try:
        plain = json.loads((folder / "plain.json").read_text("utf-8"))
        state = {name: array(name) for name in ("utf8", "offsets")}
        vocabulary = Vocabulary.__new__(Vocabulary)
        vocabulary.__setstate__(state | {"n_fitted": int(array("n_fitted"))})
        subwords = None
        if plain["ngram_lengths"]:
            subwords = Subwords(array("ngrams"), *plain["ngram_lengths"])
        return WordVectors._stored(
            vocabulary, array("matrix"), subwords, origin, plain["digest"]
        )
    except (EOFError, OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{folder}, the stored copy of {origin['path']}, is damaged: {error}. "
            "Remove the folder, and it is made again."
        ) from error
