"""Climbing: which step of its escalation an alert is at, and who is told of it.

One worker at a time has an alert (`FOR UPDATE SKIP LOCKED`); a notice is made once for each step
and reader, whatever happens. When steps are due is the engine's (`engine/detect/escalation.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from amends.engine.contracts import Severity
from amends.engine.detect import QuietHours, on_call, step_times, steps_due
from amends.web.accounts.models import Membership, User
from amends.web.alerts.dispatching import dispatch
from amends.web.alerts.models import (
    Alert,
    AlertState,
    Notice,
    NoticeKind,
    NoticeState,
    Rota,
    StepKind,
)
from amends.web.alerts.raising import TOPIC, end, take_over_acknowledgement
from amends.web.ui.live import publish

EXPIRES_AFTER: Final = timedelta(days=7)
"""An alert that nobody has acknowledged for so long is let go, and says so."""
OWNER_WAITS: Final = timedelta(minutes=30)
"""Where there is no rota the owner is told, and once more after this."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: whom it tells, and how long it is given."""

    people: tuple[int, ...]
    wait: timedelta
    label: str


def climb(now: datetime) -> int:
    """Make the notices of all steps that are due; return how many."""
    made = 0
    due = Alert.objects.filter(next_at__lte=now).order_by("next_at", "pk")
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            mine = Alert.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            alert = mine.select_related("breakdown").filter(pk=pk, next_at__lte=now).first()
            if alert is not None:
                made += _climb(alert, now)
    return made


def rungs_of(alert: Alert, now: datetime) -> list[Rung]:
    """Return the steps of an alert in order, all rounds, with who they tell just now."""
    rota = rota_of(alert)
    if rota is None:
        owner = (alert.owner_id,) if alert.owner_id else ()
        return [Rung(owner, OWNER_WAITS, StepKind.OWNER.label)] * 2
    weekly, overrides = rota.as_known()
    found = []
    for step in rota.steps.select_related("person"):
        people: Sequence[int | None] = ()
        match step.kind:
            case StepKind.OWNER:
                people = (alert.owner_id,)
            case StepKind.ON_CALL:
                people = (on_call(weekly, overrides, now),)
            case StepKind.NEXT:
                people = (on_call(weekly, overrides, now, ahead=1),)
            case StepKind.LEADS:
                people = _leads(alert.team_id or rota.team_id)
            case StepKind.PERSON:
                people = (step.person_id,)
        told = tuple(sorted({p for p in people if p is not None} & _active(people)))
        found.append(Rung(told, timedelta(minutes=step.wait_minutes), str(step)))
    return found * rota.rounds


def rota_of(alert: Alert) -> Rota | None:
    """Return the rota of its team, else that of everything that has no team."""
    own = Q(team=alert.team_id) if alert.team_id else Q(team=None)
    return Rota.objects.filter(own | Q(team=None)).order_by("team_id").first()


def quiet_of(alert: Alert) -> QuietHours | None:
    """Return the hours in which nobody is told of it: its rule's own, else its rota's."""
    if alert.severity == Severity.CRITICAL.value:
        return None
    rota = rota_of(alert)
    if alert.quiet_from and alert.quiet_until and alert.quiet_from != alert.quiet_until:
        zone = rota.zone if rota else timezone.get_default_timezone()
        return QuietHours(alert.quiet_from, alert.quiet_until, zone)
    return rota.quiet if rota else None


def times_of(alert: Alert, rungs: Sequence[Rung]) -> tuple[datetime, ...]:
    """Return when each step is due, as far as is known now."""
    notices = alert.notices.filter(run=alert.run)
    still = set(notices.exclude(state=NoticeState.FAILED).values_list("step", flat=True))
    failed = notices.filter(state=NoticeState.FAILED).values_list("step")
    ended = failed.annotate(at=Max("attempts__ended_at"))
    in_vain = {step: at for step, at in ended if step not in still and at is not None}
    in_vain |= {n: alert.began_at for n, rung in enumerate(rungs) if not rung.people}
    return step_times(alert.began_at, [r.wait for r in rungs], quiet_of(alert), in_vain)


def _climb(alert: Alert, now: datetime) -> int:
    if alert.breakdown is not None and take_over_acknowledgement(alert, alert.breakdown):
        publish(TOPIC)
        return 0
    expires_at = alert.began_at + EXPIRES_AFTER
    if now >= expires_at:
        because = f"Nobody acknowledged it for {EXPIRES_AFTER.days} days."
        end(alert, because, now, state=AlertState.EXPIRED)
        publish(TOPIC)
        return 0
    rungs = rungs_of(alert, now)
    times = times_of(alert, rungs)
    n = steps_due(times, now, alert.acknowledged_at)
    begun = set(alert.notices.filter(run=alert.run).values_list("step", flat=True))
    made = 0
    for step in range(n):
        if step not in begun:
            made += sum(_tell(alert, step, person, now) for person in rungs[step].people)
    alert.next_at = min(times[n], expires_at) if n < len(times) else expires_at
    alert.save(update_fields=["next_at"])
    return made


def _tell(alert: Alert, step: int, person: int, now: datetime) -> bool:
    notice, is_new = Notice.objects.get_or_create(
        alert=alert,
        run=alert.run,
        step=step,
        person_id=person,
        defaults={"kind": NoticeKind.ALERT, "created_at": now},
    )
    if is_new:
        dispatch(notice, now)
    return is_new


def _leads(team_id: int | None) -> list[int]:
    leads = Membership.objects.filter(team=team_id, is_lead=True)
    return list(leads.values_list("user_id", flat=True)) if team_id else []


def _active(people: Sequence[int | None]) -> set[int]:
    asked = [p for p in people if p is not None]
    return set(User.objects.filter(pk__in=asked, is_active=True).values_list("pk", flat=True))
