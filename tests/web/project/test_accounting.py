"""`amends doctor` proves where every row is; broken on purpose, it says where it is not."""

from pathlib import Path

import pytest
from deltalake import DeltaTable
from django.db.models import F
from pytest_django import Settings
from tests.web.arrivals import arrive, complaint, send, take_back
from tests.web.signals import fill_lake

from amends.web.intake import accounting
from amends.web.intake.lake import lake
from amends.web.intake.models import Arrival, Identity, Landing
from amends.web.project import health, pipeline
from amends.web.project.findings import Finding, State
from amends.web.project.sifting import Unready

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _some_of_everything(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    arrive(*[complaint(n) for n in range(6)])
    arrive(complaint(1, version=2), complaint(2), complaint(9, product="x" * 61, kind="escalation"))
    take_back(3, 1)
    send(complaint(1))
    pipeline.work_off()
    send(complaint(4, version=2), complaint(20))  # these wait


def ledger() -> Finding:
    return health.check_ledger()


def compared() -> Finding:
    return health.check_lake_against_ledger()


def test_every_row_is_accounted_for() -> None:
    sums = accounting.terms()
    assert sums == accounting.Terms(
        received=13,
        duplicates=1,
        superseded=4,  # S-1, S-3 and S-4 were replaced, S-1 came once more
        quarantined=1,
        withdrawn=1,
        erased=0,
        waiting=2,
        landed=4,
    )
    assert ledger().state is State.WELL
    assert "13 rows received = 4 landed + 2 waiting" in ledger().what
    assert compared().state is State.WELL


def test_a_signal_that_nobody_knows_any_more_is_missed_with_its_source() -> None:
    Identity.objects.filter(version=1, is_withdrawn=False).order_by("pk")[0].delete()
    assert ledger().state is State.BROKEN
    assert "1 of 13 rows received are nowhere" in ledger().what
    assert "tests +1" in ledger().what
    assert compared().state is State.BROKEN


def test_a_ledger_that_was_changed_is_noticed() -> None:
    Arrival.objects.filter(rows=6).update(rows=F("rows") + 2, accepted=F("accepted") + 2)
    assert ledger().state is State.BROKEN
    assert "2 of 15 rows received are nowhere" in ledger().what


def test_a_row_that_left_the_lake_is_missed_with_source_and_delivery() -> None:
    DeltaTable(lake().address).delete("external_id IN ('S-0', 'S-5')")
    found = compared()
    assert found.state is State.BROKEN
    delivery = Identity.objects.order_by("delivery_id").values_list("delivery_id", flat=True)[0]
    assert f"2 of tests (delivery {delivery}) are missing in the lake" in found.what
    assert ledger().state is State.WELL, "the ledger itself is in order"


def test_a_row_that_nobody_accepted_is_noticed() -> None:
    fill_lake([complaint(77)], delivery=5_000_000)
    found = compared()
    assert found.state is State.BROKEN
    assert "an unknown source" in found.what
    assert "nobody accepted" in found.what


def test_a_row_that_is_there_twice_is_noticed() -> None:
    again = lake().by_id([complaint(0)["signal_id"]]).drop_columns(["delivery"])  # type: ignore[list-item]
    lake().append(again, delivery=5_000_001)
    assert "twice in the lake" in compared().what


def test_an_older_version_that_stayed_is_noticed() -> None:
    fill_lake([complaint(1)], delivery=5_000_002)
    assert compared().state is State.BROKEN


def test_what_is_on_its_way_is_no_gap() -> None:
    landing = Landing.objects.order_by("pk").first()
    assert landing is not None
    fill_lake([complaint(4, version=2), complaint(20)], delivery=6_000_000)
    assert compared().state is State.WELL, "as if a worker had died between lake and database"


def test_a_landing_that_something_is_in_the_way_of_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pipeline, "_append", full)
    with pytest.raises(Unready):
        pipeline.work_off()
    found = health.check_inbox()
    assert found.state is State.BROKEN
    assert "2 signals wait" in found.what
    assert "No space left" in found.what
