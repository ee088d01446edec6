"""What the demo's people did, written as if they had done it on the pages, in bulk."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from amends.engine.clocks import EventKind
from amends.engine.contracts import ActionKind
from amends.engine.recommend import LogRecord
from amends.flows.report import words
from amends.flows.staff import Worked
from amends.web.accounts.models import Membership, User
from amends.web.accounts.permissions import Role
from amends.web.cases.clocks import DEADLINE, set_deadlines
from amends.web.cases.models import Action, ActionState, Case, Entry, Happening, State
from amends.web.intake.bulk import update_many

BACKLOG: Final = timedelta(days=7)
"""Of cases younger than this, some are still open: there is something to do."""
LEFT_OPEN: Final = 0.6
SEEN: Final = 0.5
"""Share of the open cases that somebody has taken up."""


def was_worked(case: Case, worked: Worked, now: datetime) -> bool:
    """Whether a case is resolved by now; some of the last days are left to the visitor."""
    if worked.resolved_at > now:
        return False
    return case.opened_at < now - BACKLOG or _chance(case.ref, "left open") >= LEFT_OPEN


def keep_worked(
    cases: Sequence[Case], done: Sequence[tuple[Case, LogRecord, Worked]], now: datetime
) -> None:
    """Write actions, states and timeline of the cases that were worked, and who owns which."""
    owners = _owners()
    entries: list[Entry] = []
    actions: list[Action] = []
    resolved = {case.pk for case, _, _ in done}
    for case in cases:
        staff = owners.get(case.team_id or 0, [])
        if staff and (case.pk in resolved or _chance(case.ref, "seen") < SEEN):
            case.owner = staff[int(_chance(case.ref, "owner") * len(staff))]
    for case, log, worked in done:
        action = _action(case, log, worked)
        actions.append(action)
        entries += _resolved(case, action, worked)
    for case in cases:
        if case.pk not in resolved and case.owner_id and case.opened_at < now - timedelta(hours=1):
            entries.append(_taken_up(case, now))
    Action.objects.bulk_create(actions, batch_size=1000)
    Entry.objects.bulk_create(entries, batch_size=2000)
    set_deadlines(cases, now)
    fields = ["state", "owner", "acknowledged_at", "resolved_at", "version", *DEADLINE]
    update_many(cases, fields)


def _owners() -> dict[int, list[User]]:
    """Return the agents of each team."""
    agents: dict[int, list[User]] = defaultdict(list)
    members = Membership.objects.select_related("user").order_by("user__email")
    for member in members:
        if Role.AGENT in member.user.roles:
            agents[member.team_id].append(member.user)
    return agents


def _action(case: Case, log: LogRecord, worked: Worked) -> Action:
    owed = min(log.owed.amount, worked.taken.amount.amount)
    return Action(
        case=case,
        kind=worked.taken.kind.value,
        amount=worked.taken.amount.amount,
        owed=owed,
        currency=worked.taken.amount.currency,
        state=ActionState.TAKEN,
        decided_at=case.opened_at + timedelta(hours=worked.taken.delay_hours),
        decided_by=case.owner,
        is_recommended=not worked.overridden,
        reason=worked.reason,
    )


def _resolved(case: Case, action: Action, worked: Worked) -> list[Entry]:
    case.state = State.RESOLVED
    case.acknowledged_at, case.resolved_at = worked.acknowledged_at, worked.resolved_at
    case.version += 2
    amount = Decimal(action.amount)
    paid = f", {words.money(float(amount), action.currency, cents=True)}" if amount else ""
    what = ActionKind(action.kind).value.replace("_", " and ").capitalize()
    instead = f"Instead of what was recommended: {worked.reason}." if worked.overridden else ""
    return [
        _entry(case, worked.acknowledged_at, "Acknowledged", EventKind.ANSWERED),
        _action_entry(case, action.decided_at, f"{what}{paid}", instead),
        _entry(case, worked.resolved_at, "Resolved", EventKind.RESOLVED),
    ]


def _taken_up(case: Case, now: datetime) -> Entry:
    case.acknowledged_at = min(case.opened_at + timedelta(minutes=50), now)
    case.state = State.IN_PROGRESS
    case.version += 1
    return _entry(case, case.acknowledged_at, "Acknowledged", EventKind.ANSWERED)


def _entry(case: Case, at: datetime, title: str, event: EventKind) -> Entry:
    return Entry(case=case, at=at, kind=Happening.STATE, title=title, by=case.owner, event=event)


def _action_entry(case: Case, at: datetime, title: str, body: str) -> Entry:
    return Entry(case=case, at=at, kind=Happening.ACTION, title=title, body=body, by=case.owner)


def _chance(ref: str, what: str) -> float:
    digest = hashlib.sha256(f"{what} {ref}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
