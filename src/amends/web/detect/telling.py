"""A breakdown in words: what happened, where, since when, how sure, and what became of it."""

import math
from datetime import datetime, timedelta
from typing import Final, Literal, cast

from django.urls import reverse
from django.utils import timezone

from amends.engine.contracts import (
    SILENCE,
    UNSURE,
    BreakdownState,
    Family,
    Kind,
    Slice,
    measure_named,
)
from amends.flows.analyze.telling import NOUNS
from amends.flows.analyze.watching import RATES
from amends.flows.report import words
from amends.web.detect.models import Breakdown
from amends.web.intake.asked import url_of_signals
from amends.web.intake.filters import FILTERED, Filters
from amends.web.intake.naming import cause_label, value_label
from amends.web.ui.parts import Alert, Bar, Tone

STATES: Final[dict[str, tuple[str, Tone]]] = {
    BreakdownState.SUSPECTED: ("Suspected", ""),
    BreakdownState.CONFIRMED: ("Going on", "brand"),
    BreakdownState.RECOVERING: ("Recovering", "good"),
    BreakdownState.OVER: ("Over", ""),
}
KINDS: Final[dict[str, str]] = {
    "complaints": Kind.COMPLAINT.value,
    "complaint_rate": Kind.COMPLAINT.value,
    "tickets": Kind.TICKET.value,
    "ticket_rate": Kind.TICKET.value,
    "social_mentions": Kind.SOCIAL.value,
    "mention_rate": Kind.SOCIAL.value,
    "nps_harm": Kind.SURVEY.value,
    "csat_harm": Kind.SURVEY.value,
    "ces_harm": Kind.SURVEY.value,
}
"""The kind of signals that a measure is made of; without: several."""
SURE: Final = math.log(1e6)
"""Evidence above which odds are no longer written out."""


def noun(measure: str) -> str:
    """Return what a measure counts, in the plural: `complaints`, `high-effort answers`."""
    if measure == SILENCE.name:
        return "signals"
    counts = {rate: count for count, rate in RATES.items()}
    return NOUNS[counts.get(measure, measure)]


def places(where: Slice) -> list[str]:
    """Return the terms of a slice as words, causes last; none: everywhere."""
    terms = sorted(where.terms, key=lambda term: term[0] == "cause")
    return [
        cause_label(value) if dim == "cause" else f"{value_label(dim)}: {value_label(value)}"
        for dim, value in terms
    ]


def place(where: Slice) -> str:
    """Return a slice as one text: `Product: Fibre · Region: North`."""
    return " · ".join(places(where)) or "Everywhere"


def is_new_normal(b: Breakdown) -> bool:
    """Whether it lasted so long that its level is what is expected by now."""
    return b.state == BreakdownState.OVER and b.ended_at is None


def since(b: Breakdown) -> str:
    """Return the day it began: `14 Nov`; a silence's moment: `14 Nov, 14:05`."""
    if b.is_silence:
        return f"{_day(b.onset_at)}, {timezone.localtime(b.onset_at):%H:%M}"
    return _day(b.onset_at)


def since_interval(b: Breakdown) -> str:
    """Return the days between which it began; empty when the day is known."""
    if b.onset_latest_at - b.onset_earliest_at < timedelta(days=1):
        return ""
    return f"between {_day(b.onset_earliest_at)} and {_day(b.onset_latest_at)}"


def headline(b: Breakdown) -> str:
    """Say in one sentence what was seen, what was expected, since when, and whether it lasts."""
    if is_new_normal(b):
        until = "It lasted so long that this is now the usual level"
    elif b.ended_at is not None:
        until = f"It ended on {_day(b.ended_at)}"
    else:
        until = "It goes on" if b.state != BreakdownState.RECOVERING else "It is getting better"
    return f"{size(b)} since {since(b)}. {until}."


def size(b: Breakdown) -> str:
    """Return `280 tickets where 24 were expected`."""
    is_mean = measure_named(b.measure).family is Family.MEAN
    of = f" of {measure_named(b.measure).per}s" if is_mean else ""
    what = f"{words.number(b.observed, 0)} {noun(b.measure)}{of}"
    return f"{what} where {words.number(b.expected, 0)} were expected"


