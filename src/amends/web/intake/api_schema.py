"""The words of the API's schema: what its answers hold, and what a signal looks like."""

from typing import Annotated, Any, Final, Literal

from ninja import Schema
from pydantic import Field

from amends.connectors.amends import PRESET
from amends.engine.contracts import SCORE_RANGES, Kind
from amends.engine.signals import FIELDS

ABOUT: Final = """Signals come in here: complaints, surveys, tickets and what else a source tells.

Every request bears the token of one source. What is answered is committed. Rows that cannot be read
go to quarantine with their reason, the others are taken in; the receipt says so for each row.
"""

SECURITY: Final = {"token": {"type": "http", "scheme": "bearer"}}
NEEDS_TOKEN: Final[dict[str, Any]] = {"security": [{"token": []}]}

ExternalId = Annotated[str, Field(min_length=1, max_length=200)]
Version = Annotated[int, Field(ge=0, lt=2**31)]
Number = Annotated[int, Field(ge=1, lt=2**63)]


class RowAnswer(Schema):
    """What became of one row, by its number from 1."""

    row: int
    answer: Literal["accepted", "duplicate", "superseded", "quarantined"]
    field: str | None = None
    reason: str | None = None


class Counts(Schema):
    """A line of the ledger: rows = accepted + duplicates + superseded + quarantined."""

    arrival: int
    rows: int
    accepted: int
    superseding: int
    duplicates: int
    superseded: int
    quarantined: int
    received_at: str | None = None


class Receipt(Counts):
    """What became of a request and of each of its rows."""

    answers: list[RowAnswer]


class HookReceipt(Schema):
    """What became of a delivery; without a signal in it there is no arrival."""

    arrival: int | None
    rows: int
    ignored: int
    answers: list[RowAnswer] = Field(default_factory=list)


class Problem(Schema):
    """Why a request was refused as a whole; nothing of it was taken in."""

    status: int
    what: str
    where: str
    remedy: str


_REFUSALS: Final = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)


def answers(body: type[Schema], *statuses: int) -> dict[int, type[Schema]]:
    """Return what an operation may answer."""
    return {**dict.fromkeys(statuses, body), **dict.fromkeys(_REFUSALS, Problem)}


def takes_signals() -> dict[str, Any]:
    """Return the request body of signals."""
    one = _signal()
    whole = {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": 10_000}]}
    content = {
        "application/json": {"schema": whole},
        "application/x-ndjson": {"schema": {"type": "string"}},
    }
    return {**NEEDS_TOKEN, "requestBody": {"required": True, "content": content}}


def takes_delivery() -> dict[str, Any]:
    """Return the request body of webhooks: what the vendor sends."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


def _signal() -> dict[str, Any]:
    fields = {entry.field: _field(entry.field) for entry in PRESET.fields if entry.field in FIELDS}
    fields["attributes"] = {"type": "object", "additionalProperties": True}
    return {
        "title": "Signal",
        "description": "Fields of the Signal contract; all others are kept as attributes.",
        "type": "object",
        "properties": fields,
        "required": ["external_id", "kind", "occurred_at"],
        "additionalProperties": True,
    }


def _field(name: str) -> dict[str, Any]:
    if name == "kind":
        return {"type": "string", "enum": [kind.value for kind in Kind]}
    holds = FIELDS[name].holds
    if holds == "score":
        low, high = SCORE_RANGES[name]
        return {"type": "integer", "minimum": low, "maximum": high}
    written: dict[str, dict[str, Any]] = {
        "date": {
            "type": ["string", "number"],
            "description": "ISO 8601, UTC without a zone; or seconds since 1970",
        },
        "whole": {"type": "integer", "minimum": 0},
        "money": {"type": ["number", "string"]},
        "number": {"type": "number"},
        "flag": {"type": "boolean"},
    }
    return written.get(holds, {"type": "string"})
