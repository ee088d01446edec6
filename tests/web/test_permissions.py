import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from hypothesis import given
from hypothesis import strategies as st
from tests.people import People

from amends.web.accounts.middleware import view_access
from amends.web.accounts.permissions import ALLOWS, MATRIX, Reach, Role, Verb, reach_of
from amends.web.project.permission_docs import PATH, addresses, permission_docs

ROOT = Path(__file__).parents[2]
ADDRESSES = list(addresses())
WHO = [*Role, "nobody", "anonymous", "outsider"]
POST_ONLY = {
    "accounts:log_in_demo",
    "accounts:log_out",
    "accounts:theme",
    "accounts:password",
    "accounts:deactivation",
    "accounts:reactivation",
    "accounts:new_link",
    "sources:new_token",
    "sources:revocation",
    "sources:secret",
}
PARTS_OF_ADDRESSES = {"intake:signal": "0" * 32, "classify:cause": "network/outage"}
"""What is looked for by its name: that there is no such thing is answered with 404."""
NOBODYS = {"int": 0, "str": "C-0", "path": "C-0", "": "0"}
"""What a part of any other address is called that names nothing."""


def test_the_document_says_what_the_code_does() -> None:
    assert (ROOT / PATH).read_text(encoding="utf-8") == permission_docs(), (
        "Run: python -m amends.web.project.permission_docs"
    )


def test_every_verb_has_a_row_a_meaning_and_somebody() -> None:
    for verb in Verb:
        assert ALLOWS[verb]
        assert set(MATRIX[verb]) == set(Role)
        assert any(MATRIX[verb].values()), f"nobody may {verb}"


@given(st.lists(st.sampled_from([*Role, "made up"])), st.sampled_from(Verb))
def test_more_roles_never_take_anything_away(roles: list[str], verb: Verb) -> None:
    alone = [reach_of([role], verb) for role in roles]
    assert reach_of(roles, verb) == max(alone, default=Reach.NONE)


def test_the_administrator_reads_nothing_that_customers_said() -> None:
    thing = [verb for verb in Verb if MATRIX[verb][Role.ADMIN]]
    assert {v.split(".")[0] for v in thing} <= {"people", "system", "signal", "source"}
    assert not MATRIX[Verb.SIGNAL_READ][Role.ADMIN]


def test_who_drafts_a_policy_with_one_role_may_have_another_publish_it() -> None:
    assert not reach_of([Role.SERVICE_MANAGER], Verb.POLICY_PUBLISH)
    assert reach_of([Role.COMPLIANCE], Verb.POLICY_PUBLISH)


def every_view(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from every_view(pattern.url_patterns)
        else:
            yield pattern


def test_every_view_says_who_may_call_it() -> None:
    for pattern in every_view(get_resolver().url_patterns):
        assert view_access(pattern.callback) in {"public", "signed in", "token", *Verb}


def address_of(route: str, name: str, people: People) -> str:
    if name == "accounts:welcome":
        return reverse(name, args=["MQ", "no-token"])
    if name in {
        "accounts:person",
        "accounts:new_link",
        "accounts:deactivation",
        "accounts:reactivation",
    }:
        return reverse(name, args=[people.owner.pk])
    if name in PARTS_OF_ADDRESSES:
        return reverse(name, args=[PARTS_OF_ADDRESSES[name]])
    return reverse(name, args=[NOBODYS[kind] for kind in re.findall(r"<(?:(\w+):)?\w+>", route)])


def client_of(who: str, people: People) -> tuple[Client, tuple[str, ...]]:
    client = Client()
    if who == "anonymous":
        return client, ()
    user = getattr(people, who) if who in {"nobody", "outsider"} else people.of(Role(who))
    client.force_login(user)
    return client, tuple(user.roles)


@pytest.mark.parametrize("who", WHO)
def test_every_address_for_everybody(people: People, who: str) -> None:
    for route, name, mark in ADDRESSES:
        client, roles = client_of(who, people)
        url = address_of(route, name, people)
        response = client.post(url) if name in POST_ONLY else client.get(url)
        if response.status_code == 405:
            response = client.post(url)
        refused = response.status_code == 302 and response["Location"].startswith("/log-in/?next=")
        case = f"{who} at {route}: {response.status_code}"
        if mark == "token":
            assert response.status_code == 401, case
        elif mark == "public":
            assert not refused, case
            assert response.status_code != 403, case
        elif who == "anonymous":
            assert refused, case
        elif mark == "signed in" or reach_of(roles, Verb(mark)):
            assert response.status_code in {200, 204, 302, 404, 422}, case
            assert not refused, case
        else:
            assert response.status_code == 403, case


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("owner", 200),  # oneself
        ("colleague", 404),  # an agent sees only themselves
        ("manager", 200),  # of the owner's team
        ("outsider", 404),  # a manager of another team
        ("compliance", 200),
        ("admin", 200),
        ("leader", 200),
        ("analyst", 404),
        ("nobody", 403),
    ],
)
def test_who_is_seen_by_whom(people: People, who: str, status: int) -> None:
    client = Client()
    client.force_login(getattr(people, who))
    assert client.get(reverse("accounts:person", args=[people.owner.pk])).status_code == status


@pytest.mark.parametrize(
    ("who", "status"), [("manager", 403), ("outsider", 404), ("leader", 403), ("owner", 403)]
)
def test_seeing_somebody_is_not_changing_them(people: People, who: str, status: int) -> None:
    client = Client()
    client.force_login(getattr(people, who))
    values = {"name": "Renamed", "roles": ["admin"]}
    response = client.post(reverse("accounts:person", args=[people.owner.pk]), values)
    assert response.status_code == status
    people.owner.refresh_from_db()
    assert people.owner.name == "Olu Owner"
