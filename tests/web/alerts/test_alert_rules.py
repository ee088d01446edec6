"""Rules beside statistics: what lands makes them fire, once, and previews say the same."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from pytest_django import Settings
from tests.breakdowns import make_series
from tests.people import People
from tests.web.alerts.alerting import burst
from tests.web.cases.making import wait_for_customer
from tests.web.signals import fill_lake, signal
from tests.web.tables import table

from amends.web.alerts.actions import rules as actions
from amends.web.alerts.actions.alerts import close
from amends.web.alerts.breaches import Breach, breaches_of
from amends.web.alerts.climbing import climb
from amends.web.alerts.erasing import forget_signals
from amends.web.alerts.firing import look, note_signals
from amends.web.alerts.models import Alert, AlertState, NoticeState, Rule, RuleHit, RuleKind
from amends.web.alerts.previewing import preview_of
from amends.web.cases.models import Case
from amends.web.detect.models import Rollup
from amends.web.intake.models import Customer
from amends.web.intake.receiving import receive
from amends.web.project import pipeline
from amends.web.project.jobs import look_at_rules

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    settings.PATIENCE_SECONDS = None


def rule_of(people: People, kind: str, **fields: object) -> Rule:
    given = {"name": f"Rule {Rule.objects.count()}", "owner": people.manager, "severity": "high"}
    return actions.add_rule(people.analyst, kind, {**given, **fields})


def survey(
    name: str, *, nps: int | None = 2, hours_ago: float = 1, **more: object
) -> dict[str, object]:
    at = timezone.now() - timedelta(hours=hours_ago)
    given = {"kind": "survey", "nps": nps, "external_id": name, "customer_id": "C-77"}
    return signal(**{**given, "occurred_at": at, "received_at": at, **more})


def land(*rows: dict[str, object], replaced: tuple[str, ...] = ()) -> list[Alert]:
    return note_signals(table(rows), replaced, timezone.now())


def test_negative_surveys_of_one_customer_fire_when_there_are_enough(people: People) -> None:
    rule_of(people, RuleKind.SURVEYS, n=3, within_hours=48, subject="customer")
    assert land(survey("a", hours_ago=60), survey("b", hours_ago=9), survey("c", nps=9)) == []
    assert land(survey("b", hours_ago=9), survey("d", hours_ago=8)) == []
    assert land(survey("x", customer_id="C-78"), survey("y", customer_id=None)) == []
    [alert] = land(survey("e", hours_ago=7, product="toys", region="north"))
    assert "3 negative surveys of one customer" in alert.title.replace("\xa0", " ")
    assert (alert.owner, alert.where) == (people.manager, {"product": "toys", "region": "north"})
    assert land(survey("f", hours_ago=6)) == []
    everything = str([list(Alert.objects.values()), list(RuleHit.objects.values())])
    assert "C-77" not in everything


def test_one_unhappy_rater_is_told_of_at_once(people: People) -> None:
    """chatwoot#8114."""
    rule_of(people, RuleKind.SURVEYS, n=1, within_hours=24, subject="customer")
    assert land(survey("happy", nps=9)) == []
    [alert] = land(survey("unhappy", nps=0, hours_ago=0))
    assert climb(timezone.now()) == 1
    notice = alert.notices.get()
    assert notice.person == people.manager
    assert notice.state != NoticeState.HELD


def test_surveys_are_counted_by_slice_within_the_slice_of_the_rule(people: People) -> None:
    rule_of(
        people, RuleKind.SURVEYS, n=2, within_hours=5, subject="product", where={"region": "north"}
    )
    rows = [
        survey("a", product="toys", region="north", customer_id="C1"),
        survey("b", product="toys", region="south", customer_id="C2"),
        survey("c", product="garden", region="north", customer_id="C3", csat=2, nps=None),
    ]
    assert land(*rows) == []
    [alert] = land(survey("d", product="toys", region="north", ces=3, nps=None))
    assert alert.where == {"region": "north", "product": "toys"}


