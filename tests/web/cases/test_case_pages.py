import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.people import People
from tests.web.cases.making import OPENED, make_case, make_customer

from amends.web.accounts.models import Team, User
from amends.web.accounts.permissions import Verb
from amends.web.cases import actions, remedies
from amends.web.cases.deeds import DEEDS
from amends.web.cases.models import ActionState, Case, State
from amends.web.cases.queries import PANE_SIZE
from amends.web.project.navigation import pages_for

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}
CAUSE = "delivery/missed_slot"


@pytest.fixture
def care(people: People) -> Team:  # noqa: ARG001  (they are in it)
    return Team.objects.get(name="Care")


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(client: Client, path: str, **more: Any) -> str:
    response = client.get(path, **more)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def refs(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"C-2\d+", page)))


def test_everybody_sees_the_cases_within_reach(people: People, care: Team) -> None:
    mine = make_case(owner=people.owner, team=care)
    team = make_case(team=care)
    other = make_case(team=Team.objects.get(name="Billing"))
    assert refs(text(as_(people.owner), "/cases/?tab=open")) == [mine.ref, team.ref]
    assert refs(text(as_(people.compliance), "/cases/")) == [mine.ref, team.ref, other.ref]
    assert as_(people.product_owner).get("/cases/").status_code == 403
    assert as_(people.owner).get(f"/cases/{other.ref}/").status_code == 404
    assert as_(people.product_owner).get(f"/cases/{other.ref}/").status_code == 403


def test_an_agent_starts_with_what_is_theirs_and_the_sidebar_counts(
    people: People, care: Team
) -> None:
    mine, _ = make_case(owner=people.owner, team=care), make_case(team=care)
    page = text(as_(people.owner), "/cases/")
    assert refs(page) == [mine.ref]
    assert '<span class="count">2</span>' in page
    empty = text(as_(people.colleague), "/cases/")
    assert "Nothing is yours now" in empty


def test_tabs_hold_what_they_say(people: People, care: Team) -> None:
    late = make_case(team=care)
    paused = make_case(owner=people.owner, team=care)
    actions.acknowledge(people.owner, paused, 1)
    actions.wait(people.owner, paused, 2, State.WAITING_CUSTOMER)
    asked = make_case(
        owner=people.owner, team=care, cause="billing/double_charge", loss=Decimal(90)
    )
    remedies.take_action(people.owner, asked, 1)
    over = make_case(owner=people.owner, team=care, state=State.LOST)
    client = as_(people.manager)

    def tab(name: str) -> set[str]:
        return set(refs(text(client, f"/cases/?tab={name}")))

    assert tab("unassigned") == {late.ref}
    assert late.ref in tab("overdue")
    assert paused.ref not in tab("overdue"), "a clock that stands is not late"
    assert tab("approval") == {asked.ref}
    assert tab("closed") == {over.ref}
    assert tab("team") == {late.ref, paused.ref, asked.ref}
    assert "Waits for approval" in text(client, "/cases/?tab=approval")


def test_the_queue_is_searched_and_narrowed(people: People, care: Team) -> None:
    one = make_case(team=care, title="Parcel gone", region="south", severity="critical")
    two = make_case(team=care, customer=make_customer("C8", name="Liam Brandt"))
    client = as_(people.manager)
    for query, expected in {
        "q=parcel": [one],
        "q=brandt": [two],
        f"q={two.ref}": [two],
        "region=south": [one],
        "severity=critical": [one],
        "cause=delivery": [one, two],
        "cause=deliv": [],
        "customer=C8": [two],
        "owner=none": [one, two],
        f"owner={people.owner.pk}": [],
        "state=new": [one, two],
        "breakdown=1": [],
    }.items():
        page = text(client, f"/cases/?{query}", headers=FRAGMENT)
        assert set(refs(page.partition("<tbody>")[2])) == {c.ref for c in expected}, query
    assert "Remove the filter Region: South" in text(client, "/cases/?region=south")


@pytest.mark.parametrize(
    "query",
    [
        "tab=nowhere&page=-1&severity=purple&state=%00&owner=x&breakdown=y",
        "page=99999999999999&breakdown=99999999999&owner=999999999",
        "q=%00%27%22&cause=../..&period=never&customer=%F0%9F%A6%8A",
        "tab=open&page=9999",
    ],
)
def test_nonsense_in_the_address_is_left_aside(people: People, care: Team, query: str) -> None:
    make_case(team=care)
    text(as_(people.manager), f"/cases/?{query}")


