"""Delighted survey responses; one score column, what it means stands in `survey_type`."""

from amends.engine.contracts import FieldMap, Kind, Preset

PRESET = Preset(
    name="delighted",
    title="Delighted responses",
    kind=Kind.SURVEY,
    fingerprint=("survey_type", "score", "comment", "created_at"),
    fields=(
        FieldMap("external_id", "id", "id"),
        FieldMap("customer_id", "person", "id"),
        FieldMap("customer_id", "person.id", "id"),
        FieldMap("occurred_at", "created_at", "date"),
        FieldMap("verbatim", "comment", "text"),
        FieldMap("nps", "score", "score:0-10", when="survey_type=nps"),
        FieldMap("csat", "score", "score:1-5", when="survey_type=csat"),
        FieldMap("ces", "score", "scale:1-5>1-7", when="survey_type=ces"),
        FieldMap("ces", "score", "score:1-7", when="survey_type=ces7"),
        FieldMap("channel", "person_properties.Delighted Source", "label"),
    ),
)
