"""Raising: what becomes an alert, once, in the transaction that writes what it is of.

Breakdowns are compared with their alerts (`raise_for_breakdowns`) after every watch: so it does not
matter who opened or changed them, nor how often one looks. Rules raise theirs by `raise_for_rule`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from amends.engine.contracts import BreakdownState, Severity
from amends.web.alerts import soon
from amends.web.alerts.models import ENDED, WAITING, Alert, AlertState, Rule, RuleKind
from amends.web.detect.models import Breakdown, Judgement
from amends.web.detect.telling import place
from amends.web.ui.live import publish

TOPIC: Final = "alerts"
CHANNELS: Final = "channels"
"""The topic of how channels fare: another page, of others."""
OVER: Final = "The breakdown is over."
_OF_SIGNALS: Final = {RuleKind.SURVEYS, RuleKind.SIGNAL}


@dataclass(frozen=True, slots=True)
class Fired:
    """What a rule says when it fires."""

    subject: str
    """Of the rule's alerts only one per subject goes on at a time."""
    occasion: str
    """Tells one firing from the next of the same subject."""
    title: str
    detail: str
    href: str
    where: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def raise_for_breakdowns(now: datetime) -> list[Alert]:
    """Bring alerts up to date with the breakdowns there are; return those that are new or worse.

    One that is new raises an alert, one that became worse or came back has it climb again from the
    beginning, one that is over or was judged to be none ends it.
    """
    loud, changed = [], _end_what_is_over(now)
    going_on = Breakdown.objects.exclude(state=BreakdownState.OVER.value).filter(
        judgement__in=[Judgement.NONE, Judgement.REAL]
    )
    known = {a.breakdown_id: a for a in Alert.objects.filter(breakdown__in=going_on)}
    for breakdown in going_on.order_by("pk"):
        alert = known.get(breakdown.pk)
        if alert is None:
            alert, is_new = _raise(breakdown, now)
            if is_new:
                loud.append(alert)
            continue
        changed |= _follow(alert, breakdown, now)
        is_worse = _rank(breakdown.severity) > _rank(alert.severity)
        if is_worse or _has_come_back(alert, breakdown):
            _begin_again(alert, breakdown.severity, now)
            loud.append(alert)
    for alert in loud:
        _gather_under(alert, now)
    if loud or changed:
        publish(TOPIC)
        soon.deliver()
    return loud


@transaction.atomic
def raise_for_rule(rule: Rule, fired: Fired, now: datetime) -> Alert | None:
    """Raise the alert of a rule that fired; None when it is known already.

    While the breakdown that explains it is open it becomes a part of that one's alert.
    """
    same = f"rule {rule.pk} {fired.subject}"
    if (
        Alert.objects.filter(key__startswith=f"{same} @", rule=rule)
        .exclude(state__in=ENDED)
        .exists()
    ):
        return None
    alert, is_new = Alert.objects.get_or_create(
        key=f"{same} @{fired.occasion}"[:120],
        defaults={
            "rule": rule,
            "title": fired.title[:200],
            "detail": fired.detail[:500],
            "href": fired.href[:200],
            "where": dict(fired.where),
            "severity": rule.severity,
            "owner": rule.owner,
            "team": rule.team,
            "quiet_from": rule.quiet_from,
            "quiet_until": rule.quiet_until,
            "raised_at": now,
            "began_at": now,
            "next_at": now,
        },
    )
    if not is_new:
        return None
    open_ones = Alert.objects.select_related("breakdown", "rule").exclude(state__in=ENDED)
    for over in open_ones.filter(breakdown__isnull=False).order_by("pk"):
        if _explains(over, alert):
            _put_under(over, alert, now)
            break
    publish(TOPIC)
    soon.deliver()
    return alert


def end(alert: Alert, because: str, now: datetime, *, state: str = AlertState.CLOSED) -> None:
    """End an alert, and with it what it explains; nothing more is sent."""
    alert.state, alert.next_at = state, None
    alert.ended_at, alert.ended_because = now, because[:300]
    alert.save(update_fields=["state", "next_at", "ended_at", "ended_because"])
    for part in alert.parts.exclude(state__in=ENDED):
        end(part, because, now, state=state)


def acknowledged(alert: Alert, at: datetime, by: int | None) -> None:
    """Write down that somebody knows of it, and of what it explains; what has ended stays so."""
    waiting = Alert.objects.filter(Q(pk=alert.pk) | Q(part_of=alert), state__in=WAITING)
    waiting.update(
        state=AlertState.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=by, next_at=None
    )
    alert.refresh_from_db(fields=["state", "acknowledged_at", "acknowledged_by", "next_at"])


