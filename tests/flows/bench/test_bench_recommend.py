"""The game against a world, and the second reading of policy that judges it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from typer.testing import CliRunner

from amends.cli import app
from amends.engine.contracts import ActionKind, BadInput, CaseFacts, Money
from amends.engine.recommend import (
    Arm,
    LearnedState,
    LogRecord,
    Policy,
    Recommender,
    shipped_policy,
)
from amends.engine.recommend.policy import POLICIES
from amends.engine.worlds import read_world
from amends.flows.bench import policy_fuzz
from amends.flows.bench.policy_audit import Audit, count_violations
from amends.flows.bench.policy_zen import count_disagreements
from amends.flows.bench.recommend import ROLE, RecommendFigures, WorldGame, bench_recommend


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def figures() -> RecommendFigures:
    return bench_recommend("retailer", 1_500, 4, lambda *_: None)


def test_it_earns_more_than_the_rules_and_breaks_none(figures: RecommendFigures) -> None:
    assert figures.violations == 0
    assert figures.rule_value < figures.own_value < figures.oracle_value
    assert figures.regret_first_1k <= figures.regret_of_rule_first_1k
    assert 0 < figures.oracle_share < 1
    assert 0.02 < figures.explored < 0.15
    assert figures.decisions_per_s > 0
    assert figures.p99_ms > 0


def test_the_same_game_is_played_twice() -> None:
    one, two = (bench_recommend("bank", 250, 4, lambda *_: None) for _ in range(2))
    assert replace(one, decisions_per_s=0, p99_ms=0) == replace(two, decisions_per_s=0, p99_ms=0)


def test_what_is_owed_costs_the_same_whatever_is_done() -> None:
    game = WorldGame(read_world("telco"))
    facts = next(c for c in game.cases(300, 1) if c.cause == "billing/double_charge")
    recommender = Recommender(shipped_policy("telecoms", ("GB",), "GBP"))
    (record,) = recommender.recommend_many([facts], ROLE)
    arm = next(a for a in record.allowed if a.kind is ActionKind.APOLOGY)
    done = game.taken(record, arm)
    world_cost = float(game.world.cost(done).amount)
    charged = game.world.expected_value(facts, done) - game.expected(facts, record, arm)
    assert record.owed.amount > 0
    assert done.amount == record.owed
    spec = game.world.company.recovery.actions[ActionKind.APOLOGY]
    assert world_cost + charged == pytest.approx(spec.cost + float(record.owed.amount))


def test_an_unknown_world_is_refused() -> None:
    with pytest.raises(BadInput):
        bench_recommend("nowhere", 10, 1, lambda *_: None)
    with pytest.raises(BadInput):
        bench_recommend("telco", 0, 1, lambda *_: None)


def test_the_door_prints_one_json_object() -> None:
    args = ["bench", "recommend", "--world", "telco", "--cases", "150", "--seed", "2", "--json"]
    args += ["--fuzz", "1000", "--zen", "5"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert {"regret", "oracle_share", "violations", "decisions_per_s", "p99_ms"} <= set(answer)
    assert answer["violations"] == 0
    assert answer["fuzzed_violations"] == 0
    assert answer["disagreements"] == 0
    assert answer["fuzzed"] == 1_000
    assert answer["compared"] > 50


SCOPE = ("telecoms", ("GB",), "GBP")


@pytest.fixture(scope="module")
def decided() -> tuple[CaseFacts, LogRecord]:
    cases = [c for c in read_world("telco").cases(400, 2) if c.severity == "medium"]
    plain = next(
        c
        for c in cases
        if c.loss.amount > 20
        and not (c.failures_90_days or c.is_rejected or c.is_vulnerable or c.is_regulated)
        and c.cause == "billing/unexpected_fee"
    )
    return plain, Recommender(shipped_policy(*SCOPE)).recommend_many([plain], "agent")[0]


def pounds(amount: int) -> Money:
    return Money(Decimal(amount), "GBP")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"owed": pounds(5)}, "owed is 5"),
        ({"limit": pounds(9_000)}, "the limit is 9000"),
        ({"approver": "manager"}, "approver is manager"),
        ({"explores": True, "propensities": ()}, "add up"),
    ],
)
def test_the_second_reading_finds_what_is_wrong(
    decided: tuple[CaseFacts, LogRecord], change: dict[str, object], says: str
) -> None:
    facts, record = decided
    audit = Audit(POLICIES, *SCOPE)
    assert count_violations(audit, [facts], [record]) == (0, ())
    if "propensities" in change:
        change = change | {"propensities": tuple(p * 0.9 for p in record.propensities)}
    found, words = count_violations(audit, [facts], [replace(record, **change)])  # type: ignore[arg-type]
    assert found == 1
    assert any(says in word for word in words)


@pytest.mark.parametrize(
    ("arm", "says"),
    [
        (Arm(ActionKind.REFUND, Decimal(10), 0.5), "refund is not allowed"),
        (Arm(ActionKind.ESCALATION, Decimal(0), 0.0), "escalation is not allowed"),
        (Arm(ActionKind.APOLOGY_CREDIT, Decimal(26), 0.5), "the limit is 25"),
        (Arm(ActionKind.CREDIT, Decimal(-1), 0.5), "gives -1"),
        (Arm(ActionKind.APOLOGY, Decimal(3), 0.5), "above the allowed share"),
    ],
)
def test_the_second_reading_finds_arms_that_policy_forbids(
    decided: tuple[CaseFacts, LogRecord], arm: Arm, says: str
) -> None:
    facts, record = decided
    wrong = replace(record, allowed=(arm, *record.allowed[1:]))
    words = list(Audit(POLICIES, *SCOPE).violations(facts, wrong))
    assert any(says in word for word in words)


def test_exploring_where_it_could_hurt_is_a_violation(
    decided: tuple[CaseFacts, LogRecord],
) -> None:
    facts, record = decided
    words = list(Audit(POLICIES, *SCOPE).violations(replace(facts, is_vulnerable=True), record))
    assert any("explores" in word for word in words)


def test_made_up_cases_break_no_policy_and_a_broken_policy_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = policy_fuzz.fuzz(2_000, 3, LearnedState(), lambda *_: None)
    assert (found.cases, found.violations, found.breaches) == (2_000, 0, ())

    def generous(*scope: Any) -> Policy:
        tables = shipped_policy(*scope).tables
        limits = next(table for table in tables if table.name == "limits")
        rows = tuple(replace(row, outputs=(Decimal(9_000),)) for row in limits.rows)
        return Policy(tuple(replace(t, rows=rows) if t is limits else t for t in tables))

    monkeypatch.setattr(policy_fuzz, "shipped_policy", generous)
    found = policy_fuzz.fuzz(1_000, 3, LearnedState(), lambda *_: None)
    assert found.violations > 100
    assert any("the limit is" in breach for breach in found.breaches)


def test_zen_engine_is_asked_about_every_shipped_table() -> None:
    assert count_disagreements(20, 1) == (0, ())
