"""What a rule would have said in the last 90 days, before it is saved: which alarms, and when."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from amends.engine.contracts import check_signals, measure_named
from amends.engine.detect import run_firings
from amends.flows.report import words
from amends.web.alerts.charts import preview_chart
from amends.web.alerts.courses import DAY, course_of, midnight
from amends.web.alerts.firing import LOOKS_BACK, of_signal, of_surveys, of_threshold
from amends.web.alerts.matching import COLUMNS, Hit, hits_of
from amends.web.alerts.models import Rule, RuleKind
from amends.web.intake.lake import lake
from amends.web.ui.parts import Chart

MOST: Final = 50
"""Alarms that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm that a rule would have raised."""

    at: datetime
    title: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would have said."""

    chart: Chart
    alarms: list[Alarm]
    """The newest first, at most `MOST`."""
    n: int
    per_week: str
    looks_at: str
    """What the chart shows."""


def preview_of(rule: Rule, now: datetime) -> Preview:
    """Return what a rule, saved or not, would have said in the last 90 days."""
    if rule.kind in {RuleKind.THRESHOLD, RuleKind.SLA}:
        return _of_threshold(rule, now)
    return _of_signals(rule, now)


def _of_threshold(rule: Rule, now: datetime) -> Preview:
    lead = rule.window_days - 1
    course = course_of(rule, now - LOOKS_BACK - lead * DAY, now)
    firings = [f for f in course.firings(rule) if f.last >= lead]
    values = course.compared(rule)[lead:]
    alarms = []
    for f in firings:
        told = of_threshold(rule, f, course)
        alarms.append(Alarm(course.days[max(f.first, lead)], told.title, told.detail, told.href))
    is_sla = rule.kind == RuleKind.SLA
    label = "Missed deadlines" if is_sla else measure_named(rule.measure).label
    over = f", {words.count(rule.window_days, 'day')} together" if rule.window_days > 1 else ""
    chart = preview_chart(
        course.days[lead:],
        values,
        [max(f.first - lead, 0) for f in firings],
        label,
        level=rule.threshold.level,
        tone=rule.severity,
    )
    return _preview(chart, alarms, f"{label} a day{over}")


def _of_signals(rule: Rule, now: datetime) -> Preview:
    since = midnight(now - LOOKS_BACK)
    table = lake().signals(since, now).select(*COLUMNS)
    hits = hits_of(rule, check_signals(lake().fetch(table)))
    alarms = []
    if rule.kind == RuleKind.SIGNAL:
        for hit in hits:
            told = of_signal(hit)
            alarms.append(Alarm(hit.at, told.title, told.detail, told.href))
    else:
        for mine in _by_subject(hits).values():
            for place in run_firings([h.at for h in mine], rule.n, rule.within):
                told = of_surveys(rule, [mine[place]])
                alarms.append(Alarm(mine[place].at, told.title, told.detail, told.href))
    alarms.sort(key=lambda alarm: alarm.at)
    n_days = (midnight(now) - since).days + 1
    values = np.zeros(n_days)
    for hit in hits:
        values[(midnight(hit.at) - since).days] += 1
    marked = sorted({(midnight(alarm.at) - since).days for alarm in alarms})
    label = "Negative surveys" if rule.kind == RuleKind.SURVEYS else "Grave signals"
    days = [since + i * DAY for i in range(n_days)]
    chart = preview_chart(days, values, marked, label, level=None, tone=rule.severity)
    return _preview(chart, alarms, f"{label} a day")


def _by_subject(hits: list[Hit]) -> dict[str, list[Hit]]:
    found: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        found[hit.subject].append(hit)
    return found


def _preview(chart: Chart, alarms: list[Alarm], looks_at: str) -> Preview:
    per_week = words.number(7 * len(alarms) / LOOKS_BACK.days, 1)
    return Preview(chart, alarms[::-1][:MOST], len(alarms), per_week, looks_at)
