"""Medallia Agent Connect feedback, as its /v2/data answers it."""

from amends.engine.contracts import FieldMap, Kind, Preset

PRESET = Preset(
    name="medallia",
    title="Medallia Agent Connect feedback",
    kind=Kind.SURVEY,
    fingerprint=("uuid", "is_recovery", "sequence_id", "ext_interaction_id"),
    fields=(
        FieldMap("external_id", "uuid", "id"),
        FieldMap("occurred_at", "response_received_at", "date"),
        FieldMap("case_ref", "ext_interaction_id", "id"),
        FieldMap("customer_id", "customer.custom_id", "id"),
        FieldMap("agent_id", "employee.custom_id", "id"),
        FieldMap("channel", "channel", "label"),
        FieldMap("vendor", "branding", "label"),
        FieldMap("nps", "answers.nps", "score:0-10"),
        FieldMap("csat", "answers.agent_star_rating", "score:1-5"),
        FieldMap("resolution_code", "answers.areas_of_improvement", "label"),
        FieldMap("verbatim", "answers.comment", "text"),
    ),
)
