"""What would turn a recommendation: every turn is one when all is decided anew, and the nearest."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.recommend.cases import any_case, cents, some_cases

from amends.engine.contracts import ActionKind, CaseFacts, Money, Severity, Side, Turn, Value
from amends.engine.recommend import Recommender, shipped_policy, turns_of
from amends.engine.recommend.facts import ROLES

FRESH = Recommender(shipped_policy("telecoms", ("GB",), "GBP"))
CASE = replace(
    some_cases(1, 1)[0],
    cause="delivery/missed_slot",
    severity=Severity.MEDIUM,
    loss=cents(8_000),
    value_per_year=cents(124_000),
    failures_90_days=0,
    is_rejected=True,
)
TURNS = {(turn.fact, turn.side): turn for turn in turns_of(FRESH, CASE)}


def with_fact(facts: CaseFacts, name: str, value: Value) -> CaseFacts:
    known: dict[str, Any] = {name: value}
    if name in {"loss", "value_per_year"}:
        known = {name: Money(Decimal(value), "GBP")}
    elif name == "cause_family":
        known = {"cause": value}
    elif not hasattr(facts, name):
        known = {"measured": tuple((dict(facts.measured) | {name: value}).items())}
    elif name != "cause" and not isinstance(value, bool):
        known = {name: type(getattr(facts, name))(value)}
    return replace(facts, **known)


def guess(facts: CaseFacts, role: str) -> tuple[ActionKind, Decimal, Decimal, str]:
    permit = FRESH.policy.permit(facts, role)
    found = FRESH.recommend(facts, role, explore=False)
    action = found.action
    return action.kind, action.amount.amount, permit.owed.amount, found.approver


def of(turn: Turn) -> tuple[ActionKind, Decimal, Decimal, str]:
    return turn.kind, turn.goodwill, turn.owed, turn.approver


@settings(max_examples=25, deadline=None)
@given(facts=any_case(), role=st.sampled_from(ROLES))
def test_every_turn_is_one(facts: CaseFacts, role: str) -> None:
    now = guess(facts, role)
    turns = turns_of(FRESH, facts, role)
    assert len({(t.fact, t.side, t.values) for t in turns}) == len(turns)
    for turn in turns:
        for value in turn.values[:3]:
            if turn.fact == "role":
                then = guess(facts, str(value))
            else:
                then = guess(with_fact(facts, turn.fact, value), role)
            assert then == of(turn), turn
            assert then != now, turn


@pytest.mark.parametrize(
    ("fact", "side", "step"),
    [
        ("loss", "at_most", "0.01"),
        ("failures_90_days", "at_least", "-1"),
        ("value_per_year", "at_most", "0.01"),
    ],
)
def test_a_number_turns_where_it_says_and_not_a_step_before(
    fact: str, side: Side, step: str
) -> None:
    turn = TURNS[fact, side]
    (value,) = turn.values
    assert isinstance(value, Decimal)
    before = guess(with_fact(CASE, fact, value + Decimal(step)), "agent")
    now = guess(CASE, "agent")
    assert before[0] == now[0]
    if fact != "loss":
        assert before == now
    assert guess(with_fact(CASE, fact, value), "agent") == of(turn) != now


def test_the_case_of_a_parcel_turns_where_its_policy_says() -> None:
    assert TURNS["failures_90_days", "at_least"].values == (Decimal(2),)
    assert TURNS["severity", "is"].values == ("critical",)
    assert TURNS["is_vulnerable", "is"].kind is ActionKind.CALLBACK
    assert TURNS["given_90_days", "at_least"].approver == "team_leader"
    (lost,) = [t for t in turns_of(FRESH, CASE) if "delivery/lost_parcel" in t.values]
    assert lost.owed == CASE.loss.amount
    assert TURNS["role", "is"].values == ("team_leader", "manager", "executive")


def test_exploring_is_no_reason_to_turn() -> None:
    lucky = [replace(CASE, case_ref=f"case {n}") for n in range(40)]
    assert any(FRESH.recommend(case).explores for case in lucky)
    assert {turns_of(FRESH, case) for case in lucky[:12]} == {turns_of(FRESH, CASE)}
