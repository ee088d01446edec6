"""Pages of sources: how each of them fares, and one with its course and its ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from amends.flows.report import words
from amends.web.accounts.access import requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.intake.models import Arrival, Source, Way
from amends.web.intake.quarantine import Asked
from amends.web.intake.source_charts import source_chart
from amends.web.intake.source_health import (
    Health,
    Lag,
    Share,
    arrivals_of,
    health,
    health_of,
    reasons_of,
)
from amends.web.ui.pages import page
from amends.web.ui.parts import Bar, Chart

LIVE = ("signals",)
PARTS: Final[Mapping[str, tuple[str, Verb]]] = {
    Way.API: ("sources:access", Verb.SYSTEM_MANAGE),
    Way.WEBHOOK: ("sources:access", Verb.SYSTEM_MANAGE),
    Way.PULL: ("sources:pulling", Verb.SYSTEM_READ),
}
"""How signals come in → the part of the page that tells of it, and who may see it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A source as the list tells it; texts that are not known are dashes."""

    health: Health
    url: str
    now: str
    usual: str
    lag: str
    lag_note: str
    errors: str
    errors_note: str
    duplicates: str
    why: str
    """What speaks for its state, in words."""


@dataclass(frozen=True, slots=True)
class SourcesContext:
    """All sources."""

    lines: tuple[Line, ...]
    summary: str
    may_connect: bool
    may_import: bool
    live: tuple[str, ...] = LIVE


@dataclass(frozen=True, slots=True)
class SourceContext:
    """One source."""

    line: Line
    chart: Chart | None
    reasons: tuple[Bar, ...]
    arrivals: tuple[Arrival, ...]
    received: str
    received_note: str
    quarantine_url: str
    """Empty for those who may not mend."""
    part: str
    """The address of the part that is loaded when the page is there; empty: none."""
    may_manage: bool
    """Whether there is something to change, and the person may."""
    live: tuple[str, ...] = LIVE


@require_safe
@requires(Verb.SOURCE_READ)
def sources(request: HttpRequest) -> HttpResponse:
    """List every source with how it fares, those in trouble first."""
    now = timezone.now()
    lines = tuple(_line(one) for one in health(now))
    in_trouble = sum(line.health.state in {"silent", "failing", "late"} for line in lines)
    summary = (
        f"{in_trouble} of {words.count(len(lines), 'source')} need a look"
        if in_trouble
        else "Every source keeps its rhythm"
    )
    person = current_person(request)
    context = SourcesContext(
        lines,
        summary if lines else "Where signals come from",
        may_connect=person.may(Verb.SYSTEM_MANAGE),
        may_import=person.may(Verb.SIGNAL_IMPORT),
    )
    return page(request, "intake/sources.html", context, fragment="list")


@require_safe
@requires(Verb.SOURCE_READ)
def source(request: HttpRequest, name: str) -> HttpResponse:
    """Show one source: its course against the usual, its lag, its errors, its ledger."""
    now, person = timezone.now(), current_person(request)
    found = health_of(name, now)
    if found is None:
        raise Http404
    reasons = reasons_of(name, now)
    most = max((n for _, _, n in reasons), default=1)
    may_mend = person.may(Verb.SIGNAL_MEND)
    context = SourceContext(
        line=_line(found),
        chart=source_chart(found.hours, now) if found.hours else None,
        reasons=tuple(
            Bar(
                f"{field}: {reason}" if field else reason,
                words.count(n, "row"),
                n / most,
                href=reverse("intake:quarantine") + Asked(name, field, reason).query()
                if may_mend
                else "",
            )
            for field, reason, n in reasons
        ),
        arrivals=tuple(arrivals_of(name)),
        received=_lag(found.received),
        received_note=_lag_note(found.received),
        quarantine_url=reverse("intake:quarantine") + Asked(name).query() if may_mend else "",
        part=_part(found.source, person),
        may_manage=bool(found.source.pk) and person.may(Verb.SYSTEM_MANAGE),
    )
    return page(request, "intake/source.html", context)


def _part(source: Source, person: User) -> str:
    name, verb = PARTS.get(source.way, ("", Verb.SYSTEM_MANAGE))
    is_there = name and source.pk and person.may(verb)
    return reverse(name, args=[source.name]) if is_there else ""


def _line(one: Health) -> Line:
    usual = one.usual
    return Line(
        health=one,
        url=_url(one.source.name),
        now=words.number(usual.rows, 0) if usual else words.NONE,
        usual=f"usually {words.number(usual.around.low, 0)} – {words.number(usual.around.high, 0)}"
        if usual
        else "not known yet",
        lag=_lag(one.visible),
        lag_note=_lag_note(one.visible),
        errors=words.percent(one.errors.value) if one.errors else words.NONE,
        errors_note=_share_note(one.errors),
        duplicates=words.percent(one.duplicates.value) if one.duplicates else words.NONE,
        why=_why(one),
    )


def _url(name: str) -> str:
    try:
        return reverse("sources:source", args=[name])
    except NoReverseMatch:  # a file's name with a slash in it
        return ""


def _why(one: Health) -> str:
    if one.state in {"silent", "late"} and one.silence is not None:
        minutes = one.silence.pause.total_seconds() / 60
        if one.source.silent_after_minutes:
            limit = words.duration(one.source.silent_after_minutes)
            return f"Nothing for {words.duration(minutes)}; {limit} are allowed"
        chance = one.silence.chance
        odds = f"one in {words.number(1 / chance, 0)}" if chance > 1e-6 else "less than 1 in 10⁶"
        return f"Nothing for {words.duration(minutes)}; so long a pause is {odds}"
    if one.state == "failing":
        return "Many rows of the last 24 hours could not be read"
    if one.state == "new":
        return "Its rhythm is known after 14 days"
    return ""


def _lag(lag: Lag | None) -> str:
    return words.NONE if lag is None else f"{seconds(lag.median)} · {seconds(lag.p95)}"


def _lag_note(lag: Lag | None) -> str:
    return "none lately" if lag is None else f"median · 95 of 100, n = {words.number(lag.n, 0)}"


def _share_note(share: Share | None) -> str:
    if share is None:
        return "no rows in 7 days"
    low, high = (words.percent(end) for end in (share.interval.low, share.interval.high))
    return f"{low} – {high} of {words.number(share.n, 0)}"


def seconds(value: float) -> str:
    """Return `0.4 s`, `12 s`, then minutes and hours."""
    if value < 60:
        return f"{words.number(max(value, 0.0), 1 if value < 10 else 0)}{words.NBSP}s"
    return words.duration(value / 60)
