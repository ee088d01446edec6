"""The page of follow-ups: whose customers are to be asked whether it holds, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.following_up import Waiting, follow_ups
from amends.web.ui.pages import page

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class FollowUpsContext:
    """Those that are due or will be."""

    rows: Sequence[Waiting]
    n: int
    n_due: int


@require_safe
@requires(Verb.CASE_READ)
def due(request: HttpRequest) -> HttpResponse:
    """List resolved cases whose customers are to be asked, the next due first."""
    found = follow_ups(current_person(request), timezone.now())
    n_due = sum(waiting.is_due for waiting in found)
    context = FollowUpsContext(found[:MOST_SHOWN], len(found), n_due)
    return page(request, "cases/follow_ups.html", context, fragment="list")
