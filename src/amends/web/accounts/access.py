"""Who may do what to which object. Every page, action and API call asks here and nowhere else.

An object has an owner and teams (`Owned`). A person who may not even know of it gets "not found";
one who may see it but not do this gets "not allowed", with the verb that is missing.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from amends.web.accounts.models import User
from amends.web.accounts.permissions import ALLOWS, Reach, Verb

M = TypeVar("M", bound=Model)
View = TypeVar("View", bound=Callable[..., object])

PUBLIC = "public"
SIGNED_IN = "signed in"
TOKEN = "token"  # noqa: S105 - a mark like the others

Door = Callable[[HttpRequest, Mapping[str, Any]], HttpResponse | None]
"""Looks at a request and the parts of its address; answers in the view's place to refuse it."""


class Owned(Protocol):
    """What access needs to know of an object."""

    @property
    def owner_id(self) -> int | None:
        """The person it belongs to, if any."""

    @property
    def team_ids(self) -> Collection[int]:
        """The teams it belongs to."""


def public(view: View) -> View:
    """Mark a view that needs no log-in."""
    view.access = PUBLIC  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Mark a view for everybody who has logged in."""
    view.access = SIGNED_IN  # type: ignore[attr-defined]
    return view


def with_token(door: Door) -> Callable[[View], View]:
    """Mark a view that programs call: no session, a token or signature that `door` checks.

    It needs no CSRF token, since it looks at no cookie.
    """

    def mark(view: View) -> View:
        view.access = TOKEN  # type: ignore[attr-defined]
        view.door = door  # type: ignore[attr-defined]
        view.csrf_exempt = True  # type: ignore[attr-defined]
        return view

    return mark


def requires(verb: Verb) -> Callable[[View], View]:
    """Mark a view for those whose roles permit `verb`, to whatever reach; it narrows by object."""

    def mark(view: View) -> View:
        view.access = verb  # type: ignore[attr-defined]
        return view

    return mark


def require(person: User, verb: Verb) -> None:
    """Refuse unless the person may do `verb` to anything at all.

    Raises
    ------
    PermissionDenied
    """
    if not person.may(verb):
        raise PermissionDenied(f"Your roles do not allow you to {ALLOWS[verb]}.")


def can(person: User, verb: Verb, thing: Owned) -> bool:
    """Whether `thing` is within the person's reach for `verb`."""
    reach = person.reach(verb)
    if reach is Reach.ALL:
        return True
    if reach >= Reach.OWN and thing.owner_id is not None and thing.owner_id == person.pk:
        return True
    return reach >= Reach.TEAM and not person.team_ids.isdisjoint(thing.team_ids)


def access(person: User, thing: Owned, *, see: Verb, do: Verb | None = None) -> None:
    """Let a person at an object: `see` it, and `do` something to it.

    Raises
    ------
    Http404
        The person may not see it: for them it does not exist.
    PermissionDenied
        They may see it, but not do this.
    """
    if not can(person, see, thing):
        raise Http404
    if do is not None and not can(person, do, thing):
        raise PermissionDenied(f"Your roles do not allow you to {ALLOWS[do]} here.")


def within_reach(
    person: User,
    verb: Verb,
    things: QuerySet[M],
    *,
    owner: str = "owner",
    team: str = "team",
) -> QuerySet[M]:
    """Return what of `things` the person may do `verb` to; `owner`, `team` name its fields."""
    match person.reach(verb):
        case Reach.ALL:
            return things
        case Reach.TEAM:
            in_team = Q(**{f"{team}__in": person.team_ids})
            return things.filter(in_team | Q(**{owner: person.pk})).distinct()
        case Reach.OWN:
            return things.filter(**{owner: person.pk})
        case Reach.NONE:
            return things.none()
