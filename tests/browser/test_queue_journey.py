"""An agent clears a queue by keyboard; drafts survive a closed tab; rules and views are made."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from pytest_django import Settings
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People
from tests.web.signals import fill_lake, signal
from tests.web.tables import table

from amends.web.accounts.models import Team
from amends.web.cases.models import Case, Route, State
from amends.web.cases.opening import open_cases
from amends.web.intake.models import Customer

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    settings.PATIENCE_SECONDS = None


@pytest.fixture
def cases(people: People) -> list[Case]:  # noqa: ARG001  (their team must be there)
    """Three cases that landing opened for the agents' team, the oldest most urgent."""
    Route.objects.create(branch="", team=Team.objects.get(name="Care"))
    rows = [
        signal(
            customer_id=f"C{n}",
            subject=f"Parcel {n} never came",
            severity="high",
            cause="delivery/missed_slot",
            loss=Decimal(120),
            currency="EUR",
            region="north",
            kind="escalation",
            ago_days=0.3 - n * 0.01,
        )
        for n in range(3)
    ]
    fill_lake(rows)
    return open_cases(table(rows))


def test_an_agent_clears_the_queue_by_keyboard(
    people: People, cases: list[Case], open_page: Open
) -> None:
    page = open_page("/cases/?tab=team", expected=("422",))
    log_in(page, people.owner)
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=cases[0].ref)).to_be_focused()
    page.keyboard.press("Enter")
    pane = page.get_by_role("navigation", name="The queue, next deadline first")
    expect(pane.get_by_role("link")).to_have_count(1 + len(cases))
    for n, case in enumerate(cases):
        expect(pane.locator("[aria-current=page]")).to_contain_text(case.ref)
        expect(page.get_by_role("heading", name=f"Parcel {n} never came")).to_be_visible()
        fit(page)
        page.keyboard.press("n")
        page.keyboard.type(f"Called customer {n}")
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"Called customer {n}", exact=True)).to_be_visible()
        page.locator("body").press("Escape")
        command(page, skip(page))
        page.keyboard.press("Tab")
        page.keyboard.type("They have the parcel meanwhile")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#drawer")).to_be_hidden()
        expect(page.locator(".decided").get_by_text("Skipped")).to_be_visible()
        page.keyboard.press("e")
        expect(page.get_by_role("heading", name="Resolve", exact=True)).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.type("The driver found it")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("The driver found it")).to_be_visible()
        case.refresh_from_db()
        assert case.state == State.RESOLVED
        assert case.owner == people.owner
        page.keyboard.press("j")
    expect(page.get_by_text("There is no other case that way in this view.")).to_be_visible()
    expect(page.get_by_text("Nothing here now")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    fit(page)


def skip(page: Page) -> str:
    """Return what the page calls skipping."""
    return page.locator("main a[href$='/skip/']").inner_text().strip()


def command(page: Page, words: str) -> None:
    """Choose something in the palette."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type(words)
    expect(page.locator("#palette [aria-selected=true]")).to_have_text(words)
    fit(page)
    page.keyboard.press("Enter")
    expect(page.locator("#drawer[open] textarea")).to_be_visible()


def test_what_was_typed_survives_a_closed_tab(
    people: People, cases: list[Case], open_page: Open
) -> None:
    page = open_page("/cases/?tab=team")
    log_in(page, people.owner)
    page.keyboard.press("j")
    page.keyboard.press("n")
    page.get_by_label("For the next owner").fill("She is at home after six")
    other = page.context.new_page()
    page.close()
    other.goto("/cases/?tab=team")
    other.keyboard.press("j")
    other.keyboard.press("n")
    expect(other.get_by_label("For the next owner")).to_have_value("She is at home after six")
    expect(other.get_by_text("What you had begun to write is back.")).to_be_visible()
    fit(other)
    other.get_by_role("button", name="Add the note").press("Enter")
    expect(other.get_by_role("dialog", name="Details")).to_be_hidden()
    assert cases[0].entries.filter(body="She is at home after six").count() == 1
    other.get_by_role("link", name=cases[0].ref).focus()
    other.keyboard.press("n")
    expect(other.get_by_label("For the next owner")).to_have_value("")
    other.get_by_label("For the next owner").fill("Never sent")
    other.goto("/profile/")
    other.get_by_role("button", name="Log out").click()
    expect(other.get_by_role("heading", name="Log in")).to_be_visible()
    kept = other.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft:')).length")
    assert kept == 0, "a device that is shared forgets"


def test_many_are_acknowledged_and_taken_back(
    people: People, cases: list[Case], open_page: Open
) -> None:
    page = open_page("/cases/?tab=open")
    log_in(page, people.owner)
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    fit(page)
    page.get_by_role("button", name="Acknowledge").press("Enter")
    expect(page.get_by_text("2 cases are acknowledged")).to_be_visible()
    fit(page)
    assert Case.objects.filter(state=State.ACKNOWLEDGED).count() == 2
    page.keyboard.press("z")
    expect(page.get_by_text("Taken back: 2 cases are acknowledged.")).to_be_visible()
    assert Case.objects.filter(state=State.NEW).count() == len(cases)


def test_one_message_goes_to_many_who_are_named_first(
    people: People, cases: list[Case], open_page: Open
) -> None:
    page = open_page("/cases/?tab=open")
    log_in(page, people.owner)
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    page.get_by_role("button", name="Write to them").press("Enter")
    expect(page.get_by_role("heading", name="One message to many")).to_be_visible()
    expect(page.get_by_text("Gets it")).to_have_count(2)
    fit(page)
    page.set_viewport_size(PHONE)
    fit(page)
    page.get_by_label("What happened").fill("the depot was closed by snow")
    page.get_by_label("Answer by").fill("2026-12-01")
    page.get_by_role("button", name="Write it out").press("Enter")
    expect(page.get_by_text("customer is not filled in")).to_have_count(2)
    Customer.objects.filter(customer_id="C0").update(name="Ana Ruiz")
    page.get_by_role("button", name="Write it out").press("Enter")
    expect(page.get_by_label("What Ana Ruiz reads")).to_have_value(re.compile("closed by snow"))
    expect(page.get_by_text("Gets it")).to_have_count(1)
    fit(page)
    page.get_by_role("button", name="I have sent it to 1 customer").press("Enter")
    expect(page.get_by_text("is noted as sent to 1 customer")).to_be_visible()
    assert cases[0].entries.filter(title__endswith="sent by hand").count() == 1


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_manager_makes_a_rule_and_a_view(
    people: People,
    cases: list[Case],
    open_page: Open,
    viewport: ViewportSize,
    scheme: Literal["light", "dark"],
) -> None:
    page = open_page("/cases/rules/", viewport=viewport, scheme=scheme)
    log_in(page, people.manager)
    fit(page)
    page.get_by_role("link", name="Out of scope").click()
    page.get_by_label("Name").fill("Snow in the north")
    page.get_by_label("Why it is out of scope").fill("Roads were closed by order.")
    page.get_by_label("Region").select_option("north")
    expect(page.get_by_text(f"0 more, {len(cases)} fewer")).to_be_visible(timeout=30_000)
    fit(page)
    page.get_by_role("button", name="Make the rule").click()
    expect(page.get_by_role("heading", name="Snow in the north")).to_be_visible()
    fit(page)
    page.goto("/cases/views/new/?severity=high")
    page.get_by_role("button", name="Or", exact=True).click()
    page.get_by_label("Condition 1 of list 2: what").select_option("title")
    page.get_by_label("Condition 1 of list 2: how").select_option("contains")
    page.get_by_label("Condition 1 of list 2: with what").fill("parcel")
    page.get_by_label("Condition 1 of list 2: with what").press("Tab")
    expect(page.get_by_text("3 open cases fit")).to_be_visible()
    fit(page)
    page.get_by_label("Name").fill("Parcels")
    page.get_by_role("button", name="Save the view").click()
    expect(page.get_by_role("link", name="Remove the filter View: Parcels")).to_be_visible()
    fit(page)
