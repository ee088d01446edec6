"""Entitlement → eligibility → limits → approval: owed money is paid, goodwill stays in bounds."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.recommend.cases import any_case, cents, some_cases

from amends.engine.contracts import ActionKind, BadInput, CaseFacts, Money
from amends.engine.recommend import shipped_policy
from amends.engine.recommend.facts import ROLES

POLICY = shipped_policy("telecoms", ("GB",), "GBP")
RANDOM = settings(max_examples=150, deadline=None)
CASE = replace(some_cases(1, 1)[0], cause="service/long_wait", loss=cents(4_000))
MISSED = replace(CASE, cause="installation/missed_appointment")


@RANDOM
@given(facts=any_case(), role=st.sampled_from(ROLES))
def test_limits_are_never_exceeded_and_money_is_decimal(facts: CaseFacts, role: str) -> None:
    permit = POLICY.permit(facts, role)
    loss, value = facts.loss.amount, facts.value_per_year.amount
    caps = {"agent": 25, "team_leader": 100, "manager": 500, "executive": 5000}
    assert permit.limit.amount <= caps[role]
    if value:
        assert permit.limit.amount <= value * Decimal("0.30")
    assert permit.limit.amount + permit.owed.amount <= max(
        loss * Decimal("1.5"), permit.owed.amount
    )
    for arm in permit.arms:
        assert isinstance(arm.goodwill, Decimal)
        assert 0 <= arm.goodwill <= permit.limit.amount
        assert arm.goodwill == arm.goodwill.quantize(Decimal("0.01"))
        assert arm.kind is not ActionKind.REFUND or facts.is_rejected
    assert 0 <= permit.practice < len(permit.arms)


@RANDOM
@given(facts=any_case(), role=st.sampled_from(ROLES))
def test_what_is_owed_depends_on_harm_alone(facts: CaseFacts, role: str) -> None:
    other = replace(facts, tier="standard", segment="single", value_per_year=cents(1), region="x")
    assert POLICY.permit(facts, role).owed == POLICY.permit(other, "agent").owed


def test_owed_money_bypasses_the_limits() -> None:
    facts = replace(MISSED, loss=cents(100), value_per_year=cents(100))
    permit = POLICY.permit(facts, "agent")
    assert permit.owed == Money(Decimal("32.31"), "GBP")
    assert permit.limit.amount == 0


def test_a_missing_quantity_is_asked_for_not_guessed() -> None:
    facts = replace(CASE, cause="network/outage")
    ((fact, note),) = POLICY.permit(facts, "agent").to_find_out
    assert fact == "late_days"
    assert "£10.34" in note
    known = replace(facts, measured=(("late_days", Decimal(3)),))
    assert POLICY.permit(known, "agent").owed.amount == Decimal("31.02")
    assert not POLICY.permit(known, "agent").to_find_out


def test_a_refund_above_the_limit_is_not_offered_in_part() -> None:
    facts = replace(CASE, is_rejected=True, loss=cents(9_000), value_per_year=cents(90_000))
    assert ActionKind.REFUND not in {a.kind for a in POLICY.permit(facts, "agent").arms}
    assert ActionKind.REFUND in {a.kind for a in POLICY.permit(facts, "team_leader").arms}


def test_a_sign_of_misuse_sends_to_a_person_and_takes_nothing_away() -> None:
    flagged = replace(MISSED, measured=(("claims_90_days", Decimal(9)),))
    plain, looked_at = POLICY.permit(MISSED, "agent"), POLICY.permit(flagged, "agent")
    assert (plain.approver, looked_at.approver) == ("", "team_leader")
    assert (looked_at.owed, looked_at.limit, looked_at.arms) == (
        plain.owed,
        plain.limit,
        plain.arms,
    )


def test_a_case_before_the_preset_owes_by_contract_only() -> None:
    facts = replace(MISSED, opened_at=datetime(2026, 3, 31, tzinfo=UTC))
    assert POLICY.permit(facts, "agent").owed.amount == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"loss": Money(Decimal(5), "EUR")}, "EUR"),
        ({"failures_90_days": -1}, "failures_90_days"),
        ({"failures_90_days": 1.0}, "failures_90_days"),
        ({"is_rejected": "yes"}, "is_rejected"),
        ({"cause": None}, "cause"),
        ({"measured": (("late_days", 3.5),)}, "late_days"),
        ({"measured": (("loss", Decimal(1)),)}, "loss is given twice"),
    ],
)
def test_bad_facts_are_refused_with_case_and_fact(change: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says) as refusal:
        POLICY.permit(replace(CASE, **change), "agent")  # type: ignore[arg-type]
    assert CASE.case_ref in str(refusal.value)


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(BadInput, match="no role"):
        POLICY.permit(CASE, "intern")
