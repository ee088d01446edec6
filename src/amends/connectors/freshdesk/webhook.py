"""Freshdesk: the webhook of an automation rule.

https://support.freshdesk.com, "Using webhooks in automation rules": the rule's author chooses the
fields and may add headers; nothing is signed, so that the secret is sent in a header. The fields
come as the API names them, alone or under `freshdesk_webhook`, where they begin with `ticket_`.
"""

from collections.abc import Mapping
from typing import Any, Final

from amends.connectors.hooking import (
    Headers,
    Told,
    Webhook,
    json_of,
    object_of,
    proved_by_secret,
    versioned,
)

_PREFIX: Final = "ticket_"


def tell(_headers: Headers, body: bytes) -> Told:
    """Return the ticket."""
    event = object_of(json_of(body), "the request")
    ticket = event.get("freshdesk_webhook", event.get("ticket", event))
    plain = _plain(object_of(ticket, "the ticket"))
    return Told((versioned(plain, plain.get("updated_at")),))


def _plain(ticket: Mapping[str, Any]) -> dict[str, object]:
    """Give placeholders such as ticket_id the names that the API has."""
    bare = {name.removeprefix(_PREFIX): value for name, value in ticket.items()}
    if "description" in bare and "description_text" not in bare:
        bare["description_text"] = bare.pop("description")
    return bare


WEBHOOK: Final = Webhook(
    name="freshdesk",
    title="Freshdesk",
    set_up="Admin → Automations: the action “Trigger webhook”, POST to this address, JSON, with the"
    " fields id, created_at, updated_at, subject, description and whatever else matters, and the"
    " secret in the custom header X-Amends-Secret.",
    prove=proved_by_secret,
    tell=tell,
)
