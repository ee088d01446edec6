"""Handing a case from team to team, and what happens when nobody takes it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.people import People
from tests.web.alerts.alert_servers import http_server
from tests.web.cases.making import make_case

from amends.engine.clocks import ClockKind
from amends.web.accounts.models import Membership, Team, User
from amends.web.accounts.permissions import Role
from amends.web.alerts.models import Attempt, Channel, ChannelKind, NoticeState
from amends.web.alerts.notifying import notify
from amends.web.alerts.sending import send_due
from amends.web.cases import actions, handoffs, remedies
from amends.web.cases.clocks import readings_of
from amends.web.cases.erasing import take_customer_off
from amends.web.cases.escalating import escalate_stalled
from amends.web.cases.handoff_telling import count_for, handoffs_for
from amends.web.cases.jobs import escalate
from amends.web.cases.models import (
    Case,
    ClockSheet,
    Escalation,
    HandoffState,
    Responsibility,
)
from amends.web.cases.responsibilities import set_responsibility, table
from amends.web.cases.transitions import RefusedError
from amends.web.intake.sealing import seal

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}
STORY = handoffs.Story(
    "Charged twice on 3 November", "€12.00 back by Friday", "Stop the second debit"
)
WEDNESDAY = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


@pytest.fixture
def billing(people: People) -> Team:  # noqa: ARG001  (they are in it)
    return Team.objects.get(name="Billing")


@pytest.fixture
def agent(billing: Team) -> User:
    """An agent of the team that is asked."""
    person = User.objects.create_user("bea@example.com", name="Bea Billing", roles=[Role.AGENT])
    Membership.objects.create(user=person, team=billing)
    return person


@pytest.fixture
def case(people: People) -> Case:
    return make_case(owner=people.owner, team=Team.objects.get(name="Care"))


def do(verb: Any, person: User, case: Case, *more: Any) -> Case:
    verb(person, case, Case.objects.get(pk=case.pk).version, *more)
    return Case.objects.select_related("customer").get(pk=case.pk)


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_handoff_needs_the_whole_story(people: People, case: Case, billing: Team) -> None:
    with pytest.raises(RefusedError) as refused:
        do(handoffs.hand_over, people.owner, case, "remedy", handoffs.Story(" ", "", "?"), billing)
    assert set(refused.value.message_dict) == {"summary", "promises"}
    assert "Say what happened" in refused.value.message_dict["summary"][0]
    case.refresh_from_db()
    assert (case.handed_to, case.version) == (None, 1)
    with pytest.raises(RefusedError, match="Choose what the other team is to do"):
        do(handoffs.hand_over, people.owner, case, "dance", STORY, billing)
    with pytest.raises(RefusedError, match="is with Care already"):
        do(handoffs.hand_over, people.owner, case, "remedy", STORY, Team.objects.get(name="Care"))


def test_a_case_stays_until_the_other_team_accepts_it(
    people: People, case: Case, billing: Team, agent: User
) -> None:
    with pytest.raises(Http404):
        do(actions.acknowledge, agent, case)
    case = do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
    assert (case.team, case.owner, case.handed_to) == (
        Team.objects.get(name="Care"),
        people.owner,
        billing,
    )
    with pytest.raises(RefusedError, match="waits for Billing already"):
        do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
    for person in (people.owner, people.manager):
        with pytest.raises(RefusedError, match="Billing was asked"):
            do(handoffs.accept, person, case)
    case = do(handoffs.accept, agent, case)
    assert (case.team, case.owner, case.handed_to) == (billing, agent, None)
    assert case.handoffs.get().answered_by == agent
    for verb in (actions.acknowledge, actions.resume):
        with pytest.raises(Http404):
            do(verb, people.owner, case)


def test_a_handoff_has_a_clock_that_its_acceptance_meets(
    people: People, case: Case, billing: Team, agent: User
) -> None:
    case = do(actions.acknowledge, people.owner, case)
    case = do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)

    def clock() -> Any:
        found = readings_of(case, timezone.now())
        return next(r for r in found if r.kind is ClockKind.HANDOFF)

    assert clock().is_running
    assert clock().due_at - clock().started_at == timedelta(hours=8)
    assert case.due_clock == ClockKind.RESOLUTION, "that is overdue already"
    do(handoffs.accept, agent, case)
    assert clock().is_met


def test_it_is_returned_with_a_reason_or_taken_back(
    people: People, case: Case, billing: Team, agent: User
) -> None:
    case = do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
    with pytest.raises(RefusedError, match="what is missing"):
        do(handoffs.return_, agent, case, "")
    case = do(handoffs.return_, agent, case, "It is Logistics’ parcel")
    assert (case.handed_to, case.owner) == (None, people.owner)
    case = do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
    with pytest.raises(RefusedError, match="Those who asked Billing"):
        do(handoffs.withdraw, agent, case)
    case = do(handoffs.withdraw, people.colleague, case)
    assert case.handed_to is None
    with pytest.raises(Http404):
        do(handoffs.accept, agent, case)
    with pytest.raises(RefusedError, match="waits for no other team"):
        do(handoffs.withdraw, people.owner, case)
    states = [h.state for h in case.handoffs.all()]
    assert states == [HandoffState.RETURNED, HandoffState.WITHDRAWN]


def test_resolving_ends_a_handoff(people: People, case: Case, billing: Team) -> None:
    case = do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
    case = do(remedies.take_action, people.owner, case)
    case = do(actions.resolve, people.owner, case)
    assert case.handed_to is None
    assert case.handoffs.get().state == HandoffState.WITHDRAWN


def test_a_handoff_goes_to_the_responsible_team(people: People, case: Case, billing: Team) -> None:
    with pytest.raises(RefusedError, match="No team is responsible here to give what was promised"):
        do(handoffs.hand_over, people.owner, case, "remedy", STORY)
    care = Team.objects.get(name="Care")
    for branch, team in (("", care), ("delivery", billing)):
        set_responsibility(people.manager, branch, "remedy", responsible=team, accountable=care)
    assert do(handoffs.hand_over, people.owner, case, "remedy", STORY).handed_to == billing
    other = make_case(owner=people.owner, team=care, cause="billing/double_charge")
    assert handoffs.responsible_team(other, "remedy") == care


def test_responsibilities_are_kept_one_team_each(people: People, billing: Team) -> None:
    care = Team.objects.get(name="Care")
    with pytest.raises(PermissionDenied):
        set_responsibility(people.owner, "", "tell", responsible=care, accountable=care)
    with pytest.raises(RefusedError, match="is consulted, and so informed already"):
        set_responsibility(
            people.manager, "", "tell", responsible=care, accountable=care,
            consulted=[billing], informed=[billing],
        )  # fmt: skip
    for team in (billing, care):
        set_responsibility(
            people.compliance, "", "tell", responsible=team, accountable=care, informed=[billing]
        )
    assert Responsibility.objects.count() == 3
    (own, *rest) = table()
    cell = next(c for c in own.cells if c.step == "tell")
    assert cell.teams["responsible"] == [care]
    assert rest
    assert not next(c for c in rest[0].cells if c.step == "tell").is_own


class TestStalled:
    """Nobody accepts a handoff: the lead is told, after 4 h the manager, after 8 the sponsor."""

    @pytest.fixture
    def asked(self, people: People, case: Case, billing: Team) -> Case:
        return self.ask(people, case, billing)

    def ask(self, people: People, case: Case, billing: Team, **more: Any) -> Case:
        Case.objects.filter(pk=case.pk).update(**more)
        do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
        case.handoffs.update(asked_at=WEDNESDAY)
        case.entries.filter(event="handed_over").update(at=WEDNESDAY)
        return Case.objects.get(pk=case.pk)

    def told(self, case: Case) -> list[tuple[str, User | None]]:
        rows = Escalation.objects.filter(handoff__case=case).order_by("pk")
        return [(row.level, row.person) for row in rows]

    def lead(self, agent: User) -> None:
        agent.memberships.update(is_lead=True)

    def test_it_climbs_as_it_grows_late(self, people: People, asked: Case, agent: User) -> None:
        self.lead(agent)
        due = WEDNESDAY + timedelta(hours=8)
        assert escalate_stalled(due - timedelta(minutes=1)) == 0
        assert escalate_stalled(due) == 1
        assert self.told(asked) == [("lead", agent)]
        assert escalate_stalled(due + timedelta(minutes=30)) == 0, "once"
        thursday = datetime(2026, 11, 26, 11, 0, tzinfo=UTC)
        assert escalate_stalled(thursday) == 1, "2 h of Wednesday and 3 of Thursday"
        assert self.told(asked)[-1] == ("manager", people.outsider), "the team’s own"
        assert escalate_stalled(thursday + timedelta(hours=4)) == 1
        assert self.told(asked)[-1] == ("executive", people.leader)
        assert escalate_stalled(thursday + timedelta(hours=9)) == 0
        titles = [e.title for e in asked.entries.filter(title__startswith="Escalated")]
        assert titles[0] == "Escalated to the team lead: Bea Billing"
        assert not asked.entries.filter(title__startswith="Escalated", by_robot=False).exists()

    def test_the_sponsor_hears_only_of_what_is_worth_it(
        self, people: People, case: Case, billing: Team
    ) -> None:
        case = self.ask(people, case, billing, value_at_risk=Decimal(100))
        for hours in (8, 25, 29, 50):
            escalate_stalled(WEDNESDAY + timedelta(hours=hours))
        assert ("executive", people.leader) not in self.told(case)

    def test_a_team_without_a_lead_goes_on_to_the_manager(
        self, people: People, asked: Case
    ) -> None:
        escalate_stalled(WEDNESDAY + timedelta(hours=25))
        assert self.told(asked) == [("lead", None), ("manager", people.outsider)]

    @pytest.mark.parametrize(
        "at",
        [
            datetime(2026, 11, 26, 0, 5, tzinfo=UTC),
            datetime(2026, 11, 26, 7, 59, tzinfo=UTC),
            datetime(2026, 11, 28, 12, 0, tzinfo=UTC),  # a Saturday
        ],
    )
    def test_nobody_is_woken_unless_it_is_critical(
        self, people: People, case: Case, billing: Team, agent: User, at: datetime
    ) -> None:
        """zammad#4432."""
        self.lead(agent)
        case = self.ask(people, case, billing)
        assert escalate_stalled(at) == 0
        Case.objects.filter(pk=case.pk).update(severity="critical")
        assert escalate_stalled(at) == 1

    def test_the_night_is_that_of_the_region(
        self, people: People, case: Case, billing: Team, agent: User
    ) -> None:
        self.lead(agent)
        text = """
calendars: {sydney: {timezone: Australia/Sydney, week: {mon-fri: "09:00-17:00"}}, always: {}}
regions: {"": sydney}
targets:
  - {clock: first_response, hours: 1}
  - {clock: resolution, hours: 8}
  - {clock: handoff, hours: 1, calendar: always}
escalation: [{to: lead, after_hours: 0}]
"""
        ClockSheet.objects.create(
            text=text, effective_from=timezone.now(), reason="?", author=people.compliance
        )
        self.ask(people, case, billing)
        assert escalate_stalled(WEDNESDAY + timedelta(hours=2)) == 0, "23:00 in Sydney"
        assert escalate_stalled(WEDNESDAY + timedelta(hours=13)) == 1

    def test_the_worker_looks_by_itself(self, asked: Case, agent: User) -> None:
        self.lead(agent)
        Case.objects.filter(pk=asked.pk).update(severity="critical")
        escalate(0)
        assert ("lead", agent) in self.told(asked)

    @pytest.mark.django_db(transaction=True)
    def test_it_is_brought_to_people_by_their_channels(self, asked: Case, agent: User) -> None:
        self.lead(agent)
        with http_server() as hook:
            Channel.objects.create(
                name="Hook",
                kind=ChannelKind.WEBHOOK,
                position=1,
                address=seal({"url": hook.address}),
            )
            assert escalate_stalled(WEDNESDAY + timedelta(hours=8)) == 1
            for thread in send_due(timezone.now()):
                thread.join(30)
        (told,) = hook.posts
        assert told["title"] == f"amends: {asked.ref} waits for Billing"
        assert "You are told as the team lead." in told["message"]
        assert f"/cases/{asked.ref}/" in told["message"]
        assert asked.customer.name not in told["message"]
        assert asked.title not in told["message"], "no customer’s words leave amends"
        (group, *_) = handoffs_for(agent, timezone.now())
        assert group.title == "Escalated to you"
        assert group.handoffs[0].escalated == "team lead (Bea B.: Hook)"

    def test_many_in_an_hour_stay_on_the_pages(self, agent: User) -> None:
        Channel.objects.create(
            name="Mail", kind=ChannelKind.EMAIL, position=1, address=seal({"url": "mailto://x"})
        )
        now = timezone.now()
        notices = [notify(agent, f"C-{n}", "", "/cases/", now) for n in range(8)]
        states = [n.state for n in notices]
        assert states == [NoticeState.WAITING] * 6 + [NoticeState.DELIVERED] * 2
        assert Attempt.objects.filter(notice=notices[7]).get().channel.kind == ChannelKind.IN_APP

    def test_what_was_accepted_is_not_escalated(self, asked: Case, agent: User) -> None:
        self.lead(agent)
        do(handoffs.accept, agent, asked)
        assert escalate_stalled(WEDNESDAY + timedelta(days=1)) == 0


