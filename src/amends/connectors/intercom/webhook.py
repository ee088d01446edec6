"""Intercom's webhooks: conversations, signed over the body.

https://developers.intercom.com/docs/webhooks: X-Hub-Signature is "sha1=" and HMAC SHA-1 in hex over
the body, by the client secret of the app; the time is not signed. `topic` says what happened,
`data.item` is the conversation.
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
    signature = headers.get("x-hub-signature", "")
    expected = f"sha1={hex_hmac(secret, body, 'sha1')}"
    return Proof(signature) if is_same(signature, expected) else None


def tell(_headers: Headers, body: bytes) -> Told:
    """Return the conversation."""
    event = object_of(json_of(body), "the notification")
    item = object_of(event.get("data", {}), "data").get("item")
    if not isinstance(item, dict) or item.get("type") != "conversation":
        return Told(ignored=1)
    return Told((versioned(item, item.get("updated_at")),))


WEBHOOK: Final = Webhook(
    name="intercom",
    title="Intercom",
    set_up="Developer Hub → your app → Webhooks: this address, with the topics of conversations."
    " The secret is the client secret under Basic information.",
    prove=prove,
    tell=tell,
)
