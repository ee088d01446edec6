"""The pages of fixes: who sees, proposes, dates and confirms, and what is refused."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from tests.people import People

from amends.web.accounts.permissions import Role
from amends.web.prevent.models import Fix, FixState

pytestmark = pytest.mark.django_db
VERIFICATION = {
    "verdict": "verified",
    "effect": -0.4,
    "interval": {"low": -0.5, "high": -0.3, "level": 0.95},
    "p_value": 0.001,
    "fix_at": "2026-01-01T00:00:00+00:00",
    "blocks_before": 10,
    "blocks_after": 8,
    "placebo_p_value": 0.4,
    "reasons": ["Verified: -40.0 % [-50.0, -30.0] against the control, p = 0.001."],
}
GIVEN = {
    "name": "Second scan",
    "cause": "delivery/missing",
    "hypothesis": "A second scan finds parcels",
}


def make_fix(**changes: object) -> Fix:
    at = timezone.now() - timedelta(days=200)
    return Fix.objects.create(**(GIVEN | {"proposed_at": at, "fixed_at": at} | changes))


def verified(**changes: object) -> Fix:
    return make_fix(state=FixState.VERIFIED, verification=VERIFICATION, **changes)


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.ADMIN])
def test_everybody_reads(client: Client, people: People, role: Role) -> None:
    fix = verified()
    client.force_login(people.of(role))
    assert b"Second scan" in client.get("/fixes/").content
    assert client.get("/fixes/worth/").status_code == 200
    text = client.get(f"/fixes/{fix.pk}/").content.decode()
    assert "40\u00a0% less of" in text
    assert "\u221240.0 %" in text
    assert "What would refute it" in text


def test_states(client: Client, people: People) -> None:
    """Whatever is known of a fix, its page says so."""
    client.force_login(people.leader)
    early = {**VERIFICATION, "effect": None, "interval": None, "p_value": None}
    for fix, words in (
        (make_fix(fixed_at=None), "judged once it is in effect"),
        (make_fix(), "It is being judged"),
        (make_fix(state="too_early", verification=early), "Too early to tell."),
        (make_fix(state="too_early", verification=VERIFICATION), "Undecided"),
        (make_fix(state="refuted", verification=VERIFICATION), "It did not work"),
    ):
        assert words in client.get(f"/fixes/{fix.pk}/").content.decode()
    assert client.get("/fixes/?state=verified").status_code == 200
    assert client.get("/fixes/?state=moon").status_code == 200
    assert client.get("/fixes/999/").status_code == 404


def test_propose(client: Client, people: People) -> None:
    client.force_login(people.manager)
    assert client.get("/fixes/new/?cause=delivery/missing").status_code == 200
    answer = client.post("/fixes/new/", GIVEN | {"fixed_on": ""})
    fix = Fix.objects.get()
    assert answer["Location"] == f"/fixes/{fix.pk}/"
    assert (fix.owner, fix.state, fix.fixed_at) == (people.manager, FixState.PROPOSED, None)


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"cause": "no/such"}, {"hypothesis": ""}, {"fixed_on": "3000-01-01"}],
)
def test_propose_wrongly(client: Client, people: People, wrong: dict[str, str]) -> None:
    client.force_login(people.manager)
    assert client.post("/fixes/new/", GIVEN | wrong).status_code == 422
    assert not Fix.objects.exists()


def test_who_may(client: Client, people: People) -> None:
    fix = verified()
    confirmation = f"/fixes/{fix.pk}/confirmation/"
    for person in (people.owner, people.compliance):
        client.force_login(person)
        assert client.post("/fixes/new/", GIVEN).status_code == 403
        assert client.post(f"/fixes/{fix.pk}/date/", {"fixed_on": ""}).status_code == 403
    for person in (people.owner, people.manager, people.product_owner):
        client.force_login(person)
        assert client.post(confirmation, {"verdict": "verified"}).status_code == 403
    fix.refresh_from_db()
    assert not fix.is_confirmed


def test_confirm(client: Client, people: People) -> None:
    fix = verified()
    client.force_login(people.analyst)
    stale = client.post(f"/fixes/{fix.pk}/confirmation/", {"verdict": "refuted"})
    assert stale.status_code == 409
    assert b"another by now" in stale.content
    assert client.post(f"/fixes/{fix.pk}/confirmation/", {"verdict": "verified"}).status_code == 302
    fix.refresh_from_db()
    assert fix.is_confirmed
    assert fix.confirmed_by == people.analyst
    assert b"Confirmed by Ana Analyst" in client.get(f"/fixes/{fix.pk}/").content


def test_confirm_what_has_no_verdict(client: Client, people: People) -> None:
    fix = make_fix()
    client.force_login(people.leader)
    answer = client.post(f"/fixes/{fix.pk}/confirmation/", {"verdict": "proposed"})
    assert answer.status_code == 409


def test_another_date_voids_the_verdict(client: Client, people: People) -> None:
    fix = verified(
        confirmed_by=people.leader, confirmed_at=timezone.now(), confirmed_state="verified"
    )
    client.force_login(people.leader)
    day = (timezone.now() - timedelta(days=30)).date()
    answer = client.post(f"/fixes/{fix.pk}/date/", {"fixed_on": str(day)})
    assert answer.status_code == 302
    fix.refresh_from_db()
    assert fix.fixed_at is not None
    assert fix.fixed_at.date() == day
    assert (fix.state, fix.verification, fix.is_confirmed) == (FixState.PROPOSED, None, False)
    assert client.post(f"/fixes/{fix.pk}/date/", {"fixed_on": "3000-01-01"}).status_code == 422


def test_constant_queries(
    client: Client, people: People, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(25):
        verified(owner=people.owner)
    client.force_login(people.leader)
    with django_assert_max_num_queries(10):
        client.get("/fixes/")
