"""Two people, or one in two places, at the same time: money is given once and within limits."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone
from tests.people import People, make_people
from tests.web.cases.making import make_case

from amends.engine.recommend.playbooks import Value
from amends.web.accounts.models import Membership, Team, User
from amends.web.accounts.permissions import Role
from amends.web.alerts.models import Notice
from amends.web.cases import approval_links, approving, handoffs, remedies, reversing
from amends.web.cases.models import (
    Action,
    ActionState,
    ApprovalLink,
    Case,
    Letter,
    Limit,
    Post,
    Reminder,
    StepDone,
)
from amends.web.cases.reminding import remind_of_forgotten
from amends.web.cases.stepping import do_step
from amends.web.cases.transitions import RefusedError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people() -> People:
    return make_people()


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run acts in threads that start together; return what each gave or was refused with."""
    start, found = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[], object]) -> None:
        start.wait(30)
        try:
            found.append(act())
        except RefusedError as error:
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def open_case(people: People) -> Case:
    return make_case(owner=people.owner, team=Team.objects.get(name="Care"), loss=Decimal(80))


def option_of(person: User, case: Case, *, alone: bool) -> str:
    options = remedies.authority_in(person, case).options()
    return next(o.key for o in options if o.goodwill and bool(o.approver) != alone)


def done(found: list[object]) -> list[Action]:
    return [act for act in found if isinstance(act, Action)]


def test_two_agents_act_and_one_is_told_of_the_other(people: People) -> None:
    case = open_case(people)
    key = option_of(people.owner, case, alone=True)

    def change(person: User) -> Callable[[], object]:
        return lambda: remedies.change_action(person, case, case.version, key, "It fits")

    found = at_once(change(people.owner), change(people.colleague))
    assert len(done(found)) == 1
    assert Action.objects.count() == 1


def test_two_managers_decide_and_one_does(people: People) -> None:
    other = User.objects.create_user("mia@example.com", name="Mia", roles=[Role.SERVICE_MANAGER])
    Membership.objects.create(user=other, team=Team.objects.get(name="Care"))
    case = open_case(people)
    key = option_of(people.owner, case, alone=False)
    remedies.change_action(people.owner, case, case.version, key, "Let down badly")
    case.refresh_from_db()
    found = at_once(
        lambda: approving.approve_action(people.manager, case, case.version),
        lambda: approving.refuse_action(other, case, case.version, "Too much"),
    )
    (decided,) = done(found)
    assert Action.objects.get().state == decided.state


def test_a_link_that_is_used_twice_at_once_decides_once(people: People) -> None:
    case = open_case(people)
    key = option_of(people.owner, case, alone=False)
    remedies.change_action(people.owner, case, case.version, key, "Let down badly")
    link = ApprovalLink.objects.get(person=people.manager)
    token, now = approval_links.token_of(link), link.action.decided_at
    found = at_once(*[lambda: approval_links.decide(token, now, approve=True) for _ in range(3)])
    assert len(done(found)) == 1
    assert case.entries.filter(title__startswith="Approved").count() == 1


def test_one_person_in_two_cases_stays_within_their_period(people: People) -> None:
    cases = [open_case(people) for _ in range(3)]
    key = option_of(people.owner, cases[0], alone=True)
    goodwill = Decimal(key.split()[1])
    Limit.objects.create(role="agent", currency="EUR", per_period=goodwill * 2 - 1, reason="Low")

    def change(case: Case) -> Callable[[], object]:
        return lambda: remedies.change_action(people.owner, case, case.version, key, "It fits")

    found = at_once(*[change(case) for case in cases])
    assert len(found) == 3
    taken = Action.objects.filter(state=ActionState.TAKEN)
    assert taken.count() == 1
    assert Action.objects.filter(state=ActionState.WAITING).count() == 2


def test_a_reversal_asked_for_twice_at_once_is_asked_for_once(people: People) -> None:
    case = open_case(people)
    key = option_of(people.owner, case, alone=True)
    remedies.change_action(people.owner, case, case.version, key, "It fits")
    case.refresh_from_db()

    def reverse(person: User) -> Callable[[], object]:
        return lambda: reversing.reverse_action(person, case, case.version, "A mistake")

    assert len(done(at_once(reverse(people.owner), reverse(people.colleague)))) == 1


def test_a_step_that_two_do_at_once_is_one_letter(people: People) -> None:
    case = open_case(people)
    Post.objects.create(address="https://desk.example.com/", secret=b"")
    values: dict[str, Value] = {"what_happened": "it was late", "answer_by": date(2026, 12, 1)}

    def hear(person: User) -> Callable[[], object]:
        return lambda: do_step(person, case, case.version, "heard", language="en", values=values)

    found = at_once(hear(people.owner), hear(people.colleague))
    assert sum(isinstance(one, StepDone) for one in found) == 1
    assert sum(isinstance(one, RefusedError) for one in found) == 1
    assert Letter.objects.count() == 1


def test_a_handoff_that_two_accept_at_once_has_one_owner(people: People) -> None:
    case, billing = open_case(people), Team.objects.get(name="Billing")
    agents = [
        User.objects.create_user(f"b{n}@example.com", name=f"Bea {n}", roles=[Role.AGENT])
        for n in range(2)
    ]
    for agent in agents:
        Membership.objects.create(user=agent, team=billing)
    story = handoffs.Story("Charged twice", "none", "Stop it")
    handoffs.hand_over(people.owner, case, case.version, "remedy", story, billing)
    case.refresh_from_db()

    def accept(person: User) -> Callable[[], object]:
        return lambda: handoffs.accept(person, case, case.version)

    found = at_once(accept(agents[0]), accept(agents[1]))
    assert sum(isinstance(one, RefusedError) for one in found) == 1
    case.refresh_from_db()
    assert case.owner in agents
    assert case.entries.filter(event="accepted").count() == 1


def test_two_workers_tell_of_a_forgotten_case_once(people: People) -> None:
    due_at = timezone.now() - timedelta(minutes=5)
    case = make_case(team=Team.objects.get(name="Care"), severity="critical", due_at=due_at)
    people.colleague.memberships.update(is_lead=True)
    now = timezone.now()

    def remind() -> object:
        with suppress(IntegrityError):
            return remind_of_forgotten(now)
        return 0

    at_once(remind, remind, remind)
    assert Reminder.objects.filter(case=case).count() == 1
    assert Notice.objects.count() == 1
