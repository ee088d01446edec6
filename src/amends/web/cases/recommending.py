"""Recommendations of cases: made in bulk when they open, explained when a person asks, learnt from.

What was shown is logged with the facts it was decided on, so that it can be explained and learnt
from as it was, whatever is corrected afterwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol, get_type_hints

import msgspec
from django.utils import timezone

from amends.engine.contracts import (
    ActionKind,
    ActionTaken,
    CaseFacts,
    Decision,
    Money,
    Outcome,
    RowResult,
    Value,
)
from amends.engine.contracts import Recommendation as Explanation
from amends.engine.recommend import Lesson, LogRecord
from amends.web.cases.facts import assumed, facts_of
from amends.web.cases.models import Action, ActionState, Case, Recommendation
from amends.web.cases.pacing import prices
from amends.web.recommend.queries import recommender, recommender_at

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


def explain(case: Case) -> Explanation | None:
    """Return the recommendation of a case with its reasons; worked out and stored the first time.

    It shows the action that was logged, as policy and learning stood then. None: the case has no
    recommendation, or that state of policy and learning is gone and the reasons with it.
    """
    row = Recommendation.objects.filter(case=case).first()
    return None if row is None else explained(row)


def explained(row: Recommendation) -> Explanation | None:
    """Return `explain` of a recommendation at hand."""
    if row.explanation is not None:
        return _read(row.explanation)
    made = _explain(row)
    if made is not None:
        row.explanation = _written(made)
        row.save(update_fields=["explanation"])
    return made


def _explain(row: Recommendation) -> Explanation | None:
    then = recommender_at(row.model_version)
    if then is None:
        return None
    record = record_of(row)
    made = then.recommend(known_facts(row), record.role, record.seed, price=record.price)
    shown = made.action.kind, made.action.amount.amount
    is_same = made.policy_hash == row.policy_hash and shown == tuple(record.chosen[:2])
    return made if is_same else None


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


def _written(explanation: Explanation) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(explanation)
    for written, decision in zip(document["decisions"], explanation.decisions, strict=True):
        written["outcome"] = _tagged(decision.outcome)
        written["collected"] = [_tagged(values) for values in decision.collected]
    return document


def _read(document: Mapping[str, Any]) -> Explanation:
    hints = get_type_hints(Explanation)
    plain = {
        part.name: msgspec.convert(document[part.name], hints[part.name])
        for part in fields(Explanation)
        if part.name != "decisions" and part.name in document
    }
    return Explanation(**plain, decisions=tuple(_decision(d) for d in document["decisions"]))


def _decision(written: Mapping[str, Any]) -> Decision:
    return Decision(
        table=written["table"],
        version=written["version"],
        content_hash=written["content_hash"],
        outcome=_untagged(written["outcome"]),
        matched=tuple(written["matched"]),
        rows=msgspec.convert(written["rows"], tuple[RowResult, ...]),
        would_change=tuple(written["would_change"]),
        collected=tuple(_untagged(values) for values in written["collected"]),
    )


def _tagged(values: Mapping[str, Value]) -> dict[str, Any]:
    """JSON has no decimals: they are written as {"decimal": "25.00"}."""
    return {k: {"decimal": str(v)} if isinstance(v, Decimal) else v for k, v in values.items()}


def _untagged(values: Mapping[str, Any]) -> dict[str, Value]:
    return {k: Decimal(v["decimal"]) if isinstance(v, dict) else v for k, v in values.items()}
