"""How a resolved case ended: the one rule, applied when its window is over."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Case as Choice
from django.db.models import (
    CharField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least

from amends.web.cases.models import Case, Entry, Happening, State
from amends.web.track.models import Outcome
from amends.web.ui.live import publish

SATISFIED_FROM: Final = 4
PROMOTER_FROM: Final = 9
_BATCH: Final = 500

_IS_SATISFIED = Q(outcome__satisfaction__gte=SATISFIED_FROM) | Q(
    outcome__satisfaction__isnull=True, outcome__nps__gte=PROMOTER_FROM
)
_HAS_ANSWERED = Q(outcome__satisfaction__isnull=False) | Q(outcome__nps__isnull=False)

VERDICT: Final = Choice(
    When(outcome__churned=True, then=Value(State.LOST.value)),
    When(outcome__recontacted_at__isnull=False, then=Value(State.NOT_RECOVERED.value)),
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
    if not verdicts:
        return 0
    changed = list(Case.objects.filter(pk__in=verdicts).select_related("outcome").order_by("pk"))
    outcomes, entries = [], []
    for case in changed:
        verdict, known_at = verdicts[case.pk]
        case.state, case.version, case.closed_at = verdict, case.version + 1, known_at
        case.outcome.settled_as = verdict
        outcomes.append(case.outcome)
        line = {"title": verdict.label, "body": _BECAUSE[verdict]}
        entries.append(Entry(case=case, at=known_at, kind=Happening.OUTCOME, **line))
    Case.objects.bulk_update(changed, ["state", "version", "closed_at"], batch_size=_BATCH)
    Outcome.objects.bulk_update(outcomes, ["settled_as"], batch_size=_BATCH)
    Entry.objects.bulk_create(entries, batch_size=_BATCH)
    publish("outcomes")
    publish("cases")
    return len(changed)


def _verdicts(now: datetime) -> dict[int, tuple[State, datetime]]:
    """Return the new verdict of cases by id, and when it could first be known.

    That is the end of the window, or the evidence that came after it. The cases are locked; those
    that somebody else has locked are left for the next time.
    """
    # A window that differs from case to case is time arithmetic that the index cannot help with;
    # the condition before it leaves only what the index on resolved_at finds.
    window = ExpressionWrapper(
        F("outcome__window_days") * Value(timedelta(days=1)), output_field=DurationField()
    )
    window_end = ExpressionWrapper(F("resolved_at") + window, output_field=DateTimeField())
    evidence = Greatest(
        window_end,
        Coalesce("outcome__answered_at", "resolved_at"),
        Coalesce("outcome__window_closed_at", "resolved_at"),
    )
    ours = Q(state=State.RESOLVED) | Q(state=F("outcome__settled_as"))
    rows = (
        Case.objects.filter(ours, resolved_at__lte=now, outcome__isnull=False)
        .annotate(verdict=VERDICT, window_end=window_end)
        .annotate(known_at=Least(evidence, Value(now)))
        .filter(window_end__lte=now)
        .exclude(verdict=F("state"))
        .exclude(verdict=State.RESOLVED)
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
        .order_by("pk")
        .values_list("pk", "verdict", "known_at")
    )
    return {pk: (State(verdict), known_at) for pk, verdict, known_at in rows}
