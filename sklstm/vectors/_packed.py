"""Files of word vectors that are packed by gzip or bzip2, and floods that are not."""

import bz2
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

# Word vectors shrink to a third, or to a tenth where they are rounded; what is refused
# is more than so many times the bytes read so far, and a mebibyte
_MAX_RATIO, _ALWAYS = 20, 1 << 20
_N_BUFFERED = 1 << 16


def packer_of(path: str) -> Callable | None:
    """Return the function that opens a packed file; None for one that is not."""
    with open(path, "rb") as file:
        magic = file.read(3)
    packers: dict[bytes, Callable] = {
        b"\x1f\x8b\x08": lambda raw: gzip.GzipFile(fileobj=raw),
        b"BZh": bz2.BZ2File,
    }
    return packers.get(magic)


@contextmanager
def open_unpacked(path: str) -> Iterator[IO[bytes]]:
    """Open a file that may be packed by gzip or bzip2."""
    packer = packer_of(path)
    with open(path, "rb") as raw:
        if packer is None:
            yield raw
            return
        try:
            with packer(raw) as packed:
                yield io.BufferedReader(_Unpacked(path, raw, packed), _N_BUFFERED)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path} is truncated or damaged: {error}") from error


class _Unpacked(io.RawIOBase):
    """What a packed file holds, refused where it is a flood.

    Parameters
    ----------
    path : str
        The name of the file.
    raw, packed : file
        The file, and what unpacks it as it is read.
    """

    def __init__(self, path: str, raw: IO[bytes], packed: IO[bytes]):
        self.path, self.raw, self.packed = path, raw, packed

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self.packed.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        data = self.packed.read(len(buffer))
        if self.packed.tell() > _MAX_RATIO * self.raw.tell() + _ALWAYS:
            raise ValueError(
                f"{self.path} unpacks to more than {_MAX_RATIO} times its size: word "
                "vectors do not shrink like that. Unpack it yourself if you trust it."
            )
        buffer[: len(data)] = data
        return len(data)
