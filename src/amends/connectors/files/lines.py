"""Lines of a text that may have no end, and lines from all over a file."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, TextIO

from .bytes_of import LONGEST_RECORD, FileBytes

_KEPT: Final = 100_000
_PLACES, _LINES_AT_EACH = 24, 100
_LONGEST_PROBED: Final = 1 << 20
_SKIPPED_AT_ONCE: Final = 1 << 20


class CutLine(str):
    """The beginning of a line that is longer than any record may be."""

    __slots__ = ()


@contextmanager
def lines_of(
    stream: BinaryIO, encoding: str, *, errors: str, newline: str
) -> Iterator[Iterator[str]]:
    """Read a stream as text; a line of more than `LONGEST_RECORD` comes as a `CutLine`."""
    with io.TextIOWrapper(stream, encoding, errors, newline) as text:
        yield _lines(text)


def _lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(LONGEST_RECORD + 1):
        if len(line) <= LONGEST_RECORD:
            yield line
            continue
        piece = line
        while piece and not piece.endswith(("\n", "\r")):
            piece = text.readline(LONGEST_RECORD)
        yield CutLine(line[:_KEPT])


def spread_lines(file: FileBytes, encoding: str) -> Iterator[str]:
    """Read some lines from places all over a file; which rows they are is not known.

    Wide encodings, whose lines do not end in one byte, give none.
    """
    if encoding.startswith(("utf-16", "utf-32")):
        return
    size, at = _size(file), 0
    with file.open() as stream:
        for place in range(1, _PLACES):
            at = _go_on(stream, at, size * place // _PLACES, can_seek=not file.is_gzipped)
            at += len(stream.readline(_LONGEST_PROBED))
            for _ in range(_LINES_AT_EACH):
                line = stream.readline(_LONGEST_PROBED)
                at += len(line)
                if line.endswith(b"\n"):
                    yield line.decode(encoding, "replace")


def _size(file: FileBytes) -> int:
    """Return how many bytes a file has unpacked; of a gzip of over 4 GB, some of them."""
    if not file.is_gzipped:
        return file.size
    with file.path.open("rb") as packed:
        packed.seek(-4, 2)
        return int.from_bytes(packed.read(4), "little")


def _go_on(stream: BinaryIO, at: int, to: int, *, can_seek: bool) -> int:
    """Go from one place to a later one and return where the stream is then."""
    if at < to and can_seek:
        return stream.seek(to)
    while at < to and (piece := stream.read(min(to - at, _SKIPPED_AT_ONCE))):
        at += len(piece)
    return at
