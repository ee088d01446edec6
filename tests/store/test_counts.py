"""Counts are the same whether rollups tell them or rows, whatever the period cuts."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.lakes import START, some_signals

from amends.store import Lake, open_lake

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def parts() -> list[pa.Table]:
    return [some_signals(400, seed=part, first=400 * part) for part in range(3)]


@pytest.fixture(scope="module")
def rows(parts: list[pa.Table]) -> Rows:
    plain: Rows = pa.concat_tables(parts).to_pylist()
    return plain


@pytest.fixture(scope="module")
def lake(parts: list[pa.Table], tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake whose larger files have counts, with a fresh delivery on top."""
    made = open_lake(tmp_path_factory.mktemp("lake"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("amends.store.beside.LEAST_ROWS", 100)
        for delivery, part in enumerate(parts[:2]):
            made.append(part, delivery=delivery)
        made.compact()
    made.append(parts[2], delivery=2)
    assert 2 <= len(rollups(made)) < len(list(Path(made.address).glob("month=*")))
    return made


def rollups(lake: Lake) -> list[str]:
    return sorted(file.name for file in (Path(lake.address) / "_rollups").glob("*.parquet"))


def told(found: pa.Table, by: list[str]) -> Counter[Any]:
    assert found.column_names == [*by, "n"]
    assert found.schema.field("n").type == pa.int64()
    counts = Counter({tuple(row[name] for name in by): row["n"] for row in found.to_pylist()})
    assert len(counts) == len(found)
    return counts


def counted(rows: Rows, by: list[str], holds: Any) -> Counter[Any]:
    def day(row: dict[str, Any]) -> Any:
        return row["occurred_at"] and row["occurred_at"].date()

    return Counter(
        tuple(day(row) if name == "day" else row[name] for name in by) for row in rows if holds(row)
    )


moments = st.one_of(
    st.none(),
    st.integers(-48, 110 * 24).map(lambda n: START + timedelta(hours=n)),
    st.integers(-2, 110).map(lambda n: START + timedelta(days=n)),
)


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(["day", "kind", "cause", "severity", "product", "region", "customer_id"]),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    moments,
    moments,
    st.sampled_from([{}, {}, {"product": "fibre"}, {"region": "north", "channel": "web"}]),
    st.sampled_from([None, None, "delivery", "delivery/late"]),
    st.sampled_from([None, None, ("complaint", "survey"), ()]),
)
def test_any_question_has_the_plain_answer(
    lake: Lake,
    rows: Rows,
    by: list[str],
    since: datetime | None,
    until: datetime | None,
    dims: dict[str, str],
    cause: str | None,
    kinds: tuple[str, ...] | None,
) -> None:
    def holds(row: dict[str, Any]) -> bool:
        at, of = row["occurred_at"], row["cause"]
        return (
            (since is None or (at is not None and at >= since))
            and (until is None or (at is not None and at < until))
            and all(row[name] == value for name, value in dims.items())
            and (cause is None or of == cause or (of or "").startswith(f"{cause}/"))
            and (kinds is None or row["kind"] in kinds)
        )

    found = lake.counts(by, since=since, until=until, dims=dims, cause=cause, kinds=kinds)
    assert told(found, by) == counted(rows, by, holds)


def test_whole_days_are_read_from_rollups_alone(lake: Lake, rows: Rows) -> None:
    """The rows of counted files may be garbage: nobody looks at them."""
    copy = open_lake(lake.address)
    before = told(copy.counts(["cause"]), ["cause"])
    kept = {}
    for name in rollups(copy):
        file = next(Path(copy.address).glob(f"month=*/{name}"))
        kept[file] = file.read_bytes()
        file.write_bytes(b"no Parquet at all")
    try:
        assert told(copy.counts(["cause"]), ["cause"]) == before
    finally:
        for file, data in kept.items():
            file.write_bytes(data)
    assert before == counted(rows, ["cause"], lambda _: True)


def test_counts_follow_what_is_removed_and_vacuum_tidies_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends.store.beside.LEAST_ROWS", 1)
    lake, signals = open_lake(tmp_path), some_signals(300)
    lake.append(signals, delivery=1)
    lake.compact()
    n_files = len(rollups(lake))
    ids = signals["signal_id"].to_pylist()[:40]
    assert lake.remove_signals(ids) == 40
    rest = [row for row in signals.to_pylist() if row["signal_id"] not in ids]
    assert told(lake.counts(["kind"]), ["kind"]) == counted(rest, ["kind"], lambda _: True)
    lake.compact()
    assert len(rollups(lake)) > n_files
    lake.vacuum(keep_hours=0)
    assert rollups(lake) == sorted(f.name for f in tmp_path.glob("month=*/*.parquet"))
    assert told(lake.counts(["kind"]), ["kind"]) == counted(rest, ["kind"], lambda _: True)


def test_a_lake_elsewhere_counts_its_rows(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    lake = open_lake((tmp_path / "far").as_uri())
    assert lake.counts(["kind"]).num_rows == 0
    lake.append(some_signals(50), delivery=1)
    assert sum(lake.counts(["kind", "day"])["n"].to_pylist()) == 50


def test_times_without_a_zone_are_refused(lake: Lake) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        lake.counts(["kind"], since=datetime(2026, 9, 1))  # noqa: DTZ001 - it is refused
    assert lake.counts(["kind"], since=datetime(2030, 1, 1, tzinfo=UTC)).num_rows == 0
