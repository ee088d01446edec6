"""An outbreak: complaints of one cause in one slice within minutes."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from amends.engine.contracts import SIGNAL_SCHEMA, BadInput, Kind, check_signals
from amends.engine.worlds import Play, read_world

START = datetime(2025, 11, 3, 9, 30, 15, 250_000, tzinfo=UTC)


@pytest.fixture(scope="module")
def play() -> Play:
    return read_world("retailer").play(3_000)


def kinds(table: pa.Table) -> list[str]:
    return [str(kind) for kind in table["kind"].to_pylist()]


def test_every_world_has_an_outbreak_of_its_own(name: str) -> None:
    world = read_world(name)
    spec = world.company.outbreak
    assert spec is not None
    told = world.play(800).outbreak(spec.cause, spec.slice, START, spec.minutes, spec.per_minute)
    check_signals(told)
    assert told.schema == SIGNAL_SCHEMA
    assert kinds(told).count("complaint") == round(spec.minutes * spec.per_minute)
    assert 60 <= spec.per_minute <= 180
    assert {Kind.COMPLAINT, Kind.TICKET, Kind.SOCIAL} == set(kinds(told))
    assert (spec.cause, spec.slice) not in [(b.cause, b.slice) for b in world.company.breakdowns]


def test_its_customers_and_times_are_those_asked_for(play: Play) -> None:
    where = {"region": "west", "product": "toys", "channel": "app"}
    told = play.outbreak("digital/checkout_error", where, START, 5, 60)
    complaints = told.filter(pa.array([k == "complaint" for k in kinds(told)]))
    for dimension, value in where.items():
        assert set(complaints[dimension].to_pylist()) == {value}
    at = told["occurred_at"].to_pylist()
    assert at == sorted(at)
    assert at[0] >= START
    assert at[-1] < START + timedelta(minutes=6)
    first_half = sum(t < START + timedelta(minutes=2.5) for t in at)
    assert 0.35 < first_half / len(at) < 0.65
    ids = set(play.customers()["customer_id"].to_pylist())
    assert set(told["customer_id"].to_pylist()) <= ids
    words = [w for w in complaints["verbatim"].to_pylist() if w]
    assert len(set(words)) == len(words) == 300


def test_its_names_never_clash(play: Play) -> None:
    cause, where = "billing/duplicate_charge", {"channel": "app"}
    one = play.outbreak(cause, where, START, 3, 60, seed=1)
    again = play.outbreak(cause, where, START, 3, 60, seed=1)
    assert one.equals(again)
    others = [
        play.outbreak(cause, where, START, 3, 60, seed=2),
        play.outbreak(cause, where, START + timedelta(seconds=1), 3, 60, seed=1),
        *(chunk.signals for chunk in play.chunks()),
    ]
    for column in ("signal_id", "case_ref"):
        names = [n for t in [one, *others[:2]] for n in set(t[column].drop_null().to_pylist())]
        assert len(set(names)) == len(names)
        known = {n for t in others for n in t[column].drop_null().to_pylist()}
        assert not known & set(one[column].drop_null().to_pylist())
    assert all(name.startswith("LIVE-") for name in one["external_id"].to_pylist())


def test_a_planted_breakdown_can_break_out_again(play: Play) -> None:
    told = play.outbreak("cityrun-returns", {}, START, 1, 60)
    complaints = told.filter(pa.array([k == "complaint" for k in kinds(told)]))
    assert set(complaints["region"].to_pylist()) == {"southeast"}
    assert set(complaints["vendor"].to_pylist()) == {"cityrun"}


def test_it_may_come_after_the_period(play: Play) -> None:
    later = datetime(2031, 5, 1, tzinfo=UTC)
    told = play.outbreak("billing/duplicate_charge", {}, later, 1, 60)
    assert min(told["occurred_at"].to_pylist()) >= later


@pytest.mark.parametrize(
    ("cause", "where", "minutes", "at"),
    [
        ("astrology/mars", {}, 1.0, START),
        ("billing/duplicate_charge", {"planet": "mars"}, 1.0, START),
        ("billing/duplicate_charge", {"vendor": "bluevan"}, 1.0, START),
        ("product/size_fit", {"product": "toys"}, 1.0, START),
        ("billing/duplicate_charge", {}, 0.0, START),
        ("billing/duplicate_charge", {}, 1.0, START.replace(tzinfo=None)),
    ],
)
def test_what_cannot_break_is_refused(
    play: Play, cause: str, where: dict[str, str], minutes: float, at: datetime
) -> None:
    with pytest.raises(BadInput):
        play.outbreak(cause, where, at, minutes, 60)
