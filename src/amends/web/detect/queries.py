"""Named reads of breakdowns: which there are, the course of a series, what their signals say."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse

from amends.engine.contracts import (
    BreakdownState,
    Kind,
    Quote,
    SeriesChart,
    Severity,
    Slice,
    check_signals,
)
from amends.flows.analyze.telling import quotes
from amends.store import reads
from amends.web.accounts.models import User
from amends.web.accounts.permissions import MATRIX, Verb
from amends.web.detect.charts import Mark
from amends.web.detect.course import bare_course, course_of
from amends.web.detect.models import SEVERITIES, Breakdown, Judgement, Series, slice_text
from amends.web.detect.telling import KINDS, last_moment, place
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake
from amends.web.ui.kept import Kept

OVER: Final = BreakdownState.OVER.value
RANKS: Final = {severity.value: severity.rank for severity in Severity}
ALL_COMPLAINTS: Final = ("complaint_rate", "complaints")
"""The measures that count complaints, the one that knows its exposure first."""
NOBODY: Final = "nobody"
BEFORE: Final = timedelta(days=35)
AFTER: Final = timedelta(days=21)
LONGEST: Final = timedelta(days=240)
"""How much of its series is shown before and after a breakdown, and in all."""
READ_FOR_QUOTES: Final = 150
READABLE: Final = 40
"""Characters below which a text tells a reader nothing."""
QUOTED: Final = (
    "signal_id", "source", "external_id", "version", "kind", "occurred_at", "verbatim", "cause",
    "cause_confidence", "product", "region", "channel", "vendor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which breakdowns a list shows; empty: any. What makes no sense is left aside."""

    state: str = "open"
    """"open", "over" (of the period) or "all" (open, and over of the period)."""
    severity: str = ""
    owner: str = ""
    """A person's id, or "nobody"."""
    judgement: str = ""
    """"real", "false", "known", or "none" for what nobody has judged."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Complaints by day under some filters, with the breakdowns noticed meanwhile."""

    course: SeriesChart | None
    """None while the expected range is being computed."""
    marks: tuple[Mark, ...]
    why_no_range: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What customers say in the signals of a breakdown."""

    quotes: tuple[Quote, ...]
    n: int
    """All signals in its slice and time."""


said: Final = Kept[Said](young_seconds=60, old_seconds=1800)


def open_breakdowns(filters: Filters | None = None) -> QuerySet[Breakdown]:
    """Return what is broken now, the gravest and largest first."""
    found = _ordered(Breakdown.objects.exclude(state=OVER))
    return found if filters is None else _that_fit(found, filters)


def breakdowns(filters: Filters, wanted: Wanted) -> QuerySet[Breakdown]:
    """Return the breakdowns that are wanted, open ones first, then by severity and size."""
    found = _that_fit(Breakdown.objects.select_related("owner", "team"), filters)
    in_period = Q(ended_at__gte=filters.since) | Q(detected_at__gte=filters.since)
    match wanted.state:
        case "over":
            found = found.filter(in_period, state=OVER)
        case "all":
            found = found.filter(~Q(state=OVER) | in_period)
        case _:
            found = found.exclude(state=OVER)
    if wanted.severity in RANKS:
        found = found.filter(severity=wanted.severity)
    if wanted.owner == NOBODY:
        found = found.filter(owner=None)
    elif wanted.owner.isdecimal():
        found = found.filter(owner_id=int(wanted.owner[:18]))
    if wanted.judgement == "none":
        found = found.filter(judgement=Judgement.NONE)
    elif wanted.judgement and wanted.judgement in Judgement.values:
        found = found.filter(judgement=wanted.judgement)
    return _ordered(found)


def state_counts(filters: Filters) -> dict[str, int]:
    """Return how many breakdowns each tab of the list holds."""
    in_period = Q(ended_at__gte=filters.since) | Q(detected_at__gte=filters.since)
    over = Q(state=OVER)
    counted = _that_fit(Breakdown.objects.all(), filters).aggregate(
        open=Count("pk", filter=~over), over=Count("pk", filter=over & in_period)
    )
    return {**counted, "all": counted["open"] + counted["over"]}


def handlers() -> QuerySet[User]:
    """Return the people whose roles let them handle breakdowns."""
    roles = [role.value for role, reach in MATRIX[Verb.BREAKDOWN_HANDLE].items() if reach]
    return User.objects.filter(is_active=True, roles__overlap=roles)


def breakdown_course(b: Breakdown, now: datetime) -> SeriesChart | None:
    """Return a breakdown's own series around it; None while its range is computed."""
    later = (last_moment(b) + AFTER).astimezone(UTC)
    # A day that is over is complete: only today is told as partial.
    end = min(now, later.replace(hour=23, minute=59, second=59, microsecond=999_999))
    length = end - b.onset_at
    since = b.onset_earliest_at - max(BEFORE, 2 * length)
    return course_of(b.series, max(since, end - LONGEST), end, b.title)


