"""Zendesk's webhooks: ticket events, signed over time and body.

https://developer.zendesk.com/documentation/webhooks/verifying/: base64 of HMAC SHA-256 over the
timestamp followed by the body. Ticket events: `type` says what happened, `detail` is the ticket.
A webhook of a trigger sends what its administrator writes: a ticket, alone or under `ticket`.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

from amends.connectors.hooking import (
    Headers,
    Proof,
    Told,
    Webhook,
    is_same,
    json_of,
    object_of,
    versioned,
)

_TICKETS: Final = "zen:event-type:ticket."


def prove(headers: Headers, body: bytes, secret: str) -> Proof | None:
    """Check the signature over time and body."""
    signature = headers.get("x-zendesk-webhook-signature", "")
    at = headers.get("x-zendesk-webhook-signature-timestamp", "")
    digest = hmac.new(secret.encode(), at.encode() + body, hashlib.sha256).digest()
    if not is_same(signature, base64.b64encode(digest).decode()):
        return None
    try:
        signed_at = datetime.fromisoformat(at)
    except ValueError:
        return None
    return Proof(signature, signed_at.replace(tzinfo=signed_at.tzinfo or UTC))


def tell(_headers: Headers, body: bytes) -> Told:
    """Return the ticket."""
    event = object_of(json_of(body), "the event")
    kind = event.get("type")
    if "detail" in event or str(kind).startswith("zen:"):
        if not str(kind).startswith(_TICKETS):
            return Told(ignored=1)
        ticket = object_of(event.get("detail"), "detail")
    else:
        ticket = object_of(event.get("ticket", event), "ticket")
    return Told((versioned(ticket, ticket.get("updated_at")),))


WEBHOOK: Final = Webhook(
    name="zendesk",
    title="Zendesk",
    set_up="Admin Center → Apps and integrations → Webhooks: create one with this address,"
    " subscribed to ticket events. The secret is what “Reveal secret” shows.",
    prove=prove,
    tell=tell,
)
