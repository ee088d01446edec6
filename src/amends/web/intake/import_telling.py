"""Imports in words: the state of each, its columns, what a dry run found."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.forms import BoundField
from django.urls import reverse
from django.utils import timezone

from amends.flows.importing import Plan
from amends.flows.report import words
from amends.web.intake.import_forms import MappingForm, field_label
from amends.web.intake.models import Import, ImportState
from amends.web.intake.naming import value_label
from amends.web.intake.rehearsing import Rehearsal
from amends.web.ui.parts import Tone

_HOW: Final = {
    "told": "You said so",
    "preset": "The product's column",
    "name": "By its name",
    "content": "By its values",
    "attribute": "Kept as it is",
}
_TONES: Final[dict[str, Tone]] = {
    ImportState.DONE: "good",
    ImportState.FAILED: "critical",
    ImportState.RUNNING: "brand",
}
_HALTED_AFTER: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One column of a file that is mapped."""

    name: str
    samples: tuple[str, ...]
    read_as: str
    how: str
    detail: str
    is_attribute: bool
    select: BoundField


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import in the list."""

    found: Import
    state: str
    tone: Tone
    size: str
    url: str


def column_rows(plan: Plan, form: MappingForm) -> list[ColumnRow]:
    """Return every column of a file, in its order."""
    rows = []
    for place, name in enumerate(plan.columns):
        meanings = [c for c in plan.understanding.columns if c.column == name]
        first = meanings[0]
        rows.append(
            ColumnRow(
                name=name,
                samples=first.samples,
                read_as=", ".join(field_label(c.field) for c in meanings),
                how=_HOW[first.how],
                detail=first.detail,
                is_attribute=first.field is None,
                select=form.select_of(place),
            )
        )
    return rows


def row_of(found: Import) -> ImportRow:
    """Return an import as the list shows it."""
    return ImportRow(
        found=found,
        state=state_label(found),
        tone=_TONES.get(found.state, ""),
        size=size_label(found.size),
        url=reverse("intake:import", args=[found.pk]),
    )


def state_label(found: Import) -> str:
    """Return where an import is; one that nobody is at any more is halted."""
    is_old = timezone.now() - found.touched_at > _HALTED_AFTER
    if found.state == ImportState.RUNNING and is_old and not found.upload:
        return "Halted"
    if found.is_held:
        return "Waits for room"
    return ImportState(found.state).label


def size_label(size: int) -> str:
    """Return `3.4 MB`."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} bytes"


def kinds_label(rehearsal: Rehearsal) -> str:
    """Return `3,200 complaints, 410 surveys`."""
    return ", ".join(
        words.count(n, value_label(kind).lower()) for kind, n in rehearsal.kinds.items()
    )


def signals_url(rehearsal: Rehearsal | None) -> str:
    """Return the address of the signals of the days that a file covers."""
    url = reverse("intake:signals")
    if rehearsal is None or rehearsal.first_at is None or rehearsal.last_at is None:
        return url
    last = rehearsal.last_at.date() + timedelta(days=1)
    return f"{url}?kind=all&from={rehearsal.first_at.date()}&to={last}"
