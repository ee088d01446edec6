"""Planned events: read from programs and people, and looked up beside a breakdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from amends.engine.contracts import DIMENSIONS, BadInput, Slice
from amends.flows.report import words
from amends.flows.watch import overlaps
from amends.web.detect.models import Breakdown, EventKind, PlannedEvent, slice_text

BEFORE: Final = timedelta(days=7)
AFTER: Final = timedelta(days=1)
"""How long before the earliest onset a change may have begun to be shown, and after the latest."""
MOST: Final = 500
"""Events of one request."""
_FIELDS: Final = frozenset({"external_id", "title", "kind", "starts_at", "ends_at", "slice"})


@dataclass(frozen=True, slots=True)
class Told:
    """One event that a program told of."""

    external_id: str
    title: str
    kind: str
    starts_at: datetime
    ends_at: datetime | None
    where: Slice


def what_changed(b: Breakdown) -> list[PlannedEvent]:
    """Return what was planned around the onset of a breakdown and does not lie elsewhere."""
    first, last = b.onset_earliest_at - BEFORE, b.onset_latest_at + AFTER
    terms = dict(b.where.terms)
    if b.cause:
        terms["cause"] = b.cause
    return [e for e in between(first, last) if overlaps(list(terms.items()), e.where.terms)]


def period_of(event: PlannedEvent) -> str:
    """Return the days of an event: `2 Mar – 9 Mar`."""
    since = timezone.localtime(event.starts_at)
    last = timezone.localtime(event.ends_at - timedelta(seconds=1)) if event.ends_at else since
    until = f" – {words.day(last)}" if last.date() > since.date() else ""
    return f"{words.day(since)}{until}"


def between(first: datetime, last: datetime) -> QuerySet[PlannedEvent]:
    """Return the events that were on between two times; one without an end is a moment."""
    is_on = Q(ends_at__gte=first) | Q(ends_at=None, starts_at__gte=first)
    return PlannedEvent.objects.filter(is_on, starts_at__lte=last)


@transaction.atomic
def take_in(told: Sequence[Told], source: str) -> list[str]:
    """Keep what a source told, and return what became of each: new, changed, or as it was.

    The same `external_id` again is the same event.
    """
    ids = [e.external_id for e in told]
    known = PlannedEvent.objects.select_for_update().filter(source=source, external_id__in=ids)
    by_id = {e.external_id: e for e in known}
    answers = []
    for each in told:
        event = by_id.get(each.external_id)
        is_new = event is None
        if event is None:
            event = PlannedEvent(source=source, external_id=each.external_id)
            by_id[each.external_id] = event
        given = {
            "title": each.title,
            "kind": each.kind,
            "starts_at": each.starts_at,
            "ends_at": each.ends_at,
            "slice": slice_text(each.where),
        }
        is_changed = any(getattr(event, name) != value for name, value in given.items())
        if is_new or is_changed:
            for name, value in given.items():
                setattr(event, name, value)
            event.save()
        answers.append("new" if is_new else "changed" if is_changed else "as it was")
    return answers


def read_events(records: Sequence[object]) -> list[Told]:
    """Read what a program sent.

    Raises
    ------
    BadInput
        A record is none of an event; the message names the row and the field.

    """
    return [_read(record, f"row {row}") for row, record in enumerate(records, start=1)]


def _read(record: object, row: str) -> Told:
    if not isinstance(record, Mapping):
        raise BadInput("This is no event.", where=row, remedy="Send a JSON object for each event.")
    if unknown := sorted(set(record) - _FIELDS):
        raise BadInput(
            f"{unknown[0]!r} is no field of an event.",
            where=row,
            remedy=f"The fields are {', '.join(sorted(_FIELDS))}.",
        )
    kind = record.get("kind")
    if kind not in EventKind.values:
        raise BadInput(
            f"{kind!r} is no kind of event.",
            where=f"{row}, field kind",
            remedy=f"Use one of {', '.join(EventKind.values)}.",
        )
    starts_at = _time(record, "starts_at", row)
    if starts_at is None:
        raise BadInput(
            "The event has no beginning.",
            where=f"{row}, field starts_at",
            remedy="Give a time as 2026-03-02T09:00:00Z.",
        )
    ends_at = _time(record, "ends_at", row)
    if ends_at is not None and ends_at < starts_at:
        raise BadInput(
            "The event ends before it starts.",
            where=f"{row}, field ends_at",
            remedy="Swap the times, or leave the end out.",
        )
    return Told(
        external_id=_text(record, "external_id", 200, row),
        title=_text(record, "title", 200, row),
        kind=str(kind),
        starts_at=starts_at,
        ends_at=ends_at,
        where=_slice(record.get("slice") or {}, row),
    )


def _text(record: Mapping[Any, Any], name: str, most: int, row: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > most or "\x00" in value:
        raise BadInput(
            f"{name} is no text of 1 to {most} characters.",
            where=f"{row}, field {name}",
            remedy="Every event has a title and an external_id of its own.",
        )
    return value.strip()


def _time(record: Mapping[Any, Any], name: str, row: str) -> datetime | None:
    value = record.get(name)
    if value is None:
        return None
    try:
        at = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or not 1990 <= at.year < 2100:
        raise BadInput(
            f"{value!r} is no time.",
            where=f"{row}, field {name}",
            remedy="Write it as 2026-03-02T09:00:00Z; without a zone it is UTC.",
        )
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _slice(value: object, row: str) -> Slice:
    where = f"{row}, field slice"
    if not isinstance(value, Mapping):
        raise BadInput("slice is no object.", where=where, remedy='Write {"product": "fibre"}.')
    known = {*DIMENSIONS, "cause"}
    for dim, term in value.items():
        if dim not in known or not isinstance(term, str) or not term or len(term) > 200:
            raise BadInput(
                f"{dim!r} with {term!r} is no part of a slice.",
                where=where,
                remedy=f"Dimensions are {', '.join(sorted(known))}, each with one text.",
            )
    return Slice.of({str(dim): str(term) for dim, term in value.items()})
