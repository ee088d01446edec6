"""Complaints per transaction."""

import numpy as np
import pyarrow as pa

from amends.engine.contracts import Kind

from .cases import SignalColumns
from .columns import is_one_of, numbers
from .observations import Missing, Observations


def complaint_rate(signals: pa.Table, columns: SignalColumns) -> Observations | Missing:
    """Return one event per complaint and the exposure of each transaction.

    Only complaints on days from the first to the last transaction count: before and after, nobody
    recorded what they could be divided by.
    """
    complaint = is_one_of(signals, (Kind.COMPLAINT.value,)) & ~np.isnat(columns.at)
    transaction = is_one_of(signals, (Kind.TRANSACTION.value,)) & ~np.isnat(columns.at)
    if not complaint.any():
        return Missing("There are no dated complaints in the data.")
    if not transaction.any():
        return Missing(
            "There are no transactions in the data, so there is nothing to divide complaints by. "
            "Signals of kind transaction (orders, trips, contacts) would give it."
        )
    day = columns.at.astype("datetime64[D]")
    first, last = day[transaction].min(), day[transaction].max()
    covered = complaint & (day >= first) & (day <= last)
    exposure = np.nan_to_num(numbers(signals, "exposure"), nan=1.0)
    rows = covered | transaction
    outside = int(complaint.sum() - covered.sum())
    notes: tuple[str, ...] = ()
    if outside:
        notes = (f"{outside:,} complaints outside the days with transactions are left out.",)
    return Observations(
        columns.at[rows],
        covered[rows].astype(np.float64),
        exposure=np.where(transaction, exposure, 0.0)[rows],
        notes=notes,
    )
