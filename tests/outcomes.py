"""Cases and signals of what came of them, written down in a line each."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pyarrow as pa

from amends.engine.contracts import SIGNAL_SCHEMA, check_signals, signal_id
from amends.web.cases.models import Case, State
from amends.web.intake.models import Customer

RESOLVED_AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def make_case(customer: str = "ann", **changes: Any) -> Case:
    """Write down a case about a lost parcel, resolved at `RESOLVED_AT`."""
    owner, _ = Customer.objects.get_or_create(pk=customer)
    given = {
        "ref": f"C-{1 + Case.objects.count()}",
        "title": "Parcel lost",
        "state": State.RESOLVED,
        "severity": "high",
        "customer": owner,
        "cause": "delivery/lost_parcel",
        "tier": "gold",
        "segment": "student",
        "opened_at": RESOLVED_AT - timedelta(days=2),
        "opened_because": "a rule",
        "resolved_at": RESOLVED_AT,
        "currency": "EUR",
        "signal_id": uuid4(),
    }
    return Case.objects.create(**(given | changes))


def make_signals(*rows: dict[str, Any]) -> pa.Table:
    """Return signals; a row has `kind`, `days` after the resolution, and what it says."""
    told = []
    for i, given in enumerate(rows):
        row = {"source": "test", "external_id": str(i), "version": 1, **given}
        row["occurred_at"] = RESOLVED_AT + timedelta(days=row.pop("days"))
        row["signal_id"] = signal_id(row["source"], row["external_id"])
        told.append(row)
    names = {name for row in told for name in row}
    fields = [field for field in SIGNAL_SCHEMA if field.name in names]
    plain = [f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in fields]
    return check_signals(pa.Table.from_pylist(told, schema=pa.schema(plain)))
