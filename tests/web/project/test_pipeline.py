"""From the inbox to lake, rollups and cases: everything once, whatever happens on the way."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from pytest_django import Settings
from tests.people import People
from tests.web.arrivals import DAY, arrive, complaint, follow, orders, rolled_up
from tests.web.tables import table

from amends.engine.clocks import ClockKind
from amends.engine.contracts import SeriesKey, Slice
from amends.engine.signals import roll_up_slices
from amends.web.cases.actions import acknowledge, wait
from amends.web.cases.clocks import readings_of
from amends.web.cases.models import Case, State
from amends.web.detect.keeping import landed
from amends.web.intake.lake import lake
from amends.web.intake.models import Delivery, Identity, Landing
from amends.web.intake.receiving import receive
from amends.web.project import pipeline
from amends.web.project.sifting import Unready

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")


def test_what_is_received_twice_is_there_once() -> None:
    rows = table([complaint(1), complaint(2)])
    first = receive(rows, "tests", timezone.now())
    again = receive(rows, "tests", timezone.now())
    assert (first.accepted, first.duplicates) == (2, 0)
    assert (again.accepted, again.duplicates, again.deliveries) == (0, 2, ())
    assert pipeline.work_off() == 1
    assert len(landed()) == 2


def test_the_same_signal_twice_in_one_request_counts_once_in_its_newest_version() -> None:
    receipt = receive(
        table([complaint(1, version=1), complaint(1, version=3), complaint(1, version=2)]),
        "tests",
        timezone.now(),
    )
    assert (receipt.accepted, receipt.superseded, receipt.duplicates) == (1, 2, 0)
    assert Identity.objects.get().version == 3


def test_a_newer_version_replaces_the_older_everywhere() -> None:
    arrive(*[orders(day, 10) for day in range(3)], complaint(1, day=0))
    key = SeriesKey("complaint_rate", Slice.of({"product": "toys"}))
    follow(SeriesKey("complaint_rate"), key)
    assert rolled_up(key)[0][:3] == [1, 0, 0]
    arrive(complaint(1, day=2, version=2))
    assert rolled_up(key)[0][:3] == [0, 0, 1]
    kept = [row for row in landed().to_pylist() if row["kind"] == "complaint"]
    assert [row["version"] for row in kept] == [2]


def test_an_older_version_that_comes_late_changes_nothing() -> None:
    arrive(complaint(1, version=2))
    receipt = receive(table([complaint(1, version=1)]), "tests", timezone.now())
    assert receipt.accepted == 0
    assert landed()["version"].to_pylist() == [2]


def test_a_crash_after_the_lake_is_repaired_by_the_next_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrive(orders(0, 50))
    follow(SeriesKey("complaint_rate"))
    receive(table([complaint(n) for n in range(5)]), "tests", timezone.now())

    def crash(_landing: Landing, _leaving: object) -> None:
        raise ConnectionError("the worker died")

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "_finish", crash)
        with pytest.raises(Unready):
            pipeline.process_next()
    landing = Landing.objects.get(done_at=None)
    assert "the worker died" in landing.error
    assert landing.retry_at is not None, "and it waits a while"
    assert pipeline.work_off() == 0
    Landing.objects.update(retry_at=None)
    assert len(lake().fetch(lake().signals())) == 6, "it had reached the lake"
    assert len(landed()) == 1, "but it has not landed"
    assert rolled_up(SeriesKey("complaint_rate"))[0][0] == 0

    pipeline.work_off()
    assert len(landed()) == 6
    assert rolled_up(SeriesKey("complaint_rate"))[0][0] == 5


def test_a_delivery_that_cannot_be_unpacked_is_kept_and_gives_way_to_the_others() -> None:
    receive(table([complaint(1)]), "tests", timezone.now())
    bad = Delivery.objects.get()
    bad.payload = b"no arrow stream"
    bad.save()
    receive(table([complaint(2)]), "tests", timezone.now())
    pipeline.work_off()
    bad.refresh_from_db()
    assert bad.state == "failed"
    assert bytes(bad.payload) == b"no arrow stream", "nothing is lost by it"
    assert landed()["external_id"].to_pylist() == ["S-2"]


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_rollups_do_not_depend_on_how_signals_are_delivered(parts: int) -> None:
    rng = np.random.default_rng(3)
    products = ["toys", "garden"]
    rows = [orders(day, 20 + day, product) for day in range(4) for product in products]
    rows += [
        complaint(n, day=int(rng.integers(0, 4)), product=products[int(rng.integers(0, 2))])
        for n in range(40)
    ]
    arrive(*rows[:8], *rows[8:12])
    keys = [SeriesKey("complaint_rate", Slice.of({"product": p})) for p in products]
    follow(SeriesKey("complaint_rate"), *keys)
    rest = rows[12:]
    for part in range(parts):
        arrive(*rest[part::parts])
    expected = roll_up_slices(
        landed(), "complaint_rate", [k.slice for k in keys], ends_at=DAY + timedelta(days=4)
    )
    for row, key in enumerate(keys):
        value, exposure = rolled_up(key)
        assert value[:4] == expected.value[row][:4].tolist()
        assert exposure[:4] == expected.exposure[row][:4].tolist()


def test_a_grave_complaint_opens_a_case_and_a_second_one_joins_it() -> None:
    grave: dict[str, Any] = {"kind": "escalation", "loss": Decimal("120.00"), "currency": "EUR"}
    arrive(complaint(1, customer_id="K", **grave))
    arrive(complaint(2, day=1, customer_id="K", **grave), complaint(3, customer_id="other"))
    case = Case.objects.get()
    assert case.customer_id == "K"
    assert case.n_signals == 2
    assert case.due_at is not None
    assert case.due_at > case.opened_at
    assert case.recommendation.limit >= 0
    assert [e.kind for e in case.entries.all()] == ["signal", "recommended", "signal"]


def test_who_speaks_again_is_no_longer_waited_for_and_is_owed_an_answer(people: People) -> None:
    grave: dict[str, Any] = {"kind": "escalation", "loss": Decimal("120.00"), "currency": "EUR"}

    def now() -> dict[str, object]:
        return {"occurred_at": timezone.now(), "received_at": timezone.now()}

    arrive({**complaint(1, customer_id="K", **grave), **now()})
    case = Case.objects.get()
    acknowledge(people.manager, case, 1)
    wait(people.manager, case, 2, State.WAITING_CUSTOMER)
    case.refresh_from_db()
    assert case.paused_at is not None
    arrive({**complaint(2, customer_id="K", **grave), **now()})
    case = Case.objects.get()
    assert (case.state, case.paused_at, case.version) == (State.IN_PROGRESS, None, 4)
    assert [e.event for e in case.entries.order_by("pk")][-2:] == ["customer_spoke", "resumed"]
    clocks = {r.kind: r for r in readings_of(case, timezone.now())}
    assert clocks[ClockKind.UPDATE].is_running


def test_a_delivery_in_process_is_left_to_its_worker() -> None:
    receive(table([complaint(1)]), "tests", timezone.now())
    assert pipeline.work_off(limit=1) == 1
    assert pipeline.work_off() == 0
