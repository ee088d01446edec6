"""Why something was recommended, and what would change it: worked out when a person first asks.

Policy and learning are asked as they stood when it was decided; what they say is kept beside it.
"""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final, get_type_hints

import msgspec

from amends.engine.contracts import ActionKind, Decision, RowResult, Turn, Value
from amends.engine.contracts import Recommendation as Explanation
from amends.engine.recommend import Recommender, turns_of
from amends.web.cases.models import Case, Recommendation
from amends.web.cases.recommending import known_facts, record_of
from amends.web.recommend.queries import recommender_at

_TURNS: Final = "turns"


def explain(case: Case) -> Explanation | None:
    """Return the recommendation of a case with its reasons; worked out and stored the first time.

    It shows the action that was logged, as policy and learning stood then. None: the case has no
    recommendation, or that state of policy and learning is gone and the reasons with it.
    """
    row = Recommendation.objects.filter(case=case).first()
    return None if row is None else explained(row)


def explained(row: Recommendation) -> Explanation | None:
    """Return `explain` of a recommendation at hand."""
    if row.explanation is not None and _TURNS in row.explanation:
        return _read(row.explanation)
    then = recommender_at(row.model_version)
    made = _explain(row, then) if then is not None else None
    if then is not None and made is not None:
        turns = turns_of(then, known_facts(row), row.role, record_of(row).price)
        row.explanation = _written(made) | {_TURNS: [_written_turn(turn) for turn in turns]}
        row.save(update_fields=["explanation"])
    return made


def turned(row: Recommendation) -> list[Turn]:
    """Return what would change a recommendation that was explained (`explained`)."""
    return [_read_turn(turn) for turn in (row.explanation or {}).get(_TURNS, ())]


def _explain(row: Recommendation, then: Recommender) -> Explanation | None:
    record = record_of(row)
    made = then.recommend(known_facts(row), record.role, record.seed, price=record.price)
    shown = made.action.kind, made.action.amount.amount
    is_same = made.policy_hash == row.policy_hash and shown == tuple(record.chosen[:2])
    return made if is_same else None


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


def _written_turn(turn: Turn) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(turn)
    return document | {"values": [_tagged_value(value) for value in turn.values]}


def _read_turn(written: Mapping[str, Any]) -> Turn:
    return Turn(
        fact=written["fact"],
        side=written["side"],
        values=tuple(_untagged_value(value) for value in written["values"]),
        kind=ActionKind(written["kind"]),
        goodwill=Decimal(written["goodwill"]),
        owed=Decimal(written["owed"]),
        approver=written["approver"],
    )


def _tagged(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: _tagged_value(value) for name, value in values.items()}


def _untagged(values: Mapping[str, Any]) -> dict[str, Value]:
    return {name: _untagged_value(value) for name, value in values.items()}


def _tagged_value(value: Value) -> Value | dict[str, str]:
    """JSON has no decimals: they are written as {"decimal": "25.00"}."""
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _untagged_value(value: Value | Mapping[str, str]) -> Value:
    return Decimal(value["decimal"]) if isinstance(value, Mapping) else value
