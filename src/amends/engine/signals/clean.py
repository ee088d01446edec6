"""One signal per identity: the latest version counts, the others are counted."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Signals without duplicates, in their order, and how many rows they stood for."""

    signals: pa.Table
    repeated: int
    """Rows left out because another row says exactly the same."""
    superseded: int
    """Rows left out because a later version of the same signal is there."""

    @property
    def duplicates(self) -> int:
        """Return how many rows were left out."""
        return self.repeated + self.superseded


def clean(signals: pa.Table) -> Cleaned:
    """Keep one row of each (source, external_id).

    The highest version wins, then the latest `received_at`, then the last row.

    Parameters
    ----------
    signals
        `SIGNAL_SCHEMA`; several files' tables concatenated in the order in which they came.

    """
    n = len(signals)
    codes = pc.dictionary_encode(_whole(signals["signal_id"])).indices
    identity = np.asarray(codes, dtype=np.int64)
    if not n or identity.max() + 1 == n:
        return Cleaned(signals, 0, 0)
    version = np.asarray(_whole(signals["version"]), dtype=np.int64)
    received = np.asarray(
        pc.fill_null(_whole(signals["received_at"]).cast(pa.int64()), np.iinfo(np.int64).min)
    )
    order = np.lexsort((np.arange(n), received, version, identity))
    is_last = np.append(np.diff(identity[order]) != 0, True)
    keep = np.zeros(n, dtype=bool)
    keep[order[is_last]] = True
    left_out = np.flatnonzero(~keep)
    winner = np.empty(identity.max() + 1, dtype=np.int64)
    winner[identity[order[is_last]]] = order[is_last]
    repeated = _same(signals, left_out, winner[identity[left_out]])
    return Cleaned(signals.filter(pa.array(keep)), repeated, len(left_out) - repeated)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _same(signals: pa.Table, these: np.ndarray, those: np.ndarray) -> int:
    """Count the pairs of rows that hold the same in every column."""
    pairs = zip(
        signals.take(pa.array(these)).to_pylist(),
        signals.take(pa.array(those)).to_pylist(),
        strict=True,
    )
    return sum(one == other for one, other in pairs)
