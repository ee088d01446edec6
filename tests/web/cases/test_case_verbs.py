from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case, make_customer

from amends.engine.contracts import Severity
from amends.web.accounts.models import Team
from amends.web.cases import actions, approving, remedies
from amends.web.cases.authority import authority_of, suffices
from amends.web.cases.models import ActionState, Case, State
from amends.web.cases.transitions import RefusedError, StaleError

pytestmark = pytest.mark.django_db


@pytest.fixture
def care(people: People) -> Team:  # noqa: ARG001  (they are in it)
    return Team.objects.get(name="Care")


@pytest.fixture
def case(people: People, care: Team) -> Case:
    return make_case(owner=people.owner, team=care)


def now_(case: Case) -> Case:
    return Case.objects.select_related("customer").get(pk=case.pk)


def do(verb: Any, person: Any, case: Case, *more: Any, **named: Any) -> Case:
    verb(person, case, now_(case).version, *more, **named)
    return now_(case)


def test_a_case_goes_through_its_life(people: People, case: Case) -> None:
    case = do(actions.acknowledge, people.owner, case)
    assert case.state == State.ACKNOWLEDGED
    assert case.due_at == case.opened_at + timedelta(days=5)
    case = do(remedies.take_action, people.owner, case)
    assert case.state == State.IN_PROGRESS
    case = do(actions.resolve, people.owner, case, note="Refunded and called")
    assert (case.state, case.due_at) == (State.RESOLVED, None)
    case = do(actions.close, people.owner, case, State.RECOVERED)
    assert case.closed_at is not None
    case = do(actions.reopen, people.owner, case, "Called again")
    assert (case.closed_at, case.resolved_at) == (None, None)
    assert case.due_at is not None
    assert case.due_at > timezone.now() + timedelta(days=4)
    titles = [entry.title for entry in case.entries.all()]
    assert titles[0] == "Acknowledged"
    assert titles[2:] == ["Resolved", "Closed: recovered", "Reopened"]


def test_an_older_version_is_refused_with_who_changed_what(people: People, case: Case) -> None:
    seen = case.version
    do(actions.assign, people.manager, case, people.colleague)
    with pytest.raises(StaleError, match=r"Mara M\. changed .*Assigned to Cleo Colleague"):
        actions.acknowledge(people.owner, case, seen)


def test_only_those_who_may_and_only_what_the_state_allows(people: People, case: Case) -> None:
    with pytest.raises(Http404):
        actions.acknowledge(people.product_owner, case, 1)
    with pytest.raises(PermissionDenied):
        actions.acknowledge(people.compliance, case, 1)
    with pytest.raises(PermissionDenied):
        remedies.take_action(people.advocate, case, 1)
    with pytest.raises(RefusedError, match="is new and cannot be closed"):
        actions.close(people.owner, case, 1, State.LOST)


def test_resolving_asks_for_what_is_missing(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care, cause="")
    with pytest.raises(RefusedError) as refused:
        do(actions.resolve, people.owner, case)
    assert set(refused.value.message_dict) == {"cause", "action"}
    do(remedies.skip_action, people.owner, case, "They withdrew it")
    resolved = do(actions.resolve, people.owner, case, cause="delivery/missed_slot")
    assert (resolved.state, resolved.cause) == (State.RESOLVED, "delivery/missed_slot")


def test_a_paused_clock_stands_still(people: People, care: Team) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    case = make_case(owner=people.owner, team=care, opened_at=yesterday)
    case = do(actions.acknowledge, people.owner, case)
    due = case.due_at
    case = do(actions.wait, people.owner, case, State.WAITING_CUSTOMER, "Photo asked for")
    assert case.is_paused
    case.entries.filter(event="waits_customer").update(at=timezone.now() - timedelta(hours=5))
    case = do(actions.resume, people.owner, case)
    assert case.due_at is not None
    assert due is not None
    assert case.due_at - due == pytest.approx(timedelta(hours=5), abs=timedelta(seconds=5))
    assert case.paused_at is None


def test_an_unowned_case_is_taken_by_whoever_works_on_it(people: People, care: Team) -> None:
    free = make_case(team=care)
    assert do(actions.assign, people.owner, free, people.owner).owner == people.owner
    with pytest.raises(PermissionDenied):
        do(actions.assign, people.colleague, free, people.colleague)
    with pytest.raises(RefusedError, match="cannot work on a case"):
        do(actions.assign, people.manager, free, people.compliance)


def test_a_note_meets_no_other_edit(people: People, case: Case) -> None:
    actions.add_note(people.owner, case, "Called, no answer")
    assert now_(case).version == case.version
    with pytest.raises(RefusedError):
        actions.add_note(people.owner, case, " ")


