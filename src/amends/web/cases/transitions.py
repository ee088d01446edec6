"""The state machine of a case: from where each verb leads where, and what to say if it does not.

```
new ─ acknowledge ─► acknowledged ─ start ─► in progress ⇄ waiting for customer / another team
                                                   │ resolve              (wait, resume)
       reopen ◄── recovered / not recovered / lost ◄─ close ─ resolved ⇄ follow-up
       reopen ◄── out of scope ◄─ exclude ─ any that is open
```
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError

from amends.web.cases.models import CLOSED, OPEN, RESOLVED, Case, State

WAITING: Final = (State.WAITING_CUSTOMER, State.WAITING_TEAM)
WORKED_ON: Final = (State.ACKNOWLEDGED, State.IN_PROGRESS)


class RefusedError(ValidationError):
    """A verb that the rules do not allow here; the message is a sentence for people."""


class StaleError(RefusedError):
    """An edit of an older version: somebody else was quicker."""


@dataclass(frozen=True, slots=True)
class Move:
    """Where a verb may start and lead, and what to do instead where it may not."""

    does: str
    starts: Collection[State]
    instead: str
    leads: Collection[State] = ()
    """Empty: the state stays."""


MOVES: Final[Mapping[str, Move]] = {
    "acknowledge": Move(
        "acknowledged", (State.NEW,), "Only a new case is acknowledged.", (State.ACKNOWLEDGED,)
    ),
    "start": Move("started", (State.ACKNOWLEDGED,), "Acknowledge it first.", (State.IN_PROGRESS,)),
    "answer": Move("answered", (*OPEN, *RESOLVED), "Reopen it first."),
    "assign": Move("assigned", OPEN, "Reopen it first."),
    "hand_over": Move("handed over", OPEN, "Reopen it first."),
    "accept": Move("accepted", OPEN, "Reopen it first."),
    "return": Move("returned", OPEN, "Reopen it first."),
    "withdraw": Move("withdrawn", OPEN, "Reopen it first."),
    "wait": Move("paused", WORKED_ON, "Acknowledge or resume it first.", WAITING),
    "resume": Move("resumed", WAITING, "Only a case that waits is resumed.", (State.IN_PROGRESS,)),
    "decide": Move("acted on", OPEN, "Reopen it first."),
    "approve": Move("approved", OPEN, "Reopen it first."),
    "reverse": Move("taken back", (*OPEN, *RESOLVED, *CLOSED), ""),
    "resolve": Move("resolved", OPEN, "Reopen it first, or close it.", (State.RESOLVED,)),
    "follow_up": Move("followed up", (State.RESOLVED,), "Resolve it first.", (State.FOLLOW_UP,)),
    "close": Move("closed", RESOLVED, "Resolve it first.", CLOSED),
    "exclude": Move("put out of scope", OPEN, "Reopen it first.", (State.EXCLUDED,)),
    "reopen": Move(
        "reopened", (*RESOLVED, *CLOSED, State.EXCLUDED), "It is still open.", (State.IN_PROGRESS,)
    ),
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


def go(case: Case, verb: str, to: State | None = None) -> None:
    """Bring a case to the state that a verb leads to; `to` chooses where it leads to several.

    Raises
    ------
    RefusedError
    """
    require_move(case, verb)
    leads = MOVES[verb].leads
    if to is None:
        (to,) = leads
    if to not in leads:
        names = " or ".join(State(state).label.lower() for state in leads)
        raise RefusedError(f"{case.ref} cannot go there: it can be {names}.")
    case.state = to
