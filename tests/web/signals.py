"""Small lakes for the tests of pages: signals with only the fields that matter."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa
from django.utils import timezone

from amends.engine.contracts import SIGNAL_SCHEMA, check_signals, signal_id
from amends.web.intake.lake import lake

_ids = itertools.count(1)


def signal(**fields: object) -> dict[str, object]:
    """Return a complaint of an hour ago; `fields` overrule. `ago_days` dates it instead."""
    external_id = str(fields.get("external_id", f"S-{next(_ids)}"))
    source = str(fields.get("source", "tests"))
    ago = timedelta(days=float(str(fields.pop("ago_days", 1 / 24))))
    at = timezone.now() - ago
    return {
        "signal_id": signal_id(source, external_id),
        "source": source,
        "external_id": external_id,
        "version": 1,
        "kind": "complaint",
        "occurred_at": at,
        "received_at": at,
        **fields,
    }


def fill_lake(rows: Sequence[Mapping[str, object]], delivery: int = 1) -> None:
    """Append signals to the lake in force."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    if "attributes" in columns:
        columns["attributes"] = [
            list(value.items()) if isinstance(value, Mapping) else None
            for value in columns["attributes"]
        ]
    arrays = {
        name: pa.array(values, _plain(SIGNAL_SCHEMA.field(name).type))
        for name, values in columns.items()
    }
    lake().append(check_signals(pa.table(arrays)), delivery=delivery)


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def days_ago(days: float) -> datetime:
    """Return the moment that many days ago."""
    return timezone.now() - timedelta(days=days)
