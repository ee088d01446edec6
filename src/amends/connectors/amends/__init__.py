"""amends' own columns: what a world writes and what amends exports."""

from amends.engine.contracts import DIMENSIONS, FieldMap, Kind, Preset

_IDS = ("source", "external_id", "customer_id", "agent_id", "case_ref")
_DATES = ("occurred_at", "received_at", "opened_at", "resolved_at")

PRESET = Preset(
    name="amends",
    title="amends signals",
    kind=Kind.COMPLAINT,
    fingerprint=("external_id", "kind", "occurred_at", "customer_id"),
    fields=(
        FieldMap("signal_id", "signal_id", "id"),
        *(FieldMap(name, name, "id") for name in _IDS),
        FieldMap("version", "version", "whole"),
        FieldMap("kind", "kind", "kind"),
        *(FieldMap(name, name, "date") for name in _DATES),
        *(FieldMap(name, name, "label") for name in DIMENSIONS),
        FieldMap("verbatim", "verbatim", "text"),
        FieldMap("subject", "subject", "text"),
        FieldMap("language", "language", "word"),
        FieldMap("nps", "nps", "score:0-10"),
        FieldMap("csat", "csat", "score:1-5"),
        FieldMap("ces", "ces", "score:1-7"),
        FieldMap("resolution_code", "resolution_code", "label"),
        FieldMap("contacts", "contacts", "whole"),
        FieldMap("reopens", "reopens", "whole"),
        FieldMap("transfers", "transfers", "whole"),
        FieldMap("is_escalated", "is_escalated", "flag"),
        FieldMap("value_at_risk", "value_at_risk", "money"),
        FieldMap("loss", "loss", "money"),
        FieldMap("currency", "currency", "word"),
        FieldMap("exposure", "exposure", "number"),
    ),
)
