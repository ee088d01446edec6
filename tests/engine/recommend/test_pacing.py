"""Pacing: the budget holds over days, the price is never negative, what is owed never pays it."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.recommend.cases import any_case, cents, some_cases

from amends.engine.contracts import BadInput, CaseFacts, Severity
from amends.engine.recommend import Recommender, shipped_policy
from amends.engine.recommend.facts import ROLES
from amends.engine.recommend.pacing import STEP, affordable, price_after, price_at
from amends.engine.recommend.policy import POLICIES
from amends.flows.bench.policy_audit import Audit

POLICY = shipped_policy("telecoms", ("GB",), "GBP")
FRESH = Recommender(POLICY)
AUDIT = Audit(POLICIES, "telecoms", ("GB",), "GBP")
SUMS = st.integers(0, 500_000).map(lambda n: Decimal(n).scaleb(-2))
PRICES = st.floats(0, 30)


@settings(max_examples=200, deadline=None)
@given(start=PRICES, spent=SUMS, share=st.floats(0, 1), budget=SUMS.filter(bool))
def test_the_price_is_never_negative_and_rises_with_what_is_spent(
    start: float, spent: Decimal, share: float, budget: Decimal
) -> None:
    planned = Decimal(str(share)) * budget
    price = price_at(start, spent, planned, budget)
    assert price >= 0
    assert price_at(start, spent + 1, planned, budget) >= price
    assert price_at(start, spent, budget, budget) <= price, "later on the path more was planned"
    assert price_at(start, budget, budget, budget) == start, "as planned: nothing changes"


def test_no_budget_cannot_be_paced() -> None:
    with pytest.raises(BadInput, match="cannot be paced"):
        price_at(0, Decimal(1), Decimal(1), Decimal(0))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    demand=st.floats(0.2, 5),
    surge=st.floats(1, 3),
    days=st.integers(40, 60),
)
def test_the_budget_is_kept_over_simulated_days(
    seed: int, demand: float, surge: float, days: int
) -> None:
    """Cases come at random, in the second half more of them; amounts and values are heavy."""
    rng, budget = np.random.default_rng(seed), Decimal(250)
    price, spent_by_day = 0.0, []
    for day in range(days):
        rate = 10 * demand * (surge if day > days / 2 else 1)
        spent, n = Decimal(0), rng.poisson(rate)
        goodwill = rng.lognormal(3, 0.6, n).round(2)
        worth = goodwill * rng.lognormal(0.3, 0.7, n)
        for i in range(n):
            now = price_at(price, spent, budget * i / n, budget)
            means = np.array([[0.0, worth[i] - goodwill[i]]])
            arm = affordable(means, np.array([[0.0, goodwill[i]]]), np.array([now]), np.array([1]))
            spent += Decimal(str(goodwill[i])) if arm[0] else Decimal(0)
        price = price_at(price, spent, budget, budget)
        assert price >= 0
        spent_by_day.append(spent)
    total = sum(spent_by_day, Decimal(0))
    assert price == pytest.approx(price_after(0, spent_by_day, budget))
    assert total <= days * budget * (1 + Decimal(str(price / (STEP * days)))) + Decimal("0.01")
    assert total <= days * budget * Decimal("1.1")


@settings(max_examples=60, deadline=None)
@given(facts=any_case(), role=st.sampled_from(ROLES), price=PRICES)
def test_what_is_owed_is_never_weighed(facts: CaseFacts, role: str, price: float) -> None:
    (free,) = FRESH.recommend_many([facts], role)
    (paced,) = FRESH.recommend_many([facts], role, prices=[price])
    assert paced.owed == free.owed
    assert (paced.allowed, paced.limit, paced.approver) == (free.allowed, free.limit, free.approver)
    assert list(AUDIT.violations(facts, paced)) == []
    said = FRESH.recommend(facts, role, price=price)
    assert said.owed == free.owed
    assert (said.action.kind, said.action.amount.amount) == tuple(paced.chosen[:2])
    assert said.price == paced.price == price


@settings(max_examples=60, deadline=None)
@given(facts=any_case(), low=PRICES, more=PRICES)
def test_a_higher_price_never_gives_more_by_default(
    facts: CaseFacts, low: float, more: float
) -> None:
    given_ = [
        FRESH.recommend(facts, "manager", explore=False, price=p).action.amount.amount
        for p in (0, low, low + more)
    ]
    assert given_ == sorted(given_, reverse=True)


def _usual(n: int) -> Sequence[CaseFacts]:
    like = some_cases(1, 1)[0]
    return [
        replace(
            like,
            case_ref=f"P{i}",
            cause="network/slow",
            severity=Severity.MEDIUM,
            loss=cents(2_000),
            value_per_year=cents(48_000),
            failures_90_days=0,
            is_rejected=False,
        )
        for i in range(n)
    ]


def test_a_short_budget_is_said_with_its_price_and_what_it_replaces() -> None:
    facts = _usual(1)[0]
    free = FRESH.recommend(facts, explore=False)
    assert free.action.amount.amount > 0
    assert not any("shadow price" in reason for reason in free.reasons)
    dear = FRESH.recommend(facts, explore=False, price=8.0)
    assert dear.action.amount.amount < free.action.amount.amount
    told = " ".join(dear.reasons)
    assert "shadow price 8.00" in told
    assert "each £1.00 of goodwill counts as £9.00" in told
    assert "The day's budget is short: this instead of the usual apology credit" in told
