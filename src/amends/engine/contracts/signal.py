"""The Signal contract: one dated thing that a customer or the operation told us.

`SIGNAL_SCHEMA` is what every connector produces and every phase reads. Classify fills
`ENRICHED_FIELDS`; before that they are null.
"""

import hashlib
from typing import Final

import pyarrow as pa

TIMESTAMP: Final = pa.timestamp("us", tz="UTC")
MONEY: Final = pa.decimal128(12, 2)
_DIMENSION: Final = pa.dictionary(pa.int32(), pa.string())

DIMENSIONS: Final = (
    "region",
    "segment",
    "tier",
    "product",
    "channel",
    "touchpoint",
    "journey_stage",
    "vendor",
)
"""The columns a slice may be made of."""

SCORE_RANGES: Final = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
"""Inclusive bounds of the survey answers. CES: 7 is easy."""

SIGNAL_SCHEMA: Final = pa.schema(
    [
        pa.field("signal_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("external_id", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("occurred_at", TIMESTAMP),
        pa.field("received_at", TIMESTAMP),
        pa.field("customer_id", pa.string()),
        pa.field("agent_id", pa.string()),
        pa.field("vendor", pa.string()),
        pa.field("case_ref", pa.string()),
        pa.field("region", _DIMENSION),
        pa.field("segment", _DIMENSION),
        pa.field("tier", _DIMENSION),
        pa.field("product", _DIMENSION),
        pa.field("channel", _DIMENSION),
        pa.field("touchpoint", _DIMENSION),
        pa.field("journey_stage", _DIMENSION),
        pa.field("verbatim", pa.string()),
        pa.field("subject", pa.string()),
        pa.field("language", pa.string()),
        pa.field("nps", pa.int8()),
        pa.field("csat", pa.int8()),
        pa.field("ces", pa.int8()),
        pa.field("resolution_code", pa.string()),
        pa.field("opened_at", TIMESTAMP),
        pa.field("resolved_at", TIMESTAMP),
        pa.field("contacts", pa.int32()),
        pa.field("reopens", pa.int32()),
        pa.field("transfers", pa.int32()),
        pa.field("is_escalated", pa.bool_()),
        pa.field("value_at_risk", MONEY),
        pa.field("loss", MONEY),
        pa.field("currency", pa.string()),
        pa.field("exposure", pa.float64()),
        pa.field("attributes", pa.map_(pa.string(), pa.string())),
        pa.field("sentiment", pa.float32()),
        pa.field("cause", pa.string()),
        pa.field("cause_confidence", pa.float32()),
        pa.field("severity", pa.string()),
        pa.field("topic_id", pa.string()),
        pa.field("model_version", pa.string()),
    ]
)

ENRICHED_FIELDS: Final = (
    "sentiment",
    "cause",
    "cause_confidence",
    "severity",
    "topic_id",
    "model_version",
)


def signal_id(source: str, external_id: str) -> str:
    """Return the identity of a signal: 32 hex digits of SHA-256 over source and external id."""
    return hashlib.sha256(f"{source}\x1f{external_id}".encode()).hexdigest()[:32]


def check_signals(table: pa.Table) -> pa.Table:
    """Return the table cast to `SIGNAL_SCHEMA`, columns that are missing as nulls.

    Raises
    ------
    ValueError
        A column is unknown, cannot be cast, or is null where the contract forbids it.

    """
    unknown = set(table.column_names) - set(SIGNAL_SCHEMA.names)
    if unknown:
        raise ValueError(
            f"Not columns of the Signal contract: {', '.join(sorted(unknown))}. "
            "Keep them in `attributes`."
        )
    columns = []
    for field in SIGNAL_SCHEMA:
        if field.name not in table.column_names:
            column = pa.chunked_array([pa.nulls(len(table), field.type)])
        else:
            column = _cast(table[field.name], field)
        if not field.nullable and column.null_count:
            raise ValueError(f"{column.null_count} signals have no {field.name}.")
        columns.append(column)
    return pa.table(columns, schema=SIGNAL_SCHEMA)


def _cast(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    if column.type.equals(field.type):
        return column
    try:
        return column.cast(field.type)
    except pa.ArrowInvalid as error:
        raise ValueError(f"Column {field.name} does not fit {field.type}: {error}") from error
