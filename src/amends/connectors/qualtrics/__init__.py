"""Qualtrics responses (CSV): two rows under the header are metadata, questions have any name.

What the questions ask (first metadata row) tells what their columns mean.
"""

from amends.engine.contracts import FieldMap, Kind, Preset

PRESET = Preset(
    name="qualtrics",
    title="Qualtrics responses",
    kind=Kind.SURVEY,
    fingerprint=("StartDate", "EndDate", "ResponseId", "RecordedDate"),
    fields=(
        FieldMap("external_id", "ResponseId", "id"),
        FieldMap("occurred_at", "RecordedDate", "date"),
        FieldMap("customer_id", "ExternalReference", "id"),
        FieldMap("channel", "DistributionChannel", "label"),
        FieldMap("language", "UserLanguage", "word"),
    ),
    skip_rows=2,
)
