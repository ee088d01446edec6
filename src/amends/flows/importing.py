"""A file into signals a batch at a time: first a plan that a person can check, then a stream.

The plan rests on the first rows and on some from all over the file. A later row that does not fit
what was found there is set aside with its reason, as it would be in `amends analyze`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from amends.connectors import preset_for
from amends.connectors.files import TableFile, open_file
from amends.engine.contracts import (
    SIGNAL_SCHEMA,
    TIMESTAMP,
    BadInput,
    QuarantinedRow,
    RawTable,
    Understanding,
    UnderstoodColumn,
)
from amends.engine.signals import normalise_batch, understand

_UNNAMED: Final = "file"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file will be read."""

    file: TableFile
    format: str
    encoding: str
    delimiter: str
    understanding: Understanding
    columns: tuple[str, ...]
    """Names of all columns seen, in their order."""
    looked_at: int
    """Rows that the plan rests on."""
    is_whole: bool
    """Whether these are all rows of the file."""
    warnings: tuple[str, ...]
    """What a person should know before the file is taken in, one sentence each."""


@dataclass(frozen=True, slots=True)
class Part:
    """A batch of a file: each of its rows is a signal or set aside."""

    signals: pa.Table
    """`SIGNAL_SCHEMA`."""
    quarantined: tuple[QuarantinedRow, ...]
    reached: int
    """Number of its last row: where to go on after a halt."""
    share: float
    """How much of the file has been read by now, 0 to 1."""

    @property
    def rows(self) -> int:
        """Return how many rows are accounted for."""
        return len(self.signals) + len(self.quarantined)


def plan_import(
    path: Path,
    *,
    name: str = "",
    preset: str = "auto",
    told: Mapping[str, str] | None = None,
    is_draft: bool = False,
) -> Plan:
    """Look at a file and say how it would be read.

    Parameters
    ----------
    path
        The file.
    name
        What it is called, when that is not the path's name.
    preset
        "auto", "none", or the name of a preset.
    told
        Column → field, or field:conversion, or "attribute"; overrules everything else.
    is_draft
        See `understand`.

    Raises
    ------
    BadInput
        The file cannot be read, or what was told does not fit it.

    """
    file = open_file(path, name=name)
    probe = file.probe()
    found = preset_for(preset, probe.columns.column_names)
    understanding = understand(probe, found, told, is_draft=is_draft)
    return Plan(
        file=file,
        format=probe.format,
        encoding=probe.encoding,
        delimiter=probe.delimiter,
        understanding=understanding,
        columns=tuple(probe.columns.column_names),
        looked_at=probe.read - understanding.skip_rows,
        is_whole=probe.share == 1,
        warnings=_warnings(understanding),
    )


def read_parts(plan: Plan, source: str, received_at: datetime, *, after: int = 0) -> Iterator[Part]:
    """Read the rows after a number as signals of a source, in flat memory.

    Raises
    ------
    BadInput
        The file is broken where it has come to, or none of its first rows can be read.

    """
    understanding = plan.understanding
    for raw in plan.file.batches(after):
        whole, understanding = _fitted(raw, understanding)
        found = normalise_batch(whole, understanding, source)
        if found.quarantined and not len(found.signals) and not after:
            raise BadInput(
                f"None of the first {found.read:,} rows can be read; the first because "
                f"{found.quarantined[0].reason}.",
                where=f"{raw.file}, row {found.quarantined[0].row}",
                remedy="Read the columns otherwise, or mend the file.",
            )
        numbers = [*raw.rows[-1:].tolist(), *(row.row for row in raw.quarantined[-1:])]
        after = max(numbers)
        signals = _received(found.signals, received_at)
        yield Part(signals, found.quarantined, after, raw.share)


def source_name(plan: Plan) -> str:
    """Return what the source of a file is called unless somebody says so: its product, or itself.

    Signals are told apart by their source and id: files of one product share both.
    """
    stem = plan.understanding.preset or plan.file.name.partition(".")[0]
    return re.sub(r"[^a-z0-9_.-]+", "-", stem.lower()).strip("-_.")[:120] or _UNNAMED


def told_of(understanding: Understanding) -> dict[str, str]:
    """Return how columns are read as --map takes it, so that the next file is read alike.

    A column that fills several fields is left to its preset.
    """
    names = [column.column for column in understanding.columns]
    return {
        c.column: f"{c.field}:{c.convert}" if c.field else "attribute"
        for c in understanding.columns
        if names.count(c.column) == 1 and not c.when and c.field != "signal_id"
    }


def _fitted(raw: RawTable, understanding: Understanding) -> tuple[RawTable, Understanding]:
    """Have a batch and what is understood name the same columns: rows of JSON may bring others."""
    known = {column.column for column in understanding.columns}
    there = set(raw.columns.column_names)
    columns = raw.columns
    for name in sorted(known - there):
        columns = columns.append_column(name, pa.nulls(len(columns), pa.string()))
    others = [name for name in raw.columns.column_names if name not in known]
    if others:
        kept = tuple(UnderstoodColumn(name, None, "attribute", "", 0, ()) for name in others)
        understanding = replace(understanding, columns=(*understanding.columns, *kept))
    return replace(raw, columns=columns), understanding


def _received(signals: pa.Table, at: datetime) -> pa.Table:
    """Say when signals came in, where they do not say so themselves."""
    place = signals.schema.get_field_index("received_at")
    given = pc.coalesce(signals["received_at"], pa.scalar(at, TIMESTAMP))
    return signals.set_column(place, SIGNAL_SCHEMA.field(place), given)


def _warnings(understanding: Understanding) -> tuple[str, ...]:
    fields = {column.field for column in understanding.columns}
    found = []
    if not fields & {"occurred_at", "opened_at"}:
        found.append(
            "No column says when something happened: every row is dated by its import, and nothing "
            "can be found in its course."
        )
    if not fields & {"verbatim", "subject"}:
        found.append("No column holds text: causes can only follow from codes.")
    if "external_id" not in fields:
        found.append(
            "No column holds an id: rows are told apart by all that they hold, so a row that is "
            "corrected in the source comes in a second time."
        )
    found += [
        f"{column.column}: {column.detail}."
        for column in understanding.columns
        if column.field and re.search(r"assumed|written otherwise|mixes|suggests", column.detail)
    ]
    return (*found, *understanding.notes)
