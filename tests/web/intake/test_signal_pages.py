from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from tests.people import People
from tests.web.signals import days_ago, fill_lake, signal

from amends.web.intake.asked import asked_of, url_of_signals
from amends.web.intake.filters import Filters
from amends.web.intake.models import Customer

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def reader(people: People, client: Client) -> Client:
    client.force_login(people.leader)
    return client


def body(client: Client, query: str = "", **headers: str) -> str:
    response = client.get(f"/signals/{query}", headers=headers)
    assert response.status_code == 200, query
    return str(response.content.decode().replace("\u00a0", " "))


def test_the_newest_signals_come_first_with_their_cause(reader: Client) -> None:
    fill_lake(
        [
            signal(verbatim="The older one", ago_days=3),
            signal(
                verbatim="The newer one",
                cause="network/outage",
                cause_confidence=0.83,
                severity="high",
                product="fibre_max",
                region="north",
            ),
            signal(kind="transaction", exposure=5.0),
        ]
    )
    html = body(reader)
    assert html.index("The newer one") < html.index("The older one")
    assert "2 signals" in html
    for said in ("Outage", "83 %", "Fibre max · North", "High"):
        assert said in html
    assert "3 signals" in body(reader, "?kind=all")


def test_pages_keep_the_filters_and_miss_nothing(reader: Client) -> None:
    fill_lake([signal(verbatim=f"Number {i:03}!", ago_days=i / 8, region="r") for i in range(120)])
    first = body(reader, "?region=r&q=number")
    assert "1–40 of 120" in first
    assert 'href="?region=r&amp;q=number&amp;page=2"' in first
    pages = [body(reader, f"?region=r&q=number&page={page}") for page in (1, 2, 3)]
    seen = [i for i in range(120) if any(f"</mark> {i:03}!" in page for page in pages)]
    assert seen == list(range(120))
    assert "81–120 of 120" in body(reader, "?region=r&q=number&page=99")


def test_what_was_searched_for_is_marked_and_never_markup(reader: Client) -> None:
    fill_lake([signal(verbatim=f"It says {EVIL} twice: {EVIL}"), signal(subject="no <b>bold</b>")])
    html = body(reader, "?q=<script>")
    assert "<script>alert" not in html
    assert html.count("<mark>&lt;script&gt;</mark>") == 2
    assert "1 signal<" in html
    assert "<b>bold</b>" not in body(reader, "?q=BOLD")
    assert "<mark>bold</mark>" in body(reader, "?q=BOLD")
    fill_lake([signal(verbatim="Still not back", subject="My refund")], delivery=2)
    assert "My <mark>refund</mark>: Still not back" in body(reader, "?q=refund")


def test_any_number_can_link_to_its_signals(reader: Client) -> None:
    fill_lake(
        [
            signal(kind="survey", severity="low", customer_id="A", vendor="v1"),
            signal(kind="ticket", severity="high", customer_id="B", cause="unsure"),
            signal(kind="ticket", severity="critical", case_ref="X-1", cause="billing/late"),
            signal(kind="complaint", ago_days=40),
        ]
    )
    now = Filters(until=timezone.now())
    for own, n in (
        ({"kind": ["survey", "ticket"]}, 3),
        ({"severity": ["high", "critical"]}, 2),
        ({"customer": "A"}, 1),
        ({"vendor": "v1"}, 1),
        ({"case_ref": "X-1"}, 1),
        ({"told": "failure"}, 2),
        ({"since": days_ago(41).isoformat(), "until": days_ago(39).isoformat()}, 1),
        ({"until": days_ago(27).isoformat()}, 1),
    ):
        url = url_of_signals(now, **own)
        html = body(reader, url.removeprefix("/signals/"))
        assert f"{n} signal{'s' if n > 1 else ''}<" in html, url
    period = url_of_signals(Filters(until=timezone.now(), period="90d", cause="billing"))
    assert "1 signal<" in body(reader, period.removeprefix("/signals/"))


