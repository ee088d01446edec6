"""Zendesk: tickets (with their metrics, when exported together) and satisfaction ratings."""

from typing import Final

from amends.engine.contracts import FieldMap, Kind, Preset

_GOOD_OR_BAD: Final = (
    "words:good=5,good_with_comment=5,bad=1,bad_with_comment=1,"
    "offered=,unoffered=,received=,not_offered="
)
"""Zendesk asks for good or bad only: the ends of the scale 1–5."""

PRESET = Preset(
    name="zendesk",
    title="Zendesk tickets",
    kind=Kind.TICKET,
    fingerprint=("requester_id", "assignee_id", "group_id", "description"),
    fields=(
        FieldMap("external_id", "id", "id"),
        FieldMap("occurred_at", "created_at", "date"),
        FieldMap("opened_at", "created_at", "date"),
        FieldMap("resolved_at", "solved_at", "date"),
        FieldMap("resolved_at", "metric_set.solved_at", "date"),
        FieldMap("customer_id", "requester_id", "id"),
        FieldMap("agent_id", "assignee_id", "id"),
        FieldMap("case_ref", "problem_id", "id"),
        FieldMap("subject", "subject", "text"),
        FieldMap("verbatim", "description", "text"),
        FieldMap("channel", "via.channel", "label"),
        FieldMap("channel", "via", "label"),
        FieldMap("csat", "satisfaction_rating.score", _GOOD_OR_BAD),
        FieldMap("resolution_code", "satisfaction_rating.reason", "label"),
        FieldMap("reopens", "metric_set.reopens", "whole"),
        FieldMap("reopens", "reopens", "whole"),
        FieldMap("transfers", "metric_set.group_stations", "plus:-1"),
        FieldMap("transfers", "group_stations", "plus:-1"),
    ),
)

CSAT = Preset(
    name="zendesk-csat",
    title="Zendesk satisfaction ratings",
    kind=Kind.SURVEY,
    fingerprint=("ticket_id", "score", "comment", "reason_code"),
    fields=(
        FieldMap("external_id", "id", "id"),
        FieldMap("occurred_at", "created_at", "date"),
        FieldMap("case_ref", "ticket_id", "id"),
        FieldMap("customer_id", "requester_id", "id"),
        FieldMap("agent_id", "assignee_id", "id"),
        FieldMap("verbatim", "comment", "text"),
        FieldMap("resolution_code", "reason", "label"),
        FieldMap("csat", "score", _GOOD_OR_BAD),
    ),
)
