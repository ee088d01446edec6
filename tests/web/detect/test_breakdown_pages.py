import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from tests.breakdowns import BROKEN_PER_DAY, make_breakdown, make_series
from tests.people import People
from tests.web.signals import fill_lake, signal

from amends.web.detect.models import Breakdown
from amends.web.detect.queries import open_breakdowns, volume_course
from amends.web.intake.filters import Filters

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def reader(people: People, client: Client) -> Client:
    client.force_login(people.manager)
    return client


def text_of(client: Client, url: str, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def over(**changes: Any) -> Breakdown:
    return make_breakdown(
        state="over", ended_at=timezone.now() - timedelta(days=1), title="Was broken", **changes
    )


def test_the_list_shows_what_is_open_gravest_and_largest_first(reader: Client) -> None:
    make_breakdown(title="Small one", severity="high", customers=3)
    make_breakdown(title="Grave one", severity="critical", customers=1)
    make_breakdown(title="Large one", severity="high", customers=300)
    over()
    text = text_of(reader, "/breakdowns/")
    places = [text.index(t) for t in ("Grave one", "Large one", "Small one")]
    assert places == sorted(places)
    assert "Was broken" not in text
    assert "200 complaints where 50 were expected" in text
    assert "Was broken" in text_of(reader, "/breakdowns/?state=over")
    everything = text_of(reader, "/breakdowns/?state=all")
    assert everything.index("Small one") < everything.index("Was broken")


@pytest.mark.parametrize(
    ("query", "is_shown"),
    [
        ("region=north", True),
        ("region=south", False),
        ("product=fibre", True),  # it says nothing of products: it is one of each
        ("cause=delivery", True),
        ("cause=deliver", False),
        ("severity=high", True),
        ("severity=low", False),
        ("owner=nobody", True),
        ("owner=12345678901234567890123", False),
        ("judgement=none", True),
        ("judgement=false", False),
        ("state=nonsense&severity=%00&owner=x&judgement=y&period=z", True),
    ],
)
def test_the_list_is_narrowed_by_what_makes_sense(
    reader: Client, query: str, *, is_shown: bool
) -> None:
    make_breakdown()
    assert ("Late parcel" in text_of(reader, f"/breakdowns/?{query}")) is is_shown


def test_what_was_judged_stays_in_the_list(reader: Client) -> None:
    make_breakdown(judgement="real", judged_because="Seen at the depot")
    assert "Late parcel" in text_of(reader, "/breakdowns/")
    assert "Late parcel" in text_of(reader, "/breakdowns/?judgement=real")
    assert "Late parcel" not in text_of(reader, "/breakdowns/?judgement=none")


def test_the_list_needs_as_many_queries_for_one_as_for_many(
    reader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        make_breakdown({"region": f"r{number}"})
    text_of(reader, "/breakdowns/")
    with django_assert_max_num_queries(11):
        text_of(reader, "/breakdowns/")


def test_nothing_broken_is_said_in_words(reader: Client) -> None:
    assert "Nothing is broken now" in text_of(reader, "/breakdowns/")
    assert "No breakdown matches" in text_of(reader, "/breakdowns/?region=north")


def test_one_breakdown_is_told_with_its_evidence(reader: Client) -> None:
    make_series({"region": "north"}, broken_days=5)
    b = make_breakdown()
    text = text_of(reader, f"/breakdowns/{b.pk}/")
    for said in (
        "200 complaints where 50 were expected since",
        "41 – 60",
        "3.2× – 4.9×",
        "to 1 against chance",
        "A quiet series like this alarms by chance once in 10",
        "Region: North",
        "92",
    ):
        assert said in text.replace("\u00a0", " ")
    found = re.search(r'<script id="breakdown" type="application/json">(.*?)</script>', text)
    assert found
    series = json.loads(found[1])["series"]
    line = next(s for s in series if s.get("markArea"))
    assert max(v for v in line["data"] if v is not None) >= BROKEN_PER_DAY
    assert line["data"][-1] is None  # today is not over: its dot is hollow
    assert any(s.get("name") == "Today so far" for s in series)
    band = [s for s in series if s.get("stack") == "band"]
    assert all(v is not None for v in band[1]["data"])


def test_the_drawer_is_the_same_in_short(reader: Client) -> None:
    b = make_breakdown()
    text = text_of(reader, f"/breakdowns/{b.pk}/", **FRAGMENT)
    assert "<html" not in text
    assert "Open breakdown" in text
    assert "Acknowledge" in text


def test_its_words_are_read_from_the_lake(reader: Client) -> None:
    b = make_breakdown()
    said = "The parcel was promised for Monday and it still has not come"
    rows = [
        signal(region=region, verbatim=text, ago_days=2)
        | {"cause": "delivery/late", "cause_confidence": 0.9}
        for region, text in (("north", said), ("north", "late"), ("south", "Somewhere else " * 4))
    ]
    fill_lake(rows)
    text = text_of(reader, f"/breakdowns/{b.pk}/verbatims/", **FRAGMENT)
    assert said in text
    assert "Somewhere else" not in text
    assert "All 2" in text
    link = re.search(r'href="(/signals/\?[^"]+)"', text)
    assert link
    assert "region=north" in link[1]
    assert "kind=complaint" in link[1]


def test_handling_is_one_click_and_tells_the_page(reader: Client, people: People) -> None:
    b = make_breakdown()
    response = reader.post(f"/breakdowns/{b.pk}/acknowledgement/", headers=FRAGMENT)
    assert response.status_code == 204
    assert "breakdowns-changed" in response.headers["HX-Trigger"]
    reader.post(f"/breakdowns/{b.pk}/owner/", {"take": "1"})
    b.refresh_from_db()
    assert b.owner == people.manager
    judged = {"judgement": "false", "because": "A test of the alarm"}
    assert reader.post(f"/breakdowns/{b.pk}/judgement/", judged).status_code == 302
    text = text_of(reader, f"/breakdowns/{b.pk}/?part=handling", **FRAGMENT)
    assert "Judged: false alarm" in text
    assert "A test of the alarm" in text
    assert "Mara Manager" in text


def test_what_is_refused_says_why_where_it_was_asked(reader: Client, people: People) -> None:
    b = make_breakdown()
    response = reader.post(
        f"/breakdowns/{b.pk}/judgement/", {"judgement": "maybe"}, headers=FRAGMENT
    )
    assert response.status_code == 422
    assert "Choose what it was" in response.content.decode()
    given = {"owner": people.owner.pk}
    assert reader.post(f"/breakdowns/{b.pk}/owner/", given, headers=FRAGMENT).status_code == 422


def test_who_reads_only_sees_no_buttons_and_is_refused(people: People, client: Client) -> None:
    b = make_breakdown()
    client.force_login(people.owner)
    assert "Your roles do not let you" in text_of(client, f"/breakdowns/{b.pk}/")
    assert client.post(f"/breakdowns/{b.pk}/acknowledgement/").status_code == 403
    assert client.get("/breakdowns/999999/").status_code == 404
    client.force_login(people.nobody)
    assert client.get("/breakdowns/").status_code == 403


def test_volume_comes_with_a_range_only_where_a_series_is_watched() -> None:
    make_series()
    watched = volume_course(Filters(timezone.now()))
    assert watched.course is not None
    assert watched.course.low[0] is not None
    assert len(watched.course.starts) == 29
    assert watched.course.last_is_partial
    fill_lake([signal(region="north", ago_days=2)])
    narrowed = volume_course(Filters(timezone.now(), dims={"region": "north"}))
    assert narrowed.course is not None
    assert sum(v or 0 for v in narrowed.course.value) == 1
    assert "not watched" in narrowed.why_no_range


def test_open_ones_fit_the_filters_of_a_page() -> None:
    here, everywhere = make_breakdown(), make_breakdown({})
    over()
    now = timezone.now()
    assert set(open_breakdowns()) == {here, everywhere}
    assert set(open_breakdowns(Filters(now, dims={"region": "south"}))) == {everywhere}


def test_the_sidebar_counts_what_is_open(reader: Client) -> None:
    make_breakdown()
    over()
    text = text_of(reader, "/profile/")
    assert '<span>Breakdowns</span><span class="count">1</span>' in text
