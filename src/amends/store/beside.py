"""Small files beside the large ones of the lake: what can be told of each once and for all.

A Parquet file of the lake never changes, so neither does what is told of it. Where nothing is kept
(a fresh delivery, a lake in a bucket) rows are asked themselves: the same answer, only later.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from .engines import Engine, FileGone
from .schema import LAKE_SCHEMA
from .snapshot import Snapshot

LEAST_ROWS: Final = 20_000
"""A smaller file is asked itself as quickly."""
ROWS: Final = ibis.schema(LAKE_SCHEMA)
_HALF: Final = ".half"


@dataclass(frozen=True, slots=True)
class Split:
    """The files of a snapshot: what is kept of some of them, those, and the rest."""

    kept: tuple[str, ...]
    of: tuple[str, ...]
    fresh: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """One thing that is kept of every large file."""

    name: str
    """Of the folder, in the lake's; it begins with `_`, so that it holds no signals."""
    schema: pa.Schema
    told: Callable[[ibis.Table], ibis.Table]
    """What is kept of some signals (`LAKE_SCHEMA`)."""

    def split(self, snapshot: Snapshot, folder: Path | None) -> Split:
        """Tell of which files of a snapshot it is kept."""
        there = self._names(folder) if folder else set()
        of = tuple(file for file in snapshot.files if Path(file).name in there)
        fresh = tuple(file for file in snapshot.files if Path(file).name not in there)
        return Split(tuple(str(self._place(folder, f)) for f in of if folder), of, fresh)

    def keep_up(self, snapshot: Snapshot, folder: Path, engine: Engine) -> None:
        """Keep it of the large files that have none yet."""
        for file in self.split(snapshot, folder).fresh:
            if pq.read_metadata(file).num_rows < LEAST_ROWS:
                continue
            try:
                rows = self.of_file(file, engine)
            except FileGone:
                continue  # another compaction was quicker
            self._keep(folder, file, rows)

    def of_file(self, file: str, engine: Engine) -> pa.Table:
        """Return what is to be kept of one file."""
        name = f"signals_of_{Path(file).stem.replace('-', '_').replace('.', '_')}"
        return engine.fetch(self.told(ibis.table(ROWS, name=name)), {name: Snapshot(0, (file,))})

    def forget(self, folder: Path) -> None:
        """Remove what was kept of files that are gone."""
        there = {file.name for file in folder.glob("month=*/*.parquet")}
        yesterday = time.time() - 24 * 3600
        for kept in (folder / self.name).glob("*"):
            is_being_written = kept.suffix == _HALF and kept.stat().st_mtime > yesterday
            if kept.name not in there and not is_being_written:
                kept.unlink(missing_ok=True)

    def _names(self, folder: Path) -> set[str]:
        place = folder / self.name
        return {file.name for file in place.iterdir()} if place.is_dir() else set()

    def _place(self, folder: Path, file: str) -> Path:
        return folder / self.name / Path(file).name

    def _keep(self, folder: Path, file: str, rows: pa.Table) -> None:
        """Write it, whole or not at all."""
        place = self._place(folder, file)
        place.parent.mkdir(exist_ok=True)
        half = place.with_suffix(f".{os.getpid()}{_HALF}")
        pq.write_table(rows.cast(self.schema), half, compression="zstd", row_group_size=32 * 1024)
        half.replace(place)
        if not Path(file).exists():  # vacuumed meanwhile, and so must be what is told of it
            place.unlink(missing_ok=True)
