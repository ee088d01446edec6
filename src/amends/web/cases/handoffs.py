"""Handing a case to another team: asked with the whole story, accepted, returned or taken back.

Until it is accepted the case stays where it is, so that somebody always answers for it.
"""

from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from amends.engine.clocks import EventKind
from amends.web.accounts.models import Team, User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import changing, tell
from amends.web.cases.models import (
    Case,
    Handoff,
    HandoffState,
    Happening,
    Part,
    Responsibility,
    Step,
)
from amends.web.cases.transitions import RefusedError, require_move

CONTINUITY: Final = {
    "summary": "Say what happened: the customer tells it only once.",
    "promises": "Say what the customer was promised and waits for; write “none” if it is nothing.",
    "next_step": "Say what comes next: the other team starts with it.",
}


@dataclass(frozen=True, slots=True)
class Story:
    """What the other team needs so that the customer need not repeat anything."""

    summary: str
    promises: str
    next_step: str


def responsible_team(case: Case, step: str) -> Team | None:
    """Return the team that is responsible for a step of such a case."""
    branch = case.cause.partition("/")[0]
    rows = Responsibility.objects.filter(
        branch__in={branch, ""}, step=step, part=Part.RESPONSIBLE
    ).select_related("team")
    return next((row.team for row in rows.order_by("-branch")), None)


def waiting_handoff(case: Case) -> Handoff | None:
    """Return the handoff of a case that waits for acceptance."""
    rows = case.handoffs.filter(state=HandoffState.WAITING)
    told = ("escalations__person", "escalations__notice__attempts__channel")
    shown = rows.select_related("to_team", "from_team", "asked_by").prefetch_related(*told)
    return shown.first()


def hand_over(
    actor: User, case: Case, version: int, step: str, story: Story, team: Team | None = None
) -> Handoff:
    """Ask a team to go on with a case; without one the team that is responsible for the step.

    Raises
    ------
    RefusedError
        With the keys `team`, `step`, `summary`, `promises`, `next_step` for what is missing.
    """
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        require_move(locked, "hand_over")
        if (waiting := waiting_handoff(locked)) is not None:
            raise RefusedError(f"{locked.ref} waits for {waiting.to_team} already: withdraw that.")
        if step not in Step.values:
            raise RefusedError({"step": "Choose what the other team is to do."})
        told = {name: getattr(story, name).strip() for name in CONTINUITY}
        if missing := {name: why for name, why in CONTINUITY.items() if not told[name]}:
            raise RefusedError(missing)
        team = team or responsible_team(locked, step)
        if team is None:
            what = Step(step).label.lower()
            raise RefusedError({"team": f"No team is responsible here to {what}: choose one."})
        if locked.team_id == team.pk:
            raise RefusedError({"team": f"{locked.ref} is with {team} already."})
        handoff = Handoff.objects.create(
            case=locked,
            from_team=locked.team,
            to_team=team,
            step=step,
            asked_at=timezone.now(),
            asked_by=actor,
            **told,
        )
        locked.handed_to = team
        title = f"Handed over to {team}: {Step(step).label.lower()}"
        body = f"{told['summary']}\nPromised: {told['promises']}\nNext: {told['next_step']}"
        tell(locked, actor, Happening.ASSIGNED, title, body, event=EventKind.HANDED_OVER)
        return handoff


def accept(actor: User, case: Case, version: int) -> None:
    """Take over a case that one's team was asked to go on with; it is the actor's from here."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        handoff = _asked_of(actor, locked, "accept")
        _answer(handoff, actor, HandoffState.ACCEPTED)
        locked.team, locked.owner, locked.handed_to = handoff.to_team, actor, None
        title = f"{handoff.to_team} took over"
        tell(locked, actor, Happening.ASSIGNED, title, event=EventKind.ACCEPTED)


def return_(actor: User, case: Case, version: int, reason: str) -> None:
    """Give a case back to the team that asked, with what is missing or wrong."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        handoff = _asked_of(actor, locked, "return")
        if not reason.strip():
            raise RefusedError({"reason": "Say what is missing, or whose it is."})
        handoff.reason = reason.strip()
        _answer(handoff, actor, HandoffState.RETURNED)
        locked.handed_to = None
        title = f"{handoff.to_team} returned it"
        tell(locked, actor, Happening.ASSIGNED, title, reason, event=EventKind.RETURNED)


def withdraw(actor: User, case: Case, version: int) -> None:
    """Take back a handoff that nobody has accepted yet."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        require_move(locked, "withdraw")
        handoff = _waiting(locked)
        if not may_withdraw(actor, handoff):
            raise RefusedError(f"Those who asked {handoff.to_team} take it back.")
        _answer(handoff, actor, HandoffState.WITHDRAWN)
        locked.handed_to = None
        title = f"Handoff to {handoff.to_team} withdrawn"
        tell(locked, actor, Happening.ASSIGNED, title, event=EventKind.WITHDRAWN)


def may_answer(actor: User, handoff: Handoff) -> bool:
    """Whether a person is of the team that was asked."""
    return handoff.to_team_id in actor.team_ids


def may_withdraw(actor: User, handoff: Handoff) -> bool:
    """Whether a person asked for it, owns the case, or is of the team that asked."""
    is_theirs = actor.pk in {handoff.asked_by_id, handoff.case.owner_id}
    return is_theirs or handoff.from_team_id in actor.team_ids


def _asked_of(actor: User, case: Case, verb: str) -> Handoff:
    require_move(case, verb)
    handoff = _waiting(case)
    if not may_answer(actor, handoff):
        raise RefusedError(f"{handoff.to_team} was asked: somebody of that team answers.")
    return handoff


def _waiting(case: Case) -> Handoff:
    handoff = waiting_handoff(case)
    if handoff is None:
        raise RefusedError(f"{case.ref} waits for no other team now.")
    return handoff


def _answer(handoff: Handoff, actor: User, state: HandoffState) -> None:
    handoff.state, handoff.answered_at, handoff.answered_by = state, timezone.now(), actor
    handoff.save()
