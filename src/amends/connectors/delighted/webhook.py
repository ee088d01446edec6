"""Delighted's webhooks: survey responses, signed over the body.

https://app.delighted.com/docs/api/webhooks: X-Delighted-Webhook-Signature is "sha256=" and HMAC
SHA-256 in hex over the body, by the API key; the time is not signed. `event_type` says what
happened, `event_data` is the response.
"""

from typing import Final

from amends.connectors.hooking import (
    Headers,
    Proof,
    Told,
    Webhook,
    hex_hmac,
    is_same,
    json_of,
    object_of,
    versioned,
)


def prove(headers: Headers, body: bytes, secret: str) -> Proof | None:
    """Check the signature over the body."""
    signature = headers.get("x-delighted-webhook-signature", "")
    expected = f"sha256={hex_hmac(secret, body, 'sha256')}"
    return Proof(signature) if is_same(signature, expected) else None


def tell(_headers: Headers, body: bytes) -> Told:
    """Return the response."""
    event = object_of(json_of(body), "the event")
    if not str(event.get("event_type")).startswith("survey_response."):
        return Told(ignored=1)
    response = object_of(event.get("event_data"), "event_data")
    return Told((versioned(response, response.get("updated_at") or response.get("created_at")),))


WEBHOOK: Final = Webhook(
    name="delighted",
    title="Delighted",
    set_up="Integrations → Webhooks: this address, of responses. The API key is the secret.",
    prove=prove,
    tell=tell,
)
