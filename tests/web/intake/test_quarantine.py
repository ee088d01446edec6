"""The quarantine: a row is mended once, nothing of it is lost, and thousands are as easy as one."""

import json
import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from tests.people import People

from amends.engine.contracts import signal_id
from amends.web.intake.accepting import accept_records
from amends.web.intake.actions import quarantine as actions
from amends.web.intake.inbox import unpack
from amends.web.intake.jobs import redrive
from amends.web.intake.models import (
    Arrival,
    Delivery,
    QuarantinedRow,
    QuarantineState,
    Redrive,
    Source,
    Way,
)
from amends.web.intake.quarantine import Asked, groups_of, trends

EVIL = "<script>alert(1)</script>"
HTMX = {"HX-Request": "true"}
OPEN, MENDED, DISCARDED = QuarantineState.OPEN, QuarantineState.MENDED, QuarantineState.DISCARDED


def record(number: int, **more: object) -> dict[str, object]:
    at = {"kind": "survey", "occurred_at": "2026-03-02T09:00:00Z", "external_id": f"A-{number}"}
    return {**at, "verbatim": "It never came", **more}


@pytest.fixture
def shop(db: None) -> Source:  # noqa: ARG001
    return Source.objects.create(name="shop", title="The shop", way=Way.API)


def deliver(source: Source, *records: dict[str, object]) -> list[QuarantinedRow]:
    accept_records(records, source, timezone.now(), Way.API)
    return list(QuarantinedRow.objects.order_by("pk"))


@pytest.fixture
def analyst(people: People, client: Client) -> Client:
    client.force_login(people.analyst)
    return client


