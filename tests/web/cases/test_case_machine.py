"""Whatever people do to a case, in whatever order, the rules hold."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.people import People
from tests.web.cases.making import make_case

from amends.web.accounts.models import Team, User
from amends.web.cases import actions, approving, handoffs, remedies
from amends.web.cases.authority import authority_of, suffices
from amends.web.cases.clocks import set_deadlines
from amends.web.cases.facts import facts_of
from amends.web.cases.models import CLOSED, ActionState, Case, HandoffState, State
from amends.web.cases.transitions import RefusedError
from amends.web.recommend.queries import recommender

WHO = st.sampled_from(
    ["owner", "owner", "colleague", "manager", "outsider", "leader", "compliance", "advocate"]
)
REASON = st.sampled_from(["", "Because"])


class Cases(RuleBasedStateMachine):
    people: ClassVar[People]

    @initialize(
        loss=st.sampled_from(["0", "20", "80", "900"]),
        cause=st.sampled_from(["", "delivery/missed_slot", "billing/double_charge"]),
        severity=st.sampled_from(["low", "medium", "critical"]),
    )
    def begin(self, loss: str, cause: str, severity: str) -> None:
        team = Team.objects.get(name="Care")
        self.case = make_case(
            owner=self.people.owner, team=team, loss=Decimal(loss), cause=cause, severity=severity
        )
        self.version, self.entries = self.case.version, 0

    def attempt(self, verb: Callable[..., Any], who: str, *more: Any, **named: Any) -> None:
        person: User = getattr(self.people, who)
        before = Case.objects.get(pk=self.case.pk)
        try:
            verb(person, before, before.version, *more, **named)
        except (RefusedError, PermissionDenied, Http404):
            self.is_refused = True
        else:
            self.is_refused = False
        self.check_growth(before)

    def check_growth(self, before: Case) -> None:
        after = Case.objects.get(pk=self.case.pk)
        entries = after.entries.count()
        if self.is_refused:
            assert (after.version, after.state, entries) == (
                before.version,
                before.state,
                self.entries,
            )
        else:
            assert after.version == before.version + 1
            assert entries == self.entries + 1
        self.entries = entries

    @rule(who=WHO)
    def acknowledge(self, who: str) -> None:
        self.attempt(actions.acknowledge, who)

    @rule(who=WHO, whom=st.sampled_from([State.WAITING_CUSTOMER, State.WAITING_TEAM]))
    def wait(self, who: str, whom: State) -> None:
        self.attempt(actions.wait, who, whom)

    @rule(who=WHO)
    def resume(self, who: str) -> None:
        self.attempt(actions.resume, who)

    @rule(who=WHO, to=WHO)
    def assign(self, who: str, to: str) -> None:
        self.attempt(actions.assign, who, getattr(self.people, to))

    @rule(who=WHO, name=st.sampled_from(["Care", "Billing"]), words=REASON)
    def hand_over(self, who: str, name: str, words: str) -> None:
        story = handoffs.Story("It is gone", words, "Look for it")
        self.attempt(handoffs.hand_over, who, "repair", story, Team.objects.get(name=name))

    @rule(who=WHO)
    def accept(self, who: str) -> None:
        self.attempt(handoffs.accept, who)

    @rule(who=WHO, reason=REASON)
    def return_(self, who: str, reason: str) -> None:
        self.attempt(handoffs.return_, who, reason)

    @rule(who=WHO)
    def withdraw(self, who: str) -> None:
        self.attempt(handoffs.withdraw, who)

    @rule(who=WHO, cause=st.sampled_from(["", "delivery/lost_parcel"]))
    def resolve(self, who: str, cause: str) -> None:
        self.attempt(actions.resolve, who, cause=cause)

    @rule(who=WHO)
    def start(self, who: str) -> None:
        self.attempt(actions.start, who)

    @rule(who=WHO, text=REASON)
    def answer(self, who: str, text: str) -> None:
        self.attempt(actions.answer, who, text)

    @rule(who=WHO, text=REASON)
    def follow_up(self, who: str, text: str) -> None:
        self.attempt(actions.follow_up, who, text)

    @rule(who=WHO, how=st.sampled_from(CLOSED))
    def close(self, who: str, how: State) -> None:
        self.attempt(actions.close, who, how)

    @rule(who=WHO, reason=REASON)
    def reopen(self, who: str, reason: str) -> None:
        self.attempt(actions.reopen, who, reason)

    @rule(who=WHO)
    def take(self, who: str) -> None:
        self.attempt(remedies.take_action, who)

    @rule(who=WHO, n=st.integers(0, 9), reason=REASON)
    def change(self, who: str, n: int, reason: str) -> None:
        case = Case.objects.select_related("customer").get(pk=self.case.pk)
        options = remedies.authority_in(getattr(self.people, who), case).options()
        key = options[n % len(options)].key if options else "refund 999.00"
        self.attempt(remedies.change_action, who, key, reason)

    @rule(who=WHO, reason=REASON)
    def skip(self, who: str, reason: str) -> None:
        self.attempt(remedies.skip_action, who, reason)

    @rule(who=WHO)
    def approve(self, who: str) -> None:
        self.attempt(approving.approve_action, who)

    @rule(who=WHO, reason=REASON)
    def refuse(self, who: str, reason: str) -> None:
        self.attempt(approving.refuse_action, who, reason)

    @rule(who=WHO)
    def undo(self, who: str) -> None:
        self.attempt(remedies.undo_action, who)

    @invariant()
    def clocks_fit_the_state(self) -> None:
        case = Case.objects.get(pk=self.case.pk)
        assert (case.closed_at is not None) == (case.state in CLOSED)
        assert (case.due_at is not None) == case.is_open
        assert (case.paused_at is not None) == (case.state == State.WAITING_CUSTOMER)
        assert (case.resolved_at is None) == case.is_open
        stands = case.paused_at is not None and case.due_clock == "resolution"
        assert case.is_paused == stands

    @invariant()
    def somebody_always_answers_for_it(self) -> None:
        case = Case.objects.get(pk=self.case.pk)
        waiting = list(case.handoffs.filter(state=HandoffState.WAITING))
        assert [h.to_team_id for h in waiting] == ([case.handed_to_id] if case.handed_to_id else [])
        assert case.team_id is not None
        assert case.is_open or not waiting
        for handoff in case.handoffs.all():
            assert handoff.summary
            assert handoff.promises
            assert handoff.next_step
            if handoff.state in {HandoffState.ACCEPTED, HandoffState.RETURNED}:
                assert handoff.answered_by is not None
                assert handoff.to_team_id in handoff.answered_by.team_ids

    @invariant()
    def deadlines_are_what_the_timeline_gives(self) -> None:
        case = Case.objects.get(pk=self.case.pk)
        kept = (case.due_at, case.due_clock, case.paused_at)
        set_deadlines([case], timezone.now())
        assert (case.due_clock, case.paused_at) == kept[1:]
        if not case.is_paused:
            assert case.due_at == kept[0]

    @invariant()
    def nobody_gives_more_than_policy_lets_them(self) -> None:
        case = Case.objects.select_related("customer").get(pk=self.case.pk)
        facts, policy = facts_of(case, case.customer), recommender().policy
        for action in case.actions.filter(state=ActionState.TAKEN):
            goodwill = action.amount - action.owed
            assert action.decided_by is not None
            role = authority_of(action.decided_by)
            if action.approved_by is not None:
                assert action.approved_by != action.decided_by
                assert suffices(authority_of(action.approved_by), action.approver)
            else:
                assert action.approver == ""
                assert goodwill <= policy.permit(facts, role).limit.amount

    @invariant()
    def what_is_owed_is_paid_once(self) -> None:
        taken = self.case.actions.filter(state=ActionState.TAKEN)
        case = Case.objects.get(pk=self.case.pk)
        assert sum(action.owed for action in taken) <= case.loss
        assert self.case.actions.filter(state=ActionState.WAITING).count() <= 1


@pytest.mark.django_db
def test_whatever_people_do_the_rules_hold(people: People) -> None:
    run_state_machine_as_test(
        type("TheseCases", (Cases,), {"people": people}),
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
