"""Webhooks of vendors: proved by their signature, taken in once, what is no signal counted."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from amends.connectors import webhook_of
from amends.connectors.hooking import Proof, Told, Webhook
from amends.web.intake.accepting import Accepted, accept_records
from amends.web.intake.answering import Refusal, refusals_answered
from amends.web.intake.bodies import MOST_ROWS, body_of
from amends.web.intake.models import SeenDelivery, Source, Way
from amends.web.intake.sealing import unseal

WINDOW: Final = timedelta(minutes=5)
"""How far the time that was signed may be from ours."""
REMEMBERED: Final = timedelta(days=7)
"""How long a delivery is known again; where the time is signed the window alone would do."""
MOST_BYTES: Final = 4 * 1024 * 1024

SIGNING: Final = "signing"
BEFORE: Final = "signing_before"
BEFORE_UNTIL: Final = "signing_before_until"
"""Names among the secrets of a source: the signing secret, the one before, and until when."""


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One delivery that its sender could prove."""

    source: Source
    hook: Webhook
    headers: Mapping[str, str]
    body: bytes
    proof: Proof


@refusals_answered
def hook_door(request: HttpRequest, parts: Mapping[str, Any]) -> HttpResponse | None:
    """Let a delivery through that is signed with the source's secret, and not long ago."""
    now = timezone.now()
    source = Source.objects.filter(name=parts["source"]).first()
    secrets = [] if source is None else signing_secrets(source, now)
    body = body_of(request, MOST_BYTES)
    if source is None or not secrets:
        raise _not_theirs("There is no webhook at this address.")
    hook = webhook_of(source.connector)
    headers = {name.lower(): value for name, value in request.headers.items()}
    proofs = [proof for secret in secrets if (proof := hook.prove(headers, body, secret))]
    if not proofs:
        raise _not_theirs("The signature does not fit the source's secret.")
    [proof, *_] = proofs
    if proof.signed_at is not None and abs(now - proof.signed_at) > WINDOW:
        raise _not_theirs("It was signed more than five minutes from now.")
    request.delivery = HookDelivery(source, hook, headers, body, proof)  # type: ignore[attr-defined]
    return None


def delivery_on(request: HttpRequest) -> HookDelivery:
    """Return the delivery that the door let through."""
    delivery: HookDelivery = request.delivery  # type: ignore[attr-defined]
    return delivery


def signing_secrets(source: Source, now: datetime) -> list[str]:
    """Return the secrets in force: after a rotation also the one before, for a while."""
    secrets = unseal(bytes(source.secrets))
    current, before = secrets.get(SIGNING, ""), secrets.get(BEFORE, "")
    if before and datetime.fromisoformat(secrets[BEFORE_UNTIL]) <= now:
        before = ""
    return [secret for secret in (current, before) if secret]


@transaction.atomic
def take_delivery(delivery: HookDelivery, now: datetime) -> tuple[Accepted | None, int]:
    """Take in what a delivery tells; return what became of it, and how many events were ignored.

    That it was seen is committed with its signals: one that failed may come again.

    Raises
    ------
    Refusal
        409: it was taken in already; 422: it is not of the vendor's form; 413: too many rows.

    """
    if delivery.proof.nonce:
        _remember(delivery.source, delivery.proof.nonce, now)
    told = _told(delivery)
    _count(delivery.source, told.ignored, now)
    if not told.records:
        return None, told.ignored
    return accept_records(told.records, delivery.source, now, Way.WEBHOOK), told.ignored


def _remember(source: Source, nonce: str, now: datetime) -> None:
    digest = hashlib.sha256(nonce.encode(errors="replace")).hexdigest()
    SeenDelivery.objects.filter(source=source, seen_at__lt=now - REMEMBERED).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_seendelivery (source_id, nonce, seen_at) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [source.pk, digest, now],
        )
        is_new = cursor.rowcount == 1
    if not is_new:
        raise Refusal(
            409,
            "This delivery was taken in already.",
            where=source.name,
            remedy="Sign what is new anew.",
        )


def _told(delivery: HookDelivery) -> Told:
    try:
        told = delivery.hook.tell(delivery.headers, delivery.body)
    except ValueError as error:
        raise Refusal(
            422,
            f"The delivery is not of the form of {delivery.hook.title or 'a webhook'}: {error}.",
            where="body",
            remedy="Compare the webhook's settings with docs/howto/send-signals.md.",
        ) from None
    if len(told.records) > MOST_ROWS:
        raise Refusal(413, f"More than {MOST_ROWS:,} rows.", remedy="Send fewer at once.")
    return told


def _count(source: Source, ignored: int, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_webhookday AS known (source_id, day, deliveries, ignored)"
            " VALUES (%s, %s, 1, %s) ON CONFLICT (source_id, day) DO UPDATE SET"
            " deliveries = known.deliveries + 1, ignored = known.ignored + excluded.ignored",
            [source.pk, now.date(), ignored],
        )


def _not_theirs(what: str) -> Refusal:
    remedy = "Compare the secret and the clock of the sender with those here."
    return Refusal(401, what, where="webhook", remedy=remedy)
