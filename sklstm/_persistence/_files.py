"""The file of a model: it knows when it is damaged, and is replaced at once.

Three parts: a line with the number of the format and the sha256 of all that follows, a
line of JSON that says what made it, and what skops makes of the estimator, an archive
of arrays and of a tree of types.
"""

import io
import json
import os
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from sklstm import __version__

MAGIC = b"sklstm-model"
FORMAT = 1

# A flood of zeros shrinks a thousandfold; what a model holds, by a few times at most
MAX_RATIO = 100


def write_file(path: Path, manifest: Mapping[str, Any], content: bytes) -> None:
    """Write a file; whatever happens meanwhile, the old one or the new one is there."""
    body = json.dumps(manifest).encode() + b"\n" + content
    head = b"%s %d %s\n" % (MAGIC, FORMAT, _digest(FORMAT, body))
    with replaced_file(path) as file:
        file.write(head)
        file.write(body)


def read_file(path: Any) -> tuple[dict[str, Any], bytes]:
    """Return the manifest and the content of a file that is whole."""
    data = Path(path).read_bytes()
    head, _, body = data.partition(b"\n")
    parts = head.split(b" ")
    if len(parts) != 3 or parts[0] != MAGIC or not parts[1].isdigit():
        raise ValueError(
            f"{path} is no file that sklstm.save has written, or its first line is "
            "damaged."
        )
    number = int(parts[1][:9])
    if parts[2] != _digest(number, body):
        raise ValueError(
            f"{path} is damaged: its content has another sha256 than when it was "
            "written. Take another copy of the file."
        )
    if number > FORMAT:
        raise ValueError(
            f"{path} has format {number}, and this is sklstm {__version__}, which "
            f"reads formats up to {FORMAT}; install a newer sklstm."
        )
    manifest, _, content = body.partition(b"\n")
    return json.loads(manifest), content


def refuse_floods(path: Any, content: bytes) -> None:
    """Refuse archives that unpack to far more than they are."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            for entry in archive.infolist():
                if entry.filename.endswith(".npz"):  # of a sparse matrix
                    with archive.open(entry) as file, zipfile.ZipFile(file) as inner:
                        size += sum(part.file_size for part in inner.infolist())
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    if size > MAX_RATIO * len(content):
        raise ValueError(
            f"{path} has {len(content):,} bytes and unpacks to {size:,}: no model does."
        )


def _digest(number: int, body: bytes) -> bytes:
    return sha256(b"%d\n" % number + body).hexdigest().encode()


@contextmanager
def replaced_file(path: Path) -> Iterator[Any]:
    """Write a file beside ``path`` and put it there at once when it is whole."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        os.replace(beside, path)
    except BaseException:
        with suppress(FileNotFoundError):
            beside.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):  # not on Windows
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
