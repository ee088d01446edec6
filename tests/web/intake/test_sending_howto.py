"""What docs/howto/send-signals.md shows is what happens; docs/openapi.json is the schema."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.people import People

from amends.engine.contracts import Kind
from amends.web.intake.actions.tokens import make_token, set_secret
from amends.web.intake.api import api
from amends.web.intake.models import Arrival, Source, Way

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]
HOWTO = (ROOT / "docs" / "howto" / "send-signals.md").read_text(encoding="utf-8")


def shown(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", HOWTO, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def source() -> Source:
    return Source.objects.create(name="shop", title="The shop", way=Way.API)


def send(people: People, source: Source, body: object) -> Any:
    _, token = make_token(
        people.admin, source, label="doc", scope="write", days=1, requests_per_minute=60
    )
    headers = {"Authorization": f"Bearer {token}"}
    return Client().post(
        "/api/v1/signals", json.dumps(body), content_type="application/json", headers=headers
    )


def test_the_signal_that_is_shown_is_taken_in(people: People, source: Source) -> None:
    signal, receipt, refusal = (json.loads(text) for text in shown("json"))
    assert send(people, source, signal).json()["accepted"] == 1
    wrong = {**signal, "external_id": "A-3", "nps": 11}
    body = send(people, source, [{**signal, "external_id": "A-2"}, wrong]).json()
    assert {**body, "arrival": 12} == receipt
    body = send(people, source, [signal] * 10_001).json()
    assert body == refusal


def test_the_code_that_is_shown_signs_a_delivery(people: People, source: Source) -> None:
    names: dict[str, Any] = {}
    [code] = shown("python")
    exec(code, names)  # noqa: S102  (it is what readers are given)
    secret = set_secret(people.admin, source)
    body = shown("json")[0].encode()
    response = Client().post(
        "/api/v1/hooks/shop",
        body,
        content_type="application/json",
        headers=names["headers_for"](body, secret, "msg_1"),
    )
    assert response.json()["accepted"] == 1
    assert Arrival.objects.get().received_at > timezone.now() - timedelta(minutes=1)


def test_the_kinds_that_are_named_are_all() -> None:
    assert f"Kinds: {', '.join(Kind)}." in HOWTO


def test_the_schema_is_the_one_that_is_kept() -> None:
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(api.get_openapi_schema())), (
        "Run: python -m amends.web.project.api_docs"
    )


def test_the_schema_is_for_people_who_are_logged_in(people: People) -> None:
    client = Client()
    assert client.get("/api/v1/openapi.json").status_code == 302
    client.force_login(people.nobody)
    assert client.get("/api/v1/openapi.json").json()["info"]["title"] == "amends"
