"""The budget in figures and words: what is in force, what another would mean, what came of it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count

from amends.engine.contracts import SILENCE, measure_named
from amends.flows.budget_study import BUDGETS, PLANTED_DAYS, SHOWN_DAYS
from amends.flows.report import words
from amends.web.accounts.models import User
from amends.web.detect.in_force import budget_in_force
from amends.web.detect.judging import Judged
from amends.web.detect.models import (
    SEVERITIES,
    Breakdown,
    Budget,
    BudgetStudy,
    Recalibration,
    Series,
)
from amends.web.detect.recalibrating import Precision, precisions
from amends.web.ui.parts import Event

WEEKS: Final = 13
"""How far back the alarms by team and severity are counted."""
MAIN_RATIO: Final = 2.0
"""The planted rise that sentences tell of."""
LOGGED: Final = 12
_NAMES: Final = {
    0.0: "none",
    12.0: "1 a month",
    26.0: "1 in two weeks",
    52.0: "1 a week",
    104.0: "2 a week",
    260.0: "5 a week",
}


@dataclass(frozen=True, slots=True)
class Outlook:
    """One budget in words: what it would have meant."""

    step: int
    label: str
    is_in_force: bool
    alarms: str
    missed: str
    delay: str
    compared: str
    """Against the budget in force; empty for that one."""


@dataclass(frozen=True, slots=True)
class TeamRow:
    """The alarms a week of one team, by severity, the gravest first, and in all."""

    team: str
    cells: tuple[str, ...]
    total: str


@dataclass(frozen=True, slots=True)
class PrecisionRow:
    """How often one measure's alarms were right."""

    label: str
    judged: Judged
    part: str


def budget_label(per_year: float) -> str:
    """Return `6 a year`, `1 a week`, or `none`."""
    return _NAMES.get(per_year) or f"{words.number(per_year)} a year"


def step_in_force() -> int:
    """Return the rung of the ladder that is nearest to the budget in force."""
    budget = budget_in_force()
    return min(range(len(BUDGETS)), key=lambda i: abs(BUDGETS[i] - budget))


def latest_study() -> BudgetStudy | None:
    """Return what is known of other budgets."""
    return BudgetStudy.objects.order_by("-pk").first()


def outlook(study: BudgetStudy, step: int, in_force: int) -> Outlook:
    """Return what a budget would have meant for the last 90 days and for planted rises."""
    point, now = study.points[step], study.points[in_force]
    main, now_main = _main(point), _main(now)
    per_week = words.number(point["alarms_per_week"], 1)
    delay = main["delay_days"]
    compared = ""
    if step != in_force:
        more = words.signed(point["alarms_per_week"] - now["alarms_per_week"], 1)
        fewer = words.signed(100 * (main["missed"] - now_main["missed"]), 0)
        compared = f"Against the budget in force: {more} alarms a week, {fewer} pp missed"
    return Outlook(
        step=step,
        label=budget_label(point["per_year"]),
        is_in_force=step == in_force,
        alarms=f"{per_week} alarms a week: {point['n_alarms']} in the last {SHOWN_DAYS} days",
        missed=(
            f"{words.percent(main['missed'], 0)} of rises to twice the usual missed "
            f"({words.interval(*_percents(main))}, {main['n']} planted)"
        ),
        delay=_delay(delay),
        compared=compared,
    )


def team_rows(now: datetime) -> list[TeamRow]:
    """Return the alarms a week by team and severity, over the last quarter."""
    counted = (
        Breakdown.objects.filter(detected_at__gte=now - timedelta(weeks=WEEKS))
        .values_list("team__name", "severity")
        .annotate(n=Count("pk"))
    )
    by_team: dict[str, Counter[str]] = {}
    for team, severity, n in counted:
        by_team.setdefault(team or "", Counter())[severity] += n
    severities = [name for name, _ in SEVERITIES[::-1]]
    rows = [
        TeamRow(
            team or "Without a team",
            tuple(_per_week(counts[name]) for name in severities),
            _per_week(counts.total()),
        )
        for team, counts in sorted(by_team.items(), key=lambda item: (-item[1].total(), item[0]))
    ]
    if len(rows) > 1:
        whole = sum(by_team.values(), Counter())
        cells = tuple(_per_week(whole[name]) for name in severities)
        rows.append(TeamRow("All teams", cells, _per_week(whole.total())))
    return rows


def precision_rows(now: datetime) -> list[PrecisionRow]:
    """Return how often each measure's alarms of a year were right, as far as people said."""
    return [_precision(p) for p in precisions(now)]


def log() -> list[Event]:
    """Return what was decided of the budget, and what judgements changed, the newest first."""
    budgets = [
        Event(
            f"Budget: {budget_label(b.per_year)}",
            b.set_at,
            b.because,
            "gauge",
            "brand",
            str(b.set_by or "somebody who left"),
        )
        for b in Budget.objects.select_related("set_by").order_by("-pk")[:LOGGED]
    ]
    changes = [
        Event(
            f"{measure_named(r.measure).label}: {words.times(r.factor)} its part of the budget",
            r.at,
            f"Was {words.times(r.was)}. {r.n_false} of {r.n_judged} judged alarms were false; "
            f"{words.number(r.granted, 1)} were granted.",
            "scale",
            "",
            "amends",
        )
        for r in Recalibration.objects.order_by("-pk")[:LOGGED]
    ]
    return sorted([*budgets, *changes], key=lambda event: event.at, reverse=True)[:LOGGED]


def set_by() -> tuple[User | None, datetime] | None:
    """Return who stated the budget in force, and when; None: nobody did."""
    latest = Budget.objects.select_related("set_by").order_by("-pk").first()
    return None if latest is None else (latest.set_by, latest.set_at)


def watched_series() -> int:
    """Return how many series share the budget."""
    return Series.objects.exclude(measure=SILENCE.name).count()


def _precision(p: Precision) -> PrecisionRow:
    label = measure_named(p.measure).label
    return PrecisionRow(label, p.judged, words.times(p.factor))


def _main(point: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in point["planted"] if p["ratio"] == MAIN_RATIO)
    return found


def _percents(planted: dict[str, Any]) -> tuple[str, str]:
    return words.percent(planted["missed_low"], 0), words.percent(planted["missed_high"], 0)


def _delay(days: float | None) -> str:
    if days is None:
        return f"None is noticed within {PLANTED_DAYS} days"
    if days < 1:
        return "The others are noticed on the same day (median)"
    return f"The others are noticed after {words.count(round(days), 'day')} (median)"


def _per_week(n: int) -> str:
    return words.number(n / WEEKS, 1) if n else "0"
