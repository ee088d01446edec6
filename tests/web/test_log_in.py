from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.utils import timezone
from pghistory.models import Events
from procrastinate.contrib.django import app as jobs
from pytest_django import Settings
from tests.people import PASSWORD, People

from amends.web.accounts import actions
from amends.web.accounts.demo import PEOPLE, make_demo_people
from amends.web.accounts.jobs import tidy
from amends.web.accounts.log_in_limits import LIMITS, client_address
from amends.web.accounts.models import LogInAttempt, User
from amends.web.accounts.welcome import welcome_link

LOG_IN = "/log-in/"


def try_to_log_in(
    client: Client,
    email: str = "olu@example.com",
    password: str = PASSWORD,
    *,
    place: str = "10.0.0.1",
) -> int:
    values = {"email": email, "password": password}
    return client.post(LOG_IN, values, REMOTE_ADDR=place).status_code


def test_the_right_password_opens_the_page_one_wanted(people: People, client: Client) -> None:
    wanted = client.get("/people/?role=agent")
    assert wanted.status_code == 302
    values = {"email": "OLU@example.com", "password": PASSWORD}
    response = client.post(wanted["Location"], values)
    assert response["Location"] == "/people/?role=agent"
    assert client.get("/profile/").status_code == 200
    assert people.owner.pk == int(client.session["_auth_user_id"])


