"""The file of a model: it knows when it is damaged, and is replaced at once.

Three parts: a line with the number of the format and the sha256 of all that follows, a
line of JSON that says what made it, and what skops makes of the estimator, an archive
of arrays and of a tree of types.
"""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from sklstm import __version__

MAGIC = b"sklstm-model"
FORMAT = 1


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
    line, _, content = body.partition(b"\n")
    with reading_errors(path):
        manifest = json.loads(line)
        if not isinstance(manifest, dict):
            raise ValueError("its second line is no JSON object")
    return manifest, content


@contextmanager
def reading_errors(path: Any) -> Iterator[None]:
    """Say which file it was that could not be read, whatever it made its readers raise.

    A lack of memory or of a package is no fault of the file.
    """
    try:
        yield
    except (ImportError, MemoryError):
        raise
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    except Exception as error:
        raise ValueError(
            f"{path} cannot be read: it is not as sklstm.save writes it "
            f"({type(error).__name__}: {error})."
        ) from error


def _digest(number: int, body: bytes) -> bytes:
    return sha256(b"%d\n" % number + body).hexdigest().encode()


@contextmanager
def replaced_file(path: Path) -> Iterator[Any]:
    """Write a file beside ``path`` and put it there at once when it is whole.

    Of a link, what it points to is replaced. Devices and pipes are written to.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        with open(path, "wb") as file:
            yield file
        return
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
