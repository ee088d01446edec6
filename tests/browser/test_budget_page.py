"""The budget by keyboard, and the pages around it, on desk and phone, light and dark."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from tests.breakdowns import make_breakdown, make_series
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People

from amends.web.detect.models import Breakdown, Budget, PlannedEvent
from amends.web.detect.studying import make_study

pytestmark = pytest.mark.browser


@pytest.fixture
def _studied(people: People) -> None:  # noqa: ARG001  (the database is theirs)
    make_series(broken_days=3)
    make_series({"region": "north"})
    assert make_study(timezone.now()) is not None


@pytest.mark.usefixtures("_studied")
def test_a_leader_moves_the_budget_by_keyboard_and_puts_it_in_force(
    people: People, open_page: Open
) -> None:
    page = open_page("/breakdowns/budget/")
    log_in(page, people.leader)
    page.goto("/breakdowns/budget/")
    outlook = page.locator("#budget-preview").get_by_role("status")
    expect(outlook).to_contain_text("6 a year (in force)")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    expect(outlook).to_contain_text("5 a week")
    page.keyboard.press("ArrowLeft")
    expect(outlook).to_contain_text("2 a week")
    expect(outlook).to_contain_text("Against the budget in force")
    fit(page)
    page.get_by_label("Why").fill("Two more people on call")
    page.keyboard.press("Enter")
    expect(page.locator("#budget")).to_contain_text("Budget: 2 a week")
    expect(outlook).to_contain_text("2 a week (in force)")
    assert Budget.objects.get().per_year == 104
    assert Budget.objects.get().set_by == people.leader


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "light"), (PHONE, "dark")])
@pytest.mark.usefixtures("_studied")
def test_the_pages_fit_and_are_accessible(
    people: People, open_page: Open, viewport: object, scheme: object
) -> None:
    b = make_breakdown(stands_for=14)
    PlannedEvent.objects.create(title="App 5.2", kind="release", starts_at=b.onset_at)
    page = open_page("/", viewport=viewport, scheme=scheme)
    log_in(page, people.manager)
    for path, told in (
        ("/breakdowns/budget/", "What a budget costs"),
        ("/breakdowns/backtest/?step=9", "Alarms it would have raised"),
        ("/breakdowns/events/", "App 5.2"),
        (f"/breakdowns/{b.pk}/", "14 other series alarmed"),
    ):
        page.goto(path)
        expect(page.locator("#main")).to_contain_text(told)
        expect(page.locator(".onitsway")).to_have_count(0)
        fit(page)


def test_one_click_judges_and_a_level_is_accepted_with_a_reason(
    people: People, open_page: Open
) -> None:
    b = make_breakdown()
    page = open_page("/")
    log_in(page, people.analyst)
    page.goto(f"/breakdowns/{b.pk}/")
    page.get_by_role("button", name="It is real").click()
    expect(page.locator("#handling")).to_contain_text("Judged: real")
    page.get_by_text("Accept as the new normal").click()
    page.get_by_label("Why is this normal now?").fill("The new product")
    page.get_by_role("button", name="Accept this level").click()
    expect(page.locator("#handling")).to_contain_text("Accepted as the new normal")
    kept = Breakdown.objects.get()
    assert (kept.judgement, kept.state) == ("real", "over")
