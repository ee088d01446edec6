"""The running product with a company in it: the walk of every role, and the loop of a case."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.test_web_journeys import fit

from amends.web.accounts.models import User
from amends.web.cases.models import Action, Case
from amends.web.detect.models import Breakdown
from amends.web.project.demo.history import load_history
from amends.web.project.demo.record import DemoRecord
from amends.web.project.demo.rehearsal import rehearse
from amends.web.track.models import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PAGES = ("Overview", "Breakdowns", "Causes", "Cases", "Outcomes", "Fixes", "Signals")
SEEN_BY = {
    "Elena Marsh": PAGES,
    "Priya Nair": PAGES,
    "Tom Sander": PAGES,
    "Jonas Weber": PAGES,
    "Sofia Rossi": tuple(page for page in PAGES if page != "Cases"),
    "Grace Kim": PAGES,
    "Noor Haddad": PAGES,
}
"""Which pages each person of the demo finds in the main menu."""


@pytest.fixture
def _company(transactional_db: None, tmp_path: Path, settings: Settings) -> None:  # noqa: ARG001
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    settings.DEMO = True
    now = datetime.now(UTC)
    record = DemoRecord("retailer", 9_000, 7, now.isoformat())
    load_history(record, rehearse(record), lambda _stage, _done, _total: None, processes=0)


def enter(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    page.wait_for_url(lambda url: "/log-in/" not in url)


def menu(page: Page) -> list[str]:
    items = page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()
    return [item.split("\n")[0] for item in items if item.split("\n")[0] in PAGES]


@pytest.mark.usefixtures("_company")
def test_the_walk_of_each_role_and_the_loop(open_page: Open) -> None:
    """One load, many steps: the company takes longer to make than to walk through."""
    assert Breakdown.objects.exists()
    assert Outcome.objects.filter(satisfaction__isnull=False).count() > 10
    for name, pages in SEEN_BY.items():
        walk(open_page, name, pages)
    on_a_phone_in_the_dark(open_page)
    an_agent_takes_what_is_recommended(open_page)
    filters_go_along(open_page)


def walk(open_page: Open, name: str, pages: tuple[str, ...]) -> None:
    page = open_page("/", viewport=DESK)
    enter(page, name)
    assert tuple(menu(page)) == pages, name
    for title in pages:
        page.get_by_role("navigation", name="Main").get_by_role("link", name=title).click()
        expect(page.locator("#main h1")).to_be_visible()
        expect(page.get_by_role("link", name=title).first).to_have_attribute("aria-current", "page")


def on_a_phone_in_the_dark(open_page: Open) -> None:
    page = open_page("/", viewport=PHONE, scheme="dark")
    enter(page, "Priya Nair")
    case = Case.objects.filter(state="in_progress").first() or Case.objects.first()
    breakdown = Breakdown.objects.first()
    assert case is not None
    assert breakdown is not None
    places = [f"/{title.lower()}/" for title in PAGES]
    for path in (*places, f"/cases/{case.ref}/", f"/breakdowns/{breakdown.pk}/"):
        page.goto(path)
        fit(page)


def an_agent_takes_what_is_recommended(open_page: Open) -> None:
    tom = User.objects.get(email__startswith="tom@")
    Case.objects.filter(state="new", team__in=tom.team_ids).update(owner=tom)
    open_ones = Case.objects.filter(state__in=["new", "in_progress"], owner=tom, actions=None)
    case = open_ones.filter(recommendation__approver="").first()
    assert case is not None, list(Case.objects.values_list("state", "team__name"))[-20:]
    page = open_page("/", viewport=DESK)
    enter(page, "Tom Sander")
    page.goto(f"/cases/{case.ref}/")
    fit(page)
    page.locator("form[action$='/take/'] button").click()
    expect(page.locator(".decided")).to_contain_text("Undo")
    action = Action.objects.get(case=case)
    assert (action.state, action.decided_by) == ("taken", tom)
    note = page.get_by_label("Add a note")
    note.fill("Called at noon, left a message.")
    note.press("Enter")
    expect(page.get_by_text("Called at noon, left a message.").first).to_be_visible()


def filters_go_along(open_page: Open) -> None:
    page = open_page("/", viewport=DESK)
    enter(page, "Elena Marsh")
    page.goto("/overview/?period=90d&product=electronics")
    for title in ("Causes", "Signals", "Outcomes"):
        page.get_by_role("navigation", name="Main").get_by_role("link", name=title).click()
        page.wait_for_url(f"**/{title.lower()}/*")
        assert "period=90d" in page.url
        assert "product=electronics" in page.url
