"""Forgotten cases climb to lead, manager and sponsor: chatwoot#6889."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case, wait_for_customer

from amends.web.accounts.models import Team, User
from amends.web.accounts.permissions import Role
from amends.web.alerts.messages import message_of
from amends.web.alerts.models import Notice
from amends.web.cases import actions
from amends.web.cases.jobs import escalate
from amends.web.cases.models import Case, Reminder
from amends.web.cases.reminding import remind_of_forgotten

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def care(people: People) -> Team:  # noqa: ARG001  (they are in it)
    return Team.objects.get(name="Care")


@pytest.fixture
def lead(people: People, care: Team) -> User:
    people.colleague.memberships.filter(team=care).update(is_lead=True)
    return people.colleague


def late(care: Team, *, due_at: datetime = WEDNESDAY, **more: object) -> Case:
    return make_case(team=care, due_at=due_at, due_clock="first_response", **more)  # type: ignore[arg-type]


def told() -> list[tuple[str, User | None]]:
    return [(row.level, row.person) for row in Reminder.objects.order_by("pk")]


def test_it_climbs_while_nobody_works_on_it(people: People, care: Team, lead: User) -> None:
    case = late(care, value_at_risk=Decimal(5000))
    assert remind_of_forgotten(WEDNESDAY - timedelta(minutes=1)) == 0
    assert remind_of_forgotten(WEDNESDAY) == 1
    assert told() == [("lead", lead)]
    assert remind_of_forgotten(WEDNESDAY + timedelta(minutes=30)) == 0, "once"
    for hours, level, person in ((4, "manager", people.manager), (8, "executive", people.leader)):
        assert remind_of_forgotten(WEDNESDAY + timedelta(hours=hours)) == 1
        assert told()[-1] == (level, person)
    titles = [entry.title for entry in case.entries.filter(by_robot=True)]
    assert titles[0] == f"Told the team lead: {lead}"
    case.refresh_from_db()
    assert case.due_at == WEDNESDAY, "a reminder is nothing to clocks"


def test_a_message_names_cases_and_no_customer(care: Team, lead: User) -> None:
    cases = [late(care, title="“You lied to me”") for _ in range(7)]
    assert remind_of_forgotten(WEDNESDAY) == 7
    notice = Notice.objects.get(person=lead)
    message = message_of(notice)
    assert message.title == "amends: 7 cases are overdue, and nobody works on them"
    assert f"{cases[0].ref} (medium), due 25 Nov" in message.body
    assert "2 more. You are told as the team lead." in message.body
    assert "/cases/?tab=overdue" in message.body
    assert "lied" not in message.body
    assert "Maya" not in message.body


def test_who_works_on_it_is_not_reported(people: People, care: Team, lead: User) -> None:
    assert lead in User.objects.filter(memberships__is_lead=True)
    worked_on = late(care, owner=people.owner)
    actions.add_note(people.owner, worked_on, "Calling the depot")
    waits = make_case(owner=people.owner, team=care, opened_at=timezone.now() - timedelta(hours=2))
    wait_for_customer(people.owner, waits, since=timezone.now() - timedelta(hours=1))
    over = late(care, state="recovered")
    handed = late(care)
    Case.objects.filter(pk=handed.pk).update(handed_to=Team.objects.get(name="Billing"))
    assert over.due_at is not None
    assert remind_of_forgotten(WEDNESDAY + timedelta(hours=3)) == 0
    assert not Notice.objects.exists()


def test_nobody_is_woken_unless_it_is_critical(care: Team, lead: User) -> None:
    late(care)
    saturday = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    assert remind_of_forgotten(saturday) == 0
    late(care, severity="critical")
    assert remind_of_forgotten(saturday) == 1
    assert told() == [("lead", lead)]


def test_another_deadline_begins_the_path_again(care: Team, lead: User) -> None:
    case = late(care)
    remind_of_forgotten(WEDNESDAY)
    later = WEDNESDAY + timedelta(hours=2)
    Case.objects.filter(pk=case.pk).update(due_at=later)
    assert remind_of_forgotten(later) == 1
    assert told() == [("lead", lead), ("lead", lead)]


def test_a_team_without_a_lead_goes_on_to_the_manager(people: People, care: Team) -> None:
    late(care)
    assert remind_of_forgotten(WEDNESDAY + timedelta(hours=4)) == 1
    assert told() == [("lead", None), ("manager", people.manager)]


def test_the_worker_looks_by_itself(care: Team) -> None:
    User.objects.create_user("l@example.com", name="Lea", roles=[Role.SERVICE_MANAGER])
    late(care, severity="critical")
    escalate(0)
    assert Notice.objects.exists()
