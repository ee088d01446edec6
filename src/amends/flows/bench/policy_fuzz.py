"""Cases made up at the edges of the policy tables' conditions, and how many decisions break policy.

Every fact is drawn from the values that any table names, those just beside them, and values that
none names; so rows are met that no world would ever meet.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any, Final

import numpy as np

from amends.engine.contracts import CaseFacts, Money, Severity
from amends.engine.recommend import LearnedState, Policy, Recommender, shipped_policy
from amends.engine.recommend.columns import Column, ColumnType
from amends.engine.recommend.facts import ROLES
from amends.engine.recommend.policy import POLICIES
from amends.engine.recommend.table import Table

from .policy_audit import Audit, count_violations

Tick = Callable[[str, int, int], None]

SCOPES: Final = (
    ("telecoms", ("GB",), "GBP"),
    ("retail", ("DE", "EU"), "EUR"),
    ("banking", ("US",), "USD"),
    ("air", ("DE", "EU"), "EUR"),
    ("air", ("GB",), "GBP"),
    ("air", ("US",), "USD"),
)
"""Sector, jurisdictions and currency: together they bring in every shipped table."""
BATCH: Final = 1_000
_ELSEWHERE: Final = "elsewhere/unheard_of"
_FIRST_DAY: Final = date(2024, 6, 1)
_DAYS: Final = 1_200
_FACTS: Final = frozenset(
    {
        *("cause", "cause_family", "severity", "region", "tier", "segment", "product", "channel"),
        *("tenure_months", "value_per_year", "loss", "failures_90_days", "is_rejected"),
        *(
            "is_vulnerable",
            "is_regulated",
            "received_on",
            "role",
            "owed",
            "signal_severity",
            "action",
        ),
    }
)
"""Columns that are no measured facts."""


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What came of made-up cases."""

    cases: int
    violations: int
    breaches: tuple[str, ...]


def fuzz(n: int, seed: int, state: LearnedState, tick: Tick) -> Fuzzed:
    """Decide n made-up cases over all scopes and roles, and have each read a second time."""
    words: list[str] = []
    done = found = 0
    rng = np.random.default_rng(seed)
    turns = cycle([(scope, role) for role in ROLES for scope in SCOPES])
    made = {
        scope: (Recommender(shipped_policy(*scope), state), Audit(POLICIES, *scope))
        for scope in SCOPES
    }
    while done < n:
        scope, role = next(turns)
        recommender, audit = made[scope]
        cases = made_up(recommender.policy, scope[2], min(BATCH, n - done), rng)
        records = recommender.recommend_many(cases, role, seed)
        violations, breaches = count_violations(audit, cases, records)
        done, found = done + len(cases), found + violations
        words += breaches[: 10 - len(words)]
        tick("Made-up cases", done, n)
    return Fuzzed(done, found, tuple(words))


def made_up(policy: Policy, currency: str, n: int, rng: np.random.Generator) -> list[CaseFacts]:
    """Return n cases at the edges of a policy's conditions."""
    pools = _pools(policy.tables)
    measured = {name: pool for name, pool in pools.items() if name not in _FACTS}
    drawn = {
        "cause": _drawn([*pools.get("cause", ()), _ELSEWHERE], n, rng),
        "family": _drawn([*pools.get("cause_family", ()), _ELSEWHERE], n, rng),
        "loss": _amounts(pools.get("loss", ()), n, rng),
        "value": _amounts(pools.get("value_per_year", ()), n, rng),
        "failures": _drawn([*pools.get("failures_90_days", ()), 0, 1, 2, 9], n, rng),
        "severity": _drawn(list(Severity), n, rng),
    }
    flags = rng.random((3, n)) < np.array([[0.5], [0.3], [0.3]])
    days = rng.integers(0, _DAYS, n)
    known = rng.random((len(measured), n)) < 0.7
    facts = [_drawn(pool, n, rng) for pool in measured.values()]
    uses_family = rng.random(n) < 0.5
    return [
        CaseFacts(
            case_ref=f"made-up-{i}",
            customer_id="nobody",
            opened_at=datetime.combine(
                _FIRST_DAY + timedelta(days=int(days[i])), datetime.min.time(), UTC
            ),
            cause=f"{drawn['family'][i]}/anything" if uses_family[i] else drawn["cause"][i],
            severity=drawn["severity"][i],
            region="north",
            tier=("gold", "standard")[i % 2],
            segment=("family", "business")[i // 2 % 2],
            product="any",
            channel="phone",
            tenure_months=float(days[i]) / 10,
            value_per_year=Money(drawn["value"][i], currency),
            loss=Money(drawn["loss"][i], currency),
            failures_90_days=int(drawn["failures"][i]),
            is_rejected=bool(flags[0, i]),
            is_vulnerable=bool(flags[1, i]),
            is_regulated=bool(flags[2, i]),
            measured=tuple(
                (name, values[i])
                for name, values, is_known in zip(measured, facts, known, strict=True)
                if is_known[i]
            ),
        )
        for i in range(n)
    ]


def edges(column: Column, table: Table) -> Iterator[Any]:
    """Yield the values of an input that a table's conditions name, and those just beside them."""
    at = table.inputs.index(column)
    named = [v for row in table.rows if (c := row.conditions[at]) is not None for v in c.values]
    match column.type:
        case ColumnType.ENUM:
            yield from dict.fromkeys([*named, *column.values])
            if column.is_open:
                yield "elsewhere"
        case ColumnType.BOOL:
            yield from (True, False)
        case ColumnType.DATE:
            days = [v for v in named if isinstance(v, date)] or [date(2026, 1, 1)]
            yield from (day + timedelta(days=n) for day in days for n in (-1, 0, 1))
        case _:
            step = column.step or Decimal("0.25")
            ends = [v for v in [*named, column.low, column.high] if isinstance(v, Decimal)]
            beside = (v + n * step for v in ends or [Decimal(3)] for n in (-1, 0, 1, 7))
            yield from (v for v in beside if _is_within(column, v))


def _is_within(column: Column, value: Decimal) -> bool:
    low, high = column.low, column.high
    above = not isinstance(low, Decimal) or value >= low
    return above and (not isinstance(high, Decimal) or value <= high)


def _pools(tables: Sequence[Table]) -> Mapping[str, list[Any]]:
    """Return column → every value at an edge of any of the tables, within all their domains."""
    pools: dict[str, dict[Any, None]] = {}
    for table in tables:
        for column in table.inputs:
            pools.setdefault(column.name, {}).update(dict.fromkeys(edges(column, table)))
    columns = [column for table in tables for column in table.inputs]
    return {
        name: [
            value
            for value in pool
            if not isinstance(value, Decimal)
            or all(_is_within(c, value) for c in columns if c.name == name)
        ]
        for name, pool in pools.items()
    }


def _drawn(pool: Sequence[Any], n: int, rng: np.random.Generator) -> list[Any]:
    return [pool[i] for i in rng.integers(0, len(pool), n)]


def _amounts(pool: Sequence[Any], n: int, rng: np.random.Generator) -> list[Decimal]:
    """Return amounts: half of them at edges, a tenth nothing, the others spread evenly by size."""
    cents = np.exp(rng.uniform(0, np.log(500_000), n)).astype(int)
    at_edge = _drawn([*pool, Decimal(0)], n, rng)
    kind = rng.random(n)
    return [
        at_edge[i]
        if kind[i] < 0.5
        else Decimal(0)
        if kind[i] < 0.6
        else Decimal(int(cents[i])) / 100
        for i in range(n)
    ]
