"""The lake: how long appending, compacting and every read of the pages take.

    python -m bench.lake [--rows N] [--commits K] [--folder DIR]

Rows are signals of the telco world with causes and severities drawn at random, appended in K
commits to an empty lake. Each read is fetched seven times; the medians of elapsed and of CPU time
(all threads) are told, in milliseconds, on the lake as appended and as compacted.
"""

import argparse
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import SIGNAL_SCHEMA
from amends.engine.worlds import read_world
from amends.store import Lake, open_lake, reads

REPEATS = 7
CAUSES = ("delivery", "delivery/late", "billing/wrong_amount", "network/outage", "unsure")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--commits", type=int, default=10)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    signals = some_signals(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        measure(open_lake(options.folder or folder), signals, options.commits)


def some_signals(rows: int) -> pa.Table:
    """Return so many signals of the world, repeated under new ids where it has too few."""
    parts = [chunk.signals for chunk in read_world("telco").play(80_000, 7).chunks()]
    played = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    rng = np.random.default_rng(1)
    order = np.sort(rng.permutation(np.resize(np.arange(len(played)), rows)))
    table = played.take(order)
    drawn = {
        "signal_id": pa.array([f"{n:032x}" for n in rng.permutation(rows)]),
        "cause": pa.array(np.array(CAUSES)[rng.integers(0, len(CAUSES), rows)]),
        "severity": pa.array(np.array(["low", "medium", "high"])[rng.integers(0, 3, rows)]),
        "sentiment": pa.array(rng.uniform(-1, 1, rows).astype(np.float32)),
    }
    for name, values in drawn.items():
        table = table.set_column(SIGNAL_SCHEMA.get_field_index(name), name, values)
    return table.cast(SIGNAL_SCHEMA)


def measure(lake: Lake, signals: pa.Table, commits: int) -> None:
    """Print what appending, reading, superseding and compacting take."""
    each = -(-len(signals) // commits)
    parts = [signals.slice(each * n, each) for n in range(commits)]
    appended = [timed(partial(lake.append, part, delivery=n)) for n, part in enumerate(parts)]
    print(f"{len(signals)} rows in {commits} commits: {sum(appended):.2f} s", end=", ")
    print(f"{len(signals) / sum(appended):,.0f} rows/s")
    tell(lake, signals, "as appended")
    print(f"compact: {timed(lake.compact):.2f} s")
    tell(lake, signals, "compacted")
    newer = signals.slice(0, 100).set_column(
        SIGNAL_SCHEMA.get_field_index("version"), "version", pa.array([99] * 100, pa.int32())
    )
    print(f"append 100: {timed(lambda: lake.append(newer, delivery=commits)) * 1000:.0f} ms")
    ids = newer.select(["signal_id", "version"])
    print(f"remove 100 superseded: {timed(lambda: lake.remove_superseded(ids)) * 1000:.0f} ms")
    print(f"nothing superseded: {timed(lambda: lake.remove_superseded(ids)) * 1000:.0f} ms")


def tell(lake: Lake, signals: pa.Table, state: str) -> None:
    """Print the median of every read."""
    files = sum(1 for _ in Path(lake.address).glob("month=*/*.parquet"))
    print(f"\n{state} ({files} files in the folder): median of {REPEATS}, ms elapsed and CPU")
    for name, read in all_reads(lake, signals).items():
        read()
        both = [(timed(read), timed(read, process_time)) for _ in range(REPEATS)]
        elapsed, cpu = (median(seconds) * 1000 for seconds in zip(*both, strict=True))
        print(f"  {name:34} {elapsed:6.1f} {cpu:6.1f}")


def all_reads(lake: Lake, signals: pa.Table) -> dict[str, Callable[[], object]]:
    """Return the reads by name, each from the snapshot to the answer."""
    last = pc.max(signals["occurred_at"]).as_py()
    month = {"since": last - timedelta(days=30), "until": last}
    some = signals["signal_id"][:20].to_pylist()
    customer = signals["customer_id"].drop_null()[0].as_py()

    def of(expression: Callable[[ibis.Table], ibis.Table]) -> Callable[[], object]:
        return lambda: lake.fetch(expression(lake.signals()))

    return {
        "version": lake.version,
        "count": of(lambda s: s.count()),
        "counts_by_day": of(reads.counts_by_day),
        "counts_by_day, Berlin": of(lambda s: reads.counts_by_day(s, "Europe/Berlin")),
        "counts_by_day, 30 days": of(lambda s: reads.counts_by_day(reads.where(s, **month))),
        "counts_by_day, 90 days, Berlin": of(
            lambda s: reads.counts_by_day(
                s, "Europe/Berlin", since=last - timedelta(days=90), until=last
            )
        ),
        "counts_by product": of(lambda s: reads.counts_by(s, "product")),
        "values_of region": of(lambda s: reads.values_of(s, "region")),
        "causes": of(reads.causes),
        "causes, 30 days": of(lambda s: reads.causes(reads.where(s, **month))),
        "search, newest 50": of(lambda s: reads.newest(reads.where(s, search="router"), 50)),
        "newest 50": of(lambda s: reads.newest(s, 50)),
        "newest 50 of 30 days": of(lambda s: reads.newest(reads.where(s, **month), 50)),
        "newest 50 from 10,000": of(lambda s: reads.newest(s, 50, 10_000)),
        "one customer": of(lambda s: reads.newest(reads.where(s, customer_id=customer), 50)),
        "by_id, 20": lambda: lake.by_id(some),
    }


def timed(verb: Callable[[], object], clock: Callable[[], float] = perf_counter) -> float:
    """Return how many seconds it takes by a clock."""
    start = clock()
    verb()
    return clock() - start


if __name__ == "__main__":
    main()
