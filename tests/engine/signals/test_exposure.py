"""Rates per transaction of slices that the transactions know nothing of."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from amends.engine.contracts import Slice, check_signals, signal_id
from amends.engine.signals import leaves, roll_up_slices

START = datetime(2025, 1, 6, tzinfo=UTC)


def signals(days: int = 20, orders: float = 50.0) -> pa.Table:
    """A day: orders of two products, and complaints of fibre about billing at the helpdesk."""
    noons = [START + timedelta(days=day, hours=12) for day in range(days)]
    products = ("fibre", "mobile")
    sold = [("transaction", at, p, "shop", None, orders) for at in noons for p in products]
    told = [
        ("complaint", at, "fibre", "helpdesk", "billing/fee", None)
        for day, at in enumerate(noons)
        for _ in range(8 if day >= days - 5 else 2)
    ]
    kind, when, product, touchpoint, cause, exposure = zip(*sold, *told, strict=True)
    ids = [str(i) for i in range(len(kind))]
    return check_signals(
        pa.table(
            {
                "signal_id": [signal_id("t", i) for i in ids],
                "source": ["t"] * len(ids),
                "external_id": ids,
                "version": pa.array([1] * len(ids), pa.int32()),
                "kind": kind,
                "occurred_at": when,
                "product": product,
                "touchpoint": touchpoint,
                "cause": cause,
                "exposure": pa.array(exposure, pa.float64()),
            }
        )
    )


def test_whoever_ordered_could_have_met_any_cause_at_any_touchpoint() -> None:
    slices = [
        Slice(),
        Slice.of({"product": "fibre"}),
        Slice.of({"cause": "billing/fee"}),
        Slice.of({"touchpoint": "helpdesk"}),
        Slice.of({"cause": "billing/fee", "product": "fibre"}),
    ]
    batch = roll_up_slices(signals(), "complaint_rate", slices)
    assert batch.exposure[:, 3].tolist() == [100, 50, 100, 100, 50]
    assert batch.value[:, 3].tolist() == [2, 2, 2, 2, 2]


def test_leaves_of_causes_are_rated_per_the_orders_of_their_product() -> None:
    table = leaves(
        signals(),
        "complaint_rate",
        ["product", "cause", "touchpoint"],
        (START + timedelta(days=15), START + timedelta(days=20)),
        (START, START + timedelta(days=15)),
    )
    told = int(np.argmax(table.actual))
    assert table.values[1][table.codes[told, 1]] == "billing/fee"
    assert table.actual[told] == 40
    assert abs(table.expected[told] - 10) < 1
