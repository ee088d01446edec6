"""What a world emits: exact, ordered, conforming, the same every time."""

import hashlib
import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.engine.worlds.plays import SIGNALS, Told

from amends.engine.contracts import (
    ENRICHED_FIELDS,
    SCORE_RANGES,
    SIGNAL_SCHEMA,
    BadInput,
    Kind,
    check_signals,
    signal_id,
)
from amends.engine.worlds import LABEL_SCHEMA, read_world

GOLDEN = "fbf1f303b684d7d2234598656031eac54a98c59991c41a31a558f2b52317ef1b"


def fingerprint(tables: list[pa.Table]) -> str:
    digest = hashlib.sha256()
    for table in tables:
        digest.update(json.dumps(table.to_pylist(), default=str, sort_keys=True).encode())
    return digest.hexdigest()


def test_a_small_world_is_the_same_on_every_machine() -> None:
    chunks = list(read_world("retailer").simulate(300, seed=42))
    told = fingerprint([c.signals for c in chunks]) + fingerprint([c.labels for c in chunks])
    assert hashlib.sha256(told.encode()).hexdigest() == GOLDEN


def test_the_same_seed_gives_the_same_play_and_another_seed_another(name: str) -> None:
    first, second, other = (
        next(read_world(name).simulate(500, seed)).signals for seed in (3, 3, 4)
    )
    assert first.equals(second)
    assert not first["verbatim"].equals(other["verbatim"])


def test_signals_conform_to_the_contract(play_told: Told) -> None:
    assert check_signals(play_told.signals).equals(play_told.signals)
    assert play_told.signals.schema.equals(SIGNAL_SCHEMA)
    assert all(play_told.signals[f].null_count == len(play_told.signals) for f in ENRICHED_FIELDS)
    identity = play_told.signals.select(["source", "external_id", "signal_id"])[:200].to_pylist()
    assert all(row["signal_id"] == signal_id(row["source"], row["external_id"]) for row in identity)
    assert pc.count_distinct(play_told.signals["signal_id"]).as_py() == len(play_told.signals)


def test_scores_and_times_lie_in_their_ranges(play_told: Told) -> None:
    for score, (low, high) in SCORE_RANGES.items():
        found = pc.min_max(play_told.signals[score]).as_py()
        assert low <= found["min"] <= found["max"] <= high
    late = pc.less(play_told.signals["resolved_at"], play_told.signals["opened_at"])
    assert not pc.any(late).as_py()
    late = pc.less(play_told.signals["received_at"], play_told.signals["occurred_at"])
    assert not pc.any(late).as_py()


def test_exactly_as_many_signals_as_asked_for_and_in_time_order(play_told: Told) -> None:
    kinds = Counter(play_told.signals["kind"].to_pylist())
    assert set(kinds) == {kind.value for kind in Kind}
    assert sum(kinds.values()) - kinds["transaction"] == SIGNALS == len(play_told.labels)
    times = np.asarray(play_told.signals["occurred_at"].cast("int64"))
    assert (np.diff(times) >= 0).all()
    assert play_told.said["signal_id"].equals(play_told.labels["signal_id"])
    assert play_told.labels.schema.equals(LABEL_SCHEMA)


@pytest.mark.parametrize("signals", [1, 2, 17])
def test_tiny_worlds_are_worlds(signals: int) -> None:
    chunks = list(read_world("bank").simulate(signals, seed=5))
    assert sum(len(c.labels) for c in chunks) == signals


def test_chunks_do_not_change_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pa.concat_tables([c.signals for c in read_world("telco").simulate(900, seed=2)])
    monkeypatch.setattr("amends.engine.worlds.play.CHUNK_ROWS", 250)
    parts = [c.signals for c in read_world("telco").simulate(900, seed=2)]
    assert len(parts) == 4
    # References that tell equal texts apart depend on what was written just before.
    assert pa.concat_tables(parts).drop_columns("verbatim").equals(whole.drop_columns("verbatim"))


def test_transactions_are_rows_per_day_and_slice(play_told: Told) -> None:
    rows = play_told.signals.filter(pc.equal(play_told.signals["kind"], "transaction"))
    cells = rows.select(["occurred_at", "region", "product", "vendor"])
    assert len(cells.group_by(cells.column_names).aggregate([])) == len(rows)
    assert pc.min(rows["exposure"]).as_py() >= 1
    assert rows["verbatim"].null_count == len(rows)


def test_tickets_are_censored_at_the_end_of_the_period(play_told: Told) -> None:
    tickets = play_told.signals.filter(pc.equal(play_told.signals["kind"], "ticket"))
    open_share = tickets["resolved_at"].null_count / len(tickets)
    assert 0.005 < open_share < 0.1
    coded = pc.is_valid(tickets["resolution_code"])
    assert coded.equals(pc.is_valid(tickets["resolved_at"]))
    assert pc.max(tickets["contacts"]).as_py() >= 2
    assert {True, False} <= set(tickets["is_escalated"].to_pylist())


def test_customers_come_back_with_the_same_cause_within_a_week(retailer_told: Told) -> None:
    said = retailer_told.said
    causes = retailer_told.labels["cause"].to_pylist()
    seconds = np.asarray(said["occurred_at"].cast("int64")) // 1_000_000
    last: dict[tuple[str, str], int] = {}
    gaps = []
    people, kinds = said["customer_id"].to_pylist(), said["kind"].to_pylist()
    for who, cause, kind, at in zip(people, causes, kinds, seconds.tolist(), strict=True):
        if cause and kind == "complaint":
            if (who, cause) in last:
                gaps.append(at - last[who, cause])
            last[who, cause] = at
    again = sum(gap <= 7 * 86_400 for gap in gaps)
    assert again / len(causes) > 0.02
    assert again > 0.6 * len(gaps)


@pytest.mark.parametrize(("signals", "seed"), [(0, 1), (-5, 1), (10, -1)])
def test_numbers_that_cannot_be_played_are_refused(signals: int, seed: int) -> None:
    with pytest.raises(BadInput):
        read_world("telco").play(signals, seed)
