"""What people do to saved views: keep, change, throw away."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.filtering import ConditionError, Groups, groups_q
from amends.web.cases.models import SavedView
from amends.web.cases.transitions import RefusedError


def save_view(
    actor: User, name: str, groups: Groups, *, is_shared: bool, view: SavedView | None = None
) -> SavedView:
    """Keep a view under a name, or change one's own.

    Raises
    ------
    Http404
        It is somebody else's.
    PermissionDenied
        Sharing needs a permission.
    RefusedError
        A condition makes no sense, there is none, or the name is taken (key `name`).
    """
    require(actor, Verb.CASE_READ)
    if view is not None and view.owner_id != actor.pk:
        raise Http404
    if is_shared and not actor.may(Verb.VIEW_SHARE):
        raise PermissionDenied(Verb.VIEW_SHARE)
    if not any(groups):
        raise RefusedError("Add at least one condition.")
    try:
        groups_q(groups, timezone.now())
    except ConditionError as error:
        raise RefusedError(str(error)) from error
    mine = view or SavedView(owner=actor)
    mine.name, mine.is_shared = name.strip(), is_shared
    mine.groups = [[dict(condition) for condition in group] for group in groups]
    mine.full_clean(exclude=["owner"], validate_constraints=False)
    try:
        with transaction.atomic():
            mine.save()
    except IntegrityError as error:
        raise RefusedError({"name": "You have a view of this name already."}) from error
    return mine


def delete_view(actor: User, view: SavedView) -> None:
    """Throw one's own view away; who uses it sees that it is gone."""
    require(actor, Verb.CASE_READ)
    if view.owner_id != actor.pk:
        raise Http404
    view.delete()
