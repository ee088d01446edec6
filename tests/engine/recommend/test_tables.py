"""Tables decide, check and explain as an interpreter of their text does, case by case."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.recommend.tables import Plan, every_case, matching, outcome, plans

from amends.engine.contracts import BadInput
from amends.engine.recommend import check, decide, explain, parse_table, require_sound
from amends.engine.recommend.joint import Joint
from amends.engine.recommend.policy_write import write_table

RANDOM = settings(max_examples=60, deadline=None)


@RANDOM
@given(plan=plans(), data=st.data())
def test_compiled_and_interpreted_agree(plan: Plan, data: st.DataObject) -> None:
    table = parse_table(plan.yaml)
    cases = every_case(plan)
    picked = data.draw(st.lists(st.sampled_from(cases), min_size=1, max_size=20))
    for case in picked:
        expected = outcome(plan, case)
        if expected is None:
            with pytest.raises(BadInput, match="No row matches"):
                decide(table, case)
        else:
            assert decide(table, case).outcome == {"give": expected}


@RANDOM
@given(plan=plans(hits=["collect"]), data=st.data())
def test_collect_lists_every_matching_row(plan: Plan, data: st.DataObject) -> None:
    table = parse_table(plan.yaml)
    case = data.draw(st.sampled_from(every_case(plan)))
    rows = matching(plan, case)
    if rows:
        decision = decide(table, case)
        assert decision.matched == tuple(f"r{r}" for r in rows)
        assert [c["give"] for c in decision.collected] == [Decimal(plan.outputs[r]) for r in rows]


@RANDOM
@given(plan=plans(hits=["unique", "first"]))
def test_gaps_overlaps_and_shadows_are_found_exactly(plan: Plan) -> None:
    findings = check(parse_table(plan.yaml))
    hits = [matching(plan, case) for case in every_case(plan)]
    assert bool(findings.gaps) == any(not rows for rows in hits)
    pairs = {(f"r{a}", f"r{b}") for rows in hits for a in rows for b in rows if a < b}
    assert {(o.first, o.second) for o in findings.overlaps} == pairs
    deciding = (
        {rows[0] for rows in hits if rows} if plan.hit == "first" else {r for h in hits for r in h}
    )
    assert set(findings.shadowed) == {f"r{r}" for r in range(len(plan.rows)) if r not in deciding}


@RANDOM
@given(plan=plans(), data=st.data())
def test_the_explanation_is_the_decision(plan: Plan, data: st.DataObject) -> None:
    table = parse_table(plan.yaml)
    case = data.draw(st.sampled_from(every_case(plan)))
    rows = matching(plan, case)
    if not rows:
        return
    decision = explain(table, case)
    assert decision.outcome == decide(table, case).outcome
    assert [r.row for r in decision.rows] == [row.row_id for row in table.rows]
    assert {r.row for r in decision.rows if r.matched} == {f"r{r}" for r in rows}
    for result in decision.rows:
        assert result.matched == all(c.passed for c in result.conditions)


@RANDOM
@given(plan=plans(), data=st.data())
def test_what_would_change_the_outcome_is_found_whenever_one_fact_can(
    plan: Plan, data: st.DataObject
) -> None:
    cases = every_case(plan)
    case = data.draw(st.sampled_from(cases))
    now = outcome(plan, case)
    if now is None:
        return
    near = [c for c in cases if sum(c[name] != case[name] for name in case) == 1]
    others = {outcome(plan, c) for c in near} - {now}
    said = explain(parse_table(plan.yaml), case).would_change
    alone = [words for words in said if " and " not in words.partition("→")[0]]
    assert bool(alone) == bool(others)
    for words in said:
        if "give" in words:
            assert Decimal(words.partition("give ")[2].split()[0]) in {
                outcome(plan, c) for c in cases
            }


@RANDOM
@given(plan=plans(), data=st.data())
def test_tables_asked_at_once_answer_as_each_alone(plan: Plan, data: st.DataObject) -> None:
    some = data.draw(st.sets(st.sampled_from(sorted(plan.types)), min_size=1))
    other = data.draw(plans(types={name: plan.types[name] for name in sorted(some)}))
    tables = (parse_table(plan.yaml), parse_table(other.yaml))
    joint = Joint(tables)
    for case in data.draw(st.lists(st.sampled_from(every_case(plan)), min_size=1, max_size=8)):
        if None in (outcome(plan, case), outcome(other, case)):
            with pytest.raises(BadInput, match="No row matches"):
                joint.answers(case)
        else:
            assert joint.answers(case) == [table.answer(case) for table in tables]


@RANDOM
@given(plan=plans())
def test_writing_and_reading_gives_the_same_table(plan: Plan) -> None:
    table = parse_table(plan.yaml)
    again = parse_table(write_table(table))
    assert again == table
    assert again.content_hash == table.content_hash


TWO_ROWS = """
policy: small
version: "1"
hit: first
currency: GBP
inputs:
  - {name: loss, type: money, min: 0}
  - {name: severity, type: enum, values: [low, high]}
  - {name: late, type: number, optional: true}
  - {name: is_new, type: bool}
  - {name: on, type: date}
outputs: [{name: give, type: money}]
rows:
  - {id: some, when: {loss: ">= 20", severity: high}, then: {give: 10}}
  - {id: none, then: {give: 0}}
"""


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("loss", 20.0),
        ("loss", "20"),
        ("loss", None),
        ("loss", Decimal("20.001")),
        ("loss", Decimal("NaN")),
        ("loss", Decimal(-1)),
        ("loss", True),
        ("severity", "medium"),
        ("severity", 1),
        ("severity", None),
        ("late", "3"),
        ("late", 3.0),
        ("late", True),
        ("is_new", "true"),
        ("is_new", 1),
        ("on", "2026-01-01"),
        ("on", 20260101),
    ],
)
def test_a_missing_or_wrong_fact_is_refused_by_name(column: str, wrong: object) -> None:
    table = parse_table(TWO_ROWS)
    case: dict[str, Any] = {
        "loss": Decimal(25),
        "severity": "high",
        "late": None,
        "is_new": True,
        "on": date(2026, 1, 1),
    }
    assert decide(table, case).outcome == {"give": Decimal(10)}
    with pytest.raises(BadInput, match=column):
        decide(table, case | {column: wrong})
    with pytest.raises(BadInput, match=column):
        explain(table, case | {column: wrong})


def test_an_unsound_table_is_refused_with_all_its_faults() -> None:
    text = TWO_ROWS.replace("hit: first", "hit: unique").replace("{id: none, then", _GAPPY)
    with pytest.raises(BadInput) as refusal:
        require_sound(parse_table(text))
    assert "No row for" in str(refusal.value)
    assert "Rows some and none both match" in str(refusal.value)


_GAPPY = '{id: none, when: {loss: "> 30"}, then'
