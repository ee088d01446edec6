"""Freshdesk: tickets and satisfaction ratings."""

from typing import Final

from amends.engine.contracts import FieldMap, Kind, Preset

_SOURCES: Final = "rename:1=email,2=portal,3=phone,7=chat,9=feedback widget,10=outbound email"
_RATINGS: Final = "words:103=5,102=5,101=4,100=3,-101=2,-102=1,-103=1"
"""Freshdesk's seven faces (extremely happy 103 to extremely unhappy −103) on the scale 1–5."""

PRESET = Preset(
    name="freshdesk",
    title="Freshdesk tickets",
    kind=Kind.TICKET,
    fingerprint=("description_text", "requester_id", "responder_id", "fr_escalated"),
    fields=(
        FieldMap("external_id", "id", "id"),
        FieldMap("occurred_at", "created_at", "date"),
        FieldMap("opened_at", "created_at", "date"),
        FieldMap("resolved_at", "stats.resolved_at", "date"),
        FieldMap("customer_id", "requester_id", "id"),
        FieldMap("agent_id", "responder_id", "id"),
        FieldMap("subject", "subject", "text"),
        FieldMap("verbatim", "description_text", "text"),
        FieldMap("channel", "source", _SOURCES),
        FieldMap("resolution_code", "type", "label"),
        FieldMap("is_escalated", "is_escalated", "flag"),
    ),
)

RATINGS = Preset(
    name="freshdesk-ratings",
    title="Freshdesk satisfaction ratings",
    kind=Kind.SURVEY,
    fingerprint=("ticket_id", "survey_id", "feedback", "ratings.default_question"),
    fields=(
        FieldMap("external_id", "id", "id"),
        FieldMap("occurred_at", "created_at", "date"),
        FieldMap("case_ref", "ticket_id", "id"),
        FieldMap("customer_id", "user_id", "id"),
        FieldMap("agent_id", "agent_id", "id"),
        FieldMap("verbatim", "feedback", "text"),
        FieldMap("csat", "ratings.default_question", _RATINGS),
    ),
)
