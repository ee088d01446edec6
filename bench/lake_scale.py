"""A lake of ten million signals: how long each read of the overview takes, on DuckDB and on Spark.

    python -m bench.lake_scale FOLDER [--signals N] [--spark [MASTER]] [--times K]

Makes the lake in FOLDER when there is none: a year of the telco world, repeated with fresh ids,
customers and times, in monthly partitions, appended in deliveries of 200,000 and compacted. Then
tells of every read the median and the 95th percentile of elapsed milliseconds over K runs, each
from the snapshot to the Arrow table. Only FOLDER is written; remove it yourself.
"""

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.progress import track

from amends.engine.contracts import SIGNAL_SCHEMA, Kind, starter_taxonomy
from amends.engine.worlds import read_world
from amends.flows.enriching import enrich
from amends.store import Lake, open_lake, reads, size_for
from amends.store.rollups import DIMENSIONS

DELIVERY: Final = 200_000
UNTIL: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The end of the telco world's play: the page is looked at in this moment."""
YEAR: Final = timedelta(days=365)
TOLD: Final = tuple(kind.value for kind in Kind if kind is not Kind.TRANSACTION)
COMPLAINTS: Final = (Kind.COMPLAINT.value,)
CONTACT_KINDS: Final = ("complaint", "ticket", "escalation", "social", "survey")
CONTACTS: Final = (
    "source", "kind", "occurred_at", "received_at", "opened_at", "resolved_at", "customer_id",
    "case_ref", "cause", "nps", "csat", "ces", "contacts", "reopens", "transfers", "is_escalated",
    "severity",
)  # fmt: skip
"""As `web/track/contacts.py` reads them."""
MOST_CONTACTS: Final = 50_000
Read = Callable[[], pa.Table]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--signals", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--spark", nargs="?", const="local[2]", metavar="MASTER")
    options = parser.parse_args()
    if not (options.folder / "_delta_log").exists():
        make(options.folder, options.signals)
    engines = ["duckdb", *([options.spark] if options.spark else [])]
    told = {engine: measure(options.folder, engine, options.times) for engine in engines}
    print(f"{'ms: median, p95':42}" + "".join(f"{engine:>20}" for engine in engines))
    for name in told["duckdb"]:
        figures = (told[engine][name] for engine in engines)
        cells = "".join(f"{np.median(ms):12.0f}{np.percentile(ms, 95):8.0f}" for ms in figures)
        print(f"{name:42}{cells}")


def make(folder: Path, n: int) -> None:
    """Append n signals of a year and compact them."""
    lake, year = open_lake(folder), a_year()
    copies = -(-n // len(year))
    rng = np.random.default_rng(1)
    edges = [datetime(2025, month, 1, tzinfo=UTC) for month in range(1, 13)] + [UNTIL]
    delivery, seconds = 0, 0.0
    for since, until in track(list(pairwise(edges)), "appending months"):
        for part in repeated(between(year, since, until), copies, since, until, rng):
            delivery += 1
            seconds += timed(partial(lake.append, part, delivery=delivery))
    n_rows = lake.fetch(lake.signals().count())[0][0].as_py()
    print(f"appended {n_rows:,} rows in {delivery} deliveries: {n_rows / seconds:,.0f} rows/s")
    print(f"compact: {timed(lake.compact):.1f} s")


def a_year() -> pa.Table:
    """Return the enriched signals of the last year of a play, in order of time."""
    chunks = [chunk.signals for chunk in read_world("telco").play(200_000, 7).chunks()]
    played = pa.concat_tables(chunks).unify_dictionaries().combine_chunks()
    told = enrich(between(played, UNTIL - YEAR, UNTIL), None, starter_taxonomy("telecoms"))
    return told.sort_by("occurred_at").unify_dictionaries().combine_chunks()


def between(signals: pa.Table, since: datetime, until: datetime) -> pa.Table:
    """Return the signals that occurred in a stretch."""
    at = signals["occurred_at"]
    first, end = pa.scalar(since, at.type), pa.scalar(until, at.type)
    return signals.filter(pc.and_(pc.greater_equal(at, first), pc.less(at, end)))


def repeated(
    signals: pa.Table, copies: int, since: datetime, until: datetime, rng: np.random.Generator
) -> Iterator[pa.Table]:
    """Yield deliveries of a stretch's signals, each many times as somebody else's, by time."""
    n, length = len(signals) * copies, int((until - since).total_seconds() * 1e6)
    start = int(since.timestamp() * 1e6)
    at = np.tile(signals["occurred_at"].cast("int64").to_numpy(), copies)
    at = start + (at + rng.integers(0, 86_400_000_000, n) - start) % length
    order = np.argsort(at, kind="stable")
    for first in range(0, n, DELIVERY):
        chosen = order[first : first + DELIVERY]
        rows = signals.take(pa.array(chosen % len(signals)))
        copy = pa.array((chosen // len(signals)).astype("U"))
        ids = pa.array([rng.bytes(16).hex() for _ in chosen])
        fresh = {
            "signal_id": ids,
            "external_id": pc.binary_join_element_wise(rows["external_id"], ids, "-"),
            "customer_id": pc.binary_join_element_wise(rows["customer_id"], copy, "-"),
            "occurred_at": pa.array(at[chosen]).cast(SIGNAL_SCHEMA.field("occurred_at").type),
        }
        for name, values in fresh.items():
            rows = rows.set_column(SIGNAL_SCHEMA.get_field_index(name), name, values)
        yield rows.cast(SIGNAL_SCHEMA)


def measure(folder: Path, engine: str, times: int) -> dict[str, list[float]]:
    """Return the milliseconds of every run of every read, the first left out."""
    told = {}
    for name, read in track(all_reads(open_lake(folder, engine=engine)).items(), engine):
        read()
        told[name] = [timed(read) * 1000 for _ in range(times)]
    return told


def all_reads(lake: Lake) -> dict[str, Read]:
    """Return the reads of the overview by name, as the web asks them."""
    now = UNTIL - timedelta(hours=8, minutes=30)
    found: dict[str, Read] = {
        f"menu of {name}s": partial(lake.counts, (name,)) for name in (*DIMENSIONS, "cause")
    }
    for days in (7, 28, 90, 365):
        period: dict[str, Any] = {"since": now - timedelta(days=days), "until": now}
        fibre = {**period, "dims": {"product": "fibre"}}
        for label, asked in ((f"{days} days", period), (f"{days} days of fibre", fibre)):
            found[f"course, {label}"] = partial(lake.counts, ("day",), kinds=COMPLAINTS, **asked)
            found[f"causes, {label}"] = partial(
                lake.counts, ("cause", "severity"), kinds=TOLD, **asked
            )
        twice: dict[str, Any] = {"since": now - timedelta(days=2 * days), "until": now}
        found[f"contacts, twice {days} days"] = partial(contacts, lake, **twice)
    return found


def contacts(lake: Lake, since: datetime, until: datetime) -> pa.Table:
    """Return the contacts that key figures follow over time: of many a sample."""
    asked: dict[str, Any] = {"since": since, "until": until, "kinds": CONTACT_KINDS}
    n = sum(lake.counts(("kind",), **asked)["n"].to_pylist())
    one_in = size_for(n, MOST_CONTACTS)
    if one_in == 1:
        return lake.fetch(reads.where(lake.signals(), **asked).select(*CONTACTS))
    return lake.of_some_customers(CONTACTS, one_in, **asked)


def timed(verb: Callable[[], object]) -> float:
    """Return how many seconds it takes."""
    start = perf_counter()
    verb()
    return perf_counter() - start


if __name__ == "__main__":
    main()
