"""Qualtrics: event subscriptions, which name a response, and workflows, which can send it.

An event subscription (https://api.qualtrics.com, "Create Subscription") posts a form: Topic, MSG (a
JSON text), and with a shared key HMAC: SHA-512 in hex over MSG. It has no answers in it, so that it
is no signal: pulling fetches the response. A workflow with a web service task sends the JSON that
its author writes, answers included, and signs nothing: it bears the secret in a header.
"""

from typing import Final
from urllib.parse import parse_qs

from amends.connectors.hooking import (
    Headers,
    Proof,
    Told,
    Webhook,
    hex_hmac,
    is_same,
    json_of,
    objects_of,
    proved_by_secret,
    versioned,
)


def prove(headers: Headers, body: bytes, secret: str) -> Proof | None:
    """Check the HMAC over the message of an event, or the secret of a workflow."""
    if not _is_form(headers):
        return proved_by_secret(headers, body, secret)
    signature = _part(body, "HMAC")
    expected = hex_hmac(secret, _part(body, "MSG").encode(), "sha512")
    return Proof(signature.lower()) if is_same(signature.lower(), expected) else None


def tell(headers: Headers, body: bytes) -> Told:
    """Return the responses that a workflow sends."""
    if _is_form(headers):
        return Told(ignored=1)
    responses = objects_of(json_of(body), "the response")
    return Told(tuple(versioned(one, one.get("RecordedDate")) for one in responses))


def _is_form(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def _part(body: bytes, name: str) -> str:
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=20)
    return fields.get(name, [""])[0]


WEBHOOK: Final = Webhook(
    name="qualtrics",
    title="Qualtrics",
    set_up="Workflows → Web service: POST to this address, JSON with ResponseId, RecordedDate and"
    " the answers, and the secret in the header X-Amends-Secret. An event subscription with"
    " the secret as its sharedKey is acknowledged; it has no answers in it, pulling fetches them.",
    prove=prove,
    tell=tell,
)
