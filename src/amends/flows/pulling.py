"""From a source that is pulled to signals, page by page.

Records are read strictly, as those that are sent are; files as any file is. Whoever takes a page
keeps its state in the same transaction: then a crash between two pages repeats one, and all of it
is duplicates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from amends.connectors import detect_preset, preset_named
from amends.connectors.files import open_table
from amends.connectors.pulling import Asked, Gone, Page, Pull, Refused, State
from amends.engine.contracts import (
    SIGNAL_SCHEMA,
    BadInput,
    Kind,
    Preset,
    QuarantinedRow,
    RawTable,
)
from amends.engine.signals import FIELDS, Normalised, normalise, understand
from amends.flows.records import read_records

MOST_EXAMPLES: Final = 5
_LOOKED_AT: Final = 200
"""Rows that are looked at to suggest what their columns mean."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How what is pulled becomes signals of one source."""

    source: str
    mapping: Mapping[str, str]
    """Column → field, or field:conversion, or "attribute"."""
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """A page, read."""

    read: Normalised
    gone: Sequence[Gone]
    """What the source has deleted."""
    state: State
    """Where to go on once it is kept."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What one page of a source would become, for somebody to look at."""

    rows: int
    signals: pa.Table
    """The first of them, `SIGNAL_SCHEMA`."""
    quarantined: tuple[QuarantinedRow, ...]
    suggested: Mapping[str, str]
    """Column → field:conversion, where nothing but names and contents say it; else empty."""


def pull(connector: Pull, asked: Asked, rules: Rules) -> Iterator[Pulled]:
    """Read a source from where it was left.

    Raises
    ------
    BadInput
        The source refuses or does not answer: `Refused`, `Later`.

    """
    for page in _pages(connector, asked):
        yield Pulled(_read(page, connector, rules), page.gone, page.state)


def try_out(connector: Pull, asked: Asked, rules: Rules) -> Tried:
    """Read one page, the first that holds something, and keep nothing.

    Raises
    ------
    BadInput

    """
    for page in _pages(connector, asked):
        suggested = {} if connector.preset or rules.mapping else _suggest(page)
        told = Rules(rules.source, rules.mapping or suggested, rules.kind)
        read = _read(page, connector, told)
        if read.read:
            examples = read.signals.slice(0, MOST_EXAMPLES)
            return Tried(read.read, examples, read.quarantined[:MOST_EXAMPLES], suggested)
    return Tried(0, SIGNAL_SCHEMA.empty_table(), (), {})


def _pages(connector: Pull, asked: Asked) -> Iterator[Page]:
    try:
        yield from connector.pages(asked)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Refused(
            f"The source answers in a form that is not known ({type(error).__name__}: {error}).",
            remedy="Check that the address is that of the service.",
        ) from error


def _read(page: Page, connector: Pull, rules: Rules) -> Normalised:
    preset = preset_named(connector.preset) if connector.preset else None
    if page.document is None:
        mapping = connector.told(rules.mapping)
        return read_records(page.records, rules.source, preset, mapping, rules.kind)
    try:
        return _read_document(page, preset, rules)
    except BadInput as error:
        if not page.stays:
            raise
        aside = QuarantinedRow(page.document_name, 0, "", str(error), page.document_name)
        return Normalised(SIGNAL_SCHEMA.empty_table(), (aside,))


def _read_document(page: Page, preset: Preset | None, rules: Rules) -> Normalised:
    assert page.document is not None  # noqa: S101 - the caller looked
    raw = open_table(page.document)
    rule = preset or detect_preset(raw.columns.column_names)
    if rule is not None and len(raw.columns) <= rule.skip_rows and not raw.quarantined:
        return Normalised(SIGNAL_SCHEMA.empty_table(), ())
    told = {c: field for c, field in rules.mapping.items() if c in raw.columns.column_names}
    return normalise(raw, understand(raw, rule, told, rules.kind), source=rules.source)


def _suggest(page: Page) -> dict[str, str]:
    """Return what the columns of records seem to mean, for somebody to check."""
    rows = page.records[:_LOOKED_AT]
    if not rows:
        return {}
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[None if row.get(n) is None else str(row[n]) for row in rows] for n in names]
    table = pa.table([pa.array(each, pa.string()) for each in cells], names=names)
    numbers = pa.array(range(1, len(rows) + 1), pa.int64()).to_numpy()
    try:
        found = understand(RawTable("records", "json", "", "", table, numbers))
    except BadInput:
        return {}
    return {
        column.column: f"{column.field}:{column.convert}"
        if _is_telling(column.convert)
        else column.field
        for column in found.columns
        if column.field in FIELDS and column.field != column.column
    }


def _is_telling(conversion: str) -> bool:
    """Whether a conversion says more than its field does."""
    return ":" in conversion
