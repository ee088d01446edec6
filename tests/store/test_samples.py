"""A sample draws whole customers, always the same, whether it is kept or drawn from the rows."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.store.lakes import START, some_signals

from amends.store import Lake, open_lake, size_for
from amends.store.engines import Engine
from amends.store.samples import SAMPLES, SIZES

CUSTOMERS = 400
SHOWN = ["signal_id", "version", "customer_id", "occurred_at", "kind"]


def of_many(first: int) -> pa.Table:
    """Return signals of many customers, some of nobody."""
    signals = some_signals(2_000, seed=first + 1, first=first)
    who = [None if i % 7 == 0 else f"customer {i % CUSTOMERS}" for i in range(len(signals))]
    place = signals.schema.get_field_index("customer_id")
    return signals.set_column(place, "customer_id", pa.array(who, pa.string()))


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake of which samples are kept, with a fresh delivery on top."""
    monkeypatch.setattr("amends.store.beside.LEAST_ROWS", 100)
    made = open_lake(tmp_path / "lake")
    for delivery in range(2):
        made.append(of_many(2_000 * delivery), delivery=delivery)
    made.compact()
    made.append(of_many(4_000), delivery=2)
    return made


def is_drawn(row: dict[str, Any], one_in: int = 32) -> bool:
    whose = row["customer_id"] or row["signal_id"]
    return hashlib.md5(whose.encode(), usedforsecurity=False).digest()[0] < 256 // one_in


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=repr)


def kept(lake: Lake) -> set[str]:
    return {file.name for file in (Path(lake.address) / "_samples").glob("*.parquet")}


@pytest.mark.parametrize("one_in", SIZES)
def test_it_is_the_drawn_customers_and_they_whole(lake: Lake, one_in: int) -> None:
    rows = lake.fetch(lake.signals().select(*SHOWN)).to_pylist()
    found = lake.of_some_customers(SHOWN, one_in).to_pylist()
    assert in_order(found) == in_order([row for row in rows if is_drawn(row, one_in)])
    assert len(rows) / one_in / 2 < len(found) < len(rows) / one_in * 2


def test_another_size_is_refused(lake: Lake) -> None:
    with pytest.raises(ValueError, match="no sample of one in 10"):
        lake.of_some_customers(SHOWN, 10)


def test_it_draws_whole_customers(lake: Lake) -> None:
    found = lake.of_some_customers(SHOWN, 32)["customer_id"].to_pylist()
    rows = lake.fetch(lake.signals().select("customer_id"))["customer_id"].to_pylist()
    for customer in set(found) - {None}:
        assert found.count(customer) == rows.count(customer)


def test_it_is_narrowed_as_all_signals_are(lake: Lake) -> None:
    since, until = START + timedelta(days=20, hours=7), START + timedelta(days=61)
    asked: dict[str, Any] = {"dims": {"product": "fibre"}, "cause": "delivery", "kinds": ["ticket"]}
    found = lake.of_some_customers(["signal_id"], 32, since=since, until=until, **asked)
    rows = lake.fetch(lake.signals(since, until)).to_pylist()
    holds = [
        row
        for row in rows
        if is_drawn(row)
        and (row["product"], row["kind"]) == ("fibre", "ticket")
        and f"{row['cause']}/".startswith("delivery/")
    ]
    assert set(found["signal_id"].to_pylist()) == {row["signal_id"] for row in holds}


def test_what_is_kept_is_read_and_nothing_else_of_its_files(lake: Lake) -> None:
    before = in_order(lake.of_some_customers(SHOWN, 32).to_pylist())
    assert kept(lake)
    copy = open_lake(lake.address)
    for name in kept(copy):
        next(Path(copy.address).glob(f"month=*/{name}")).write_bytes(b"no Parquet at all")
    assert in_order(copy.of_some_customers(SHOWN, 32).to_pylist()) == before


def test_what_is_removed_leaves_the_sample_and_after_vacuum_its_files(lake: Lake) -> None:
    drawn = lake.of_some_customers(["signal_id"], 32)["signal_id"].to_pylist()
    lake.remove_signals(drawn[:5])
    assert sorted(lake.of_some_customers(["signal_id"], 32)["signal_id"].to_pylist()) == sorted(
        drawn[5:]
    )
    lake.compact()
    lake.vacuum(keep_hours=0)
    assert kept(lake) <= {file.name for file in Path(lake.address).glob("month=*/*.parquet")}
    for file in (Path(lake.address) / "_samples").glob("*"):
        assert not set(drawn[:5]) & set(pq.read_table(file)["signal_id"].to_pylist())
    assert len(lake.of_some_customers(["signal_id"], 32)) == len(drawn) - 5


def test_what_is_told_of_a_file_does_not_outlive_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.append(some_signals(200, first=9_000), delivery=3)
    before = kept(lake)
    read = type(SAMPLES).of_file

    def read_and_vacuumed(beside: Any, file: str, engine: Engine) -> pa.Table:
        rows = read(beside, file, engine)
        Path(file).unlink()
        return rows

    monkeypatch.setattr(type(SAMPLES), "of_file", read_and_vacuumed)
    SAMPLES.keep_up(lake._newest(), Path(lake.address), lake.engine)
    assert kept(lake) == before
    assert not list((Path(lake.address) / "_samples").glob("*.half"))


@pytest.mark.parametrize(
    ("n", "one_in"), [(0, 1), (200, 1), (201, 32), (3_200, 32), (3_201, 64), (10**9, 256)]
)
def test_of_few_all_are_read_and_of_more_about_as_many_as_wanted(n: int, one_in: int) -> None:
    assert size_for(n, most=100) == one_in
