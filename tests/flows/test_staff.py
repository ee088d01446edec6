"""What people did in cases, and what customers tell afterwards."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import cache
from statistics import median

import numpy as np
import pyarrow as pa
import pytest

from amends.engine.contracts import (
    MEASURES,
    SIGNAL_SCHEMA,
    BadInput,
    CaseFacts,
    Severity,
    check_signals,
)
from amends.engine.recommend import LogRecord, Recommender, shipped_policy
from amends.engine.signals.measures import contribution
from amends.engine.signals.slices import exposed_dims
from amends.engine.worlds import World, read_world
from amends.flows.aftermath import WINDOW, outcome_signals
from amends.flows.staff import OVERRIDES, REASONS, Worked, work

N = 1_200


def world() -> World:
    return read_world("retailer")


@cache
def cases() -> tuple[list[CaseFacts], list[LogRecord]]:
    company = world().company
    facts = world().cases(N)
    policy = shipped_policy(company.taxonomy, (company.country,), company.currency)
    return facts, Recommender(policy).recommend_many(facts, "team_leader", 1)


@cache
def worked() -> list[Worked]:
    return work(world(), *cases(), seed=5)


@cache
def told() -> pa.Table:
    return outcome_signals(world(), worked(), cases()[0], seed=5)


def test_people_mostly_do_what_is_recommended_and_say_when_they_do_not() -> None:
    facts, records = cases()
    for f, r, w in zip(facts, records, worked(), strict=True):
        allowed = {(arm.kind, r.taken(arm, 0).amount) for arm in r.allowed}
        assert (w.taken.kind, w.taken.amount) in allowed
        assert w.overridden == bool(w.reason)
        if w.overridden:
            assert w.reason in REASONS
        else:
            assert w.taken.kind == r.chosen.kind
        assert f.opened_at < w.acknowledged_at <= w.resolved_at < w.closed_at
        acted_at = f.opened_at + timedelta(hours=w.taken.delay_hours)
        assert acted_at <= w.resolved_at + timedelta(minutes=1)
        assert w.acknowledged_at <= acted_at + timedelta(minutes=1)
    has_choice = [len(r.allowed) > 1 for r in records]
    share = sum(w.overridden for w in worked()) / sum(has_choice)
    assert share == pytest.approx(OVERRIDES, abs=0.03)


def test_the_worse_a_case_the_sooner_it_is_resolved_and_a_few_lie_about() -> None:
    facts, _ = cases()
    hours: dict[Severity, list[float]] = {}
    for f, w in zip(facts, worked(), strict=True):
        took = (w.resolved_at - f.opened_at) / timedelta(hours=1)
        hours.setdefault(f.severity, []).append(took)
    assert median(hours[Severity.HIGH]) < median(hours[Severity.LOW])
    every = np.concatenate([np.array(h) for h in hours.values()])
    assert 15 < np.median(every) < 60
    assert 0.02 < (every > 120).mean() < 0.2


def test_a_case_does_not_depend_on_the_others() -> None:
    facts, records = cases()
    assert work(world(), facts[40:60], records[40:60], seed=5) == worked()[40:60]
    other = work(world(), facts[40:60], records[40:60], seed=6)
    assert other != worked()[40:60]


def test_what_is_owed_costs_its_amount_with_any_action() -> None:
    facts, records = cases()
    for f, r, w in zip(facts, records, worked(), strict=True):
        share = world().company.recovery.actions[w.taken.kind].cost_share
        seen = world().respond(f, w.taken, 5)
        assert w.outcome == replace(seen, value=seen.value - float(r.owed.amount) * (1 - share))


def test_decisions_of_other_cases_are_refused() -> None:
    facts, records = cases()
    with pytest.raises(BadInput, match="not those of the cases"):
        work(world(), facts[:3], records[1:4], seed=1)
    with pytest.raises(BadInput, match="seed"):
        work(world(), facts[:3], records[:3], seed=-1)


def test_customers_tell_what_came_of_it() -> None:
    table = told()
    check_signals(table)
    at = table["occurred_at"].to_pylist()
    assert at == sorted(at)
    assert len(set(table["signal_id"].to_pylist())) == len(table)
    kinds = Counter(table["kind"].to_pylist())
    assert kinds["survey"] == sum(w.answered for w in worked()) > 60
    assert kinds["complaint"] == sum(w.outcome.recontacted for w in worked()) > 60
    assert kinds["transaction"] == N
    done = {w.case_ref: w for w in worked()}
    facts = {f.case_ref: f for f in cases()[0]}
    for row in table.to_pylist():
        attributes = dict(row["attributes"] or ())
        ref = row["case_ref"] or attributes["follows"]
        after = row["occurred_at"] - done[ref].resolved_at
        assert row["customer_id"] == facts[ref].customer_id
        if row["kind"] == "survey":
            assert timedelta(days=1) <= after <= timedelta(days=3)
            assert (row["source"], row["nps"]) == ("surveys", done[ref].outcome.nps)
            assert row["csat"] == round(done[ref].outcome.satisfaction)
        elif row["kind"] == "complaint":
            assert timedelta(0) < after < WINDOW
            assert row["case_ref"] is None
            assert (row["product"], row["region"]) == (facts[ref].product, facts[ref].region)
            assert len(row["verbatim"]) > 5
        else:
            assert after == WINDOW
            assert done[ref].outcome.churned or attributes["churned"] == "false"
            assert float(attributes["kept_value"]) == pytest.approx(
                done[ref].outcome.value, abs=0.006
            )


def test_the_content_and_the_cross_answer_as_in_the_world() -> None:
    answered = Counter(round(w.outcome.satisfaction) for w in worked() if w.answered)
    everyone = Counter(round(w.outcome.satisfaction) for w in worked())
    answers = world().company.selection.answers
    expected = sum(n * answers[mood - 1] for mood, n in everyone.items())
    assert answered.total() == pytest.approx(expected, abs=4 * expected**0.5)


def test_what_is_told_of_who_stayed_distorts_no_rate() -> None:
    usual = pa.concat_tables([c.signals for c in world().simulate(1_500)])
    stayed = told().filter(pa.array([k == "transaction" for k in told()["kind"].to_pylist()]))
    both = pa.concat_tables([usual, stayed]).unify_dictionaries()
    dims = ["region", "segment", "tier", "product", "channel", "vendor"]
    for measure in MEASURES:
        alone, together = contribution(usual, measure), contribution(both, measure)
        assert together.value.sum() == alone.value.sum()
        assert together.counts.sum() == alone.counts.sum()
        assert (together.exposure is None) == (alone.exposure is None)
        if together.exposure is not None and alone.exposure is not None:
            assert together.exposure.sum() == alone.exposure.sum()
            assert exposed_dims(both, together, dims) == exposed_dims(usual, alone, dims)


def test_a_case_of_an_unknown_cause_is_worked_and_told_too() -> None:
    facts, records = cases()
    odd = replace(facts[0], cause="", product="", channel="", segment="", region="")
    done = work(world(), [odd], records[:1], seed=1)
    upset = [replace(done[0], answered=True, outcome=replace(done[0].outcome, recontacted=True))]
    table = outcome_signals(world(), upset, [odd])
    assert sorted(table["kind"].to_pylist()) == ["complaint", "survey", "transaction"]


def test_nothing_done_tells_nothing() -> None:
    assert outcome_signals(world(), [], []).equals(SIGNAL_SCHEMA.empty_table())
