"""What is taken back leaves everywhere; what cannot be processed is alone in quarantine."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import OperationalError
from django.utils import timezone
from pytest_django import Settings
from tests.web.arrivals import (
    DAY,
    arrive,
    complaint,
    follow,
    orders,
    rolled_up,
    send,
    take_back,
)

from amends.engine.contracts import SeriesKey
from amends.web.cases.models import Case, State
from amends.web.detect.keeping import landed
from amends.web.intake import accounting
from amends.web.intake.identities import Answer
from amends.web.intake.lake import lake
from amends.web.intake.models import Arrival, Landing, QuarantinedRow
from amends.web.intake.receiving import InboxIsFull, check_room
from amends.web.intake.room import forget_count
from amends.web.project import pipeline
from amends.web.project.sifting import Unready
from amends.web.track.models import Outcome

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = SeriesKey("complaint_rate")
GRAVE: dict[str, Any] = {"kind": "escalation", "customer_id": "K"}
TOO_LONG = "x" * 61
"""A product that no case can have: its table allows 60."""


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")


def names() -> list[str]:
    return sorted(landed()["external_id"].to_pylist())


def proved() -> accounting.Terms:
    sums = accounting.terms()
    assert sums.unaccounted == 0
    assert accounting.gaps() == []
    return sums


def test_a_withdrawn_signal_leaves_lake_and_rollups_and_a_higher_version_brings_it_back() -> None:
    arrive(orders(0, 10), complaint(1), complaint(2))
    follow(ROOT)
    assert take_back(1, 1).accepted == 1
    pipeline.work_off()
    assert names() == ["O-0-toys", "S-2"]
    assert rolled_up(ROOT)[0][0] == 1
    assert proved().withdrawn == 1
    assert take_back(1, 1).duplicates == 1
    assert send(complaint(1)).superseded == 1
    arrive(complaint(1, version=2))
    assert names() == ["O-0-toys", "S-1", "S-2"]
    assert rolled_up(ROOT)[0][0] == 2
    assert proved().withdrawn == 0


def test_a_withdrawal_that_comes_before_its_signal_supersedes_it() -> None:
    take_back(1, 2)
    assert send(complaint(1)).answers.tolist() == [Answer.SUPERSEDED]
    pipeline.work_off()
    assert names() == []
    assert proved().received == 2


def test_a_withdrawn_signal_is_told_in_its_case_and_counts_no_more() -> None:
    arrive(complaint(1, **GRAVE), complaint(2, **GRAVE))
    case = Case.objects.get()
    assert case.n_signals == 2
    take_back(2, 1)
    pipeline.work_off()
    case.refresh_from_db()
    assert case.n_signals == 1
    assert "withdrew" in case.entries.order_by("pk").reverse()[0].title


def test_a_corrected_signal_opens_no_second_case() -> None:
    arrive(complaint(1, **GRAVE))
    arrive(complaint(1, version=2, day=30, verbatim="It was the neighbour's parcel.", **GRAVE))
    case = Case.objects.get()
    assert case.n_signals == 1
    assert "corrected" in case.entries.order_by("pk").reverse()[0].title


def test_the_outcome_follows_what_is_left_when_an_answer_is_withdrawn() -> None:
    arrive(complaint(1, **GRAVE))
    case = Case.objects.get()
    Case.objects.update(state=State.RESOLVED, resolved_at=DAY)
    survey = {"kind": "survey", "case_ref": case.ref, "verbatim": None}
    arrive(complaint(2, day=1, csat=1, **survey), complaint(3, day=2, csat=5, **survey))
    assert Outcome.objects.get().satisfaction == 1
    take_back(2, 1)
    pipeline.work_off()
    assert Outcome.objects.get().satisfaction == 5
    arrive(complaint(3, day=2, version=2, csat=4, **survey))
    assert Outcome.objects.get().satisfaction == 4
    take_back(3, 2)
    pipeline.work_off()
    assert Outcome.objects.get().satisfaction is None


@pytest.mark.parametrize("place", [0, 3, 6])
def test_one_bad_row_is_alone_in_quarantine_and_the_rest_lands(place: int) -> None:
    rows = [complaint(n, **{**GRAVE, "customer_id": f"K{n}"}) for n in range(7)]
    rows[place]["product"] = TOO_LONG
    receipt = send(*rows)
    pipeline.work_off()
    assert names() == sorted(f"S-{n}" for n in range(7) if n != place)
    assert Case.objects.count() == 6
    [row] = QuarantinedRow.objects.all()
    assert (row.arrival_id, row.row) == (receipt.arrival, place + 1)
    assert "too long" in row.reason
    assert json.loads(row.raw)["product"] == TOO_LONG
    line = Arrival.objects.get(pk=receipt.arrival)
    assert (line.rows, line.accepted, line.quarantined) == (7, 6, 1)
    proved()

    mended = {**rows[place], "product": "toys"}
    assert send(mended).accepted == 1, "its identity was given back"
    pipeline.work_off()
    assert len(names()) == 7
    proved()


def test_a_bad_newer_version_leaves_the_older_one_in_force() -> None:
    arrive(orders(0, 10), complaint(1))
    follow(ROOT)
    arrive(complaint(1, version=2, **{**GRAVE, "customer_id": "else", "product": TOO_LONG}))
    assert [r["version"] for r in landed().to_pylist() if r["external_id"] == "S-1"] == [1]
    assert rolled_up(ROOT)[0][0] == 1
    proved()
    arrive(complaint(1, version=2, product="garden", **GRAVE))
    assert [r["version"] for r in landed().to_pylist() if r["external_id"] == "S-1"] == [2]
    proved()


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), OperationalError("the server closed the connection")],
)
@pytest.mark.parametrize("step", ["_append", "open_cases", "put_aside", "enrich"])
def test_what_lies_outside_the_rows_has_them_wait_and_never_quarantines_them(
    monkeypatch: pytest.MonkeyPatch, error: Exception, step: str
) -> None:
    send(complaint(1, **GRAVE), complaint(2))

    def fail(*_given: object, **_named: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, step, fail)
        with pytest.raises(Unready):
            pipeline.work_off()
    [landing] = Landing.objects.filter(done_at=None)
    assert landing.attempts == 1
    assert landing.retry_at is not None
    assert landing.retry_at > timezone.now() - timedelta(seconds=1)
    assert not QuarantinedRow.objects.exists()
    assert proved().waiting == 2
    Landing.objects.update(retry_at=None)
    pipeline.work_off()
    assert names() == ["S-1", "S-2"]


def test_many_small_deliveries_land_in_one_commit() -> None:
    for n in range(30):
        send(complaint(n))
    before = lake().version()
    assert pipeline.work_off() == 1
    assert lake().version() == before + 1
    assert len(names()) == 30
    assert Landing.objects.get().deliveries.count() == 30


def test_dates_that_cannot_be_are_set_aside_and_a_little_skew_is_not() -> None:
    soon = timezone.now() + timedelta(minutes=5)
    rows = [complaint(1), complaint(2), complaint(3)]
    rows[0]["occurred_at"] = soon
    rows[1]["occurred_at"] = timezone.now() + timedelta(days=40)
    rows[2]["occurred_at"] = DAY.replace(year=1970)
    receipt = send(*rows)
    assert receipt.answers.tolist() == [Answer.ACCEPTED, Answer.QUARANTINED, Answer.QUARANTINED]
    assert (receipt.accepted, receipt.quarantined, receipt.rows) == (1, 2, 3)
    assert [row.row for row in receipt.set_aside] == [2, 3]
    later, before = QuarantinedRow.objects.order_by("row")
    assert "future" in later.reason
    assert "24 hours" in later.reason
    assert "1970-01-01" in before.reason or "1970-03-02" in before.reason
    assert json.loads(later.raw)["external_id"] == "S-2"
    pipeline.work_off()
    assert names() == ["S-1"]
    proved()


def test_attributes_may_have_any_names() -> None:
    odd = {
        "": "empty", " ": "blank", "naïve 🙂": "emoji", "a.b[c]\"'": "signs", "x" * 5_000: "long",
        "SELECT 1; --": "sql", "line\nbreak": "two\nlines", "kind": "like a column", "null": "",
    }  # fmt: skip
    arrive(complaint(1, attributes=list(odd.items())))
    [row] = landed().to_pylist()
    assert dict(row["attributes"]) == odd


def test_a_full_inbox_asks_senders_to_wait_for_as_long_as_it_takes(settings: Settings) -> None:
    settings.MOST_WAITING = 2
    forget_count()
    check_room()
    send(*[complaint(n) for n in range(3)])
    forget_count()
    with pytest.raises(InboxIsFull) as full:
        check_room()
    assert full.value.waiting == 3
    assert full.value.retry_after_seconds == 60, "nothing has landed lately"
    pipeline.work_off()
    forget_count()
    check_room()
    send(*[complaint(n) for n in range(3, 6)])
    forget_count()
    with pytest.raises(InboxIsFull) as again:
        check_room()
    assert 2 <= again.value.retry_after_seconds < 60