def test_a_replaced_version_counts_no_more(people: People) -> None:
    rule_of(people, RuleKind.SURVEYS, n=2, within_hours=5, subject="customer")
    first = survey("a")
    land(first)
    assert land(survey("b", nps=10), replaced=(str(first["signal_id"]),)) == []
    assert not RuleHit.objects.exists()
    land(survey("c"))
    assert forget_signals([str(survey("c")["signal_id"])]) == 1
    assert land(survey("d")) == []


def test_a_single_critical_signal_fires_once_and_says_nothing_of_the_customers_words(
    people: People,
) -> None:
    rule_of(people, RuleKind.SIGNAL, cause="billing", least_severity="high", severity="critical")
    grave = {"severity": "critical", "cause": "billing/double-charge", "region": "north"}
    row = signal(external_id="x", verbatim="My secret is out", customer_id="C1", **grave)
    [alert] = land(row, signal(external_id="y", severity="medium", cause="billing/late"))
    assert alert.severity == "critical"
    assert alert.href.endswith(f"{row['signal_id']}/")
    assert "secret" not in alert.title + alert.detail
    assert land(row) == []
    old = signal(external_id="old", ago_days=3, **grave)
    elsewhere = signal(external_id="z", severity="critical", cause="delivery/late")
    assert land(old, elsewhere) == []


@pytest.mark.parametrize("how", ["snoozed", "expired", "off"])
def test_a_rule_that_does_not_look_says_nothing(people: People, how: str) -> None:
    rule = rule_of(people, RuleKind.SIGNAL)
    now = timezone.now()
    if how == "snoozed":
        actions.snooze(people.analyst, rule, now + timedelta(hours=1), "maintenance")
    elif how == "off":
        actions.switch(people.analyst, rule, is_on=False)
    else:
        Rule.objects.update(expires_at=now)
    assert land(signal(severity="critical", external_id="a")) == []
    if how == "snoozed":
        actions.snooze(people.analyst, rule, None, "")
        assert land(signal(severity="critical", external_id="b"))


@pytest.mark.django_db(transaction=True)
def test_signals_fire_rules_as_they_land_and_only_once(people: People) -> None:
    rule_of(people, RuleKind.SURVEYS, n=2, within_hours=48, subject="customer")
    now = timezone.now()
    rows = [survey("a", verbatim="Bad"), survey("b", verbatim="Bad again")]
    for _ in range(2):
        receive(table(rows), "tests", now)
        pipeline.work_off()
    assert Alert.objects.count() == 1
    newer = [{**row, "version": 2} for row in rows]
    receive(table(newer), "tests", now)
    pipeline.work_off()
    assert Alert.objects.count() == 1


def test_a_threshold_is_held_against_rollups_and_ends_by_itself(people: People) -> None:
    series = make_series({}, days=40, broken_days=1)
    rule = rule_of(people, RuleKind.THRESHOLD, measure="complaints", level=30.0)
    now = timezone.now()
    [alert] = look(now)
    assert "above 30" in alert.title
    assert look(now) == []
    Rollup.objects.filter(series=series, value__gt=30).update(value=9)
    assert look(now) == []
    alert.refresh_from_db()
    assert (alert.state, rule.alerts.count()) == (AlertState.CLOSED, 1)


def test_one_that_was_closed_by_hand_is_not_raised_again_while_it_lasts(people: People) -> None:
    make_series({}, days=40, broken_days=3)
    rule_of(people, RuleKind.THRESHOLD, measure="complaints", level=30.0)
    [alert] = look(timezone.now())
    close(people.manager, alert, "known")
    assert look(timezone.now()) == []


def test_a_preview_tells_of_what_the_lake_holds() -> None:
    fill_lake([row for day in range(1, 60) for row in burst(12 if day == 20 else 1, day)])
    rule = Rule(
        name="Many", kind=RuleKind.THRESHOLD, measure="complaints", level=8, severity="high"
    )
    shown = preview_of(rule, timezone.now())
    assert shown.n == 1
    assert shown.alarms[0].at.date() == timezone.now().astimezone(UTC).date() - timedelta(days=20)
    assert "1 alarm" in shown.chart.label.replace("\xa0", " ")


