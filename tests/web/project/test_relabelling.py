"""What people confirm stands in lake, rollups and cases, once, whatever happens on the way."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from tests.web.arrivals import DAY, arrive, complaint, follow, orders, rolled_up, send

from amends.engine.contracts import SeriesKey, Slice
from amends.web.cases.models import Case
from amends.web.classify.models import ConfirmedCause
from amends.web.detect.keeping import landed
from amends.web.intake import accounting
from amends.web.intake.models import Landing
from amends.web.project import pipeline, relabelling

pytestmark = pytest.mark.django_db(transaction=True)
LATE = SeriesKey("complaint_rate", Slice.of({"cause": "delivery/late"}))
BILL = SeriesKey("complaint_rate", Slice.of({"cause": "billing/overcharged"}))
ROOT = SeriesKey("complaint_rate")


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")


def rows() -> dict[str, dict[str, Any]]:
    return {row["external_id"]: row for row in landed().to_pylist() if row["kind"] != "transaction"}


def confirm(external_id: str, cause: str) -> None:
    name = rows()[external_id]["signal_id"]
    ConfirmedCause.objects.update_or_create(
        signal_id=name,
        defaults={"cause": cause, "confirmed_at": timezone.now(), "applied_at": None},
    )


@pytest.fixture
def _said() -> None:
    arrive(
        *[orders(day, 20) for day in range(3)],
        *[complaint(n, resolution_code="delivery/late") for n in range(4)],
    )
    arrive(complaint(9, kind="escalation", resolution_code="delivery/late"))
    follow(ROOT, LATE, BILL)
    assert rolled_up(LATE)[0][0] == 4


@pytest.mark.usefixtures("_said")
def test_a_confirmed_cause_moves_from_series_to_series_and_into_the_case() -> None:
    confirm("S-1", "billing/overcharged")
    confirm("S-9", "billing/overcharged")
    assert relabelling.prepare_confirmed() == 2
    pipeline.work_off()
    assert rows()["S-1"]["cause"] == "billing/overcharged"
    assert rows()["S-1"]["cause_confidence"] == 1
    assert len(rows()) == 5
    assert [rolled_up(key)[0][0] for key in (ROOT, LATE, BILL)] == [4, 3, 1]
    assert Case.objects.get().cause == "billing/overcharged"
    assert relabelling.prepare_confirmed() == 0
    assert (accounting.gaps(), accounting.terms().unaccounted) == ([], 0)
    assert not Landing.objects.exclude(relabels=b"").exists()


@pytest.mark.usefixtures("_said")
def test_no_failure_takes_the_signal_off_every_cause() -> None:
    confirm("S-2", "")
    relabelling.prepare_confirmed()
    pipeline.work_off()
    assert rows()["S-2"]["cause"] is None
    assert rows()["S-2"]["severity"] is None
    assert rolled_up(LATE)[0][0] == 3


@pytest.mark.usefixtures("_said")
def test_a_newer_version_keeps_the_confirmed_cause() -> None:
    confirm("S-1", "billing/overcharged")
    relabelling.prepare_confirmed()
    send(complaint(1, day=1, version=2, resolution_code="delivery/late"))
    pipeline.work_off()
    assert (rows()["S-1"]["version"], rows()["S-1"]["cause"]) == (2, "billing/overcharged")
    assert rolled_up(BILL)[0][:2] == [0, 1]
    assert rolled_up(LATE)[0][:2] == [3, 0]
    assert (accounting.gaps(), accounting.terms().unaccounted) == ([], 0)


@pytest.mark.usefixtures("_said")
@pytest.mark.parametrize("step", ["append", "keep_only"])
def test_a_crash_half_way_is_repaired(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    confirm("S-1", "billing/overcharged")
    relabelling.prepare_confirmed()

    def crash(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if step == "append":
            patch.setattr(relabelling, "publish", crash)  # everything is done, but not committed
        else:
            patch.setattr("amends.store.Lake.keep_only", crash)
        with pytest.raises(KeyboardInterrupt):
            pipeline.work_off()
    Landing.objects.update(retry_at=None)
    pipeline.work_off()
    send(complaint(77))
    pipeline.work_off()
    assert len(rows()) == 6
    assert [rolled_up(key)[0][0] for key in (LATE, BILL)] == [3, 1]
    assert (accounting.gaps(), accounting.terms().unaccounted) == ([], 0)


@pytest.mark.usefixtures("_said")
def test_what_was_overtaken_meanwhile_is_left_alone() -> None:
    confirm("S-1", "billing/overcharged")
    relabelling.prepare_confirmed()
    send(complaint(1, day=2, version=2))
    pipeline.work_off()
    assert rows()["S-1"]["version"] == 2
    assert rows()["S-1"]["occurred_at"] == DAY + timedelta(days=2)
    assert len(rows()) == 5
    assert rolled_up(ROOT)[0][:3] == [3, 0, 1]
    assert (accounting.gaps(), accounting.terms().unaccounted) == ([], 0)


@pytest.mark.usefixtures("_said")
def test_what_lies_in_an_open_landing_is_asked_again_when_it_is_done() -> None:
    confirm("S-1", "billing/overcharged")
    assert relabelling.prepare_confirmed() == 1
    confirm("S-1", "service/rude_agent")
    confirm("S-2", "service/rude_agent")
    assert relabelling.prepare_confirmed() == 1, "only the one that is in no open landing"
    assert ConfirmedCause.objects.get(applied_at=None).signal_id.hex == rows()["S-1"]["signal_id"]
    pipeline.work_off()
    assert relabelling.prepare_confirmed() == 1
    pipeline.work_off()
    assert {rows()[name]["cause"] for name in ("S-1", "S-2")} == {"service/rude_agent"}
    assert not ConfirmedCause.objects.filter(applied_at=None).exists()


@pytest.mark.usefixtures("_said")
def test_what_is_right_already_counts_as_done() -> None:
    confirm("S-1", "billing/overcharged")
    relabelling.prepare_confirmed()
    pipeline.work_off()
    ConfirmedCause.objects.update(applied_at=None)
    assert relabelling.prepare_confirmed() == 1, "the job's loop must not stop before the next"
    assert relabelling.prepare_confirmed() == 0
    assert not Landing.objects.filter(done_at=None).exists()


@pytest.mark.usefixtures("_said")
def test_a_cause_confirmed_while_a_newer_version_lands_is_told_again() -> None:
    confirm("S-1", "billing/overcharged")
    relabelling.prepare_confirmed()
    send(complaint(1, day=2, version=2))
    pipeline.work_off()
    while relabelling.prepare_confirmed():
        pipeline.work_off()
    assert (rows()["S-1"]["version"], rows()["S-1"]["cause"]) == (2, "billing/overcharged")


@pytest.mark.usefixtures("_said")
def test_what_is_taken_back_gets_the_cause_that_it_would_have_without_people() -> None:
    before = rows()["S-1"]
    confirm("S-1", "billing/overcharged")
    relabelling.prepare_confirmed()
    pipeline.work_off()
    ConfirmedCause.objects.update(is_withdrawn=True, applied_at=None)
    assert relabelling.prepare_confirmed() == 1
    pipeline.work_off()
    assert not ConfirmedCause.objects.exists()
    same = ("cause", "cause_confidence", "severity", "model_version", "version")
    assert [rows()["S-1"][name] for name in same] == [before[name] for name in same]
    assert [rolled_up(key)[0][0] for key in (ROOT, LATE, BILL)] == [4, 4, 0]
