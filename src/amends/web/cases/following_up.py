"""Whether and when it is asked afterwards if what was done holds: as policy says for each case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db.models import Prefetch

from amends.engine.contracts import ActionKind
from amends.engine.recommend import Policy
from amends.flows.report import words
from amends.web.accounts.models import User
from amends.web.cases.facts import facts_of
from amends.web.cases.models import Action, Case, State, StepDone
from amends.web.cases.queries import decided, readable
from amends.web.recommend.queries import policy_in_force

LOOKS_BACK: Final = timedelta(days=90)
"""Older than that nobody is asked any more; policy's longest wait is shorter."""
MOST: Final = 1_000
Way = Literal["nothing", "survey", "call"]
WAYS: Final = {"survey": "Ask in writing", "call": "Call and ask"}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """How it is asked whether it holds."""

    way: Way
    after: timedelta
    """From when the case was resolved."""
    why: str
    version: str

    def due_at(self, case: Case) -> datetime | None:
        """Return until when; None while the case is not resolved, or nothing is asked."""
        if self.way == "nothing" or case.resolved_at is None:
            return None
        return case.resolved_at + self.after

    def words(self, case: Case) -> str:
        """Return it for the timeline of a resolved case."""
        due = self.due_at(case)
        if due is None:
            return f"No follow-up: {self.why}"
        return f"Follow-up: {WAYS[self.way].lower()}, by {words.day(due)}. {self.why}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A resolved case whose customer is still to be asked."""

    case: Case
    follow_up: FollowUp
    due_at: datetime
    is_due: bool
    way: str


def follow_up_of(case: Case, action: str, policy: Policy | None = None) -> FollowUp:
    """Return how it is asked whether an action holds in a case (its customer is needed)."""
    ruling = (policy or policy_in_force()).follow_up(
        facts_of(case, case.customer), ActionKind(action or ActionKind.NONE)
    )
    return FollowUp(
        str(ruling.outcome["follow_up"]),  # type: ignore[arg-type]  # an enum of the table
        timedelta(days=int(ruling.outcome["after_days"])),
        ruling.note or ruling.row,
        ruling.version,
    )


def follow_ups(person: User, now: datetime) -> Sequence[Waiting]:
    """Return the resolved cases within reach whose customers are to be asked, the next due first.

    At most `MOST`, those that were resolved first. Four queries.
    """
    actions = Prefetch("actions", Action.objects.order_by("pk"))
    rows = (
        readable(person)
        .filter(state=State.RESOLVED, resolved_at__gte=now - LOOKS_BACK)
        .select_related("customer", "owner", "team")
        .prefetch_related(actions)
        .order_by("resolved_at", "pk")[:MOST]
    )
    policy, found = policy_in_force(), []
    for case in rows:
        action = decided(case)
        follow_up = follow_up_of(case, action.kind if action else "", policy)
        due = follow_up.due_at(case)
        if due is not None:
            found.append(Waiting(case, follow_up, due, due <= now, WAYS[follow_up.way]))
    asked = _asked_since_resolved(
        [waiting.case for waiting in found if waiting.follow_up.way == "survey"]
    )
    left = [waiting for waiting in found if waiting.case.pk not in asked]
    return sorted(left, key=lambda waiting: (waiting.due_at, waiting.case.pk))


def _asked_since_resolved(cases: Sequence[Case]) -> set[int]:
    """Return the cases in which a step of the playbook was done after they were resolved."""
    resolved = {case.pk: case.resolved_at for case in cases}
    rows = StepDone.objects.filter(case__in=resolved).values_list("case_id", "at")
    return {pk for pk, at in rows if (since := resolved[pk]) is not None and at >= since}
