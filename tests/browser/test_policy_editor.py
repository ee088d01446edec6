"""A table's rows are moved, typed, mended and kept by keyboard."""

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People

from amends.web.recommend.models import PolicyVersion

pytestmark = pytest.mark.browser


def test_rows_are_moved_typed_and_kept_by_keyboard(people: People, open_page: Open) -> None:
    page = open_page("/", expected=("422",))
    log_in(page, people.compliance)
    page.goto("/policy/approvals/rows/")
    names = page.locator("input[name^='row-'][name$='-name']")
    expect(names).to_have_count(7)
    page.get_by_role("button", name="Move row 1 down").press("Enter")
    expect(names.nth(1)).to_have_value("many-claims-agent")
    expect(page.get_by_role("button", name="Move row 2 down")).to_be_focused()
    page.get_by_role("button", name="Add a row").press("Enter")
    new = page.get_by_label("Row 7, name")
    expect(new).to_be_focused()
    page.keyboard.type("far-too-much")
    page.get_by_label("Row 7, owed").press_sequentially("plenty")
    page.get_by_label("Row 7, approver").select_option("executive")
    page.get_by_label("Why").fill("The board wants to see it")
    page.get_by_role("button", name="Keep the draft").press("Enter")
    expect(page.get_by_text("'plenty' is not a number")).to_be_visible()
    fit(page)
    owed = page.get_by_label("Row 7, owed")
    expect(owed).to_have_value("plenty")
    owed.fill("> 5000")
    page.get_by_role("button", name="Keep the draft").press("Enter")
    expect(page.get_by_text("The draft is kept")).to_be_visible()
    expect(page.get_by_text("No gaps, no row that never decides")).to_be_visible()
    assert "far-too-much" in PolicyVersion.objects.get().text


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "dark"), (PHONE, "light")])
def test_the_editor_fits_and_is_accessible(
    people: People, open_page: Open, viewport: object, scheme: object
) -> None:
    page = open_page("/", viewport=viewport, scheme=scheme)
    log_in(page, people.manager)
    for path in ("/policy/eligibility/rows/", "/policy/", "/cases/limits/", "/cases/follow-ups/"):
        page.goto(path)
        fit(page)
