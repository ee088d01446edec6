"""The reasons of a recommendation, in sentences that an agent can repeat."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from amends.engine.contracts import Decision, Money, RankedAction

from .evidence import CITATIONS
from .policy import Permit
from .ranking import APPRENTICE_UNTIL
from .to_do import money_words


@dataclass(frozen=True, slots=True)
class Weighed:
    """How the shown arm came to be shown."""

    is_best_guess: bool
    is_practice: bool
    follows_practice: bool
    """What is shown by default is practice, or what the price of money makes of it."""
    beats_practice: float
    """Posterior probability that the best arm beats current practice."""
    n: int
    """Own outcomes learnt from."""
    price: float = 0.0
    """Shadow price of discretionary money."""


def reasons(
    permit: Permit, weighed: Weighed, shown: RankedAction, runner_up: RankedAction | None
) -> tuple[str, ...]:
    """Return the reasons: what is owed, why this action, what bounded it, who must look."""
    return (
        *_owed(permit),
        *_why(permit, weighed, shown),
        *_price(permit, weighed),
        _evidence(shown, weighed.n),
        *_against(shown, runner_up, weighed.n),
        *_bounds(permit, shown),
        *_approval(permit),
    )


def _owed(permit: Permit) -> Iterator[str]:
    if permit.owed.amount:
        entitling = max(
            (d for d in permit.decisions if "owed" in d.outcome), key=lambda d: d.outcome["owed"]
        )
        yield f"{money_words(permit.owed)} is owed whatever else is done: {_note(entitling)}"
    for fact, note in permit.to_find_out:
        yield f"Not settled yet, find out {fact.replace('_', ' ')}: {note}"


def _why(permit: Permit, weighed: Weighed, shown: RankedAction) -> Iterator[str]:
    if not weighed.is_best_guess:
        yield (
            f"This case explores: shown with a chance of {shown.propensity:.0%} "
            "to learn whether it does better than the best guess."
        )
    elif weighed.is_practice or weighed.follows_practice:
        practice = next(d for d in permit.decisions if d.table == "practice")
        yield f"Current practice ({practice.matched[0]}): {_note(practice)}"
        if not weighed.is_practice:
            usual_arm = permit.arms[permit.practice]
            usual = usual_arm.kind.replace("_", " ")
            given = money_words(Money(usual_arm.goodwill, permit.owed.currency))
            yield f"The day's budget is short: this instead of the usual {usual} of {given}."
        elif practice.outcome["action"] != shown.kind:
            usual = str(practice.outcome["action"]).replace("_", " ")
            yield f"The usual {usual} is paid or above a limit; this comes nearest."
        if weighed.n < APPRENTICE_UNTIL:
            yield (
                f"The recommender follows current practice until {APPRENTICE_UNTIL} own outcomes "
                f"are known; there are {weighed.n}."
            )
    else:
        yield (
            f"Better than current practice with a probability of {weighed.beats_practice:.0%}, "
            f"judged from {weighed.n} own outcomes."
        )


def _price(permit: Permit, weighed: Weighed) -> Iterator[str]:
    if weighed.price and any(arm.goodwill for arm in permit.arms):
        currency = permit.owed.currency
        one, counted = (
            money_words(Money(Decimal(str(round(1 + part, 2))), currency))
            for part in (0.0, weighed.price)
        )
        yield (
            f"More is asked of the day's budget than it holds: each {one} of goodwill counts as "
            f"{counted} (shadow price {weighed.price:.2f}). What is owed is not weighed."
        )


def _evidence(shown: RankedAction, n: int) -> str:
    low, high = shown.rate_interval.low, shown.rate_interval.high
    rate = f"recovers about {shown.rate:.0%} of such cases ({low:.0%}–{high:.0%})"
    if shown.n:
        return f"It {rate}; n = {shown.n} own cases of this severity and delivery."
    source = "prior evidence, n = 0 from own cases" if not n else "prior evidence, n = 0 like this"
    return f"It {rate}: {source}; {CITATIONS[shown.kind]}."


def _against(shown: RankedAction, runner_up: RankedAction | None, n: int) -> Iterator[str]:
    if runner_up is None:
        yield "Policy allows nothing else here."
        return
    gap = Decimal(str(round(shown.expected_value - runner_up.expected_value, 2)))
    amount = f" of {money_words(runner_up.amount)}" if runner_up.amount.amount else ""
    name = runner_up.kind.replace("_", " ")
    by = f"{n} own outcomes and the evidence" if n else "the evidence alone"
    worth = money_words(Money(abs(gap), shown.amount.currency))
    yield f"Next best: {name}{amount}, worth {worth} {'less' if gap >= 0 else 'more'} by {by}."


def _bounds(permit: Permit, shown: RankedAction) -> Iterator[str]:
    if shown.amount.amount and shown.amount == permit.limit:
        limit = money_words(permit.limit)
        yield f"The amount is cut to the limit of {limit} ({permit.limit_reason})."


def _approval(permit: Permit) -> Iterator[str]:
    if permit.approver:
        approvals = next(d for d in permit.decisions if d.table == "approvals")
        yield f"The {permit.approver.replace('_', ' ')} approves: {_note(approvals)}"


def _note(decision: Decision) -> str:
    matched = decision.matched[0]
    return next((r.note for r in decision.rows if r.row == matched), "") or matched
