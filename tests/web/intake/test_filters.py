from datetime import timedelta

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone
from django_cotton.compiler_regex import CottonCompiler
from hypothesis import given
from hypothesis import strategies as st
from tests.people import People
from tests.web.signals import fill_lake, signal

from amends.web.classify.models import ClassifierVersion
from amends.web.intake.filters import FILTERED, Filters, filters_of
from amends.web.intake.naming import value_label
from amends.web.intake.queries import filter_bar

pytestmark = pytest.mark.django_db


def asked(query: str) -> Filters:
    return filters_of(RequestFactory().get(f"/causes/{query}"))


@given(st.dictionaries(st.sampled_from([*FILTERED, "cause", "period", "made_up"]), st.text()))
def test_any_address_gives_filters_that_survive_the_way_back(given_values: dict[str, str]) -> None:
    filters = filters_of(RequestFactory().get("/", given_values))
    again = asked(filters.query())
    assert (again.period, again.dims, again.cause) == (filters.period, filters.dims, filters.cause)


def test_the_period_before_ends_where_this_one_begins() -> None:
    filters = asked("?period=7d&region=north")
    assert filters.until - filters.since == timedelta(days=7)
    assert filters.before.until == filters.since
    assert filters.before.dims == {"region": "north"}


def test_menus_offer_what_the_lake_holds_most_frequent_first() -> None:
    rows = [signal(product="tv"), *(signal(product="fibre_max", channel="app") for _ in range(3))]
    fill_lake([*rows, signal(cause="network/outage"), signal(cause="unsure")])
    bar = filter_bar(asked("?product=tv"))
    menus = {menu.name: menu for menu in bar.menus}
    [products] = menus["product"].groups
    assert [c.label for c in products.choices] == ["Fibre max", "TV"]
    assert [c.is_chosen for c in products.choices] == [False, True]
    assert menus["segment"].groups[0].choices == ()
    network, alone = menus["cause"].groups
    assert [c.value for c in network.choices] == ["network", "network/outage"]
    assert [c.label for c in alone.choices] == ["Unsure"]


def test_what_was_chosen_is_offered_even_when_the_lake_no_longer_holds_it() -> None:
    bar = filter_bar(asked("?region=atlantis&cause=billing/gone"))
    menus = {menu.name: menu for menu in bar.menus}
    assert menus["region"].is_set
    assert menus["cause"].is_set
    assert not menus["product"].is_set


def test_each_filter_can_be_taken_away_and_the_rest_stays() -> None:
    bar = filter_bar(
        asked("?period=7d&region=north&cause=billing"), kept=[("q", "late"), ("x", "")]
    )
    assert [(a.label, a.text) for a in bar.active] == [("Region", "North"), ("Cause", "Billing")]
    assert bar.active[0].without == "?period=7d&cause=billing&q=late"
    assert bar.cleared == "?period=7d&q=late"
    assert bar.kept == (("q", "late"),)


def test_the_bar_shows_nothing_as_markup() -> None:
    bar = filter_bar(asked("?region=<script>alert(1)</script>"))
    source = CottonCompiler().process('<c-filters :bar="bar" />')
    html = Template(source).render(Context({"bar": bar}))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_causes_are_called_as_the_taxonomy_in_force_says() -> None:
    fill_lake([signal(cause="installation/missed_appointment")])
    ClassifierVersion.objects.create(
        version="1",
        taxonomy="telecoms",
        trained_at=timezone.now(),
        n_labelled=1,
        report={},
        parameters=b"",
        is_current=True,
    )
    [group] = next(m for m in filter_bar(asked("")).menus if m.name == "cause").groups
    assert group.label == "Installation and engineers"
    assert group.choices[1].label == "Engineer did not come"


@pytest.mark.parametrize(
    ("value", "label"), [("fibre_max", "Fibre max"), ("tv_box", "TV box"), ("", "")]
)
def test_values_are_called_in_words(value: str, label: str) -> None:
    assert value_label(value) == label


def test_links_to_pages_of_figures_carry_the_filters(people: People, client: Client) -> None:
    client.force_login(people.leader)
    html = client.get("/causes/", {"period": "7d", "region": "north"}).content.decode()
    assert 'href="/signals/?period=7d&amp;region=north"' in html
    assert 'href="/profile/"' in html
