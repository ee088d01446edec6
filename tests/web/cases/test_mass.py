"""One reply to many, each case linked to its breakdown: frappe/helpdesk#2172, osTicket#6515."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from tests.breakdowns import make_breakdown
from tests.people import People
from tests.web.cases.cashiers import CashierServer, cashier_server, connect_post
from tests.web.cases.making import make_case, make_customer

from amends.web.accounts.models import Team, User
from amends.web.accounts.permissions import Role
from amends.web.cases.letters import LETTERS
from amends.web.cases.models import Case, Letter, StepDone

pytestmark = pytest.mark.django_db
TOLD = {"language": "en", "value_what_happened": "the mail was down", "value_answer_by": "2026-12-01"}  # fmt: skip  # noqa: E501


@pytest.fixture
def server() -> Iterator[CashierServer]:
    with cashier_server() as found:
        yield found


@pytest.fixture
def cases(people: People) -> list[Case]:
    care = Team.objects.get(name="Care")
    breakdown = make_breakdown()
    return [
        make_case(
            owner=people.owner,
            team=care,
            customer=make_customer(f"M{n}", name=name),
            breakdown=breakdown,
        )
        for n, name in enumerate(("Ana Ruiz", "Ben Ode", "Cy Doe"))
    ]


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def asked(cases: list[Case], **more: Any) -> dict[str, Any]:
    picked = [f"{case.ref}:{Case.objects.get(pk=case.pk).version}" for case in cases]
    return {"picked": picked, "version": cases[0].version, "query": "?tab=open", **TOLD, **more}


def test_it_names_who_gets_it_before_it_goes_out_and_fills_each_in(
    people: People, cases: list[Case], server: CashierServer
) -> None:
    connect_post(server)
    client = as_(people.owner)
    queue = client.get(f"/cases/?tab=open&breakdown={cases[0].breakdown_id}").content.decode()
    assert [case.ref in queue for case in cases] == [True] * 3, "children are linked"
    there = client.post("/cases/bulk/", {"do": "write", **asked(cases)})["Location"]
    page = client.get(there).content.decode()
    assert "3 customers" in page.replace("\u00a0", " ")
    assert all(case.customer.name in page for case in cases)
    page = client.post("/cases/bulk/message/", asked(cases, write="1")).content.decode()
    assert "Dear Ana Ruiz" in page
    assert "Send it to 3 customers" in page.replace("\u00a0", " ")
    assert not Letter.objects.exists()
    assert client.post("/cases/bulk/message/", asked(cases)).status_code == 302
    assert LETTERS.run() == 3
    texts = sorted(server.written.values())
    assert [re.findall(r"Dear (\w+ \w+),", text)[0] for text in texts] == [
        "Ana Ruiz",
        "Ben Ode",
        "Cy Doe",
    ]
    assert all(case.ref in "".join(texts) for case in cases)
    assert client.post("/cases/bulk/message/", asked(cases)).status_code == 302
    assert Letter.objects.count() == 3, "nobody is told twice"


def test_what_is_refused_for_one_does_not_keep_the_others(
    people: People, cases: list[Case], server: CashierServer
) -> None:
    connect_post(server)
    nameless = make_case(
        owner=people.owner, team=cases[0].team, customer=make_customer("M9", name="")
    )
    closed = make_case(owner=people.owner, team=cases[0].team, state="lost")
    stale = asked([*cases, nameless, closed])
    Case.objects.filter(pk=cases[2].pk).update(version=9)
    client = as_(people.owner)
    page = client.post("/cases/bulk/message/", {**stale, "write": "1"}).content.decode()
    assert "customer is not filled in" in page
    response = client.post("/cases/bulk/message/", stale, follow=True)
    told = response.content.decode()
    assert "on its way to 2 customers" in told.replace("\u00a0", " ")
    assert f"{cases[2].ref} has changed since" in told
    assert f"{closed.ref} is lost" in told
    assert LETTERS.run() == 2


def test_a_hole_goes_nowhere_and_strangers_find_nothing(people: People, cases: list[Case]) -> None:
    client = as_(people.owner)
    holes = asked(cases, value_what_happened=" ")
    assert client.post("/cases/bulk/message/", holes).status_code == 422
    assert not StepDone.objects.exists()
    bea = User.objects.create_user("bea@example.com", name="Bea", roles=[Role.AGENT])
    stranger = as_(bea).post("/cases/bulk/message/", asked(cases), follow=True)
    assert "Pick at least one case." in stranger.content.decode()
    assert as_(people.product_owner).get("/cases/bulk/message/").status_code == 403
    none = client.get("/cases/bulk/message/?picked=x", follow=True)
    assert "Pick at least one case." in none.content.decode()
    assert not StepDone.objects.exists()
