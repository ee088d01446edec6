"""Whatever the order, the split and the number of workers: the newest version, once, everywhere."""

import itertools
from pathlib import Path
from threading import Event, Thread

import pytest
from django.db import connections
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from tests.web.arrivals import complaint, follow, orders, rolled_up, send, take_back, wipe

from amends.engine.contracts import SeriesKey, Slice
from amends.web.detect.keeping import landed
from amends.web.intake import accounting
from amends.web.intake.models import Arrival, Identity
from amends.web.project import pipeline

pytestmark = pytest.mark.django_db(transaction=True)
PRODUCTS = ("toys", "garden")
DAYS = 3
KEYS = [
    SeriesKey("complaint_rate"),
    *(SeriesKey("complaint_rate", Slice.of({"product": p})) for p in PRODUCTS),
]
_numbers = itertools.count()

Happening = tuple[int, int, bool]
"""A signal, its version, and whether it is withdrawn."""
happenings = st.tuples(st.integers(0, 4), st.integers(1, 3), st.booleans())
deliveries = st.lists(st.lists(happenings, min_size=1, max_size=4), min_size=1, max_size=6)


def content(number: int, version: int) -> tuple[int, str]:
    """Return day and product: the same version always says the same."""
    return (number + version) % DAYS, PRODUCTS[(number * version) % 2]


def newest(told: list[list[Happening]]) -> dict[int, int]:
    """Return what is to be there, by the plainest reckoning."""
    last: dict[int, tuple[int, bool]] = {}
    for number, version, is_withdrawn in itertools.chain.from_iterable(told):
        last[number] = max(last.get(number, (0, False)), (version, is_withdrawn))
    return {number: version for number, (version, is_gone) in last.items() if not is_gone}


def deliver(told: list[Happening]) -> None:
    rows = []
    for number, version, is_withdrawn in told:
        if is_withdrawn:
            take_back(number, version)
        else:
            day, product = content(number, version)
            rows.append(complaint(number, day, version=version, product=product))
    if rows:
        send(*rows)


@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(told=[[(0, 2, False)], [(0, 1, False)]], workers=0, each=True)
@example(told=[[(0, 1, False)], [(0, 2, False)]], workers=3, each=False)
@example(told=[[(0, 1, True)], [(0, 1, False)], [(0, 2, False)]], workers=0, each=True)
@example(
    told=[[(0, 1, False), (1, 1, False)], [(0, 2, True)], [(0, 3, False)]], workers=2, each=True
)
@given(told=deliveries, workers=st.integers(0, 3), each=st.booleans())
def test_lake_and_rollups_hold_the_newest_versions_and_the_ledger_adds_up(
    tmp_path: Path, settings: Settings, told: list[list[Happening]], workers: int, each: bool
) -> None:
    wipe()
    settings.AMENDS_LAKE = str(tmp_path / f"lake-{next(_numbers)}")
    send(*[orders(day, 10, product) for day in range(DAYS) for product in PRODUCTS])
    pipeline.work_off()
    follow(*KEYS)
    is_over = Event()
    crew = [Thread(target=work_until, args=(is_over,)) for _ in range(workers)]
    for worker in crew:
        worker.start()
    for some in told:
        deliver(some)
        if each:
            pipeline.work_off()
    is_over.set()
    for worker in crew:
        worker.join()
    pipeline.work_off()

    expected = newest(told)
    lake = {
        row["external_id"]: row["version"]
        for row in landed().to_pylist()
        if row["kind"] == "complaint"
    }
    assert lake == {f"S-{number}": version for number, version in expected.items()}
    assert len(landed()) == len(lake) + DAYS * len(PRODUCTS), "each of them once"
    for key in KEYS:
        product = dict(key.slice.terms).get("product")
        days = [0.0] * DAYS
        for number, version in expected.items():
            day, its_product = content(number, version)
            days[day] += product in {None, its_product}
        assert rolled_up(key, DAYS)[0] == days
    sums = accounting.terms()
    assert sums.unaccounted == 0
    assert sums.landed == len(landed())
    assert sums.waiting == 0
    assert accounting.gaps() == []
    assert Arrival.objects.count() >= 1
    assert Identity.objects.filter(is_withdrawn=False).count() == len(landed())


def work_until(is_over: Event) -> None:
    try:
        while not is_over.is_set():
            pipeline.work_off()
        pipeline.work_off()
    finally:
        connections.close_all()
