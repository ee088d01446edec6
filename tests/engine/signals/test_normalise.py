"""Rows become signals; a row that cannot is set aside with its field and reason."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.signals.raw_tables import raw_table, signals_of

from amends.engine.contracts import (
    SIGNAL_SCHEMA,
    BadInput,
    FieldMap,
    Kind,
    Preset,
    QuarantinedRow,
    RawTable,
    signal_id,
)
from amends.engine.signals import normalise, understand

TEXT = "the parcel came late"


def test_a_row_becomes_a_signal() -> None:
    raw = raw_table(
        {
            "id": ["7"],
            "date": ["31.01.2024 13:45"],
            "comment": [" late, write to jo@x.example "],
            "product": ["fibre  100"],
            "loss": ["€12.50"],
            "nps": ["3"],
            "closed": ["02.02.2024 09:00"],
            "escalated": ["yes"],
            "colour": ["red"],
            "shade": [None],
        },
        file="complaints.csv",
    )
    table = signals_of(raw)
    assert table.schema.equals(SIGNAL_SCHEMA)
    [signal] = table.to_pylist()
    expected = {
        "signal_id": signal_id("test", "7"),
        "source": "test",
        "external_id": "7",
        "version": 1,
        "kind": "complaint",
        "occurred_at": datetime(2024, 1, 31, 13, 45, tzinfo=UTC),
        "opened_at": datetime(2024, 1, 31, 13, 45, tzinfo=UTC),
        "resolved_at": datetime(2024, 2, 2, 9, tzinfo=UTC),
        "verbatim": "late, write to [e-mail]",
        "product": "fibre 100",
        "loss": Decimal("12.50"),
        "currency": "EUR",
        "nps": 3,
        "is_escalated": True,
        "attributes": [("colour", "red")],
    }
    assert {name: value for name, value in signal.items() if value is not None} == expected


def test_rows_that_do_not_fit_are_quarantined_with_row_field_and_reason() -> None:
    raw = raw_table(
        {
            "date": ["2024-01-01", "2024-01-02", "3 May", "2024-01-04", None],
            "nps": ["9", "12", "9", "9", None],
            "comment": [TEXT] * 5,
        }
    )
    result = normalise(raw, understand(raw, told={"nps": "nps"}), "test")
    assert result.signals["occurred_at"].null_count == 1
    assert [(q.file, q.row, q.field) for q in result.quarantined] == [
        ("rows.csv", 2, "nps"),
        ("rows.csv", 3, "date"),
    ]
    assert result.quarantined[0].reason == "'12' is no whole number in 0-10"
    assert "'3 May' is no date of the form that the column has (year-month-day" in (
        result.quarantined[1].reason
    )
    assert json.loads(result.quarantined[1].raw) == {"date": "3 May", "nps": "9", "comment": TEXT}
    assert (result.read, len(result.signals)) == (5, 3)


def test_what_reading_quarantined_stays_quarantined() -> None:
    raw = raw_table({"comment": [TEXT, TEXT]})
    broken = QuarantinedRow("rows.csv", 3, "", "ragged", "x")
    raw = RawTable("rows.csv", "csv", "utf-8", ",", raw.columns, raw.rows, (broken,))
    result = normalise(raw, understand(raw), "test")
    assert result.quarantined == (broken,)
    assert result.read == 3


def test_nothing_readable_is_refused() -> None:
    raw = raw_table({"date": ["2024-01-01"], "comment": [TEXT]})
    other = raw_table({"date": ["soon"], "comment": [TEXT]})
    understanding = understand(raw)
    with pytest.raises(BadInput, match="No row can be read; the first because"):
        normalise(other, understanding, "test")


def test_rows_without_an_id_are_identified_by_all_they_hold() -> None:
    raw = raw_table(
        {
            "comment": [TEXT, TEXT, TEXT, "another text here"],
            "city": ["a", "a", "b", "b"],
        }
    )
    ids = signals_of(raw)["external_id"].to_pylist()
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(each.startswith("row-") for each in ids)


def test_cells_that_run_into_each_other_are_still_told_apart() -> None:
    first = signals_of(raw_table({"comment": [TEXT, TEXT], "a": ["x", None], "b": [None, "x"]}))
    assert len(set(first["signal_id"].to_pylist())) == 2


def test_personal_data_do_not_survive_in_attributes() -> None:
    raw = raw_table(
        {
            "comment": [TEXT],
            "phone": ["0123 4567"],
            "RecipientFirstName": ["Jo"],
            "IPAddress": [None],
            "contact": ["jo@x.example"],
            "agent remarks": ["told the customer on +44 20 7946 0958 that it would be late"],
            "colour": ["red"],
        }
    )
    understanding = understand(raw)
    told = {c.column: (c.detail, c.samples) for c in understanding.columns}
    assert told["phone"] == ("personal data: replaced", ("[phone]",))
    [attributes] = normalise(raw, understanding, "test").signals["attributes"].to_pylist()
    assert dict(attributes) == {
        "phone": "[phone]",
        "RecipientFirstName": "[name]",
        "contact": "[e-mail]",
        "agent remarks": "told the customer on [phone] that it would be late",
        "colour": "red",
    }


def test_metadata_rows_are_no_data() -> None:
    preset = Preset("q", "Q", Kind.SURVEY, ("Q1",), (FieldMap("verbatim", "Q1"),), skip_rows=2)
    raw = raw_table({"Q1": ["What happened?", "{}", TEXT], "id": ["Id", "{}", "R_1"]})
    result = normalise(raw, understand(raw, preset), "test")
    assert (result.read, result.signals["verbatim"].to_pylist()) == (1, [TEXT])


def test_one_score_column_fills_the_field_that_its_row_says() -> None:
    preset = Preset(
        "d",
        "D",
        Kind.SURVEY,
        ("score",),
        (
            FieldMap("nps", "score", "score:0-10", when="type=nps"),
            FieldMap("csat", "score", "score:1-5", when="type=csat"),
        ),
    )
    raw = raw_table({"score": ["9", "5", "9"], "type": ["NPS", "csat", "csat"], "text": [TEXT] * 3})
    result = normalise(raw, understand(raw, preset), "test")
    assert result.signals["nps"].to_pylist() == [9, None]
    assert result.signals["csat"].to_pylist() == [None, 5]
    assert [(q.row, q.field) for q in result.quarantined] == [(3, "score")]


def test_transactions_have_an_exposure_of_one_unless_said() -> None:
    raw = raw_table({"order date": ["2024-01-01", "2024-01-02"], "order id": ["a", "b"]})
    assert signals_of(raw)["exposure"].to_pylist() == [1.0, 1.0]
    assert signals_of(raw)["kind"].to_pylist() == ["transaction"] * 2


def test_progress_is_told() -> None:
    raw = raw_table({"comment": [f"{TEXT} {i}" for i in range(100)]})
    seen: list[tuple[str, int, int]] = []
    normalise(raw, understand(raw), "test", lambda *step: seen.append(step))
    assert seen == [("reading rows", 100, 100)]


CELL = st.one_of(st.none(), st.text("0123456789-/.: abcNn€", max_size=10))
ROWS = st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=8)


@settings(max_examples=25)
@given(ROWS)
def test_every_row_is_a_signal_or_quarantined(rows: list[tuple[str | None, ...]]) -> None:
    names = ("date", "nps", "comment", "id")
    raw = raw_table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    try:
        result = normalise(raw, understand(raw), "test")
    except BadInput:
        return
    assert result.read == len(rows)
    assert result.signals.schema.equals(SIGNAL_SCHEMA)
    assert pa.compute.count_distinct(result.signals["signal_id"]).as_py() <= len(rows)
