from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from amends.engine.contracts import SIGNAL_SCHEMA, check_signals

SignalsOf = Callable[[list[dict[str, Any]]], pa.Table]


@pytest.fixture(scope="session")
def signals_of() -> SignalsOf:
    """Build signals from rows; a number in a time column counts days from 2025-01-06."""

    def build(rows: list[dict[str, Any]]) -> pa.Table:
        times = {f.name for f in SIGNAL_SCHEMA if pa.types.is_timestamp(f.type)}
        start = datetime.fromisoformat("2025-01-06T00:00:00+00:00")
        full = []
        for i, row in enumerate(rows):
            fixed = {
                key: start + timedelta(days=value)
                if key in times and isinstance(value, int | float)
                else value
                for key, value in row.items()
            }
            full.append(
                {"signal_id": f"s{i}", "source": "crm", "external_id": str(i), "version": 1} | fixed
            )
        names = [f.name for f in SIGNAL_SCHEMA]
        schema = pa.schema([SIGNAL_SCHEMA.field(n) for n in names])
        plain = pa.schema(
            [pa.field(f.name, pa.string()) if pa.types.is_dictionary(f.type) else f for f in schema]
        )
        return check_signals(pa.Table.from_pylist(full, schema=plain))

    return build
