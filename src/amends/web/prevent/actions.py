"""What people do about fixes, one verb each: permission, rule and change in one transaction.

The audit entry is written by triggers in the same transaction, with the actor from the request.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.web.accounts.access import access, require
from amends.web.accounts.models import Membership, User
from amends.web.accounts.permissions import Verb
from amends.web.prevent.models import Fix, FixState
from amends.web.prevent.verifying import TOPIC
from amends.web.ui.live import publish

JUDGE_FIX = "amends.web.prevent.jobs.judge_fix"


@transaction.atomic
def propose(
    actor: User,
    *,
    name: str,
    cause: str,
    where: Mapping[str, str],
    hypothesis: str,
    fixed_at: datetime | None = None,
) -> Fix:
    """Propose a fix with its hypothesis; with a date it is judged as soon as the data allow."""
    require(actor, Verb.FIX_PROPOSE)
    fix = Fix(
        name=name.strip(),
        cause=cause,
        slice=dict(where),
        hypothesis=hypothesis.strip(),
        proposed_at=timezone.now(),
        fixed_at=fixed_at,
        owner=actor,
        team_id=Membership.objects.filter(user=actor).values_list("team", flat=True).first(),
    )
    fix.full_clean()
    fix.save()
    _changed(fix)
    return fix


@transaction.atomic
def set_date(actor: User, fix: Fix, fixed_at: datetime | None) -> Fix:
    """Say when a fix took effect, or that it has not yet: what was judged before is void."""
    access(actor, fix, see=Verb.FIX_READ, do=Verb.FIX_PROPOSE)
    fix = Fix.objects.select_for_update().get(pk=fix.pk)
    if fix.fixed_at == fixed_at:
        return fix
    fix.fixed_at, fix.state = fixed_at, FixState.PROPOSED
    fix.verification = fix.course = fix.prevented = fix.verified_at = None
    fix.confirmed_by, fix.confirmed_at, fix.confirmed_state = None, None, ""
    fix.save()
    _changed(fix)
    return fix


@transaction.atomic
def confirm(actor: User, fix: Fix, verdict: str) -> Fix:
    """Stand by the verdict that was shown.

    Raises
    ------
    ValidationError
        There is none to stand by, or it is another by now.
    """
    access(actor, fix, see=Verb.FIX_READ, do=Verb.FIX_VERIFY)
    fix = Fix.objects.select_for_update().get(pk=fix.pk)
    if fix.state not in {FixState.VERIFIED, FixState.REFUTED}:
        raise ValidationError("There is no verdict yet: more days after the fix are needed.")
    if fix.state != verdict:
        raise ValidationError("The verdict is another by now. Read it again before confirming.")
    fix.confirmed_by, fix.confirmed_at = actor, timezone.now()
    fix.confirmed_state = fix.state
    fix.save(update_fields=["confirmed_by", "confirmed_at", "confirmed_state"])
    publish(TOPIC)
    return fix


def _changed(fix: Fix) -> None:
    publish(TOPIC)
    if fix.fixed_at is not None:
        transaction.on_commit(partial(_have_judged, fix.pk))


def _have_judged(pk: int) -> None:
    """Ask the worker to judge a fix; once is enough however often it is asked."""
    try:
        app.configure_task(JUDGE_FIX, queueing_lock=f"{JUDGE_FIX} {pk}").defer(pk=pk)
    except AlreadyEnqueued:
        return
