"""Named reads of fixes: the list, and what causes cost."""

from django.db.models import QuerySet

from amends.web.accounts.access import within_reach
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.prevent.models import CausePrices, Fix, FixState


def visible_fixes(person: User, *, state: str = "", cause: str = "") -> QuerySet[Fix]:
    """Return the fixes one may see, the newest first; of one state, or about one cause."""
    fixes = within_reach(person, Verb.FIX_READ, Fix.objects.select_related("owner", "team"))
    if state in FixState.values:
        fixes = fixes.filter(state=state)
    if cause:
        fixes = fixes.filter(cause__in=[cause]) | fixes.filter(cause__startswith=f"{cause}/")
    return fixes.order_by("-fixed_at", "-pk")


def newest_prices() -> CausePrices | None:
    """Return what causes cost, as it was last worked out."""
    return CausePrices.objects.first()