def test_a_part_for_other_pages(people: People, care: Team) -> None:
    for _ in range(12):
        make_case(team=care)
    part = text(as_(people.manager), "/cases/?part=list&tab=open", headers=FRAGMENT)
    assert "<html" not in part
    assert len(refs(part)) == 10
    assert "All 12\u00a0cases" in part


def test_the_queue_stands_beside_a_case_on_the_page_where_it_is(people: People, care: Team) -> None:
    cases = [
        make_case(team=care, opened_at=OPENED + timedelta(minutes=n)) for n in range(PANE_SIZE + 3)
    ]
    client, last = as_(people.manager), cases[-1]
    page = text(client, f"/cases/{last.ref}/?tab=open")
    assert f"tab=open&amp;beside={last.ref}" in page
    pane = text(client, f"/cases/?tab=open&beside={last.ref}", headers=FRAGMENT)
    assert refs(pane) == [case.ref for case in cases[PANE_SIZE:]], "next deadline first"
    assert re.findall(r'/cases/(C-\d+)/[^>]*aria-current="page"', pane) == [last.ref]
    first = text(client, "/cases/?tab=open&beside=C-1", headers=FRAGMENT)
    assert refs(first) == [case.ref for case in cases[:PANE_SIZE]]
    empty = text(client, "/cases/?tab=approval&beside=C-1", headers=FRAGMENT)
    assert "No other case" in empty


def test_the_pages_cost_the_same_however_much_there_is(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care)
    remedies.take_action(people.owner, case, 1)
    make_case(team=care, state=State.LOST)
    client = as_(people.manager)

    def queries(path: str) -> int:
        text(client, path)
        with CaptureQueriesContext(connection) as seen:
            text(client, path)
        return len(seen)

    paths = ["/cases/?tab=open", f"/cases/{case.ref}/"]
    few = [queries(path) for path in paths]
    for i in range(20):
        more = make_case(owner=people.owner, team=care, customer=make_customer(f"N{i}"))
        remedies.take_action(people.owner, more, 1)
        actions.add_note(people.owner, case, "Called")
        make_case(team=care, state=State.LOST)
    assert [queries(path) for path in paths] == few
    assert few[0] <= 12
    assert few[1] <= 17


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/cases/?tab=open", 8),
        ("/cases/{}/?part=head", 8),
        ("/cases/{}/?part=timeline", 7),
        ("/cases/{}/?part=beside", 17),
        ("/cases/?tab=open&beside={}", 9),
        ("/palette/?q=ca", 4),
    ],
)
def test_a_part_asks_for_nothing_that_only_the_page_shows(
    people: People, care: Team, path: str, most: int
) -> None:
    case = make_case(owner=people.owner, team=care)
    client, part = as_(people.manager), path.format(case.ref)
    text(client, part, headers=FRAGMENT)
    with CaptureQueriesContext(connection) as seen:
        text(client, part, headers=FRAGMENT)
    asked = [query["sql"] for query in seen]
    assert not any("alerts_alert" in sql for sql in asked), "what the sidebar counts"
    assert len(asked) <= most


def test_pages_follow_one_another(people: People, care: Team) -> None:
    for _ in range(51):
        make_case(team=care, recommended=False)
    client = as_(people.manager)
    first, second = (refs(text(client, f"/cases/?tab=open&page={n}")) for n in (1, 2))
    assert (len(first), len(second)) == (50, 1)
    assert "Page 1 of 2" in text(client, "/cases/?tab=open")


def test_the_workspace_tells_why_and_what_it_costs(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care, loss=Decimal(20))
    page = text(as_(people.owner), f"/cases/{case.ref}/")
    for words in ("Why this one", "Evidence", "Agent’s limit", "Steps", "row by row", "n = 0"):
        assert words in page
    assert "Who must approve" in page
    row = case.recommendation
    row.refresh_from_db()
    assert row.explanation is not None
    if row.explores:
        assert "This case explores" in page


