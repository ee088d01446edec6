"""Severity and follow-up: policy tables that say how a case goes, where cases open and resolve."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case, make_customer
from tests.web.signals import signal
from tests.web.tables import table as signals

from amends.engine.contracts import BadInput, Severity
from amends.engine.recommend import parse_table, shipped_policy, write_table
from amends.web.accounts.models import Team, User
from amends.web.cases import actions, remedies
from amends.web.cases.explaining import explained
from amends.web.cases.following_up import follow_up_of, follow_ups
from amends.web.cases.models import Case, State, StepDone
from amends.web.cases.opening import open_cases
from amends.web.cases.policy_telling import next_version
from amends.web.cases.recommending import known_facts
from amends.web.cases.replaying import replay
from amends.web.cases.stepping import plan_of
from amends.web.recommend.actions import draft_policy, obstacles, publish_policy

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
NAMED = {table.name: table for table in shipped_policy().tables}


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def heard(customer_id: str, severity: str, **fields: Any) -> dict[str, Any]:
    known = {"kind": "escalation", "cause": "delivery/late", "occurred_at": AT, "received_at": AT}
    return signal(**{**known, "customer_id": customer_id, "severity": severity, **fields})


def test_a_case_is_as_severe_as_policy_makes_of_signal_and_customer() -> None:
    make_customer("C1", is_vulnerable=True)
    make_customer("C2")
    for n in range(2):
        make_case(
            customer=make_customer("C3"), cause="billing/x", opened_at=AT - timedelta(days=9 + n)
        )
    opened = open_cases(
        signals(
            [heard("C1", "low"), heard("C2", "low"), heard("C3", "medium"), heard("C4", "high")]
        )
    )
    found = {case.customer_id: case for case in opened}
    severities = {name: case.severity for name, case in found.items()}
    assert severities == {"C1": "high", "C2": "low", "C3": "high", "C4": "high"}
    told = {name: list(case.entries.values_list("title", "body")) for name, case in found.items()}
    assert (
        "Severity high instead of low",
        "Waiting harms a customer in need of care more. (policy table severity, version 1)",
    ) in told["C1"]
    assert any(body.startswith("The third failure in 90 days.") for _, body in told["C3"])
    assert not any("Severity" in title for name in ("C2", "C4") for title, _ in told[name])
    early, late = (Case.objects.get(pk=found[name].pk).due_at for name in ("C1", "C2"))
    assert early is not None
    assert late is not None
    assert early < late, "its clocks run by what policy made of it"
    facts = known_facts(found["C1"].recommendation)
    assert (facts.signal_severity, facts.severity) == (Severity.LOW, Severity.HIGH)
    said = explained(found["C1"].recommendation)
    assert said is not None
    first = said.decisions[0]
    assert (first.table, first.matched[0]) == ("severity", "in-need-of-care")


def test_who_opens_a_case_by_hand_is_heard_and_policy_decides(people: People) -> None:
    make_customer("C1", is_vulnerable=True)
    new = actions.NewCase("C1", "Waits for oxygen", Severity.MEDIUM, "delivery/late")
    case = actions.open_by_hand(people.owner, new)
    assert Case.objects.get(pk=case.pk).severity == "high"
    assert case.entries.filter(title="Severity high instead of medium").exists()
    assert case.recommendation.record["facts"]["signal_severity"] == "medium"


def test_severity_follows_harm_and_never_the_tier(people: People) -> None:
    text = write_table(next_version(NAMED["severity"], timezone.localdate()))
    by_tier = text.replace(
        "outputs:\n", "- name: tier\n  type: enum\n  open: 'true'\n  optional: 'true'\noutputs:\n"
    ).replace(
        "id: told-low\n",
        "id: gold\n  when:\n    tier: gold\n  then:\n    severity: high\n- id: told-low\n",
    )
    assert parse_table(by_tier).inputs[-1].name == "tier"
    found = obstacles(parse_table(by_tier), timezone.localdate())
    assert any("It looks at tier" in sentence for sentence in found)
    draft = draft_policy(people.manager, "severity", by_tier, "Gold first")
    with pytest.raises(ValidationError, match="follows the harm"):
        publish_policy(people.compliance, draft.pk)


def test_another_severity_is_replayed_on_past_cases(people: People) -> None:
    make_customer("C1", is_vulnerable=True)
    now = AT + timedelta(days=2)
    rows = [heard("C1", "low", loss=Decimal(38), currency="EUR"), heard("C2", "low")]
    opened = open_cases(signals(rows))
    Case.objects.filter(pk__in=[case.pk for case in opened]).update(owner=people.owner)
    text = write_table(NAMED["severity"])
    harmless = text.replace("severity: high\n  note: Waiting", "severity: low\n  note: Waiting")
    assert harmless != text
    result = replay(people.compliance, parse_table(harmless, tested=False), now)
    assert (result.n, result.n_differ) == (2, 1)
    (one,) = result.differences
    assert "severity high" in one.before
    assert "severity low" in one.after
    assert result.n_as_severe == 0
    make_case(opened_at=now - timedelta(days=1))
    again = replay(people.compliance, parse_table(text), now)
    assert (again.n, again.n_differ, again.n_as_severe) == (3, 0, 1)


@pytest.mark.parametrize(
    ("known", "action", "way", "days"),
    [
        ({}, "apology_credit", "survey", 7),
        ({"severity": "high"}, "refund", "survey", 3),
        ({"severity": "critical"}, "refund", "call", 2),
        ({"severity": "low"}, "none", "nothing", 0),
        ({"failures_90_days": 1}, "credit", "call", 3),
        ({"is_regulated": True}, "credit", "call", 5),
    ],
)
def test_what_is_asked_afterwards_is_policys(
    known: dict[str, Any], action: str, way: str, days: int
) -> None:
    case = make_case(**known)
    found = follow_up_of(case, action)
    assert (found.way, found.after) == (way, timedelta(days=days))
    assert found.due_at(case) is None, "not resolved yet"
    case.resolved_at = AT
    assert found.due_at(case) == (None if way == "nothing" else AT + timedelta(days=days))


def resolve(person: User, case: Case, *, take: bool = True) -> Case:
    seen = Case.objects.select_related("customer").get(pk=case.pk)
    if take:
        remedies.take_action(person, seen, seen.version)
    else:
        remedies.skip_action(person, seen, seen.version, "Nothing to do")
    seen = Case.objects.select_related("customer").get(pk=case.pk)
    actions.resolve(person, seen, seen.version, note="Done")
    return Case.objects.select_related("customer").get(pk=case.pk)


def test_resolved_cases_stand_in_the_list_until_their_customers_were_asked(people: People) -> None:
    care, customer = Team.objects.get(name="Care"), make_customer("C2", is_vulnerable=True)
    called = resolve(people.owner, make_case(owner=people.owner, team=care, customer=customer))
    surveyed = resolve(people.owner, make_case(owner=people.owner, team=care))
    trivial = make_case(owner=people.owner, team=care, severity="low", loss=Decimal(0))
    resolve(people.owner, trivial, take=False)
    others = make_case(team=Team.objects.get(name="Billing"))
    Case.objects.filter(pk=others.pk).update(state=State.RESOLVED, resolved_at=timezone.now())
    told = [c.entries.get(title="Resolved").body for c in (called, surveyed, trivial)]
    assert told[0].startswith("Done\n\nFollow-up: call and ask, by ")
    assert told[0].endswith("A person asks a customer in need of care, soon.")
    assert "Follow-up: ask in writing, by " in told[1]
    assert told[2].endswith("No follow-up: A trivial contact is not surveyed.")
    now = timezone.now()
    found = follow_ups(people.owner, now)
    assert [waiting.case.pk for waiting in found] == [called.pk, surveyed.pk], "next due first"
    assert not any(waiting.is_due for waiting in found)
    assert all(waiting.is_due for waiting in follow_ups(people.owner, now + timedelta(days=8)))
    page = as_(people.owner).get("/cases/follow-ups/").content.decode()
    assert "0 due of 2" in page
    assert "A person asks a customer in need of care, soon." in page
    assert as_(people.nobody).get("/cases/follow-ups/").status_code == 403
    assert others.ref not in page, "another team's"
    everywhere = as_(people.compliance).get("/cases/follow-ups/").content.decode()
    assert others.ref in everywhere
    assert called.ref in everywhere
    actions.follow_up(people.owner, called, called.version, "It holds, she said")
    StepDone.objects.create(
        case=surveyed, playbook="every_case", step="ask", at=timezone.now(), by=people.owner
    )
    assert follow_ups(people.owner, now) == []


def test_a_playbook_surveys_only_where_policy_says_so_and_until_then() -> None:
    case = make_case(cause="")
    kinds = [planned.step.kind for planned in plan_of(case, None, "apology_credit")]
    assert kinds.count("survey") == 1
    case.resolved_at = AT + timedelta(days=30)
    (survey,) = (p for p in plan_of(case, None, "apology_credit") if p.step.kind == "survey")
    assert survey.due_at == case.resolved_at + timedelta(days=7)
    case.failures_90_days = 2
    assert not any(p.step.kind == "survey" for p in plan_of(case, None, "apology_credit"))


def test_another_follow_up_holds_from_its_first_day_and_is_replayed(people: People) -> None:
    text = write_table(next_version(NAMED["follow_up"], timezone.localdate()))
    later = text.replace("after_days: '7'", "after_days: '14'")
    assert later.count("'14'") == 2, "the row and its example"
    old = make_case(opened_at=timezone.now())
    result = replay(people.compliance, parse_table(later), timezone.now())
    assert result.n_differ == 1
    assert "follow-up: survey after 14 days" in result.differences[0].after
    assert result.costs[0].change == 0
    publish_policy(people.compliance, draft_policy(people.manager, "follow_up", later, "Time").pk)
    new = make_case(opened_at=timezone.now() + timedelta(days=1))
    assert [follow_up_of(case, "credit").after.days for case in (old, new)] == [7, 14]


def test_a_policy_without_them_is_refused() -> None:
    tables = [table for name, table in NAMED.items() if name != "severity"]
    policy = shipped_policy().__class__(tuple(tables))
    with pytest.raises(BadInput, match="No table severity holds"):
        policy.on(date(2026, 1, 1))
