"""Rules that open cases: what they pick, what they keep out, and that the preview says the same."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from tests.breakdowns import make_breakdown
from tests.people import People
from tests.web.cases.making import make_case
from tests.web.signals import fill_lake, signal
from tests.web.tables import table

from amends.web.accounts.models import Team, User
from amends.web.cases import rule_actions
from amends.web.cases.actions import reopen
from amends.web.cases.matters import Fate, Newest, fates
from amends.web.cases.models import Case, CaseRule, Ground, State
from amends.web.cases.opening import open_cases
from amends.web.cases.rule_preview import preview_of, with_rule
from amends.web.cases.rules import Rules, Verdict, picks, rules_in_force
from amends.web.cases.scoping import exclude
from amends.web.cases.transitions import RefusedError

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
STORM = {
    "name": "Storm in the north",
    "effect": "excludes",
    "ground": "force_majeure",
    "reason": "Red warning of the weather service.",
    "where": {"region": "north"},
    "is_failure": False,
}


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    settings.PATIENCE_SECONDS = None


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def heard(**fields: Any) -> dict[str, Any]:
    known = {"customer_id": "C1", "cause": "delivery/late", "severity": "high", "region": "north"}
    return signal(**{**known, **fields})


@pytest.mark.parametrize(
    ("fields", "yes", "no"),
    [
        ({"score": "csat", "score_at_most": 2}, {"csat": 2}, {"csat": 3}),
        ({"late_after_hours": 72}, {"opened": 73}, {"opened": 71}),
        ({"late_after_hours": 72}, {"opened": 99, "lasted": 80}, {"opened": 99, "lasted": 70}),
        ({"is_escalated": True}, {"is_escalated": True}, {"is_escalated": None}),
        ({"is_escalated": True}, {"kind": "escalation"}, {"kind": "complaint"}),
        (
            {"least_severity": "high", "sentiment_at_most": -0.5},
            {"sentiment": -0.6},
            {"sentiment": -0.6, "severity": "medium"},
        ),
        ({"sentiment_at_most": -0.5}, {"sentiment": -0.5}, {"sentiment": None}),
        (
            {"kinds": ["social"], "least_reach": 10_000},
            {"kind": "social", "attributes": {"followers": "12,000", "reach": "7"}},
            {"kind": "social", "attributes": {"followers": "many"}},
        ),
        ({"least_loss": Decimal(100)}, {"loss": Decimal(100)}, {"loss": Decimal("99.99")}),
        ({"least_loss": Decimal(0)}, {"loss": Decimal(0)}, {"severity": None, "loss": Decimal(5)}),
        ({"where": {"region": "north"}}, {}, {"region": "south"}),
        ({"cause": "delivery"}, {}, {"cause": "deliveries/late"}),
        ({"since": BEGIN}, {"occurred_at": BEGIN}, {"occurred_at": BEGIN - timedelta(seconds=1)}),
        ({"until": BEGIN}, {"occurred_at": BEGIN - timedelta(seconds=1)}, {"occurred_at": BEGIN}),
    ],
)  # fmt: skip
def test_a_rule_picks_that_of_which_everything_holds(
    fields: dict[str, Any], yes: dict[str, Any], no: dict[str, Any]
) -> None:
    found = picks(CaseRule(name="x", **fields), told([yes, no]), [])
    assert found.tolist() == [True, False]


def told(rows: Sequence[dict[str, Any]]) -> pa.Table:
    made = []
    for row in rows:
        fields = dict(row)
        now = fields.get("occurred_at", BEGIN + timedelta(days=20))
        opened, lasted = fields.pop("opened", None), fields.pop("lasted", None)
        if opened is not None:
            fields["opened_at"] = now - timedelta(hours=opened)
        if lasted is not None:
            fields["resolved_at"] = fields["opened_at"] + timedelta(hours=lasted)
        if "attributes" in fields:
            fields["attributes"] = list(fields["attributes"].items())
        made.append(heard(**{"occurred_at": now, "received_at": now, **fields}))
    return table(made)


def test_being_part_of_a_breakdown_is_a_criterion() -> None:
    breakdown = make_breakdown({"region": "north"}, cause="delivery/late")
    at = breakdown.onset_at
    rows: list[dict[str, Any]] = [
        {"occurred_at": at},
        {"occurred_at": at - timedelta(seconds=1)},
        {"occurred_at": at, "region": "south"},
        {"occurred_at": at, "cause": "billing/double_charge"},
    ]
    found = picks(CaseRule(name="x", in_breakdown=True), told(rows), [breakdown])
    assert found.tolist() == [True, False, False, False]


def test_what_is_shipped_tells_a_failure_from_a_routine_contact() -> None:
    opened = open_cases(
        table(
            [
                heard(customer_id="C1", kind="escalation", severity=None, cause=None),
                heard(customer_id="C2", severity="critical"),
                heard(customer_id="C3", severity="high"),
                heard(customer_id="C4", kind="note", severity=None, cause=None),
                heard(customer_id="C5", kind="survey", nps=2),
                heard(customer_id="C6", kind="survey", nps=9, severity=None, cause=None),
                heard(customer_id=None, severity="critical"),
                heard(customer_id="C7", kind="transaction", severity="critical"),
            ]
        )
    )
    assert {case.customer_id: case.opened_because for case in opened} == {
        "C1": "Escalated by the customer or an agent",
        "C2": "Complaint of critical severity",
        "C5": "Survey with NPS 2 or less that tells of a severe failure",
    }


def test_rules_are_read_once_a_landing_however_many_signals_there_are() -> None:
    def queries(n: int, first: int) -> int:
        rows = [heard(customer_id=f"C{first + i}", severity="critical") for i in range(n)]
        with CaptureQueriesContext(connection) as seen:
            open_cases(table(rows))
        return sum("cases_caserule" in q["sql"] for q in seen) + sum(
            "cases_merging" in q["sql"] for q in seen
        )

    assert queries(1, 0) == queries(40, 100) == 2


def test_a_landing_asks_only_for_what_it_needs() -> None:
    def queries(*rows: dict[str, Any]) -> list[str]:
        with CaptureQueriesContext(connection) as seen:
            open_cases(table(rows))
        return [query["sql"] for query in seen]

    routine = heard(kind="ticket", severity=None)
    assert len(queries(routine)) == 2, "the rules, and what is the same matter"
    CaseRule.objects.filter(in_breakdown=True).update(is_on=True)
    assert len(queries(routine)) == 2, "nothing picks it whose breakdown would matter"
    queries(heard(customer_id="C0", severity="critical"))
    few = queries(heard(customer_id="C1", severity="critical"))
    for table_name in ("cases_clocksheet", "cases_caserule", "cases_merging", "detect_breakdown"):
        assert sum(f'FROM "{table_name}"' in sql for sql in few) == 1, table_name
    again = [heard(customer_id=f"C{n}", severity="critical") for n in range(2)]
    strange = [heard(customer_id=f"N{n}", severity="critical") for n in range(40)]
    many = queries(*again, *strange)
    assert sum('FROM "cases_clocksheet"' in sql for sql in many) == 1, "joined ones, too"
    assert len(many) <= len(few) + 5, "those that are joined"


def test_what_is_out_of_scope_has_a_case_that_says_why(people: People) -> None:
    rule = rule_actions.add_rule(people.manager, STORM)
    rows = [
        heard(customer_id="C1", severity="critical"),
        heard(customer_id="C1", severity="critical"),
        heard(customer_id="C2", severity="critical", region="south"),
        heard(customer_id="C3", severity="low"),
    ]
    out, ours = open_cases(table(rows))
    assert (out.state, out.excluded_for) == (State.EXCLUDED, Ground.FORCE_MAJEURE)
    assert out.excluded_because == rule.reason
    assert out.due_at is None
    assert not hasattr(out, "recommendation")
    entry = out.entries.get(kind="state")
    assert entry.title == "Out of scope: Force majeure (Storm in the north)"
    assert entry.body == rule.reason
    assert out.entries.count() == 3, "the second signal joined it"
    assert ours.state == State.NEW
    assert Case.objects.count() == 2
    assert "Red warning" in as_(people.manager).get(f"/cases/{out.ref}/").content.decode()
    reopen(people.manager, out, 1, "They were not hit by it")
    out.refresh_from_db()
    assert out.state == State.IN_PROGRESS
    assert out.due_at is not None
    assert out.recommendation is not None


def test_what_is_in_scope_does_not_vanish_in_a_case_that_is_not(people: People) -> None:
    rule = rule_actions.add_rule(people.manager, STORM)
    open_cases(table([heard(severity="critical", ago_days=3)]))
    rule_actions.switch_rule(people.manager, rule, is_on=False)
    [second] = open_cases(table([heard(severity="critical")]))
    assert second.state == State.NEW
    assert second.failures_90_days == 0, "what is out of scope is no failure of ours"


def test_a_person_puts_a_case_out_of_scope_with_a_reason(people: People) -> None:
    care = Team.objects.get(name="Care")
    case = make_case(owner=people.owner, team=care)
    with pytest.raises(RefusedError, match="Say why"):
        exclude(people.owner, case, 1, Ground.MISUSE, "  ")
    with pytest.raises(PermissionDenied):
        exclude(people.compliance, case, 1, Ground.MISUSE, "Worn on purpose")
    answer = as_(people.owner).post(
        f"/cases/{case.ref}/exclude/",
        {"version": 1, "ground": "misuse", "reason": "Worn on purpose"},
    )
    assert answer.status_code == 302
    case.refresh_from_db()
    assert (case.state, case.excluded_because) == (State.EXCLUDED, "Worn on purpose")
    assert case.due_at is None
    page = as_(people.owner).get("/cases/?tab=all&state=excluded").content.decode()
    assert case.ref in page


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.sampled_from("ab"), st.booleans(), st.booleans()
        ),
        max_size=12,
    ),
    st.integers(1, 20),
)  # fmt: skip
def test_every_signal_has_one_fate_and_matters_do_not_mix(
    told: list[tuple[int, str, bool, bool]], days: int
) -> None:
    rule = CaseRule(name="r")
    rows = [
        {
            "occurred_at": BEGIN + timedelta(days=day),
            "customer_id": who,
            "cause": "x",
            "verdict": Verdict(rule if opens else None, rule if opens and out else None),
        }
        for day, who, opens, out in sorted(told, key=lambda one: one[0])
    ]
    known: dict[tuple[str, str], Newest] = {}
    found = list(fates(rows, known, timedelta(days=days)))
    assert [row for row, _ in found] == rows
    for who in "ab":
        last: tuple[datetime, Fate] | None = None
        for row, fate in found:
            if row["customer_id"] != who:
                continue
            is_young = last is not None and row["occurred_at"] - last[0] < timedelta(days=days)
            if fate is Fate.PASSES:
                assert not is_young
                assert row["verdict"].opened_by is None
            elif fate is Fate.JOINS:
                assert is_young
            else:
                assert row["verdict"].opened_by is not None
                is_rescue = last is not None and last[1] is Fate.IS_KEPT_OUT
                assert not is_young or (is_rescue and fate is Fate.OPENS)
                last = row["occurred_at"], fate


def test_the_preview_opens_what_landing_opens(people: People) -> None:
    rule_actions.add_rule(people.manager, {**STORM, "where": {"region": "east"}})
    rows = [
        heard(
            customer_id=f"C{n % 9}",
            severity=["low", "high", "critical"][n % 3],
            region=["north", "east"][n % 2],
            cause=["delivery/late", "billing/double_charge"][n % 2],
            ago_days=80 - n * 1.5,
        )
        for n in range(50)
    ]
    fill_lake(rows)
    rules = rules_in_force()
    before = preview_of(rules, rules, timezone.now())
    opened = open_cases(table(rows))
    assert before.n == before.n_now == sum(case.is_open for case in opened)
    assert before.kept_out == sum(not case.is_open for case in opened) > 0
    assert (before.more, before.less) == (0, 0)


def test_the_preview_says_what_changes(people: People) -> None:
    fill_lake(
        [
            heard(customer_id="C1", severity="critical"),
            heard(customer_id="C2", severity="high", subject="It never came"),
            heard(customer_id="C3", severity="low"),
        ]
    )
    manager = as_(people.manager)
    form = {"name": "Severe", "effect": "opens", "position": 90, "least_severity": "high"}
    page = manager.post("/cases/rules/preview/", form).content.decode()
    assert "2\u00a0cases" in page
    assert "1 more, 0 fewer" in page
    assert "It never came" in page
    assert not CaseRule.objects.filter(name="Severe").exists()
    out = {**STORM, "position": 1, "region": "north"}
    page = manager.post("/cases/rules/preview/", out).content.decode()
    assert "0 more, 1 fewer" in page
    assert "Storm in the north" in page
    bad = manager.post("/cases/rules/preview/", {**form, "least_severity": ""}).content.decode()
    assert "Set at least one criterion" in bad
    days = manager.post("/cases/rules/preview/", {"same_matter_days": 400}).content.decode()
    assert "between 1 and 90" in days
    every = list(CaseRule.objects.filter(is_on=True))
    draft = Rules.of(with_rule(every, CaseRule(name="Low", least_severity="low")), 14)
    assert preview_of(draft, rules_in_force(), timezone.now()).n == 3


def test_a_rule_is_edited_in_versions_that_say_who_changed_what(people: People) -> None:
    manager = as_(people.manager)
    form = {"name": "Grave", "effect": "opens", "position": 5, "least_severity": "high"}
    assert manager.post("/cases/rules/new/", form).status_code == 302
    rule = CaseRule.objects.get(name="Grave")
    changed = {**form, "least_severity": "critical", "version": 1}
    assert manager.post(f"/cases/rules/{rule.pk}/", changed).status_code == 302
    page = manager.get(f"/cases/rules/{rule.pk}/").content.decode()
    assert "Least severity: high → critical" in page
    assert "Mara Manager" in page
    late = manager.post(f"/cases/rules/{rule.pk}/", changed)
    assert late.status_code == 422
    assert "version 2 now" in late.content.decode()
    assert manager.post(f"/cases/rules/{rule.pk}/switch/", {"on": "0"}).status_code == 302
    assert "Off" in as_(people.owner).get("/cases/rules/").content.decode()
    assert as_(people.owner).post(f"/cases/rules/{rule.pk}/switch/").status_code == 403
    with pytest.raises(PermissionDenied):
        rule_actions.change_rule(people.owner, rule, 3, {"position": 1})
    for wrong in (
        {"score": "nps"},
        {"score_at_most": 3},
        {"score": "nps", "score_at_most": 10},
        {"since": BEGIN, "until": BEGIN},
        {"effect": "excludes", "ground": "", "reason": "x"},
        {"name": "Complaint of critical severity"},
    ):
        with pytest.raises(ValidationError):
            rule_actions.add_rule(people.manager, {"name": "N", "kinds": ["survey"], **wrong})


def test_the_length_of_a_matter_is_set_by_people(people: People) -> None:
    rows = [heard(severity="critical", ago_days=days) for days in (10, 1)]
    manager = as_(people.manager)
    version = rule_actions.merge_within(people.manager, 5, 1).version
    again = {"same_matter_days": 7, "version": 1}
    assert manager.post("/cases/rules/same-matter/", again).status_code == 422
    assert len(open_cases(table(rows))) == 2
    assert manager.post(
        "/cases/rules/same-matter/", {**again, "version": version}
    ).status_code == 302  # fmt: skip
    assert rules_in_force().same_matter == timedelta(days=7)
