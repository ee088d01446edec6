"""What the policy tables decided in a case, row by row, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from amends.engine.contracts import Decision, Value
from amends.flows.report import words
from amends.web.cases.wording import role_words
from amends.web.recommend.queries import policy_in_force

MOST_LISTED: Final = 8
"""Outcomes of a table that collects which are told in one line."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a row."""

    test: str
    actual: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row against the case."""

    name: str
    matched: bool
    conditions: Sequence[Condition]
    note: str


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """One table with what it decided."""

    title: str
    version: str
    outcome: str
    rows: Sequence[Row]
    would_change: Sequence[str]
    held: str
    """The rows that decide, by name, the first one first."""


def policy_tables(decisions: Sequence[Decision]) -> list[PolicyTable]:
    """Return decisions as their page shows them, what holds first: one query."""
    titles = {table.name: table.about.title for table in policy_in_force().tables}
    return [_policy_table(decision, titles) for decision in decisions]


def _policy_table(decision: Decision, titles: Mapping[str, str]) -> PolicyTable:
    rows = [
        Row(
            _name(result.row),
            result.matched,
            tuple(Condition(_plain(c.test), _plain(c.actual), c.passed) for c in result.conditions),
            result.note,
        )
        for result in decision.rows
    ]
    return PolicyTable(
        title=titles.get(decision.table, words.label(decision.table.replace("_", " "))),
        version=decision.version,
        outcome=_outcome(decision.outcome),
        rows=sorted(rows, key=lambda row: not row.matched),
        would_change=[_plain(change) for change in decision.would_change],
        held="; ".join(_name(row) for row in decision.matched),
    )


def _name(row: str) -> str:
    return words.label(row.replace("-", " "))


def _outcome(outcome: Mapping[str, Value]) -> str:
    told = [f"{name}: {_value(value)}" for name, value in outcome.items() if value != "nothing"]
    return ", ".join(_plain(part) for part in told)


def _value(value: Value) -> str:
    return words.number(float(value)) if isinstance(value, Decimal) else str(value)


def _plain(text: str) -> str:
    return role_words(text)
