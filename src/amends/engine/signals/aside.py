"""Rows that are set aside, with what may be kept of them: no personal data but ids."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import QuarantinedRow, RawTable, Understanding

from .fields import plain_name
from .redact import placeholder_for, redact


def set_aside(
    raw: RawTable, problems: Sequence[tuple[int, str, str]], understanding: Understanding
) -> tuple[QuarantinedRow, ...]:
    """Return rows of a table, given by place, column and reason, without personal data in them.

    Ids stay as they are: a row that is mended must be about the same customer.
    """
    if not problems:
        return ()
    ids = {column.column for column in understanding.columns if column.convert == "id"}
    rows = raw.columns.take([place for place, _, _ in problems])
    kept = {
        name: values if name in ids else _without_personal(name, values)
        for name, values in zip(rows.column_names, rows.columns, strict=True)
    }
    reasons = redact(pa.array([reason for _, _, reason in problems], pa.string())).to_pylist()
    told = [
        (place, field, reason) for (place, field, _), reason in zip(problems, reasons, strict=True)
    ]
    return raw.quarantine(told, pa.table(kept))


def redacted(rows: Sequence[QuarantinedRow]) -> list[QuarantinedRow]:
    """Return rows that could not even be taken apart, without personal data in their text."""
    raws = redact(pa.array([row.raw for row in rows], pa.string())).to_pylist()
    return [replace(row, raw=raw) for row, raw in zip(rows, raws, strict=True)]


def _without_personal(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(values.type):
        return values
    placeholder = placeholder_for(plain_name(name))
    if placeholder is not None:
        return pc.if_else(pc.is_valid(values), placeholder, values)
    return redact(values.combine_chunks())
