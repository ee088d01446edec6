"""POST /api/v1/hooks/{source}: each vendor's delivery, its proof, its time, and once only."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.connectors.signing import BODIES, NO_SIGNAL, SECRET, event_form, signed
from tests.people import People

from amends.engine.contracts import BadInput
from amends.web.intake.actions.tokens import set_secret
from amends.web.intake.inbox import unpack
from amends.web.intake.models import Arrival, Delivery, SeenDelivery, Source, Way, WebhookDay
from amends.web.intake.sealing import seal, unseal
from amends.web.intake.webhooks import BEFORE_UNTIL, SIGNING

pytestmark = pytest.mark.django_db
TIMED = ("zendesk", "")
SIGNED = ("zendesk", "intercom", "delighted", "")


def source_of(connector: str, **more: Any) -> Source:
    secrets = seal({SIGNING: SECRET})
    fields = {"name": "desk", "title": "The desk", "way": Way.WEBHOOK, "secrets": secrets, **more}
    return Source.objects.create(connector=connector, **fields)


def deliver(body: object, headers: dict[str, str], kind: str = "application/json") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(enforce_csrf_checks=True)
    return client.post("/api/v1/hooks/desk", data, content_type=kind, headers=headers)


def bytes_of(name: str) -> bytes:
    return json.dumps(BODIES[name]).encode()


@pytest.mark.parametrize("name", BODIES)
def test_a_delivery_becomes_a_signal(name: str) -> None:
    source_of(name, mapping={"nps": "nps"} if name == "qualtrics" else {})
    response = deliver(bytes_of(name), signed(name, bytes_of(name)))
    assert response.status_code == 200, response.content
    assert (response.json()["accepted"], response.json()["ignored"]) == (1, 0)
    [signal] = unpack(bytes(Delivery.objects.get().payload)).to_pylist()
    assert (signal["external_id"], signal["source"]) == ("35436", "desk")
    assert signal["occurred_at"] == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert Arrival.objects.get().way == Way.WEBHOOK


@pytest.mark.parametrize("name", ["zendesk", "intercom", "delighted"])
def test_what_has_changed_since_is_a_newer_version(name: str) -> None:
    source_of(name)
    at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    deliver(bytes_of(name), signed(name, bytes_of(name)))
    [signal] = unpack(bytes(Delivery.objects.get().payload)).to_pylist()
    assert signal["version"] == int((at - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds())


@pytest.mark.parametrize("name", BODIES)
def test_a_delivery_without_its_proof_is_refused(name: str) -> None:
    source_of(name)
    body = bytes_of(name)
    for headers in ({}, signed(name, body, secret="another")):  # noqa: S106
        assert deliver(body, headers).status_code == 401
    if name in SIGNED:
        assert deliver(body + b" ", signed(name, body)).status_code == 401
    assert not Arrival.objects.exists()


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_delivery_of_another_time_is_refused(name: str, minutes: int) -> None:
    source_of(name)
    headers = signed(name, bytes_of(name), at=timezone.now() + timedelta(minutes=minutes))
    response = deliver(bytes_of(name), headers)
    assert response.status_code == 401
    assert "five minutes" in response.json()["what"]


@pytest.mark.parametrize("name", SIGNED)
def test_a_replay_is_refused(name: str) -> None:
    source_of(name)
    headers = signed(name, bytes_of(name))
    assert deliver(bytes_of(name), headers).status_code == 200
    assert deliver(bytes_of(name), headers).status_code == 409
    assert Arrival.objects.count() == 1


def test_a_delivery_that_was_not_taken_in_may_come_again() -> None:
    source = source_of("", is_paused=True)
    headers = signed("", bytes_of(""))
    assert deliver(bytes_of(""), headers).status_code == 403
    assert not SeenDelivery.objects.exists()
    Source.objects.filter(pk=source.pk).update(is_paused=False)
    assert deliver(bytes_of(""), headers).status_code == 200


@pytest.mark.parametrize("name", NO_SIGNAL)
def test_what_is_no_signal_is_acknowledged_and_counted(name: str) -> None:
    source_of(name)
    body = json.dumps(NO_SIGNAL[name]).encode()
    response = deliver(body, signed(name, body))
    assert (response.status_code, response.json()["ignored"]) == (200, 1)
    assert not Arrival.objects.exists()
    day = WebhookDay.objects.get()
    assert (day.deliveries, day.ignored) == (1, 1)


def test_an_event_of_qualtrics_is_proved_and_acknowledged() -> None:
    source_of("qualtrics")
    form = "application/x-www-form-urlencoded"
    message: dict[str, object] = {"Status": "Complete", "ResponseID": "R_1"}
    assert deliver(event_form(message), {}, form).json()["ignored"] == 1
    assert deliver(event_form(message), {}, form).status_code == 409
    assert deliver(event_form(message, "another"), {}, form).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b'"x"', b"[" * 50_000, b"\xff", b'{"data": 1}']
)
@pytest.mark.parametrize("name", BODIES)
def test_a_body_of_another_form_is_refused_or_kept(name: str, body: bytes) -> None:
    source_of(name)
    response = deliver(body, signed(name, body))
    assert response.status_code in {200, 207, 400, 422}, response.content


def test_an_address_without_a_secret_is_closed() -> None:
    assert deliver(b"{}", signed("", b"{}")).status_code == 401
    source_of("", secrets=b"")
    assert deliver(b"{}", signed("", b"{}")).status_code == 401


def test_a_rotated_secret_overlaps_for_a_day(people: People) -> None:
    source = source_of("")
    fresh = set_secret(people.admin, source)
    assert fresh.startswith("whsec_")
    source.refresh_from_db()
    body = bytes_of("")
    assert deliver(body, signed("", body)).status_code == 200
    kept = unseal(bytes(source.secrets))
    assert datetime.fromisoformat(kept[BEFORE_UNTIL]) > timezone.now() + timedelta(hours=23)
    source.secrets = seal(kept | {BEFORE_UNTIL: timezone.now().isoformat()})
    source.save()
    assert deliver(body, signed("", body, number=2)).status_code == 401


def test_secrets_of_another_key_are_said_to_be() -> None:
    with pytest.raises(BadInput, match="another secret key"):
        unseal(b"gAAAAA-nothing")
