"""Rules at work: on signals in the transaction in which they land, on measures and deadlines later.

Those are looked at after each watch and every five minutes: deadlines pass and days end without a
signal, too.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pyarrow as pa
from django.urls import reverse
from django.utils import timezone

from amends.engine.contracts import measure_named
from amends.engine.detect import Firing, run_firings
from amends.flows.report import words
from amends.web.alerts.courses import DAY, Course, course_of
from amends.web.alerts.matching import CUSTOMER, Hit, hits_of, subject_label
from amends.web.alerts.models import ENDED, Alert, Rule, RuleHit, RuleKind
from amends.web.alerts.raising import TOPIC, Fired, end, raise_for_rule
from amends.web.detect.telling import place
from amends.web.intake.asked import url_of_signals
from amends.web.intake.filters import FILTERED, Filters
from amends.web.ui.live import publish

FRESH: Final = timedelta(hours=24)
"""A single signal that tells of something older is history and wakes nobody."""
LOOKS_BACK: Final = timedelta(days=90)
"""A stretch that lasts is one alarm, and another one after so long: as the preview has it."""
BACK: Final = "It is back on the right side of its threshold."


def active_rules(now: datetime, *kinds: str) -> list[Rule]:
    """Return the rules of some kinds that look at all."""
    rules = Rule.objects.filter(kind__in=kinds, is_on=True).select_related("owner", "team")
    return [rule for rule in rules if rule.is_active(now)]


def note_signals(signals: pa.Table, replaced: Iterable[str], now: datetime) -> list[Alert]:
    """Let signals that land count for rules, in the caller's transaction; return what was raised.

    Versions that are replaced count no longer. A signal counts once for a rule, however often it
    is landed again.
    """
    gone = [UUID(name) for name in replaced]
    if gone:
        RuleHit.objects.filter(signal_id__in=gone, is_spent=False).delete()
    raised = []
    for rule in active_rules(now, RuleKind.SURVEYS, RuleKind.SIGNAL) if len(signals) else ():
        hits = [hit for hit in hits_of(rule, signals) if hit.at > now - _counts_for(rule)]
        if rule.kind == RuleKind.SIGNAL:
            told = [raise_for_rule(rule, of_signal(hit), now) for hit in hits]
        else:
            told = _count(rule, hits, now)
        raised += [alert for alert in told if alert is not None]
    return raised


def look(now: datetime) -> list[Alert]:
    """Hold measures and overdue cases against thresholds; return the alerts that are new.

    The alert of a rule that no longer holds ends by itself.
    """
    raised = []
    for rule in active_rules(now, RuleKind.THRESHOLD, RuleKind.SLA):
        course = course_of(rule, now - LOOKS_BACK - rule.window_days * DAY, now)
        firing = _that_holds(course, rule)
        open_ones = Alert.objects.filter(rule=rule).exclude(state__in=ENDED)
        if firing is None:
            for known in open_ones:
                end(known, BACK, now)
                publish(TOPIC)
            continue
        since = course.days[firing.first]
        if not Alert.objects.filter(rule=rule, raised_at__gte=since).exists():
            alert = raise_for_rule(rule, of_threshold(rule, firing, course), now)
            raised += [alert] if alert is not None else []
    return raised


def of_threshold(rule: Rule, firing: Firing, course: Course) -> Fired:
    """Return what is said of a threshold that is passed."""
    days = f" in {words.count(rule.window_days, 'day')}" if rule.window_days > 1 else " a day"
    since = words.day(course.days[firing.first])
    if rule.kind == RuleKind.SLA:
        n = words.count(round(firing.value), "deadline")
        return Fired(
            "level",
            since,
            f"{rule.name}: {n} of cases missed{days}",
            f"At least {rule.minimum_count} is the rule; since {since}",
            "/cases/?tab=overdue",
            _where(rule),
        )
    is_above = rule.threshold.is_above
    unit = "" if rule.threshold.is_mean else days
    value, level = words.number(firing.value), words.number(rule.level)
    label = measure_named(rule.measure).label
    return Fired(
        "level",
        since,
        f"{rule.name}: {label} {value}{unit}, {'above' if is_above else 'below'} {level}",
        f"{place(rule.key.slice)} · since {since}",
        _signals_url(rule),
        _where(rule),
    )


def of_signal(hit: Hit) -> Fired:
    """Return what is said of a single grave signal: nothing that the customer wrote."""
    return Fired(
        hit.signal_id,
        hit.signal_id,
        hit.what,
        hit.place,
        reverse("intake:signal", args=[hit.signal_id]),
        hit.where,
    )


def of_surveys(rule: Rule, hits: Sequence[Hit]) -> Fired:
    """Return what is said of surveys that together are too many."""
    last = hits[-1]
    whose = subject_label(rule, last.subject)
    is_customer = rule.subject == CUSTOMER
    mine = dict(last.where) if is_customer else {**rule.where}
    if not is_customer and rule.subject:
        mine[rule.subject] = last.subject
    href = reverse("intake:signal", args=[last.signal_id]) if is_customer else _signals_url(rule)
    return Fired(
        last.subject[:40],
        last.signal_id,
        f"{rule.name}: {rule.n} negative surveys {whose} within {rule.within_label}".replace(
            "  ", " "
        ),
        last.place,
        href,
        mine,
    )


def _counts_for(rule: Rule) -> timedelta:
    return rule.within if rule.kind == RuleKind.SURVEYS else FRESH


def _count(rule: Rule, hits: Sequence[Hit], now: datetime) -> list[Alert | None]:
    """Write hits down; raise what became enough of one subject."""
    RuleHit.objects.bulk_create(
        [
            RuleHit(rule=rule, signal_id=UUID(h.signal_id), subject=h.subject[:64], at=h.at)
            for h in hits
        ],
        ignore_conflicts=True,
    )
    newest: dict[str, Hit] = {hit.subject[:64]: hit for hit in hits}
    waiting: dict[str, list[RuleHit]] = defaultdict(list)
    known = RuleHit.objects.filter(rule=rule, subject__in=list(newest), is_spent=False)
    for row in known.filter(at__gt=now - rule.within).order_by("at", "signal_id"):
        waiting[row.subject].append(row)
    raised = []
    for subject, rows in waiting.items():
        fired = run_firings([row.at for row in rows], rule.n, rule.within)
        if fired:
            spent = [row.pk for row in rows[: fired[-1] + 1]]
            RuleHit.objects.filter(pk__in=spent).update(is_spent=True)
            raised.append(raise_for_rule(rule, of_surveys(rule, [newest[subject]]), now))
    return raised


def _that_holds(course: Course, rule: Rule) -> Firing | None:
    """Return the stretch that lasts until now; downwards the last whole day counts."""
    firings = course.firings(rule)
    last = len(course.days) - 1
    if course.last_is_partial and not rule.threshold.is_above:
        last -= 1
    return firings[-1] if firings and firings[-1].last >= last else None


def _where(rule: Rule) -> dict[str, str]:
    return dict(rule.key.slice.as_dict()) if rule.measure else dict(rule.where)


def _signals_url(rule: Rule) -> str:
    dims = {dim: value for dim, value in rule.where.items() if dim in FILTERED}
    return url_of_signals(Filters(timezone.now(), dims=dims, cause=rule.cause))
