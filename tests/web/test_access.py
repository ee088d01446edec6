from dataclasses import dataclass, field

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from hypothesis import given
from hypothesis import strategies as st
from tests.people import People

from amends.web.accounts.access import access, can, require, within_reach
from amends.web.accounts.middleware import view_access
from amends.web.accounts.models import Membership, User
from amends.web.accounts.permissions import Reach, Role, Verb


@dataclass(frozen=True)
class Thing:
    owner_id: int | None
    team_ids: frozenset[int] = field(default_factory=frozenset)


def person(pk: int, roles: list[str], teams: frozenset[int]) -> User:
    user = User(pk=pk, roles=roles)
    user.__dict__["team_ids"] = teams  # as the cached property would hold them
    return user


teams = st.frozensets(st.integers(1, 3), max_size=2)


@given(
    st.lists(st.sampled_from(Role), max_size=2),
    teams,
    st.sampled_from(Verb),
    st.one_of(st.none(), st.integers(1, 2)),
    teams,
)
def test_reach_decides(
    roles: list[str], mine: frozenset[int], verb: Verb, owner: int | None, its: frozenset[int]
) -> None:
    user = person(1, roles, mine)
    expected = {
        Reach.ALL: True,
        Reach.TEAM: owner == 1 or bool(mine & its),
        Reach.OWN: owner == 1,
        Reach.NONE: False,
    }[user.reach(verb)]
    assert can(user, verb, Thing(owner, its)) is expected


def test_what_one_may_not_see_does_not_exist() -> None:
    agent = person(1, ["agent"], frozenset({7}))
    theirs, ours = Thing(2, frozenset({8})), Thing(2, frozenset({7}))
    with pytest.raises(Http404):
        access(agent, theirs, see=Verb.CASE_READ, do=Verb.CASE_WORK)
    access(agent, ours, see=Verb.CASE_READ, do=Verb.CASE_WORK)
    with pytest.raises(PermissionDenied, match="give a case to somebody"):
        access(agent, ours, see=Verb.CASE_READ, do=Verb.CASE_ASSIGN)


def test_a_role_without_the_verb_is_told_which() -> None:
    with pytest.raises(PermissionDenied, match="erase a customer's data"):
        require(person(1, ["agent"], frozenset()), Verb.CUSTOMER_ERASE)


def test_nobody_inactive_may_do_anything() -> None:
    admin = person(1, ["admin"], frozenset())
    admin.is_active = False
    assert not any(admin.may(verb) for verb in Verb)


@pytest.mark.django_db
def test_lists_hold_what_is_in_reach_once(people: People) -> None:
    def names(user: User) -> list[str]:
        found = within_reach(user, Verb.PEOPLE_READ, User.objects.all(), owner="pk", team="teams")
        return sorted(u.first_name for u in found)

    Membership.objects.create(user=people.owner, team=people.outsider.teams.get())
    assert names(people.manager) == ["Cleo", "Mara", "Olu"]
    assert names(people.outsider) == ["Olu", "Otto"]
    assert names(people.colleague) == ["Cleo"]
    assert names(people.nobody) == []
    assert len(names(people.admin)) == 11


def test_a_view_without_a_mark_is_refused() -> None:
    def view(_request: object) -> None: ...

    with pytest.raises(Exception, match="needs @public, @signed_in or @requires"):
        view_access(view)  # type: ignore[arg-type]
