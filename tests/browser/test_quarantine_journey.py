"""Mending a row by keyboard, and the pages of quarantine and sources on desk and phone."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from tests.arrivals import usual_weeks
from tests.browser.conftest import PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People

from amends.web.intake.accepting import accept_records
from amends.web.intake.models import QuarantinedRow, QuarantineState, Source, Way

pytestmark = pytest.mark.browser


def deliver() -> None:
    source = Source.objects.create(name="desk", title="Help desk", way=Way.API)
    usual_weeks("desk", timezone.now(), per_hour=2)
    at = {"kind": "survey", "occurred_at": "2026-03-02T09:00:00Z", "verbatim": "Late again"}
    rows = [{**at, "external_id": f"A-{n}", "nps": n} for n in (8, 77, 78)]
    accept_records(rows, source, timezone.now(), Way.API)


def test_a_row_is_mended_by_keyboard_and_the_next_one_discarded(
    people: People, open_page: Open
) -> None:
    deliver()
    page = open_page("/signals/quarantine/", expected=("422",))
    log_in(page, people.analyst)
    fit(page)
    drawer = page.get_by_role("dialog", name="Details")
    page.get_by_role("link", name="'78' is no").press("Enter")
    expect(drawer.get_by_label("nps")).to_be_focused()
    fit(page)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("79")
    page.keyboard.press("Enter")
    expect(drawer.get_by_role("alert").first).to_contain_text("still cannot be read: '79' is no")
    drawer.get_by_label("nps").press("ControlOrMeta+a")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    expect(drawer).to_contain_text("Accepted")
    expect(page.get_by_role("link", name="'79' is no")).to_have_count(0)  # the list knows
    drawer.get_by_role("link", name="Next row").press("Enter")
    drawer.get_by_label("Why it is not needed").fill("A test of the vendor")
    page.keyboard.press("Enter")
    expect(drawer).to_contain_text("Take it back into quarantine")
    fit(page)
    page.keyboard.press("Escape")
    expect(page.locator("#quarantine")).to_contain_text("Nothing is in quarantine")
    states = QuarantinedRow.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [QuarantineState.DISCARDED, QuarantineState.MENDED]


def test_sources_and_quarantine_fit_on_a_phone(people: People, open_page: Open) -> None:
    deliver()
    page = open_page("/sources/", viewport=PHONE, scheme="dark")
    log_in(page, people.analyst)
    fit(page)
    page.get_by_role("link", name="Help desk").click()
    expect(page.locator("[data-chart] svg")).to_be_visible()
    fit(page)
    page.get_by_role("link", name="Quarantine", exact=True).click()
    fit(page)
    page.get_by_role("link", name="Send all 2 again").click()
    drawer = page.get_by_role("dialog", name="Details")
    drawer.get_by_label("Column").select_option("nps")
    drawer.get_by_label("From").fill("77")
    drawer.get_by_label("To").fill("7")
    drawer.get_by_role("button", name="Count the rows").click()
    expect(drawer.get_by_role("button", name="Change and send 1 row again")).to_be_visible()
    fit(page)
    drawer.get_by_role("button", name="Change and send 1 row again").click()
    expect(drawer.get_by_role("progressbar")).to_be_visible()
