"""Deadlines of cases that passed unmet, for the rules of alerts, which know no cases."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from amends.engine.contracts import Severity
from amends.web.alerts.breaches import Breach
from amends.web.cases.clocks import TARGETS, next_deadline
from amends.web.cases.models import Case

DIMS = ("region", "segment", "tier", "product", "channel", "vendor")
_FIELDS = (
    "severity", "opened_at", "acknowledged_at", "resolved_at", "due_at", "paused_at", "cause", *DIMS
)  # fmt: skip
_LONGEST = max(target.resolution for target in TARGETS.values())


def breaches(since: datetime, until: datetime) -> Iterator[Breach]:
    """Yield each deadline of a case that passed unmet from `since` until before `until`.

    Of what is over the targets of its severity are told; of what runs its own clock, with pauses.
    """
    met_later = Q(acknowledged_at__gte=since) | Q(resolved_at__gte=since)
    missed = Q(due_at__gte=since, due_at__lt=until, resolved_at=None, paused_at=None)
    recent = Q(opened_at__gte=since - _LONGEST) & met_later
    for case in Case.objects.filter(missed | recent, opened_at__lt=until).only(*_FIELDS):
        told = {dim: getattr(case, dim) for dim in DIMS if getattr(case, dim)}
        where = told | ({"cause": case.cause} if case.cause else {})
        for at in _missed(case, until):
            if since <= at < until:
                yield Breach(at, where)


def _missed(case: Case, until: datetime) -> Iterator[datetime]:
    severity = Severity(case.severity)
    seen, done = case.acknowledged_at, case.resolved_at
    response = next_deadline(severity, case.opened_at, None, None)
    if seen is not None and response is not None and response < seen:
        yield response
    resolution = next_deadline(severity, case.opened_at, seen or case.opened_at, None)
    if done is not None and resolution is not None and resolution < done:
        yield resolution
    if done is None and case.due_at is not None and case.paused_at is None and case.due_at < until:
        yield case.due_at
