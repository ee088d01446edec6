"""A customer can be erased, and it can be shown; what has outlived its retention goes."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from tests.people import People
from tests.web.signals import signal
from tests.web.tables import table

from amends.engine.contracts import BadInput, QuarantinedRow, SeriesKey
from amends.web.cases.models import Case, Entry
from amends.web.classify.models import ConfirmedCause
from amends.web.detect import rollups
from amends.web.detect.models import Series
from amends.web.detect.rolled_up import read
from amends.web.intake import models as intake
from amends.web.intake.accounting import gaps, terms
from amends.web.intake.erasing import ids_in_lake
from amends.web.intake.inbox import unpack
from amends.web.intake.lake import lake
from amends.web.intake.receiving import receive, withdraw
from amends.web.project import erasing, pipeline, relabelling
from amends.web.track.models import Outcome

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "the heirloom teapot of my grandmother arrived in eleven pieces"
NAMES = {"K-7": "Ada", "K-70": "Bob"}


@pytest.fixture(autouse=True)
def lake_address(tmp_path: Path, settings: Settings) -> str:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    return str(settings.AMENDS_LAKE)


def grave(customer: str, **fields: object) -> dict[str, object]:
    return signal(
        kind="escalation",
        customer_id=customer,
        verbatim=f"{NAMES[customer]} was never called back. {WORDS}, my lawyer will write.",
        loss=900,
        currency="EUR",
        is_escalated=True,
        **fields,
    )


def arrive(*rows: dict[str, object]) -> None:
    receive(table(list(rows)), "tests", timezone.now())
    pipeline.work_off()


def total(key: SeriesKey) -> float:
    [batch] = read(
        [s for s in Series.objects.all() if s.key == key],
        timezone.now() - timedelta(days=40),
        timezone.now(),
    )
    return float(batch.value[0].sum())


def bytes_of_lake(address: str) -> str:
    """Return every text of the lake's files, and its log as it is."""
    logs = [path.read_text("utf-8") for path in Path(address).rglob("*.json")]
    tables = [pq.read_table(path).to_pylist() for path in Path(address).rglob("*.parquet")]
    return "\n".join([*logs, json.dumps(tables, default=str)])


def test_a_customer_is_erased_everywhere_and_the_counts_stay(
    people: People, lake_address: str
) -> None:
    intake.Customer.objects.create(customer_id="K-7", name="Ada Teapot", tier="gold")
    arrive(*[grave("K-7") for _ in range(2)], grave("K-70"), signal(customer_id="K-8"))
    with rollups.exclusively():
        rollups.make_series(lake().by_id(_ids()), [SeriesKey("complaints")], timezone.now())
    before = total(SeriesKey("complaints"))
    case = Case.objects.get(customer_id="K-7")
    Outcome.objects.update_or_create(
        case=case,
        defaults={"window_days": 30, "answer_signal_id": _ids()[0]},
    )
    receive(
        table([grave("K-7", external_id="waits")]),
        "tests",
        timezone.now(),
        quarantined=[QuarantinedRow("f", 1, "csat", "x", json.dumps({"customer": "K-7"}))],
    )

    entry = erasing.erase_customer(people.compliance, "K-7", "Asked by letter")

    assert entry.left == dict.fromkeys(entry.left, 0)
    assert entry.is_proven
    assert len(entry.left) == 4
    assert entry.removed["signals in the lake"] == 2
    assert entry.removed["signals in the inbox"] == 1
    assert entry.removed["rows in quarantine"] == 1
    assert entry.removed["cases"] == 1
    assert entry.customer_digest == erasing.digest_of("K-7")
    told = bytes_of_lake(lake_address)
    assert '"K-7"' not in told
    assert '"K-70"' in told
    case.refresh_from_db()
    assert case.customer_id.startswith("erased-")
    assert not Entry.objects.filter(case=case, body__contains="teapot").exists()
    assert Entry.objects.filter(body__contains="teapot").exists(), "the other customer's"
    assert Outcome.objects.get(case=case).answer_signal_id is None
    assert total(SeriesKey("complaints")) == before
    pipeline.work_off()
    assert not ids_in_lake("K-7")
    sums = terms()
    assert (sums.erased, sums.unaccounted, gaps()) == (3, 0, [])


def test_what_waits_for_another_cause_is_erased_too(people: People) -> None:
    arrive(grave("K-7"), grave("K-70"))
    ids = [row["signal_id"] for row in lake().by_id(_ids()).to_pylist()]
    for name in ids:
        ConfirmedCause.objects.create(
            signal_id=name, cause="service/rude_agent", confirmed_at=timezone.now()
        )
    relabelling.prepare_confirmed()
    [before] = intake.Landing.objects.filter(done_at=None).values_list("relabels", flat=True)
    assert "K-7" in unpack(bytes(before))["customer_id"].to_pylist()

    entry = erasing.erase_customer(people.compliance, "K-7", "Asked by letter")

    assert entry.removed["signals on the way to other causes"] == 1
    assert entry.is_proven
    [after] = intake.Landing.objects.filter(done_at=None).values_list("relabels", flat=True)
    assert set(unpack(bytes(after))["customer_id"].to_pylist()) == {"K-70"}
    pipeline.work_off()
    assert not ids_in_lake("K-7")
    [other] = lake().by_id(_ids()).to_pylist()
    assert (other["customer_id"], other["cause"]) == ("K-70", "service/rude_agent")
    assert (terms().unaccounted, gaps()) == (0, [])


