"""The signals of some customers: what figures over millions of contacts are estimated from.

Whole customers are drawn, by a hash of their id and so always the same: who came back, and after
what, is known of each of them. A mean over them is unbiased, and its interval, clustered by
customer, says what sampling costs (cluster sampling: Cochran 1977, chapter 9). A signal that names
no customer is drawn by its own id.
"""

from typing import Final

import ibis
import pyarrow as pa

from amends.engine.contracts import DIMENSIONS

from .beside import Beside
from .schema import LAKE_SCHEMA

SIZES: Final = (32, 64, 128, 256)
"""One customer in so many; of the first as many are kept beside the lake."""
COLUMNS: Final = (
    "signal_id", "source", "external_id", "version", "kind", "occurred_at", "received_at",
    "opened_at", "resolved_at", "customer_id", "case_ref", "cause", "severity", "nps", "csat",
    "ces", "contacts", "reopens", "transfers", "is_escalated", *DIMENSIONS,
)  # fmt: skip
SAMPLE_SCHEMA: Final = pa.schema(
    [pa.field("draw", pa.string(), nullable=False), *(LAKE_SCHEMA.field(name) for name in COLUMNS)]
)
"""`draw`: the first byte of the hash, in hex."""


def sampled(signals: ibis.Table) -> ibis.Table:
    """Return the rows of `SAMPLE_SCHEMA` of some signals: a smaller sample lies before the rest."""
    whose = ibis.coalesce(signals["customer_id"], signals["signal_id"])
    drawn = smaller(signals.mutate(draw=whose.hexdigest("md5").left(2)), SIZES[0])
    return drawn.select("draw", *COLUMNS).order_by("draw", "occurred_at")


def size_for(n: int, most: int) -> int:
    """Return of how many customers one is drawn so that of n signals about `most` are left.

    1: of so few all are read.
    """
    if n <= 2 * most:
        return 1
    return next((size for size in SIZES if n <= size * most), SIZES[-1])


def smaller(rows: ibis.Table, one_in: int) -> ibis.Table:
    """Return those of sampled rows that belong to one customer in `one_in`, one of `SIZES`.

    Raises
    ------
    ValueError
        There is no sample of that size.

    """
    if one_in not in SIZES:
        raise ValueError(f"There is no sample of one in {one_in}, but of one in {SIZES}.")
    return rows.filter(rows["draw"] < f"{256 // one_in:02x}")


SAMPLES: Final = Beside("_samples", SAMPLE_SCHEMA, sampled)
