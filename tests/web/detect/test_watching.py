"""The watch: a breakdown is found once, grows, is linked to its cases, and ends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings
from tests.web.signals import signal
from tests.web.tables import table

from amends.engine.contracts import starter_taxonomy
from amends.web.cases.opening import link_to_breakdown
from amends.web.detect import watching
from amends.web.detect.models import Breakdown, WatchRun
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


def arrive(first: int, last: int, toys: int) -> None:
    """Let days pass: orders as ever, complaints about garden as ever, about toys `toys` a day."""
    rng = np.random.default_rng(first)
    rows = []
    for day in range(first, last):
        at = FIRST + timedelta(days=day, hours=12)
        for product, usual in (("toys", toys), ("garden", 6)):
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
    receive(table(rows), "tests", FIRST + timedelta(days=last))
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
