"""Play the recommender against a world: what its learning costs and gains, how fast it decides.

Decisions are made in order, in rounds; after each round the recommender learns from what was done.
Regret is counted on the world's own expected values, against the best action that policy allows
(the oracle); current practice (the rule) is played beside it on the same cases.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import process_time
from typing import Final, Protocol

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from amends.engine.contracts import ActionTaken, CaseFacts, Floats, Outcome
from amends.engine.recommend import Arm, Lesson, LogRecord, Recommender, shipped_policy
from amends.engine.recommend.policy import POLICIES, shipped_tables
from amends.engine.worlds import World, read_world
from amends.engine.worlds.company import ActionSpec

from .policy_audit import Audit, count_violations
from .policy_fuzz import fuzz
from .policy_zen import count_disagreements

Tick = Callable[[str, int, int], None]

ROLE: Final = "team_leader"
"""Who decides in the game: the most common authority for goodwill."""

FIRST: Final = 1_000
LAST: Final = 5_000
ROUNDS: Final = ((1_000, 100), (10**9, 250))
"""Until so many cases, learn every so many: oftener at first."""

_TIMED_ALONE: Final = 300
_TIMED_BATCH: Final = 5_000
_EU: Final = frozenset(
    {
        *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE"),
        *("IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"),
    }
)


class Game(Protocol):
    """A company that answers what comes of an action."""

    def cases(self, n: int, seed: int) -> Sequence[CaseFacts]:
        """Return n cases in time order."""

    def taken(self, record: LogRecord, arm: Arm) -> ActionTaken:
        """Return what doing an allowed arm amounts to."""

    def outcome(self, facts: CaseFacts, record: LogRecord, arm: Arm, seed: int) -> Outcome:
        """Return what happens next."""

    def expected(self, facts: CaseFacts, record: LogRecord, arm: Arm) -> float:
        """Return the true expectation of the outcome's value."""


@dataclass(frozen=True, slots=True)
class WorldGame:
    """A world as a game.

    A world takes an action's cost from its kind and whole amount, so that owed money would be free
    with an apology and cheaper as a credit. Owed is owed: here it costs its amount with any action.
    """

    world: World

    def cases(self, n: int, seed: int) -> Sequence[CaseFacts]:
        """Return n cases in time order."""
        return self.world.cases(n, seed)

    def taken(self, record: LogRecord, arm: Arm) -> ActionTaken:
        """Return an arm after the company's usual delay."""
        return record.taken(arm, self._spec(arm).delay_hours)

    def outcome(self, facts: CaseFacts, record: LogRecord, arm: Arm, seed: int) -> Outcome:
        """Return what happens next."""
        seen = self.world.respond(facts, self.taken(record, arm), seed)
        return replace(seen, value=seen.value - self._unpaid(record, arm))

    def expected(self, facts: CaseFacts, record: LogRecord, arm: Arm) -> float:
        """Return the true expectation of the outcome's value."""
        value = self.world.expected_value(facts, self.taken(record, arm))
        return value - self._unpaid(record, arm)

    def _spec(self, arm: Arm) -> ActionSpec:
        return self.world.company.recovery.actions[arm.kind]

    def _unpaid(self, record: LogRecord, arm: Arm) -> float:
        """Return the part of what is owed that the world has not charged."""
        return float(record.owed.amount) * (1 - self._spec(arm).cost_share)


@dataclass(frozen=True, slots=True)
class RecommendFigures:
    """What the game showed. Values are per case, in the world's currency."""

    world: str
    cases: int
    seed: int
    oracle_value: float
    """Best action that policy allows, by the truth; last window."""
    rule_value: float
    own_value: float
    regret: float
    """(oracle − own) ÷ oracle, last window (5,000 cases or all)."""
    regret_of_rule: float
    regret_first_1k: float
    regret_of_rule_first_1k: float
    oracle_share: float
    """(own − rule) ÷ (oracle − rule), last window: share of the rule → oracle gain."""
    explored: float
    """Share of decisions that explored."""
    violations: int
    """Decisions that a second reading of the policy files finds against policy."""
    breaches: tuple[str, ...]
    decisions_per_s: float
    """In batch, policy and ranking, unexplained; by the time of one core, so that neighbours on a
    shared machine do not count."""
    p99_ms: float
    """One decision with its whole explanation; by the time of one core."""
    fuzzed: int = 0
    """Made-up cases at the edges of the tables' conditions, over all sectors and roles."""
    fuzzed_violations: int = 0
    compared: int = 0
    """Made-up cases of single tables that zen-engine decided as well."""
    disagreements: int = 0


@dataclass(frozen=True, slots=True)
class _Round:
    """True values of one round's cases."""

    oracle: Floats
    rule: Floats
    own: Floats
    explored: int
    violations: int
    breaches: tuple[str, ...]


