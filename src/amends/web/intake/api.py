"""What programs send: signals, withdrawals, webhooks. `docs/howto/send-signals.md` tells how.

The schema (`/api/v1/openapi.json`) is for people who are logged in; `docs/openapi.json` is a copy.
"""

from typing import Final
from uuid import UUID

import pyarrow as pa
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import URLPattern
from django.utils import timezone
from ninja import NinjaAPI, Path, Query
from ninja.errors import ValidationError as NotUnderstood

from amends.engine.contracts import signal_id
from amends.web.accounts.access import signed_in, with_token
from amends.web.intake import api_schema as schema
from amends.web.intake import receiving
from amends.web.intake.accepting import SourceIsPaused, accept_records
from amends.web.intake.answering import (
    Refusal,
    acknowledged,
    arrival_of,
    etag_of,
    handled,
    receipt_of,
    refusals_answered,
)
from amends.web.intake.bodies import records_of
from amends.web.intake.doors import token_door, token_on
from amends.web.intake.models import Arrival, Identity, TokenScope, Way
from amends.web.intake.receiving import check_room
from amends.web.intake.webhooks import delivery_on, hook_door, take_delivery

HOOK: Final = "deliver_webhook"
"""The one address whose deliveries are proved by a signature."""

api: Final = NinjaAPI(
    title="amends",
    version="1",
    description=schema.ABOUT,
    urls_namespace="api",
    docs_url=None,
    docs_decorator=signed_in,
    openapi_extra={"components": {"securitySchemes": schema.SECURITY}},
)
api.exception_handler(NotUnderstood)(handled)


@api.post(
    "/signals",
    response=schema.answers(schema.Receipt, 200, 207),
    openapi_extra=schema.takes_signals(),
    operation_id="send_signals",
    url_name="send_signals",
    summary="Send signals",
)
@refusals_answered
def send(request: HttpRequest) -> HttpResponse:
    """Take in one signal, an array of them, or one a line.

    The answer comes when they are committed. The same version of a signal again is a duplicate: a
    request can be repeated whenever its answer was lost.
    """
    source = token_on(request).source
    return receipt_of(accept_records(records_of(request), source, timezone.now(), Way.API))


@api.delete(
    "/signals/{path:external_id}",
    response=schema.answers(schema.Counts, 200),
    openapi_extra=schema.NEEDS_TOKEN,
    operation_id="withdraw_signal",
    url_name="withdraw_signal",
    summary="Withdraw a signal",
)
@refusals_answered
def withdraw(
    request: HttpRequest,
    external_id: Path[schema.ExternalId],
    version: Query[schema.Version | None] = None,
) -> HttpResponse:
    """Take a signal back, up to a version (or the newest): only a higher one brings it again."""
    source = token_on(request, TokenScope.WITHDRAW).source
    if source.is_paused:
        raise SourceIsPaused(source)
    check_room()
    if version is None:
        known = Identity.objects.filter(pk=UUID(signal_id(source.name, external_id))).first()
        version = known.version if known else 1
    named = {"source": [source.name], "external_id": [external_id]}
    ids = pa.table({**named, "version": pa.array([version], pa.int32())})
    receipt = receiving.withdraw(ids, source.name, timezone.now(), Way.API)
    return arrival_of(Arrival.objects.get(pk=receipt.arrival))


@api.get(
    "/arrivals/{arrival}",
    response=schema.answers(schema.Counts, 200),
    openapi_extra=schema.NEEDS_TOKEN,
    operation_id="read_arrival",
    url_name="read_arrival",
    summary="Read a receipt again",
)
@refusals_answered
def arrival(request: HttpRequest, arrival: Path[schema.Number]) -> HttpResponse:
    """Return what became of a request of this token's source."""
    source = token_on(request).source
    line = Arrival.objects.filter(pk=arrival, source=source.name).first()
    if line is None:
        raise Refusal(
            404,
            "This source has no arrival of that number.",
            where=f"arrival {arrival}",
            remedy="Use the number that the receipt gave.",
        )
    if request.headers.get("If-None-Match") == etag_of(line):
        return HttpResponseNotModified()
    return arrival_of(line)


@api.post(
    "/hooks/{source}",
    response=schema.answers(schema.HookReceipt, 200, 207),
    openapi_extra=schema.takes_delivery(),
    operation_id=HOOK,
    url_name=HOOK,
    summary="Deliver a webhook",
)
@refusals_answered
def deliver(request: HttpRequest, source: str) -> HttpResponse:  # noqa: ARG001  (the door looked it up)
    """Take in what a vendor's webhook tells; events that are no signal are acknowledged."""
    taken, ignored = take_delivery(delivery_on(request), timezone.now())
    return acknowledged(ignored) if taken is None else receipt_of(taken, ignored=ignored)


def _marked() -> list[URLPattern]:
    """Return the addresses, each with its mark; the schema has its own already."""
    patterns = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)]
    for pattern in patterns:
        if pattern.name == "api-root":
            signed_in(pattern.callback)
        elif pattern.name != "openapi-json":
            with_token(hook_door if pattern.name == HOOK else token_door)(pattern.callback)
    return patterns


api_urls: Final = _marked()
