"""Every read on an engine against the plain answer, row by row."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa
import pytest
from tests.store.lakes import START, some_signals

from amends.store import Lake, open_lake, reads

Rows = list[dict[str, Any]]

PARTS = 4
SINCE, UNTIL = START + timedelta(days=20, hours=7), START + timedelta(days=61)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    made = open_lake(tmp_path_factory.mktemp("lake"))
    for part in range(PARTS):
        made.append(some_signals(300, seed=part, first=300 * part), delivery=part)
    return made


@pytest.fixture(scope="module")
def rows() -> Rows:
    parts = [some_signals(300, seed=part, first=300 * part) for part in range(PARTS)]
    plain: Rows = pa.concat_tables(parts).to_pylist()
    return plain


def answer(lake: Lake, expression: ibis.Expr) -> Rows:
    found: Rows = lake.fetch(expression).to_pylist()
    return found


def test_no_filter_is_everything(lake: Lake, rows: Rows) -> None:
    assert answer(lake, reads.where(lake.signals()).count())[0].popitem()[1] == len(rows)


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({"since": SINCE}, lambda r: r["occurred_at"] and r["occurred_at"] >= SINCE),
        ({"until": UNTIL}, lambda r: r["occurred_at"] and r["occurred_at"] < UNTIL),
        (
            {"since": SINCE, "until": UNTIL},
            lambda r: r["occurred_at"] and SINCE <= r["occurred_at"] < UNTIL,
        ),
        (
            {"dims": {"region": "Österreich", "channel": "web"}},
            lambda r: r["region"] == "Österreich" and r["channel"] == "web",
        ),
        (
            {"dims": {"product": "o'clock %_ plan"}},
            lambda r: r["product"] == "o'clock %_ plan",
        ),
        ({"cause": "delivery"}, lambda r: r["cause"] in {"delivery", "delivery/late"}),
        ({"cause": "delivery/late"}, lambda r: r["cause"] == "delivery/late"),
        ({"kinds": ["survey", "ticket"]}, lambda r: r["kind"] in {"survey", "ticket"}),
        ({"kinds": []}, lambda _: False),
        ({"severity": "high"}, lambda r: r["severity"] == "high"),
        ({"customer_id": "c3"}, lambda r: r["customer_id"] == "c3"),
        (
            {"search": "lATe"},
            lambda r: "late" in (r["verbatim"] or "").lower() + "|" + (r["subject"] or "").lower(),
        ),
        ({"search": "GRÖSSE"}, lambda _: False),
        ({"search": "größe"}, lambda r: "Größe" in (r["verbatim"] or "")),
        ({"search": "0%"}, lambda r: "0%" in (r["verbatim"] or "")),
        ({"search": "e_t"}, lambda r: "e_t" in (r["subject"] or "")),
        ({"search": "' OR 1=1"}, lambda _: False),
        ({"search": "", "cause": "", "dims": {}}, lambda _: True),
        (
            {"search": "late", "severity": "low", "kinds": ["survey"], "since": SINCE},
            lambda r: (
                "late" in (r["verbatim"] or "").lower() + "|" + (r["subject"] or "").lower()
                and r["severity"] == "low"
                and r["kind"] == "survey"
                and r["occurred_at"]
                and r["occurred_at"] >= SINCE
            ),
        ),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, dict) else "",
)
def test_where_keeps_what_holds(lake: Lake, rows: Rows, given: Any, holds: Any) -> None:
    found = answer(lake, reads.where(lake.signals(), **given).select("signal_id"))
    expected = sorted(row["signal_id"] for row in rows if holds(row))
    assert sorted(row["signal_id"] for row in found) == expected


def test_where_takes_ids(lake: Lake, rows: Rows) -> None:
    ids = [row["signal_id"] for row in rows[::97]]
    found = answer(lake, reads.where(lake.signals(), ids=[*ids, "nobody"]))
    assert sorted(row["signal_id"] for row in found) == sorted(ids)
    assert not answer(lake, reads.where(lake.signals(), ids=[]))


def test_where_refuses_what_is_no_dimension_and_times_without_zone(lake: Lake) -> None:
    with pytest.raises(ValueError, match="No dimensions: colour"):
        reads.where(lake.signals(), dims={"colour": "red"})
    with pytest.raises(ValueError, match="no time zone"):
        reads.where(lake.signals(), until=datetime(2026, 9, 1))  # noqa: DTZ001 - it is refused


@pytest.mark.parametrize(
    "tz", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
)
def test_counts_by_day_of_any_zone(lake: Lake, rows: Rows, tz: str) -> None:
    days = Counter(
        row["occurred_at"].astimezone(ZoneInfo(tz)).date() for row in rows if row["occurred_at"]
    )
    assert answer(lake, reads.counts_by_day(lake.signals(), tz)) == [
        {"day": day, "n": n} for day, n in sorted(days.items())
    ]


def test_counts_by_day_on_the_edge_of_a_clock_change(tmp_path: Path) -> None:
    signals = some_signals(600, seed=9)
    edges = [
        datetime(2026, 10, 24, 21, 59, tzinfo=UTC) + timedelta(minutes=30 * i) for i in range(600)
    ]
    place = signals.column_names.index("occurred_at")
    at = pa.array(edges, signals.schema.field(place).type)
    lake = open_lake(tmp_path)
    lake.append(signals.set_column(place, signals.schema.field(place), at), delivery=1)
    days = Counter(at.astimezone(ZoneInfo("Europe/Berlin")).date() for at in edges)
    assert answer(lake, reads.counts_by_day(lake.signals(), "Europe/Berlin")) == [
        {"day": day, "n": n} for day, n in sorted(days.items())
    ]


@pytest.mark.parametrize("tz", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize(
    ("since", "until"), [(SINCE, None), (None, UNTIL), (SINCE, UNTIL), (UNTIL, SINCE)]
)
def test_counts_by_day_of_a_period(
    lake: Lake, rows: Rows, tz: str, since: datetime | None, until: datetime | None
) -> None:
    days = Counter(
        row["occurred_at"].astimezone(ZoneInfo(tz)).date()
        for row in rows
        if row["occurred_at"]
        and (since is None or row["occurred_at"] >= since)
        and (until is None or row["occurred_at"] < until)
    )
    found = answer(lake, reads.counts_by_day(lake.signals(), tz, since=since, until=until))
    assert found == [{"day": day, "n": n} for day, n in sorted(days.items())]


@pytest.mark.parametrize("column", ["region", "cause", "kind", "nps", "is_escalated"])
def test_counts_by_and_values_of(lake: Lake, rows: Rows, column: str) -> None:
    counts = Counter(row[column] for row in rows)
    expected = [
        {"value": value, "n": n}
        for value, n in sorted(
            counts.items(), key=lambda item: (-item[1], item[0] is None, item[0])
        )
    ]
    assert answer(lake, reads.counts_by(lake.signals(), column)) == expected
    assert answer(lake, reads.values_of(lake.signals(), column)) == [
        row for row in expected if row["value"] is not None
    ]


def test_causes(lake: Lake, rows: Rows) -> None:
    found = answer(lake, reads.causes(lake.signals()))
    names = {row["cause"] for row in rows if row["cause"]}
    assert {row["cause"] for row in found} == names
    assert [row["n"] for row in found] == sorted((row["n"] for row in found), reverse=True)
    for told in found:
        mine = [row for row in rows if row["cause"] == told["cause"]]
        assert told["n"] == len(mine)
        assert told["n_severe"] == sum(row["severity"] in {"high", "critical"} for row in mine)
        assert told["customers"] == len({row["customer_id"] for row in mine} - {None})
        assert told["value_at_risk"] == sum(r["value_at_risk"] for r in mine if r["value_at_risk"])
        felt = [row["sentiment"] for row in mine if row["sentiment"] is not None]
        assert told["sentiment"] == pytest.approx(fmean(felt))


def test_newest_pages_through_everything_once(lake: Lake, rows: Rows) -> None:
    dated = sorted(
        (row for row in rows if row["occurred_at"]),
        key=lambda row: (-row["occurred_at"].timestamp(), row["signal_id"]),
    )
    undated = sorted(row["signal_id"] for row in rows if not row["occurred_at"])
    expected = [row["signal_id"] for row in dated] + undated
    paged = [
        row["signal_id"]
        for offset in range(0, len(rows) + 1, 500)
        for row in answer(lake, reads.newest(lake.signals(), 500, offset))
    ]
    assert paged == expected


def test_reads_of_an_empty_lake_are_empty(tmp_path: Path) -> None:
    signals = open_lake(tmp_path).signals()
    lake = open_lake(tmp_path)
    for expression in (
        reads.where(signals, since=SINCE, search="x", dims={"region": "north"}),
        reads.counts_by_day(signals, "Europe/Berlin"),
        reads.counts_by(signals, "region"),
        reads.causes(signals),
        reads.newest(signals, 10),
    ):
        assert not answer(lake, expression)


def test_lags_of_each_source(lake: Lake, rows: Rows) -> None:
    seconds: dict[str, list[float]] = {}
    for row in rows:
        if row["occurred_at"] and row["received_at"]:
            lag = row["received_at"].timestamp() // 1 - row["occurred_at"].timestamp() // 1
            seconds.setdefault(row["source"], []).append(lag)
    for told in answer(lake, reads.lags(lake.signals())):
        mine = seconds.pop(told["source"])
        assert told["n"] == len(mine)
        assert told["median"] == pytest.approx(np.quantile(mine, 0.5, method="inverted_cdf"))
        assert told["p95"] == pytest.approx(np.quantile(mine, 0.95, method="inverted_cdf"))
    assert not seconds