def test_the_reason_stands_on_one_screen(people: People, care: Team) -> None:
    more: dict[str, Any] = {"ref": "C-29999", "loss": Decimal(80), "is_rejected": True}
    page = beside(as_(people.owner), make_case(owner=people.owner, team=care, **more))
    assert re.search(r"\(\d+ – \d+\s%\)", page)
    for told in (
        "What may be done</dt><dd>Apologise; ",
        "Agent’s limit</dt><dd>€25.00",
        "€25.00, as much as the limit lets",
        "n = 0 own cases",
        "<b>Next best: ",
        "Explores</dt><dd>",
        "What would change it",
        "<b>2 or more failures in 90 days</b><span>Call-back</span>",
        "<b>The customer needs care</b><span>Call-back</span>",
        "<b>Goodwill given in 90 days of €150.00 or more</b>",
        "approved by the team leader",
    ):
        assert told in page
    spared = make_case(owner=people.owner, team=care, severity="critical")
    assert "Explores</dt><dd>no, it is critical" in beside(as_(people.owner), spared)


def beside(client: Client, case: Case) -> str:
    """Return a case's page as far as nothing has to be opened to read it."""
    page = text(client, f"/cases/{case.ref}/?part=beside", headers=FRAGMENT)
    return re.sub(r'<details class="policy">.*', "", page, flags=re.DOTALL)


def test_only_those_who_may_see_buttons(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care)
    assert f"/cases/{case.ref}/take/" in text(as_(people.owner), f"/cases/{case.ref}/")
    page = text(as_(people.compliance), f"/cases/{case.ref}/")
    for deed in DEEDS:
        assert f"/cases/{case.ref}/{deed.name}/" not in page
    assert "/note/" not in page


@pytest.mark.parametrize("who", ["product_owner", "admin"])
def test_who_reads_no_cases_meets_no_customer_anywhere(
    people: People, care: Team, who: str
) -> None:
    """chatwoot#4216, #12855."""
    case = make_case(team=care, customer=make_customer("Z1", name="Zoe Quist"))
    person: User = getattr(people, who)
    assert not person.may(Verb.CASE_READ)
    client = as_(person)
    addresses = [address for _, address in pages_for(person)]
    assert len(addresses) > 3
    for address in (*addresses, "/palette/?q=Zoe", f"/palette/?q={case.ref}"):
        page = text(client, address)
        assert "Zoe Quist" not in page, address
        assert f"/cases/{case.ref}/" not in page, address
    for address in ("/cases/?part=list", f"/cases/{case.ref}/", "/cases/export.csv"):
        assert client.get(address).status_code == 403, address


@pytest.mark.parametrize("name", [d.name for d in DEEDS if d.name != "undo"])
def test_a_verb_is_refused_to_those_who_may_only_read(
    people: People, care: Team, name: str
) -> None:
    case = make_case(owner=people.owner, team=care)
    client = as_(people.compliance)
    assert client.post(f"/cases/{case.ref}/{name}/", {"version": 1}).status_code == 403
    assert as_(people.owner).get(f"/cases/C-1/{name}/").status_code in {403, 404}
    case.refresh_from_db()
    assert case.version == 1


def test_an_action_is_taken_and_undone_on_the_page(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care)
    client = as_(people.owner)
    response = client.post(f"/cases/{case.ref}/take/", {"version": 1}, headers=FRAGMENT)
    assert response.status_code == 204
    assert "cases-changed" in response["HX-Trigger"]
    page = text(client, f"/cases/{case.ref}/?part=beside", headers=FRAGMENT)
    assert "<html" not in page
    assert f"/cases/{case.ref}/undo/" in page
    plain = client.post(f"/cases/{case.ref}/undo/", {"version": 2})
    assert plain.headers["Location"] == f"/cases/{case.ref}/"
    assert case.actions.get().state == ActionState.UNDONE


def test_who_was_quicker_is_told(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care)
    actions.assign(people.manager, case, 1, people.colleague)
    client = as_(people.owner)
    direct = client.post(f"/cases/{case.ref}/take/", {"version": 1}, headers=FRAGMENT)
    assert direct.status_code == 422
    assert "Mara M. changed" in direct.content.decode()
    form = {"version": 1, "reason": "Withdrawn"}
    drawer = client.post(f"/cases/{case.ref}/skip/", form, headers=FRAGMENT)
    page = drawer.content.decode()
    assert "Mara M. changed" in page
    assert 'name="version" value="2"' in page, "repeating is possible once it was told"
    assert "Withdrawn" in page
    whole = client.post(f"/cases/{case.ref}/skip/", form)
    assert whole.status_code == 422
    assert "<html" in whole.content.decode()


