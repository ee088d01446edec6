"""One thing done to many cases: alone for each, taken back as long as nobody was there since."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case, make_customer

from amends.engine.clocks import ClockKind
from amends.web.accounts.models import Team, User
from amends.web.cases import actions, bulk, queries
from amends.web.cases.asked import Asked
from amends.web.cases.clocks import readings_of
from amends.web.cases.models import Batch, Case, State
from amends.web.cases.transitions import RefusedError
from amends.web.cases.view_actions import save_view

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def care(people: People) -> Team:  # noqa: ARG001  (they are in it)
    return Team.objects.get(name="Care")


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def first_response(case: Case) -> bool:
    readings = readings_of(case, timezone.now())
    return next(r for r in readings if r.kind is ClockKind.FIRST_RESPONSE).is_met


def test_acknowledging_many_is_taken_back_whole(people: People, care: Team) -> None:
    cases = [make_case(team=care, opened_at=timezone.now()) for _ in range(3)]
    due = [case.due_at for case in cases]
    done = bulk.acknowledge(people.owner, [(case, 1) for case in cases])
    assert (done.n, done.refused) == (3, [])
    assert str(done.batch) == "3\u00a0cases are acknowledged"
    now = list(Case.objects.order_by("pk"))
    assert {case.state for case in now} == {State.ACKNOWLEDGED}
    assert {case.owner for case in now} == {people.owner}
    assert all(first_response(case) for case in now)
    assert done.batch is not None
    assert bulk.undo(people.owner, done.batch.pk).n == 3
    back = list(Case.objects.order_by("pk"))
    assert {(case.state, case.owner, case.acknowledged_at) for case in back} == {
        (State.NEW, None, None)
    }
    assert not any(first_response(case) for case in back)
    assert [case.due_at for case in back] == due
    titles = [entry.title for entry in back[0].entries.all()]
    assert titles[-2:] == ["Acknowledged", "Taken back: Acknowledged"]
    page = as_(people.owner).get(f"/cases/{back[0].ref}/").content.decode()
    assert "Acknowledged (taken back)" in page
    with pytest.raises(RefusedError, match="already"):
        bulk.undo(people.owner, done.batch.pk)


def test_what_changed_since_is_not_taken_back(people: People, care: Team) -> None:
    one, two = (make_case(owner=people.colleague, team=care) for _ in range(2))
    done = bulk.assign(people.manager, [(one, 1), (two, 1)], people.owner)
    assert done.batch is not None
    actions.acknowledge(people.owner, two, 2)
    undone = bulk.undo(people.manager, done.batch.pk)
    assert undone.n == 1
    assert "Olu O. changed" in undone.refused[0]
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.owner, two.owner) == (people.colleague, people.owner)


def test_only_who_did_it_takes_it_back_and_not_for_ever(people: People, care: Team) -> None:
    case = make_case(team=care)
    done = bulk.add_note(people.owner, [(case, 1)], "Storm: call all")
    assert done.batch is not None
    with pytest.raises(Http404):
        bulk.undo(people.manager, done.batch.pk)
    assert as_(people.manager).post(f"/cases/bulk/{done.batch.pk}/undo/").status_code == 404
    Batch.objects.update(at=timezone.now() - timedelta(minutes=11))
    with pytest.raises(RefusedError, match="too late"):
        bulk.undo(people.owner, done.batch.pk)
    assert bulk.undoable(people.owner, timezone.now()) is None


def test_what_is_refused_for_one_does_not_keep_the_others(people: People, care: Team) -> None:
    new, known = make_case(team=care), make_case(team=care)
    actions.acknowledge(people.colleague, known, 1)
    foreign = make_case(team=Team.objects.get(name="Billing"))
    picked = [f"{new.ref}:1", f"{known.ref}:2", f"{foreign.ref}:1", "C-0:x"]
    client = as_(people.owner)
    sent = {"picked": picked, "do": "acknowledge", "query": "?tab=open"}
    response = client.post("/cases/bulk/", sent)
    assert response.headers["Location"] == "/cases/?tab=open"
    page = client.get("/cases/?tab=open").content.decode()
    assert "1\u00a0case is acknowledged" in page
    assert f"{known.ref} is acknowledged and cannot be acknowledged" in page
    foreign.refresh_from_db()
    assert foreign.version == 1
    batch = Batch.objects.get()
    assert f"/cases/bulk/{batch.pk}/undo/" in page
    assert "/undo/" not in as_(people.owner).get("/cases/").content.decode(), "only where it was"
    undone = client.post(f"/cases/bulk/{batch.pk}/undo/", headers=FRAGMENT)
    assert undone["HX-Redirect"] == "/cases/"
    assert "Taken back: 1\u00a0case is acknowledged." in client.get("/cases/").content.decode()


def test_many_are_assigned_and_those_changed_meanwhile_are_named(
    people: People, care: Team
) -> None:
    cases = [make_case(team=care) for _ in range(3)]
    actions.acknowledge(people.colleague, cases[1], 1)
    done = bulk.assign(people.manager, [(case, 1) for case in cases], people.owner)
    assert done.n == 2
    assert len(done.refused) == 1
    assert cases[1].ref in done.refused[0]


def test_cases_are_given_away_and_noted_together(people: People, care: Team) -> None:
    one, two = make_case(team=care), make_case(team=care)
    foreign = make_case(team=Team.objects.get(name="Billing"))
    picked = [f"{one.ref}:1", f"{two.ref}:7", f"{foreign.ref}:1", "C-0:x"]
    client = as_(people.owner)
    sent: dict[str, Any] = {"picked": picked, "do": "take", "query": "?tab=mine"}
    assert client.post("/cases/bulk/", sent).headers["Location"] == "/cases/?tab=mine"
    page = client.get("/cases/?tab=mine").content.decode()
    assert "1\u00a0case is yours now." in page
    assert f"{two.ref} has changed since you opened it" in page
    foreign.refresh_from_db()
    assert foreign.owner is None
    picked = picked[:2]
    manager = as_(people.manager)
    to = {"picked": [f"{two.ref}:1"], "do": "assign", "to": people.colleague.pk}
    assert manager.post("/cases/bulk/", to, headers=FRAGMENT)["HX-Redirect"] == "/cases/"
    two.refresh_from_db()
    assert two.owner == people.colleague
    note = {"picked": picked, "do": "note", "text": "Storm: call all"}
    manager.post("/cases/bulk/", note)
    assert {c.entries.filter(body="Storm: call all").count() for c in (one, two)} == {1}
    for sent, told in (
        ({"do": "note", "picked": picked, "text": " "}, "The note was empty"),
        ({"do": "take"}, "Pick at least one case."),
        ({"do": "burn", "picked": picked}, "Choose what to do"),
        ({}, "Choose what to do with the picked cases."),
    ):
        manager.post("/cases/bulk/", sent)
        assert told in manager.get("/cases/").content.decode()
    assert manager.post("/cases/bulk/", {**to, "to": "x"}).status_code == 404
    assert as_(people.compliance).post("/cases/bulk/", to).status_code == 403


def test_next_and_previous_follow_the_queue_one_came_from(people: People, care: Team) -> None:
    now = timezone.now()
    cases = [make_case(team=care, due_at=now + timedelta(hours=n)) for n in range(3)]
    low = make_case(team=care, severity="low", due_at=now + timedelta(minutes=30))
    client = as_(people.manager)

    def to(ref: str, way: str, query: str) -> str:
        return str(client.get(f"/cases/{ref}/{way}/{query}").headers["Location"])

    query = "?tab=open&severity=medium"
    assert to(cases[0].ref, "next", query) == f"/cases/{cases[1].ref}/{query}"
    assert to(cases[2].ref, "previous", query) == f"/cases/{cases[1].ref}/{query}"
    assert to(cases[2].ref, "next", query) == f"/cases/{query}"
    assert to(low.ref, "next", query) == f"/cases/{cases[0].ref}/{query}", "not among them"
    assert to(cases[0].ref, "next", "?tab=open") == f"/cases/{low.ref}/?tab=open"
    assert (
        f'href="/cases/{cases[0].ref}/next/{query}'.replace("&", "&amp;")
        in client.get(f"/cases/{cases[0].ref}/{query}").content.decode()
    )
    assert queries.neighbour(people.nobody, Asked("open"), low.ref, 1, now) is None


def test_the_queue_costs_the_same_with_any_view_and_any_number(people: People, care: Team) -> None:
    first = [[{"field": "severity", "op": "is_not", "value": "low"}]]
    view = save_view(people.manager, "Not low", first, is_shared=True)
    client = as_(people.manager)

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/cases/?tab=open&view={view.pk}").status_code == 200
        return len(seen)

    make_case(team=care)
    cost()
    few = cost()
    for n in range(30):
        make_case(team=care, customer=make_customer(f"N{n}"))
        save_view(people.manager, f"View {n}", first, is_shared=True)
    assert cost() == few
    second = [{"field": "customer", "op": "contains", "value": "maya"}]
    save_view(people.manager, "Not low", [*first, second], is_shared=True, view=view)
    assert cost() == few <= 12


def test_the_palette_finds_what_one_may_see(people: People, care: Team) -> None:
    mine = make_case(team=care, title="Parcel gone")
    make_case(team=Team.objects.get(name="Billing"), title="Parcel elsewhere")
    client = as_(people.owner)
    for words in (mine.ref[2:], "parcel", "okafor"):
        page = client.get(f"/palette/?q={words}", headers=FRAGMENT).content.decode()
        assert "<html" not in page
        assert "Parcel gone" in page
        assert "Parcel elsewhere" not in page
    page = client.get("/palette/?q=ca", headers=FRAGMENT).content.decode()
    assert "Open a case" in page
    assert "Make a case rule" not in page
    assert "Make a case rule" in as_(people.manager).get("/palette/?q=rule").content.decode()
    assert "Nothing else is called" in client.get("/palette/?q=zzzz").content.decode()
    nothing = as_(people.product_owner).get("/palette/?q=parcel", headers=FRAGMENT)
    assert "Parcel" not in nothing.content.decode()


def test_a_note_has_a_drawer_of_its_own(people: People, care: Team) -> None:
    case = make_case(team=care)
    drawer = as_(people.owner).get(f"/cases/{case.ref}/note/", headers=FRAGMENT).content.decode()
    assert 'name="text"' in drawer
    assert as_(people.compliance).get(f"/cases/{case.ref}/note/").status_code == 403