def test_a_preview_of_surveys_fires_as_landing_would() -> None:
    fill_lake([survey(f"s{n}", hours_ago=24 * 30 + n) for n in range(7)])
    given = {"n": 3, "within_hours": 48, "subject": "customer"}
    rule = Rule(name="Unhappy", kind=RuleKind.SURVEYS, severity="high", **given)
    assert preview_of(rule, timezone.now()).n == 2
    grave = Rule(name="Grave", kind=RuleKind.SIGNAL, severity="high", least_severity="critical")
    assert preview_of(grave, timezone.now()).n == 0


def make_case(ref: str, hours_ago: float, **fields: object) -> Case:
    customer, _ = Customer.objects.get_or_create(customer_id="C-1")
    at = timezone.now() - timedelta(hours=hours_ago)
    given = {
        "ref": ref, "title": "t", "severity": "critical", "customer": customer, "opened_at": at,
        "opened_because": "x", "currency": "EUR", "due_at": at + timedelta(hours=1),
        "region": "north",
    }  # fmt: skip
    return Case.objects.create(**{**given, **fields})


def test_missed_deadlines_of_cases_fire_the_rule_of_their_slice(people: People) -> None:
    rule = rule_of(people, RuleKind.SLA, minimum_count=2, window_days=2, where={"region": "north"})
    first = make_case("C-1", 1.5)
    make_case("C-2", 1.5, region="south")
    make_case("C-4", 0.5)
    paused = make_case("C-3", 30, owner=people.owner)
    wait_for_customer(people.owner, paused, since=timezone.now() - timedelta(hours=20))
    assert breaches_of(rule, timezone.now() - timedelta(hours=12), timezone.now()) == [
        Breach(first.opened_at + timedelta(hours=1), {"region": "north"})
    ], "the clock of C-3 stands, or it would have been missed six hours ago"
    assert look(timezone.now()) == []
    at = timezone.now()
    late = make_case("C-5", 3, acknowledged_at=at, resolved_at=at, state="resolved", due_at=None)
    found = breaches_of(rule, at - timedelta(days=2), at)
    assert sorted(b.at for b in found) == [b.at for b in found]
    assert late.opened_at + timedelta(hours=1) in {b.at for b in found}
    [alert] = look(timezone.now())
    assert "2 deadlines of cases missed" in alert.title.replace("\xa0", " ")
    assert preview_of(rule, timezone.now()).n == 1


@pytest.mark.django_db(transaction=True)
def test_deadlines_pass_without_a_signal_and_the_worker_looks_all_the_same(people: People) -> None:
    rule_of(people, RuleKind.SLA, minimum_count=1)
    make_case("C-1", 1.5)
    look_at_rules(timestamp=0)
    assert Alert.objects.get().rule is not None


def test_edits_are_versions_and_an_older_one_is_refused(people: People) -> None:
    rule = rule_of(people, RuleKind.SIGNAL)
    told = {"name": rule.name, "owner": people.leader, "severity": "critical"}
    changed = actions.change_rule(people.analyst, rule, 1, told)
    assert (changed.version, changed.owner) == (2, people.leader)
    with pytest.raises(ValidationError, match="changed meanwhile"):
        actions.change_rule(people.analyst, rule, 1, told)
    for problem, fields in (
        ("Choose an owner", {"owner": people.admin}),
        ("beginning and an end", {"quiet_from": datetime(2026, 1, 1, tzinfo=UTC).time()}),
        ("day is over", {"expires_at": timezone.now()}),
    ):
        with pytest.raises(ValidationError, match=problem):
            actions.change_rule(people.analyst, rule, 2, {**told, **fields})
    with pytest.raises(PermissionDenied):
        actions.change_rule(people.compliance, rule, 2, told)
    with pytest.raises(ValidationError, match="Say why"):
        actions.snooze(people.analyst, rule, timezone.now() + timedelta(hours=1), "")