def test_more_than_the_limit_waits_for_somebody_else(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care, loss=Decimal(80))
    options = remedies.authority_in(people.owner, case).options()
    alone = [o for o in options if not o.approver]
    above = next(o for o in options if o.goodwill == Decimal(80))
    assert max(o.goodwill for o in alone) == Decimal(25)
    assert above.approver == "team_leader"
    with pytest.raises(RefusedError):
        do(remedies.change_action, people.owner, case, above.key, "")
    do(remedies.change_action, people.owner, case, above.key, "The third time this month")
    action = case.actions.get()
    assert action.state == ActionState.WAITING
    with pytest.raises(RefusedError, match="waits for approval already"):
        do(remedies.take_action, people.owner, case)
    with pytest.raises(PermissionDenied):
        do(approving.approve_action, people.colleague, case)
    do(approving.approve_action, people.manager, case)
    action.refresh_from_db()
    assert (action.state, action.approved_by) == (ActionState.TAKEN, people.manager)


def test_nobody_approves_what_they_asked_for(people: People, care: Team) -> None:
    rich = make_customer("C9", value_per_year=Decimal(9000))
    case = make_case(owner=people.manager, team=care, loss=Decimal(900), customer=rich)
    above = next(o for o in remedies.authority_in(people.manager, case).options() if o.approver)
    assert above.approver == "executive"
    do(remedies.change_action, people.manager, case, above.key, "A court would give more")
    with pytest.raises(RefusedError, match="somebody else approves"):
        do(approving.approve_action, people.manager, case)
    do(approving.refuse_action, people.leader, case, "Too much")
    assert case.actions.get().state == ActionState.REFUSED
    do(remedies.skip_action, people.manager, case, "Refused above")


def test_what_is_owed_is_not_skipped_and_not_paid_twice(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care, cause="billing/double_charge", loss=Decimal(30))
    with pytest.raises(RefusedError, match=r"€30\.00 is owed"):
        do(remedies.skip_action, people.owner, case, "No")
    do(remedies.take_action, people.owner, case)
    action = case.actions.get()
    assert (action.state, action.owed) == (ActionState.TAKEN, Decimal(30))
    do(actions.resolve, people.owner, case)
    do(actions.reopen, people.owner, case, "Says it did not arrive")
    assert {o.owed for o in remedies.authority_in(people.owner, case).options()} == {Decimal(0)}


def test_a_decision_is_undone_within_a_minute_only(people: People, case: Case) -> None:
    do(remedies.take_action, people.owner, case)
    with pytest.raises(RefusedError, match="within a minute"):
        do(remedies.undo_action, people.colleague, case)
    do(remedies.undo_action, people.owner, case)
    assert case.actions.get().state == ActionState.UNDONE
    do(remedies.take_action, people.owner, case)
    case.actions.filter(state=ActionState.TAKEN).update(
        decided_at=timezone.now() - timedelta(seconds=61)
    )
    with pytest.raises(RefusedError, match="within a minute"):
        do(remedies.undo_action, people.owner, case)


def test_goodwill_given_before_counts_against_the_limit(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care, loss=Decimal(24))
    whole, half = "apology_credit 24.00", "apology_credit 12.00"
    keys = {o.key: o for o in remedies.authority_in(people.owner, case).options()}
    assert keys[whole].approver == keys[half].approver == ""
    do(remedies.change_action, people.owner, case, whole, "Right away")
    do(actions.resolve, people.owner, case)
    do(actions.reopen, people.owner, case, "Again")
    keys = {o.key: o for o in remedies.authority_in(people.owner, case).options()}
    assert keys[half].approver == "team_leader"
    assert whole not in keys, "together they are more than anybody may give"


def test_authority_follows_roles_and_leading_a_team(people: People) -> None:
    assert authority_of(people.owner) == "agent"
    people.owner.memberships.update(is_lead=True)
    assert authority_of(people.owner) == "team_leader"
    assert authority_of(people.leader) == "executive"
    assert authority_of(people.compliance) == ""
    assert not suffices("", "team_leader")
    assert suffices("manager", "team_leader")
    assert not suffices("agent", "team_leader")


def test_a_case_opened_by_hand_has_a_clock_a_team_and_a_recommendation(people: People) -> None:
    make_customer("C77")
    new = actions.NewCase("C77", "Charged twice", Severity.HIGH, "billing/double_charge")
    case = actions.open_by_hand(people.owner, new)
    assert case.owner == people.owner
    assert case.team_id in people.owner.team_ids
    assert case.due_at == case.opened_at + timedelta(hours=4)
    assert case.tier == "gold"
    assert now_(case).recommendation.kind
    with pytest.raises(PermissionDenied):
        actions.open_by_hand(people.analyst, new)
    unknown = actions.open_by_hand(people.owner, actions.NewCase("X", "?", Severity.LOW))
    assert unknown.customer.customer_id == "X"


def test_refusals_are_validation_errors_for_forms() -> None:
    assert issubclass(RefusedError, ValidationError)
