import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from tests.breakdowns import make_breakdown, make_series
from tests.outcomes import make_case
from tests.people import People
from tests.web.signals import fill_lake, signal

from amends.web.accounts.models import Team
from amends.web.cases.models import Action, ActionState, Case, State
from amends.web.intake.filters import Filters
from amends.web.reports.queries import ways
from amends.web.track.models import Outcome

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}
PARTS = ("figures", "volume", "alerts", "causes", "flow", "cases")


@pytest.fixture
def leader(people: People, client: Client) -> Client:
    client.force_login(people.leader)
    return client


def text_of(client: Client, url: str, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return response.content.decode().replace("\u00a0", " ")


def option(text: str, name: str) -> dict[str, Any]:
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', text)
    assert found
    told: dict[str, Any] = json.loads(found[1])
    return told


def resolved(customer: str, *, days: float, **outcome: object) -> Case:
    """A case resolved so many days ago, with what came of it."""
    at = timezone.now() - timedelta(days=days)
    state = outcome.pop("state", State.RESOLVED)
    case = make_case(
        customer, opened_at=at - timedelta(days=2), resolved_at=at, state=state, region="north"
    )
    Outcome.objects.create(case=case, **outcome)
    return case


def act(case: Case, kind: str, state: ActionState = ActionState.TAKEN) -> None:
    Action.objects.create(
        case=case, kind=kind, currency="EUR", state=state, decided_at=case.opened_at
    )


def test_an_empty_installation_says_why_there_is_nothing(leader: Client) -> None:
    text = text_of(leader, "/overview/")
    assert text.count("There are no") >= 4  # each figure says what is missing
    assert "–" in text
    assert "nothing is watched yet" in text
    assert "Nothing is broken now" in text
    assert "No open case matches" in text
    assert "No signal of this period names a cause" in text_of(
        leader, "/overview/causes/", **FRAGMENT
    )
    assert "No case was resolved" in text_of(leader, "/overview/flow/", **FRAGMENT)


def test_key_figures_have_value_change_target_n_and_a_door(leader: Client) -> None:
    for number in range(4):
        resolved(f"now{number}", days=3 + number, nps=10, answered_at=timezone.now())
    for number in range(4):
        resolved(f"then{number}", days=33 + number, nps=0, answered_at=timezone.now())
    text = text_of(leader, "/overview/figures/", **FRAGMENT)
    card = re.search(r'aria-label="Recovery NPS".*?</section>', text, re.DOTALL)
    assert card
    for said in ("+100", "+200", "Target +", "n 4", "/outcomes/?metric=recovery_nps"):
        assert said in card[0]
    assert 'data-tone="good"' in card[0]


def test_effort_says_why_it_has_no_value_for_one_cause(leader: Client) -> None:
    fill_lake([signal(kind="survey", ces=6), signal(cause="delivery/late")])
    assert "n 1" in text_of(leader, "/overview/figures/", **FRAGMENT)
    text = text_of(leader, "/overview/figures/?cause=delivery", **FRAGMENT)
    assert "Answers to surveys do not say whether they are about" in text


def test_figures_of_very_many_contacts_are_of_some_customers_and_say_so(
    leader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now() - timedelta(days=20)
    answer: dict[str, Any] = {"kind": "survey", "ces": 6, "occurred_at": at}
    fill_lake(
        [signal(external_id=f"A-{n}", customer_id=f"person {n}", **answer) for n in range(600)]
    )
    assert "n 600" in text_of(leader, "/overview/figures/", **FRAGMENT)
    monkeypatch.setattr("amends.web.track.contacts.MOST_READ", 20)
    some = text_of(leader, "/overview/figures/", **FRAGMENT)
    found = re.search(r"n (\d+) of one customer in 32", some)
    assert found
    assert 5 < int(found[1]) < 40
    assert "of one customer in 32" in text_of(leader, "/outcomes/contacts/", **FRAGMENT)


def test_volume_shows_the_range_and_marks_what_was_noticed(leader: Client) -> None:
    make_series()
    b = make_breakdown()
    series = option(text_of(leader, "/overview/"), "volume")["series"]
    assert any(s.get("stack") == "band" for s in series)
    marks = next(s for s in series if s.get("name") == "Breakdown noticed")["data"]
    assert [m["href"] for m in marks] == [f"/breakdowns/{b.pk}/"]


def test_open_breakdowns_open_in_the_drawer(leader: Client) -> None:
    b = make_breakdown()
    text = text_of(leader, "/overview/")
    assert f'href="/breakdowns/{b.pk}/" data-drawer' in text
    assert b.title in text
    assert "Nothing is broken now" in text_of(leader, "/overview/alerts/?region=west", **FRAGMENT)


def test_causes_are_doors_with_the_filters_kept(leader: Client) -> None:
    fill_lake(
        [signal(cause="delivery/late", severity="high", region="north") for _ in range(3)]
        + [signal(cause="billing/wrong_amount", severity="low", region="south"), signal()]
    )
    text = text_of(leader, "/overview/causes/?region=north", **FRAGMENT)
    assert 'href="/causes/delivery/late/?region=north"' in text
    assert "3 · 100 %" in text
    assert "billing" not in text


def test_cases_flow_from_cause_through_the_last_action_to_what_came_of_it(people: People) -> None:
    act(resolved("a", days=5, state=State.RECOVERED, satisfaction=5), "refund")
    lost = resolved("b", days=5, state=State.LOST, churned=True)
    act(lost, "apology")
    act(lost, "credit")
    act(lost, "refund", ActionState.SKIPPED)
    resolved("c", days=5, recontacted_at=timezone.now())
    resolved("d", days=5)
    resolved("e", days=50)
    told = {(w.action, w.result): w.n for w in ways(people.leader, Filters(timezone.now()))}
    assert told == {
        ("refund", "recovered"): 1,
        ("credit", "left"): 1,
        ("none", "came_back"): 1,
        ("none", "not_known"): 1,
    }


def test_every_node_of_the_flow_is_a_door(leader: Client) -> None:
    act(resolved("a", days=5, state=State.RECOVERED, satisfaction=5), "refund")
    chart = option(text_of(leader, "/overview/flow/?region=north", **FRAGMENT), "flow")
    nodes = chart["series"][0]["data"]
    assert [node["page"].split("?")[0] for node in nodes] == [
        "/causes/delivery/",
        "/outcomes/",
        "/cases/",
    ]
    assert all("region=north" in node["page"] for node in nodes)


def test_the_queue_shows_the_next_deadlines_within_reach(people: People, client: Client) -> None:
    care, other = Team.objects.get(name="Care"), Team.objects.get(name="Billing")
    now = timezone.now()
    for team, title in ((care, "Ours"), (other, "Theirs")):
        make_case(
            title, title=title, state=State.NEW, resolved_at=None, team=team,
            due_at=now + timedelta(minutes=34),
        )  # fmt: skip
    client.force_login(people.owner)
    text = text_of(client, "/overview/")
    assert "Ours" in text
    assert "Theirs" not in text
    assert "data-due" in text
    client.force_login(people.leader)
    assert "Theirs" in text_of(client, "/overview/cases/", **FRAGMENT)


def test_who_sees_a_team_sees_its_figures_and_not_those_of_all_contacts(
    people: People, client: Client
) -> None:
    resolved("a", days=5, nps=9)  # of no team
    client.force_login(people.owner)
    text = text_of(client, "/overview/figures/", **FRAGMENT)
    assert "Recovery NPS" in text
    assert "+100" not in text
    assert "Customer effort" not in text


def test_who_reads_no_cases_has_no_queue_and_no_door_to_one(people: People, client: Client) -> None:
    resolved("a", days=5, state=State.RECOVERED)
    client.force_login(people.product_owner)
    text = text_of(client, "/overview/")
    assert "Case queue" not in text
    flow = text_of(client, "/overview/flow/", **FRAGMENT)
    assert "/outcomes/" in flow
    assert "/cases/" not in flow
    assert "Open breakdowns" in text
    assert client.get("/overview/cases/").status_code == 403
    client.force_login(people.admin)
    assert client.get("/overview/").status_code == 403


@pytest.mark.parametrize("part", PARTS)
def test_a_part_asked_for_alone_is_the_whole_page(leader: Client, part: str) -> None:
    response = leader.get(f"/overview/{part}/?period=7d&cause=delivery&nonsense=%00")
    assert response.status_code == 302
    assert response.headers["Location"] == "/overview/?period=7d&cause=delivery"
    assert leader.get(f"/overview/{part}/", headers=FRAGMENT).status_code == 200


def test_the_page_needs_as_many_queries_for_one_as_for_many(
    leader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(9):
        make_breakdown({"region": f"r{number}"})
        make_case(f"c{number}", state=State.NEW, resolved_at=None)
        resolved(f"d{number}", days=4, nps=9)
    text_of(leader, "/overview/")
    with django_assert_max_num_queries(18):
        text_of(leader, "/overview/")
