"""The privacy page: who may, what it says, and that it does what it says."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings
from tests.people import People
from tests.web.signals import fill_lake, signal

from amends.web.intake.models import Erasure, Retention

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")


@pytest.fixture
def officer(people: People, client: Client) -> Client:
    client.force_login(people.compliance)
    return client


def test_a_customer_is_looked_up_before_anything_is_erased(officer: Client) -> None:
    fill_lake([signal(customer_id="K-7"), signal(customer_id="K-8")])
    html = officer.get("/privacy/?customer=K-7").content.decode()
    assert "1 signal in the lake" in html.replace("\u00a0", " ")
    assert "Erase K-7 for good" in html
    assert "Nothing is known of nobody" in officer.get("/privacy/?customer=nobody").content.decode()
    assert not Erasure.objects.exists()


def test_erasing_leads_to_its_proof(officer: Client) -> None:
    fill_lake([signal(customer_id="K-7"), signal(customer_id="K-8")])
    assert officer.post("/privacy/erase/", {"customer": "K-7"}).status_code == 422
    answer = officer.post("/privacy/erase/", {"customer": "K-7", "because": "Letter of 3 March"})
    assert (answer.status_code, answer["Location"]) == (302, "/privacy/#erasures")
    entry = Erasure.objects.get()
    html = officer.get(f"/privacy/{entry.pk}/").content.decode()
    assert "Letter of 3 March" in html
    assert "K-7" not in html
    assert "Nothing left" in officer.get("/privacy/").content.decode()


def test_an_unknown_customer_is_refused_with_what_to_do(officer: Client) -> None:
    answer = officer.post("/privacy/erase/", {"customer": "nobody", "because": "Asked"})
    assert answer.status_code == 422
    assert "Look the id up" in answer.content.decode()


def test_retention_is_set_and_taken_back(officer: Client) -> None:
    officer.post("/privacy/retention/", {"kind": "survey", "keep_days": "400"})
    assert Retention.objects.get().keep_days == 400
    assert 'value="400"' in officer.get("/privacy/").content.decode()
    assert officer.post("/privacy/retention/", {"kind": "x", "keep_days": "4"}).status_code == 422
    assert (
        officer.post("/privacy/retention/", {"kind": "note", "keep_days": "0"}).status_code == 422
    )
    officer.post("/privacy/retention/", {"kind": "survey", "keep_days": ""})
    assert not Retention.objects.exists()


@pytest.mark.parametrize("who", ["manager", "leader", "admin", "owner", "nobody"])
def test_nobody_else_may(people: People, client: Client, who: str) -> None:
    client.force_login(getattr(people, who))
    assert client.get("/privacy/").status_code in {403, 404}
    assert client.post("/privacy/erase/", {"customer": "K-7"}).status_code in {403, 404}