def expected_range(b: Breakdown) -> str:
    """Return `200 – 284`: what chance leaves of the expectation in 19 of 20 periods."""
    return words.interval(words.number(b.expected_low, 0), words.number(b.expected_high, 0))


def ratio(b: Breakdown) -> str:
    """Return observed ÷ expected: `11.6×`."""
    text = words.times(b.ratio)
    return f"> {words.times(b.ratio_low)}" if text in {words.NONE, "∞×"} else text


def ratio_interval(b: Breakdown) -> str:
    """Return its interval: `9.2× – 14.4×`."""
    return words.interval(words.times(b.ratio_low), words.times(b.ratio_high))


def odds(b: Breakdown) -> str:
    """Say the evidence in words: how strongly the data speak against "nothing changed"."""
    if b.score >= SURE:
        return "More than a million to 1 against chance"
    against = math.exp(b.score)
    rounded = round(against, -int(math.log10(max(against, 1))) + 1)
    return f"About {words.number(max(rounded, 1), 0)} to 1 against chance"


def false_alarms(b: Breakdown) -> str:
    """Say how often a series like this alarms although nothing is wrong."""
    return f"A quiet series like this alarms by chance {words.every(b.false_alarm_every_days)}"


def customers(b: Breakdown) -> str:
    """Return `279 customers`; what is not known, as a dash."""
    return words.NONE if b.customers is None else words.count(b.customers, "customer")


def alert(b: Breakdown) -> Alert:
    """Return a breakdown as one line of a list."""
    told = [customers(b)] if b.customers else []
    return Alert(
        b.title,
        place(b.where),
        cast("Literal['critical', 'high', 'medium', 'low']", b.severity),
        " · ".join([*told, f"since {since(b)}"]),
        reverse("detect:breakdown", args=[b.pk]),
    )


def slice_bars(b: Breakdown) -> list[Bar]:
    """Return the slices that explain it, each with its part of the excess, linked to signals."""
    return [
        Bar(
            place(where),
            f"{words.percent(entry['share'], 0)} · {words.number(entry['actual'], 0)} "
            f"instead of {words.number(entry['expected'], 0)}",
            max(min(entry["share"], 1.0), 0.01),
            href=signals_url(b, where),
        )
        for entry in [*b.slices[:1], *sorted(b.slices[1:], key=lambda s: -s["share"])]
        for where in (Slice.of(entry["terms"]),)
    ]


def cause_bars(b: Breakdown) -> list[Bar]:
    """Return the causes by their part of the excess, linked to the signals of each."""
    told = [c for c in b.causes if c["cause"] and c["share"] > 0]
    return [
        Bar(
            cause_label(c["cause"]),
            f"{words.percent(c['share'], 0)} · {words.count(c['n'], 'signal')}",
            max(min(c["share"], 1.0), 0.01),
            href=signals_url(b, Slice.of({**b.where.as_dict(), "cause": c["cause"]})),
        )
        for c in told
        if c["cause"] != UNSURE or len(told) > 1
    ]


def signals_url(b: Breakdown, where: Slice | None = None) -> str:
    """Return the address of its signals: kind, slice, cause and stretch of time.

    A silence has none: there its source is what to look at.
    """
    if b.is_silence:
        return reverse("sources:source", args=[b.where.as_dict()["source"]])
    terms = (b.where if where is None else where).as_dict()
    cause = terms.pop("cause", "")
    filters = Filters(
        timezone.now(), dims={d: v for d, v in terms.items() if d in FILTERED}, cause=cause
    )
    others = {dim: value for dim, value in terms.items() if dim not in FILTERED}
    return url_of_signals(
        filters,
        **others,
        kind=KINDS.get(b.measure, ""),
        since=b.onset_at.isoformat(),
        until=last_moment(b).isoformat(),
    )


def last_moment(b: Breakdown) -> datetime:
    """Return the end of what belongs to it: now, while it goes on."""
    return b.ended_at or timezone.now()


def _day(at: datetime) -> str:
    return words.day(at, year=at.year != timezone.now().year)
