"""Named reads of outcomes: the cases one may see and what was done in them."""

from datetime import datetime

from django.db.models import Q, QuerySet

from amends.web.accounts.access import within_reach
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.models import Action, ActionState, Case, State
from amends.web.intake.filters import Filters
from amends.web.track.figures import Record, read_records
from amends.web.track.models import EffectEstimate


def records(person: User, filters: Filters, since: datetime) -> list[Record]:
    """Return the cases one may see that were opened or resolved since an instant, with outcomes."""
    cases = _visible(person, filters, since)
    taken = Action.objects.filter(state=ActionState.TAKEN, case__in=cases).order_by("-pk")
    done = {
        case: (kind, float(amount))
        for case, kind, amount in taken.values_list("case_id", "kind", "amount")
    }
    return read_records(cases, done)


def _visible(person: User, filters: Filters, since: datetime) -> QuerySet[Case]:
    recent = Q(opened_at__gte=since) | Q(resolved_at__gte=since)
    cases = within_reach(person, Verb.OUTCOME_READ, Case.objects.exclude(state=State.EXCLUDED))
    cases = cases.filter(recent, opened_at__lt=filters.until, **filters.dims)
    if filters.cause:
        cases = cases.filter(Q(cause=filters.cause) | Q(cause__startswith=f"{filters.cause}/"))
    return cases


def estimates(scope: str, result: str = "") -> list[EffectEstimate]:
    """Return the estimates of a scope, of all results or one."""
    found = EffectEstimate.objects.filter(scope=scope)
    if result:
        found = found.filter(result=result)
    return list(found.order_by("cohort", "action", "result"))


def currency() -> str:
    """Return the currency of the cases; empty when there are none or several."""
    kinds = Case.objects.order_by("currency").values_list("currency", flat=True).distinct()[:2]
    known = list(kinds)
    return known[0] if len(known) == 1 else ""
