"""How a resolved case ended: the one rule, applied when its window is over."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Case as Choice
from django.db.models import (
    CharField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least

from amends.web.cases.models import RESOLVED, Case, Entry, Happening, State
from amends.web.track.models import Outcome
from amends.web.ui.live import publish

SATISFIED_FROM: Final = 4
PROMOTER_FROM: Final = 9
_BATCH: Final = 500

_IS_SATISFIED = Q(satisfaction__gte=SATISFIED_FROM) | Q(
    satisfaction__isnull=True, nps__gte=PROMOTER_FROM
)
_HAS_ANSWERED = Q(satisfaction__isnull=False) | Q(nps__isnull=False)

VERDICT: Final = Choice(
    When(churned=True, then=Value(State.LOST.value)),
    When(recontacted_at__isnull=False, then=Value(State.NOT_RECOVERED.value)),
    When(_IS_SATISFIED, then=Value(State.RECOVERED.value)),
    When(_HAS_ANSWERED, then=Value(State.NOT_RECOVERED.value)),
    default=Value(State.RESOLVED.value),
    output_field=CharField(),
)
"""The rule, in this order:

- lost: the customer left;
- not recovered: came back about the same within the window, or answered and was not satisfied;
- recovered: satisfied with the recovery (4 or 5 of 5; where only the NPS was asked, 9 or 10), did
  not come back and, as far as anybody knows, did not leave;
- otherwise nobody knows: silence is not recovery. The case stays "resolved", and counts as not
  known wherever a rate is shown.
"""

RULE: Final = (
    "Recovered: satisfied with the recovery (4–5 of 5, or NPS 9–10 where only that was asked), not "
    "back about the same within the window, and still a customer. A case without an answer that "
    "did not come back is not known, and is in no rate."
)

_BECAUSE: Final = {
    State.LOST: "The customer left.",
    State.RECOVERED: "Satisfied with the recovery, and did not come back.",
    State.NOT_RECOVERED: "Not satisfied with the recovery, or came back about the same.",
}


@transaction.atomic
def settle(now: datetime) -> int:
    """Give resolved cases whose window is over their end, with a line in their timeline.

    A case that amends settled is settled anew when later evidence says otherwise (an answer that
    came late, a customer who left); one that a person closed is left alone.

    Returns
    -------
    int
        How many cases changed.

    """
    verdicts = _verdicts(now)
    for verdict, known in verdicts.items():
        at = Subquery(_ended().filter(case=OuterRef("pk")).values("known_at")[:1])
        cases = Case.objects.filter(pk__in=known)
        cases.update(state=verdict, version=F("version") + 1, closed_at=Least(at, Value(now)))
        Outcome.objects.filter(case__in=known).update(settled_as=verdict)
    line = {verdict: {"title": verdict.label, "body": _BECAUSE[verdict]} for verdict in verdicts}
    entries = [
        Entry(case_id=pk, at=at, kind=Happening.OUTCOME, **line[verdict])
        for verdict, known in verdicts.items()
        for pk, at in known.items()
    ]
    if entries:
        Entry.objects.bulk_create(entries, batch_size=_BATCH)
        publish("outcomes")
        publish("cases")
    return len(entries)


def _ended() -> QuerySet[Any]:
    """Return outcomes with `window_end` and `known_at`, when their verdict could first be known.

    That is the end of the window, or the evidence that came after it.
    """
    window = ExpressionWrapper(
        F("window_days") * Value(timedelta(days=1)), output_field=DurationField()
    )
    end = ExpressionWrapper(F("case__resolved_at") + window, output_field=DateTimeField())
    evidence = Greatest(
        end,
        Coalesce("answered_at", "case__resolved_at"),
        Coalesce("window_closed_at", "case__resolved_at"),
    )
    return Outcome.objects.annotate(window_end=end, known_at=evidence)


def _verdicts(now: datetime) -> dict[State, dict[int, datetime]]:
    """Return verdict → cases that do not have it yet → when it could first be known.

    The cases are locked; those that somebody else has locked are left for the next time.
    """
    ours = Q(case__state__in=RESOLVED) | Q(case__state=F("settled_as"))
    rows = (
        _ended()
        .filter(ours, case__resolved_at__lte=now, window_end__lte=now)
        .annotate(verdict=VERDICT)
        .exclude(verdict=F("case__state"))
        .exclude(verdict=State.RESOLVED)
        .select_for_update(no_key=True, skip_locked=True)
        .order_by("case")
        .values_list("verdict", "case", "known_at")
    )
    found: dict[State, dict[int, datetime]] = {}
    for verdict, case, known_at in rows:
        found.setdefault(State(verdict), {})[case] = min(known_at, now)
    return found