def test_a_wrong_password_and_an_unknown_person_look_the_same(
    people: People,  # noqa: ARG001  (they exist)
    client: Client,
) -> None:
    wrong = client.post(LOG_IN, {"email": "olu@example.com", "password": "wrong"})
    unknown = client.post(LOG_IN, {"email": "who@example.com", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 422
    said = "E-mail or password is wrong."
    assert said in wrong.content.decode()
    assert said in unknown.content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(people: People, client: Client, target: str) -> None:
    values = {"email": people.owner.email, "password": PASSWORD, "next": target}
    assert client.post(LOG_IN, values)["Location"] == "/"


def test_after_five_wrong_tries_one_waits(people: People, client: Client) -> None:
    for _ in range(LIMITS[0].tries):
        assert try_to_log_in(client, people.owner.email, "wrong") == 422
    assert try_to_log_in(client) == 429  # even with the right password
    response = client.post(
        LOG_IN, {"email": people.owner.email, "password": "x"}, REMOTE_ADDR="10.0.0.1"
    )
    assert "Too many tries" in response.content.decode()
    # Others there are let in, and the same person elsewhere; a refused try prolongs nothing.
    assert try_to_log_in(Client(), "mara@example.com") == 302
    assert try_to_log_in(Client(), place="10.0.0.2") == 302
    LogInAttempt.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert try_to_log_in(client) == 302


def test_success_forgives_earlier_typos(people: People) -> None:
    for _ in range(3):
        for _ in range(4):
            assert try_to_log_in(Client(), people.owner.email, "wrong") == 422
        assert try_to_log_in(Client(), people.owner.email) == 302


def test_guessing_many_people_from_one_place_ends(people: People) -> None:
    for i in range(LIMITS[2].tries):
        try_to_log_in(Client(), f"guess{i}@example.com", "wrong")
    assert try_to_log_in(Client(), people.owner.email) == 429


def test_guessing_one_person_from_many_places_ends(people: People) -> None:
    LogInAttempt.objects.bulk_create(
        LogInAttempt(email=people.owner.email, address=f"10.0.1.{i}", succeeded=False)
        for i in range(LIMITS[1].tries)
    )
    assert try_to_log_in(Client(), people.owner.email, place="10.0.2.1") == 429


def test_the_address_is_the_proxys_word_only_when_it_is_trusted() -> None:
    request = RequestFactory().get(
        "/", headers={"X-Forwarded-For": "6.6.6.6, 1.2.3.4"}, REMOTE_ADDR="10.0.0.9"
    )
    assert client_address(request, trust_proxy=False) == "10.0.0.9"
    assert client_address(request, trust_proxy=True) == "1.2.3.4"  # the last one, which it wrote


def test_logging_out_ends_the_session(people: People, client: Client) -> None:
    client.force_login(people.owner)
    assert client.post("/log-out/")["Location"] == LOG_IN
    assert client.get("/").status_code == 302
    assert client.get("/log-out/").status_code == 405  # a link cannot log anybody out


def test_a_welcome_link_works_once(people: People, client: Client) -> None:
    person = actions.add_person(
        people.admin, email="new@example.com", name="New Person", roles=["agent"]
    )
    assert not person.has_usable_password()
    path = urlsplit(welcome_link(person)).path
    assert "Welcome, New" in client.get(path).content.decode()
    short = {"password": "short", "again": "short"}
    assert client.post(path, short).status_code == 422
    different = {"password": PASSWORD, "again": PASSWORD + "!"}
    assert client.post(path, different).status_code == 422
    assert client.post(path, {"password": PASSWORD, "again": PASSWORD})["Location"] == "/"
    assert client.get("/profile/").status_code == 200
    assert Client().get(path).status_code == 404
    assert try_to_log_in(Client(), "new@example.com") == 302


def test_a_welcome_link_is_not_for_the_deactivated(people: People, client: Client) -> None:
    path = urlsplit(welcome_link(people.owner)).path
    actions.deactivate_person(people.admin, people.owner)
    assert client.get(path).status_code == 404


def test_changing_ones_password_logs_out_other_devices(people: People, client: Client) -> None:
    other = Client()
    for device in (client, other):
        device.force_login(people.owner)
    values = {
        "current": PASSWORD,
        "password": "quite another sentence",
        "again": "quite another sentence",
    }
    wrong = client.post("/profile/password/", {**values, "current": "no"})
    assert wrong.status_code == 422
    assert client.post("/profile/password/", values).status_code == 302
    assert client.get("/profile/").status_code == 200
    assert other.get("/profile/").status_code == 302


def test_only_a_demo_offers_its_people(db: None, client: Client, settings: Settings) -> None:  # noqa: ARG001
    make_demo_people()
    assert len(make_demo_people()) == len(PEOPLE) == User.objects.count()
    email = {"email": "priya@demo.example"}
    assert "Priya" not in client.get(LOG_IN).content.decode()
    assert client.post("/log-in/demo/", email).status_code == 404
    settings.DEMO = True
    assert "Priya Nair" in client.get(LOG_IN).content.decode()
    assert client.post("/log-in/demo/", email)["Location"] == "/"
    assert client.get("/profile/").status_code == 200


def test_a_demo_lets_nobody_in_as_a_real_person(
    people: People, client: Client, settings: Settings
) -> None:
    settings.DEMO = True
    assert client.post("/log-in/demo/", {"email": people.owner.email}).status_code == 404
    assert "Olu Owner" not in client.get(LOG_IN).content.decode()


def test_the_nightly_job_forgets_what_is_old(people: People, client: Client) -> None:
    client.force_login(people.owner)
    Client().force_login(people.manager)
    Session.objects.exclude(pk=client.session.session_key).update(
        expire_date=timezone.now() - timedelta(minutes=1)
    )
    for days in (1, 31):
        attempt = LogInAttempt.objects.create(email="a@b.c", address="x", succeeded=False)
        LogInAttempt.objects.filter(pk=attempt.pk).update(at=timezone.now() - timedelta(days=days))
    tidy(0)
    assert [s.pk for s in Session.objects.all()] == [client.session.session_key]
    assert LogInAttempt.objects.count() == 1
    assert any(p.task.name == tidy.name for p in jobs.periodic_registry.periodic_tasks.values())


def test_logging_in_is_no_change_of_a_person(people: People, client: Client) -> None:
    before = Events.objects.count()
    assert try_to_log_in(client, people.owner.email) == 302
    assert Events.objects.count() == before