def test_a_day_without_a_zone_is_a_day_of_the_installation(reader: Client) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    noon = datetime.combine(yesterday, time(12), timezone.get_current_timezone())
    fill_lake([signal(occurred_at=noon), signal(occurred_at=noon - timedelta(days=1))])
    html = body(reader, f"?from={yesterday}&to={timezone.localdate()}")
    assert "1 signal<" in html
    assert "Remove From: " in html


@hypothesis_settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.dictionaries(
        st.sampled_from(
            ["from", "to", "page", "kind", "severity", "q", "period", "vendor", "told"]
        ),
        st.one_of(st.text(), st.sampled_from(["2026-02-31", "9999-12-31T23:59:59-23:59", "٣"])),
    )
)
def test_an_address_that_makes_no_sense_still_gives_a_page(
    reader: Client, given_values: dict[str, str]
) -> None:
    assert reader.get("/signals/", given_values).status_code == 200


def test_the_bars_of_the_chart_open_their_signals(reader: Client) -> None:
    fill_lake([signal(verbatim="Once", ago_days=2)])
    html = body(reader)
    assert 'data-chart="volume"' in html
    assert "/signals/?from=" in html
    drawer = body(reader, f"?from={(timezone.now() - timedelta(days=4)).date()}", **HTMX)
    assert "<html" not in drawer
    assert "Once" in drawer
    assert "Show in the list" in drawer


HTMX = {"HX-Request": "true"}


def test_a_live_page_is_told_of_newer_signals(reader: Client) -> None:
    fill_lake([signal(ago_days=1)])
    html = body(reader)
    url = html.split('hx-get="/signals/total/')[1].split('"')[0].replace("&amp;", "&")
    assert "Show newer" not in body(reader, f"total/{url}", **HTMX)
    fill_lake([signal(ago_days=0.001)], delivery=2)
    told = body(reader, f"total/{url}", **HTMX)
    assert "2 signals" in told
    assert "Show newer ones" in told


def test_the_drawer_shows_the_whole_signal_and_its_customer(reader: Client) -> None:
    one = signal(
        customer_id="C1",
        verbatim="Long story",
        subject="Short",
        cause="network/outage",
        cause_confidence=0.7,
        model_version="m-7",
        value_at_risk=120,
        currency="GBP",
        attributes={"line speed": "3 Mbit"},
        nps=2,
    )
    fill_lake([one, signal(customer_id="C1", verbatim="Another day", ago_days=200)])
    Customer.objects.create(customer_id="C1", name="Ida Moss")
    html = body(reader, f"{one['signal_id']}/", **HTMX)
    for said in (
        "Long story",
        "Short",
        "Line speed",
        "3 Mbit",
        "m-7",
        "£120.00",
        "70 %",
        "NPS",
        "Delivery",
        "Ida Moss",
        "Another day",
        "/cases/?customer=C1",
        "/causes/network/outage/",
    ):
        assert said in html, said
    assert "<html" not in html
    assert reader.get("/signals/0000/").status_code == 404


def test_an_empty_lake_says_what_to_do(reader: Client) -> None:
    assert "ask an administrator whether sources are connected" in body(reader)
    assert "show all signals of the period" in body(reader, "?region=nowhere")


def test_more_signals_need_no_more_queries(
    reader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill_lake([signal(customer_id=f"C{i}", cause="network/outage") for i in range(60)])
    body(reader)
    with django_assert_max_num_queries(8):
        body(reader)


def test_what_is_asked_for_survives_the_way_back(reader: Client) -> None:
    url = (
        "/signals/?period=7d&region=north&cause=network&q=a&kind=survey&kind=ticket&severity=low"
        "&told=failure&customer=C1&tier=gold&from=2026-01-02T00%3A00%3A00%2B00%3A00"
    )
    asked = asked_of(reader.get(url).wsgi_request)
    assert f"/signals/{asked.query()}" == url
    assert asked.query(without=["kind", "from"], page=3).count("kind=") == 0