def bench_recommend(
    name: str, n: int, seed: int, tick: Tick, *, fuzzed: int = 0, compared: int = 0
) -> RecommendFigures:
    """Play n cases of a world by name or file, with the shipped policy for its country.

    Parameters
    ----------
    name, n, seed
        The world, cases to play, and the seed of cases, choices and answers.
    tick
        Progress.
    fuzzed
        Made-up cases to decide besides, with what was learnt.
    compared
        Made-up cases of each shipped table to compare with zen-engine.

    Raises
    ------
    BadInput
        There is no such world, `n` or `seed` cannot be played, or zen-engine is not installed.

    """
    world = read_world(name)
    company = world.company
    jurisdictions = (company.country, *(("EU",) if company.country in _EU else ()))
    scope = company.taxonomy, jurisdictions, company.currency
    start = Recommender(shipped_policy(*scope))
    audit = Audit(POLICIES, *scope)
    with threadpool_limits(1):
        figures, learnt = play(WorldGame(world), world.name, start, audit, n, seed, tick)
        made_up = fuzz(fuzzed, seed, learnt.state, tick)
    differ, words = count_disagreements(compared, seed) if compared else (0, ())
    return replace(
        figures,
        breaches=(*figures.breaches, *made_up.breaches, *words)[:10],
        fuzzed=made_up.cases,
        fuzzed_violations=made_up.violations,
        compared=compared * len(shipped_tables()),
        disagreements=differ,
    )


def play(
    game: Game,
    name: str,
    recommender: Recommender,
    audit: Audit,
    n: int,
    seed: int,
    tick: Tick,
) -> tuple[RecommendFigures, Recommender]:
    """Play n cases; return the figures and the recommender that has learnt from them.

    Parameters
    ----------
    game, name
        The company and its name.
    recommender, audit
        The recommender before the first case, and a second reading of the same policy.
    n, seed
        Cases, and the seed of cases, choices and answers.
    tick
        Progress.

    """
    cases = game.cases(n, seed)
    rounds = []
    for start, end in _rounds(len(cases)):
        part = cases[start:end]
        records = recommender.recommend_many(part, ROLE, seed)
        rounds.append(_judge(game, recommender, audit, part, records))
        recommender = recommender.learn(_lessons(game, part, records, seed))
        tick("Play", end, len(cases))
    oracle, rule, own = (
        np.concatenate([getattr(r, key) for r in rounds]) for key in ("oracle", "rule", "own")
    )
    last, first = slice(-LAST, None), slice(0, FIRST)
    per_s, p99 = _speed(recommender, cases, seed)
    figures = RecommendFigures(
        world=name,
        cases=len(cases),
        seed=seed,
        oracle_value=float(oracle[last].mean()),
        rule_value=float(rule[last].mean()),
        own_value=float(own[last].mean()),
        regret=_regret(oracle[last], own[last]),
        regret_of_rule=_regret(oracle[last], rule[last]),
        regret_first_1k=_regret(oracle[first], own[first]),
        regret_of_rule_first_1k=_regret(oracle[first], rule[first]),
        oracle_share=_gain(oracle[last], rule[last], own[last]),
        explored=sum(r.explored for r in rounds) / len(cases),
        violations=sum(r.violations for r in rounds),
        breaches=tuple(b for r in rounds for b in r.breaches)[:10],
        decisions_per_s=per_s,
        p99_ms=p99,
    )
    return figures, recommender


def _rounds(n: int) -> Iterator[tuple[int, int]]:
    start = 0
    while start < n:
        step = next(size for until, size in ROUNDS if start < until)
        end = min(start + step, n)
        yield start, end
        start = end


def _judge(
    game: Game,
    recommender: Recommender,
    audit: Audit,
    cases: Sequence[CaseFacts],
    records: Sequence[LogRecord],
) -> _Round:
    truth = np.empty((3, len(cases)))
    for i, (facts, record) in enumerate(zip(cases, records, strict=True)):
        values = [game.expected(facts, record, arm) for arm in record.allowed]
        practice = recommender.policy.permit(facts, ROLE).practice
        truth[:, i] = max(values), values[practice], values[record.shown]
    violations, breaches = count_violations(audit, cases, records)
    explored = sum(record.explores for record in records)
    return _Round(truth[0], truth[1], truth[2], explored, violations, breaches)


def _lessons(
    game: Game, cases: Sequence[CaseFacts], records: Sequence[LogRecord], seed: int
) -> list[Lesson]:
    return [
        Lesson(
            facts,
            game.taken(record, record.chosen),
            record.owed.amount,
            game.outcome(facts, record, record.chosen, seed),
        )
        for facts, record in zip(cases, records, strict=True)
    ]


def _gain(oracle: Floats, rule: Floats, own: Floats) -> float:
    gain = float(oracle.sum() - rule.sum())
    return float(own.sum() - rule.sum()) / gain if gain > 0 else 1.0


def _regret(oracle: Floats, own: Floats) -> float:
    return float((oracle.sum() - own.sum()) / abs(oracle.sum()))


def _speed(recommender: Recommender, cases: Sequence[CaseFacts], seed: int) -> tuple[float, float]:
    """Return decisions a second in batch, and p99 of one explained decision in ms."""
    recommender.recommend_many(cases[:100], ROLE, seed)
    batch = cases[:_TIMED_BATCH]
    began = process_time()
    recommender.recommend_many(batch, ROLE, seed)
    per_s = len(batch) / (process_time() - began)
    took = []
    for facts in cases[:_TIMED_ALONE]:
        began = process_time()
        recommender.recommend(facts, ROLE, seed)
        took.append(process_time() - began)
    return per_s, float(np.quantile(took, 0.99) * 1e3)