def test_everybody_finds_what_waits_for_them(
    people: People, case: Case, billing: Team, agent: User
) -> None:
    do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
    now = timezone.now()
    titles = {
        who: [g.title for g in handoffs_for(who, now) if g.handoffs]
        for who in (agent, people.owner, people.colleague, people.leader)
    }
    assert titles[agent] == ["Wait for your team"]
    assert titles[people.owner] == titles[people.colleague] == ["Your team asked"]
    assert titles[people.leader] == ["Between other teams"]
    assert (count_for(agent), count_for(people.owner), count_for(people.leader)) == (1, 0, 0)
    stranger = User.objects.create_user("sam@example.com", name="Sam", roles=[Role.AGENT])
    assert not any(g.handoffs for g in handoffs_for(stranger, now))


def test_a_handoff_is_asked_for_and_accepted_on_pages(
    people: People, case: Case, billing: Team, agent: User
) -> None:
    owner, other = as_(people.owner), as_(agent)
    url = f"/cases/{case.ref}/"
    form = {"version": 1, "step": "remedy", "team": billing.pk, "summary": "Charged twice"}
    refused = owner.post(f"{url}hand-over/", form, headers=FRAGMENT)
    assert refused.status_code == 422
    assert "write “none”" in refused.content.decode()
    assert "Charged twice" in refused.content.decode(), "nothing typed is lost"
    form |= {"promises": "€12.00 back by Friday", "next_step": "Stop the debit"}
    assert owner.post(f"{url}hand-over/", form, headers=FRAGMENT).status_code == 204
    assert f"{url}withdraw/" in owner.get(url).content.decode()
    page = other.get("/cases/handoffs/").content.decode()
    for words in ("Wait for your team", "Stop the debit", "€12.00 back by Friday", f"{url}accept/"):
        assert words in page
    assert f"{url}accept/" not in owner.get("/cases/handoffs/").content.decode()
    assert f"{url}return/" in other.get(url).content.decode()
    assert other.post(f"{url}accept/", {"version": 2}).status_code == 302
    taken = other.get(url).content.decode()
    assert "Taken over from Care" in taken
    assert "€12.00 back by Friday" in taken, "open promises stay in sight"
    assert owner.get(url).status_code == 404
    assert as_(people.product_owner).get("/cases/handoffs/").status_code == 403


