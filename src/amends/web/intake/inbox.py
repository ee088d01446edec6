"""How deliveries lie in the inbox: packed tables, small enough for a worker's memory."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import ENRICHED_FIELDS, SIGNAL_SCHEMA

INBOX: Final = "inbox"
"""The queue of the job that empties it: processes that do nothing else ask for it alone."""
LARGEST: Final = 25_000
"""Rows of one delivery and of one landing: what a worker holds in memory and loses by a crash."""
LARGEST_BYTES: Final = 32 * 1024 * 1024
"""Likewise, unpacked: long texts make small deliveries."""

ROW: Final = "row"
"""Column of a delivery: the 1-based place of the row in what `receive` was given."""
REPLACES: Final = "replaces"
"""Column of a delivery: an older version, or a withdrawal, was accepted before."""
_GIVEN: Final = pa.schema([f for f in SIGNAL_SCHEMA if f.name not in ENRICHED_FIELDS])
_MARKS: Final = (pa.field(ROW, pa.int32()), pa.field(REPLACES, pa.bool_()))
SIGNALS: Final = pa.schema([*_GIVEN, *_MARKS])
"""A delivery of signals: the contract without what classify adds, and the two marks."""
WITHDRAWALS: Final = pa.schema(
    [
        pa.field("signal_id", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        *_MARKS,
    ]
)
"""A delivery that takes signals back."""


def marked(
    table: pa.Table, schema: pa.Schema, places: NDArray[np.int64], replaces: NDArray[np.bool_]
) -> pa.Table:
    """Return rows as a delivery has them; `places` are 0-based."""
    given = table.select([n for n in schema.names if n not in {ROW, REPLACES}])
    rows = pa.array(places + 1, pa.int32())
    return given.append_column(_MARKS[0], rows).append_column(_MARKS[1], pa.array(replaces))


def signals_in(deliveries: pa.Table) -> pa.Table:
    """Return deliveries of signals as `SIGNAL_SCHEMA`, nothing enriched yet."""
    nothing = {
        name: pa.nulls(len(deliveries), SIGNAL_SCHEMA.field(name).type) for name in ENRICHED_FIELDS
    }
    columns = [
        nothing[name] if name in nothing else deliveries[name] for name in SIGNAL_SCHEMA.names
    ]
    return pa.table(columns, schema=SIGNAL_SCHEMA)


def parts(table: pa.Table) -> Iterator[tuple[int, int]]:
    """Yield where each delivery of a table begins and ends."""
    each = LARGEST
    if len(table) and table.nbytes > LARGEST_BYTES:
        each = max(1, min(LARGEST, LARGEST_BYTES * len(table) // table.nbytes))
    for start in range(0, len(table), each):
        yield start, min(start + each, len(table))


def pack(table: pa.Table) -> bytes:
    """Return a table as a compressed Arrow stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table.unify_dictionaries().combine_chunks())
    return bytes(sink.getvalue())


def unpack(payload: bytes) -> pa.Table:
    """Return the table that `pack` wrote."""
    with pa.ipc.open_stream(pa.py_buffer(payload)) as reader:
        return reader.read_all()


def ids_and_versions(table: pa.Table) -> list[tuple[str, int]]:
    """Return the names of some rows."""
    ids, versions = table["signal_id"].to_pylist(), table["version"].to_pylist()
    return list(zip(ids, versions, strict=True))


def rows_where(table: pa.Table, mask: NDArray[np.bool_]) -> pa.Table:
    """Return the rows where the mask holds."""
    return table if mask.all() else table.filter(pa.array(mask))


def of_these(table: pa.Table, ids: list[str]) -> pa.Table:
    """Return the rows of some signals."""
    return table.filter(pc.is_in(table["signal_id"], value_set=pa.array(ids, pa.string())))
