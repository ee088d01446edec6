"""The bytes of a file, unpacked when it is gzipped, and what kind of file they make."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from amends.engine.contracts import BadInput

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEAD = 1 << 16
"""How many bytes are looked at to tell what a file is."""

LONGEST_RECORD: Final = 1 << 24
"""Characters of one record or line; what is longer is no row that anybody wrote."""

LARGEST_WHOLE: Final = 1 << 28
"""Bytes of a file that has to be held in memory whole: a JSON document, a packed workbook."""

_BUFFER = 1 << 17
_MOST_TIMES, _PLENTY = 200, 1 << 30
"""A gzip that unpacks to more than a gigabyte and so many times its size holds nothing but air."""

GZIP_ERRORS = (gzip.BadGzipFile, EOFError, zlib.error)
"""What reading a gzip file that is broken may raise."""

_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"SQLite format 3": "an SQLite database",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"(\xb5/\xfd": "a Zstandard archive",
    b"\xfd7zXZ": "an xz archive",
}
_FORMATS = "CSV, TSV, XLSX, JSON, JSONL or Parquet"


@dataclass(frozen=True, slots=True)
class FileBytes:
    """A readable file: where it is, its name in messages, and whether it is gzipped."""

    path: Path
    name: str
    is_gzipped: bool
    head: bytes

    @property
    def size(self) -> int:
        """Return how many bytes the file has, packed as it may be."""
        return self.path.stat().st_size

    @contextmanager
    def follow(self) -> Iterator[tuple[BinaryIO, Callable[[], float]]]:
        """Open the (unpacked) content, and say when asked which share of it has been read."""
        with self.path.open("rb") as packed:
            size = max(self.size, 1)
            stream: BinaryIO = packed
            if self.is_gzipped:
                unpacked = _Unpacked(packed, self.name, size)
                stream = cast("BinaryIO", io.BufferedReader(unpacked, _BUFFER))
            yield stream, lambda: min(packed.tell() / size, 1.0)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the (unpacked) content for reading."""
        with self.follow() as (stream, _):
            yield stream

    def read(self) -> bytes:
        """Return the whole (unpacked) content.

        Raises
        ------
        BadInput
            It is more than `LARGEST_WHOLE`.

        """
        with self.open() as stream:
            content = stream.read(LARGEST_WHOLE + 1)
        if len(content) > LARGEST_WHOLE:
            raise BadInput(
                f"The file has more than {LARGEST_WHOLE >> 20} MB, too much for its format: such a "
                "file is read whole.",
                where=self.name,
                remedy="Export it as CSV, JSONL or Parquet, which may be of any size.",
            )
        return content

    @property
    def extension(self) -> str:
        """The file name's last extension that is not gz: "csv"; empty when there is none."""
        parts = [part for part in self.name.lower().split(".")[1:] if part != "gz"]
        return parts[-1] if parts else ""


class _Unpacked(io.RawIOBase):
    """The content of a gzip that is taken for a bomb when it goes on and on."""

    def __init__(self, packed: BinaryIO, name: str, size: int) -> None:
        self._stream = gzip.GzipFile(fileobj=packed, mode="rb")
        self._name, self._most, self._n = name, max(_PLENTY, _MOST_TIMES * size), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        n = self._stream.readinto(buffer)
        self._n += n
        if self._n > self._most:
            raise BadInput(
                f"The gzip unpacks to more than {_MOST_TIMES} times its size.",
                where=self._name,
                remedy="Unpack it and look at it: rows do not repeat that much.",
            )
        return n


def look_at(path: Path, name: str = "") -> FileBytes:
    """Return the file's bytes and its first `HEAD` of them; `name` is what messages call it.

    Raises
    ------
    BadInput
        There is no such file, it is a folder, it may not be read, it is empty, or its gzip is
        broken.

    """
    name = name or path.name or str(path)
    if path.is_dir():
        raise BadInput(
            "This is a folder, not a file.", where=str(path), remedy="Name the files in it."
        )
    try:
        with path.open("rb") as stream:
            is_gzipped = stream.read(2) == _GZIP
        file = FileBytes(path, name, is_gzipped, b"")
        with file.open() as stream:
            head = stream.read(HEAD)
    except FileNotFoundError:
        raise BadInput(
            "There is no such file.", where=str(path), remedy="Check the path."
        ) from None
    except GZIP_ERRORS as error:
        raise damaged_gzip(name) from error
    except OSError as error:
        raise BadInput(
            f"The file cannot be read: {error.strerror or error}.",
            where=str(path),
            remedy="Check the file and the right to read it.",
        ) from error
    if name.lower().endswith(".gz") and not is_gzipped and head:
        raise BadInput(
            "The name ends in .gz, but the content is not gzipped.",
            where=name,
            remedy="Remove .gz from the name, or export the file again.",
        )
    if not head.strip():
        raise BadInput("The file is empty.", where=name, remedy="Export it again with its rows.")
    return FileBytes(path, name, is_gzipped, head)


def damaged_gzip(name: str) -> BadInput:
    """Return the refusal of a file whose gzip cannot be unpacked to its end."""
    return BadInput(
        "The gzip is damaged or cut off.", where=name, remedy="Copy or export the file again."
    )


def format_of(file: FileBytes) -> str:
    """Return xlsx, parquet, json or text, by content; the extension only decides near misses.

    Raises
    ------
    BadInput
        The content is none of the formats that are read.

    """
    head = file.head
    if head.startswith(_PARQUET):
        return "parquet"
    if head.startswith((_OLE, _ZIP)):
        return "xlsx"
    for magic, what in _OTHERS.items():
        if head.startswith(magic):
            raise BadInput(
                f"This is {what}.", where=file.name, remedy=f"Export the rows as {_FORMATS}."
            )
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in {b"{", b"["} and file.extension not in {"csv", "tsv", "txt"}:
        return "json"
    return "text"
