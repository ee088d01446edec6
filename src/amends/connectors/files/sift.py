"""Rows whose cells no phase could use: fields of megabytes, NUL characters."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import QuarantinedRow, RawTable

LONGEST_FIELD = 1_000_000
"""Bytes of UTF-8 in one field."""


def sift(raw: RawTable) -> RawTable:
    """Return the table with unusable rows moved to quarantine."""
    keep = np.ones(len(raw.columns), dtype=bool)
    quarantined = list(raw.quarantined)
    for name, column in zip(raw.columns.column_names, raw.columns.columns, strict=True):
        if not pa.types.is_string(column.type):
            continue
        lengths = pc.fill_null(pc.binary_length(column), 0)
        _move(raw, name, keep, quarantined, _mask(pc.greater(lengths, LONGEST_FIELD)), "long")
        has_nul = pc.fill_null(pc.match_substring(column, "\0"), False)
        _move(raw, name, keep, quarantined, _mask(has_nul), "NUL")
    if keep.all():
        return raw
    quarantined.sort(key=lambda row: row.row)
    return replace(
        raw,
        columns=raw.columns.filter(pa.array(keep)),
        rows=raw.rows[keep],
        quarantined=tuple(quarantined),
    )


def _mask(values: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(values.to_numpy(), dtype=bool)


def _move(
    raw: RawTable,
    name: str,
    keep: NDArray[np.bool_],
    quarantined: list[QuarantinedRow],
    bad: NDArray[np.bool_],
    what: str,
) -> None:
    places = np.flatnonzero(bad & keep)
    keep[places] = False
    for place in places:
        reason = "the field holds a NUL character"
        if what == "long":
            size = len(str(raw.columns[name][place].as_py()).encode())
            reason = f"the field has {size:,} bytes; {LONGEST_FIELD:,} are the most"
        quarantined.append(raw.quarantine(int(place), name, reason))
