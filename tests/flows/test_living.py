"""A play cut at an instant: nothing is lost or told twice, however time goes on."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.contracts import BadInput, check_signals
from amends.engine.worlds import Play, read_world
from amends.flows.living import Future, add_signals, next_signals, split

TODAY = date(2026, 5, 13)
MIDNIGHT = datetime(2026, 5, 13, tzinfo=UTC)
NOW = MIDNIGHT + timedelta(hours=9, minutes=41, seconds=7.25)


@cache
def play() -> Play:
    return read_world("retailer").dated(TODAY, 40, future_days=4, business=0.3).play(900)


@cache
def cut(now: datetime = NOW) -> tuple[list[pa.Table], Future]:
    return split(play(), now, closings=True)


@cache
def whole() -> pa.Table:
    return pa.concat_tables([chunk.signals for chunk in play().chunks()])


def identities(tables: list[pa.Table]) -> Counter[tuple[str, int]]:
    return Counter(
        pair
        for t in tables
        for pair in zip(t["signal_id"].to_pylist(), t["version"].to_pylist(), strict=True)
    )


def exposure(*tables: pa.Table) -> float:
    return sum(float(pc.sum(t["exposure"]).as_py() or 0.0) for t in tables)


@cache
def everything() -> pa.Table:
    _, future = cut()
    return next_signals(future, NOW, future.ends_at)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 4 * 86_400 * 1_000_000), max_size=6))
def test_however_time_is_cut_every_signal_comes_once(steps: list[int]) -> None:
    _, future = cut()
    edges = [NOW, *(NOW + timedelta(microseconds=s) for s in sorted(steps))]
    edges = [*(e for e in edges if e < future.ends_at), future.ends_at]
    parts = [next_signals(future, a, b) for a, b in pairwise(edges)]
    assert identities(parts) == identities([everything()])
    assert max(identities(parts).values()) == 1
    for part, (a, b) in zip(parts, pairwise(edges), strict=True):
        told = part["received_at"].to_pylist()
        assert told == sorted(told)
        assert all(a < t <= b for t in told)


@settings(deadline=None, max_examples=15)
@given(st.integers(-3 * 86_400, 4 * 86_400), st.booleans(), st.floats(0.001, 5))
def test_exposure_and_signals_are_conserved_wherever_the_cut_lies(
    seconds: int, by_hours: bool, rate: float
) -> None:
    now = NOW + timedelta(seconds=seconds)
    history, future = split(play(), now, by_hours=by_hours, rows_per_second=rate)
    later = next_signals(future, now, future.ends_at)
    assert exposure(*history, later) == exposure(whole())
    ids = identities([*history, later])
    assert max(ids.values()) == 1
    said = whole().filter(pc.not_equal(whole()["kind"], "transaction"))["signal_id"].to_pylist()
    assert set(said) <= {name for name, _ in ids}
    for table in history:
        assert all(t <= now for t in table["received_at"].to_pylist())
        assert all(t <= now for t in table["occurred_at"].to_pylist())


def test_the_history_comes_month_by_month_in_time_order() -> None:
    history, _ = cut()
    months = [{(t.year, t.month) for t in h["occurred_at"].to_pylist()} for h in history]
    assert [min(m) for m in months] == [(2026, 4), (2026, 5)]
    assert all(len(m) == 1 for m in months)
    for table in history:
        check_signals(table)
        at = table["occurred_at"].to_pylist()
        assert at == sorted(at)


def test_nobody_knows_the_future_of_a_ticket() -> None:
    history, future = cut()
    for table in history:
        resolved = table["resolved_at"].drop_null().to_pylist()
        assert all(t <= NOW for t in resolved)
    versions = everything().filter(pc.equal(everything()["version"], 2))
    assert len(versions) > 3
    assert versions["received_at"].equals(versions["resolved_at"])
    tickets = whole().filter(pc.is_valid(whole()["resolved_at"]))
    later = tickets.filter(pa.array([t > NOW for t in tickets["resolved_at"].to_pylist()]))
    assert set(versions["signal_id"].to_pylist()) == set(later["signal_id"].to_pylist())
    assert future.said["resolved_at"].null_count == len(future.said)


def test_a_second_cut_of_the_same_play_goes_on_where_the_first_one_was() -> None:
    later = NOW + timedelta(hours=30)
    _, future = cut()
    _, again = cut(later)
    rest = next_signals(future, later, future.ends_at)
    assert identities([next_signals(again, later, again.ends_at)]) == identities([rest])


def test_what_was_told_before_the_cut_never_comes_again() -> None:
    _, future = cut()
    early = next_signals(future, NOW - timedelta(days=9), NOW + timedelta(hours=1))
    assert identities([early]) == identities([next_signals(future, NOW, NOW + timedelta(hours=1))])
    assert not len(next_signals(future, NOW + timedelta(hours=1), NOW))


def test_transactions_come_evenly_or_by_business_hours() -> None:
    day = MIDNIGHT + timedelta(days=1)
    shares = []
    for by_hours in (False, True):
        _, future = split(play(), NOW, by_hours=by_hours)
        table = next_signals(future, day, day + timedelta(days=1))
        night = next_signals(future, day, day + timedelta(hours=6))
        shares.append(exposure(night) / exposure(table))
    assert shares[0] == pytest.approx(0.25, abs=0.12)
    assert shares[1] < 0.08


def test_a_busy_world_tells_of_several_transactions_in_a_row() -> None:
    _, future = split(play(), NOW, rows_per_second=0.0001)
    table = next_signals(future, NOW, future.ends_at)
    units = np.asarray(table["exposure"].drop_null())
    assert units.max() > 1
    assert (units == np.floor(units)).all()


def test_further_signals_are_told_by_now_or_later() -> None:
    _, future = cut()
    where = {"channel": "app"}
    more = play().outbreak("digital/checkout_error", where, NOW - timedelta(minutes=1), 2, 60)
    known, longer = add_signals(future, more)
    later = next_signals(longer, NOW, longer.ends_at)
    assert 0 < len(known) < len(more)
    assert all(t <= NOW for t in known["occurred_at"].to_pylist())
    assert identities([later, known]) == identities([everything(), more])


def test_without_a_future_nothing_comes() -> None:
    after = datetime(2027, 1, 1, tzinfo=UTC)
    history, future = split(play(), after)
    assert sum(len(h) for h in history) == len(whole())
    assert future.ends_at == after
    assert not len(next_signals(future, after, after + timedelta(days=3)))


def test_instants_without_a_zone_are_refused() -> None:
    _, future = cut()
    with pytest.raises(BadInput, match="time zone"):
        split(play(), NOW.replace(tzinfo=None))
    with pytest.raises(BadInput, match="time zone"):
        next_signals(future, NOW, NOW.replace(tzinfo=None))
    with pytest.raises(BadInput):
        split(play(), NOW, rows_per_second=0)
