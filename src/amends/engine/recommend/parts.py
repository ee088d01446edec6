"""The parts of a policy table as its file states them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from .columns import Column, Scalar, write
from .conditions import Condition


class HitPolicy(StrEnum):
    """What happens when several rows match."""

    UNIQUE = "unique"
    """Never: the table is refused when two rows can match one case."""
    FIRST = "first"
    """The first row decides."""
    COLLECT_MIN = "collect-min"
    """The row with the lowest first output decides: limits."""
    COLLECT = "collect"
    """All of them are listed: allowed actions."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """An output that is a factor times an input of the case: "1.5 * loss"."""

    factor: Decimal
    column: str

    def write(self) -> str:
        """Return the text that the table's file holds."""
        return f"{write(self.factor)} * {self.column}"


Output = Scalar | Scaled


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a condition per input column (None: any), a value per output column."""

    row_id: str
    conditions: tuple[Condition | None, ...]
    outputs: tuple[Output, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """Where a table comes from. None of it decides anything."""

    title: str = ""
    citation: str = ""
    verified_on: date | None = None
    """When the figures were last checked against the source; None: they were not."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A case with what the table must say of it."""

    facts: Mapping[str, Scalar | None]
    expect: Mapping[str, Scalar]
    """Output name → value. COLLECT: first output, values joined by ", " in the rows' order."""


def content_hash(
    head: Sequence[str], hit: HitPolicy, columns: Sequence[Sequence[Column]], rows: Sequence[Row]
) -> str:
    """Return 16 hex digits of SHA-256 over all that decides.

    Parameters
    ----------
    head
        Name, currency, scope and effective dates.
    hit
        The order of rows counts in FIRST tables only.
    columns
        Inputs and outputs.
    rows
        The rows; their notes are left out.

    """
    texts = [
        [
            row.row_id,
            [c and c.write() for c in row.conditions],
            [o.write() if isinstance(o, Scaled) else write(o) for o in row.outputs],
        ]
        for row in rows
    ]
    if hit is not HitPolicy.FIRST:
        texts.sort(key=lambda row: str(row[0]))
    content = [*head, hit, [[_describe(c) for c in side] for side in columns], texts]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _describe(column: Column) -> list[object]:
    ends = [None if end is None else write(end) for end in (column.low, column.high)]
    flags = [column.is_open, column.is_whole, column.is_optional]
    return [column.name, column.type, list(column.values), *flags, *ends]
