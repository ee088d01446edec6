"""Recommendations of cases: made in bulk when they open, and learnt from.

What was shown is logged with the facts it was decided on, so that it can be explained
(`explaining.py`) and learnt from as it was, whatever is corrected afterwards.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol

import msgspec
from django.utils import timezone

from amends.engine.contracts import (
    ActionKind,
    ActionTaken,
    CaseFacts,
    Money,
    Outcome,
)
from amends.engine.recommend import Lesson, LogRecord
from amends.web.cases.facts import assumed, facts_of
from amends.web.cases.models import Action, ActionState, Case, Recommendation
from amends.web.cases.pacing import prices
from amends.web.recommend.queries import recommender

ROLE: Final = "agent"
"""Whose limit a recommendation stays within: whoever works the case first is an agent."""
SEED: Final = 0
"""Of the draw between exploring and not; the draw of a case depends on its ref, too."""


def recommend_in_bulk(cases: Sequence[Case]) -> list[Recommendation]:
    """Return the recommendations of cases, not saved, in their order.

    Each case needs a primary key and its customer (`select_related`). Two queries; some more where
    a day's budget of goodwill is paced.

    Raises
    ------
    BadInput
        A case has two currencies, or policy has no row for it; the message names the case.
    """
    facts = [facts_of(case, case.customer) for case in cases]
    charged = prices([case.currency for case in cases], timezone.now())
    records = recommender().recommend_many(facts, ROLE, SEED, charged)
    return [
        _row(case, known, record) for case, known, record in zip(cases, facts, records, strict=True)
    ]


def _row(case: Case, facts: CaseFacts, record: LogRecord) -> Recommendation:
    chosen = record.chosen
    return Recommendation(
        case=case,
        decided_at=case.opened_at,
        role=record.role,
        kind=chosen.kind.value,
        amount=chosen.goodwill,
        owed=record.owed.amount,
        limit=record.limit.amount,
        currency=record.limit.currency,
        approver=record.approver,
        explores=record.explores,
        propensity=record.propensities[record.shown],
        record={
            "decision": msgspec.to_builtins(record),
            "facts": msgspec.to_builtins(facts),
            "assumed": list(assumed(case, case.customer)),
        },
        policy_hash=record.policy_hash,
        model_version=record.model_version,
    )


def record_of(row: Recommendation) -> LogRecord:
    """Return what was logged of a recommendation."""
    return msgspec.convert(row.record["decision"], LogRecord)


def known_facts(row: Recommendation) -> CaseFacts:
    """Return the facts on which a recommendation was decided."""
    return msgspec.convert(row.record["facts"], CaseFacts)


def assumed_facts(row: Recommendation) -> tuple[str, ...]:
    """Return the names of those facts that are stand-ins."""
    return tuple(row.record.get("assumed", ()))


class Aftermath(Protocol):
    """What is known of what happened after a case: see `track.models.Outcome`."""

    window_days: int
    satisfaction: int | None
    nps: int | None
    recontacted_at: datetime | None
    churned: bool | None
    repurchased: bool | None
    value: Decimal | None


def lessons(known: Iterable[tuple[Case, Action, Aftermath]]) -> list[Lesson]:
    """Return what can be learnt: cases with the action taken in them and what came of it.

    Left out is a case without recommendation (`select_related` it), whose action was not taken, or
    whose customer has not answered or may still leave.
    """
    found = []
    for case, action, after in known:
        row: Recommendation | None = getattr(case, "recommendation", None)
        if row is None or action.state != ActionState.TAKEN:
            continue
        if after.satisfaction is None or after.churned is None or after.value is None:
            continue
        done = ActionTaken(
            ActionKind(action.kind),
            Money(Decimal(action.amount), action.currency),
            _delay(case, action),
        )
        found.append(Lesson(known_facts(row), done, Decimal(action.owed), _outcome(after)))
    return found


def _delay(case: Case, action: Action) -> float:
    at = action.taken_at or action.decided_at
    return max(0.0, (at - case.opened_at).total_seconds() / 3600)


def _outcome(after: Aftermath) -> Outcome:
    return Outcome(
        after.window_days,
        float(after.satisfaction or 0),
        _nps(after),
        after.recontacted_at is not None,
        bool(after.churned),
        bool(after.repurchased),
        float(after.value or 0),
    )


def _nps(after: Aftermath) -> int:
    """Return the NPS; from the satisfaction when only that was answered: 1–5 lies on 0–10."""
    if after.nps is not None:
        return after.nps
    return round(2.5 * ((after.satisfaction or 1) - 1))
