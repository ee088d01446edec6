"""What happens after an action obeys the evidence."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.contracts import ActionKind, ActionTaken, BadInput, CaseFacts, Money, Severity
from amends.engine.worlds import World, read_world
from amends.engine.worlds.outcomes import USUAL_SATISFACTION, money_worth, promptness

RETAILER = read_world("retailer")
CASES = RETAILER.cases(400, seed=11)
KINDS = st.sampled_from(list(ActionKind))
FACTS = st.sampled_from(CASES)


def a_case(**changes: object) -> CaseFacts:
    usual = CaseFacts(
        case_ref="CASE-1",
        customer_id="C1",
        opened_at=datetime(2025, 3, 1, tzinfo=UTC),
        cause="delivery/lost_parcel",
        severity=Severity.MEDIUM,
        region="west",
        tier="basic",
        segment="household",
        product="home",
        channel="chat",
        tenure_months=20,
        value_per_year=Money(Decimal(400), "USD"),
        loss=Money(Decimal(50), "USD"),
        failures_90_days=0,
        is_rejected=False,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def action(kind: ActionKind, amount: float = 0, delay: float = 4) -> ActionTaken:
    return ActionTaken(kind, Money(Decimal(str(amount)), "USD"), delay)


@given(st.floats(0, 3), st.floats(0, 3), st.booleans())
def test_more_money_is_never_worth_less(a: float, b: float, is_rejected: bool) -> None:
    low, high = sorted((a, b))
    assert money_worth(low, is_rejected=is_rejected) <= money_worth(high, is_rejected=is_rejected)


def test_money_is_s_shaped_when_rejected_and_concave_when_accepted() -> None:
    shares = np.linspace(0, 1.5, 151)
    rejected = np.array([money_worth(s, is_rejected=True) for s in shares])
    accepted = np.array([money_worth(s, is_rejected=False) for s in shares])
    steepest = shares[np.argmax(np.diff(rejected))]
    assert 0.6 <= steepest <= 1.2
    assert np.all(np.diff(accepted, 2) < 0)
    assert money_worth(4, is_rejected=True) == money_worth(1.5, is_rejected=True) == 1
    assert money_worth(0.3, is_rejected=False) > 2 * money_worth(0.3, is_rejected=True)


@given(FACTS, KINDS, st.floats(0, 200), st.floats(0, 200))
def test_waiting_never_helps(facts: CaseFacts, kind: ActionKind, a: float, b: float) -> None:
    soon, late = (RETAILER.prospect(facts, action(kind, 10, d)) for d in sorted((a, b)))
    assert soon.satisfaction >= late.satisfaction
    assert soon.churn <= late.churn
    assert soon.recontact <= late.recontact


def test_within_the_zone_of_tolerance_speed_does_not_matter() -> None:
    assert promptness(0) == promptness(24) == 1
    assert promptness(72) < 0.5


@given(FACTS, KINDS, st.floats(0, 2), st.integers(1, 3))
def test_double_deviation_is_worse(
    facts: CaseFacts, kind: ActionKind, share: float, before: int
) -> None:
    done = action(kind, float(facts.loss.amount) * share)
    once = RETAILER.prospect(replace(facts, failures_90_days=0), done)
    again = RETAILER.prospect(replace(facts, failures_90_days=before), done)
    assert again.satisfaction <= once.satisfaction
    assert again.churn >= once.churn


@given(FACTS, KINDS, st.floats(0, 5))
def test_the_paradox_is_of_satisfaction_only_and_never_after_two(
    facts: CaseFacts, kind: ActionKind, share: float
) -> None:
    seen = RETAILER.prospect(facts, action(kind, float(facts.loss.amount) * share))
    recovery = RETAILER.company.recovery
    if facts.failures_90_days >= 1:
        assert seen.satisfaction < USUAL_SATISFACTION
    assert seen.churn >= recovery.churn_per_year * recovery.window_days / 365
    assert seen.repurchase <= recovery.repurchase


def test_the_paradox_is_possible_after_a_first_failure() -> None:
    best = max(
        RETAILER.prospect(facts, act).satisfaction
        for facts in CASES
        for act in RETAILER.actions(facts)
    )
    assert best > USUAL_SATISFACTION


def test_an_apology_adds_to_money_on_average() -> None:
    recovery = msgspec.structs.replace(RETAILER.company.recovery, cohort_spread=0)
    average = World(msgspec.structs.replace(RETAILER.company, recovery=recovery))
    money = average.prospect(a_case(), action(ActionKind.CREDIT, 50))
    both = average.prospect(a_case(), action(ActionKind.APOLOGY_CREDIT, 50))
    assert money.satisfied == pytest.approx(0.37, abs=0.03)
    assert both.satisfied == pytest.approx(0.73, abs=0.03)


def test_repeated_apologies_are_worse_than_nothing_to_say() -> None:
    facts = a_case(failures_90_days=2)
    nothing = RETAILER.prospect(facts, action(ActionKind.NONE))
    words = RETAILER.prospect(facts, action(ActionKind.APOLOGY, delay=100))
    assert words.satisfaction < nothing.satisfaction


def test_outcomes_are_as_likely_as_the_oracle_says() -> None:
    facts, done = a_case(), action(ActionKind.APOLOGY_CREDIT, 40)
    seen = RETAILER.prospect(facts, done)
    outcomes = [
        RETAILER.respond(replace(facts, case_ref=f"CASE-{i}"), done, seed=3) for i in range(3_000)
    ]
    assert np.mean([o.churned for o in outcomes]) == pytest.approx(seen.churn, abs=0.03)
    assert np.mean([o.recontacted for o in outcomes]) == pytest.approx(seen.recontact, abs=0.03)
    stayed = [o for o in outcomes if not o.churned]
    assert np.mean([o.repurchased for o in stayed]) == pytest.approx(seen.repurchase, abs=0.03)
    value = np.array([o.value for o in outcomes])
    error = value.std() / np.sqrt(len(value))
    assert value.mean() == pytest.approx(RETAILER.expected_value(facts, done), abs=4 * error)
    assert not any(o.repurchased for o in outcomes if o.churned)


def test_a_case_has_the_same_luck_whatever_is_done() -> None:
    facts = a_case()
    assert RETAILER.respond(facts, action(ActionKind.NONE), 5) == RETAILER.respond(
        facts, action(ActionKind.NONE), 5
    )
    for case in CASES[:100]:
        worse = RETAILER.respond(case, action(ActionKind.NONE), 5)
        better = RETAILER.respond(case, action(ActionKind.REFUND, float(case.loss.amount), 2), 5)
        assert better.churned <= worse.churned


def test_the_best_action_depends_on_the_cohort(name: str) -> None:
    world = read_world(name)
    best = set()
    for facts in world.cases(300, seed=2):
        values = [(world.expected_value(facts, act), act.kind) for act in world.actions(facts)]
        best.add(max(values)[1])
    assert len(best) >= 4


def test_cases_carry_what_policy_needs(name: str) -> None:
    world = read_world(name)
    cases = world.cases(500, seed=4)
    assert len(cases) == 500
    assert [c.opened_at for c in cases] == sorted(c.opened_at for c in cases)
    assert len({c.case_ref for c in cases}) == 500
    assert {c.cause for c in cases} <= set(world.company.causes)
    assert any(c.failures_90_days for c in cases)
    assert any(c.is_vulnerable for c in cases)
    assert any(c.is_regulated for c in cases)
    assert world.cases(500, seed=4) == cases


def test_costs_are_money_and_grow_with_the_amount() -> None:
    small, large = (RETAILER.cost(action(ActionKind.CREDIT, amount)) for amount in (10, 20))
    assert small == Money(Decimal("8.50"), "USD")
    assert large > small


def test_true_effects_are_told_per_cohort(name: str) -> None:
    world: World = read_world(name)
    effects = world.truth(100).actions
    segments = set(world.company.customers.segments)
    assert {e.segment for e in effects} == segments
    credit = [e for e in effects if e.action == "apology_credit" and e.share >= 1]
    assert all(e.churn <= 0 and e.satisfaction > 0 for e in credit)
    assert len({round(e.satisfaction, 2) for e in credit}) > 5


def test_no_cases_are_refused() -> None:
    with pytest.raises(BadInput):
        RETAILER.cases(0)
