"""POST /api/v1/signals and what lies beside it: every answer, every limit."""

import gzip
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from amends.web.intake.doors import digest_of
from amends.web.intake.models import (
    Arrival,
    Delivery,
    QuarantinedRow,
    Source,
    SourceToken,
    TokenScope,
    Way,
)
from amends.web.intake.room import UNKNOWN_SECONDS, forget_count

pytestmark = pytest.mark.django_db
SIGNALS = "/api/v1/signals"


def record(number: int, **more: object) -> dict[str, object]:
    at = "2026-03-02T09:00:00Z"
    return {"external_id": f"A-{number}", "kind": "complaint", "occurred_at": at, **more}


def new_token(source: Source, secret: str, **more: Any) -> SourceToken:
    fields = {"label": secret, "expires_at": timezone.now() + timedelta(days=1), **more}
    return SourceToken.objects.create(source=source, digest=digest_of(secret), **fields)


@pytest.fixture
def source() -> Source:
    source = Source.objects.create(name="shop", title="The shop", way=Way.API)
    new_token(source, "sesame")
    return source


class Program:
    """A program that bears a token; it keeps no cookies and knows no CSRF token."""

    def __init__(self, token: str = "sesame") -> None:  # noqa: S107
        self._client = Client(enforce_csrf_checks=True)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(
        self, body: object, kind: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._client.post(
            SIGNALS, data, content_type=kind, headers={**self._headers, **(headers or {})}
        )

    def get(self, address: str, **headers: str) -> Any:
        return self._client.get(address, headers={**self._headers, **headers})

    def delete(self, address: str) -> Any:
        return self._client.delete(address, headers=self._headers)


def refused(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["what"]
    assert body["remedy"]
    return body


def test_one_signal(source: Source) -> None:
    response = Program().send(record(1))
    assert response.status_code == 200
    body = response.json()
    assert (body["rows"], body["accepted"]) == (1, 1)
    assert body["answers"] == [{"row": 1, "answer": "accepted"}]
    assert Arrival.objects.get(pk=body["arrival"]).source == source.name


@pytest.mark.usefixtures("source")
def test_every_row_has_its_answer() -> None:
    Program().send([record(1, version=3), record(2)])
    rows = [record(1, version=2), record(2), record(3), record(4, nps=11), 7, record(1, version=4)]
    response = Program().send(rows)
    assert response.status_code == 207
    body = response.json()
    assert [row["answer"] for row in body["answers"]] == [
        *("superseded", "duplicate", "accepted", "quarantined", "quarantined", "accepted")
    ]
    assert body["answers"][3]["field"] == "nps"
    assert body["answers"][3]["reason"] == "'11' is no whole number in 0-10"
    parts = ("accepted", "duplicates", "superseded", "quarantined")
    assert sum(body[part] for part in parts) == body["rows"] == 6
    assert (body["accepted"], body["superseding"]) == (2, 1)


@pytest.mark.usefixtures("source")
def test_a_request_can_be_repeated() -> None:
    rows = [record(1), record(2)]
    assert Program().send(rows).json()["accepted"] == 2
    assert Program().send(rows).json()["duplicates"] == 2
    assert Delivery.objects.count() == 1


@pytest.mark.usefixtures("source")
def test_one_object_a_line_with_broken_lines_and_blank_ones() -> None:
    lines = [json.dumps(record(1)), "", '{"external_id": ', "[1]", json.dumps(record(2)), ""]
    response = Program().send("\n".join(lines).encode() + b"\r\n\xff\n", "application/x-ndjson")
    body = response.json()
    assert [row["answer"] for row in body["answers"]] == [
        *("accepted", "quarantined", "quarantined", "accepted", "quarantined")
    ]
    assert "no JSON" in body["answers"][1]["reason"]
    assert QuarantinedRow.objects.get(row=2).raw == '{"external_id":'


@pytest.mark.usefixtures("source")
def test_gzip() -> None:
    packed = gzip.compress(json.dumps([record(1)]).encode())
    zipped = {"Content-Encoding": "gzip"}
    assert Program().send(packed, headers=zipped).json()["accepted"] == 1
    two = b"".join(gzip.compress(json.dumps(record(i)).encode() + b"\n") for i in (2, 3))
    assert Program().send(two, "application/x-ndjson", zipped).json()["accepted"] == 2
    for broken in (packed[:-4], b"no gzip", packed[:10]):
        refused(Program().send(broken, headers=zipped), 400)
    refused(Program().send(packed, headers={"Content-Encoding": "br"}), 415)


@pytest.mark.usefixtures("source")
def test_what_is_too_large_is_refused_also_when_it_is_packed() -> None:
    bomb = gzip.compress(b" " * (33 * 1024 * 1024))
    assert len(bomb) < 100_000
    assert (
        "32 MB" in refused(Program().send(bomb, headers={"Content-Encoding": "gzip"}), 413)["what"]
    )
    refused(Program().send(b"[" + b"{}," * 10_000 + b"{}]"), 413)
    refused(Program().send(b"{}\n" * 10_002, "application/x-ndjson"), 413)
    refused(Program().send(b"[" + b"{}," * 300_000 + b"{}]"), 413)
    assert not Arrival.objects.exists()


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"a":', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b" ", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"5", "application/json", 422),
        (b"\n\n", "application/x-ndjson", 422),
        (b"{}", "text/csv", 415),
        (b"{}", "application/json; charset=latin-1", 415),
        (b"a=1", "application/x-www-form-urlencoded", 415),
    ],
)
def test_what_cannot_be_read_as_a_whole_is_refused(body: bytes, kind: str, status: int) -> None:
    refused(Program().send(body, kind), status)
    assert not Arrival.objects.exists()


