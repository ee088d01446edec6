"""Handoffs as pages show them: on the page of their case, and in the lists of who has to answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from amends.engine.clocks import Reading
from amends.web.accounts.models import User
from amends.web.alerts.models import AttemptState, ChannelKind
from amends.web.cases.deeds import BY_NAME, Deed
from amends.web.cases.escalating import handoff_clock, handoff_clocks
from amends.web.cases.handoffs import may_answer, may_withdraw, waiting_handoff
from amends.web.cases.models import Case, Escalation, Handoff, HandoffState
from amends.web.cases.queries import readable
from amends.web.cases.wording import LEVELS


@dataclass(frozen=True, slots=True)
class HandoffTold:
    """One handoff for one person."""

    handoff: Handoff
    case: Case
    due_at: datetime | None
    """Until when it is to be accepted; None once it is."""
    escalated: str
    """Who was told of it last, and how; empty as long as nobody was."""
    deeds: Sequence[Deed]
    """What the person may do about it."""


@dataclass(frozen=True, slots=True)
class HandoffGroup:
    """Handoffs under one heading."""

    title: str
    sub: str
    handoffs: Sequence[HandoffTold]


GROUPS = {
    "mine": ("Escalated to you", "Nobody has accepted these in time"),
    "team": ("Wait for your team", "The earliest deadline first"),
    "asked": ("Your team asked", "They stay with you until they are accepted"),
    "others": ("Between other teams", ""),
}


def handoff_of(case: Case) -> Handoff | None:
    """Return the handoff that waits in a case; else the one by which its team took it over."""
    if case.handed_to_id:
        return waiting_handoff(case)
    accepted = case.handoffs.filter(state=HandoffState.ACCEPTED, to_team=case.team_id)
    return accepted.select_related("to_team", "from_team", "asked_by").last()


def handoff_told(person: User, handoff: Handoff, clocks: Iterable[Reading]) -> HandoffTold:
    """Return the handoff of a case as its page shows it, beside the case's clocks."""
    clock = handoff_clock(clocks)
    return _told(person, handoff, clock.due_at if clock else None)


def handoffs_for(person: User, now: datetime) -> list[HandoffGroup]:
    """Return the handoffs that wait and that a person may know of, in groups."""
    rows = list(
        _waiting_for(person)
        .select_related("case__customer", "to_team", "from_team", "asked_by")
        .prefetch_related("escalations__person", "escalations__notice__attempts__channel")
    )
    clocks = handoff_clocks([row.case for row in rows], now)
    groups: dict[str, list[HandoffTold]] = {name: [] for name in GROUPS}
    for row in rows:
        due_at = clocks[row.case_id].due_at if row.case_id in clocks else None
        groups[_group(person, row)].append(_told(person, row, due_at))
    return [
        HandoffGroup(*GROUPS[name], sorted(found, key=lambda t: (t.due_at or now, t.handoff.pk)))
        for name, found in groups.items()
        if found or name == "team"
    ]


def count_for(person: User) -> int:
    """Return how many handoffs wait for a person: for their teams, or escalated to them."""
    is_told = Exists(Escalation.objects.filter(handoff=OuterRef("pk"), person=person))
    return _waiting_for(person).filter(Q(to_team__in=person.team_ids) | Q(is_told)).count()


def _waiting_for(person: User) -> QuerySet[Handoff]:
    return Handoff.objects.filter(
        state=HandoffState.WAITING, case__in=readable(person).values("pk")
    ).order_by("asked_at", "pk")


def _is_mine(person: User, row: Handoff) -> bool:
    return any(told.person_id == person.pk for told in row.escalations.all())


def _group(person: User, row: Handoff) -> str:
    if _is_mine(person, row):
        return "mine"
    if may_answer(person, row):
        return "team"
    return "asked" if row.from_team_id in person.team_ids else "others"


def _told(person: User, row: Handoff, due_at: datetime | None) -> HandoffTold:
    case = row.case
    names, levels = [], []
    if row.state == HandoffState.WAITING:
        levels = [told for told in row.escalations.all() if told.person_id]
        names += ["accept", "return"] if may_answer(person, row) else []
        names += ["withdraw"] if may_withdraw(person, row) else []
    deeds = [BY_NAME[name] for name in names if BY_NAME[name].is_for(person, case, row)]
    return HandoffTold(row, case, due_at, _escalated(levels), deeds)


def _escalated(told: Sequence[Escalation]) -> str:
    """Say `service manager (Priya N.: E-mail)`, of the newest level."""
    if not told:
        return ""
    newest = [t for t in told if t.level == told[-1].level]
    names = [
        f"{t.person.short_name}{f': {ways}' if (ways := _ways(t)) else ''}"
        for t in newest
        if t.person
    ]
    return f"{LEVELS[told[-1].level]} ({'; '.join(names)})"


def _ways(told: Escalation) -> str:
    """Return the channels that brought it; the pages themselves go without saying."""
    attempts = told.notice.attempts.all() if told.notice else ()
    delivered = (a.channel for a in attempts if a.state == AttemptState.DELIVERED)
    return ", ".join(c.name for c in delivered if c.kind != ChannelKind.IN_APP)
