"""What reading a source says about itself: presets, understood columns, quarantined rows."""

from dataclasses import dataclass

from .words import Kind


@dataclass(frozen=True, slots=True)
class FieldMap:
    """One field of the Signal contract and the source column it comes from."""

    field: str
    column: str
    convert: str = "text"
    """A named conversion of `engine.signals.convert`, its argument after a colon."""


@dataclass(frozen=True, slots=True)
class Preset:
    """How the export of one product maps to Signal; its `fingerprint` columns give it away."""

    name: str
    title: str
    kind: Kind
    fingerprint: tuple[str, ...]
    fields: tuple[FieldMap, ...]
    skip_rows: int = 0
    """Metadata rows after the header that are no data (Qualtrics has two)."""
    taxonomy: str | None = None
    """The starter taxonomy that fits, when the source says so."""


@dataclass(frozen=True, slots=True)
class UnderstoodColumn:
    """How one column of a file was read, in words a person can check and overrule with --map."""

    column: str
    field: str | None
    """Field of the Signal contract; None: kept as an attribute."""
    how: str
    """told (by --map), preset, name, content, or attribute"""
    detail: str
    """The date format, the scale, the unit: what was assumed."""
    filled: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be read, with its reason and itself, so that it can be mended."""

    file: str
    row: int
    """1-based data row (the header is row 0)."""
    field: str
    reason: str
    raw: str
