"""Handoffs that nobody accepts: who is told of them, by value at risk, and never at night.

What is critical knows no night; everything else waits until people of the region are awake.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from amends.engine.clocks import (
    Calendar,
    ClockKind,
    EscalationStep,
    Reading,
    Sheet,
    working_between,
)
from amends.engine.contracts import Severity
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Role
from amends.web.alerts.models import Notice
from amends.web.alerts.notifying import notify
from amends.web.cases.actions import TOPIC, tell
from amends.web.cases.clocks import clocks_of, sheet_in_force
from amends.web.cases.models import Case, Escalation, Handoff, HandoffState, Happening, Step
from amends.web.cases.wording import LEVELS, amount_words
from amends.web.ui.live import publish
from amends.web.ui.templatetags.ui import moment

ALWAYS = Calendar()


def handoff_clocks(cases: Sequence[Case], now: datetime) -> dict[int, Reading]:
    """Return the running clock of each case's handoff, by the case's key."""
    if not cases:
        return {}
    clocks = clocks_of(cases, now)
    found = {case.pk: handoff_clock(clocks.readings(i)) for i, case in enumerate(cases)}
    return {pk: clock for pk, clock in found.items() if clock is not None}


def handoff_clock(readings: Iterable[Reading]) -> Reading | None:
    """Return the clock of the handoff that waits."""
    running = (r for r in readings if r.kind is ClockKind.HANDOFF and r.is_running)
    return next(running, None)


def escalate_stalled(now: datetime) -> int:
    """Tell the next person of every handoff that has waited too long; return how many were told."""
    rows = Handoff.objects.filter(state=HandoffState.WAITING).select_related("case")
    handoffs = list(rows.order_by("asked_at", "pk"))
    clocks = handoff_clocks([handoff.case for handoff in handoffs], now)
    sheet = sheet_in_force()
    return sum(
        _escalate(handoff.pk, handoff.case_id, clocks[handoff.case_id], sheet, now)
        for handoff in handoffs
        if handoff.case_id in clocks and clocks[handoff.case_id].due_at <= now
    )


@transaction.atomic
def _escalate(pk: int, case_pk: int, clock: Reading, sheet: Sheet, now: datetime) -> int:
    """Take the next step of one handoff's path; its case is locked as verbs lock it."""
    case = Case.objects.select_for_update(skip_locked=True).filter(pk=case_pk).first()
    handoff = Handoff.objects.filter(pk=pk, state=HandoffState.WAITING).first()
    if case is None or handoff is None:
        return 0
    told = set(handoff.escalations.values_list("level", flat=True))
    for step in next_steps(case, clock.due_at, sheet, now):
        if step.to in told:
            continue
        people = people_of(step.to, handoff.to_team_id)
        made = [Escalation(handoff=handoff, level=step.to, person=p, at=now) for p in people]
        for escalation in made:
            escalation.notice = _notify(escalation, case, clock.due_at)
        nobody = Escalation(handoff=handoff, level=step.to, at=now)
        Escalation.objects.bulk_create(made or [nobody])
        if people:
            names = ", ".join(str(person) for person in people)
            title = f"Escalated to the {LEVELS[step.to]}: {names}"
            tell(case, None, Happening.ASSIGNED, title, f"{handoff.to_team} has not accepted it.")
            publish(TOPIC)
            return 1
    return 0


def _notify(escalation: Escalation, case: Case, due_at: datetime) -> Notice:
    """Bring it to its person, without anything that the customer said."""
    handoff, person = escalation.handoff, escalation.person
    assert person is not None  # noqa: S101  (nobody is not told)
    step = Step(handoff.step).label.lower()
    worth = f", {amount_words(case.value_at_risk, case.currency)} a year at risk"
    detail = (
        f"{handoff.to_team} was asked to {step} and has not accepted it; due {moment(due_at)}. "
        f"Severity {case.severity}{worth if case.value_at_risk else ''}. "
        f"You are told as the {LEVELS[escalation.level]}."
    )
    href = reverse("cases:case", args=[case.ref])
    return notify(person, f"{case.ref} waits for {handoff.to_team}", detail, href, escalation.at)


def next_steps(
    case: Case, due_at: datetime, sheet: Sheet, now: datetime
) -> Sequence[EscalationStep]:
    """Return the steps of the escalation path that are due for a case, in order."""
    waking = ALWAYS if case.severity == Severity.CRITICAL else sheet.waking_of(case.region)
    if not waking.is_open(now):
        return []
    late = working_between(waking, due_at, now)
    return [
        step
        for step in sheet.escalation
        if late >= timedelta(minutes=step.after_minutes)
        and case.value_at_risk >= step.value_at_risk
    ]


def people_of(level: str, team: int | None) -> list[User]:
    """Return who is told at a level: the team's leads, its service managers, or the CX leaders.

    A team without a service manager of its own falls to all of them.
    """
    active = User.objects.filter(is_active=True).order_by("name", "pk")
    if level == "lead":
        return list(active.filter(memberships__team=team, memberships__is_lead=True))
    if level == "manager":
        managers = active.filter(roles__contains=[Role.SERVICE_MANAGER.value])
        return list(managers.filter(memberships__team=team)) or list(managers)
    return list(active.filter(roles__contains=[Role.LEADER.value]))
