"""Who gives how much alone, who approves the rest, and by which door."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.web.alerts.alert_servers import smtp_server
from tests.web.alerts.alerting import make_channel
from tests.web.cases.making import make_case

from amends.web.accounts.models import Membership, Team, User
from amends.web.accounts.permissions import Role
from amends.web.cases import approval_links, approving, remedies, reversing
from amends.web.cases.limit_actions import come_back, remove_limit, set_limit, stand_in
from amends.web.cases.models import Action, ActionState, ApprovalLink, Case, Limit
from amends.web.cases.transitions import RefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def care(people: People) -> Team:  # noqa: ARG001  (they are in it)
    return Team.objects.get(name="Care")


@pytest.fixture
def case(people: People, care: Team) -> Case:
    return make_case(owner=people.owner, team=care, loss=Decimal(80))


def fresh(case: Case) -> Case:
    return Case.objects.select_related("customer").get(pk=case.pk)


def do(verb: Any, person: User, case: Case, *more: Any) -> Any:
    return verb(person, case, fresh(case).version, *more)


def ask(person: User, case: Case) -> Action:
    """Take something that somebody else must approve."""
    options = remedies.authority_in(person, fresh(case)).options()
    option = next(o for o in options if o.approver and o.goodwill)
    action: Action = do(remedies.change_action, person, case, option.key, "Let down badly")
    return action


def give(person: User, case: Case) -> Action:
    """Take the largest thing that the person may give alone."""
    options = remedies.authority_in(person, fresh(case)).options()
    option = max((o for o in options if not o.approver), key=lambda o: o.goodwill)
    action: Action = do(remedies.change_action, person, case, option.key, "It fits")
    return action


def limit_of(person: User, case: Case) -> Decimal:
    return remedies.authority_in(person, fresh(case)).options()[0].limit


def make_limit(**fields: Any) -> Limit:
    return Limit.objects.create(**{"currency": "EUR", "reason": "Start low", **fields})


def manager_of(team: Team, name: str) -> User:
    email = f"{name.split(maxsplit=1)[0].lower()}@example.com"
    person = User.objects.create_user(email, name=name, roles=[Role.SERVICE_MANAGER])
    Membership.objects.create(user=person, team=team)
    return person


@pytest.mark.parametrize(
    ("fields", "binds"),
    [
        ({}, True),
        ({"role": "agent"}, True),
        ({"role": "manager"}, False),
        ({"branch": "delivery"}, True),
        ({"branch": "delivery/missed_slot"}, True),
        ({"branch": "billing"}, False),
        ({"tier": "gold"}, True),
        ({"tier": "silver"}, False),
        ({"region": "north"}, True),
        ({"region": "south"}, False),
    ],
)
def test_a_limit_binds_whom_it_fits(
    people: People, case: Case, fields: dict[str, str], binds: bool
) -> None:
    before = limit_of(people.owner, case)
    make_limit(per_case=Decimal("7.50"), **fields)
    assert limit_of(people.owner, case) == (Decimal("7.50") if binds else before)


def test_the_lowest_limit_counts_and_none_raises_policy(people: People, case: Case) -> None:
    before = limit_of(people.owner, case)
    make_limit(role="agent", per_case=Decimal(100_000))
    assert limit_of(people.owner, case) == before
    make_limit(person=people.owner, per_case=Decimal("3.00"))
    assert limit_of(people.owner, case) == 3
    assert limit_of(people.colleague, case) == before


def test_two_currencies_are_never_compared(people: People, case: Case) -> None:
    make_limit(role="agent", currency="GBP", per_case=Decimal(10))
    assert limit_of(people.owner, case) == 0
    make_limit(role="agent", currency="EUR", per_case=Decimal(9))
    assert limit_of(people.owner, case) == 9


def test_above_the_limit_it_goes_to_who_is_above(people: People, case: Case) -> None:
    make_limit(role="agent", per_case=Decimal("1.00"))
    options = remedies.authority_in(people.owner, fresh(case)).options()
    assert all(o.approver for o in options if o.goodwill > 1)
    assert any(o.approver == "team_leader" for o in options)


def test_a_rolling_period_counts_what_was_given_in_it(people: People, care: Team) -> None:
    cases = [make_case(owner=people.owner, team=care, loss=Decimal(80)) for _ in range(3)]
    whole = limit_of(people.owner, cases[0])
    make_limit(role="agent", per_period=whole + 5, days=30)
    first = give(people.owner, cases[0])
    goodwill = first.amount - first.owed
    assert goodwill > 5
    assert limit_of(people.owner, cases[1]) == whole + 5 - goodwill
    assert limit_of(people.colleague, cases[1]) == whole, "everybody has their own"
    Action.objects.update(decided_at=timezone.now() - timedelta(days=30, minutes=1))
    assert limit_of(people.owner, cases[1]) == whole


def test_a_mistake_does_not_renew_a_budget(people: People, care: Team) -> None:
    cases = [make_case(owner=people.owner, team=care, loss=Decimal(80)) for _ in range(2)]
    make_limit(role="agent", per_period=Decimal(30))
    given = give(people.owner, cases[0])
    do(reversing.reverse_action, people.owner, cases[0], "The wrong customer")
    do(approving.approve_action, people.manager, cases[0])
    given.refresh_from_db()
    assert given.state == ActionState.REVERSED
    assert limit_of(people.owner, cases[1]) == 30 - (given.amount - given.owed)


def test_what_is_owed_bypasses_every_limit(people: People, care: Team) -> None:
    case = make_case(
        owner=people.owner, team=care, loss=Decimal(40), cause="billing/double_charge",
        is_rejected=True,
    )  # fmt: skip
    options = remedies.authority_in(people.owner, fresh(case)).options()
    owed = options[0].owed
    assert owed > 0
    make_limit(per_case=Decimal(0), per_period=Decimal(0))
    options = remedies.authority_in(people.owner, fresh(case)).options()
    option = next(o for o in options if not o.goodwill and not o.approver)
    action = do(remedies.change_action, people.owner, case, option.key, "It is theirs")
    assert (action.state, action.owed) == (ActionState.TAKEN, owed)


def test_an_approver_has_limits_too(people: People, case: Case) -> None:
    ask(people.owner, case)
    row = make_limit(person=people.manager, per_period=Decimal(1))
    with pytest.raises(RefusedError, match=r"above your own limit of 1\.00 in 30 days"):
        do(approving.approve_action, people.manager, case)
    row.delete()
    action = do(approving.approve_action, people.manager, case)
    assert (action.approved_by, action.approved_for) == (people.manager, people.manager)


def test_who_owns_the_case_does_not_approve_in_it(people: People, care: Team) -> None:
    case = make_case(owner=people.manager, team=care, loss=Decimal(80))
    ask(people.owner, case)
    with pytest.raises(RefusedError, match="You own"):
        do(approving.approve_action, people.manager, case)
    do(approving.approve_action, manager_of(care, "Mia Other"), case)


def test_one_hand_does_not_wash_the_other(people: People, care: Team, case: Case) -> None:
    other = manager_of(care, "Mia Other")
    action = ask(people.owner, case)
    Action.objects.filter(pk=action.pk).update(decided_by=other)
    favour = make_case(owner=people.owner, team=care)
    Action.objects.create(
        case=favour, kind="credit", amount=5, currency="EUR", state=ActionState.TAKEN,
        decided_at=timezone.now(), decided_by=people.manager, approver="manager",
        approved_by=other, approved_at=timezone.now(),
    )  # fmt: skip
    with pytest.raises(RefusedError, match="Mia approved a request of yours lately"):
        do(approving.approve_action, people.manager, case)
    Action.objects.filter(approved_by=other).update(approved_at=timezone.now() - timedelta(days=31))
    do(approving.approve_action, people.manager, case)


def test_a_request_expires_and_can_be_made_again(people: People, case: Case) -> None:
    action = ask(people.owner, case)
    assert approving.expire_requests(timezone.now()) == 0
    Action.objects.update(expires_at=timezone.now())
    with pytest.raises(RefusedError, match="time to approve this is over"):
        do(approving.approve_action, people.manager, case)
    assert approving.expire_requests(timezone.now()) == 1
    action.refresh_from_db()
    assert action.state == ActionState.EXPIRED
    ask(people.owner, case)
    do(approving.approve_action, people.manager, case)


def test_somebody_stands_in_with_the_authority_of_who_is_away(
    people: People, care: Team, case: Case
) -> None:
    action = ask(people.owner, case)
    Action.objects.filter(pk=action.pk).update(approver="executive")
    with pytest.raises(RefusedError, match="for the executive"):
        do(approving.approve_action, people.manager, case)
    for delegate in (people.leader, people.owner):
        with pytest.raises(RefusedError, match="somebody else who may approve"):
            stand_in(people.leader, delegate, timezone.now() + timedelta(days=3))
    with pytest.raises(RefusedError, match="in the next 60 days"):
        stand_in(people.leader, people.manager, timezone.now() + timedelta(days=90))
    row = stand_in(people.leader, people.manager, timezone.now() + timedelta(days=3))
    approved = do(approving.approve_action, people.manager, case)
    assert (approved.approved_by, approved.approved_for) == (people.manager, people.leader)
    come_back(people.leader, row.pk)
    second = make_case(owner=people.owner, team=care, loss=Decimal(80))
    action = ask(people.owner, second)
    Action.objects.filter(pk=action.pk).update(approver="executive")
    with pytest.raises(RefusedError):
        do(approving.approve_action, people.manager, second)


def test_nobody_approves_their_own_by_standing_in(people: People, case: Case) -> None:
    stand_in(people.leader, people.manager, timezone.now() + timedelta(days=3))
    action = ask(people.owner, case)
    Action.objects.filter(pk=action.pk).update(approver="executive", decided_by=people.manager)
    with pytest.raises(RefusedError, match="You asked for this yourself"):
        do(approving.approve_action, people.manager, case)
    Action.objects.filter(pk=action.pk).update(decided_by=people.leader)
    with pytest.raises(RefusedError):
        do(approving.approve_action, people.manager, case)


def link_for(person: User) -> str:
    return approval_links.token_of(ApprovalLink.objects.get(person=person, used_at=None))


def test_a_link_shows_and_a_button_decides_once(people: People, case: Case) -> None:
    action = ask(people.owner, case)
    assert [link.person for link in ApprovalLink.objects.all()] == [people.manager]
    url = f"/cases/approval/{link_for(people.manager)}/"
    client = Client(enforce_csrf_checks=True)
    page = client.get(url)
    assert page.status_code == 200
    assert "Maya" not in page.content.decode(), "nothing of the customer"
    for _ in range(3):
        client.head(url)
    action.refresh_from_db()
    assert action.state == ActionState.WAITING, "opening it decides nothing"
    assert client.post(url, {"decision": "approve"}).status_code == 403, "no CSRF token"
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    assert client.post(url, {**token, "decision": "refuse"}).status_code == 422, "no reason"
    assert client.post(url, {**token, "decision": "approve"}).status_code == 200
    action.refresh_from_db()
    assert (action.state, action.approved_by) == (ActionState.TAKEN, people.manager)
    assert client.post(url, {**token, "decision": "refuse", "reason": "No"}).status_code == 422
    assert client.get(url).status_code == 410
    action.refresh_from_db()
    assert action.state == ActionState.TAKEN


def test_a_link_is_for_one_person_one_request_and_a_time(people: People, case: Case) -> None:
    ask(people.owner, case)
    good = link_for(people.manager)
    client = Client()
    for wrong in (good[:-1], good[1:], "x", f"{good}x"):
        assert client.get(f"/cases/approval/{wrong}/").status_code == 404
    do(approving.refuse_action, people.manager, case, "Too much")
    assert client.get(f"/cases/approval/{good}/").status_code == 410
    ask(people.owner, case)
    again = link_for(people.manager) if ApprovalLink.objects.count() == 1 else ""
    links = ApprovalLink.objects.order_by("-pk")
    again = again or approval_links.token_of(links[0])
    ApprovalLink.objects.update(expires_at=timezone.now())
    assert client.get(f"/cases/approval/{again}/").status_code == 410
    assert client.post(f"/cases/approval/{again}/", {"decision": "approve"}).status_code == 422
    ApprovalLink.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    people.manager.roles = [Role.AGENT]
    people.manager.save()
    assert client.get(f"/cases/approval/{again}/").status_code == 410
    assert not Action.objects.filter(state=ActionState.TAKEN).exists()


def test_whoever_may_decide_gets_a_mail_with_their_own_link(people: People, case: Case) -> None:
    ask(people.owner, case)
    now = timezone.now()
    assert approval_links.mail_links(now) == 0
    assert "no e-mail channel" in ApprovalLink.objects.get().answer
    with smtp_server() as box:
        make_channel(box.address)
        assert approval_links.mail_links(now) == 0, "not before it is due again"
        assert approval_links.mail_links(now + timedelta(minutes=3)) == 1
        assert approval_links.mail_links(now + timedelta(hours=3)) == 0
        assert box.mails[0]["To"] == people.manager.email
        told = box.text().replace("=\n", "")
    assert f"/cases/approval/{link_for(people.manager)}/" in told
    assert "Maya" not in told


def test_limits_are_changed_by_whom_they_do_not_bind(people: People) -> None:
    values = {"role": "agent", "currency": "EUR", "per_case": Decimal(20)}
    for person in (people.owner, people.manager, people.leader, people.admin):
        with pytest.raises(PermissionDenied):
            set_limit(person, Limit(), values, "Because")
    with pytest.raises(RefusedError, match="Say why"):
        set_limit(people.compliance, Limit(), values, " ")
    with pytest.raises(RefusedError, match="Say how much"):
        set_limit(people.compliance, Limit(), {"role": "agent", "currency": "EUR"}, "Because")
    row = set_limit(people.compliance, Limit(), values, "Start low")
    people.compliance.roles = [Role.COMPLIANCE, Role.AGENT]
    with pytest.raises(RefusedError, match="your own"):
        set_limit(people.compliance, row, {"per_case": Decimal(99)}, "More")
    with pytest.raises(RefusedError, match="your own"):
        remove_limit(people.compliance, row, "More")


def test_the_page_of_limits(people: People) -> None:
    client = Client()
    client.force_login(people.compliance)
    told = {"role": "agent", "currency": "EUR", "per_period": "200.00", "days": "30", "reason": "Start low"}  # fmt: skip  # noqa: E501
    assert client.get("/cases/limits/new/").status_code == 200
    assert client.post("/cases/limits/new/", {**told, "per_period": ""}).status_code == 422
    assert client.post("/cases/limits/new/", told).status_code == 302
    row = Limit.objects.get()
    assert "€200.00" in client.get("/cases/limits/").content.decode()
    changed = {**told, "per_period": "150.00"}
    assert client.post(f"/cases/limits/{row.pk}/", changed).status_code == 302
    trail = apps.get_model("cases", "LimitEvent")._default_manager.order_by("pgh_id")
    assert [str(event.per_period) for event in trail] == ["200.00", "150.00"]
    assert client.post(f"/cases/limits/{row.pk}/removal/", {"reason": "Over"}).status_code == 302
    assert not Limit.objects.exists()
    client.force_login(people.leader)
    told = {"delegate": str(people.manager.pk), "days": "5"}
    assert client.post("/cases/limits/away/", told).status_code == 302
    assert "Mara Manager for Leo Leader" in client.get("/cases/limits/").content.decode()
