"""Which encoding a text is in: its mark, UTF-8 when it is, else the best guess."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from charset_normalizer import from_bytes

from amends.engine.contracts import BadInput

from .bytes_of import FileBytes

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = set("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœ€£§°«»“”‘’–—…¿¡·®©™")
_BROKEN = re.compile("[\udc80-\udcff]")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec, and whether every byte of the file can be read with it."""

    name: str
    is_clean: bool


def find_encoding(file: FileBytes) -> Encoding:
    """Return the encoding of a text file.

    A file that is UTF-8 but for a few bytes stays UTF-8 (their rows go to quarantine); anything
    else is guessed from the bytes above 127, Western European (cp1252) first.

    Raises
    ------
    BadInput
        The file is not text.

    """
    marked = next((name for mark, name in _MARKS if file.head.startswith(mark)), None)
    name = marked or _wide(file.head) or "utf-8"
    _refuse_binary(file, name)
    if _scan(file, name, _decodes):
        return Encoding(name, is_clean=True)
    if name != "utf-8":
        return Encoding(name, is_clean=False)
    good, broken, high = _count(file)
    if good >= 4 * broken:
        return Encoding("utf-8", is_clean=False)
    guess = _guess(high)
    return Encoding(guess, is_clean=_scan(file, guess, _decodes))


def check_encoding(file: FileBytes, name: str) -> Encoding:
    """Return the encoding that was asked for.

    Raises
    ------
    BadInput
        There is no encoding of that name.

    """
    try:
        codecs.lookup(name)
    except LookupError:
        raise BadInput(
            f"There is no encoding {name!r}.", where=file.name, remedy="Try utf-8 or cp1252."
        ) from None
    return Encoding(name, is_clean=_scan(file, name, _decodes))


def _scan(file: FileBytes, name: str, read: Callable[[BinaryIO, str], bool]) -> bool:
    with file.open() as stream:
        return read(stream, name)


def _decodes(stream: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _wide(head: bytes) -> str | None:
    """Tell UTF-16 without a mark by where its zero bytes stand."""
    even, odd = head[0::2], head[1::2]
    if len(head) < 4 or not odd:
        return None
    zero_even, zero_odd = even.count(0) / len(even), odd.count(0) / len(odd)
    if zero_odd > 0.4 and zero_even < 0.05:
        return "utf-16-le"
    if zero_even > 0.4 and zero_odd < 0.05:
        return "utf-16-be"
    return None


def _refuse_binary(file: FileBytes, name: str) -> None:
    if name.startswith(("utf-16", "utf-32")):
        return
    controls = sum(file.head.count(byte) for byte in range(32) if byte not in b"\t\n\r\f\x1b\x1f")
    if controls > 0.05 * len(file.head):
        raise BadInput(
            "This is not text and none of the formats that are read.",
            where=file.name,
            remedy="Export the rows as CSV, TSV, XLSX, JSON, JSONL or Parquet.",
        )


def _count(file: FileBytes) -> tuple[int, int, bytes]:
    """Count characters above ASCII that are UTF-8 and bytes that are not; sample their lines."""
    good = broken = 0
    high: list[bytes] = []
    with file.open() as stream:
        for line in iter(partial(stream.readline, _CHUNK), b""):
            if line.isascii():
                continue
            text = line.decode("utf-8", "surrogateescape")
            bad = len(_BROKEN.findall(text))
            broken += bad
            good += sum(not c.isascii() for c in text) - bad
            if bad and len(high) < 2_000:
                high.append(line[:1_000])
    return good, broken, b"".join(high)


def _guess(high: bytes) -> str:
    try:
        text = high.decode("cp1252")
    except UnicodeError:
        text = ""
    above = [c for c in text if not c.isascii()]
    western = sum(c in _WESTERN for c in above)
    if text and western >= 0.95 * len(above) and len(above) < 0.25 * len(text):
        return "cp1252"
    best = from_bytes(high).best()
    return best.encoding if best is not None else "cp1252"
