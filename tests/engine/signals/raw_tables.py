"""Raw tables as the readers hand them over, and signals made of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from amends.engine.contracts import RawTable, check_signals, signal_id
from amends.engine.signals import normalise, understand


def raw_table(columns: Mapping[str, Sequence[str | None]], file: str = "rows.csv") -> RawTable:
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return RawTable(file, "csv", "utf-8", ",", table, np.arange(1, len(table) + 1, dtype=np.int64))


def meanings(raw: RawTable, **told: str) -> dict[str, str | None]:
    return {c.column: c.field for c in understand(raw, told=told).columns}


def signals_of(raw: RawTable, **told: str) -> pa.Table:
    return normalise(raw, understand(raw, told=told), "test").signals


def make_signals(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return signals of SIGNAL_SCHEMA with the given fields and running ids."""
    full = [
        {
            "source": "test",
            "external_id": str(number),
            "version": 1,
            "kind": "complaint",
            **row,
        }
        for number, row in enumerate(rows)
    ]
    for row in full:
        row["signal_id"] = signal_id(row["source"], row["external_id"])
    names = dict.fromkeys(name for row in full for name in row)
    columns = {name: [row.get(name) for row in full] for name in names}
    signals: pa.Table = check_signals(pa.table(columns))
    return signals
