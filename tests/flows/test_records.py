"""Records are read strictly: by name, each by itself, and every one is accounted for."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.connectors import preset_named
from amends.engine.contracts import BadInput, Kind
from amends.flows.records import Broken, read_records

GOOD = {"external_id": "A-1", "kind": "complaint", "occurred_at": "2026-03-02T09:00:00+01:00"}

names = st.sampled_from(
    ["external_id", "kind", "occurred_at", "nps", "verbatim", "source", "loss", "currency",
     "version", "opened_at", "exposure", "is_escalated", "attributes", "anything", "region", "",
     "a.b"]
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=30)
    | st.sampled_from(
        ["complaint", "here", "2026-03-02", "2026-03-02T10", "1764000000", "EUR", "11", "4/5", "\0"]
    )
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)
records = st.dictionaries(names, values, max_size=6) | st.fixed_dictionaries(
    {"external_id": st.text(max_size=5), "kind": st.just("survey"), "occurred_at": scalars},
    optional={"nps": values, "attributes": values, "verbatim": values},
)


def read_one(**fields: object) -> dict[str, Any]:
    signal: dict[str, Any]
    [signal] = read_records([GOOD | fields], "here", None, {}).signals.to_pylist()
    return signal


def refused(**fields: object) -> tuple[str, str]:
    read = read_records([GOOD | fields], "here", None, {})
    assert not len(read.signals)
    [row] = read.quarantined
    return row.field, row.reason


@settings(max_examples=150)
@given(st.lists(records | scalars, max_size=6))
def test_a_record_reads_the_same_alone_and_among_others(batch: list[dict[str, object]]) -> None:
    together = read_records(batch, "here", None, {})
    assert together.read == len(batch)
    alone = [read_records([record], "here", None, {}) for record in batch]
    singly = [row for each in alone for row in each.signals.to_pylist()]
    assert together.signals.to_pylist() == singly
    assert [(q.row - 1, q.reason, q.raw) for q in together.quarantined] == [
        (place, q.reason, q.raw) for place, each in enumerate(alone) for q in each.quarantined
    ]


@settings(max_examples=100)
@given(st.lists(records, max_size=3))
def test_what_is_quarantined_can_be_sent_again_as_it_is_kept(
    batch: list[dict[str, object]],
) -> None:
    for row in read_records(batch, "here", None, {}).quarantined:
        assert "\0" not in row.raw
        if row.field:
            again = read_records([json.loads(row.raw)], "here", None, {})
            assert [q.field for q in again.quarantined] == [row.field]


def test_fields_are_found_by_their_names_and_the_rest_is_kept() -> None:
    signal = read_one(
        nps=9, loss="12.50", currency="EUR", plan={"name": "L", "year": 2}, note="see 4/5", NPS=3,
        attributes={"shop": "Lyon", "NPS": "other"},
    )  # fmt: skip
    assert signal["nps"] == 9
    assert signal["loss"] == Decimal("12.50")
    assert dict(signal["attributes"]) == {
        "plan.name": "L", "plan.year": "2", "note": "see 4/5", "NPS": "3", "shop": "Lyon",
        "attributes.NPS": "other",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "instant"),
    [
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-02T09:00", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02 09:00:00.5+01:00", datetime(2026, 3, 2, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        (1772442000, datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("1772442000.25", datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)),
        (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC)),
        (date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
def test_instants(given: object, instant: datetime) -> None:
    assert read_one(occurred_at=given)["occurred_at"] == instant


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("occurred_at", "02/03/2026"),
        ("occurred_at", "2026-02-30"),
        ("occurred_at", 1772442000000),
        ("occurred_at", None),
        ("external_id", ""),
        ("external_id", "x" * 300),
        ("kind", "grumble"),
        ("kind", None),
        ("nps", 11),
        ("nps", "very likely"),
        ("csat", 3.5),
        ("version", -1),
        ("version", 2**31),
        ("loss", "a lot"),
        ("currency", "euro"),
        ("exposure", -2),
        ("is_escalated", "perhaps"),
        ("region", "x" * 100),
        ("source", "elsewhere"),
    ],
)
def test_what_cannot_be_read_is_named(field: str, value: object) -> None:
    assert refused(**{field: value})[0] == field


def test_the_reason_and_the_row_hold_no_personal_data_but_the_ids_that_are_needed() -> None:
    bad = GOOD | {
        "occurred_at": "ask ann@example.com",
        "customer_id": "bob@example.com",
        "verbatim": "Call +49 171 5551234",
        "phone": "5551234",
    }
    [row] = read_records([bad], "here", None, {}).quarantined
    assert "ann@" not in row.reason
    assert json.loads(row.raw) == GOOD | {
        "occurred_at": "ask [e-mail]",
        "customer_id": "bob@example.com",
        "verbatim": "Call [phone]",
        "phone": "[phone]",
    }


def test_a_preset_and_a_mapping_say_what_fields_mean() -> None:
    ticket = {
        "id": 7, "created_at": "2026-03-02T09:00:00Z", "requester_id": 5, "external_id": "x",
        "via": {"channel": "web"}, "custom_fields": [{"id": 36, "value": "north"}],
    }  # fmt: skip
    mapping = {"custom_fields.36": "region", "requester_id": "attribute"}
    [signal] = read_records([ticket], "desk", preset_named("zendesk"), mapping).signals.to_pylist()
    assert (signal["external_id"], signal["channel"], signal["region"]) == ("7", "web", "north")
    assert (signal["kind"], signal["customer_id"]) == ("ticket", None)
    assert dict(signal["attributes"]) == {"requester_id": "5", "external_id": "x"}


def test_a_score_counts_only_where_the_row_says_what_it_is() -> None:
    rows = [
        {"id": str(i), "survey_type": kind, "score": score, "created_at": 1772442000}
        for i, (kind, score) in enumerate([("nps", 9), ("csat", 4), ("csat", 9)])
    ]
    read = read_records(rows, "delighted", preset_named("delighted"), {})
    assert [(s["nps"], s["csat"]) for s in read.signals.to_pylist()] == [(9, None), (None, 4)]
    assert [(q.row, q.field) for q in read.quarantined] == [(3, "score")]


def test_a_mapping_can_name_a_form_and_the_source_a_kind() -> None:
    record = {"no": "1", "on": "03/02/2026", "stars": 10}
    mapping = {"no": "external_id", "on": "occurred_at:date:mdy", "stars": "csat:scale:1-10>1-5"}
    [signal] = read_records([record], "shop", None, mapping, Kind.SURVEY).signals.to_pylist()
    assert (signal["occurred_at"], signal["csat"]) == (datetime(2026, 3, 2, tzinfo=UTC), 5)
    assert signal["kind"] == "survey"


@pytest.mark.parametrize("target", ["nonsense", "occurred_at:date:zzz", "csat:scale:5"])
def test_a_mapping_that_means_nothing_is_refused(target: str) -> None:
    with pytest.raises(BadInput):
        read_records([GOOD], "here", None, {"x": target})


def test_a_broken_line_keeps_its_place() -> None:
    read = read_records([GOOD, Broken('{"a":', "the JSON is broken"), {}], "here", None, {})
    assert [(q.row, q.reason) for q in read.quarantined] == [
        (2, "the JSON is broken"),
        (3, "the row is empty"),
    ]