def test_a_token_is_needed_and_must_be_in_force(source: Source) -> None:
    new_token(source, "old", expires_at=timezone.now())
    new_token(source, "gone", revoked_at=timezone.now())
    for token, word in (
        ("", "no token"),
        ("wrong", "not known"),
        ("old", "expired"),
        ("gone", "revoked"),
    ):
        response = Program(token).send(record(1))
        assert word in refused(response, 401)["what"]
        assert response["WWW-Authenticate"].startswith("Bearer")
    assert not Arrival.objects.exists()


def test_a_row_that_names_another_source_is_not_taken_for_it(source: Source) -> None:
    body = Program().send([record(1, source="bank"), record(2, source=source.name)]).json()
    assert [row["answer"] for row in body["answers"]] == ["quarantined", "accepted"]
    assert body["answers"][0]["field"] == "source"


def test_a_paused_source_is_refused(source: Source) -> None:
    Source.objects.update(is_paused=True)
    assert source.name in refused(Program().send(record(1)), 403)["where"]


def test_the_requests_of_a_minute_are_counted_for_all_clients_of_a_token(source: Source) -> None:
    SourceToken.objects.update(requests_per_minute=3)
    new_token(source, "other")
    first, second = Program(), Program()
    answers = [program.send(record(1)).status_code for program in (first, second, first)]
    assert answers == [200, 200, 200]
    response = second.send(record(1))
    refused(response, 429)
    assert 1 <= int(response["Retry-After"]) <= 60
    assert Program("other").send(record(1)).status_code == 200


@pytest.mark.usefixtures("source")
def test_a_full_inbox_says_when_to_come_again(settings: Settings) -> None:
    Program().send([record(1), record(2)])
    settings.MOST_WAITING = 1
    forget_count()
    response = Program().send(record(3))
    forget_count()
    refused(response, 429)
    assert response["Retry-After"] == str(UNKNOWN_SECONDS)
    assert Arrival.objects.count() == 1


def test_a_receipt_can_be_read_again_by_its_source_alone(source: Source) -> None:
    number = Program().send([record(1), {}]).json()["arrival"]
    response = Program().get(f"/api/v1/arrivals/{number}")
    body = response.json()
    assert (body["rows"], body["accepted"], body["quarantined"]) == (2, 1, 1)
    again = Program().get(f"/api/v1/arrivals/{number}", **{"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = Source.objects.create(name="bank", title="The bank", way=Way.API)
    new_token(other, "bank")
    refused(Program("bank").get(f"/api/v1/arrivals/{number}"), 404)
    refused(Program().get("/api/v1/arrivals/99999999"), 404)
    refused(Program().get("/api/v1/arrivals/zero"), 422)
    assert source.tokens.get().last_used_at


@pytest.mark.usefixtures("source")
def test_withdrawing_needs_a_token_for_it() -> None:
    refused(Program().delete(f"{SIGNALS}/A-1?version=1"), 403)


def test_a_signal_can_be_withdrawn(source: Source) -> None:
    new_token(source, "taker", scope=TokenScope.WITHDRAW)
    Program().send(record(1))
    body = Program("taker").delete(f"{SIGNALS}/A-1?version=2").json()
    assert body["rows"] == 1
    assert Program().send(record(1, version=2)).json()["accepted"] == 0
    assert Program().send(record(1, version=3)).json()["accepted"] == 1
    refused(Program("taker").delete(f"{SIGNALS}/A-1?version=x"), 422)
    assert Program("taker").delete(f"{SIGNALS}/A-1").json()["accepted"] == 1
    assert Program().send(record(1, version=3)).json()["accepted"] == 0
    assert Program("taker").delete(f"{SIGNALS}/a/b%20c").json()["rows"] == 1
