"""From files to signals, every row accounted for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from amends.connectors import preset_for
from amends.connectors.files import open_table
from amends.engine.contracts import (
    BadInput,
    QuarantinedRow,
    RawTable,
    RowAccount,
    SourceFile,
    Understanding,
)
from amends.engine.signals import clean, normalise, understand

from .options import AnalyzeOptions

Tick = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Intake:
    """The signals of all files and what became of each row."""

    signals: pa.Table
    files: tuple[SourceFile, ...]
    rows: RowAccount
    quarantined: tuple[QuarantinedRow, ...]
    notes: tuple[str, ...]
    taxonomy: str | None
    """The taxonomy that the presets name, when they agree."""


def read_files(paths: Sequence[Path], options: AnalyzeOptions, tick: Tick) -> Intake:
    """Read, understand and normalise every file, then take out duplicates across all of them."""
    _refuse_twice(paths)
    tables: list[pa.Table] = []
    files: list[SourceFile] = []
    quarantined: list[QuarantinedRow] = []
    notes: list[str] = []
    taxonomies: set[str | None] = set()
    read = 0
    for number, path in enumerate(paths, start=1):
        tick("opening files", number, len(paths))
        raw = open_table(path)
        preset = preset_for(options.preset, raw.columns.column_names)
        understanding = understand(raw, preset, _told(raw, options, alone=len(paths) == 1))
        normalised = normalise(raw, understanding, source=path.name, tick=tick)
        tables.append(normalised.signals)
        quarantined += normalised.quarantined
        read += normalised.read
        notes += understanding.notes
        taxonomies.add(understanding.taxonomy)
        files.append(_source_file(path, raw, understanding, normalised.read))
    cleaned = clean(pa.concat_tables(tables).unify_dictionaries())
    rows = RowAccount(
        read=read,
        analysed=len(cleaned.signals),
        duplicate=cleaned.duplicates,
        quarantined=len(quarantined),
    )
    taxonomy = taxonomies.pop() if len(taxonomies) == 1 else None
    return Intake(cleaned.signals, tuple(files), rows, tuple(quarantined), tuple(notes), taxonomy)


def _refuse_twice(paths: Sequence[Path]) -> None:
    names = [path.resolve() for path in paths]
    twice = next((p for p in names if names.count(p) > 1), None)
    if twice:
        raise BadInput("The file is named twice.", where=twice.name, remedy="Name it once.")


def _told(raw: RawTable, options: AnalyzeOptions, *, alone: bool) -> dict[str, str]:
    """Return the part of --map that concerns this file; of several, each takes what it has."""
    if alone:
        return dict(options.mapping)
    return {c: f for c, f in options.mapping.items() if c in raw.columns.column_names}


def _source_file(path: Path, raw: RawTable, understanding: Understanding, rows: int) -> SourceFile:
    return SourceFile(
        name=path.name,
        format=raw.format,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        preset=understanding.preset,
        rows=rows,
        columns=understanding.columns,
    )
