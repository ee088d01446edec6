"""Sources are connected in the browser: tried first, then kept, and never shown their secrets."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from pghistory.models import Events
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.connectors.servers import vendors
from tests.people import People
from tests.web.intake.test_pulled_sources import NOW, QUICK, ticket

from amends.connectors import pulls
from amends.web.intake import jobs, pulling
from amends.web.intake.actions import sources as actions
from amends.web.intake.actions.sources import Said
from amends.web.intake.models import Arrival, Source, Way
from amends.web.intake.sealing import unseal

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}
NEW = "/sources/new/zendesk/"


@pytest.fixture
def zendesk() -> Iterator[vendors.Zendesk]:
    service = vendors.Zendesk([ticket(n, NOW + n) for n in range(1, 4)])
    with service.running():
        yield service


@pytest.fixture
def as_admin(people: People, client: Client) -> Client:
    client.force_login(people.admin)
    return client


def said(service: vendors.Zendesk, **more: str) -> dict[str, str]:
    return {
        "title": "Help desk",
        "name": "helpdesk",
        "address": service.address,
        "email": "me@example.com",
        "token": "secret",
        "every_minutes": "15",
        **more,
    }


def page(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined,no-any-return]


def waiting() -> list[int]:
    todo = ProcrastinateJob.objects.filter(status="todo", task_name__endswith="jobs.pull")
    return [job.args["source"] for job in todo]


def test_everything_that_can_be_connected_is_offered_with_its_form(as_admin: Client) -> None:
    offered = page(as_admin.get("/sources/new/"))
    for name, connector in pulls().items():
        assert f"/sources/new/{name}/" in offered
        form = page(as_admin.get(f"/sources/new/{name}/"))
        assert all(f'name="{need.name}"' in form for need in connector.needs)
    for name in ("api", "webhook"):
        assert "Connect" in page(as_admin.get(f"/sources/new/{name}/"))
    assert as_admin.get("/sources/new/fax/").status_code == 404


def test_a_connection_is_tried_before_anything_is_kept(
    as_admin: Client, zendesk: vendors.Zendesk
) -> None:
    tried = as_admin.post(NEW, said(zendesk, **{"try": "1"}), headers=FRAGMENT)
    assert tried.status_code == 200
    assert "The connection works" in page(tried)
    assert "The parcel 1 never came." in page(tried)
    assert "<html" not in page(tried)
    wrong = as_admin.post(
        NEW, said(zendesk, email="x@example.com", **{"try": "1"}), headers=FRAGMENT
    )
    assert wrong.status_code == 422
    assert "does not accept the credentials" in page(wrong)
    unnamed = as_admin.post(NEW, said(zendesk, name="", **{"try": "1"}), headers=FRAGMENT)
    assert unnamed.status_code == 422
    assert "Something is missing or wrong: Name" in page(unnamed)
    assert "<form" not in page(unnamed)
    assert not Source.objects.exists()
    assert not Arrival.objects.exists()


def test_a_connected_source_is_read_and_its_secret_is_not_shown(
    as_admin: Client,
    zendesk: vendors.Zendesk,
    django_capture_on_commit_callbacks: object,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert as_admin.post(NEW, said(zendesk)).status_code == 302
    source = Source.objects.get()
    assert (source.way, source.connector, source.every_minutes) == (Way.PULL, "zendesk", 15)
    assert unseal(source.secrets) == {"token": "secret"}
    assert b"secret" not in bytes(source.secrets)
    assert "token" not in source.options
    assert waiting() == [source.pk]
    pulling.pull_source(source.pk, patience=QUICK)
    shown = page(as_admin.get("/sources/helpdesk/edit/"))
    assert "me@example.com" in shown
    assert "secret" not in shown.replace("its secrets", "")
    part = page(as_admin.get("/sources/helpdesk/pulling/", headers=FRAGMENT))
    assert "Complete" in part
    assert "<html" not in part
    again = as_admin.post(NEW, said(zendesk))
    assert again.status_code == 422
    assert "There is a source of this name" in page(again)


def test_a_changed_place_needs_its_secrets_again_and_starts_from_the_beginning(
    as_admin: Client, zendesk: vendors.Zendesk
) -> None:
    as_admin.post(NEW, said(zendesk))
    source = Source.objects.get()
    pulling.pull_source(source.pk, patience=QUICK)
    edit = "/sources/helpdesk/edit/"
    kept = said(zendesk, token="", title="Desk")
    assert as_admin.post(edit, kept).status_code == 302
    source.refresh_from_db()
    assert source.title == "Desk"
    assert source.state
    assert unseal(source.secrets) == {"token": "secret"}
    with vendors.Zendesk([]).running() as thief:
        moved = {**kept, "address": thief.address}
        for more in ({}, {"try": "1"}):
            refused = as_admin.post(edit, {**moved, **more}, headers=FRAGMENT)
            assert refused.status_code == 422
            assert thief.seen == []
        assert as_admin.post(edit, {**moved, "token": "new"}).status_code == 302
    source.refresh_from_db()
    assert source.state == {}
    assert unseal(source.secrets) == {"token": "new"}
    events = Events.objects.filter(pgh_obj_model="intake.Source", pgh_obj_id=str(source.pk))
    assert events.count() >= 3
    assert all("secrets" not in event.pgh_data for event in events)


def test_pausing_going_on_reading_now_and_forgetting(
    as_admin: Client,
    zendesk: vendors.Zendesk,
    django_capture_on_commit_callbacks: object,
) -> None:
    as_admin.post(NEW, said(zendesk))
    source = Source.objects.get()
    assert "Paused" in page(as_admin.post("/sources/helpdesk/pause/", headers=FRAGMENT))
    refused = as_admin.post("/sources/helpdesk/pull/", headers=FRAGMENT)
    assert refused.status_code == 422
    assert "Let it go on first" in page(refused)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        as_admin.post("/sources/helpdesk/resume/", headers=FRAGMENT)
        as_admin.post("/sources/helpdesk/pull/", headers=FRAGMENT)
    assert waiting() == [source.pk]
    jobs.pull(source.pk)
    assert [line.rows for line in Arrival.objects.order_by("pk")] == [2, 1]
    as_admin.post("/sources/helpdesk/forget/")
    assert not Source.objects.exists()
    assert Arrival.objects.exists()


def test_a_mapping_is_checked_line_by_line(as_admin: Client, zendesk: vendors.Zendesk) -> None:
    for lines, says in (
        ("Region", "Line 1 is not of the form"),
        ("a = region\nb = colour", "is no field of a signal"),
        ("a = csat:stars", "is no conversion"),
    ):
        response = as_admin.post(NEW, said(zendesk, mapping=lines))
        assert response.status_code == 422
        assert says in page(response)
    as_admin.post(NEW, said(zendesk, mapping="custom_fields.7 = product\n\nq = a = attribute"))
    assert Source.objects.get().mapping == {"custom_fields.7": "product", "q = a": "attribute"}


def test_only_who_manages_the_system_may(people: People) -> None:
    source = Source.objects.create(name="x", title="X", way=Way.PULL, connector="zendesk")
    for person in (people.manager, people.analyst, people.compliance):
        with pytest.raises(PermissionDenied):
            actions.connect_source(person, "y", Way.API, "", Said("Y"))
        with pytest.raises(PermissionDenied):
            actions.change_source(person, source, Said("Y"))
        for verb in (
            actions.pause_source,
            actions.resume_source,
            actions.pull_now,
            actions.forget_source,
        ):
            with pytest.raises(PermissionDenied):
                verb(person, source)
