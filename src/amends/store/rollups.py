"""Counts of a file's signals, kept beside the lake: what a year's figures are added up from.

A Parquet file of the lake never changes, so neither do its counts. Each large file has a small one
in `_rollups`: signals by UTC day, kind, cause and severity, over all and for each value of one
dimension. Where there is none (a fresh delivery), and on the days that a period cuts, rows are
counted themselves (`counting.py`): the answer is the same, only later.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

DIMENSIONS: Final = ("product", "channel", "region", "segment")
"""The dimensions that counts are kept for, one at a time."""
PLAIN: Final = ("day", "kind", "cause", "severity")
FOLDER: Final = "_rollups"
HALF: Final = ".half"
LEAST_ROWS: Final = 20_000
"""A smaller file is counted as quickly as its counts are read."""
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


def rollup_of(folder: Path, file: str) -> Path:
    """Return where the counts of a file lie, if there are any."""
    return folder / FOLDER / Path(file).name


def names(folder: Path) -> set[str]:
    """Return the names of the files that have counts."""
    place = folder / FOLDER
    return {file.name for file in place.iterdir()} if place.is_dir() else set()


def large_files(files: Sequence[str]) -> list[str]:
    """Return the files that are worth counts of their own."""
    return [file for file in files if pq.read_metadata(file).num_rows >= LEAST_ROWS]


def keep(folder: Path, file: str, rows: pa.Table) -> None:
    """Write the counts of a file, whole or not at all."""
    place = rollup_of(folder, file)
    place.parent.mkdir(exist_ok=True)
    half = place.with_suffix(f".{os.getpid()}{HALF}")
    pq.write_table(rows.cast(ROLLUP_SCHEMA), half, compression="zstd", row_group_size=32 * 1024)
    half.replace(place)


def forget(folder: Path) -> None:
    """Remove the counts of files that are gone."""
    there = {file.name for file in folder.glob("month=*/*.parquet")}
    yesterday = time.time() - 24 * 3600
    for kept in (folder / FOLDER).glob("*"):
        is_being_written = kept.suffix == HALF and kept.stat().st_mtime > yesterday
        if kept.name not in there and not is_being_written:
            kept.unlink(missing_ok=True)
