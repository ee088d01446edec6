from datetime import UTC, datetime

import pytest

from amends.web.intake.accepting import SourceIsPaused, accept_records
from amends.web.intake.inbox import unpack
from amends.web.intake.models import Arrival, Delivery, QuarantinedRow, Source, Way
from amends.web.intake.receiving import Answer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def record(number: int, version: int = 1, **more: object) -> dict[str, object]:
    at = "2026-03-02T09:00:00Z"
    named = {"external_id": f"A-{number}", "version": version}
    return {"kind": "complaint", "occurred_at": at, **named, **more}


@pytest.fixture
def source() -> Source:
    return Source.objects.create(name="shop", title="The shop", way=Way.API)


def test_every_record_has_its_answer_and_the_ledger_adds_up(source: Source) -> None:
    accept_records([record(1, version=3)], source, NOW, Way.API)
    accept_records([record(9)], source, NOW, Way.API)
    batch = [record(2), record(9), record(3, nps=99), record(1, 2), record(1, 4), record(2)]
    accepted = accept_records(batch, source, NOW, Way.API)
    assert accepted.answers.tolist() == [
        Answer.ACCEPTED,
        Answer.DUPLICATE,
        Answer.QUARANTINED,
        Answer.SUPERSEDED,
        Answer.ACCEPTED,
        Answer.DUPLICATE,
    ]
    line = Arrival.objects.get(pk=accepted.receipt.arrival)
    assert (line.rows, line.accepted, line.duplicates) == (6, 2, 2)
    assert (line.superseded, line.quarantined, line.source) == (1, 1, "shop")
    assert QuarantinedRow.objects.get().field == "nps"


def test_a_time_that_cannot_be_is_told_by_the_records_number(source: Source) -> None:
    batch = [{}, record(1), record(2, occurred_at="2090-01-01")]
    accepted = accept_records(batch, source, NOW, Way.API)
    assert [row.row for row in accepted.quarantined] == [1, 3]
    assert accepted.answers.tolist() == [
        Answer.QUARANTINED,
        Answer.ACCEPTED,
        Answer.QUARANTINED,
    ]


def test_a_signal_says_when_it_was_received(source: Source) -> None:
    own = "2026-03-02T09:30:00Z"
    accept_records([record(1), record(2, received_at=own)], source, NOW, Way.API)
    [first, second] = unpack(bytes(Delivery.objects.get().payload))["received_at"].to_pylist()
    assert (first, second) == (NOW, datetime(2026, 3, 2, 9, 30, tzinfo=UTC))


def test_a_paused_source_takes_nothing_in(source: Source) -> None:
    source.is_paused = True
    with pytest.raises(SourceIsPaused, match="paused"):
        accept_records([record(1)], source, NOW, Way.API)
    assert not Arrival.objects.exists()
