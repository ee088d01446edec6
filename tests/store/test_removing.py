"""What is removed is gone: from every answer at once, and after vacuum from every file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.lakes import START, some_signals

from amends.store import Lake, open_lake

TOLD = "zzz Aunt Ottilie’s parcel 4711 zzz"
"""Sorts last: a log that kept the greatest value of verbatims would hold it."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(tmp_path / "lake")


def with_column(signals: pa.Table, name: str, values: list[Any]) -> pa.Table:
    place = signals.column_names.index(name)
    field = signals.schema.field(name)
    return signals.set_column(place, field, pa.array(values, field.type))


def saying(signals: pa.Table, text: str) -> pa.Table:
    return with_column(signals, "verbatim", [text] * len(signals))


def files_that_tell(lake: Lake, text: str) -> list[str]:
    """Return the files of the folder that hold a text, in plain bytes or compressed in Parquet."""
    found = []
    for file in Path(lake.address).rglob("*"):
        if not file.is_file():
            continue
        values: set[object] = set()
        if file.suffix == ".parquet" and file.parent.name != "_delta_log":
            values = set(pq.read_table(file, columns=["verbatim"])["verbatim"].to_pylist())
        if text in values or text.encode() in file.read_bytes():
            found.append(str(file.relative_to(lake.address)))
    return found


def versions(lake: Lake) -> list[tuple[str, int]]:
    found = lake.fetch(lake.signals().select("signal_id", "version")).to_pylist()
    return sorted((row["signal_id"], row["version"]) for row in found)


def test_every_version_of_removed_signals_goes_and_others_stay(lake: Lake) -> None:
    signals = some_signals(60)
    lake.append(signals, delivery=1)
    lake.append(with_column(signals, "version", [2] * 60), delivery=2)
    ids = signals["signal_id"].to_pylist()
    assert lake.remove_signals([*ids[:7], ids[0], "no'body"]) == 14
    assert versions(lake) == sorted((name, v) for name in ids[7:] for v in (1, 2))
    before = lake.version()
    assert lake.remove_signals(ids[:7]) == 0
    assert lake.remove_signals([]) == 0
    assert lake.version() == before


def test_of_some_signals_only_one_delivery_is_kept(lake: Lake) -> None:
    signals = some_signals(60)
    lake.append(signals, delivery=1)
    lake.append(signals.slice(0, 10), delivery=2)
    ids = signals["signal_id"].to_pylist()
    assert lake.keep_only(ids[:10], 2) == 10
    assert lake.keep_only(ids[:10], 2) == 0
    kept = lake.fetch(lake.signals().select("signal_id", "delivery")).to_pylist()
    assert len(kept) == 60
    assert {row["signal_id"] for row in kept if row["delivery"] == 2} == set(ids[:10])


def test_no_file_tells_what_was_removed_once_it_is_vacuumed(lake: Lake) -> None:
    told = saying(some_signals(30, first=500), TOLD)
    lake.append(some_signals(100), delivery=1)
    lake.append(told, delivery=2)
    lake.compact()
    lake.append(saying(some_signals(5, first=900), TOLD), delivery=3)
    assert files_that_tell(lake, TOLD)
    ids = [*told["signal_id"].to_pylist(), *some_signals(5, first=900)["signal_id"].to_pylist()]
    assert lake.remove_signals(ids) == 35
    assert len(versions(lake)) == 100
    assert lake.vacuum(keep_hours=0) > 0
    assert files_that_tell(lake, TOLD) == []
    assert len(versions(lake)) == 100


def test_a_text_survives_in_no_checkpoint_of_the_log(lake: Lake) -> None:
    told = saying(some_signals(3), TOLD)
    lake.append(told, delivery=1)
    DeltaTable(lake.address).create_checkpoint()
    lake.remove_signals(told["signal_id"].to_pylist())
    DeltaTable(lake.address).create_checkpoint()
    lake.vacuum(keep_hours=0)
    assert files_that_tell(lake, TOLD) == []


