"""Counts of a file's signals, kept beside the lake: what a year's figures are added up from.

Signals by UTC day, kind, cause and severity, over all and for each value of one dimension. Where
none are kept, and on the days that a period cuts, rows are counted themselves (`counting.py`).
"""

from typing import Final

import ibis
import pyarrow as pa

from .beside import Beside

DIMENSIONS: Final = ("product", "channel", "region", "segment")
"""The dimensions that counts are kept for, one at a time."""
PLAIN: Final = ("day", "kind", "cause", "severity")
ROLLUP_SCHEMA: Final = pa.schema(
    [
        pa.field("dimension", pa.string(), nullable=False),
        pa.field("value", pa.string()),
        pa.field("day", pa.date32()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("cause", pa.string()),
        pa.field("severity", pa.string()),
        pa.field("n", pa.int64(), nullable=False),
    ]
)
"""`dimension` is empty for the counts over all."""


def rolled_up(signals: ibis.Table) -> ibis.Table:
    """Return the rows of `ROLLUP_SCHEMA` of some signals."""
    named = signals.mutate(day=signals["occurred_at"].date())
    parts = [_part(named, "", ibis.null("string"))]
    parts += [_part(named, dimension, named[dimension]) for dimension in DIMENSIONS]
    return ibis.union(*parts).order_by("dimension", "day")


def _part(signals: ibis.Table, dimension: str, value: ibis.Value) -> ibis.Table:
    counted = signals.group_by([value.name("value"), *PLAIN]).agg(n=signals.count())
    return counted.select(ibis.literal(dimension).name("dimension"), "value", *PLAIN, "n")


COUNTS: Final = Beside("_rollups", ROLLUP_SCHEMA, rolled_up)
