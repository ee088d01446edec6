"""Named reads of the overview: what customers complain about, and what was done to what end."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from django.db.models import Case as Choice
from django.db.models import CharField, Count, F, OuterRef, Prefetch, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.query import QuerySet

from amends.engine.contracts import UNSURE
from amends.store import reads
from amends.web.accounts.access import within_reach
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.models import OPEN, Action, ActionState, Case, State
from amends.web.intake.asked import TOLD
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake
from amends.web.ui.kept import Kept

NO_ACTION: Final = "none"
RESULTS: Final = ("recovered", "not_known", "not_satisfied", "came_back", "left")
"""What came of a case, from good to bad; silence is not recovery."""


@dataclass(frozen=True, slots=True)
class CauseCount:
    """One cause among the signals of a period."""

    path: str
    n: int
    severe_share: float
    """Part of them that is high or critical, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Way:
    """Cases that went one way: from a branch of causes, by an action, to a result."""

    branch: str
    action: str
    result: str
    n: int


counted: Final = Kept[tuple[CauseCount, ...]](young_seconds=60, old_seconds=1800)


def cause_counts(filters: Filters) -> tuple[CauseCount, ...] | None:
    """Return the causes of what was said in the period, the most frequent first; unsure left out.

    None while they are being counted: a year takes longer than a page may.
    """
    asked = filters.period, tuple(sorted(filters.dims.items())), filters.cause
    return counted.get((lake().address, *asked), lambda: count_causes(filters))


def count_causes(filters: Filters) -> tuple[CauseCount, ...]:
    """Count them: one read of the lake."""
    found = lake().counts(
        ("cause", "severity"),
        since=filters.since,
        until=filters.until,
        dims=filters.dims,
        cause=filters.cause or None,
        kinds=TOLD,
    )
    n: Counter[str] = Counter()
    severe: Counter[str] = Counter()
    for row in found.to_pylist():
        if row["cause"] not in {None, UNSURE}:
            n[row["cause"]] += row["n"]
            severe[row["cause"]] += row["n"] * (row["severity"] in reads.SEVERE)
    ordered = sorted(n, key=lambda path: (-n[path], path))
    return tuple(CauseCount(path, n[path], severe[path] / n[path]) for path in ordered)


def urgent_cases(person: User, filters: Filters, most: int) -> tuple[list[Case], int]:
    """Return the open cases within reach with the next deadlines, and how many are open."""
    found = _that_fit(within_reach(person, Verb.CASE_READ, Case.objects.all()), filters)
    found = found.filter(state__in=OPEN)
    listed = (
        found.select_related("customer", "owner", "team", "recommendation")
        .defer("recommendation__record", "recommendation__explanation")
        .prefetch_related(Prefetch("actions", Action.objects.order_by("pk")))
        .order_by(F("due_at").asc(nulls_last=True), "pk")[:most]
    )
    return list(listed), found.count()


def ways(person: User, filters: Filters) -> list[Way]:
    """Return what became of the cases resolved in the period whose outcomes the person may see."""
    cases = resolved_cases(person, filters)
    counted = (
        cases.annotate(did=_action(), result=_result())
        .values("cause", "did", "result")
        .annotate(n=Count("pk"))
        .order_by("cause", "did", "result")
    )
    totals: dict[tuple[str, str, str], int] = {}
    for row in counted:
        key = row["cause"].partition("/")[0], row["did"], row["result"]
        totals[key] = totals.get(key, 0) + row["n"]
    return [Way(*key, n) for key, n in totals.items()]


def resolved_cases(person: User, filters: Filters) -> QuerySet[Case]:
    """Return the cases resolved in the period that fit the filters, within reach."""
    reach = within_reach(person, Verb.OUTCOME_READ, Case.objects.all())
    cases = Case.objects.filter(pk__in=reach.values("pk")) if reach.query.distinct else reach
    cases = cases.filter(resolved_at__gte=filters.since, resolved_at__lt=filters.until)
    return _that_fit(cases, filters).order_by()


def _that_fit(cases: QuerySet[Case], filters: Filters) -> QuerySet[Case]:
    cases = cases.filter(**filters.dims)
    if filters.cause:
        cases = cases.filter(Q(cause=filters.cause) | Q(cause__startswith=f"{filters.cause}/"))
    return cases


def _action() -> Coalesce:
    """Return the kind of the last action that was taken."""
    taken = Action.objects.filter(case=OuterRef("pk"), state=ActionState.TAKEN).order_by("-pk")
    return Coalesce(Subquery(taken.values("kind")[:1]), Value(NO_ACTION), output_field=CharField())


def _result() -> Choice:
    """Return what came of a case, by the order of `track.settling`: the gravest fact first."""
    return Choice(
        When(Q(state=State.LOST) | Q(outcome__churned=True), then=Value("left")),
        When(outcome__recontacted_at__isnull=False, then=Value("came_back")),
        When(state=State.RECOVERED, then=Value("recovered")),
        When(state=State.NOT_RECOVERED, then=Value("not_satisfied")),
        default=Value("not_known"),
        output_field=CharField(),
    )
