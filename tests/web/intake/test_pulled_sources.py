"""What is pulled lands once, whatever happens between two pages."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from pytest_django import Settings
from tests.connectors.servers import vendors

from amends.connectors import pull_named
from amends.connectors.pulling import Asked, Patience
from amends.engine.contracts import signal_id
from amends.flows.pulling import Rules
from amends.flows.pulling import pull as read_pages
from amends.web.intake import pulling, room
from amends.web.intake.inbox import unpack
from amends.web.intake.models import (
    Arrival,
    Delivery,
    Identity,
    PullRun,
    QuarantinedRow,
    Source,
    Way,
)
from amends.web.intake.sealing import seal

pytestmark = pytest.mark.django_db
QUICK = Patience(attempts=2, backoff_seconds=0.01, longest_wait_seconds=1, timeout_seconds=5)
NOW = int(time.time()) - 86_400


def ticket(number: int, at: int, **more: object) -> vendors.Record:
    text = vendors.iso(at)
    return {
        "id": number,
        "created_at": vendors.iso(NOW),
        "updated_at": text,
        "generated_timestamp": at,
        "requester_id": 700 + number,
        "description": f"The parcel {number} never came.",
        "via": {"channel": "email"},
        **more,
    }


@pytest.fixture
def zendesk() -> Iterator[vendors.Zendesk]:
    service = vendors.Zendesk([ticket(n, NOW + n) for n in range(1, 8)])
    with service.running():
        yield service


@pytest.fixture
def source(zendesk: vendors.Zendesk) -> Source:
    return Source.objects.create(
        name="helpdesk",
        title="Help desk",
        way=Way.PULL,
        connector="zendesk",
        options={"address": zendesk.address, "email": "me@example.com"},
        secrets=seal({"token": "secret"}),
        every_minutes=15,
    )


def pull(source: Source, **more: float) -> PullRun:
    run = pulling.pull_source(source.pk, patience=QUICK, **more)
    assert run is not None
    return run


def ledger(source: Source) -> tuple[int, int, int]:
    sums = Arrival.objects.filter(source=source.name, way=Way.PULL).aggregate(
        rows=Sum("rows"), accepted=Sum("accepted"), duplicates=Sum("duplicates")
    )
    return sums["rows"], sums["accepted"], sums["duplicates"]


def test_everything_lands_and_the_next_pull_brings_only_what_changed(
    zendesk: vendors.Zendesk, source: Source
) -> None:
    run = pull(source)
    assert (run.pages, run.rows, run.accepted, run.error) == (4, 7, 7, "")
    assert run.next_at == run.started_at + timedelta(minutes=15)
    zendesk.tickets[0] = ticket(1, NOW + 500, solved_at=vendors.iso(NOW + 400))
    run = pull(source)
    assert (run.rows, run.accepted) == (1, 1)
    assert Arrival.objects.order_by("-pk")[0].superseding == 1
    assert ledger(source) == (8, 8, 0)
    newest = unpack(bytes(Delivery.objects.order_by("-pk")[0].payload)).to_pylist()
    assert [(s["external_id"], s["channel"], s["kind"]) for s in newest] == [
        ("1", "email", "ticket")
    ]
    assert pull(source).rows == 0


def test_what_the_source_deleted_is_withdrawn_until_it_is_restored(
    zendesk: vendors.Zendesk, source: Source
) -> None:
    pull(source)
    zendesk.tickets[2] = {"id": 3, "status": "deleted", "generated_timestamp": NOW + 500}
    run = pull(source)
    assert (run.rows, run.accepted, run.error) == (1, 1, "")
    third = Identity.objects.get(pk=signal_id("helpdesk", "3"))
    assert third.is_withdrawn
    [newest] = Delivery.objects.order_by("-pk")[:1]
    assert newest.is_withdrawal
    zendesk.tickets[2] = ticket(3, NOW + 900)
    assert pull(source).accepted == 1
    third.refresh_from_db()
    assert not third.is_withdrawn


def test_a_source_that_breaks_off_goes_on_where_it_was(
    zendesk: vendors.Zendesk, source: Source
) -> None:
    zendesk.faults.extend(["no", "no", "500", "500"])
    run = pull(source)
    assert (run.pages, run.rows) == (2, 4)
    assert "trouble of its own (500)" in run.error
    run = pull(source)
    assert (run.rows, run.error) == (3, "")
    assert ledger(source) == (7, 7, 0)


def test_a_failure_is_left_alone_for_longer_each_time_and_a_pause_is_kept(
    zendesk: vendors.Zendesk, source: Source
) -> None:
    waits = []
    for fault in ("500", "500", "429 1800"):
        zendesk.faults.clear()
        zendesk.faults.extend([fault] * 2)
        run = pull(source)
        assert run.finished_at is not None
        assert run.next_at is not None
        waits.append((run.next_at - run.finished_at).total_seconds())
        assert source not in pulling.due(timezone.now())
    assert waits == [60, 120, 1800]
    zendesk.faults.clear()
    pull(source)
    zendesk.faults.extend(["500"] * 2)
    run = pull(source)
    assert run.finished_at is not None
    assert run.next_at == run.finished_at + timedelta(seconds=60)


def test_a_run_that_takes_long_makes_way_and_goes_on_at_once(source: Source) -> None:
    run = pull(source, longest_seconds=0)
    assert (run.pages, run.is_cut, run.error) == (1, True, "")
    assert run.next_at == run.finished_at
    assert pulling.due(timezone.now()) == [source]
    assert pull(source).rows == 5
    assert ledger(source) == (7, 7, 0)


def test_a_full_inbox_stops_it_and_loses_nothing(
    source: Source, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.MOST_WAITING = 3
    monkeypatch.setattr("amends.web.intake.room.LOOKED_SECONDS", 0.0)
    run = pull(source)
    assert (run.rows, run.is_cut, run.error) == (4, True, "")
    assert run.next_at is not None
    assert run.finished_at is not None
    assert run.next_at - run.finished_at == timedelta(seconds=room.UNKNOWN_SECONDS)
    Delivery.objects.update(state="done")
    assert pull(source).rows == 3
    assert ledger(source) == (7, 7, 0)


def test_a_source_that_is_changed_while_it_is_pulled_keeps_what_it_was_changed_to(
    source: Source,
) -> None:
    asked = Asked(source.options, {"token": "secret"}, {}, QUICK)
    pages = read_pages(pull_named("zendesk"), asked, Rules(source.name, {}))
    page = next(pages)
    run = PullRun.objects.create(source=source)
    Source.objects.filter(pk=source.pk).update(state={"cursor": "start again"})
    assert not pulling._keep(page, source, run)
    source.refresh_from_db()
    assert source.state == {"cursor": "start again"}
    assert not Arrival.objects.exists()
    pages.close()  # type: ignore[attr-defined]


def test_rows_that_cannot_be_read_wait_in_quarantine(
    zendesk: vendors.Zendesk, source: Source
) -> None:
    zendesk.tickets[2] = ticket(3, NOW + 3, created_at="yesterday")
    run = pull(source)
    assert (run.rows, run.accepted, run.quarantined) == (7, 6, 1)
    row = QuarantinedRow.objects.get()
    assert "yesterday" in row.reason
    assert '"id": "3"' in row.raw


def test_wrong_credentials_are_said_and_never_shown(source: Source) -> None:
    source.secrets = seal({"token": "hunter2"})
    source.save()
    run = pull(source)
    assert "does not accept the credentials (401)" in run.error
    assert "hunter2" not in run.error


def test_what_is_due(source: Source) -> None:
    now = timezone.now()
    assert pulling.due(now) == [source]
    pull(source)
    assert pulling.due(timezone.now()) == []
    assert pulling.due(timezone.now() + timedelta(minutes=16)) == [source]
    Source.objects.update(is_paused=True)
    assert pulling.due(timezone.now() + timedelta(minutes=16)) == []
    assert pulling.pull_source(source.pk) is None
    Source.objects.update(is_paused=False, every_minutes=None)
    assert pulling.due(timezone.now() + timedelta(days=1)) == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_between_two_pages_loses_and_doubles_nothing(
    zendesk: vendors.Zendesk, source: Source
) -> None:
    zendesk.faults.extend(["no", "no", "hang"])
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    worker = os.fork()
    if worker == 0:
        pulling.pull_source(source.pk, patience=Patience(timeout_seconds=200))
        os._exit(1)
    until = time.monotonic() + 200
    while len(zendesk.seen) < 3:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert pulling.pull_source(source.pk) is None  # the worker has it
    os.kill(worker, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == -signal.SIGKILL
    assert Identity.objects.count() == 4
    while (run := pulling.pull_source(source.pk, patience=QUICK)) is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert run.error == ""
    assert Identity.objects.count() == 7
    assert ledger(source) == (7, 7, 0)
    assert PullRun.objects.exclude(error="").get().error == pulling.DIED


@pytest.mark.django_db(transaction=True)
def test_a_table_of_a_real_postgresql_is_read_without_the_right_to_write() -> None:
    there = connection.settings_dict
    address = f"postgresql://{there['USER']}@/{there['NAME']}?host={there['HOST']}"
    engine = sa.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.begin() as made:
            made.execute(sa.text("create schema shop"))
            made.execute(
                sa.text(
                    "create table shop.complaints (no bigint primary key, changed timestamptz,"
                    " said text, amount numeric(12,2), tags text[], about jsonb)"
                )
            )
            made.execute(
                sa.text(
                    "insert into shop.complaints select n, now() - interval '1 hour' * (20 - n),"
                    " 'late ' || n, 1.10, array['a','b'], '{\"product\": \"fibre\"}'"
                    " from generate_series(1, 12) n"
                )
            )
        source = Source.objects.create(
            name="shop",
            title="Shop",
            way=Way.PULL,
            connector="sql",
            options={
                "address": address,
                "table": "shop.complaints",
                "cursor": "changed",
                "key": "no",
                "kind": "complaint",
                "page_rows": "5",
            },
            mapping={
                "said": "verbatim",
                "changed": "occurred_at",
                "about.product": "product",
                "amount": "loss:money:EUR",
            },
            every_minutes=15,
        )
        run = pull(source)
        assert (run.error, run.pages, run.rows, run.accepted) == ("", 3, 12, 12)
        rows = unpack(bytes(Delivery.objects.order_by("pk")[0].payload)).to_pylist()
        first = rows[0]
        assert (first["external_id"], first["verbatim"], first["product"]) == (
            "1",
            "late 1",
            "fibre",
        )
        assert (str(first["loss"]), first["currency"], first["kind"]) == (
            "1.10",
            "EUR",
            "complaint",
        )
        with engine.begin() as made:
            made.execute(sa.text("update shop.complaints set said = 'solved', changed = now()"))
        assert pull(source).accepted == 12
    finally:
        with engine.begin() as made:
            made.execute(sa.text("drop schema if exists shop cascade"))
        engine.dispose()
