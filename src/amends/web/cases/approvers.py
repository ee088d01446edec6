"""Who may approve what: somebody else, whose authority suffices, and who does not benefit.

The owner of a case benefits from its being settled. A peer (who has no more authority than who
asked) benefits, too, whose own request the asker approved lately: one hand washes the other.
Whoever stands in for somebody has that person's authority, and none of these may hold for either.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from amends.engine.recommend.facts import ROLES
from amends.web.accounts.access import can
from amends.web.accounts.models import User
from amends.web.accounts.permissions import MATRIX, Reach, Role, Verb
from amends.web.cases.authority import authority_of, suffices
from amends.web.cases.limits import room_of
from amends.web.cases.models import Action, ApprovalLink, StandIn

APPROVE_WITHIN: Final = timedelta(hours=48)
FAVOUR: Final = timedelta(days=30)
"""So long a peer whose request was approved may not approve in return."""
MOST_ASKED: Final = 10
_APPROVERS: Final = tuple(r.value for r in Role if MATRIX[Verb.ACTION_APPROVE][r] > Reach.NONE)


def authority_for(actor: User, action: Action, now: datetime) -> tuple[User | None, str]:
    """Return whose authority the actor may approve with, or None and why not, in a sentence."""
    case = action.case
    if action.decided_by_id == actor.pk:
        return None, "You asked for this yourself: somebody else approves it."
    if case.owner_id == actor.pk:
        return None, f"You own {case.ref}: somebody else approves what is given in it."
    if _owes_a_favour(actor, action, now):
        asker = action.decided_by.first_name if action.decided_by else "Who asked"
        return None, f"{asker} approved a request of yours lately: somebody above you decides."
    why = ""
    for person in (actor, *_away(actor, now)):
        reason = _obstacle(person, action, now)
        if not reason:
            return person, ""
        why = why or reason
    return None, why


def ask_approvers(action: Action) -> None:
    """Make a link for everybody who may decide an action now; the worker mails them."""
    now = timezone.now()
    ApprovalLink.objects.bulk_create(
        [
            ApprovalLink(
                action=action,
                person=person,
                expires_at=action.expires_at or now + APPROVE_WITHIN,
                mail_due_at=now,
            )
            for person in _candidates(action, now)
        ]
    )


def _candidates(action: Action, now: datetime) -> list[User]:
    """Return those with the least authority that suffices, and who stands in for them."""
    people = approvers().order_by("pk")
    found: dict[str, list[User]] = {}
    for person in people:
        if not can(person, Verb.ACTION_APPROVE, action.case):
            continue
        whose, _ = authority_for(person, action, now)
        if whose is not None:
            found.setdefault(authority_of(whose), []).append(person)
    lowest = min(found, key=ROLES.index, default="")
    return found.get(lowest, [])[:MOST_ASKED]


def _obstacle(person: User, action: Action, now: datetime) -> str:
    """Return why a person's authority does not serve for an action; "" if it does."""
    if person.pk in {action.decided_by_id, action.case.owner_id}:
        return "Whom you stand in for asked for this, or owns the case."
    role = authority_of(person)
    if not suffices(role, action.approver):
        needed = action.approver.replace("_", " ")
        return f"This is for the {needed}: it is above your own limit."
    goodwill = Decimal(action.amount) - Decimal(action.owed)
    room = room_of(person, role, action.case, now) if action.reverses_id is None else None
    if goodwill and room is not None and goodwill > room.amount:
        left = f"{room.amount:.2f} {action.currency}"
        return f"It is above your own limit of {room.why}, of which {left} is left."
    return ""


def _away(actor: User, now: datetime) -> Iterator[User]:
    """Yield those for whom somebody stands in now."""
    rows = StandIn.objects.filter(delegate=actor, starts_at__lte=now, ends_at__gt=now)
    for row in rows.filter(person__is_active=True).select_related("person"):
        yield row.person


def _owes_a_favour(actor: User, action: Action, now: datetime) -> bool:
    asker = action.decided_by
    if asker is None or _rank(actor) > _rank(asker):
        return False
    return Action.objects.filter(
        decided_by=actor, approved_by=asker, approved_at__gt=now - FAVOUR
    ).exists()


def _rank(person: User) -> int:
    role = authority_of(person)
    return ROLES.index(role) if role else -1


def approvers() -> QuerySet[User]:
    """Return everybody who may approve something."""
    return User.objects.filter(is_active=True, roles__overlap=list(_APPROVERS))
