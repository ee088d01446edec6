"""Each export is recognised by its columns and read into the fields a person expects."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from amends.connectors import detect_preset, preset_named, presets
from amends.connectors.files import open_table
from amends.engine.contracts import SIGNAL_SCHEMA, BadInput
from amends.engine.signals import DATE_FORMS, FIELDS, convert, normalise, understand

AT = datetime(2024, 1, 31, 12, tzinfo=UTC)
LATER = datetime(2024, 2, 2, 12, tzinfo=UTC)
TEXT = "the router never came and nobody called"

EXPORTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "zendesk": (
        {
            "id": 35436,
            "created_at": "2024-01-31T12:00:00Z",
            "updated_at": "2024-02-03T12:00:00Z",
            "subject": "No router yet",
            "description": TEXT,
            "status": "solved",
            "priority": "high",
            "via": {"channel": "web"},
            "tags": ["late", "vip"],
            "requester_id": 20978392,
            "assignee_id": 235323,
            "group_id": 98738,
            "custom_fields": [{"id": 27642, "value": "north"}],
            "satisfaction_rating": {"score": "bad", "comment": "too slow"},
            "metric_set": {
                "reopens": 1,
                "group_stations": 3,
                "solved_at": "2024-02-02T12:00:00Z",
            },
        },
        {
            "kind": "ticket",
            "external_id": "35436",
            "occurred_at": AT,
            "opened_at": AT,
            "resolved_at": LATER,
            "customer_id": "20978392",
            "agent_id": "235323",
            "subject": "No router yet",
            "verbatim": TEXT,
            "channel": "web",
            "csat": 1,
            "reopens": 1,
            "transfers": 2,
        },
    ),
    "zendesk-csat": (
        {
            "id": 1,
            "ticket_id": 35436,
            "created_at": "2024-01-31T12:00:00Z",
            "requester_id": 2,
            "assignee_id": 3,
            "score": "good",
            "comment": TEXT,
            "reason": "Other",
            "reason_code": 0,
        },
        {"kind": "survey", "csat": 5, "case_ref": "35436", "verbatim": TEXT},
    ),
    "salesforce": (
        {
            "CaseNumber": "00001026",
            "AccountId": "001",
            "ContactId": "003",
            "Subject": "No router yet",
            "Description": TEXT,
            "Status": "Closed",
            "Priority": "High",
            "Origin": "Phone",
            "Reason": "Delay",
            "IsEscalated": True,
            "CreatedDate": "2024-01-31T12:00:00.000+0000",
            "ClosedDate": "2024-02-02T12:00:00.000+0000",
            "OwnerId": "005",
        },
        {
            "kind": "ticket",
            "external_id": "00001026",
            "occurred_at": AT,
            "resolved_at": LATER,
            "customer_id": "003",
            "channel": "Phone",
            "resolution_code": "Delay",
            "is_escalated": True,
            "verbatim": TEXT,
        },
    ),
    "medallia": (
        {
            "uuid": "a-1",
            "parent_uuid": None,
            "is_recovery": False,
            "sequence_id": 7,
            "ext_interaction_id": "i-9",
            "channel": "chat",
            "response_received_at": "2024-01-31T12:00:00Z",
            "employee": {"custom_id": "e1", "email": "e@x.example"},
            "customer": {"custom_id": "c1"},
            "answers": {"agent_star_rating": 2, "nps": 3, "areas_of_improvement": ["Speed"]},
        },
        {
            "kind": "survey",
            "external_id": "a-1",
            "occurred_at": AT,
            "case_ref": "i-9",
            "agent_id": "e1",
            "customer_id": "c1",
            "nps": 3,
            "csat": 2,
            "resolution_code": "Speed",
            "channel": "chat",
        },
    ),
    "intercom": (
        {
            "id": "1911",
            "state": "closed",
            "created_at": 1_706_702_400,
            "waiting_since": None,
            "snoozed_until": None,
            "admin_assignee_id": 814860,
            "team_assignee_id": None,
            "source": {"type": "email", "body": TEXT, "author": {"id": "u1"}},
            "conversation_rating": {"rating": 2, "remark": None},
            "statistics": {"count_reopens": 1, "last_close_at": 1_706_875_200},
        },
        {
            "kind": "ticket",
            "external_id": "1911",
            "occurred_at": AT,
            "resolved_at": LATER,
            "customer_id": "u1",
            "agent_id": "814860",
            "verbatim": TEXT,
            "channel": "email",
            "csat": 2,
            "reopens": 1,
        },
    ),
    "freshdesk": (
        {
            "id": 20,
            "subject": "No router yet",
            "description_text": TEXT,
            "status": 5,
            "priority": 2,
            "source": 3,
            "type": "Incident",
            "requester_id": 129,
            "responder_id": 4,
            "fr_escalated": False,
            "is_escalated": True,
            "created_at": "2024-01-31T12:00:00Z",
            "stats": {"resolved_at": "2024-02-02T12:00:00Z"},
        },
        {
            "kind": "ticket",
            "external_id": "20",
            "occurred_at": AT,
            "resolved_at": LATER,
            "channel": "phone",
            "resolution_code": "Incident",
            "is_escalated": True,
            "customer_id": "129",
            "verbatim": TEXT,
        },
    ),
    "freshdesk-ratings": (
        {
            "id": 1,
            "survey_id": 2,
            "ticket_id": 20,
            "user_id": 129,
            "agent_id": 4,
            "feedback": TEXT,
            "created_at": "2024-01-31T12:00:00Z",
            "ratings": {"default_question": -102},
        },
        {"kind": "survey", "csat": 1, "case_ref": "20", "customer_id": "129", "verbatim": TEXT},
    ),
    "delighted": (
        {
            "id": "r1",
            "person": "p1",
            "survey_type": "nps",
            "score": 3,
            "comment": TEXT,
            "created_at": 1_706_702_400,
            "person_properties": {"Plan": "Gold"},
        },
        {
            "kind": "survey",
            "external_id": "r1",
            "customer_id": "p1",
            "occurred_at": AT,
            "nps": 3,
            "csat": None,
            "verbatim": TEXT,
        },
    ),
    "cfpb": (
        {
            "Date received": "2024/1/31",
            "Product": "Mortgage",
            "Issue": "Struggling to pay",
            "Consumer complaint narrative": TEXT,
            "Company": "A BANK",
            "State": "FL",
            "Tags": "Servicemember",
            "Submitted via": "Web",
            "Date sent to company": "2024/2/2",
            "Timely response?": "Yes",
            "Complaint ID": "3571115",
        },
        {
            "kind": "complaint",
            "external_id": "3571115",
            "occurred_at": AT.replace(hour=0),
            "received_at": LATER.replace(hour=0),
            "product": "Mortgage",
            "resolution_code": "Struggling to pay",
            "vendor": "A BANK",
            "region": "FL",
            "segment": "Servicemember",
            "channel": "Web",
            "verbatim": TEXT,
            "attributes": [("Timely response?", "Yes")],
        },
    ),
    "amends": (
        {
            "source": "crm",
            "external_id": "x1",
            "version": 2,
            "kind": "qa_audit",
            "occurred_at": "2024-01-31T12:00:00Z",
            "customer_id": "c1",
            "product": "fibre",
            "touchpoint": "install",
            "ces": 3,
            "loss": "12.50",
            "currency": "EUR",
            "exposure": 2.5,
            "attributes": {"weather": "rain"},
        },
        {
            "source": "crm",
            "kind": "qa_audit",
            "version": 2,
            "occurred_at": AT,
            "product": "fibre",
            "touchpoint": "install",
            "ces": 3,
            "currency": "EUR",
            "exposure": 2.5,
            "attributes": [("weather", "rain")],
        },
    ),
}


def signal_of(path: Path) -> tuple[str, dict[str, Any]]:
    raw = open_table(path)
    preset = detect_preset(raw.columns.column_names)
    assert preset is not None
    result = normalise(raw, understand(raw, preset), "test")
    assert result.quarantined == ()
    [signal] = result.signals.to_pylist()
    return preset.name, signal


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_recognised_and_read(tmp_path: Path, name: str) -> None:
    row, expected = EXPORTS[name]
    path = tmp_path / "export.json"
    path.write_text(json.dumps([row]))
    found, signal = signal_of(path)
    assert found == name
    assert {field: signal[field] for field in expected} == expected


def test_qualtrics_metadata_rows_are_used_and_dropped(tmp_path: Path) -> None:
    names = "StartDate EndDate Status ResponseId RecordedDate UserLanguage Q1 Q1_NPS_GROUP Q2"
    asked = "Start End Status Id Recorded Language Recommend? Group"
    done = ["2024-01-31 11:00:00", "2024-01-31 12:00:00", "IP Address"]
    rows = [
        names.split(),
        [*asked.split(), "Why that score?"],
        ['{"ImportId":"x"}'] * 9,
        [*done, "R_1", done[1], "EN", "3", "Detractor", TEXT],
        [*done, "R_2", done[1], "EN", "9", "Promoter", ""],
    ]
    path = tmp_path / "survey.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    raw = open_table(path)
    preset = detect_preset(raw.columns.column_names)
    assert preset is preset_named("qualtrics")
    result = normalise(raw, understand(raw, preset), "survey")
    assert result.read == 2
    signals = result.signals.to_pylist()
    assert [s["nps"] for s in signals] == [3, 9]
    assert signals[0]["verbatim"] == TEXT
    assert signals[0]["occurred_at"] == AT
    assert signals[0]["external_id"] == "R_1"


def test_an_unknown_export_has_no_preset() -> None:
    assert detect_preset(["text", "category"]) is None
    with pytest.raises(BadInput, match=r"no preset 'nope'.*zendesk"):
        preset_named("nope")


@pytest.mark.parametrize("name", presets())
def test_a_preset_names_only_fields_and_conversions_there_are(name: str) -> None:
    preset = presets()[name]
    assert preset.name == name
    assert preset.title
    for field in preset.fields:
        assert field.field in {*FIELDS, "signal_id"}
        assert field.field in SIGNAL_SCHEMA.names
        conversion = f"date:{next(iter(DATE_FORMS))}" if field.convert == "date" else field.convert
        assert len(convert(pa.array(["1", None]), conversion)[0]) == 2
        assert not field.when or "=" in field.when


def test_every_preset_has_an_export_here() -> None:
    assert set(EXPORTS) | {"qualtrics"} == set(presets())


def test_no_fingerprint_fits_the_columns_of_another_preset() -> None:
    for preset in presets().values():
        columns = {*preset.fingerprint, *(field.column for field in preset.fields)}
        assert detect_preset(columns) is preset
