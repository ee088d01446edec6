"""Standard Webhooks (https://www.standardwebhooks.com): signed over id, time and body.

`webhook-signature` holds one or several "v1," and base64 of HMAC SHA-256 over
"{webhook-id}.{webhook-timestamp}.{body}"; a secret that begins with whsec_ is base64 itself.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

from amends.connectors.hooking import Headers, Proof, Told, Webhook, is_same, json_of, objects_of

_PREFIX: Final = "whsec_"


def prove(headers: Headers, body: bytes, secret: str) -> Proof | None:
    """Check the signatures over id, time and body."""
    identity = headers.get("webhook-id", "")
    at = headers.get("webhook-timestamp", "")
    if not identity or not at.isascii() or not at.isdigit() or len(at) > 11:
        return None
    expected = _signature(identity, at, body, secret)
    given = headers.get("webhook-signature", "").split(" ")[:10]
    if not any([is_same(signature, expected) for signature in given]):  # noqa: C419 - all of them
        return None
    return Proof(identity, datetime.fromtimestamp(int(at), UTC))


def sign(identity: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    """Return the headers that prove a body to whoever knows the secret."""
    seconds = str(int(at.timestamp()))
    return {
        "webhook-id": identity,
        "webhook-timestamp": seconds,
        "webhook-signature": _signature(identity, seconds, body, secret),
    }


def _signature(identity: str, at: str, body: bytes, secret: str) -> str:
    message = f"{identity}.{at}.".encode(errors="replace") + body
    digest = hmac.new(_key(secret), message, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except ValueError:  # signs that are none of base64, or none of ASCII
            pass
    return secret.encode()


def tell(_headers: Headers, body: bytes) -> Told:
    """Return the records: one object, or an array of them."""
    return Told(tuple(objects_of(json_of(body), "the record")))


WEBHOOK: Final = Webhook(
    name="",
    title="Any other",
    set_up="Sign each delivery as Standard Webhooks says: headers webhook-id, webhook-timestamp and"
    " webhook-signature. The body is one object or an array; the mapping names its fields.",
    prove=prove,
    tell=tell,
)
