"""The people of a demonstration: what they did in cases, and what came of it.

They see what is recommended, mostly do it, sometimes something else that is allowed, in the time
that such work takes; the world says what the customers make of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from amends.engine.contracts import ActionTaken, BadInput, CaseFacts, Outcome, Severity
from amends.engine.recommend import Arm, LogRecord
from amends.engine.worlds import World
from amends.engine.worlds.randomness import stream

OVERRIDES: Final = 0.12
"""Share of the cases in which something else that is allowed is done."""
REASONS: Final = (
    "customer asked for something else",
    "already promised on the phone",
    "long-standing customer",
    "second failure within weeks",
    "supplier pays for it",
)
_ACKNOWLEDGED: Final = {
    Severity.CRITICAL: 0.6,
    Severity.HIGH: 1.5,
    Severity.MEDIUM: 3.5,
    Severity.LOW: 7.0,
}
_RESOLVED: Final = {
    Severity.CRITICAL: 12.0,
    Severity.HIGH: 19.0,
    Severity.MEDIUM: 27.0,
    Severity.LOW: 38.0,
}
"""Median hours since the opening, by severity."""
_SPREAD: Final = 0.7
"""Standard deviation of the logarithm of hours."""
_SLOW: Final = 0.04
"""Share of cases that lie about."""
_SLOWER: Final = 6.0
"""How many times longer those take."""
_CLOSES_AFTER: Final = (12.0, 72.0)
"""Hours from resolving to closing."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What people did in one case, and what came of it. Instants are aware."""

    case_ref: str
    acknowledged_at: datetime
    taken: ActionTaken
    overridden: bool
    reason: str
    """Why something else was done than what was recommended; empty when it was not."""
    resolved_at: datetime
    outcome: Outcome
    answered: bool
    """The customer answers the recovery survey."""
    closed_at: datetime


def work(
    world: World, facts: Sequence[CaseFacts], records: Sequence[LogRecord], seed: int
) -> list[Worked]:
    """Return what people did in each case, in the order of the cases.

    Each case depends on the seed and itself only, not on the others.

    Parameters
    ----------
    world
        Says what comes of an action.
    facts
        N cases.
    records
        The decisions of these cases, in the same order.
    seed
        Of everything that is left to chance.

    Raises
    ------
    BadInput
        Cases and decisions do not go together, or the seed is negative.

    """
    if seed < 0:
        raise BadInput(f"A seed is 0 or above, not {seed}.", where="seed")
    if [f.case_ref for f in facts] != [r.case_ref for r in records]:
        raise BadInput(
            "The decisions are not those of the cases.",
            where="records",
            remedy="Recommend for the same cases, in the same order.",
        )
    return [_worked(world, f, r, seed) for f, r in zip(facts, records, strict=True)]


def _worked(world: World, facts: CaseFacts, record: LogRecord, seed: int) -> Worked:
    rng = stream(seed, world.name, "staff", facts.case_ref)
    arm, reason = _chosen(record, rng)
    slow = _SLOWER if rng.random() < _SLOW else 1.0
    luck = np.exp(_SPREAD * rng.standard_normal(3))
    acknowledged = _ACKNOWLEDGED[facts.severity] * float(luck[0]) * slow
    usual = world.company.recovery.actions[arm.kind].delay_hours
    delay = acknowledged + usual * float(luck[1])
    hours = max(delay, acknowledged + _RESOLVED[facts.severity] * float(luck[2]) * slow)
    taken = record.taken(arm, round(delay, 2))
    outcome = _outcome(world, facts, record, taken, seed)
    resolved_at = facts.opened_at + timedelta(hours=hours)
    low, high = _CLOSES_AFTER
    return Worked(
        case_ref=facts.case_ref,
        acknowledged_at=facts.opened_at + timedelta(hours=acknowledged),
        taken=taken,
        overridden=bool(reason),
        reason=reason,
        resolved_at=resolved_at,
        outcome=outcome,
        answered=bool(rng.random() < _answers(world, outcome)),
        closed_at=resolved_at + timedelta(hours=float(rng.uniform(low, high))),
    )


def _chosen(record: LogRecord, rng: np.random.Generator) -> tuple[Arm, str]:
    """Return what is done, and why when it is not what was shown."""
    others = [arm for i, arm in enumerate(record.allowed) if i != record.shown]
    u, which, why = rng.random(3)
    if not others or u >= OVERRIDES:
        return record.chosen, ""
    return others[int(which * len(others))], REASONS[int(why * len(REASONS))]


def _outcome(
    world: World, facts: CaseFacts, record: LogRecord, taken: ActionTaken, seed: int
) -> Outcome:
    """Return what the world answers; what is owed costs its amount with any action."""
    seen = world.respond(facts, taken, seed)
    share = world.company.recovery.actions[taken.kind].cost_share
    return replace(seen, value=seen.value - float(record.owed.amount) * (1 - share))


def _answers(world: World, outcome: Outcome) -> float:
    """Return the chance of an answer: the very content and the very cross answer more.

    After a case everybody is asked, while of ordinary tickets some are.
    """
    mood = min(max(round(outcome.satisfaction), 1), 5)
    return world.company.selection.answers[mood - 1]
