"""The lake keeps what it is given, once, whole, and tells it to everybody."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from tests.store.lakes import START, by_identity, some_signals

from amends.engine.contracts import SIGNAL_SCHEMA, BadInput
from amends.store import LAKE_SCHEMA, Lake, open_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(tmp_path / "lake")


def count(lake: Lake, signals: ibis.Table | None = None) -> int:
    found = lake.fetch((lake.signals() if signals is None else signals).count())
    return int(found[0][0].as_py())


def newer(signals: pa.Table, version: int) -> pa.Table:
    place = signals.column_names.index("version")
    field = signals.schema.field("version")
    return signals.set_column(place, field, pa.array([version] * len(signals), pa.int32()))


def test_what_is_appended_comes_back_whole(lake: Lake) -> None:
    signals = some_signals(500)
    assert lake.append(signals, delivery=7)
    found = lake.fetch(lake.signals())
    assert found.schema.types == LAKE_SCHEMA.types
    assert found.column_names == LAKE_SCHEMA.names
    back = lake.by_id(signals["signal_id"].to_pylist())
    assert back.schema.types == [*SIGNAL_SCHEMA.types, pa.int64()]
    assert set(back["delivery"].to_pylist()) == {7}
    assert by_identity(back.drop_columns(["delivery"])) == by_identity(signals)


def test_a_column_of_nothing_but_nulls_survives(lake: Lake) -> None:
    signals = some_signals(3)
    assert signals["topic_id"].null_count == 3
    lake.append(signals, delivery=1)
    assert (
        lake.fetch(lake.signals().select("topic_id", "loss", "resolved_at")).to_pylist()
        == [{"topic_id": None, "loss": None, "resolved_at": None}] * 3
    )


def test_the_month_is_of_the_occurrence_else_of_the_receipt(lake: Lake) -> None:
    signals = some_signals(3)
    may, june = datetime(2026, 5, 31, 23, 59, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    for name, values in (("occurred_at", [may, None, None]), ("received_at", [june, june, None])):
        place = signals.column_names.index(name)
        field = signals.schema.field(name)
        signals = signals.set_column(place, field, pa.array(values, field.type))
    lake.append(signals, delivery=1)
    found = lake.fetch(lake.signals().select("external_id", "month")).to_pylist()
    assert {row["external_id"]: row["month"] for row in found} == {
        "row-0": "2026-05",
        "row-1": "2026-06",
        "row-2": "undated",
    }


def test_a_delivery_lands_once(lake: Lake) -> None:
    assert lake.append(some_signals(10), delivery=1)
    before = lake.version()
    assert not lake.append(some_signals(10), delivery=1)
    assert not open_lake(lake.address).append(some_signals(20, seed=2), delivery=1)
    assert (count(lake), lake.version()) == (10, before)


def test_a_delivery_of_nothing_is_remembered_too(lake: Lake) -> None:
    assert lake.append(some_signals(0), delivery=1)
    assert not lake.append(some_signals(5), delivery=1)
    assert count(lake) == 0


def test_signals_outside_the_contract_are_refused(lake: Lake) -> None:
    with pytest.raises(ValueError, match="Not columns of the Signal contract: colour"):
        lake.append(pa.table({"colour": ["red"]}), delivery=1)
    assert count(lake) == 0


def test_superseded_rows_go_and_others_stay(lake: Lake) -> None:
    old = some_signals(40)
    lake.append(old, delivery=1)
    lake.append(newer(old.slice(0, 10), 3), delivery=2)
    lake.append(newer(old.slice(5, 10), 2), delivery=3)
    newest = newer(old.slice(0, 10), 3).select(["signal_id", "version"])
    assert lake.remove_superseded(newest) == 15
    assert lake.remove_superseded(newest) == 0
    versions = lake.by_id(old["signal_id"].to_pylist()).select(["signal_id", "version"])
    expected = [*newest.to_pylist(), *old.slice(10).select(["signal_id", "version"]).to_pylist()]
    again = newer(old.slice(10, 5), 2).select(["signal_id", "version"]).to_pylist()
    assert by_identity(versions) == by_identity(pa.Table.from_pylist(expected + again))


def test_nothing_is_removed_for_unknown_signals_or_an_empty_table(lake: Lake) -> None:
    lake.append(some_signals(5), delivery=1)
    before = lake.version()
    for newest in (
        pa.table({"signal_id": ["no'body"], "version": pa.array([9], pa.int32())}),
        some_signals(0).select(["signal_id", "version"]),
        some_signals(5).select(["signal_id", "version"]),
    ):
        assert lake.remove_superseded(newest) == 0
    assert lake.version() == before


def test_a_reader_sees_what_another_lake_object_wrote(lake: Lake) -> None:
    reader = open_lake(lake.address)
    first = reader.version()
    lake.append(some_signals(10), delivery=1)
    assert reader.version() == first + 1
    assert count(reader) == 10


def test_a_snapshot_does_not_change_under_its_reader(lake: Lake) -> None:
    lake.append(some_signals(10), delivery=1)
    page = lake.signals()
    lake.append(some_signals(10, first=10), delivery=2)
    assert (count(lake, page), count(lake)) == (10, 20)


def test_compaction_joins_files_and_loses_nothing(lake: Lake) -> None:
    for delivery in range(4):
        lake.append(some_signals(30, seed=delivery, first=30 * delivery), delivery=delivery)
    before = by_identity(lake.fetch(lake.signals()))
    assert lake.compact() > 0
    assert by_identity(lake.fetch(lake.signals())) == before
    assert lake.compact() == 0
    assert not lake.append(some_signals(5), delivery=3)


def test_a_reader_whose_files_were_vacuumed_answers_from_the_newest(lake: Lake) -> None:
    for delivery in range(3):
        lake.append(some_signals(30, first=30 * delivery), delivery=delivery)
    reader = open_lake(lake.address)
    page = reader.signals()
    lake.compact()
    assert lake.vacuum() == 0
    assert lake.vacuum(keep_hours=0) > 0
    assert count(reader, page) == 90


def test_only_the_months_asked_for_are_read(lake: Lake) -> None:
    lake.append(some_signals(400), delivery=1)
    october = lake.signals(
        datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC) - timedelta(seconds=1)
    )
    expected = count(lake, october)
    assert 0 < expected < 400
    # Other months may hold garbage, for they are not read; the newest tells the columns.
    files = Path(lake.address).glob("month=*/*.parquet")
    others = [f for f in files if f.parent.name not in {"month=2026-10", "month=2026-12"}]
    for file in others:
        file.write_bytes(b"no Parquet at all")
    assert len(others) >= 3
    assert count(lake, october) == expected


def test_threads_share_a_lake(lake: Lake) -> None:
    lake.append(some_signals(200), delivery=0)
    found: list[int] = []

    def read() -> None:
        found.extend(count(lake) for _ in range(5))

    def write() -> None:
        for delivery in range(1, 4):
            lake.append(some_signals(10, first=1000 * delivery), delivery=delivery)

    threads = [threading.Thread(target=verb) for verb in (read, read, read, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 15
    assert set(found) <= {200, 210, 220, 230}
    assert count(lake) == 230


def test_an_expression_built_on_one_thread_is_fetched_on_another(lake: Lake) -> None:
    lake.append(some_signals(20), delivery=1)
    built: list[ibis.Table] = []
    thread = threading.Thread(target=lambda: built.append(lake.signals()))
    thread.start()
    thread.join(60)
    assert count(lake, built[0]) == 20


def test_two_lakes_may_meet_in_one_process(lake: Lake, tmp_path: Path) -> None:
    other = open_lake(tmp_path / "other")
    lake.append(some_signals(5), delivery=1)
    other.append(some_signals(7), delivery=1)
    assert (count(lake), count(other)) == (5, 7)


@pytest.mark.parametrize("name", ["with space", "o'clock", "50% ü #1"])
def test_a_folder_may_have_any_usual_name(tmp_path: Path, name: str) -> None:
    lake = open_lake(tmp_path / name)
    lake.append(some_signals(5), delivery=1)
    assert count(lake) == 5


def test_an_address_with_a_scheme_is_read_through_arrow(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    lake = open_lake((tmp_path / "far").as_uri())
    assert count(lake) == 0
    for delivery in (1, 2):
        lake.append(some_signals(50, first=50 * delivery), delivery=delivery)
    since = lake.signals(since=START + timedelta(days=50))
    assert 0 < count(lake, since) < count(lake) == 100
    assert lake.fetch(lake.signals()).schema.types == LAKE_SCHEMA.types


def test_places_that_cannot_be_used_say_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(BadInput, match="cannot be made"):
        open_lake(file)
    with pytest.raises(BadInput, match=r"holds other things \(file\)"):
        open_lake(tmp_path)
    with pytest.raises(BadInput, match=r"none of \* \? \["):
        open_lake(tmp_path / "a*b")
    with pytest.raises(BadInput, match="cannot be opened"):
        open_lake("nowhere://bucket/lake")
    from deltalake import write_deltalake  # noqa: PLC0415 - this test alone makes another table

    write_deltalake(tmp_path / "sales", pa.table({"sold": [1]}))
    with pytest.raises(BadInput, match="no lake of signals"):
        open_lake(tmp_path / "sales")
