"""Small generated signals, and a lake of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from amends.engine.contracts import SIGNAL_SCHEMA, check_signals, signal_id

START = datetime(2026, 8, 30, tzinfo=UTC)


def some_signals(n: int, seed: int = 1, *, version: int = 1, first: int = 0) -> pa.Table:
    """Return n signals of 100 days; every column but a few is filled in about half of the rows."""
    rng = np.random.default_rng(seed)

    def pick(values: list[Any]) -> list[Any]:
        return [values[i] for i in rng.integers(0, len(values), n)]

    names = [f"row-{first + i}" for i in range(n)]
    at = [START + timedelta(minutes=int(m)) for m in rng.integers(0, 100 * 1440, n)]
    columns: Mapping[str, list[Any]] = {
        "signal_id": [signal_id("test", name) for name in names],
        "source": ["test"] * n,
        "external_id": names,
        "version": [version] * n,
        "kind": pick(["complaint", "survey", "ticket", "transaction"]),
        "occurred_at": [None if i % 19 == 5 else time for i, time in enumerate(at)],
        "received_at": [None if i % 38 == 5 else time for i, time in enumerate(at)],
        "customer_id": pick([None, "c1", "c2", "c3", "c4"]),
        "region": pick([None, "north", "south", "Österreich"]),
        "product": pick(["fibre", "mobile", "o'clock %_ plan"]),
        "channel": pick([None, "web", "phone"]),
        "verbatim": pick([None, "The parcel was LATE", "50% off? no", "Größe falsch", "fine"]),
        "subject": pick([None, "Late again", "re_turn", ""]),
        "nps": pick([None, 0, 6, 10]),
        "is_escalated": pick([None, True, False]),
        "value_at_risk": pick([None, Decimal("12.30"), Decimal("0.05"), Decimal("9999999999.99")]),
        "currency": pick([None, "EUR"]),
        "attributes": pick([None, [], [("plan", "x"), ("note", "")]]),
        "sentiment": pick([None, -0.5, 0.25]),
        "cause": pick([None, "delivery", "delivery/late", "delivery_note", "unsure"]),
        "severity": pick([None, "low", "medium", "high", "critical"]),
    }
    arrays = {
        name: pa.array(values, _plain(SIGNAL_SCHEMA.field(name).type)).cast(
            SIGNAL_SCHEMA.field(name).type
        )
        for name, values in columns.items()
    }
    return check_signals(pa.table(arrays))


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def by_identity(table: pa.Table) -> list[dict[str, Any]]:
    """Return rows as dicts by id and version, to compare tables whose order does not matter."""
    rows: list[dict[str, Any]] = table.to_pylist()
    return sorted(rows, key=lambda row: (row["signal_id"], row["version"]))
