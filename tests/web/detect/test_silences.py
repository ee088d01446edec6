"""A source that falls silent is a breakdown: one, with its title, until it comes back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.arrivals import arrived, usual_weeks
from tests.people import People

from amends.engine.contracts import starter_taxonomy
from amends.web.cases.opening import link_to_breakdown
from amends.web.detect import watching
from amends.web.detect.models import Breakdown
from amends.web.detect.silences import watch_sources
from amends.web.intake.models import Source, Way

pytestmark = pytest.mark.django_db
STOPPED = datetime(2026, 3, 25, 10, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make(name: str, way: Way = Way.API, stopped: datetime = STOPPED, **more: object) -> Source:
    source = Source.objects.create(name=name, title=name.title(), way=way, **more)
    usual_weeks(name, stopped, per_hour=4, rows=6)
    arrived(name, stopped, way=way)
    return source


def test_it_is_opened_once_grows_and_ends_when_signals_come_again() -> None:
    make("zendesk")
    make("surveys", stopped=STOPPED + 3 * HOUR)
    assert watch_sources(STOPPED + timedelta(minutes=10)) == []
    now = STOPPED + 3 * HOUR
    [found] = watch_sources(now)
    assert found.title.startswith("Nothing from Zendesk since 10:05; ")
    assert found.title.endswith("] signals an hour are usual")
    assert found.where.as_dict() == {"source": "zendesk"}
    assert (found.onset_at, found.detected_at, found.observed) == (STOPPED, now, 0)
    assert found.expected_low < found.expected < found.expected_high
    assert 40 < found.expected < 110
    assert found.ratio_high < 0.5
    assert found.severity in {"high", "critical"}
    assert watch_sources(now + timedelta(minutes=1)) == []
    Breakdown.objects.update(updated_at=now - HOUR)
    assert watch_sources(now + timedelta(minutes=30)) == []
    grown = Breakdown.objects.get(pk=found.pk)
    assert grown.expected > found.expected
    back = now + HOUR
    arrived("zendesk", back)
    arrived("surveys", back)
    assert watch_sources(back + timedelta(minutes=2)) == []
    over = Breakdown.objects.get()
    assert (over.state, over.ended_at) == ("over", back)
    [again] = watch_sources(back + timedelta(hours=12))[:1]
    assert again.onset_at == back
    assert Breakdown.objects.count() == 3  # both, since the second silence


def test_who_is_paused_a_file_or_unknown_never_alarms() -> None:
    make("paused", is_paused=True)
    make("file", Way.FILE)
    arrived("world retailer", STOPPED)
    Source.objects.create(name="new", title="New", way=Way.API)
    Source.objects.create(name="once", title="Once", way=Way.API)
    arrived("once", STOPPED)
    for hours in (1, 12, 24 * 9):
        assert watch_sources(STOPPED + hours * HOUR) == []


def test_pausing_a_silent_source_ends_its_breakdown() -> None:
    source = make("zendesk")
    [found] = watch_sources(STOPPED + 4 * HOUR)
    Source.objects.filter(pk=source.pk).update(is_paused=True)
    watch_sources(STOPPED + 5 * HOUR)
    found.refresh_from_db()
    assert found.state == "over"
    Source.objects.filter(pk=source.pk).update(is_paused=False)
    [same] = watch_sources(STOPPED + 6 * HOUR)
    assert same.pk == found.pk  # the same silence is the same breakdown


def test_a_limit_that_a_person_set_overrules() -> None:
    Source.objects.create(name="ftp", title="FTP", way=Way.PULL, silent_after_minutes=90)
    arrived("ftp", STOPPED, way=Way.PULL)
    assert watch_sources(STOPPED + timedelta(minutes=80)) == []
    [found] = watch_sources(STOPPED + timedelta(minutes=100))
    told = found.title.replace("\u00a0", " ")
    assert told == "Nothing from FTP since 10:05; 1 h 30 m without a signal are allowed"


def test_other_breakdowns_are_found_beside_it_and_no_case_is_linked() -> None:
    make("zendesk")
    [found] = watch_sources(STOPPED + 4 * HOUR)
    assert link_to_breakdown(found) == 0
    assert watching.watch(STOPPED + 4 * HOUR, starter_taxonomy("general"), whole=True) == []
    found.refresh_from_db()
    assert found.is_open


def test_its_pages_tell_it_and_lead_to_the_source(people: People, client: Client) -> None:
    now = timezone.now()
    make("zendesk", stopped=now - 5 * HOUR)
    [found] = watch_sources(now)
    client.force_login(people.manager)
    html = client.get("/breakdowns/").content.decode()
    assert "Nothing from Zendesk since" in html
    html = client.get(f"/breakdowns/{found.pk}/").content.decode()
    assert 'href="/sources/zendesk/"' in html
    assert 'data-chart="source"' in html
    assert "of all signals" in html
    drawer = client.get(f"/breakdowns/{found.pk}/", headers={"HX-Request": "true"})
    assert "Nothing from Zendesk" in drawer.content.decode()
    assert client.get(f"/breakdowns/{found.pk}/verbatims/").status_code == 200
    assert client.post(f"/breakdowns/{found.pk}/acknowledgement/").status_code == 302
    assert client.get("/overview/").status_code == 200