def test_what_a_dead_writer_left_behind_goes_too_but_not_under_the_hands_of_another(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends.store.lake.PATIENCE_SECONDS", 0.05)
    lake.append(some_signals(10), delivery=1)
    file = next(Path(lake.address).glob("month=*/*.parquet"))
    left = file.with_name("part-00000-left-behind.parquet")
    pq.write_table(saying(some_signals(3), TOLD), left)
    with lake._writers.one_more():
        assert open_lake(lake.address).vacuum(keep_hours=0) == 0
    assert left.exists()
    assert lake.vacuum(keep_hours=0) == 1
    assert files_that_tell(lake, TOLD) == []
    assert len(versions(lake)) == 10


def test_a_kind_goes_before_a_time_by_occurrence_else_by_receipt(lake: Lake) -> None:
    old, edge = datetime(2026, 5, 3, tzinfo=UTC), datetime(2026, 6, 1, 12, tzinfo=UTC)
    just_before = edge - timedelta(microseconds=1)
    signals = some_signals(7)
    signals = with_column(signals, "kind", ["survey"] * 6 + ["ticket"])
    occurred = [old, just_before, edge, None, None, None, old]
    received = [edge, edge, old, old, edge, None, old]
    signals = with_column(signals, "occurred_at", occurred)
    lake.append(with_column(signals, "received_at", received), delivery=1)
    assert lake.remove_before("survey", edge) == 3
    left = lake.fetch(lake.signals().select("external_id"))["external_id"].to_pylist()
    assert sorted(left) == ["row-2", "row-4", "row-5", "row-6"]
    assert lake.remove_before("survey", edge) == 0
    assert lake.remove_before("no'kind", edge) == 0
    with pytest.raises(ValueError, match="no time zone"):
        lake.remove_before("survey", datetime(2026, 6, 1))  # noqa: DTZ001 - it is refused


def test_a_lake_of_an_older_version_stops_writing_texts_into_its_log(lake: Lake) -> None:
    DeltaTable(lake.address).alter.set_table_properties(
        {"delta.dataSkippingStatsColumns": "verbatim"}
    )
    reopened = open_lake(lake.address)
    reopened.append(saying(some_signals(3), TOLD), delivery=1)
    assert not any(file.startswith("_delta_log") for file in files_that_tell(lake, TOLD))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(0, 5)),
            st.tuples(st.just("remove"), st.lists(st.integers(0, 40), max_size=9)),
            st.tuples(st.just("before"), st.integers(0, 110)),
            st.tuples(st.sampled_from(["compact", "vacuum"]), st.none()),
        ),
        max_size=8,
    )
)
def test_any_sequence_of_verbs_leaves_what_a_plain_list_would(
    tmp_path_factory: pytest.TempPathFactory, verbs: list[tuple[str, Any]]
) -> None:
    lake = open_lake(tmp_path_factory.mktemp("lake"))
    plain: list[dict[str, Any]] = []
    for delivery, (verb, what) in enumerate(verbs):
        if verb == "append":
            part = some_signals(10, seed=delivery, first=10 * what, version=delivery)
            lake.append(part, delivery=delivery)
            plain += part.to_pylist()
        elif verb == "remove":
            ids = {some_signals(1, first=n)["signal_id"][0].as_py() for n in what}
            gone = [row for row in plain if row["signal_id"] in ids]
            assert lake.remove_signals(list(ids)) == len(gone)
            plain = [row for row in plain if row["signal_id"] not in ids]
        elif verb == "before":
            until = START + timedelta(days=what)
            stay = [row for row in plain if not is_before(row, until)]
            assert lake.remove_before("survey", until) == len(plain) - len(stay)
            plain = stay
        elif verb == "compact":
            lake.compact()
        else:
            lake.vacuum(keep_hours=0)
        assert versions(lake) == sorted((row["signal_id"], row["version"]) for row in plain)


def is_before(row: dict[str, Any], until: datetime) -> bool:
    at = row["occurred_at"] or row["received_at"]
    return row["kind"] == "survey" and at is not None and at < until
