"""Records, one JSON object each, into signals: strictly, so that each reads alike alone or in bulk.

A field is read as the Signal contract, the preset or the mapping says, by its exact name; times
without a zone are UTC, numbers in their place are seconds since 1970. What is no field is kept as
an attribute. Every record becomes a signal or a quarantined row.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from amends.connectors import preset_named
from amends.connectors.files.json_flat import flat_row
from amends.engine.contracts import Kind, Preset, QuarantinedRow
from amends.engine.signals import (
    FIELDS,
    Normalised,
    attributes_of_rows,
    columns_read,
    normalise_strictly,
    redact_text,
    redact_values,
    understand_strictly,
)

CONTRACT: Final = "amends"
"""The preset by which records are read that no other is named for: the Signal contract itself."""
MOST_FIELDS: Final = 500
"""Fields of one record."""
LONGEST_NAME: Final = 200
LONGEST_RAW: Final = 100_000
_CUT: Final = 1_000

Row = dict[str, str]
_ATTRIBUTES: Final = "attributes."


@dataclass(frozen=True, slots=True)
class Broken:
    """What should have been a record and is none: a line that is no JSON."""

    raw: str
    reason: str


def read_records(
    records: Sequence[Mapping[str, object] | Broken],
    source: str,
    preset: Preset | None,
    mapping: Mapping[str, str],
    kind: Kind | None = None,
) -> Normalised:
    """Turn records into signals of one source.

    Parameters
    ----------
    records
        Nested objects are flattened: "outer.inner" is their fields' name.
    source
        Its name; a record that names another is quarantined.
    preset
        Whose fields they have; None: the Signal contract's own.
    mapping
        Field of the record → field of the signal, or field:conversion, or "attribute"; overrules.
    kind
        What the records are, where neither they nor the preset say it.

    Raises
    ------
    BadInput
        The mapping names a field or a conversion that there is not.

    """
    rule = preset or preset_named(CONTRACT)
    read = columns_read(rule, mapping)
    rows, places, quarantined = _flat(records, source)
    seen = set().union(*rows) & read or {min(read)}
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in seen}
    understanding = understand_strictly(columns, rule, mapping, kind)
    fields = {column.column for column in understanding.columns if column.field}
    attributes = attributes_of_rows([_attributes(row, fields) for row in rows])
    signals, problems = normalise_strictly(
        pa.table(columns),
        understanding,
        source,
        attributes,
        says_kind=preset is None and kind is None,
    )
    ids = {
        c.column
        for c in understanding.columns
        if c.field in FIELDS and FIELDS[c.field].holds == "id"
    }
    quarantined += _quarantine(
        [(places[place], rows[place], *problem) for place, problem in problems.items()], source, ids
    )
    quarantined.sort(key=lambda row: row.row)
    return Normalised(signals, tuple(quarantined))


def _flat(
    records: Sequence[Mapping[str, object] | Broken], source: str
) -> tuple[list[Row], list[int], list[QuarantinedRow]]:
    """Return the rows that can be looked at, their numbers from 1, and the others."""
    rows: list[Row] = []
    places: list[int] = []
    broken: list[QuarantinedRow] = []
    for number, record in enumerate(records, start=1):
        if isinstance(record, Broken):
            raw = redact_text(_storable(record.raw)[:LONGEST_RAW])
            broken.append(QuarantinedRow(source, number, "", record.reason, raw))
            continue
        try:
            found, problem = flat_row(record)
        except RecursionError:
            found, problem = {}, "it is nested too deeply"
        row = {name: value for name, value in found.items() if value}
        problem = problem or _unwieldy(row)
        if not problem:
            rows.append(row)
            places.append(number)
        elif row:
            broken += _quarantine([(number, row, "", problem)], source)
        else:
            raw = redact_text(_storable(repr(record)[:LONGEST_RAW]))
            broken.append(QuarantinedRow(source, number, "", problem, raw))
    return rows, places, broken


def _unwieldy(row: Row) -> str:
    if len(row) > MOST_FIELDS:
        return f"it has more than {MOST_FIELDS} fields"
    if len(max(row, key=len)) > LONGEST_NAME:
        return f"the name of a field is longer than {LONGEST_NAME} characters"
    return ""


def _attributes(row: Row, fields: Collection[str]) -> Row:
    return {_bare(name, row): value for name, value in row.items() if name not in fields}


def _bare(name: str, row: Row) -> str:
    """Return an attribute's own name, unless the record has a field of that name besides."""
    bare = name.removeprefix(_ATTRIBUTES)
    return bare if bare and bare not in row else name


def _quarantine(
    wrong: Sequence[tuple[int, Row, str, str]], source: str, kept: Collection[str] = ()
) -> list[QuarantinedRow]:
    """Return rows with what is wrong with them, as JSON objects that can be sent again.

    Of these, too, personal data are replaced, but for the columns of `kept`: ids are needed.
    """
    cells = [(name, value) for _, row, _, _ in wrong for name, value in row.items()]
    values = redact_values(
        [_storable(name) for name, _ in cells], [_storable(value) for _, value in cells]
    ).to_pylist()
    reasons = redact_values([""] * len(wrong), [reason for _, _, _, reason in wrong]).to_pylist()
    found = []
    start = 0
    for (number, row, field, _), reason in zip(wrong, reasons, strict=True):
        redacted = zip(row.items(), values[start : start + len(row)], strict=True)
        shown = {_storable(n): (v if n in kept else r) for (n, v), r in redacted}
        found.append(QuarantinedRow(source, number, field, reason, _json(shown)))
        start += len(row)
    return found


def _json(row: Row) -> str:
    text = json.dumps(row, ensure_ascii=False)
    if len(text) <= LONGEST_RAW:
        return text
    cut = {n: v if len(v) <= _CUT else f"{v[:_CUT]}…" for n, v in list(row.items())[:MOST_FIELDS]}
    return json.dumps(cut, ensure_ascii=False)


def _storable(text: str) -> str:
    """Return text that a database keeps and UTF-8 can write."""
    return text.replace("\0", "␀").encode("utf-8", "replace").decode()
