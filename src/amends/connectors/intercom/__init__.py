"""Intercom conversations (JSON; times are seconds since 1970)."""

from amends.engine.contracts import FieldMap, Kind, Preset

PRESET = Preset(
    name="intercom",
    title="Intercom conversations",
    kind=Kind.TICKET,
    fingerprint=("admin_assignee_id", "team_assignee_id", "waiting_since", "snoozed_until"),
    fields=(
        FieldMap("external_id", "id", "id"),
        FieldMap("occurred_at", "created_at", "date:epoch-s"),
        FieldMap("opened_at", "created_at", "date:epoch-s"),
        FieldMap("resolved_at", "statistics.last_close_at", "date:epoch-s"),
        FieldMap("customer_id", "source.author.id", "id"),
        FieldMap("agent_id", "admin_assignee_id", "id"),
        FieldMap("subject", "source.subject", "text"),
        FieldMap("verbatim", "source.body", "text"),
        FieldMap("verbatim", "conversation_rating.remark", "text"),
        FieldMap("channel", "source.type", "label"),
        FieldMap("csat", "conversation_rating.rating", "score:1-5"),
        FieldMap("reopens", "statistics.count_reopens", "whole"),
        FieldMap("transfers", "statistics.count_assignments", "plus:-1"),
    ),
)
