"""Raw rows into signals, column by column; rows that a field cannot be read from go aside."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import (
    SIGNAL_SCHEMA,
    BadInput,
    QuarantinedRow,
    RawTable,
    Understanding,
    UnderstoodColumn,
    check_signals,
)

from .aside import redacted, set_aside
from .attributes import attribute_maps
from .convert import bools, convert
from .faults import faults
from .redact import redact

_CHUNK = 50_000
_REDACTED = ("verbatim", "subject")

Tick = Callable[[str, int, int], None]
Problems = dict[int, tuple[str, str]]
"""Place of a row → the column that is wrong, and why."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """Signals of one file and every row of it that could not become one."""

    signals: pa.Table
    """`SIGNAL_SCHEMA`, one row per good row of the file, in its order."""
    quarantined: tuple[QuarantinedRow, ...]
    """Those of reading and those of conversion."""

    @property
    def read(self) -> int:
        """Return how many data rows the file has."""
        return len(self.signals) + len(self.quarantined)


def normalise(
    raw: RawTable,
    understanding: Understanding,
    source: str,
    tick: Tick = lambda _stage, _done, _total: None,
) -> Normalised:
    """Turn the rows of a file into signals.

    A row whose date, score or number is not of the form that its column was understood to have is
    quarantined with the field and the value. A row without an id is identified by all it holds,
    so that only rows that are alike in every column count as the same signal.

    Raises
    ------
    BadInput
        No row at all can be read.

    """
    found = normalise_batch(raw, understanding, source, tick)
    if not len(found.signals):
        quarantined = found.quarantined
        first = f"; the first because {quarantined[0].reason}" if quarantined else ""
        raise BadInput(
            f"No row can be read{first}.", where=raw.file, remedy="Correct the file or use --map."
        )
    return found


def normalise_batch(
    raw: RawTable,
    understanding: Understanding,
    source: str,
    tick: Tick = lambda _stage, _done, _total: None,
) -> Normalised:
    """Turn a batch of a file into signals, as `normalise`; none of its rows need be readable."""
    skipped = understanding.skip_rows
    start = int(np.searchsorted(raw.rows, skipped, side="right"))
    chunks: list[pa.Table] = []
    quarantined = redacted([row for row in raw.quarantined if row.row > skipped])
    total = len(raw.columns)
    for offset in range(start, total, _CHUNK):
        part = raw.columns.slice(offset, _CHUNK).combine_chunks()
        signals, problems = _signals(part, understanding, source)
        places = [(offset + place, field, reason) for place, field, reason in problems]
        quarantined += set_aside(raw, places, understanding)
        chunks.append(signals)
        tick("reading rows", min(offset + _CHUNK, total), total)
    quarantined.sort(key=lambda row: row.row)
    table = pa.concat_tables(chunks or [SIGNAL_SCHEMA.empty_table()])
    return Normalised(table.unify_dictionaries(), tuple(quarantined))


def normalise_strictly(
    columns: pa.Table,
    understanding: Understanding,
    source: str,
    attributes: pa.Array,
    *,
    says_kind: bool,
) -> tuple[pa.Table, Problems]:
    """Turn rows that were understood strictly into signals; what is wrong with one stays with it.

    Parameters
    ----------
    columns
        N rows of text: what is read as fields.
    attributes
        map<string, string> of shape (N,): everything else.
    says_kind
        Each row must say what it is; else it is what the understanding says.

    Returns
    -------
    signals
        `SIGNAL_SCHEMA`: the good rows, in their order.
    problems
        Place → column and reason of the others.

    """
    part = columns.combine_chunks()
    found, problems = _fields(part, understanding)
    named = {column.field: column.column for column in understanding.columns if column.field}
    for field, reason, is_wrong in faults(found, len(part), source, says_kind=says_kind):
        for place in np.flatnonzero(is_wrong):
            problems.setdefault(int(place), (named.get(field, field), reason))
    _complete(found, part, understanding, source)
    found["attributes"] = attributes
    return _table(found, problems, len(part)), problems


def _signals(
    part: pa.Table, understanding: Understanding, source: str
) -> tuple[pa.Table, list[tuple[int, str, str]]]:
    """Return the signals of a chunk, and (place, column, reason) of the rows left out."""
    found, problems = _fields(part, understanding)
    _complete(found, part, understanding, source)
    attributes = [c for c in understanding.columns if c.field is None]
    found["attributes"] = attribute_maps(part, attributes)
    signals = _table(found, problems, len(part))
    return signals, [(place, *problem) for place, problem in problems.items()]


def _table(found: dict[str, pa.Array], problems: Problems, n: int) -> pa.Table:
    """Return the rows of which nothing is wrong as `SIGNAL_SCHEMA`."""
    keep = np.ones(n, dtype=bool)
    keep[list(problems)] = False
    found["signal_id"] = _identities(found["source"], found["external_id"])
    fields = [field for field in SIGNAL_SCHEMA if field.name in found]
    table = pa.table([found[field.name] for field in fields], names=[f.name for f in fields])
    return check_signals(table if keep.all() else table.filter(pa.array(keep)))


def _fields(part: pa.Table, understanding: Understanding) -> tuple[dict[str, pa.Array], Problems]:
    found: dict[str, pa.Array] = {}
    problems: Problems = {}
    for column in understanding.columns:
        if column.field in {None, "signal_id"}:
            continue
        values = _array(part[column.column])
        converted, good = convert(values, column.convert)
        if column.when:
            applies = _applies(part, column.when)
            converted = pc.if_else(pa.array(applies), converted, pa.scalar(None, converted.type))
            good = good | ~applies
        for place in np.flatnonzero(~good):
            reason = _reason(column, values[int(place)].as_py())
            problems.setdefault(int(place), (column.column, reason))
        if column.field in _REDACTED:
            converted = redact(converted)
        earlier = found.get(column.field)
        found[column.field] = converted if earlier is None else pc.coalesce(earlier, converted)
        if column.convert.startswith("money:") and "currency" not in found:
            code = column.convert.partition(":")[2]
            found["currency"] = pc.if_else(
                pc.is_valid(converted), code, pa.scalar(None, pa.string())
            )
    return found, problems


def _applies(part: pa.Table, when: str) -> NDArray[np.bool_]:
    column, _, value = when.partition("=")
    if column not in part.column_names:
        return np.zeros(len(part), dtype=bool)
    return bools(pc.equal(pc.utf8_lower(_array(part[column])), value.lower()))


def _reason(column: UnderstoodColumn, value: object) -> str:
    shown = str(value)
    shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
    what = {
        "date": f"no date of the form that the column has ({column.detail.split(';')[0]})",
        "score": f"no whole number in {column.convert.partition(':')[2]}",
        "scale": f"not on the scale {column.convert.partition(':')[2].partition('>')[0]}",
        "words": "not one of the words that stand for a score",
        "money": "no amount",
        "flag": "neither yes nor no",
        "kind": "no kind of signal",
    }.get(column.convert.partition(":")[0], "no number")
    return f"{shown!r} is {what}"


def _complete(
    found: dict[str, pa.Array], part: pa.Table, understanding: Understanding, source: str
) -> None:
    """Fill what every signal has, and what one date says of another."""
    n = len(part)
    found["kind"] = _or(found.get("kind"), understanding.kind.value, n)
    found["source"] = _or(found.get("source"), source, n)
    found["version"] = pc.coalesce(found.get("version", pa.nulls(n, pa.int32())), pa.scalar(1))
    ids = found.get("external_id")
    if ids is None or ids.null_count:
        contents = _contents(part)
        found["external_id"] = contents if ids is None else pc.coalesce(ids, contents)
    if "occurred_at" not in found and "opened_at" in found:
        found["occurred_at"] = found["opened_at"]
    elif "resolved_at" in found and "opened_at" not in found and "occurred_at" in found:
        found["opened_at"] = found["occurred_at"]
    if "exposure" not in found:
        is_transaction = pc.equal(found["kind"], "transaction")
        found["exposure"] = pc.if_else(is_transaction, 1.0, pa.scalar(None, pa.float64()))


def _or(values: pa.Array | None, default: str, n: int) -> pa.Array:
    if values is None:
        return pa.repeat(pa.scalar(default), n)
    return pc.fill_null(values, default)


def _contents(part: pa.Table) -> pa.Array:
    """Return 24 hex digits of SHA-256 over all that each row holds, and under which names.

    Neither the order of columns nor those that a row leaves empty make a difference.
    """
    joined = pa.repeat(pa.scalar(""), len(part))
    for name in sorted(part.column_names):
        text = _array(part[name]).cast(pa.string())
        cell = pc.binary_join_element_wise(f"{name}\x1f", text, "\x1e", "")
        joined = pc.binary_join_element_wise(joined, pc.fill_null(cell, ""), "")
    hashes = [f"row-{hashlib.sha256(row.encode()).hexdigest()[:24]}" for row in joined.to_pylist()]
    return pa.array(hashes, pa.string())


def _identities(sources: pa.Array, ids: pa.Array) -> pa.Array:
    """Return `contracts.signal_id` of each row, spelt out here since it is done for every row."""
    pairs = zip(sources.to_pylist(), ids.to_pylist(), strict=True)
    digest = hashlib.sha256
    hashes = [digest(f"{source}\x1f{each}".encode()).hexdigest()[:32] for source, each in pairs]
    return pa.array(hashes, pa.string())


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
