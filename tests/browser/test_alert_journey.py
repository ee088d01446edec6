"""Alerts in a real browser: acknowledged with one click, a rule previewed, a channel tested."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize, expect
from pytest_django import Settings
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People
from tests.web.alerts.alert_servers import http_server
from tests.web.alerts.alerting import burst, make_alert, make_rota, send_all
from tests.web.signals import fill_lake

from amends.web.alerts.climbing import climb

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    settings.PATIENCE_SECONDS = None


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "dark"), (PHONE, "light")])
def test_a_manager_reads_acknowledges_and_makes_a_rule(
    people: People, open_page: Open, viewport: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    fill_lake(burst(12))
    make_rota(people.manager, people.analyst, quiet_from=None)
    make_alert(owner=people.manager, title="Late parcels in the north", severity="critical")
    climb(timezone.now() + timedelta(minutes=20))
    page = open_page("/alerts/", viewport=viewport, scheme=scheme, expected=("422",))
    log_in(page, people.manager)
    fit(page)
    page.get_by_role("link", name="Late parcels in the north").click()
    expect(page.get_by_text("Shown on the pages.").first).to_be_visible()
    fit(page)
    page.go_back()
    page.get_by_role("button", name="Acknowledge Late parcels in the north").press("Enter")
    expect(page.get_by_text("Acknowledged").first).to_be_visible()
    page.goto("/alerts/on-call/")
    fit(page)
    page.get_by_role("link", name="Change").click()
    expect(page.get_by_role("heading", name="Change Everything")).to_be_visible()
    fit(page)
    page.goto("/alerts/rules/")
    fit(page)
    page.get_by_role("link", name="A measure passes a threshold").click()
    page.wait_for_url("**/rules/new/threshold/")
    page.get_by_label("Threshold").fill("8")
    page.get_by_label("Threshold").press("Tab")
    expect(page.get_by_text("1 alarm")).to_be_visible(timeout=30_000)  # the lake is opened
    expect(page.locator("[data-chart] canvas, [data-chart] svg")).to_have_count(1)
    fit(page)
    page.get_by_label("Name").fill("Many complaints")
    page.get_by_role("button", name="Make the rule").click()
    expect(page.get_by_role("heading", name="Many complaints")).to_be_visible()
    fit(page)


def test_an_administrator_adds_a_channel_and_sees_its_test_arrive(
    people: People, open_page: Open
) -> None:
    page = open_page("/alerts/channels/", viewport=PHONE)
    log_in(page, people.admin)
    with http_server() as hook:
        page.get_by_role("link", name="Add a channel").click()
        page.get_by_label("Name").fill("Ops room")
        page.get_by_label("Kind").select_option("webhook")
        page.get_by_label("Address").fill(hook.address)
        fit(page)
        page.get_by_role("button", name="Save channel").click()
        expect(page.get_by_role("link", name="Ops room")).to_be_visible()
        page.get_by_role("button", name="Send a test through Ops room").click()
        expect(page.get_by_text("1 message on the way")).to_be_visible()
        send_all()
        page.goto("/alerts/channels/")
        expect(page.get_by_text("Delivered")).to_be_visible()
        fit(page)
        assert hook.posts[0]["title"] == "amends: a test"
