"""A table asked as questions ends in exactly what it decides for the same facts."""

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.recommend.drawing import drawn
from tests.engine.recommend.tables import Plan, every_case, outcome, plans
from tests.engine.recommend.test_jdm import ODD, TABLES

from amends.engine.contracts import BadInput
from amends.engine.recommend import HitPolicy, Table, ending, next_question, parse_table
from amends.engine.recommend.columns import Scalar


def walk(table: Table, facts: dict[str, Scalar | None]) -> tuple[dict[str, Scalar | None], int]:
    """Answer along a case's facts; return the answers and how many questions there were."""
    answers: dict[str, Scalar | None] = {}
    names = [column.name for column in table.inputs]
    at = table.locate(facts)
    asked = 0
    while question := next_question(table, answers):
        asked += 1
        name = question.column.name
        assert name not in answers
        here = at[names.index(name)]
        (choice,) = [c for c in question.choices if here in c.cells]
        assert choice.words
        answers[name] = facts.get(name) if question.is_exact else choice.value
    return answers, asked


@pytest.mark.parametrize("table", [*TABLES, ODD], ids=lambda t: t.name + t.version)
@given(seed=st.integers(0, 2**32))
def test_it_ends_in_what_the_table_decides(table: Table, seed: int) -> None:
    facts = drawn(table, random.Random(seed))
    answers, asked = walk(table, facts)
    assert asked <= len(table.inputs)
    mine, theirs = ending(table, answers), table.answer(facts)
    assert mine.outcome == theirs.outcome
    assert mine.rows[0] == theirs.rows[0]
    if table.hit in {HitPolicy.COLLECT, HitPolicy.COLLECT_MIN}:
        assert mine == theirs


def by_name(name: str) -> Table:
    return next(table for table in TABLES if table.name == name)


def test_what_no_longer_matters_is_not_asked() -> None:
    owed = by_name("entitlement_contract")
    first = next_question(owed, {})
    assert first is not None
    answers: dict[str, Scalar | None] = {"cause": "billing/double_charge"}
    question = next_question(owed, answers)
    assert question is not None
    assert (question.column.name, question.is_exact) == ("loss", True)
    answers["loss"] = Decimal("42.10")
    assert next_question(owed, answers) is None
    assert ending(owed, answers).outcome["owed"] == Decimal("42.10")
    assert next_question(owed, {"cause": "elsewhere/new"}) is None


def test_choices_say_ranges_in_words() -> None:
    approvals = by_name("approvals")
    answers: dict[str, Scalar | None] = {"role": "agent", "claims_90_days": Decimal(0)}
    answers["given_90_days"] = None
    question = next_question(approvals, answers)
    assert question is not None
    words = [choice.words for choice in question.choices]
    assert words == ["less than 50.01", "from 50.01, up to 500", "more than 500"]


def test_it_does_not_end_before_everything_is_known() -> None:
    with pytest.raises(BadInput, match="has to be known"):
        ending(by_name("approvals"), {})
    with pytest.raises(BadInput):
        next_question(by_name("approvals"), {"role": "pope"})


@settings(max_examples=60, deadline=None)
@given(plan=plans(), data=st.data())
def test_any_table_ends_in_what_it_decides_or_has_a_gap(plan: Plan, data: st.DataObject) -> None:
    table = parse_table(plan.yaml)
    facts = dict(data.draw(st.sampled_from(every_case(plan))))
    answers, _ = walk(table, facts)
    if outcome(plan, facts) is None:
        with pytest.raises(BadInput, match="No row"):
            ending(table, answers)
    else:
        assert ending(table, answers).outcome == table.answer(facts).outcome
