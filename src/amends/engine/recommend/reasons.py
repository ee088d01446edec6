"""The reasons of a recommendation, in sentences that an agent can repeat."""

from collections.abc import Iterator

from amends.engine.contracts import Decision, RankedAction

from .evidence import CITATIONS
from .policy import Permit
from .ranking import APPRENTICE_UNTIL, Choice
from .to_do import money_words


def reasons(
    permit: Permit,
    choice: Choice,
    shown: RankedAction,
    runner_up: RankedAction | None,
    index: int,
    n: int,
) -> tuple[str, ...]:
    """Return the reasons: what is owed, why this action, what bounded it, who must look.

    Parameters
    ----------
    permit, choice
        What policy allows and how the arms were weighed.
    shown, runner_up
        The recommended action and the best other one.
    index
        Position of the recommended arm in the permit.
    n
        Own outcomes learnt from.

    """
    return (
        *_owed(permit),
        *_why(permit, choice, shown, index, n),
        _evidence(shown, n),
        *_against(shown, runner_up),
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


def _why(permit: Permit, choice: Choice, shown: RankedAction, index: int, n: int) -> Iterator[str]:
    if index != choice.base:
        yield (
            f"This case explores: shown with a chance of {shown.propensity:.0%} "
            "to learn whether it does better than the best guess."
        )
    elif index == permit.practice:
        practice = next(d for d in permit.decisions if d.table == "practice")
        yield f"Current practice ({permit.practice_row}): {_note(practice)}"
        if n < APPRENTICE_UNTIL:
            yield (
                f"The recommender follows current practice until {APPRENTICE_UNTIL} own outcomes "
                f"are known; there are {n}."
            )
    else:
        yield (
            f"Better than current practice with a probability of {choice.beats_practice:.0%}, "
            f"judged from {n} own outcomes."
        )


def _evidence(shown: RankedAction, n: int) -> str:
    low, high = shown.rate_interval.low, shown.rate_interval.high
    rate = f"recovers about {shown.rate:.0%} of such cases ({low:.0%}–{high:.0%})"
    if shown.n:
        return f"It {rate}; n = {shown.n} own cases of this severity and delivery."
    source = "prior evidence, n = 0 from own cases" if not n else "prior evidence, n = 0 like this"
    return f"It {rate}: {source}; {CITATIONS[shown.kind]}."


def _against(shown: RankedAction, runner_up: RankedAction | None) -> Iterator[str]:
    if runner_up is None:
        yield "Policy allows nothing else here."
        return
    gap = shown.expected_value - runner_up.expected_value
    amount = f" of {money_words(runner_up.amount)}" if runner_up.amount.amount else ""
    name = runner_up.kind.replace("_", " ")
    relation = "more" if gap >= 0 else "less"
    yield (
        f"Next best: {name}{amount}; the recommended action is expected to be worth "
        f"{abs(gap):.2f} {shown.amount.currency} {relation}."
    )


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
