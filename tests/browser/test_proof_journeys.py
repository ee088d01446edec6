"""An auditor verifies the trail; an agent on the phone is asked a policy table, by keyboard."""

import hashlib
import json
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import expect
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People
from tests.with_django import GUARDS

from amends.web.accounts import actions

pytestmark = pytest.mark.browser


def rename_behind_the_triggers_back() -> None:
    with connection.cursor() as cursor:
        cursor.execute(GUARDS.format("DISABLE", "USER"))
        cursor.execute("UPDATE accounts_userevent SET name = 'Nobody' WHERE name = 'Olu Other'")
        cursor.execute(GUARDS.format("ENABLE", "USER"))


def test_an_auditor_verifies_the_trail(people: People, open_page: Open) -> None:
    actions.change_person(people.admin, people.owner, name="Olu Other", roles=["agent"], teams=[])
    page = open_page("/audit/")
    log_in(page, people.compliance)
    page.goto("/audit/")
    page.get_by_label("To what kind of thing").select_option("accounts_userevent")
    page.get_by_label("What was done").select_option("update")
    page.wait_for_url("**verb=update**")
    page.get_by_role("link", name="changed").first.click()
    drawer = page.get_by_role("dialog", name="Details")
    expect(drawer).to_contain_text("Olu Owner")
    expect(drawer).to_contain_text("Olu Other")
    fit(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Verify the trail").press("Enter")
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("The trail is whole")
    head = verdict.locator("code").inner_text()
    fit(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    first, *links = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["head"] == head
    last = json.loads(links[-1])
    assert last["digest"] == hashlib.sha256(last["content"].encode()).hexdigest()
    rename_behind_the_triggers_back()
    page.get_by_label("Head that was noted before").fill(head)
    page.keyboard.press("Enter")
    expect(verdict).to_contain_text("The trail is broken")
    expect(verdict).to_contain_text("is not what was chained")


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_the_pages_fit_and_are_accessible(
    people: People, open_page: Open, viewport: object, scheme: object
) -> None:
    page = open_page("/", viewport=viewport, scheme=scheme)
    log_in(page, people.compliance)
    for path, told in (
        ("/audit/", "User"),
        ("/audit/1/", "In the chain"),
        ("/policy/approvals/questions/", "Role?"),
        ("/policy/approvals/questions/?role=manager", "Approver: nobody"),
        ("/policy/entitlement_contract/questions/?cause=billing/double_charge", "Loss?"),
        ("/policy/limits/draft/", "Read a file"),
    ):
        page.goto(path)
        expect(page.locator("#main")).to_contain_text(told)
        fit(page)


def test_an_agent_on_the_phone_is_asked_by_keyboard(people: People, open_page: Open) -> None:
    page = open_page("/policy/approvals/questions/", viewport=PHONE)
    log_in(page, people.owner)
    page.goto("/policy/approvals/questions/")
    for question, choice in (
        ("Role?", "Agent"),
        ("Owed?", "From 50.01, up to 500"),
        ("Given 90 days?", "Not known"),
        ("Claims 90 days?", "Not known"),
    ):
        expect(page.get_by_role("heading", name=question)).to_be_visible()
        for _ in range(8):
            if page.evaluate("document.activeElement.textContent") == choice:
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=question)).to_have_count(0)
    expect(page.locator("#main")).to_contain_text("Approver: team leader")
    expect(page.locator("#main")).to_contain_text("Owed above agent")
    fit(page)
