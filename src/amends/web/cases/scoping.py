"""What is not ours to make right: a person says so of one case, with the ground and the reason."""

from django.utils import timezone

from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import changing, standing, tell, withdraw_handoffs
from amends.web.cases.models import ActionState, Case, Ground, Happening
from amends.web.cases.transitions import RefusedError, go


def exclude(actor: User, case: Case, version: int, ground: Ground, reason: str) -> None:
    """End an open case as out of scope; reopening it takes it up all the same.

    Raises
    ------
    RefusedError
        Without a reason (key `reason`), or something was done for the customer already.
    """
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        go(locked, "exclude")
        if not reason.strip():
            raise RefusedError({"reason": "Say why: whoever looks at it later relies on this."})
        decision = standing(locked)
        if decision is not None and decision.state != ActionState.SKIPPED:
            raise RefusedError("Something was decided for the customer already. Undo that first.")
        locked.excluded_for = ground.value
        locked.excluded_because = reason.strip()[:400]
        locked.closed_at = timezone.now()
        withdraw_handoffs(locked, actor)
        title = f"Out of scope: {Ground(ground).label}"
        tell(locked, actor, Happening.STATE, title, reason)
