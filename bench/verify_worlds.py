"""The planted fixes of a world, verified from its signals: `python bench/verify_worlds.py telco`.

The treated series is the daily complaints and tickets of the fixed cause in the fix's slice, by
true cause; the controls are the other branches of the taxonomy in the same slice. Planted
breakdowns lie in both, as they do in life.
"""

import argparse
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import Floats
from amends.engine.prevent import FixSeries, verify
from amends.engine.worlds import PlantedFix, read_world


def main() -> None:
    """Print one line per planted fix."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world")
    parser.add_argument("--signals", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    played = read_world(args.world).play(args.signals, args.seed)
    told, truth = [], played.truth()
    columns = ["signal_id", "kind", "occurred_at", "region", "product", "channel", "vendor"]
    for chunk in played.chunks():
        kinds = pc.is_in(chunk.signals["kind"], pa.array(["complaint", "ticket"]))
        mine = chunk.signals.select(columns).filter(kinds)
        told.append(mine.join(chunk.labels.select(["signal_id", "cause"]), "signal_id"))
    signals = pa.concat_tables([_plain(t) for t in told])
    print(f"{'fix':<26} {'per day':>8} {'true':>6} {'effect':>8} {'95 %':>18} {'p':>7} verdict")
    for fix in truth.fixes:
        show(fix, signals, truth.first, truth.last)


def show(fix: PlantedFix, signals: pa.Table, first: date, last: date) -> None:
    """Verify one fix and print it."""
    inside = np.ones(len(signals), dtype=bool)
    for dimension, value in fix.slice.items():
        inside &= np.array(pc.equal(signals[dimension], value).fill_null(fill_value=False))
    cause = np.array([c or "" for c in signals["cause"].to_pylist()])
    branches = np.array([c.split("/")[0] for c in cause])
    names = sorted(set(branches) - {"", fix.cause.split("/")[0]})
    day = np.asarray(signals["occurred_at"].cast(pa.timestamp("us")).to_numpy(), "M8[D]")
    treated = counts(day[inside & (cause == fix.cause)], first, last)
    controls = np.stack([counts(day[inside & (branches == n)], first, last) for n in names])
    starts = np.arange(np.datetime64(first), np.datetime64(last) + 1).astype("M8[us]")
    series = FixSeries(starts, treated, controls, tuple(names))
    found = verify(series, datetime.combine(fix.at, time(), UTC))
    effect = "–" if found.effect is None else f"{found.effect:+.3f}"
    span = f"{found.interval.low:+.2f} … {found.interval.high:+.2f}" if found.interval else "–"
    p = "–" if found.p_value is None else f"{found.p_value:.3f}"
    print(f"{fix.name:<26} {treated.mean():>8.1f} {fix.effect:>6.2f} {effect:>8} {span:>18} {p:>7} "
          f"{found.verdict.value}")  # fmt: skip


def counts(day: Any, first: date, last: date) -> Floats:  # noqa: ANN401 - numpy days
    """Return how many fall on each day from first to last."""
    number = (day - np.datetime64(first)).astype(np.int64)
    span = (last - first).days + 1
    return np.bincount(number, minlength=span)[:span].astype(np.float64)


def _plain(table: pa.Table) -> pa.Table:
    """Return the table with texts in place of dictionaries, so that chunks can be joined up."""
    return pa.table(
        {
            name: table[name].cast(pa.string())
            if pa.types.is_dictionary(table[name].type)
            else table[name]
            for name in table.column_names
        }
    )


if __name__ == "__main__":
    main()
