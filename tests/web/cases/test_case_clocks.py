"""Clocks of cases as people and sources move them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case

from amends.engine.clocks import ClockKind
from amends.web.accounts.models import Team
from amends.web.cases import actions, approving, remedies
from amends.web.cases.clocks import readings_of, retime_open_cases
from amends.web.cases.models import Case, ClockSheet, State, Viewer
from amends.web.cases.transitions import RefusedError, StaleError
from amends.web.cases.viewing import seen_by

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}
OFFICE = """
calendars:
  office: {timezone: Europe/London, holidays: GB-ENG, week: {mon-fri: "09:00-17:00"}}
regions: {"": office}
pauses_for: [customer, team]
targets:
  - {clock: first_response, hours: 1}
  - {clock: update, hours: 4}
  - {clock: resolution, hours: 16}
  - {clock: handoff, hours: 2}
regulators: [{preset: gb_ofcom, region: north}]
"""


@pytest.fixture
def case(people: People) -> Case:
    team = Team.objects.get(name="Care")
    opened = timezone.now() - timedelta(hours=2)
    return make_case(owner=people.owner, team=team, opened_at=opened)


def fresh(case: Case) -> Case:
    return Case.objects.select_related("customer").get(pk=case.pk)


def do(verb: object, person: object, case: Case, *more: object) -> Case:
    verb(person, case, fresh(case).version, *more)  # type: ignore[operator]
    return fresh(case)


def put_in_force(people: People, text: str) -> None:
    ClockSheet.objects.create(
        text=text, effective_from=timezone.now(), reason="Hours", author=people.compliance
    )


def test_business_hours_of_the_sheet_set_the_deadline(people: People) -> None:
    put_in_force(people, OFFICE)
    friday = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    case = make_case(owner=people.owner, opened_at=friday)
    assert case.due_at == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert case.due_clock == ClockKind.FIRST_RESPONSE


def test_another_sheet_times_open_cases_anew_and_keeps_their_pauses(
    people: People, case: Case
) -> None:
    case = do(actions.acknowledge, people.owner, case)
    case = do(actions.wait, people.owner, case, State.WAITING_CUSTOMER)
    case.entries.filter(event="waits_customer").update(at=timezone.now() - timedelta(hours=1))
    case = do(actions.resume, people.owner, case)
    over = make_case(owner=people.owner, state=State.LOST)
    text = OFFICE.replace('week: {mon-fri: "09:00-17:00"}', "").replace(", holidays: GB-ENG, ", "")
    put_in_force(people, text.replace("regulators: [{preset: gb_ofcom, region: north}]", ""))
    assert retime_open_cases(timezone.now()) == 1
    assert retime_open_cases(timezone.now()) == 0
    due = fresh(case).due_at
    assert due is not None
    assert due - case.opened_at == pytest.approx(timedelta(hours=17), abs=timedelta(seconds=5))
    assert fresh(over).due_at is None


def test_the_first_response_is_met_by_a_person_and_an_action(people: People, case: Case) -> None:
    answered = do(remedies.take_action, people.owner, case)
    (clock,) = [
        r for r in readings_of(answered, timezone.now()) if r.kind is ClockKind.FIRST_RESPONSE
    ]
    assert clock.is_met
    assert answered.acknowledged_at is not None
    assert answered.due_clock == ClockKind.RESOLUTION


def test_what_waits_for_approval_has_not_reached_the_customer(people: People) -> None:
    team = Team.objects.get(name="Care")
    case = make_case(owner=people.owner, team=team, loss=80)
    case = do(remedies.change_action, people.owner, case, "apology_credit 80.00", "Third time")
    assert (case.acknowledged_at, case.due_clock) == (None, ClockKind.FIRST_RESPONSE)
    case = do(approving.approve_action, people.manager, case)
    assert case.acknowledged_at is not None


def test_a_reply_is_noted_and_acknowledges_a_new_case(people: People, case: Case) -> None:
    with pytest.raises(RefusedError, match="Write what the customer was told"):
        do(actions.answer, people.owner, case, " ")
    case = do(actions.answer, people.owner, case, "We look for the parcel")
    assert case.state == State.ACKNOWLEDGED
    case = do(actions.start, people.owner, case)
    assert case.state == State.IN_PROGRESS
    with pytest.raises(RefusedError, match="is in progress and cannot be started"):
        do(actions.start, people.owner, case)


def test_waiting_for_another_team_stands_only_where_the_sheet_says_so(
    people: People, case: Case
) -> None:
    case = do(actions.acknowledge, people.owner, case)
    case = do(actions.wait, people.owner, case, State.WAITING_TEAM)
    assert not case.is_paused, "the customer waits on"
    put_in_force(people, OFFICE.replace("regulators: [{preset: gb_ofcom, region: north}]", ""))
    retime_open_cases(timezone.now())
    assert fresh(case).is_paused


def test_a_resolved_case_is_followed_up_before_it_is_closed(people: People, case: Case) -> None:
    do(remedies.take_action, people.owner, case)
    do(actions.resolve, people.owner, case)
    with pytest.raises(RefusedError):
        do(actions.follow_up, people.owner, case, "")
    case = do(actions.follow_up, people.owner, case, "Works; she is content")
    assert case.state == State.FOLLOW_UP
    with pytest.raises(RefusedError, match="can be recovered or not recovered or lost"):
        do(actions.close, people.owner, case, State.NEW)
    assert do(actions.close, people.owner, case, State.RECOVERED).state == State.RECOVERED


def test_a_stale_form_is_told_what_changed_field_by_field(people: People, case: Case) -> None:
    seen = case.version
    do(actions.acknowledge, people.colleague, case)
    do(actions.assign, people.manager, case, people.colleague)
    with pytest.raises(StaleError) as refused:
        actions.answer(people.owner, case, seen, "We look for it")
    told = refused.value.messages
    assert "What you typed is still here" in told[0]
    assert "State: New → Acknowledged" in told
    assert "Owner: Olu O. → Cleo C." in told
    assert any("Acknowledged" in sentence and "Cleo C." in sentence for sentence in told)


def test_a_stale_form_keeps_what_was_typed(people: People, case: Case) -> None:
    do(actions.acknowledge, people.colleague, case)
    client = Client()
    client.force_login(people.owner)
    form = {"version": 1, "text": "We look for the parcel"}
    response = client.post(f"/cases/{case.ref}/answer/", form, headers=FRAGMENT)
    page = response.content.decode()
    assert response.status_code == 422
    assert "We look for the parcel" in page
    assert "State: New → Acknowledged" in page
    assert 'name="version" value="2"' in page


def test_who_else_looks_is_told_until_they_are_gone(people: People, case: Case) -> None:
    now = timezone.now()
    assert seen_by(people.owner, case, now) == []
    assert seen_by(people.colleague, case, now) == ["Olu O."]
    assert seen_by(people.owner, case, now + timedelta(seconds=20)) == ["Cleo C."]
    assert seen_by(people.owner, case, now + timedelta(seconds=60)) == []
    assert Viewer.objects.count() == 1
    client = Client()
    client.force_login(people.manager)
    page = client.post(f"/cases/{case.ref}/presence/", headers=FRAGMENT).content.decode()
    assert "<html" not in page
    client.force_login(people.outsider)
    assert client.post(f"/cases/{case.ref}/presence/").status_code == 200
    client.force_login(people.product_owner)
    assert client.post(f"/cases/{case.ref}/presence/").status_code == 403


def test_the_page_shows_every_clock_and_the_regulators(people: People) -> None:
    put_in_force(people, OFFICE)
    team = Team.objects.get(name="Care")
    case = make_case(owner=people.owner, team=team, signal_id=UUID(int=5))
    do(actions.acknowledge, people.owner, case)
    do(actions.wait, people.owner, case, State.WAITING_CUSTOMER)
    client = Client()
    client.force_login(people.owner)
    page = client.get(f"/cases/{case.ref}/").content.decode()
    for words in ("Clocks", "Met late", "Paused, ", "UK telecoms (Ofcom), 6 weeks"):
        assert words in page, words
    assert "Regulator" in client.get("/cases/?tab=mine").content.decode()