def test_an_approval_is_asked_for_and_given_on_pages(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care, loss=Decimal(80))
    agent, manager = as_(people.owner), as_(people.manager)
    form = text(agent, f"/cases/{case.ref}/change/", headers=FRAGMENT)
    assert "(the team leader approves)" in form
    sent = {"version": 1, "option": "apology_credit 80.00", "reason": "Third time"}
    assert agent.post(f"/cases/{case.ref}/change/", sent).status_code == 302
    assert f"/cases/{case.ref}/approve/" not in text(agent, f"/cases/{case.ref}/")
    assert "Approve €80.00" in text(manager, f"/cases/{case.ref}/")
    assert manager.post(f"/cases/{case.ref}/approve/", {"version": 2}).status_code == 302
    assert case.actions.get().state == ActionState.TAKEN
    bad = {"version": 3, "option": "refund 999.00", "reason": "?"}
    assert agent.post(f"/cases/{case.ref}/change/", bad).status_code == 422


def test_resolving_asks_only_for_what_is_missing(people: People, care: Team) -> None:
    case, named = (make_case(owner=people.owner, team=care, cause=c) for c in ("", CAUSE))
    client = as_(people.owner)
    form = text(client, f"/cases/{case.ref}/resolve/", headers=FRAGMENT)
    assert 'name="cause"' in form
    known = {"version": 1, "cause": CAUSE, "note": ""}
    refused = client.post(f"/cases/{case.ref}/resolve/", known, headers=FRAGMENT)
    assert "Take the recommended action, change it, or skip it" in refused.content.decode()
    remedies.take_action(people.owner, case, 1)
    done = client.post(f"/cases/{case.ref}/resolve/", {**known, "version": 2}, headers=FRAGMENT)
    assert done.status_code == 204
    form = text(client, f"/cases/{named.ref}/resolve/", headers=FRAGMENT)
    assert 'name="cause"' not in form


def test_the_other_drawers_do_what_they_say(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care)
    client = as_(people.owner)

    def post(name: str, **form: Any) -> None:
        version = Case.objects.get(pk=case.pk).version
        response = client.post(f"/cases/{case.ref}/{name}/", {"version": version, **form})
        assert response.status_code == 302, response.content.decode()

    post("acknowledge")
    post("wait", whom="waiting_customer", note="Photo")
    post("resume")
    post("skip", reason="They withdrew it")
    post("resolve")
    post("close", how="recovered")
    post("reopen", reason="Called again")
    post("assign", person_to=people.colleague.pk)
    case.refresh_from_db()
    assert (case.state, case.owner) == (State.IN_PROGRESS, people.colleague)
    post("note", text="Called at noon")
    page = text(client, f"/cases/{case.ref}/?part=timeline", headers=FRAGMENT)
    assert "Called at noon" in page
    client.post(f"/cases/{case.ref}/note/", {"text": ""})
    assert "nothing was saved" in text(client, f"/cases/{case.ref}/")


def test_a_case_is_opened_by_hand(people: People) -> None:
    client = as_(people.owner)
    form = {
        "customer_id": "C500",
        "title": "Charged twice",
        "severity": "high",
        "cause": "",
        "loss": "12.50",
        "currency": "EUR",
        "note": "Called, quite upset",
    }
    assert "Harm if ignored" in text(client, "/cases/new/", headers=FRAGMENT)
    bad = client.post("/cases/new/", {**form, "loss": "-1"}, headers=FRAGMENT)
    assert bad.status_code == 422
    assert Case.objects.count() == 0
    response = client.post("/cases/new/", form)
    case = Case.objects.get()
    assert response.headers["Location"] == f"/cases/{case.ref}/"
    page = text(client, f"/cases/{case.ref}/")
    assert "Called, quite upset" in page
    assert "Assumed, because" in page
    assert as_(people.analyst).get("/cases/new/").status_code == 403


def test_what_else_the_customer_said_comes_from_the_lake(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care)
    part = text(as_(people.owner), f"/cases/{case.ref}/signals/", headers=FRAGMENT)
    assert "Nothing else is in the lake." in part


def test_a_case_without_recommendation_still_has_a_page(people: People, care: Team) -> None:
    case = make_case(owner=people.owner, team=care, recommended=False)
    assert "Nothing is recommended" in text(as_(people.owner), f"/cases/{case.ref}/")
    response = as_(people.owner).post(f"/cases/{case.ref}/take/", {"version": 1}, headers=FRAGMENT)
    assert "has no recommendation" in response.content.decode()
