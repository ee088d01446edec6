"""Rows whose cells no phase could use: fields of megabytes, NUL characters."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import RawTable

LONGEST_FIELD = 1_000_000
"""Bytes of UTF-8 in one field."""


def sift(raw: RawTable) -> RawTable:
    """Return the table with unusable rows moved to quarantine."""
    problems: dict[int, tuple[str, str]] = {}
    for name, column in zip(raw.columns.column_names, raw.columns.columns, strict=True):
        if not pa.types.is_string(column.type):
            continue
        lengths = pc.fill_null(pc.binary_length(column), 0)
        for place in _places(pc.greater(lengths, LONGEST_FIELD)):
            size = int(lengths[place].as_py())
            reason = f"the field has {size:,} bytes; {LONGEST_FIELD:,} are the most"
            problems.setdefault(place, (name, reason))
        for place in _places(pc.fill_null(pc.match_substring(column, "\0"), False)):
            problems.setdefault(place, (name, "the field holds a NUL character"))
    if not problems:
        return raw
    keep = np.ones(len(raw.columns), dtype=bool)
    keep[list(problems)] = False
    moved = raw.quarantine([(place, *problem) for place, problem in problems.items()])
    return replace(
        raw,
        columns=raw.columns.filter(pa.array(keep)),
        rows=raw.rows[keep],
        quarantined=tuple(sorted((*raw.quarantined, *moved), key=lambda row: row.row)),
    )


def _places(mask: pa.ChunkedArray) -> list[int]:
    found: NDArray[np.int64] = np.flatnonzero(np.asarray(mask.to_numpy(), dtype=bool))
    return [int(place) for place in found]
