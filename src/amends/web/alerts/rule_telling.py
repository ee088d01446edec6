"""A rule in words: what it looks at, and whether it looks."""

from datetime import datetime

from django.utils import timezone

from amends.engine.contracts import Slice, measure_named
from amends.flows.report import words
from amends.web.alerts.matching import CUSTOMER
from amends.web.alerts.models import Rule, RuleKind
from amends.web.alerts.models.rule import Direction
from amends.web.detect.telling import place
from amends.web.intake.naming import value_label
from amends.web.ui.parts import Tone


def say_rule(rule: Rule) -> str:
    """Return `Complaints a day above 40 · Product: Fibre`."""
    terms = dict(rule.where) | ({"cause": rule.cause} if rule.cause else {})
    where = place(Slice.of(terms))
    match rule.kind:
        case RuleKind.THRESHOLD:
            side = Direction(rule.direction).label.lower()
            days = "a day" if rule.window_days == 1 else f"in {rule.window_days} days"
            least = f", of at least {rule.minimum_count}" if rule.minimum_count > 1 else ""
            label = measure_named(rule.measure).label
            what = f"{label} {days} {side} {words.number(rule.level)}{least}"
        case RuleKind.SLA:
            days = "a day" if rule.window_days == 1 else f"in {rule.window_days} days"
            what = f"{words.count(rule.minimum_count, 'missed deadline')} of cases {days}"
        case RuleKind.SURVEYS:
            whose = {CUSTOMER: "by one customer", "": ""}.get(
                rule.subject, f"of one {value_label(rule.subject).lower()}"
            )
            what = f"{words.count(rule.n, 'negative survey')} {whose} within {rule.within_label}"
        case _:
            what = f"A single signal of severity {rule.least_severity} or worse"
    return f"{' '.join(what.split(' '))} · {where}"


def state_of(rule: Rule, now: datetime) -> tuple[str, Tone]:
    """Return whether it looks, in words, and the tone of the chip."""
    if not rule.is_on:
        return "Off", ""
    if rule.expires_at is not None and rule.expires_at <= now:
        return "Expired", "high"
    if rule.snoozed_until is not None and rule.snoozed_until > now:
        until = timezone.localtime(rule.snoozed_until)
        return f"Snoozed until {words.day(until)}, {until:%H:%M}", "medium"
    return "Looks", "good"
