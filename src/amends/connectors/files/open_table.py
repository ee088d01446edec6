"""The one door: any file that is read, whatever it is called, at once or a batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from amends.engine.contracts import BadInput, RawTable

from .bytes_of import GZIP_ERRORS, damaged_gzip, format_of, look_at
from .delimited import open_delimited
from .excel import open_excel
from .json_rows import open_json
from .parquet import open_parquet
from .sift import sift

PROBED: Final = 50_000
"""Rows from the beginning of a file that are looked at before it is read."""


class Reader(Protocol):
    """What each format knows."""

    def batches(self, after: int = 0) -> Iterator[RawTable]:
        """Read the rows after a number, some at a time."""

    def spread(self) -> pa.Table:
        """Return some rows from all over the file."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that was recognised, and whose rows can be read as often as one likes."""

    name: str
    reader: Reader

    def batches(self, after: int = 0) -> Iterator[RawTable]:
        """Read the rows after a number, at most `columns.BATCH` at a time, in flat memory.

        Every data row comes out once, as a row of a table or in quarantine with its reason. A batch
        has all columns that appeared so far: rows of JSON may bring new ones.

        Raises
        ------
        BadInput
            There are no rows, or the file is broken where it has come to.

        """
        try:
            for raw in self.reader.batches(after):
                yield sift(raw)
        except GZIP_ERRORS as error:
            raise damaged_gzip(self.name) from error

    def table(self) -> RawTable:
        """Return all rows at once.

        Raises
        ------
        BadInput
            No row can be read.

        """
        raw = _joined(list(self.batches()))
        _refuse_unreadable(raw)
        return raw

    def probe(self, rows: int = PROBED) -> RawTable:
        """Return the first rows, and of a longer file some from all over it besides.

        `share` is 1 when these are all rows there are. The rows from elsewhere have the number 0.

        Raises
        ------
        BadInput
            None of the first rows can be read.

        """
        parts: list[RawTable] = []
        for raw in self.batches():
            parts.append(raw)
            if sum(part.read for part in parts) >= rows:
                break
        raw = _joined(parts)
        _refuse_unreadable(raw)
        if raw.share == 1:
            return raw
        try:
            others = self.reader.spread()
        except GZIP_ERRORS:
            return raw  # reading it comes to the damage, and says so
        known = [name for name in raw.columns.column_names if name in others.column_names]
        elsewhere = replace(
            raw,
            columns=others.select(known),
            rows=np.zeros(len(others), dtype=np.int64),
            quarantined=(),
        )
        return replace(_joined([raw, sift(elsewhere)]), quarantined=raw.quarantined)


def open_file(
    path: Path, *, name: str = "", encoding: str | None = None, delimiter: str | None = None
) -> TableFile:
    """Recognise a CSV, TSV, XLSX, JSON, JSONL or Parquet file, plain or gzipped.

    Format, encoding, delimiter and header are found from the content; `encoding` and `delimiter`
    overrule. `name` is what the file is called in messages, when that is not its path's.

    Raises
    ------
    BadInput
        There is nothing to read: no such file, a folder, an empty file, a format that is not read,
        a broken or locked file.

    """
    file = look_at(Path(path), name)
    try:
        kind = format_of(file)
        reader: Reader
        if kind == "xlsx":
            reader = open_excel(file)
        elif kind == "parquet":
            reader = open_parquet(file)
        elif kind == "json":
            reader = open_json(file)
        else:
            reader = open_delimited(file, encoding, delimiter)
    except GZIP_ERRORS as error:
        raise damaged_gzip(file.name) from error
    return TableFile(file.name, reader)


def open_table(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None
) -> RawTable:
    """Read a file whole; see `open_file`.

    Raises
    ------
    BadInput
        As `open_file`; or it has a header only, or no row that can be read.

    """
    return open_file(path, encoding=encoding, delimiter=delimiter).table()


def _joined(parts: list[RawTable]) -> RawTable:
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[-1],
        columns=pa.concat_tables([part.columns for part in parts], promote_options="default"),
        rows=np.concatenate([part.rows for part in parts]),
        quarantined=tuple(row for part in parts for row in part.quarantined),
    )


def _refuse_unreadable(raw: RawTable) -> None:
    if len(raw.columns):
        return
    first = raw.quarantined[0]
    raise BadInput(
        f"No row can be read; the first because {first.reason}.",
        where=f"{raw.file}, row {first.row}",
        remedy="Mend the file or export it again.",
    )
