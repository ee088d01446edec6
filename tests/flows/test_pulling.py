"""What each connector's records become: signals, by the preset of their vendor."""

import time
from pathlib import Path
from typing import Any

import pytest
from tests.connectors.servers import vendors
from tests.connectors.servers.service import Service

from amends.connectors import pull_named
from amends.connectors.pulling import Asked, Patience
from amends.engine.contracts import Kind
from amends.engine.signals import Normalised
from amends.flows.pulling import Rules, pull, try_out

QUICK = Patience(attempts=1, backoff_seconds=0.01, timeout_seconds=5)
NOW = int(time.time()) - 86_400
AT = vendors.iso(NOW)
SECRETS = {"token": "secret", "key": "secret", "secret": "secret"}
OPTIONS = {"email": "me@example.com", "survey": "SV_1", "client": "key"}


def reading(name: str, service: Service) -> Normalised:
    secrets = {**SECRETS, "secret": "signing"} if name == "medallia" else SECRETS
    with service.running():
        asked = Asked({**OPTIONS, "address": service.address}, secrets, {}, QUICK)
        [page] = [p for p in pull(pull_named(name), asked, Rules("src", {})) if p.read.read]
    return page.read


NPS = {"selected_options": {"9": {"option_text": "9", "integer_value": 9}}, "comment": "Kind."}
CASES: dict[str, tuple[Service, dict[str, Any]]] = {
    "zendesk": (
        vendors.Zendesk(
            [
                {
                    "id": 35436,
                    "created_at": AT,
                    "updated_at": AT,
                    "generated_timestamp": NOW,
                    "description": "Late",
                    "metric_set": {"reopens": 2, "solved_at": AT},
                    "satisfaction_rating": {"score": "bad"},
                }
            ]
        ),
        {"external_id": "35436", "verbatim": "Late", "reopens": 2, "csat": 1, "kind": "ticket"},
    ),
    "intercom": (
        vendors.Intercom(
            [
                {
                    "id": "9",
                    "created_at": NOW,
                    "updated_at": NOW,
                    "source": {"body": "Late", "type": "email", "author": {"id": "c1"}},
                    "conversation_rating": {"rating": 2},
                }
            ]
        ),
        {"external_id": "9", "verbatim": "Late", "customer_id": "c1", "csat": 2},
    ),
    "freshdesk": (
        vendors.Freshdesk(
            [{"id": 4, "created_at": AT, "updated_at": AT, "description_text": "Late", "source": 1}]
        ),
        {"external_id": "4", "verbatim": "Late", "channel": "email"},
    ),
    "delighted": (
        vendors.Delighted(
            [
                {
                    "id": "5",
                    "survey_type": "nps",
                    "score": 3,
                    "comment": "Late",
                    "person": {"id": "77", "email": "a@example.com"},
                    "created_at": NOW,
                    "updated_at": NOW,
                }
            ]
        ),
        {"external_id": "5", "nps": 3, "verbatim": "Late", "customer_id": "77", "kind": "survey"},
    ),
    "qualtrics": (
        vendors.Qualtrics(
            [
                {
                    "StartDate": "2026-01-02 10:00:00",
                    "EndDate": "2026-01-02 10:01:00",
                    "ResponseId": f"R_{n}",
                    "RecordedDate": "2026-01-02 10:01:01",
                    "ExternalReference": f"c{n}",
                    "Q1": n,
                    "Q2": f"The parcel was {n} days late and nobody told me.",
                }
                for n in range(2, 9)
            ]
        ),
        {"external_id": "R_2", "nps": 2, "customer_id": "c2", "kind": "survey"},
    ),
    "medallia": (
        vendors.Medallia(
            [
                {
                    "uuid": "u1",
                    "sequence_id": 41,
                    "response_received_at": AT,
                    "customer": {"custom_id": "c1"},
                    "answers": {"nps": NPS},
                }
            ]
        ),
        {"external_id": "u1", "nps": 9, "verbatim": "Kind.", "version": 41, "customer_id": "c1"},
    ),
    "salesforce": (
        vendors.Salesforce(
            [
                {
                    "Id": "500x",
                    "CaseNumber": "00001",
                    "CreatedDate": "2026-01-02T10:00:00.000+0000",
                    "SystemModstamp": "2026-01-03T10:00:00.000+0000",
                    "Description": "Late",
                    "IsEscalated": True,
                }
            ]
        ),
        {"external_id": "00001", "verbatim": "Late", "is_escalated": True},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_vendors_record_becomes_a_signal(name: str) -> None:
    service, expected = CASES[name]
    read = reading(name, service)
    assert read.quarantined == ()
    signal = read.signals.to_pylist()[0]
    assert {field: signal[field] for field in expected} == expected
    assert signal["occurred_at"] is not None
    assert signal["source"] == "src"
    if name not in {"medallia", "qualtrics"}:
        assert signal["version"] > 700_000_000


def test_an_export_without_responses_is_a_page_of_none() -> None:
    service = vendors.Qualtrics([])
    with service.running():
        asked = Asked({**OPTIONS, "address": service.address}, SECRETS, {}, QUICK)
        [page] = pull(pull_named("qualtrics"), asked, Rules("src", {}))
    assert page.read.read == 0
    assert page.state["continuation"] == "after-0"


def old(path: Path, text: str) -> None:
    import os  # noqa: PLC0415

    path.write_text(text)
    os.utime(path, (NOW, NOW))


def test_a_file_that_cannot_be_read_holds_up_no_other(tmp_path: Path) -> None:
    old(tmp_path / "a.csv", "id,date,text\n1,2026-01-02,The parcel came late\n")
    old(tmp_path / "b.csv", "")
    old(tmp_path / "c.csv", "id,date,text\n2,2026-01-03,Nobody answered me\n")
    asked = Asked({"address": str(tmp_path)}, {}, {}, QUICK)
    pages = list(pull(pull_named("folder"), asked, Rules("src", {}, Kind.COMPLAINT)))
    assert [len(page.read.signals) for page in pages] == [1, 0, 1]
    [aside] = pages[1].read.quarantined
    assert aside.file == "b.csv"
    assert "empty" in aside.reason


def test_a_table_is_tried_out_with_a_suggestion_of_what_its_columns_mean(tmp_path: Path) -> None:
    import sqlalchemy as sa  # noqa: PLC0415

    engine = sa.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as connection:
        connection.execute(
            sa.text("create table c (no text, changed_at text, complaint_text text, rating int)")
        )
        for n in range(12):
            values = {"no": f"c-{n}", "at": f"2026-01-{n + 1:02} 10:00:00", "t": f"Parcel {n} late"}
            statement = "insert into c values (:no, :at, :t, 3)"
            connection.execute(sa.text(statement), values)
    said = {"address": str(engine.url), "table": "c", "cursor": "changed_at", "key": "no"}
    engine.dispose()
    asked = Asked(said, {}, {}, QUICK)
    tried = try_out(pull_named("sql"), asked, Rules("src", {}, Kind.COMPLAINT))
    assert tried.rows == 12
    assert len(tried.signals) == 5
    assert tried.suggested["complaint_text"] == "verbatim"
    assert tried.signals["verbatim"][0].as_py() == "Parcel 0 late"
    mapped = Rules("src", {"complaint_text": "verbatim", "changed_at": "occurred_at"}, Kind.TICKET)
    [page] = pull(pull_named("sql"), asked, mapped)
    signal = page.read.signals.to_pylist()[0]
    assert (signal["external_id"], signal["kind"]) == ("c-0", "ticket")
    assert dict(signal["attributes"])["rating"] == "3"