def test_what_was_erased_does_not_come_back(people: People) -> None:
    arrive(grave("K-7", external_id="E-1"))
    erasing.erase_customer(people.compliance, "K-7", "Asked")
    again = receive(
        table([grave("K-7", external_id="E-1"), grave("K-7", external_id="E-1", version=9)]),
        "tests",
        timezone.now(),
    )
    assert again.accepted == 0


def test_the_history_of_rows_forgets_too_and_stays_closed_to_all_else(people: People) -> None:
    arrive(grave("K-7"))
    erasing.erase_customer(people.compliance, "K-7", "Asked")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_caseevent WHERE customer_id = 'K-7'")
        assert cursor.fetchone() == (0,)
        with pytest.raises(Exception, match="append"):
            cursor.execute("UPDATE cases_caseevent SET title = 'x'")


def test_only_compliance_may_erase(people: People) -> None:
    arrive(grave("K-7"))
    with pytest.raises(PermissionDenied):
        erasing.erase_customer(people.manager, "K-7", "Asked")
    with pytest.raises(PermissionDenied):
        erasing.set_retention(people.admin, "survey", 30)


def test_an_id_that_is_also_a_cases_or_a_word_is_told_apart(people: People) -> None:
    arrive(grave("K-7"))
    case = Case.objects.get()
    quarantined = [QuarantinedRow("f", 1, "csat", "x", json.dumps({"case_ref": case.ref}))]
    receive(table([signal()]), "tests", timezone.now(), quarantined=quarantined)
    with pytest.raises(BadInput, match="Nothing is known"):
        erasing.erase_customer(people.compliance, case.ref, "Asked")
    assert erasing.erase_customer(people.compliance, "K-7", "Asked").is_proven
    assert intake.QuarantinedRow.objects.filter(raw__contains=case.ref).exists()


def test_who_only_waits_in_the_inbox_is_erased_there(people: People) -> None:
    receive(table([grave("K-7"), grave("K-70")]), "tests", timezone.now())
    withdraw(
        pa.table({"source": ["tests"], "external_id": ["gone"], "version": [1]}),
        "tests", timezone.now(), intake.Way.API,
    )  # fmt: skip
    assert erasing.known_of("K-7").waiting == 1
    entry = erasing.erase_customer(people.compliance, "K-7", "Asked")
    assert entry.is_proven
    assert entry.removed["signals in the inbox"] == 1
    assert erasing.known_of("K-7").waiting == 0
    pipeline.work_off()
    assert ids_in_lake("K-7") == []
    assert len(ids_in_lake("K-70")) == 1
    assert terms().unaccounted == 0


def test_somebody_unknown_is_said_to_be(people: People) -> None:
    with pytest.raises(BadInput, match="Nothing is known"):
        erasing.erase_customer(people.compliance, "nobody", "Asked")
    assert not intake.Erasure.objects.exists()


def test_what_stopped_half_way_is_finished_by_running_it_again(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(grave("K-7"))

    def full(*_args: object, **_more: object) -> int:
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(lake()), "remove_signals", full)
        with pytest.raises(OSError, match="No space"):
            erasing.erase_customer(people.compliance, "K-7", "Asked")
    entry = intake.Erasure.objects.get()
    assert (entry.state, entry.done_at) == ("failed", None)
    assert "No space" in entry.error
    again = erasing.erase_customer(people.compliance, "K-7", "Asked")
    assert again.left == dict.fromkeys(again.left, 0)


def test_retention_removes_a_kind_and_leaves_the_others(people: People, lake_address: str) -> None:
    old: datetime = timezone.now() - timedelta(days=20)
    arrive(
        signal(kind="survey", csat=1, verbatim="An old answer of somebody", occurred_at=old),
        signal(kind="survey", csat=1, verbatim="A new answer of somebody"),
        signal(kind="complaint", verbatim="An old complaint of somebody", occurred_at=old),
    )
    erasing.set_retention(people.compliance, "survey", 10)
    [entry] = erasing.keep_retention(timezone.now())
    assert (entry.kind, entry.is_proven, entry.removed["signals in the lake"]) == (
        "survey",
        True,
        1,
    )
    told = bytes_of_lake(lake_address)
    assert "An old answer" not in told
    assert "A new answer" in told
    assert "An old complaint" in told
    assert erasing.keep_retention(timezone.now()) == []
    erasing.set_retention(people.compliance, "survey", None)
    assert not intake.Retention.objects.exists()


def test_old_rows_in_quarantine_are_emptied(people: People) -> None:
    before = timezone.now() - timedelta(days=9)
    receive(
        table([signal(ago_days=10)]),
        "tests",
        before,
        quarantined=[QuarantinedRow("f", 1, "csat", "'jo@x.example' is no score", "{}")],
    )
    erasing.set_retention(people.compliance, "quarantine", 7)
    [entry] = erasing.keep_retention(timezone.now())
    row = intake.QuarantinedRow.objects.get()
    assert (entry.kind, row.raw, row.state, row.reason) == ("quarantine", "", "discarded", "Erased")


def _ids() -> list[str]:
    found: pa.Table = lake().fetch(lake().signals().select("signal_id"))
    return list(found["signal_id"].to_pylist())
