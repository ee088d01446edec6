"""Recommendations: explained, repeatable, useful without history, the same alone and in a batch."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.recommend.cases import any_case, cents, lessons, some_cases

from amends.engine.contracts import ActionKind, BadInput, CaseFacts, Money, Severity
from amends.engine.recommend import (
    Recommender,
    money_words,
    shipped_policy,
    to_do,
    what_to_do,
)
from amends.engine.recommend.facts import ROLES
from amends.engine.recommend.policy import POLICIES
from amends.flows.bench.policy_audit import Audit

POLICY = shipped_policy("telecoms", ("GB",), "GBP")
FRESH = Recommender(POLICY)
AUDIT = Audit(POLICIES, "telecoms", ("GB",), "GBP")
CASE = replace(
    some_cases(1, 1)[0],
    cause="installation/missed_appointment",
    severity=Severity.HIGH,
    loss=cents(6_000),
    value_per_year=cents(48_000),
    failures_90_days=0,
    is_rejected=True,
)


@settings(max_examples=60, deadline=None)
@given(facts=any_case(), role=st.sampled_from(ROLES), seed=st.integers(0, 2**32))
def test_alone_and_in_a_batch_the_same_is_decided(facts: CaseFacts, role: str, seed: int) -> None:
    alone = FRESH.recommend(facts, role, seed)
    batch = FRESH.recommend_many([CASE, facts], role, seed)[1]
    assert (alone.action.kind, alone.action.amount.amount) == (
        batch.chosen.kind,
        batch.chosen.goodwill,
    )
    assert alone.explores == batch.explores
    assert alone.owed == batch.owed
    assert alone.policy_hash == batch.policy_hash
    assert sorted(a.propensity for a in alone.allowed) == pytest.approx(sorted(batch.propensities))
    assert sum(a.propensity for a in alone.allowed) == pytest.approx(1)
    assert alone == FRESH.recommend(facts, role, seed)


@settings(max_examples=60, deadline=None)
@given(facts=any_case(), role=st.sampled_from(ROLES))
def test_an_interpreter_of_the_files_finds_nothing_wrong(facts: CaseFacts, role: str) -> None:
    (record,) = FRESH.recommend_many([facts], role)
    assert list(AUDIT.violations(facts, record)) == []


@settings(max_examples=60, deadline=None)
@given(facts=any_case())
def test_every_recommendation_can_be_read_out(facts: CaseFacts) -> None:
    said = FRESH.recommend(facts)
    words = what_to_do(said)
    assert words[0].isupper()
    assert words.endswith((".", "first."))
    assert "{" not in words
    assert any("n = 0 from own cases" in reason for reason in said.reasons)
    if said.owed.amount:
        assert money_words(said.owed) in words or said.action.kind is ActionKind.REFUND
    for action in said.allowed:
        assert 0 <= action.rate_interval.low <= action.rate <= action.rate_interval.high <= 1


def test_without_history_it_follows_practice_on_prior_evidence() -> None:
    said = FRESH.recommend(CASE, "manager")
    assert said.action.kind is ActionKind.REFUND
    assert said.action.amount == Money(Decimal("27.69"), "GBP")
    assert said.owed == Money(Decimal("32.31"), "GBP")
    assert what_to_do(said) == "Refund £60.00, of which £32.31 is owed."
    assert any(reason.startswith("£32.31 is owed") for reason in said.reasons)
    assert any("follows current practice" in reason for reason in said.reasons)
    assert {d.table for d in said.decisions} >= {
        *("entitlement_gb_ofcom", "eligibility", "limits", "practice", "approvals")
    }
    assert all(d.rows and d.content_hash for d in said.decisions)


def test_the_seed_chooses_whether_to_explore_and_nothing_else() -> None:
    facts = replace(CASE, is_rejected=False)
    said = [FRESH.recommend(facts, "manager", seed) for seed in range(60)]
    assert len({tuple(a.propensity for a in s.allowed) for s in said}) == 1
    assert 0 < sum(s.explores for s in said) < 25
    explored = next(s for s in said if s.explores)
    assert any("explores" in reason for reason in explored.reasons)
    assert not any(FRESH.recommend(facts, "manager", s, explore=False).explores for s in range(60))


def test_own_outcomes_show_in_rates_and_reasons() -> None:
    cases = some_cases(1_500, 31)
    records = FRESH.recommend_many(cases, "team_leader", 1)
    taught = FRESH.learn(lessons(cases, records, np.random.default_rng(32)))
    said = taught.recommend(
        replace(CASE, severity=Severity.MEDIUM, is_rejected=False), "team_leader"
    )
    assert taught.state.n == 1_500
    assert said.model_version.startswith("learnt-1500-")
    assert max(a.n for a in said.allowed) > 50
    narrow = max(said.allowed, key=lambda a: a.n).rate_interval
    assert narrow.high - narrow.low < 0.2


def test_no_value_on_file_is_no_reason_for_nothing() -> None:
    said = FRESH.recommend(replace(CASE, value_per_year=cents(0), cause="unsure"), "team_leader")
    assert said.limit.amount == Decimal("90.00")
    assert said.action.amount.amount == Decimal("60.00")


def test_a_batch_names_the_case_that_cannot_be_decided() -> None:
    bad = replace(CASE, case_ref="the-bad-one", failures_90_days=-1)
    with pytest.raises(BadInput, match="the-bad-one"):
        FRESH.recommend_many([CASE, bad])
    assert FRESH.recommend_many([]) == []


@pytest.mark.parametrize("kind", ActionKind)
def test_every_action_has_an_instruction(kind: ActionKind) -> None:
    nothing, amount = Money(Decimal(0), "CHF"), Money(Decimal("12.5"), "CHF")
    assert to_do(kind, amount, nothing)
    assert "7.00 CHF" in to_do(kind, amount, Money(Decimal(7), "CHF")) or kind is ActionKind.REFUND
