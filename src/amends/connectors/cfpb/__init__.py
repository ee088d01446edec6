"""Complaints that the US Consumer Financial Protection Bureau publishes (CSV)."""

from amends.engine.contracts import FieldMap, Kind, Preset

PRESET = Preset(
    name="cfpb",
    title="CFPB consumer complaints",
    kind=Kind.COMPLAINT,
    fingerprint=("Date received", "Issue", "Company", "Complaint ID"),
    fields=(
        FieldMap("external_id", "Complaint ID", "id"),
        FieldMap("occurred_at", "Date received", "date"),
        FieldMap("received_at", "Date sent to company", "date"),
        FieldMap("vendor", "Company", "label"),
        FieldMap("product", "Product", "label"),
        FieldMap("region", "State", "label"),
        FieldMap("segment", "Tags", "label"),
        FieldMap("channel", "Submitted via", "label"),
        FieldMap("resolution_code", "Issue", "label"),
        FieldMap("verbatim", "Consumer complaint narrative", "text"),
    ),
    taxonomy="banking",
)
