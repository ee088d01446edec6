"""Deadlines of cases that passed unmet, for the rules of alerts, which know no cases."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from django.db.models import Q

from amends.engine.clocks import micros_of, moment_of
from amends.web.alerts.breaches import Breach
from amends.web.cases.clocks import clocks_of
from amends.web.cases.models import OPEN, Case, State

DIMS: Final = ("region", "segment", "tier", "product", "channel", "vendor")
LOOKS_BACK: Final = timedelta(days=120)
"""A case that was over so long before has no deadline in the period any more."""
AT_ONCE: Final = 20_000
TIMED_BY: Final = ("severity", "opened_at")
"""What clocks are reckoned from beside dimensions and the timeline."""


def breaches(since: datetime, until: datetime) -> Iterator[Breach]:
    """Yield each deadline of a case that passed unmet from `since` until before `until`.

    A clock that stands is not due as long as it stands; one that was late before stays so.
    """
    over = Q(resolved_at__gte=since) | Q(closed_at__gte=since)
    recent = Q(opened_at__gte=since - LOOKS_BACK) & (Q(state__in=OPEN) | over)
    cases = Case.objects.filter(recent, opened_at__lt=until).order_by("pk")
    cases = cases.exclude(state=State.EXCLUDED).only(*TIMED_BY, *DIMS, "cause")
    last = 0
    while some := list(cases.filter(pk__gt=last)[:AT_ONCE]):
        last = some[-1].pk
        clocks = clocks_of(some, until)
        ended = np.where(clocks.ended_at < 0, micros_of(until), clocks.ended_at)
        inside = (clocks.due_at >= micros_of(since)) & (clocks.due_at < micros_of(until))
        for i in np.flatnonzero(inside & (clocks.due_at < ended)).tolist():
            yield Breach(moment_of(int(clocks.due_at[i])), _where(some[int(clocks.case[i])]))


def _where(case: Case) -> dict[str, str]:
    told = {dim: getattr(case, dim) for dim in DIMS if getattr(case, dim)}
    return told | ({"cause": case.cause} if case.cause else {})
