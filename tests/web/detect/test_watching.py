"""The watch: a breakdown is found once, grows, is linked to its cases, and ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from pytest_django import Settings
from tests.people import People
from tests.web.signals import signal
from tests.web.tables import table

from amends.engine.contracts import SeriesKey, Slice, starter_taxonomy
from amends.web.cases.opening import link_to_breakdown
from amends.web.detect import actions, states, watching
from amends.web.detect.history import history
from amends.web.detect.in_force import config_in_force
from amends.web.detect.models import (
    OPEN_STATES,
    Breakdown,
    PlannedEvent,
    Series,
    WatchRun,
    WatchState,
)
from amends.web.intake.receiving import receive
from amends.web.project import pipeline

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 90
BROKE = DAYS - 3
TAXONOMY = starter_taxonomy("general")


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")


def arrive(first: int, last: int, toys: int, garden: int = 6, source: str = "tests") -> None:
    """Let days pass: orders as ever, complaints about garden as ever, about toys `toys` a day."""
    rng = np.random.default_rng(first)
    rows = []
    for day in range(first, last):
        at = FIRST + timedelta(days=day, hours=12)
        for product, usual in (("toys", toys), ("garden", garden)):
            common = {"occurred_at": at, "received_at": at, "product": product}
            rows.append(
                signal(kind="transaction", external_id=f"O{day}{product}", exposure=300.0, **common)
            )
            rows += [
                signal(
                    external_id=f"K{day}{product}{n}",
                    kind="escalation" if n == 0 and toys > 6 else "complaint",
                    customer_id=f"C{day}{product}{n}",
                    verbatim="It broke after a day, please send another one",
                    **common,
                )
                for n in range(max(1, int(rng.poisson(usual))))
            ]
    receive(table(rows), source, FIRST + timedelta(days=last))
    pipeline.work_off()


def at(day: int) -> datetime:
    return FIRST + timedelta(days=day)


@pytest.fixture
def _broken() -> None:
    arrive(0, BROKE, toys=6)
    watching.choose_series(at(BROKE))
    arrive(BROKE, DAYS, toys=45)


@pytest.mark.usefixtures("_broken")
def test_a_breakdown_is_found_where_it_lies_and_only_once() -> None:
    [found] = watching.watch(at(DAYS), TAXONOMY)
    assert found.where.as_dict() == {"product": "toys"}
    assert found.onset_at == at(BROKE)
    assert found.ratio_low > 3
    assert found.customers is not None
    assert found.customers > 80
    assert found.is_open
    assert watching.watch(at(DAYS), TAXONOMY) == []
    assert watching.watch(at(DAYS), TAXONOMY, whole=True) == []
    assert Breakdown.objects.count() == 1
    assert WatchRun.objects.count() == 3


@pytest.mark.usefixtures("_broken")
def test_it_grows_and_ends() -> None:
    [found] = watching.watch(at(DAYS), TAXONOMY)
    arrive(DAYS, DAYS + 1, toys=60)
    assert watching.watch(at(DAYS + 1), TAXONOMY) == []
    grown = Breakdown.objects.get()
    assert grown.observed > found.observed
    assert grown.customers is not None
    assert found.customers is not None
    assert grown.customers > found.customers
    arrive(DAYS + 1, DAYS + 12, toys=6)
    watching.watch(at(DAYS + 12), TAXONOMY)
    over = Breakdown.objects.get()
    assert over.state == "over"
    assert over.ended_at == at(DAYS + 1)


@pytest.mark.usefixtures("_broken")
def test_the_cases_in_its_slice_and_time_are_linked() -> None:
    [found] = watching.watch(at(DAYS), TAXONOMY)
    assert link_to_breakdown(found) == 3
    assert {case.product for case in found.cases.all()} == {"toys"}
    assert link_to_breakdown(found) == 0


def test_nothing_happens_without_series() -> None:
    arrive(0, 2, toys=6)
    assert watching.watch(at(2), TAXONOMY) == []


def test_quiet_days_raise_no_alarm() -> None:
    arrive(0, DAYS, toys=6)
    watching.choose_series(at(DAYS))
    assert watching.watch(at(DAYS), TAXONOMY, whole=True) == []


def test_what_was_kept_goes_on_in_another_process_and_only_touched_series_are_looked_at() -> None:
    arrive(0, DAYS, toys=6)
    watching.choose_series(at(DAYS))
    assert watching.watch(at(DAYS), TAXONOMY) == []
    stamps = dict(WatchState.objects.values_list("measure", "stamp"))
    assert stamps
    states.at_hand.clear()
    arrive(DAYS, DAYS + 1, toys=60)
    [found] = watching.watch(at(DAYS + 1), TAXONOMY)
    assert found.where.as_dict() == {"product": "toys"}
    assert dict(WatchState.objects.values_list("measure", "stamp")) == stamps
    first, second = WatchRun.objects.order_by("pk").values_list("n_series", flat=True)
    assert 0 < second <= first
    assert not Series.objects.exclude(changed_from=None).exists()
    watching.watch(at(DAYS + 1), TAXONOMY)
    assert WatchRun.objects.latest("pk").n_series < second


def test_what_comes_late_by_weeks_is_taken_up() -> None:
    arrive(0, DAYS, toys=6)
    watching.choose_series(at(DAYS))
    watching.watch(at(DAYS), TAXONOMY)
    toys = SeriesKey("complaint_rate", Slice.of({"product": "toys"}))
    before = _sums(toys)
    arrive(DAYS - 20, DAYS - 18, toys=30, source="late")
    assert watching.watch(at(DAYS), TAXONOMY) == []
    assert _sums(toys) != before
    mended = _sums(toys)
    WatchState.objects.all().delete()
    Series.objects.update(changed_from=at(0).date())
    watching.watch(at(DAYS), TAXONOMY)
    np.testing.assert_allclose(_sums(toys), mended, rtol=1e-9)


@pytest.mark.parametrize("most", [300, 13])
def test_a_flood_of_alarms_is_told_once_and_says_so(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends.web.detect.looking.MOST", most)
    days, products, broken = 70, 18, 16
    rng = np.random.default_rng(3)
    rows = []
    for day in range(days):
        when = {"occurred_at": at(day), "received_at": at(day)}
        for product in range(products):
            usual = 1 if product < broken else 40
            n = 9 if product < broken and day >= days - 2 else int(rng.poisson(usual))
            rows += [
                signal(external_id=f"{day}.{product}.{i}", product=f"p{product}", **when)
                for i in range(n)
            ]
    receive(table(rows), "tests", at(days))
    pipeline.work_off()
    watching.choose_series(at(days))
    found = watching.watch(at(days), TAXONOMY)
    assert max(b.stands_for for b in found) >= broken - 2
    assert len(found) < broken


def _sums(key: SeriesKey) -> list[float]:
    block = states.block_of(key.measure, config_in_force(key.measure), (), at(DAYS))
    assert block is not None
    row = block.monitor.keys.index(key)
    state = block.monitor.state
    return [*map(float, state.recent[:, 0, row]), float(state.eta[row, 0])]


@pytest.mark.usefixtures("_broken")
def test_a_level_that_somebody_accepts_is_expected_from_then_on(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    [found] = watching.watch(at(DAYS), TAXONOMY)
    arrive(DAYS, DAYS + 12, toys=45)
    watching.watch(at(DAYS + 12), TAXONOMY)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(DAYS + 12))
    accepted = actions.accept_level(people.manager, found, "The toy of the year")
    assert (accepted.state, accepted.ended_at) == ("over", None)
    with pytest.raises(ValidationError, match="goes on"):
        actions.accept_level(people.manager, accepted, "Once more")
    monkeypatch.undo()
    for day in range(DAYS + 12, DAYS + 17):
        arrive(day, day + 1, toys=45)
        assert watching.watch(at(day + 1), TAXONOMY) == []
    assert Breakdown.objects.filter(state__in=OPEN_STATES).count() == 0
    assert "The toy of the year" in [event.body for event in history(accepted)]


@pytest.mark.usefixtures("_broken")
def test_two_workers_at_once_tell_a_breakdown_once() -> None:
    def watch_here(_: int) -> int:
        try:
            return len(watching.watch(at(DAYS), TAXONOMY))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        told = list(workers.map(watch_here, range(2)))
    assert sorted(told) == [0, 1]
    assert Breakdown.objects.count() == 1


def test_settled_days_are_taken_in_by_the_night() -> None:
    arrive(0, DAYS, toys=6)
    watching.choose_series(at(DAYS))
    watching.watch(at(DAYS), TAXONOMY)
    arrive(DAYS, DAYS + 5, toys=6)
    before = _at("complaint_rate")
    watching.settle_all(at(DAYS + 5))
    assert _at("complaint_rate") == before + 5
    assert watching.watch(at(DAYS + 5), TAXONOMY) == []


@pytest.mark.usefixtures("_broken")
def test_under_a_budget_of_none_nobody_is_called(people: People) -> None:
    actions.set_budget(people.leader, 0, "Migration weekend")
    assert watching.watch(at(DAYS), TAXONOMY) == []
    actions.set_budget(people.leader, 6, "It is over")
    arrive(DAYS, DAYS + 1, toys=45)
    assert len(watching.watch(at(DAYS + 1), TAXONOMY)) == 1


def _at(measure: str) -> int:
    block = states.block_of(measure, config_in_force(measure), (), at(DAYS))
    assert block is not None
    return block.monitor.state.at


def test_a_campaign_that_was_known_of_is_no_breakdown_and_a_release_is_no_excuse() -> None:
    arrive(0, 50, toys=6)
    for first in (50, 64, 78):
        arrive(first, first + 2, toys=24, garden=24)
        arrive(first + 2, min(first + 14, BROKE), toys=6)
    watching.choose_series(at(BROKE))
    assert watching.watch(at(BROKE), TAXONOMY) == []
    arrive(BROKE, DAYS, toys=24, garden=24)
    for kind, expected in (("campaign", 0), ("release", 1)):
        PlannedEvent.objects.all().delete()
        for first in (50, 64, 78, BROKE):
            until = at(first + 3) if first == BROKE else at(first + 2)
            PlannedEvent.objects.create(title="x", kind=kind, starts_at=at(first), ends_at=until)
        Series.objects.update(changed_from=at(BROKE).date())
        assert len(watching.watch(at(DAYS), TAXONOMY)) == expected
