"""Medallia Agent Connect: feedback as its /v2/data gives it, pushed.

No scheme of signatures is documented; headers are free, so that the secret is sent in one.
"""

from typing import Final

from amends.connectors.hooking import (
    Headers,
    Told,
    Webhook,
    json_of,
    objects_of,
    proved_by_secret,
    versioned,
)


def tell(_headers: Headers, body: bytes) -> Told:
    """Return the feedback that was answered; a survey that was only sent tells nothing."""
    feedback = objects_of(json_of(body), "the feedback")
    answered = [one for one in feedback if one.get("response_received_at")]
    records = tuple(
        {**one, "version": one["sequence_id"]}
        if one.get("sequence_id")
        else versioned(one, one["response_received_at"])
        for one in answered
    )
    return Told(records, len(feedback) - len(answered))


WEBHOOK: Final = Webhook(
    name="medallia",
    title="Medallia Agent Connect",
    set_up="A webhook that posts feedback as JSON to this address, with the secret in the header"
    " X-Amends-Secret.",
    prove=proved_by_secret,
    tell=tell,
)
