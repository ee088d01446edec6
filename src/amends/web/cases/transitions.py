"""The state machine of a case: from where each verb leads, and what to say where it does not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError

from amends.web.cases.models import CLOSED, OPEN, Case, State

WAITING: Final = (State.WAITING_CUSTOMER, State.WAITING_TEAM)
WORKED_ON: Final = (State.ACKNOWLEDGED, State.IN_PROGRESS)


class RefusedError(ValidationError):
    """A verb that the rules do not allow here; the message is a sentence for people."""


class StaleError(RefusedError):
    """An edit of an older version: somebody else was quicker."""


@dataclass(frozen=True, slots=True)
class Move:
    """Where a verb may start, and what to do instead where it may not."""

    does: str
    starts: Collection[State]
    instead: str


MOVES: Final[Mapping[str, Move]] = {
    "acknowledge": Move("acknowledged", (State.NEW,), "Only a new case is acknowledged."),
    "assign": Move("assigned", OPEN, "Reopen it first."),
    "hand_over": Move("handed over", OPEN, "Reopen it first."),
    "wait": Move("paused", WORKED_ON, "Acknowledge or resume it first."),
    "resume": Move("resumed", WAITING, "Only a case that waits is resumed."),
    "decide": Move("acted on", OPEN, "Reopen it first."),
    "approve": Move("approved", OPEN, "Reopen it first."),
    "resolve": Move("resolved", OPEN, "Reopen it first, or close it."),
    "close": Move("closed", (State.RESOLVED,), "Resolve it first."),
    "reopen": Move("reopened", (State.RESOLVED, *CLOSED), "It is still open."),
}


def is_possible(case: Case, verb: str) -> bool:
    """Whether the state of the case allows a verb of `MOVES`."""
    return case.state in MOVES[verb].starts


def require_move(case: Case, verb: str) -> None:
    """Refuse a verb that the state of the case does not allow.

    Raises
    ------
    RefusedError
    """
    move = MOVES[verb]
    if case.state not in move.starts:
        label = State(case.state).label.lower()
        raise RefusedError(f"{case.ref} is {label} and cannot be {move.does}. {move.instead}")
