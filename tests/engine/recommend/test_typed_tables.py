"""Tables as people type them: read back as they were, and told cell by cell what is wrong."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from tests.engine.recommend.tables import Plan, plans

from amends.engine.recommend import (
    Table,
    Typed,
    Wrong,
    failures,
    parse_table,
    read_typed,
    typed,
    write_table,
)
from amends.engine.recommend.policy import shipped_tables


@pytest.mark.parametrize("table", shipped_tables(), ids=lambda t: t.name)
def test_a_shipped_table_is_typed_and_read_as_it_is(table: Table) -> None:
    again, wrong = read_typed(table, typed(table))
    assert wrong == ()
    assert again == table
    assert write_table(again) == write_table(table)


@settings(max_examples=150, deadline=None)
@given(plan=plans(hits=["unique", "first", "collect", "collect-min"]))
def test_any_table_is_typed_and_read_as_it_is(plan: Plan) -> None:
    table = parse_table(plan.yaml)
    again, wrong = read_typed(table, typed(table))
    assert (again, wrong) == (table, ())


LIMITS = next(t for t in shipped_tables() if t.name == "limits")
ELIGIBILITY = next(t for t in shipped_tables() if t.name == "eligibility")


def with_cell(table: Table, row: int, column: str, text: str) -> Typed:
    """Return a table with another text in one cell."""
    known = typed(table)
    line = known.rows[row]
    inputs, outputs = ([c.name for c in side] for side in (table.inputs, table.outputs))
    cells, said = list(line.cells), list(line.gives)
    if column in inputs:
        cells[inputs.index(column)] = text
    else:
        said[outputs.index(column)] = text
    rows = list(known.rows)
    rows[row] = replace(line, cells=tuple(cells), gives=tuple(said))
    return replace(known, rows=tuple(rows))


@pytest.mark.parametrize(
    ("column", "text", "condition"),
    [
        ("loss", "≥ 20", ">= 20"),
        ("loss", " <= 20 ", "<= 20"),
        ("loss", "between 1 and 5", "between 1 and 5"),
        ("loss", "1, 5", ["1", "5"]),
        ("severity", "high,low", ["high", "low"]),
        ("severity", "high", "high"),
        ("is_rejected", "yes", "true"),
        ("is_rejected", "no", "false"),
        ("cause_family", "delivery, order", ["delivery", "order"]),
    ],
)
def test_cells_are_read_as_people_write_them(
    column: str, text: str, condition: str | list[str]
) -> None:
    table, wrong = read_typed(ELIGIBILITY, with_cell(ELIGIBILITY, 2, column, text))
    assert wrong == ()
    assert table is not None
    at = [c.name for c in table.inputs].index(column)
    read = table.rows[2].conditions[at]
    assert read is not None
    assert read.write() == condition


@pytest.mark.parametrize(
    ("column", "text", "cell", "says"),
    [
        ("severity", "awful", "c0", "'awful' is not a value of severity"),
        ("is_rejected", "maybe", "c1", "neither true nor false"),
        ("loss", "1,5", "c4", "'1,5' is not a number"),
        ("loss", "-3", "c4", "the lowest that it takes is 0"),
        ("loss", "between 5 and 1", "c4", "the lower and the higher end"),
        ("loss", "is unknown", "c4", "never unknown"),
        ("failures_90_days", "1.5", "c3", "whole numbers"),
        ("severity", "< high", "c0", "has no order"),
        ("share", "", "o1", "is not a number"),
        ("share", "1.6", "o1", "the highest that it takes is 1.5"),
        ("share", "2 * severity", "o1", "no number or amount among the inputs"),
        ("action", "bribe", "o0", "'bribe' is not a value of action"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_cell(
    column: str, text: str, cell: str, says: str
) -> None:
    table, wrong = read_typed(ELIGIBILITY, with_cell(ELIGIBILITY, 1, column, text))
    assert table is None
    (one,) = wrong
    assert (one.part, one.number, one.cell) == ("row", 1, cell)
    assert says in one.what


def test_names_versions_days_and_examples_are_needed() -> None:
    known = typed(LIMITS)
    rows = (replace(known.rows[0], name=" "), *known.rows[1:], replace(known.rows[1]))
    examples = (replace(known.examples[0], gives=("",)),)
    bad = replace(known, version=" ", effective_from="soon", rows=rows, examples=examples)
    table, wrong = read_typed(LIMITS, bad)
    assert table is None
    assert {(w.part, w.number, w.cell) for w in wrong} == {
        ("version", -1, ""),
        ("effective_from", -1, ""),
        ("row", 0, "name"),
        ("row", len(known.rows), "name"),
        ("example", 0, "o0"),
    }
    assert read_typed(LIMITS, replace(known, rows=()))[1] == (
        Wrong("A table has at least one row.", "version"),
    )


def test_examples_that_fail_are_told_with_the_row_that_decided() -> None:
    table, _ = read_typed(LIMITS, with_cell(LIMITS, 0, "limit", "40"))
    assert table is not None
    (failure,) = failures(table)
    assert (failure.example, failure.row) == (1, "agent")
    assert failure.what == "limit is 40, expected 25"
    assert table.rows[0].outputs == (Decimal(40),)
    gone, _ = read_typed(LIMITS, replace(typed(LIMITS), rows=typed(LIMITS).rows[3:4]))
    assert gone is not None
    assert [f.row for f in failures(gone)] == ["", "", ""]
    assert "No row matches the case role = agent" in failures(gone)[0].what
    assert parse_table(write_table(table), tested=False) == table
    collects = write_table(ELIGIBILITY).replace("action: none, apology, callback", "share: '0'", 1)
    assert "is not one value" in failures(parse_table(collects, tested=False))[0].what
