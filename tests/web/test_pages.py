import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings
from tests.people import People

from amends.web.accounts.access import public
from amends.web.project.urls import handler400, handler403, handler404, handler500, urlpatterns

pytestmark = pytest.mark.django_db
LAYERS = (
    "ui", "accounts", "intake", "classify", "detect", "alerts", "recommend", "cases", "track",
    "prevent", "reports", "project",
)  # fmt: skip


@public
def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


@public
def unusual(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


def unmarked(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("never seen")


broken_urls = [
    *urlpatterns,
    path("broken/", broken),
    path("unusual/", unusual),
    path("unmarked/", unmarked),
]


class BrokenUrls:
    """The project's addresses and some that fail."""

    urlpatterns = broken_urls
    handler400, handler403, handler404, handler500 = handler400, handler403, handler404, handler500


@pytest.fixture
def failing(settings: Settings, client: Client) -> Client:
    settings.ROOT_URLCONF = BrokenUrls
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    ("path_", "status", "said"),
    [
        ("/nowhere/", 404, "There is nothing here"),
        ("/broken/", 500, "Something broke on our side"),
        ("/unmarked/", 500, "Something broke on our side"),
    ],
)
def test_what_went_wrong_is_a_page_that_says_what_to_do(
    failing: Client, path_: str, status: int, said: str
) -> None:
    page = failing.get(path_)
    assert page.status_code == status
    text = page.content.decode()
    assert said in text
    assert "Go to the home page" in text
    assert "on purpose" not in text
    fragment = failing.get(path_, headers={"HX-Request": "true"}).content.decode()
    assert said in fragment
    assert "<html" not in fragment


def test_what_is_not_allowed_names_the_permission(people: People, client: Client) -> None:
    client.force_login(people.owner)
    page = client.get("/system/")
    assert page.status_code == 403
    assert "Your roles do not allow you to see the system&#x27;s health." in page.content.decode()


def test_a_form_without_its_token_saves_nothing_and_says_so(people: People) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.owner)
    response = client.post("/profile/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "This page is out of date" in response.content.decode()
    people.owner.refresh_from_db()
    assert people.owner.theme == "system"


def test_a_host_that_nobody_named_is_refused(client: Client) -> None:
    response = client.get("/log-in/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "AMENDS_URL" in response.content.decode()


def test_a_fragment_for_somebody_logged_out_sends_the_whole_page_to_log_in(client: Client) -> None:
    response = client.get("/people/", headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == "/log-in/"
    stream = client.get("/live/", headers={"Accept": "text/event-stream"})
    assert stream.status_code == 401


def test_every_answer_carries_the_guards(
    people: People, client: Client, settings: Settings
) -> None:
    client.force_login(people.owner)
    for address in ("/", "/log-in/", "/nowhere/"):
        response = client.get(address)
        policy = dict(p.split(" ", 1) for p in response["Content-Security-Policy"].split("; "))
        assert policy["script-src"] == policy["default-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
        assert "unsafe" not in policy["style-src-elem"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"
        assert "<script>" not in response.content.decode()
        assert " style=" not in response.content.decode().partition("<body")[0]
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"


def test_the_day_begins_where_ones_roles_have_work(people: People, client: Client) -> None:
    starts = {
        "/overview/": (people.leader, people.manager, people.analyst, people.product_owner),
        "/cases/": (people.owner, people.colleague),
    }
    for start, users in starts.items():
        for user in users:
            client.force_login(user)
            assert client.get("/").headers["Location"] == start
    client.force_login(people.admin)
    assert "Good to see you, Ada" in client.get("/").content.decode()
    client.force_login(people.nobody)
    assert "You have no role yet" in client.get("/").content.decode()


def test_the_sidebar_offers_what_one_may_use(people: People, client: Client) -> None:
    client.force_login(people.owner)
    assert 'href="/people/"' not in client.get("/profile/").content.decode()
    client.force_login(people.admin)
    page = client.get("/people/").content.decode()
    assert 'href="/system/"' in page
    assert 'href="/people/" aria-current="page"' in page


def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_foreign_keys_point_downstream_never_up() -> None:
    ours = [m for m in apps.get_models() if m.__module__.startswith("amends.web.")]
    assert ours
    for model in ours:
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not isinstance(field, models.ForeignKey) or not isinstance(target, type):
                continue
            if target.__module__.startswith("amends.web."):
                here, there = (m.__module__.split(".")[2] for m in (model, target))
                assert LAYERS.index(there) <= LAYERS.index(here), f"{model} → {target}"


def test_the_gallery_is_for_developers_only(people: People, client: Client) -> None:
    client.force_login(people.admin)
    assert client.get("/gallery/").status_code == 404
