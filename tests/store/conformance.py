"""Every read and verb of the store in one list: what each engine has to answer alike."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import ibis
import pyarrow as pa
from tests.store.lakes import START, some_signals

from amends.store import Lake, open_lake, reads

Answer = list[dict[str, Any]]
PARTS: Final = 3
SINCE, UNTIL = START + timedelta(days=20, hours=7), START + timedelta(days=61)
BERLIN: Final = "Europe/Berlin"

READS: Final[Mapping[str, Callable[[ibis.Table], ibis.Expr]]] = {
    "everything": lambda s: s,
    "count": lambda s: s.count(),
    "since": lambda s: reads.where(s, since=SINCE).select("signal_id"),
    "until": lambda s: reads.where(s, until=UNTIL).select("signal_id"),
    "within": lambda s: reads.within(s, SINCE, UNTIL).select("signal_id"),
    "dimensions": lambda s: reads.where(
        s, dims={"region": "Österreich", "product": "o'clock %_ plan"}
    ).select("signal_id"),
    "cause and below": lambda s: reads.where(s, cause="delivery").select("signal_id", "cause"),
    "kinds": lambda s: reads.where(s, kinds=["survey", "ticket"]).select("signal_id"),
    "no kind": lambda s: reads.where(s, kinds=[]).select("signal_id"),
    "severity": lambda s: reads.where(s, severity="high").select("signal_id"),
    "customer": lambda s: reads.where(s, customer_id="c3").select("signal_id"),
    "words": lambda s: reads.where(s, search="lATe").select("signal_id"),
    "words beyond ASCII": lambda s: reads.where(s, search="GRÖSSE").select("signal_id"),
    "words with signs": lambda s: reads.where(s, search="0%").select("signal_id"),
    "words with an underscore": lambda s: reads.where(s, search="e_t").select("signal_id"),
    "words with a backslash": lambda s: reads.where(s, search="\\").select("signal_id"),
    "words with quotes": lambda s: reads.where(s, search="' OR 1=1 --").select("signal_id"),
    "by day": reads.counts_by_day,
    "by day in Berlin": lambda s: reads.counts_by_day(s, BERLIN),
    "by day in Kolkata": lambda s: reads.counts_by_day(s, "Asia/Kolkata", since=SINCE),
    "by day on Lord Howe": lambda s: reads.counts_by_day(s, "Australia/Lord_Howe", until=UNTIL),
    "course by hour": lambda s: reads.course(reads.where(s, since=SINCE)),
    "course by minute": lambda s: reads.course(s, "m"),
    "counts of regions": lambda s: reads.counts_by(s, "region"),
    "counts of NPS": lambda s: reads.counts_by(s, "nps"),
    "counts of flags": lambda s: reads.counts_by(s, "is_escalated"),
    "values": lambda s: reads.values_of(s, "cause"),
    "causes": reads.causes,
    "causes of a period": lambda s: reads.causes(reads.where(s, since=SINCE, until=UNTIL)),
    "lags of sources": reads.lags,
    "newest": lambda s: reads.newest(s, 50),
    "a deep page": lambda s: reads.newest(s.select("occurred_at", "signal_id", "version"), 99, 500),
}
ORDERED: Final = ("by ", "course", "counts", "values", "causes", "newest", "a deep page")
"""How the names of reads begin that say in which order their rows come."""


def make_lake(folder: Path) -> Lake:
    """Return a lake of a few hundred signals, in several files a month."""
    lake = open_lake(folder)
    for part in range(PARTS):
        lake.append(some_signals(300, seed=part, first=300 * part), delivery=part)
    return lake


def answer(lake: Lake, name: str) -> Answer:
    """Return what a lake's engine answers to a read."""
    found = lake.fetch(READS[name](lake.signals()))
    assert found.schema.equals(READS[name](lake.signals()).as_table().schema().to_pyarrow())
    rows: Answer = [{key: _plain(value) for key, value in row.items()} for row in found.to_pylist()]
    return rows if name.startswith(ORDERED) else sorted(rows, key=repr)


def _plain(value: Any) -> Any:
    """Sums of floating-point numbers may differ in their last bits: the order is the engine's."""
    return round(value, 9) if isinstance(value, float) else value


def run_verbs(folder: Path, engine: str) -> list[Any]:
    """Return what every verb answers and leaves, one after the other."""
    lake = open_lake(folder, engine=engine)
    told: list[Any] = [_left(lake)]

    def tell(done: Any) -> None:
        told.append((done, _left(lake)))

    old = some_signals(40)
    tell(lake.append(old, delivery=1))
    tell(lake.append(old, delivery=1))
    newer = old.slice(0, 10)
    place = old.schema.get_field_index("version")
    newer = newer.set_column(place, "version", pa.array([3] * 10, pa.int32()))
    tell(lake.append(newer, delivery=2))
    page = lake.signals()
    tell(lake.remove_superseded(newer.select(["signal_id", "version"])))
    tell(lake.remove_superseded(newer.select(["signal_id", "version"])))
    told.append(lake.fetch(page.count())[0][0].as_py())
    ids = old["signal_id"].to_pylist()
    told.append(lake.by_id(ids[:5]).to_pylist())
    tell(lake.remove_signals(ids[5:8]))
    tell(lake.remove_before("survey", SINCE))
    told.append(lake.compact() > 0)
    tell(lake.compact())
    for by, since in ((["cause", "severity"], SINCE), (["day", "region"], None)):
        counts = lake.counts(by, since=since, kinds=["complaint", "ticket"]).to_pylist()
        told.append(sorted(counts, key=repr))
    drawn = lake.of_some_customers(["signal_id", "occurred_at"], 32, since=SINCE, kinds=["ticket"])
    told.append(sorted(drawn.to_pylist(), key=repr))
    told.append(lake.vacuum(keep_hours=0) > 0)
    told.append(lake.fetch(page.count())[0][0].as_py())
    return told


def _left(lake: Lake) -> list[tuple[str, int]]:
    found = lake.fetch(lake.signals().select("signal_id", "version")).to_pylist()
    return sorted((row["signal_id"], row["version"]) for row in found)
