"""A thousand payloads that nobody would write: always refused or accepted, and all accounted for.

Half are made by schemathesis from the API's own schema, valid and not; half by hypothesis, which
breaks JSON, gzip and headers as it likes.
"""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.db.models import Sum
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.connectors.signing import BODIES, SECRET, signed

from amends.web.intake.api import api
from amends.web.intake.doors import digest_of
from amends.web.intake.models import Arrival, Delivery, Identity, QuarantinedRow, Source, Way
from amends.web.intake.sealing import seal
from amends.web.intake.webhooks import SIGNING

pytestmark = pytest.mark.django_db
FUZZED = settings(
    max_examples=500,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
ANSWERED = {200, 207, 400, 401, 403, 404, 409, 413, 415, 422}
PARTS = ("accepted", "duplicates", "superseded", "quarantined")

names = st.sampled_from(["external_id", "kind", "occurred_at", "nps", "version", "source", "a.b"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)
good = st.fixed_dictionaries(
    {
        "external_id": st.integers(0, 40).map(str),
        "kind": st.sampled_from(["complaint", "survey"]),
        "occurred_at": st.sampled_from(["2026-03-02", 1772442000, "soon"]),
    },
    optional={"version": st.integers(-1, 3), "nps": st.integers(-1, 12), "verbatim": st.text()},
)
documents = good | st.lists(good | st.dictionaries(names, values, max_size=5) | leaves) | values


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, str, dict[str, str]]:
    """Draw a body with its content type and headers, broken somewhere or not."""
    kind = draw(st.sampled_from(["application/json", "application/x-ndjson", "text/plain"]))
    if kind == "application/x-ndjson":
        lines = draw(st.lists(documents.map(json.dumps) | st.text(max_size=10), max_size=5))
        body = "\n".join(lines).encode(errors="replace")
    else:
        body = json.dumps(draw(documents)).encode()
    headers: dict[str, str] = {}
    if draw(st.booleans()):
        body, headers = gzip.compress(body), {"Content-Encoding": "gzip"}
    for place in draw(st.lists(st.integers(0, max(len(body) - 1, 0)), max_size=2)):
        body = body[:place] + draw(st.binary(max_size=3)) + body[place + 1 :]
    return body, kind, headers


@pytest.fixture
def source() -> Source:
    secrets = seal({SIGNING: SECRET})
    source = Source.objects.create(name="shop", title="S", way=Way.API, secrets=secrets)
    source.tokens.create(
        label="t",
        digest=digest_of("sesame"),
        expires_at=timezone.now() + timedelta(days=1),
        requests_per_minute=1_000_000,
    )
    return source


def post(address: str, body: bytes, kind: str, headers: dict[str, str]) -> Any:
    client = Client(raise_request_exception=False)
    bearing = {"Authorization": "Bearer sesame", **headers}
    return client.post(address, body, content_type=kind, headers=bearing)


def told_of(response: Any) -> int:
    """Return how many rows the answer accounts for."""
    assert response.status_code in ANSWERED, response.content
    if response.status_code not in {200, 207}:
        assert response.json()["what"]
        return 0
    body = response.json()
    assert body["rows"] == len(body["answers"]) == sum(body[part] for part in PARTS)
    return int(body["rows"])


def check_accounts(rows: int) -> None:
    ledger = Arrival.objects.aggregate(rows=Sum("rows"), **{part: Sum(part) for part in PARTS})
    assert (ledger["rows"] or 0) == rows
    if rows:
        assert sum(ledger[part] for part in PARTS) == rows
        assert (Delivery.objects.aggregate(n=Sum("rows"))["n"] or 0) == ledger["accepted"]
        assert QuarantinedRow.objects.count() == ledger["quarantined"]
        assert Identity.objects.count() <= ledger["accepted"]


@pytest.mark.usefixtures("source")
def test_broken_and_odd_bodies() -> None:
    told = 0

    @FUZZED
    @given(bodies())
    def run(drawn: tuple[bytes, str, dict[str, str]]) -> None:
        nonlocal told
        told += told_of(post("/api/v1/signals", *drawn))

    run()
    assert told > 100
    check_accounts(told)


@pytest.mark.usefixtures("source")
def test_what_the_schema_allows_and_what_it_does_not() -> None:
    told = 0
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
    mode = schemathesis.GenerationMode
    modes = {"POST": [mode.POSITIVE, mode.NEGATIVE]}
    strategies = [
        schema["/api/v1/signals"]["POST"].as_strategy(generation_mode=m) for m in modes["POST"]
    ]

    @FUZZED
    @given(st.one_of(strategies))
    def run(case: Any) -> None:
        nonlocal told
        body = (
            case.body
            if isinstance(case.body, bytes)
            else json.dumps(case.body, default=str).encode()
        )
        told += told_of(post("/api/v1/signals", body, case.media_type or "application/json", {}))

    run()
    assert told > 100
    check_accounts(told)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(sorted(BODIES)), values)
def test_deliveries_of_any_form(source: Source, name: str, body: object) -> None:
    Source.objects.filter(pk=source.pk).update(connector=name)
    data = json.dumps(body).encode()
    response = post("/api/v1/hooks/shop", data, "application/json", signed(name, data))
    assert response.status_code in ANSWERED, response.content
