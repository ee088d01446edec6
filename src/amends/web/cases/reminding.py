"""Cases that are forgotten: overdue, and nobody has touched them since; who is told, and when.

They climb the path of stalled handoffs. A reader gets one message for all that is new to them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from amends.engine.clocks import ClockKind
from amends.flows.report import words
from amends.web.accounts.models import User
from amends.web.alerts.notifying import notify
from amends.web.cases.actions import TOPIC
from amends.web.cases.clocks import sheet_in_force
from amends.web.cases.escalating import next_steps, people_of
from amends.web.cases.models import Case, Entry, Happening, Reminder
from amends.web.cases.wording import LEVELS
from amends.web.ui.live import publish
from amends.web.ui.templatetags.ui import moment

NAMED: Final = 5
"""So many cases are named in one message."""


@transaction.atomic
def remind_of_forgotten(now: datetime) -> int:
    """Tell the next people of every forgotten case; return how many cases somebody was told of."""
    cases, people = _forgotten(now), cache(people_of)
    told = _told(cases)
    sheet = sheet_in_force()
    made: list[Reminder] = []
    for case in cases:
        for step in next_steps(case, case.due_at or now, sheet, now):
            if step.to in told.get(case.pk, ()):
                continue
            readers = people(step.to, case.team_id)
            told_or_nobody: Sequence[User | None] = readers or [None]
            made += [_reminder(case, step.to, person, now) for person in told_or_nobody]
            if readers:
                break
    Reminder.objects.bulk_create(made)
    heard = [reminder for reminder in made if reminder.person is not None]
    if heard:
        _write(heard, now)
        _bring(heard, now)
        publish(TOPIC)
    return len({reminder.case_id for reminder in heard})


def _forgotten(now: datetime) -> list[Case]:
    """Return open cases that are overdue and untouched since; a handoff has a path of its own."""
    touched = Entry.objects.filter(
        case=OuterRef("pk"), by__isnull=False, at__gte=OuterRef("due_at")
    )
    is_standing = Q(paused_at__isnull=False, due_clock=ClockKind.RESOLUTION)
    late = Case.objects.is_open().filter(~is_standing, due_at__lte=now, handed_to=None)
    return list(late.exclude(Exists(touched)).select_related("team").order_by("due_at", "pk"))


def _told(cases: Sequence[Case]) -> Mapping[int, set[str]]:
    """Return case → the levels that were told of its present deadline."""
    due = {case.pk: case.due_at for case in cases}
    told: dict[int, set[str]] = {}
    for row in Reminder.objects.filter(case__in=due):
        if due[row.case_id] == row.due_at:
            told.setdefault(row.case_id, set()).add(row.level)
    return told


def _reminder(case: Case, level: str, person: User | None, now: datetime) -> Reminder:
    assert case.due_at is not None  # noqa: S101  (it has passed)
    return Reminder(case=case, due_at=case.due_at, level=level, person=person, at=now)


def _write(heard: Iterable[Reminder], now: datetime) -> None:
    """Say it in the timeline of each case, once a level."""
    levels: dict[tuple[int, str], list[str]] = {}
    for reminder in heard:
        levels.setdefault((reminder.case_id, reminder.level), []).append(str(reminder.person))
    Entry.objects.bulk_create(
        Entry(
            case_id=case,
            at=now,
            kind=Happening.ASSIGNED,
            title=f"Told the {LEVELS[level]}: {', '.join(names)}"[:200],
            body="Its deadline has passed, and nobody has worked on it since.",
            by_robot=True,
        )
        for (case, level), names in levels.items()
    )


def _bring(heard: Iterable[Reminder], now: datetime) -> None:
    """Bring it to each reader in one message, without anything that a customer said."""
    by_reader: dict[User, list[Reminder]] = {}
    for reminder in heard:
        if reminder.person is not None:
            by_reader.setdefault(reminder.person, []).append(reminder)
    for person, mine in by_reader.items():
        cases = list({reminder.case_id: reminder.case for reminder in mine}.values())
        n = words.count(len(cases), "case")
        title = (
            f"{cases[0].ref} is overdue, and nobody works on it"
            if len(cases) == 1
            else f"{n} are overdue, and nobody works on them"
        )
        named = [f"{c.ref} ({c.severity}), due {moment(c.due_at)}" for c in cases[:NAMED]]
        more = [f"{len(cases) - NAMED} more"] if len(cases) > NAMED else []
        levels = " and ".join(dict.fromkeys(LEVELS[reminder.level] for reminder in mine))
        detail = f"{'; '.join(named + more)}. You are told as the {levels}."
        one = reverse("cases:case", args=[cases[0].ref])
        notify(person, title, detail, one if len(cases) == 1 else _overdue(), now)


def _overdue() -> str:
    return f"{reverse('cases:queue')}?tab=overdue"
