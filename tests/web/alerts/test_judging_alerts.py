"""One click says what an alert was in truth, and each rule shows how often it was right."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from tests.breakdowns import make_breakdown
from tests.people import People
from tests.web.alerts.alerting import make_alert

from amends.web.alerts.actions import alerts as actions
from amends.web.alerts.actions import rules
from amends.web.alerts.models import Alert, AlertState, Rule, RuleKind
from amends.web.alerts.raising import Fired, raise_for_rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(people: People) -> Rule:
    told = {"name": "Grave signals", "owner": people.leader, "severity": "high"}
    return rules.add_rule(people.leader, RuleKind.SIGNAL, told)


def fire(rule: Rule, occasion: str) -> Alert:
    told = Fired(occasion, occasion, f"Signal {occasion}", "", "/signals/", {"region": "south"})
    made = raise_for_rule(rule, told, timezone.now())
    assert made is not None
    return made


def test_each_judgement_is_one_click_and_can_be_taken_back(
    people: People, client: Client, rule: Rule
) -> None:
    client.force_login(people.leader)
    alert = fire(rule, "1")
    address = f"/alerts/{alert.pk}/judgement/"
    assert client.post(address, {"judgement": "real"}).status_code == 302
    alert.refresh_from_db()
    assert (alert.verdict, alert.state) == ("real", AlertState.ACKNOWLEDGED)
    assert alert.acknowledged_by == people.leader
    client.post(address, {"judgement": ""})
    alert.refresh_from_db()
    assert (alert.verdict, alert.state) == ("", AlertState.ACKNOWLEDGED)
    client.post(address, {"judgement": "known"})
    alert.refresh_from_db()
    assert alert.state == AlertState.CLOSED
    assert alert.ended_because == "It was judged: known event."
    assert client.post(address, {"judgement": "odd"}).status_code == 422


def test_what_is_judged_of_a_breakdowns_alert_is_judged_of_the_breakdown(people: People) -> None:
    alert = make_alert(make_breakdown().detected_at)
    alert = actions.judge(people.leader, alert, "false")
    breakdown = alert.breakdown
    assert breakdown is not None
    breakdown.refresh_from_db()
    alert.refresh_from_db()
    assert (breakdown.judgement, alert.verdict, alert.judgement) == ("false", "false", "")
    assert alert.state == AlertState.CLOSED


def test_who_may_not_handle_it_judges_nothing(people: People, client: Client, rule: Rule) -> None:
    alert = fire(rule, "1")
    for person, status in ((people.product_owner, 403), (people.nobody, 403)):
        client.force_login(person)
        answer = client.post(f"/alerts/{alert.pk}/judgement/", {"judgement": "real"})
        assert answer.status_code in {status, 404}
    with pytest.raises(ValidationError):
        actions.judge(people.leader, alert, "odd")
    alert.refresh_from_db()
    assert alert.verdict == ""


def test_a_rule_shows_how_often_it_was_right(people: People, client: Client, rule: Rule) -> None:
    client.force_login(people.leader)
    page = client.get(f"/alerts/rules/{rule.pk}/").content.decode()
    assert "It has raised no alert yet" in page
    made = [fire(rule, str(n)) for n in range(6)]
    assert "Nobody has judged any of 6" in client.get(f"/alerts/rules/{rule.pk}/").content.decode()
    for alert, judgement in zip(made, ("real", "real", "real", "false", "known"), strict=False):
        actions.judge(people.leader, alert, judgement)
    for address in (f"/alerts/rules/{rule.pk}/", "/alerts/rules/"):
        page = client.get(address).content.decode()
        assert "3 real, 1 false, 1 known" in page, address
        assert "75" in page
        assert "30" in page, "the interval of 3 of 4 begins there (Wilson)"