def test_a_case_returned_on_pages_leaves_those_of_who_was_asked(
    people: People, case: Case, billing: Team, agent: User
) -> None:
    case = do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
    client, url = as_(agent), f"/cases/{case.ref}/"
    form = {"version": 2, "reason": "It is Logistics’ parcel"}
    response = client.post(f"{url}return/", form, headers=FRAGMENT)
    assert response["HX-Redirect"] == "/cases/"
    assert f"{case.ref} is with Care now" in client.get("/cases/").content.decode()
    assert client.get(url).status_code == 404
    assert as_(people.owner).get(url).status_code == 200


def test_the_page_of_a_case_that_waits_costs_hardly_more(
    people: People, case: Case, billing: Team
) -> None:
    client, url = as_(people.owner), f"/cases/{case.ref}/"

    def cost() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    alone = cost()
    do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
    assert cost() <= alone + 2, "the handoff and its escalations, each once"


def test_responsibilities_are_changed_on_their_page(people: People, billing: Team) -> None:
    client = as_(people.compliance)
    page = client.get("/cases/responsibilities/").content.decode()
    assert "Nobody yet" in page
    url = "/cases/responsibilities/remedy/delivery/"
    assert f'href="{url}"' in page
    assert client.get(url, headers=FRAGMENT).status_code == 200
    care = Team.objects.get(name="Care")
    form = {
        "responsible": billing.pk,
        "accountable": care.pk,
        "consulted": [care.pk],
        "informed": [care.pk],
    }
    assert "is consulted" in client.post(url, form).content.decode()
    form["informed"] = []
    assert client.post(url, form, headers=FRAGMENT).status_code == 204
    assert "answers: Care" in client.get("/cases/responsibilities/").content.decode()
    assert client.get("/cases/responsibilities/dance/").status_code == 404
    assert as_(people.owner).get(url).status_code == 403
    assert f'href="{url}"' not in as_(people.owner).get("/cases/responsibilities/").content.decode()


def test_the_story_leaves_with_the_customer(people: People, case: Case, billing: Team) -> None:
    do(handoffs.hand_over, people.owner, case, "remedy", STORY, billing)
    take_customer_off(case.customer_id, "erased-1")
    handoff = case.handoffs.get()
    assert {handoff.summary, handoff.promises, handoff.next_step} == {"Erased"}
    assert not case.entries.filter(body__contains="Charged").exists()
