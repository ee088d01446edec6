"""What programs send: one JSON object, an array of them or one a line, plain or gzipped.

Everything is bounded while it is read: a body that grows beyond the limit when it is unpacked is
refused then, not after.
"""

import zlib
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from django.http import HttpRequest

from amends.flows.records import LONGEST_RAW, Broken
from amends.web.intake.answering import Refusal

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 32 * 1024 * 1024
MOST_OBJECTS: Final = 20 * MOST_ROWS
"""Braces in a body: counted before it is parsed, since a parsed object is much larger than {}."""
JSON: Final = "application/json"
LINES: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)

Records = list[Mapping[str, object] | Broken]

_FEWER: Final = "Send them in several requests."
_CHUNK: Final = 256 * 1024
_GZIP: Final = 31
"""zlib's word for: a gzip header."""
# Numbers with a fraction stay as they are written: 1.10 is not 1.1.
_DECODER: Final = msgspec.json.Decoder(float_hook=str)
_NO_JSON: Final = (UnicodeDecodeError, RecursionError, msgspec.DecodeError)


def records_of(request: HttpRequest) -> Records:
    """Return the records of a request; a line that is no JSON stands among them as broken.

    Raises
    ------
    Refusal
        413, 415, 400 or 422: the request as a whole cannot be read.

    """
    media = _media(request)
    body = body_of(request)
    if body.count(b"{") > MOST_OBJECTS or (media in LINES and body.count(b"\n") > MOST_ROWS + 1):
        raise Refusal(413, "The request holds too many rows.", remedy=_FEWER)
    records = _lines(body) if media in LINES else _document(body)
    if not records:
        raise Refusal(422, "The request holds no rows.", remedy="Send at least one signal.")
    if len(records) > MOST_ROWS:
        raise Refusal(
            413,
            f"The request holds {len(records):,} rows; {MOST_ROWS:,} are taken at once.",
            remedy=_FEWER,
        )
    return records


def body_of(request: HttpRequest, most: int = MOST_BYTES) -> bytes:
    """Return the body, unpacked, of at most so many bytes.

    Raises
    ------
    Refusal
        413 when it is longer, 415 when it is packed in another way than gzip, 400 when broken.

    """
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in {"identity", "gzip", ""}:
        raise Refusal(
            415,
            f"The body is packed as {packing[:40]}.",
            where="header Content-Encoding",
            remedy="Send it plain or with Content-Encoding: gzip.",
        )
    chunks = iter(lambda: request.read(_CHUNK), b"")
    parts: list[bytes] = []
    length = 0
    for part in _unpacked(chunks) if packing == "gzip" else chunks:
        parts.append(part)
        length += len(part)
        if length > most:
            raise Refusal(
                413,
                f"The body is longer than {most // 1024 // 1024} MB.",
                remedy="Send fewer rows in a request.",
            )
    return b"".join(parts)


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip a piece at a time; members that follow each other are one."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        for chunk in chunks:
            waiting = chunk
            while waiting:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP)
                yield unpacker.decompress(waiting, _CHUNK)
                waiting = unpacker.unconsumed_tail or unpacker.unused_data
    except zlib.error:
        raise _broken_gzip() from None
    if not unpacker.eof:
        raise _broken_gzip()


def _broken_gzip() -> Refusal:
    return Refusal(
        400, "The gzip is broken or ends early.", where="body", remedy="Pack and send it again."
    )


def _media(request: HttpRequest) -> str:
    kind = (request.content_type or "").lower()
    charset = request.content_params.get("charset", "utf-8") if request.content_params else "utf-8"
    if (kind == JSON or kind in LINES) and charset.lower() in {"utf-8", "utf8"}:
        return kind
    raise Refusal(
        415,
        f"The body is said to be {request.headers.get('Content-Type', 'nothing')[:80]}.",
        where="header Content-Type",
        remedy="Send application/json or application/x-ndjson, in UTF-8.",
    )


def _document(body: bytes) -> Records:
    whole = parsed(body)
    if isinstance(whole, list):
        return whole
    if isinstance(whole, dict):
        return [whole]
    raise Refusal(
        422, "The JSON is neither an object nor an array of objects.", remedy="Send signals."
    )


def parsed(body: bytes) -> object:
    """Return the JSON document.

    Raises
    ------
    Refusal
        400: it is none.

    """
    try:
        return _DECODER.decode(body)
    except _NO_JSON as error:
        reason = _why(error)
    raise Refusal(
        400, f"The body is no JSON: {reason}.", where="body", remedy="Mend it and send it again."
    )


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "bytes that are no UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error).removeprefix("JSON is malformed: ").rstrip(".")


def _lines(body: bytes) -> Records:
    """Return one record a line; blank lines are none."""
    return [_line(line) for line in body.split(b"\n") if line.strip()]


def _line(line: bytes) -> Mapping[str, object] | Broken:
    try:
        record: Mapping[str, object] = _DECODER.decode(line)
    except _NO_JSON as error:
        raw = line[:LONGEST_RAW].decode("utf-8", "replace").strip()
        return Broken(raw, f"the line is no JSON: {_why(error)}")
    return record
