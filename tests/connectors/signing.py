"""Deliveries as the vendors document them, signed as they sign: for the tests of webhooks."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

SECRET = "the secret of the tests"  # noqa: S105  (known to everybody, in tests only)

TICKET = {
    "id": "35436", "subject": "No router", "description": "It never came", "status": "OPEN",
    "created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T10:00:00Z",
    "requester_id": "8447", "assignee_id": "1", "via": {"channel": "web"}, "tags": ["a"],
}  # fmt: skip
BODIES: dict[str, dict[str, object]] = {
    "zendesk": {
        "type": "zen:event-type:ticket.status_changed", "id": "cbe4028c", "account_id": 1,
        "time": "2026-03-02T10:00:00Z", "subject": "zen:ticket:35436", "detail": TICKET,
        "event": {"current": "OPEN", "previous": "NEW"},
    },
    "intercom": {
        "type": "notification_event", "id": "notif_1", "topic": "conversation.admin.closed",
        "data": {
            "type": "notification_event_data",
            "item": {
                "type": "conversation", "id": "35436", "created_at": 1772442000,
                "updated_at": 1772445600, "source": {"body": "It never came", "type": "email"},
                "statistics": {"count_reopens": 1}, "state": "closed",
            },
        },
    },
    "delighted": {
        "event_type": "survey_response.updated", "event_id": "b8d0",
        "event_data": {
            "id": "35436", "person": {"id": "5975", "email": "ann@example.com"},
            "survey_type": "nps", "score": 9, "comment": "Fast", "created_at": 1772442000,
            "updated_at": 1772445600, "person_properties": None, "notes": [], "tags": [],
        },
    },
    "freshdesk": {
        "freshdesk_webhook": {
            "ticket_id": 35436, "ticket_subject": "No router", "ticket_description": "Late",
            "ticket_created_at": "2026-03-02T09:00:00Z", "ticket_requester_id": 7,
        }
    },
    "qualtrics": {
        "ResponseId": "35436", "RecordedDate": "2026-03-02T09:00:00Z", "UserLanguage": "EN",
        "nps": 4,
    },
    "medallia": {
        "uuid": "35436", "sequence_id": 12, "response_received_at": "2026-03-02T09:00:00Z",
        "channel": "phone", "answers": {"nps": 4, "agent_star_rating": 2},
        "customer": {"custom_id": "C1"},
    },
    "": {"external_id": "35436", "kind": "complaint", "occurred_at": "2026-03-02T09:00:00Z"},
}  # fmt: skip
NO_SIGNAL: dict[str, dict[str, object]] = {
    "zendesk": {"type": "zen:event-type:user.created", "detail": {"id": "1"}},
    "intercom": {"topic": "contact.created", "data": {"item": {"type": "contact", "id": "1"}}},
    "delighted": {"event_type": "unsubscribe.created", "event_data": {"person": {"id": "1"}}},
    "medallia": {"uuid": "1", "sequence_id": 3, "response_received_at": None},
}


def signed(
    name: str, body: bytes, *, secret: str = SECRET, at: datetime | None = None, number: int = 1
) -> dict[str, str]:
    """Return the headers with which the vendor sends a body."""
    at = at or datetime.now(UTC)
    if name == "zendesk":
        stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "X-Zendesk-Webhook-Signature": _base64(secret, stamp.encode() + body),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        }
    if name == "intercom":
        digest = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
        return {"X-Hub-Signature": f"sha1={digest}"}
    if name == "delighted":
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"X-Delighted-Webhook-Signature": f"sha256={digest}"}
    if name == "":
        stamp, identity = str(int(at.timestamp())), f"msg_{number}"
        message = f"{identity}.{stamp}.".encode() + body
        return {
            "Webhook-Id": identity,
            "Webhook-Timestamp": stamp,
            "Webhook-Signature": f"v1,bm8= v1,{_base64(secret, message)}",
        }
    return {"X-Amends-Secret": secret}


def event_form(message: dict[str, object], secret: str = SECRET) -> bytes:
    """Return what a Qualtrics event subscription posts."""
    text = json.dumps(message)
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()
    return urlencode(
        {"Topic": "b.surveyengine.completedResponse", "HMAC": digest, "MSG": text}
    ).encode()


def _base64(secret: str, message: bytes) -> str:
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
