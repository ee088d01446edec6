"""How sources fare: silent, late, failing or well, from their own ledger, in few queries."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from tests.arrivals import arrived, usual_weeks
from tests.people import People
from tests.web.signals import fill_lake, signal

from amends.web.intake.arrivals import hours_of
from amends.web.intake.models import Delivery, QuarantinedRow, Source, Way
from amends.web.intake.source_health import health, health_of

NOW = datetime(2026, 3, 25, 14, 30, tzinfo=UTC)  # a Wednesday
pytestmark = pytest.mark.django_db


def state_of(name: str, now: datetime = NOW) -> str:
    found = health_of(name, now)
    assert found
    return found.state


def make(name: str, way: Way = Way.API, **more: object) -> Source:
    return Source.objects.create(name=name, title=name.title(), way=way, **more)


@pytest.mark.parametrize(
    ("name", "quiet", "state"),
    [
        ("seen just now", timedelta(minutes=3), "well"),
        ("an hour and a half in which nine come", timedelta(minutes=95), "late"),
        ("since the morning", timedelta(hours=5), "silent"),
    ],
)
def test_the_state_is_told_by_the_pause(name: str, quiet: timedelta, state: str) -> None:
    make("desk")
    usual_weeks("desk", NOW - quiet, per_hour=6)
    assert state_of("desk") == state, name


def test_nights_and_weekends_are_no_silence() -> None:
    make("desk")
    usual_weeks("desk", NOW, per_hour=6, days=30, opens=8, closes=18)
    for now in (NOW.replace(hour=23), NOW + timedelta(hours=16), NOW + timedelta(days=3)):
        usual_weeks("desk", now, since=NOW, per_hour=6, opens=8, closes=18)
        assert state_of("desk", now) in {"well", "late"}, now


def test_what_a_person_said_of_a_source_counts() -> None:
    make("paused", is_paused=True)
    make("strict", silent_after_minutes=60)
    make("file", Way.FILE)
    for name in ("paused", "strict", "file"):
        usual_weeks(name, NOW - timedelta(hours=5), per_hour=6)
    states = {one.source.name: one.state for one in health(NOW)}
    assert states == {"paused": "paused", "strict": "silent", "file": "at_rest"}


def test_rows_that_cannot_be_read_make_it_fail_once_that_is_sure() -> None:
    make("desk")
    usual_weeks("desk", NOW, per_hour=6)
    arrived("desk", NOW - timedelta(minutes=20), rows=4, quarantined=1)
    found = health_of("desk", NOW)
    assert found
    assert found.state == "well"
    arrived("desk", NOW - timedelta(minutes=10), rows=100, quarantined=50)
    found = health_of("desk", NOW)
    assert found
    assert found.state == "failing"
    assert found.errors
    assert found.errors.part == 51
    assert found.errors.interval.low < found.errors.value < found.errors.interval.high


def test_the_last_hour_stands_against_the_same_hours_before() -> None:
    make("desk")
    usual_weeks("desk", NOW - timedelta(hours=1), per_hour=6, rows=10)
    arrived("desk", NOW - timedelta(minutes=10), rows=400)
    found = health_of("desk", NOW)
    assert found
    assert found.usual
    assert found.usual.rows == 400
    assert found.usual.around.low < 60 < found.usual.around.high < 400
    assert 40 < found.usual.expected < 80


def test_hours_hold_every_row_of_the_ledger_but_the_mended(db: None) -> None:  # noqa: ARG001
    rng = np.random.default_rng(4)
    for _ in range(60):
        at = NOW - timedelta(minutes=float(rng.uniform(0, 50_000)))
        arrived("a", at, rows=5, duplicates=1, quarantined=2)
    arrived("a", NOW, rows=9, way=Way.MENDED)
    hours = hours_of(NOW)["a"]
    assert (hours.rows.sum(), hours.duplicates.sum()) == (300, 60)
    assert (hours.accepted.sum(), hours.quarantined.sum()) == (120, 120)
    assert hours.rows[-1] == 0 or hours.last_at > NOW - timedelta(hours=1)


@pytest.fixture
def _living(db: None) -> None:  # noqa: ARG001
    now = timezone.now()
    make("desk")
    usual_weeks("desk", now - timedelta(hours=3), per_hour=6)
    line = arrived("desk", now - timedelta(hours=2), rows=10, quarantined=2, duplicates=1)
    Delivery.objects.create(
        arrival=line,
        source="desk",
        received_at=line.received_at,
        rows=7,
        payload=b"",
        state="done",
        done_at=line.received_at + timedelta(seconds=3),
    )
    for row in (1, 2):
        QuarantinedRow.objects.create(
            source="desk", arrival=line, received_at=line.received_at, row=row, field="nps",
            reason=f"'{row}x' is no number", raw="{}",
        )  # fmt: skip
    arrived("world retailer", now - timedelta(days=2), rows=5, way=Way.WORLD)
    at = now - timedelta(hours=1)
    fill_lake([signal(source="desk", occurred_at=at - timedelta(minutes=2), received_at=at)])


@pytest.mark.usefixtures("_living")
def test_the_pages_tell_how_sources_fare(
    people: People, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(people.leader)
    client.get("/sources/")
    with django_assert_max_num_queries(16):
        response = client.get("/sources/")
    html = response.content.decode().replace("\u00a0", " ")
    for said in ("Desk", "world retailer", "HTTP API", "3.0 s · 3.0 s", "median", "By hand"):
        assert said in html, said
    assert 'href="/sources/world%20retailer/"' in html
    html = client.get("/sources/desk/").content.decode().replace("\u00a0", " ")
    for said in ("2 m · 2 m", "nps: no number", "2 rows", 'data-chart="source"', "Latest arrivals"):
        assert said in html, said
    assert "/signals/quarantine/" not in html  # a leader does not mend
    assert client.get("/sources/world%20retailer/").status_code == 200
    assert client.get("/sources/nobody/").status_code == 404
    client.force_login(people.analyst)
    assert "/signals/quarantine/?source=desk" in client.get("/sources/desk/").content.decode()


def test_without_any_source_it_says_what_to_do(people: People, client: Client) -> None:
    client.force_login(people.admin)
    assert "Nothing has come in yet" in client.get("/sources/").content.decode()
    client.force_login(people.owner)
    assert client.get("/sources/").status_code == 403