def body(
    client: Client, path: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> str:
    response = client.get(f"/signals/quarantine/{path}", headers=headers)
    assert response.status_code == status, path
    return str(response.content.decode().replace("\u00a0", " "))


def ledger_adds_up() -> bool:
    """Whether every row that came in stands in quarantine, in the inbox, or is a duplicate."""
    lines = list(Arrival.objects.all())
    in_inbox = sum(delivery.rows for delivery in Delivery.objects.all())
    return (
        sum(line.accepted for line in lines) == in_inbox
        and sum(line.quarantined for line in lines) == QuarantinedRow.objects.count()
        and all(
            line.rows == line.accepted + line.duplicates + line.superseded + line.quarantined
            for line in lines
        )
    )


def test_a_mended_row_becomes_a_signal_and_says_which(people: People, shop: Source) -> None:
    [bad] = deliver(shop, record(1), record(2, nps=99))
    mended = actions.mend(people.analyst, bad, {**(bad.record or {}), "nps": "9"})
    assert mended.state == MENDED
    bad.refresh_from_db()
    assert bad.closed_by == people.analyst
    assert bad.signal_id is not None
    assert bad.signal_id.hex == signal_id("shop", "A-2")
    assert json.loads(bad.raw)["nps"] == "99"  # what was given stays
    assert bad.record
    assert bad.record["nps"] == "9"
    assert bad.became
    assert (bad.became.way, bad.became.rows, bad.became.accepted) == (Way.MENDED, 1, 1)
    signals = unpack(bytes(Delivery.objects.get(arrival=bad.became).payload))
    assert signals["nps"].to_pylist() == [9]
    assert ledger_adds_up()
    with pytest.raises(ValidationError, match="meanwhile by"):
        actions.mend(people.admin, bad, {"nps": "3"})


def test_what_is_still_wrong_stays_with_its_new_reason_and_the_edit(
    people: People, shop: Source
) -> None:
    [bad] = deliver(shop, record(1, nps=99))
    edited = {**(bad.record or {}), "nps": "7", "occurred_at": "31 February"}
    actions.mend(people.manager, bad, edited)
    bad.refresh_from_db()
    assert (bad.state, bad.field) == (OPEN, "occurred_at")
    assert "31 February" in bad.reason
    assert bad.record == edited
    assert QuarantinedRow.objects.count() == 1
    assert Arrival.objects.count() == 1
    assert ledger_adds_up()


def test_a_row_that_was_here_already_is_a_duplicate(people: People, shop: Source) -> None:
    [bad] = deliver(shop, record(1), record(1, nps=99))
    actions.mend(people.analyst, bad, {n: str(v) for n, v in record(1).items()})
    bad.refresh_from_db()
    assert bad.state == MENDED
    assert "duplicate" in bad.closed_because
    assert ledger_adds_up()


def test_a_line_that_is_no_record_can_be_made_one(analyst: Client, shop: Source) -> None:
    line = QuarantinedRow.objects.create(
        source="shop", received_at=timezone.now(), row=3, reason="no JSON", raw=f"A-9;late {EVIL}"
    )
    deliver(shop, record(1, nps=99))
    html = body(analyst, f"{line.pk}/", headers=HTMX)
    assert EVIL not in html
    names = re.findall(r'name="c\d+"', html)
    columns = ["external_id", "kind", "nps", "occurred_at", "verbatim"]
    assert len(names) == len(columns)  # those of the other row of its source
    posted = {}
    for place in range(len(columns)):
        label = html.split(f'for="id_mend_c{place}">')[1].split("<")[0]
        posted[f"c{place}"] = {**record(9), "nps": "10"}[label]
    response = analyst.post(f"/signals/quarantine/{line.pk}/", posted, headers=HTMX)
    assert response.status_code == 200
    assert "quarantine-changed" in response.headers["HX-Trigger"]
    assert "Accepted" in response.content.decode()
    line.refresh_from_db()
    assert line.raw == f"A-9;late {EVIL}"


def test_rows_of_sources_that_are_no_source_can_be_mended(people: People, db: None) -> None:  # noqa: ARG001
    row = QuarantinedRow.objects.create(
        source="world retailer", received_at=timezone.now(), row=1, reason="bad", raw="{}"
    )
    actions.mend(people.analyst, row, {n: str(v) for n, v in record(5).items()})
    row.refresh_from_db()
    assert row.state == MENDED
    assert row.became
    assert row.became.source == "world retailer"


def test_discarding_needs_a_reason_and_can_be_undone(people: People, shop: Source) -> None:
    [bad] = deliver(shop, record(1, nps=99))
    with pytest.raises(ValidationError, match="why"):
        actions.discard(people.analyst, bad, " ")
    with pytest.raises(PermissionDenied):
        actions.discard(people.leader, bad, "a test row")
    actions.discard(people.analyst, bad, "a test row")
    bad.refresh_from_db()
    assert (bad.state, bad.closed_because) == (DISCARDED, "a test row")
    actions.take_back(people.manager, bad)
    bad.refresh_from_db()
    assert (bad.state, bad.closed_by, bad.closed_at) == (OPEN, None, None)
    with pytest.raises(ValidationError, match="discarded"):
        actions.take_back(people.manager, bad)


def test_one_value_is_changed_in_many_rows(people: People, shop: Source) -> None:
    rows = [record(n, nps=99) for n in range(5)] + [record(9, nps=98), record(8, kind="sms")]
    deliver(shop, *rows)
    [group, *_] = groups_of(Asked())
    assert (group.source, group.field, group.n) == ("shop", "nps", 6)
    asked = Asked(group.source, group.field, group.reason)
    change = actions.Change("nps", "99", "9")
    asking = actions.ask_redrive(people.analyst, asked, change)
    assert asking.total == 5
    redrive(pk=asking.pk)
    asking.refresh_from_db()
    assert (asking.done, asking.accepted, asking.still_bad) == (5, 5, 0)
    assert asking.finished_at
    left = QuarantinedRow.objects.filter(state=OPEN)
    assert {row.row for row in left} == {6, 7}
    assert ledger_adds_up()
    with pytest.raises(ValidationError, match="No row"):
        actions.ask_redrive(people.analyst, asked, change)


def test_all_are_sent_again_after_the_mapping_was_mended(
    people: People, shop: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 7)
    deliver(shop, *[record(n, csat=10) for n in range(20)], record(30, nps="many"))
    shop.mapping = {"csat": "csat:scale:1-10>1-5"}
    shop.save()
    asking = actions.ask_redrive(people.analyst, Asked("shop"))
    assert actions.drive_on(asking.pk)  # a worker that dies after its first part
    deliver(shop, record(40, csat=11))  # what comes later is not meant
    redrive(pk=asking.pk)
    redrive(pk=asking.pk)  # and again changes nothing
    asking.refresh_from_db()
    assert (asking.total, asking.done, asking.accepted, asking.still_bad) == (21, 21, 20, 1)
    assert sum(asking.reasons.values()) == 1
    assert QuarantinedRow.objects.filter(state=OPEN).count() == 2
    assert ledger_adds_up()


def test_a_source_whose_mapping_is_wrong_changes_nothing(people: People, shop: Source) -> None:
    deliver(shop, record(1, nps=99))
    shop.mapping = {"nps": "no_field"}
    shop.save()
    asking = actions.ask_redrive(people.analyst, Asked("shop"))
    redrive(pk=asking.pk)
    row = QuarantinedRow.objects.get()
    assert row.state == OPEN
    assert "no_field" in row.reason


@pytest.fixture
def _many(shop: Source) -> None:
    deliver(shop, *[record(n, nps=20 + n) for n in range(120)])


@pytest.mark.usefixtures("_many")
def test_thousands_of_rows_come_in_pages_and_few_queries(
    analyst: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(16):
        html = body(analyst)
    assert "1–50 of 120" in html
    assert "Send all 120 again" in html
    assert html.count("data-drawer>&#x27;") == 50
    assert "101–120 of 120" in body(analyst, "?page=3")
    assert "101–120 of 120" in body(analyst, "?page=99999")
    group = groups_of(Asked())[0]
    assert group.n == 120  # one reason, whatever the value
    assert "1–50 of 120" in body(analyst, Asked(group.source, group.field, group.reason).query())
    assert "No row matches" in body(analyst, "?state=mended")
    [trend] = trends(timezone.now())
    assert (trend.quarantined, trend.rows, trend.open, trend.by_day[-1]) == (120, 120, 120, 120)


@pytest.mark.usefixtures("_many")
def test_many_are_counted_before_they_are_sent(analyst: Client) -> None:
    html = body(analyst, "redrives/?source=shop", headers=HTMX)
    assert "Send 120 rows again" in html
    one = "redrives/?source=shop&column=nps&before=20&after=2"
    assert "Change and send 1 row again" in body(analyst, one, headers=HTMX)
    url = "/signals/quarantine/redrives/?source=shop"
    refused = analyst.post(url, {"column": "nps", "before": "7", "after": "8"}, headers=HTMX)
    assert refused.status_code == 422
    begun = analyst.post(url, {"column": "nps", "before": "20", "after": "2"}, headers=HTMX)
    assert begun.status_code == 200
    asking = Redrive.objects.get()
    assert "0 of 1 row done" in begun.content.decode().replace("\u00a0", " ")
    redrive(pk=asking.pk)
    told = body(analyst, f"redrives/{asking.pk}/?part=progress", headers=HTMX)
    assert "Finished" in told
    assert "<html" not in told


def test_the_drawer_marks_the_field_and_keeps_markup_out(analyst: Client, shop: Source) -> None:
    [bad] = deliver(shop, record(1, nps=99, verbatim=EVIL))
    html = body(analyst, f"{bad.pk}/", headers=HTMX)
    first, *others = html.split('<div class="field"')[1:]
    assert "data-invalid" in first
    assert "nps" in first
    assert "is no whole number" in first
    assert not any("data-invalid" in other for other in others)
    assert EVIL not in html + body(analyst)
    wrong = analyst.post(f"/signals/quarantine/{bad.pk}/", {"c0": "twelve"}, headers=HTMX)
    assert wrong.status_code == 422
    assert "still cannot be read" in wrong.content.decode()
    empty = analyst.post(f"/signals/quarantine/{bad.pk}/", {}, headers=HTMX)
    assert "Every field is empty" in empty.content.decode()
    because = {"because": "A test row"}
    gone = analyst.post(f"/signals/quarantine/{bad.pk}/discarded/", because, headers=HTMX)
    assert "Take it back" in gone.content.decode()
    assert "A test row" in body(analyst, "?state=discarded")


def test_without_scripts_a_row_is_mended_too(analyst: Client, shop: Source) -> None:
    [bad] = deliver(shop, record(1, nps=99))
    html = body(analyst, f"{bad.pk}/")
    posted = {
        f"c{place}": {**record(1), "nps": "3"}[part.split(">")[1].split("<")[0]]
        for place, part in enumerate(html.split('for="id_mend_c')[1:])
    }
    response = analyst.post(f"/signals/quarantine/{bad.pk}/", posted)
    assert response.status_code == 302
    assert "Accepted" in body(analyst, f"{bad.pk}/")


def test_quarantine_is_for_those_who_mend(people: People, client: Client, shop: Source) -> None:
    [bad] = deliver(shop, record(1, nps=99, received_at=str(timezone.now() - timedelta(days=1))))
    client.force_login(people.leader)
    for path in ("", f"{bad.pk}/", "redrives/"):
        body(client, path, status=403)
    assert client.post(f"/signals/quarantine/{bad.pk}/", {"c0": "1"}).status_code == 403
    client.force_login(people.analyst)
    assert 'href="/signals/quarantine/"' in client.get("/signals/").content.decode()
    client.force_login(people.admin)
    assert client.get("/signals/").status_code == 403
    body(client)
    body(client, "7777777/", status=404)


@hypothesis_settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.dictionaries(
        st.sampled_from(["source", "field", "reason", "state", "page", "column", "before"]),
        st.one_of(st.text(max_size=20), st.sampled_from(["9" * 30, "٣", "all", "\0"])),
    )
)
def test_an_address_that_makes_no_sense_still_gives_a_page(
    analyst: Client, given_values: dict[str, str]
) -> None:
    for path in ("", "redrives/"):
        assert analyst.get(f"/signals/quarantine/{path}", given_values).status_code == 200
