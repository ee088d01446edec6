import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from tests.people import People
from tests.web.signals import fill_lake, signal

from amends.web.classify.models import ClassifierVersion
from amends.web.classify.queries import cause_label, taxonomy

HTMX = {"HX-Request": "true"}


@pytest.fixture
def reader(people: People, client: Client) -> Client:
    client.force_login(people.advocate)
    return client


@pytest.fixture
def telecoms(db: None) -> ClassifierVersion:  # noqa: ARG001  (gives access to the database)
    return ClassifierVersion.objects.create(
        version="1",
        taxonomy="telecoms",
        trained_at=timezone.now(),
        n_labelled=1,
        report={},
        parameters=b"",
        is_current=True,
    )


def body(client: Client, url: str, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == 200, url
    return str(response.content.decode().replace("\u00a0", " "))


def some_causes() -> None:
    outage = {"cause": "network/outage", "product": "tv", "severity": "high"}
    fill_lake(
        [
            *(
                signal(**outage, verbatim=f"Nothing works here at home since day {i} of this month")
                for i in range(25)
            ),
            *(signal(**outage, ago_days=30) for _ in range(12)),
            signal(cause="network/outage", ago_days=55.9),
            *(signal(cause="network/wifi", product="fibre") for _ in range(4)),
            *(signal(cause="unsure") for _ in range(3)),
        ]
    )


@pytest.mark.usefixtures("telecoms")
def test_the_map_and_the_table_say_what_customers_complain_of(reader: Client) -> None:
    some_causes()
    html = body(reader, "/causes/")
    for said in (
        "Complete outage",
        "Weak Wi-Fi at home",
        "Network and connection",
        "/causes/network/outage/",
        "n too small",
        "+92 %",
        "9.4 % of these signals are unsure",
        "/signals/?cause=network%2Foutage&amp;told=failure",
    ):
        assert said in html, said
    table = html.split("All causes</h2>")[1]
    assert table.index("Complete outage") < table.index("Weak Wi-Fi") < table.index("Unsure")
    treemap = html.split('class="treemap')[1].split("</section></div>")[0]
    assert "Unsure" not in treemap


@pytest.mark.usefixtures("telecoms")
def test_a_cause_has_its_own_page(reader: Client) -> None:
    some_causes()
    html = body(reader, "/causes/network/outage/?region=")
    assert taxonomy()["network/outage"].description in html.replace("&#x27;", "'")
    for said in ('data-chart="volume"', "Weak Wi-Fi at home", "Other causes of this branch"):
        assert said in html, said
    assert "/breakdowns/?cause=network%2Foutage&amp;state=all" in html
    assert "/causes/network/outage/?part=behind" in html
    behind = body(reader, "/causes/network/outage/?part=behind", **HTMX)
    assert "Nothing works here" in behind
    assert "By product" in behind
    assert "25 · 100 % · 1.2× usual" in behind
    drawer = body(reader, "/causes/network/outage/", **HTMX)
    assert "<html" not in drawer
    assert "Open this cause" in drawer


@pytest.mark.usefixtures("telecoms")
def test_a_branch_shows_what_hangs_on_it(reader: Client) -> None:
    some_causes()
    html = body(reader, "/causes/network/?period=90d&product=tv")
    assert "Causes of this branch" in html
    assert "/causes/network/outage/?period=90d&amp;product=tv" in html
    assert "Weak Wi-Fi" not in html.split("Causes of this branch")[1]


def test_choosing_another_cause_goes_to_its_page(reader: Client) -> None:
    response = reader.get("/causes/network/outage/?cause=billing&period=7d")
    assert response.status_code == 302
    assert response["Location"] == "/causes/billing/?period=7d"


def test_unsure_is_no_cause_and_is_said_so(reader: Client) -> None:
    fill_lake([signal(cause="unsure")])
    assert "the classifier asks rather than guesses" in body(reader, "/causes/unsure/")
    html = body(reader, "/causes/")
    assert "All signals of this choice are unsure" in html
    assert "100 % of these signals are unsure" in html


@pytest.mark.parametrize("path", ["no/such/cause", "%3Cscript%3E", "a//b"])
def test_what_is_no_cause_is_not_found(reader: Client, path: str) -> None:
    assert reader.get(f"/causes/{path}/").status_code == 404


def test_a_cause_of_another_taxonomy_is_shown_by_its_path(reader: Client) -> None:
    fill_lake([signal(cause="old_branch/tv_fault")])
    html = body(reader, "/causes/old_branch/tv_fault/")
    assert "TV fault" in html
    assert "not in the taxonomy in force" in html


def test_nothing_says_what_to_do(reader: Client) -> None:
    assert "ask an administrator whether sources are connected" in body(reader, "/causes/")
    assert "Take a filter away" in body(reader, "/causes/?region=nowhere")


def test_the_names_follow_the_classifier_in_force(telecoms: ClassifierVersion) -> None:
    assert cause_label("network/wifi") == "Weak Wi-Fi at home"
    telecoms.taxonomy = "gone"
    telecoms.save()
    assert taxonomy().name == "general"
    assert cause_label("network/slow_wifi") == "Slow wifi"
    assert cause_label("unsure") == "Unsure"


def test_administrators_do_not_read_what_customers_said(people: People, client: Client) -> None:
    client.force_login(people.admin)
    assert client.get("/causes/").status_code == 403
    assert client.get("/causes/network/outage/").status_code == 403


def test_more_causes_need_no_more_queries(
    reader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill_lake([signal(cause=f"branch{i % 5}/leaf{i}") for i in range(60)])
    body(reader, "/causes/")
    with django_assert_max_num_queries(10):
        body(reader, "/causes/")