def volume_course(filters: Filters) -> Volume:
    """Return complaints by day: of everything, or of the choice that the filters make.

    A choice that is not watched as a series of its own comes without an expected range.
    """
    where = Slice.of({**filters.dims, **({"cause": filters.cause} if filters.cause else {})})
    title = f"Complaints, {place(where)}" if where.terms else "Complaints"
    marks = _marks(filters)
    watched = {
        s.measure: s
        for s in Series.objects.filter(measure__in=ALL_COMPLAINTS, slice=slice_text(where))
    }
    series = next((watched[m] for m in ALL_COMPLAINTS if m in watched), None)
    if series is not None:
        return Volume(course_of(series, filters.since, filters.until, title), marks)
    because = (
        "Without an expected range: this choice is not watched as a series of its own."
        if where.terms
        else "Without an expected range: nothing is watched yet."
    )
    return Volume(_counted(filters, title), marks, because)


def said_in(b: Breakdown) -> Said | None:
    """Return what its signals say and how many there are; None while the lake is read."""
    return said.get((lake().address, b.pk), lambda: Said(_verbatims(b), _signal_count(b)))


def _verbatims(b: Breakdown) -> tuple[Quote, ...]:
    """Return a few texts of its signals: sure ones, no two alike."""
    found = signals_of(b)
    told = found.filter(found["verbatim"].notnull() & (found["verbatim"].length() >= READABLE))
    surest = told.order_by([told["cause_confidence"].desc(nulls_first=False), told["signal_id"]])
    table = check_signals(lake().fetch(surest.select(*QUOTED).limit(READ_FOR_QUOTES)))
    return quotes(table, b.cause or None, b.where)


def _signal_count(b: Breakdown) -> int:
    """Return how many signals lie in its slice and time."""
    return int(lake().fetch(signals_of(b).count().name("n").as_table())["n"][0].as_py())


def signals_of(b: Breakdown, *, of_any_kind: bool = False):  # type: ignore[no-untyped-def]  # noqa: ANN201  (Ibis has no types)
    """Return its signals as an expression: slice and time, of the kind that is counted or any."""
    terms = b.where.as_dict()
    source = terms.pop("source", None)
    kind = None if of_any_kind else KINDS.get(b.measure)
    signals = lake().signals()
    return reads.where(
        signals if source is None else signals.filter(signals["source"] == source),
        since=b.onset_at,
        until=last_moment(b),
        cause=terms.pop("cause", None) or (b.cause if of_any_kind else None) or None,
        dims=terms,
        kinds=(kind,) if kind else tuple(k.value for k in Kind if k is not Kind.TRANSACTION),
    )


def _ordered(found: QuerySet[Breakdown]) -> QuerySet[Breakdown]:
    rank = [When(severity=severity, then=Value(RANKS[severity])) for severity, _ in SEVERITIES]
    is_over = Case(When(state=OVER, then=Value(1)), default=Value(0), output_field=IntegerField())
    return found.annotate(
        is_over=is_over, rank=Case(*rank, default=Value(0), output_field=IntegerField())
    ).order_by("is_over", "-rank", F("customers").desc(nulls_last=True), "-detected_at", "pk")


def _that_fit(found: QuerySet[Breakdown], filters: Filters) -> QuerySet[Breakdown]:
    """Keep what does not lie somewhere else: a breakdown of all regions is one of each."""
    for dim, value in filters.dims.items():
        term = f"slices__0__terms__{dim}"
        found = found.filter(Q(**{term: value}) | ~Q(slices__0__terms__has_key=dim))
    if filters.cause:
        below = Q(cause__startswith=f"{filters.cause}/")
        found = found.filter(Q(cause=filters.cause) | below)
    return found


def _marks(filters: Filters) -> tuple[Mark, ...]:
    found = _that_fit(Breakdown.objects.all(), filters).filter(
        detected_at__gt=filters.since, detected_at__lte=filters.until
    )
    return tuple(
        # What a day's end brought to light belongs to that day.
        Mark(at - timedelta(seconds=1), severity, reverse("detect:breakdown", args=[pk]))
        for pk, at, severity in found.values_list("pk", "detected_at", "severity")
    )


def _counted(filters: Filters, title: str) -> SeriesChart | None:
    since = filters.since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = lake().counts(
        ("day",),
        since=since,
        until=filters.until,
        dims=filters.dims,
        cause=filters.cause or None,
        kinds=(Kind.COMPLAINT.value,),
    )
    by_day = dict(zip(found["day"].to_pylist(), found["n"].to_pylist(), strict=True))
    days = [since + timedelta(days=i) for i in range((filters.until - since).days + 1)]
    counts = [(day, float(by_day.get(day.date(), 0))) for day in days]
    return bare_course(counts, title, "complaints", is_partial=True)
