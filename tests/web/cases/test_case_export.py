"""One row per case with every timestamp: chatwoot#15243, #13366, zammad#5158."""

import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case

from amends.web.accounts.models import Team, User
from amends.web.cases import actions, exporting, remedies
from amends.web.cases.models import Case

pytestmark = pytest.mark.django_db


def rows(person: User, query: str = "tab=open") -> list[dict[str, str]]:
    client = Client()
    client.force_login(person)
    response = client.get(f"/cases/export.csv?{query}")
    assert response.status_code == 200
    content = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(content.splitlines()))


def test_every_case_within_reach_has_one_row_with_every_timestamp(people: People) -> None:
    care, now = Team.objects.get(name="Care"), timezone.now()
    done = make_case(owner=people.owner, team=care, opened_at=now - timedelta(hours=30))
    actions.acknowledge(people.owner, done, 1)
    remedies.take_action(people.owner, done, 2)
    actions.resolve(people.owner, done, 3)
    late = make_case(team=care, opened_at=now - timedelta(hours=25), title="=1+1")
    make_case(team=Team.objects.get(name="Billing"))
    (row,) = rows(people.owner)
    assert row["ref"] == late.ref
    assert row["title"] == "'=1+1", "no spreadsheet works it out"
    assert (row["first_response_met_at"], row["first_response_is_late"]) == ("", "yes")
    assert (row["resolution_is_late"], row["resolution_working_minutes"]) == ("no", "1500")
    (row,) = rows(people.owner, "tab=closed")
    assert (row["owner"], row["team"]) == ("Olu Owner", "Care")
    assert row["resolution_met_at"][:16] == row["resolved_at"][:16]
    assert row["first_response_is_late"] == "yes"
    assert len(rows(people.manager)) == 2
    client = Client()
    client.force_login(people.product_owner)
    assert client.get("/cases/export.csv").status_code == 403


def test_nothing_that_a_case_holds_is_missing(people: People) -> None:
    """formbricks#1946."""
    row_of = make_case(team=Team.objects.get(name="Care"), excluded_for="misuse")
    (row,) = rows(people.manager)
    ours = {"id", "version"}
    held = {field.name.replace("customer", "customer_id") for field in Case._meta.fields} - ours
    assert held <= set(row)
    assert row["signal_id"] == str(row_of.signal_id)
    assert row["excluded_for"] == "misuse"


def test_many_cases_are_read_in_batches(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert [row["ref"] for row in rows(people.manager)] == [case.ref for case in cases]
        return len(seen)

    cases = [make_case(recommended=False) for _ in range(3)]
    few = queries()
    cases += [make_case(recommended=False) for _ in range(4)]
    assert queries() == few
    monkeypatch.setattr(exporting, "BATCH", 3)
    assert queries() > few
