"""What customers tell after their cases: an answer, another complaint, whether they stayed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa

from amends.engine.contracts import CENT, SIGNAL_SCHEMA, CaseFacts, Kind, check_signals, signal_id
from amends.engine.worlds import World
from amends.engine.worlds.randomness import stream

from .staff import Worked

WINDOW: Final = timedelta(days=14)
"""After so long it is told whether a customer stayed, and until then who complained again."""
SOON: Final = 0.3
"""Share of those who leave within the year that have left when the window closes."""
_SURVEYED: Final = (24.0, 72.0)
"""Hours from resolving to the answer."""
_WORDS: Final = 0.45
"""Share of answers with words."""
_CROSS: Final = 2.0
"""Satisfaction of who complains again, at most."""
_Row = dict[str, object]
_Case = tuple[CaseFacts, Worked, np.random.Generator]


def outcome_signals(
    world: World, worked: Sequence[Worked], facts: Sequence[CaseFacts], seed: int = 1
) -> pa.Table:
    """Return what the world tells after cases, with `SIGNAL_SCHEMA`, by `occurred_at`.

    - Who answers: a survey one to three days after resolving, of the case (`case_ref`), with csat
      and nps, sometimes with words.
    - Who has to come back: a complaint within 14 days, of the same cause and dimensions, without a
      case of its own yet; attribute `follows` names the case it comes after.
    - Everybody, 14 days after resolving: a row of kind transaction, source crm, of the case, with
      the attributes `churned`, `repurchased` (true or false) and `kept_value`. Its exposure is 0
      and it has no dimensions, so that no rate and no slice counts it as business.

    External ids name the case, so that the same case never tells the same thing twice.

    Parameters
    ----------
    world
        Whose customers they are.
    worked
        What was done in N cases.
    facts
        Cases, among them those N, in any order.
    seed
        Of times and words.

    """
    known = {f.case_ref: f for f in facts}
    cases: list[_Case] = [
        (known[w.case_ref], w, stream(seed, world.name, "aftermath", w.case_ref)) for w in worked
    ]
    answered = [case for case in cases if case[1].answered]
    again = [case for case in cases if case[1].outcome.recontacted]
    rows = [
        *_written(world, answered, Kind.SURVEY, seed, _survey),
        *_written(world, again, Kind.COMPLAINT, seed, _complaint),
        *(_stayed(*case) for case in cases),
    ]
    if not rows:
        return SIGNAL_SCHEMA.empty_table()
    return _table(rows)


def _written(
    world: World,
    cases: Sequence[_Case],
    kind: Kind,
    seed: int,
    write: Callable[[World, _Case, str], _Row],
) -> Iterable[_Row]:
    if not cases:
        return []
    is_complaint = kind is Kind.COMPLAINT
    content = [
        min(w.outcome.satisfaction, _CROSS) if is_complaint else w.outcome.satisfaction
        for _, w, _ in cases
    ]
    words = world.retell(
        [f for f, _, _ in cases], kind, content, attempt=2 if is_complaint else 1, seed=seed
    ).to_pylist()
    return [write(world, case, text) for case, text in zip(cases, words, strict=True)]


def _survey(world: World, case: _Case, words: str) -> _Row:
    facts, worked, rng = case
    at = worked.resolved_at + timedelta(hours=float(rng.uniform(*_SURVEYED)))
    row = _signal(Kind.SURVEY, "surveys", f"RECOVERY-{facts.case_ref}", at)
    row |= _dimensions(world, facts) | {
        "channel": "survey",
        "case_ref": facts.case_ref,
        "customer_id": facts.customer_id,
        "csat": min(max(round(worked.outcome.satisfaction), 1), 5),
        "nps": worked.outcome.nps,
    }
    return row | (_said(words) if rng.random() < _WORDS else {})


def _complaint(world: World, case: _Case, words: str) -> _Row:
    facts, worked, rng = case
    days = WINDOW.days * float(rng.beta(1.2, 2.5))
    row = _signal(
        Kind.COMPLAINT,
        "crm",
        f"AGAIN-{facts.case_ref}",
        worked.resolved_at + timedelta(hours=1) + timedelta(days=days) * 0.99,
    )
    has_loss = facts.loss.amount > 0
    return (
        row
        | _dimensions(world, facts)
        | _said(words)
        | {
            "customer_id": facts.customer_id,
            "value_at_risk": facts.value_per_year.amount,
            "loss": facts.loss.amount if has_loss else None,
            "currency": facts.loss.currency,
            "attributes": [("follows", facts.case_ref)],
        }
    )


def _stayed(facts: CaseFacts, worked: Worked, rng: np.random.Generator) -> _Row:
    outcome = worked.outcome
    kept = Decimal(repr(outcome.value)).quantize(CENT)
    row = _signal(Kind.TRANSACTION, "crm", f"STAYED-{facts.case_ref}", worked.resolved_at + WINDOW)
    return row | {
        "case_ref": facts.case_ref,
        "customer_id": facts.customer_id,
        "exposure": 0.0,
        "attributes": [
            ("churned", str(outcome.churned and rng.random() < SOON).lower()),
            ("repurchased", str(outcome.repurchased).lower()),
            ("kept_value", str(kept)),
        ],
    }


def _signal(kind: Kind, source: str, name: str, at: datetime) -> _Row:
    return {
        "signal_id": signal_id(source, name),
        "source": source,
        "external_id": name,
        "version": 1,
        "kind": kind.value,
        "occurred_at": at,
        "received_at": at,
    }


def _dimensions(world: World, facts: CaseFacts) -> _Row:
    named = ("region", "segment", "tier", "product", "channel")
    row: _Row = {dim: getattr(facts, dim) or None for dim in named}
    spec = world.company.causes.get(facts.cause)
    if spec is not None:
        row |= {"touchpoint": spec.touchpoint, "journey_stage": spec.stage}
    return row


def _said(words: str) -> _Row:
    return {"verbatim": words, "language": "en"}


def _table(rows: Sequence[_Row]) -> pa.Table:
    columns = {}
    for field in SIGNAL_SCHEMA:
        values = [row.get(field.name) for row in rows]
        plain = pa.string() if pa.types.is_dictionary(field.type) else field.type
        columns[field.name] = pa.array(values, plain).cast(field.type)
    table = check_signals(pa.table(columns))
    order = np.argsort(np.asarray(table["occurred_at"].cast("int64")), kind="stable")
    return table.take(pa.array(order))
