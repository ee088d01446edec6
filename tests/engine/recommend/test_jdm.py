"""Every shipped table decides in zen-engine what it decides here."""

import json
import random
from decimal import Decimal
from typing import Any

import pytest
import zen
from tests.engine.recommend.drawing import drawn

from amends.engine.contracts import BadInput
from amends.engine.recommend import Table, from_jdm, parse_table, read_table, write_table
from amends.engine.recommend.jdm import jdm_facts, to_jdm
from amends.engine.recommend.policy import POLICIES
from amends.flows.bench.policy_zen import agrees

TABLES = [read_table(path) for path in sorted(POLICIES.glob("*.yaml"))]
ODD = parse_table("""
policy: limits
version: "1"
hit: first
inputs:
  - {name: on, type: date, optional: true}
  - {name: n, type: number, min: -5, max: 50, optional: true}
  - {name: word, type: enum, open: true, values: ['a "b"', 'c\\d']}
outputs:
  - {name: limit, type: money, min: 0}
rows:
  - {id: unknown, when: {on: is unknown, n: is unknown}, then: {limit: 1}}
  - {id: early, when: {on: "<= 2026-03-01", n: between 1.5 and 20}, then: {limit: 2.35}}
  - {id: quoted, when: {word: ['a "b"', 'c\\d'], n: is known}, then: {limit: 3}}
  - {id: rest, then: {limit: 0}}
""")
N = 400


@pytest.mark.parametrize("table", [*TABLES, ODD], ids=lambda t: t.name + t.version)
def test_zen_engine_decides_the_same(table: Table) -> None:
    decision = zen.ZenEngine().create_decision(json.dumps(to_jdm(table)))
    rng, matched = random.Random(7), set()
    for _ in range(N):
        facts = drawn(table, rng)
        assert agrees(table, facts, decision.evaluate(jdm_facts(facts))["result"]), facts
        matched.add(table.match(facts))
    assert len(matched) > 1 or len(table.rows) == 1


def test_another_decision_is_noticed() -> None:
    limits = next(table for table in TABLES if table.name == "approvals")
    facts: dict[str, Any] = {"role": "agent", "owed": Decimal(80)}
    right = {"approver": "team_leader", "row": "owed-above-agent"}
    assert agrees(limits, facts, right)
    assert not agrees(limits, facts, right | {"row": "alone"})
    assert not agrees(limits, facts, right | {"approver": "nobody"})


def test_what_jdm_cannot_write_is_refused() -> None:
    text = write_table(ODD).replace('a "b"', """a "b" ''c''""")
    with pytest.raises(BadInput, match="both kinds of quotes"):
        to_jdm(parse_table(text))


@pytest.mark.parametrize("table", [*TABLES, ODD], ids=lambda t: t.name + t.version)
def test_what_is_exported_comes_back_the_same(table: Table) -> None:
    back = from_jdm(json.dumps(to_jdm(table)), table)
    assert back == table
    assert back.content_hash == table.content_hash


APPROVALS = next(table for table in TABLES if table.name == "approvals")


def edited(**cells: str) -> str:
    document: Any = to_jdm(APPROVALS)
    document["nodes"][1]["content"]["rules"][4] |= cells
    return json.dumps(document)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("[10..20]", "owed between 10 and 20"),
        ("> 5", "owed > 5"),
        ("$ >= 5.5", "owed ≥ 5.5"),
        ("10, 20", "owed is one of 10, 20"),
        ("$ == 10", "owed = 10"),
        ("", None),
    ],
)
def test_cells_as_editors_write_them_are_read(cell: str, words: str | None) -> None:
    condition = from_jdm(edited(owed=cell), APPROVALS).rows[4].conditions[1]
    assert (condition and condition.words("owed")) == words


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "Not JSON"),
        ("[]", "0 decision tables"),
        (edited(owed="owed * 2 > 5"), "no value, list, range or comparison"),
        (edited(owed='"much"'), "not of the type money"),
        (edited(owed="[20..10]"), "ends before it begins"),
        (edited(role="> 5"), "has no order"),
        (edited(role='"pope"'), "not a value of role"),
        (edited(approver="somebody"), "is no value"),
        (edited(row='"alone"'), "same id"),
        (edited().replace('"field": "owed"', '"field": "paid"'), "Columns have types"),
        (edited().replace('"hitPolicy": "first"', '"hitPolicy": "collect"'), "hit policy"),
    ],
)
def test_what_a_typed_table_cannot_hold_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        from_jdm(text, APPROVALS)
    assert says in str(refused.value)
