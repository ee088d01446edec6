"""Salesforce Service Cloud: the Case object."""

from amends.engine.contracts import FieldMap, Kind, Preset

PRESET = Preset(
    name="salesforce",
    title="Salesforce cases",
    kind=Kind.TICKET,
    fingerprint=("CaseNumber", "CreatedDate", "Origin", "Status"),
    fields=(
        FieldMap("external_id", "CaseNumber", "id"),
        FieldMap("occurred_at", "CreatedDate", "date"),
        FieldMap("opened_at", "CreatedDate", "date"),
        FieldMap("resolved_at", "ClosedDate", "date"),
        FieldMap("customer_id", "ContactId", "id"),
        FieldMap("agent_id", "OwnerId", "id"),
        FieldMap("case_ref", "ParentId", "id"),
        FieldMap("subject", "Subject", "text"),
        FieldMap("verbatim", "Description", "text"),
        FieldMap("channel", "Origin", "label"),
        FieldMap("resolution_code", "Reason", "label"),
        FieldMap("is_escalated", "IsEscalated", "flag"),
    ),
)
