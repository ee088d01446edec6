"""Cases for tests: at random by seed, any at all by hypothesis; and a small simulated company."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
from hypothesis import strategies as st

from amends.engine.contracts import (
    ActionKind,
    ActionTaken,
    CaseFacts,
    Money,
    Outcome,
    Severity,
    compensation_share,
)
from amends.engine.recommend import Lesson, LogRecord

CAUSES = (
    "installation/missed_appointment",
    "network/outage",
    "billing/double_charge",
    "service/rude_agent",
    "equipment/router_faulty",
)
SEGMENTS = ("family", "single", "business")
_START = datetime(2026, 5, 1, tzinfo=UTC)


def cents(amount: int) -> Money:
    return Money(Decimal(amount) / 100, "GBP")


@st.composite
def any_case(draw: st.DrawFn) -> CaseFacts:
    measured = draw(
        st.dictionaries(
            st.sampled_from(["late_days", "claims_90_days", "given_90_days"]),
            st.integers(0, 400).map(Decimal),
        )
    )
    return CaseFacts(
        case_ref=draw(st.text(max_size=5)),
        customer_id="u1",
        opened_at=_START + timedelta(days=draw(st.integers(-600, 600))),
        cause=draw(st.sampled_from([*CAUSES, "unsure", "billing/refund_late"])),
        severity=draw(st.sampled_from(Severity)),
        region=draw(st.text(max_size=3)),
        tier="gold",
        segment=draw(st.sampled_from([*SEGMENTS, "new one"])),
        product="fibre",
        channel="phone",
        tenure_months=draw(st.floats(0, 600)),
        value_per_year=cents(draw(st.integers(0, 500_000))),
        loss=cents(draw(st.one_of(st.just(0), st.integers(0, 90_000)))),
        failures_90_days=draw(st.integers(0, 6)),
        is_rejected=draw(st.booleans()),
        is_vulnerable=draw(st.booleans()),
        is_regulated=draw(st.booleans()),
        measured=tuple(sorted(measured.items())),
    )


def some_cases(n: int, seed: int) -> list[CaseFacts]:
    """Return n cases of a small telco."""
    rng = np.random.default_rng(seed)
    severity = rng.choice(4, n, p=(0.25, 0.45, 0.25, 0.05))
    loss = np.where(rng.random(n) < 0.5, rng.lognormal(3, 0.6, n), 0)
    repeats = rng.choice(4, n, p=(0.7, 0.18, 0.08, 0.04))
    return [
        CaseFacts(
            case_ref=f"{seed}-{i}",
            customer_id=f"u{i}",
            opened_at=_START + timedelta(minutes=i),
            cause=CAUSES[rng.integers(len(CAUSES))],
            severity=list(Severity)[severity[i]],
            region="north",
            tier="standard",
            segment=SEGMENTS[rng.integers(len(SEGMENTS))],
            product="fibre",
            channel="phone",
            tenure_months=float(rng.exponential(40)),
            value_per_year=cents(int(100 * rng.lognormal(5.6, 0.5))),
            loss=cents(int(100 * loss[i])),
            failures_90_days=int(repeats[i]),
            is_rejected=bool(rng.random() < 0.4),
        )
        for i in range(n)
    ]


_WORDS = {
    ActionKind.NONE: 0.0,
    ActionKind.APOLOGY: 0.06,
    ActionKind.CALLBACK: 0.12,
    ActionKind.CREDIT: 0.0,
    ActionKind.APOLOGY_CREDIT: 0.06,
    ActionKind.REFUND: 0.03,
    ActionKind.REPLACEMENT: 0.10,
    ActionKind.ESCALATION: 0.14,
}
_WORK = {
    ActionKind.NONE: 0,
    ActionKind.APOLOGY: 2,
    ActionKind.CALLBACK: 9,
    ActionKind.CREDIT: 1,
    ActionKind.APOLOGY_CREDIT: 3,
    ActionKind.REFUND: 2,
    ActionKind.REPLACEMENT: 12,
    ActionKind.ESCALATION: 24,
}
_TASTE = {"family": (1.0, 1.0), "single": (1.6, 0.3), "business": (0.5, 1.7)}


def kept(facts: CaseFacts, action: ActionTaken) -> float:
    """Return the chance that a customer stays: money and words count as each segment likes."""
    money, words = _TASTE.get(facts.segment, (1.0, 1.0))
    share = min(compensation_share(action, facts), 1.5)
    lift = share**3 / (share**3 + 0.5) if facts.is_rejected else 1 - (1 - share / 1.5) ** 2
    said = _WORDS[action.kind]
    if facts.failures_90_days and action.kind in {ActionKind.APOLOGY, ActionKind.APOLOGY_CREDIT}:
        said -= 0.1
    start = 0.72 - 0.08 * facts.severity.rank
    return float(np.clip(start + words * said + money * 0.15 * lift, 0.02, 0.98))


def expected_value(facts: CaseFacts, action: ActionTaken) -> float:
    """Return the margin kept less what the action costs."""
    cost = _WORK[action.kind] + float(action.amount.amount)
    return float(facts.value_per_year.amount) * 0.5 * kept(facts, action) - cost


def respond(facts: CaseFacts, action: ActionTaken, rng: np.random.Generator) -> Outcome:
    """Return what happened next."""
    stays = rng.random() < kept(facts, action)
    value = float(facts.value_per_year.amount) * 0.5 * stays
    value -= _WORK[action.kind] + float(action.amount.amount)
    return Outcome(180, 4.0 if stays else 2.0, 8 if stays else 3, False, not stays, stays, value)


def lessons(
    cases: Sequence[CaseFacts], records: Sequence[LogRecord], rng: np.random.Generator
) -> list[Lesson]:
    """Do what was shown and see what happens."""
    done = [record.taken(record.chosen, 12) for record in records]
    return [
        Lesson(facts, action, record.owed.amount, respond(facts, action, rng))
        for facts, action, record in zip(cases, done, records, strict=True)
    ]