def take_over_acknowledgement(alert: Alert, breakdown: Breakdown) -> bool:
    """Acknowledge an alert whose breakdown was seen in its present run; whether that was so."""
    seen_at = breakdown.acknowledged_at
    if not alert.waits or seen_at is None or (alert.run > 1 and seen_at < alert.began_at):
        return False
    acknowledged(alert, seen_at, breakdown.owner_id)
    return True


def _raise(breakdown: Breakdown, now: datetime) -> tuple[Alert, bool]:
    return Alert.objects.get_or_create(
        key=f"breakdown {breakdown.pk}",
        defaults={
            "breakdown": breakdown,
            "title": breakdown.title,
            "detail": place(breakdown.where)[:500],
            "href": reverse("detect:breakdown", args=[breakdown.pk]),
            "where": _terms(breakdown),
            "severity": breakdown.severity,
            "owner": breakdown.owner,
            "team": breakdown.team,
            "raised_at": now,
            "began_at": now,
            "next_at": now,
        },
    )


def _follow(alert: Alert, breakdown: Breakdown, now: datetime) -> bool:
    """Take over what was changed in the breakdown: its words, whose it is, that it was seen."""
    told = (breakdown.title, breakdown.owner_id, breakdown.team_id)
    changed = (alert.title, alert.owner_id, alert.team_id) != told
    if changed:
        has_other_readers = (alert.owner_id, alert.team_id) != told[1:]
        alert.title, alert.owner_id, alert.team_id = told
        alert.save(update_fields=["title", "owner", "team"])
        if has_other_readers and alert.part_of_id is None:
            Alert.objects.filter(pk=alert.pk, state__in=WAITING).update(next_at=now)
    return take_over_acknowledgement(alert, breakdown) or changed


def _has_come_back(alert: Alert, breakdown: Breakdown) -> bool:
    """Whether what ended goes on again: a source may fall silent once more."""
    is_confirmed = breakdown.state == BreakdownState.CONFIRMED.value
    return alert.ended_because == OVER and is_confirmed


def _end_what_is_over(now: datetime) -> bool:
    open_ones = Alert.objects.exclude(state__in=ENDED).filter(breakdown__isnull=False)
    over = open_ones.filter(breakdown__state=BreakdownState.OVER.value)
    judged = open_ones.filter(breakdown__judgement__in=[Judgement.FALSE, Judgement.KNOWN])
    ended = False
    for alert in (over | judged).select_related("breakdown").order_by("pk"):
        assert alert.breakdown is not None  # noqa: S101  (filtered)
        if alert.breakdown.is_open:
            end(alert, judged_words(alert.breakdown.judgement), now)
        else:
            end(alert, OVER, now)
        ended = True
    return ended


def judged_words(judgement: str) -> str:
    """Return why an alert has ended that was judged to be nothing to go on about."""
    return f"It was judged: {Judgement(judgement).label.lower()}."


def _begin_again(alert: Alert, severity: str, now: datetime) -> None:
    """Have an alert climb from the beginning, whatever was acknowledged of it before."""
    alert.severity, alert.state, alert.run = severity, AlertState.RAISED, alert.run + 1
    alert.began_at = alert.next_at = now
    alert.acknowledged_at = alert.acknowledged_by = alert.ended_at = alert.delivered_at = None
    alert.ended_because = ""
    alert.save()


def _gather_under(over: Alert, now: datetime) -> None:
    """Put the open alerts of rules under the breakdown that explains them."""
    alone = Alert.objects.filter(rule__isnull=False, part_of=None).exclude(state__in=ENDED)
    for alert in alone.select_related("rule").order_by("pk"):
        if _explains(over, alert):
            _put_under(over, alert, now)


def _put_under(over: Alert, alert: Alert, now: datetime) -> None:
    alert.part_of, alert.next_at = over, None
    alert.save(update_fields=["part_of", "next_at"])
    if _rank(alert.severity) > _rank(over.severity):
        _begin_again(over, alert.severity, now)
    elif over.acknowledged_at is not None:
        acknowledged(alert, now, over.acknowledged_by_id)


def _explains(over: Alert, alert: Alert) -> bool:
    """Whether what a rule saw lies in the slice of a breakdown, or counts the same beside it."""
    if over.breakdown is None or alert.rule is None or over.breakdown.is_silence:
        return False
    if alert.rule.kind in _OF_SIGNALS:
        terms = over.where.items()
        return bool(terms) and all(alert.where.get(dim) == value for dim, value in terms)
    is_same = alert.rule.measure == over.breakdown.measure
    return is_same and all(
        over.where.get(dim, value) == value for dim, value in alert.where.items()
    )


def _terms(breakdown: Breakdown) -> dict[str, str]:
    terms = breakdown.where.as_dict()
    if breakdown.cause:
        terms["cause"] = breakdown.cause
    return terms


def _rank(severity: str) -> int:
    return Severity(severity).rank
