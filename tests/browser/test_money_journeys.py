"""A manager approves from a mail link; compliance publishes after a replay; two people at once."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People
from tests.web.alerts.alert_servers import smtp_server
from tests.web.cases.cashiers import cashier_server, connect, connect_post
from tests.web.cases.making import make_case, make_customer
from tests.web.cases.test_policy_pages import limits

from amends.web.accounts.models import Team
from amends.web.alerts.models import Channel, ChannelKind
from amends.web.cases import approval_links
from amends.web.cases.letters import LETTERS
from amends.web.cases.models import Action, ActionState, Case
from amends.web.cases.paying import PAYMENTS
from amends.web.intake.sealing import seal
from amends.web.recommend.actions import draft_policy
from amends.web.recommend.models import PolicyVersion

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    settings.PATIENCE_SECONDS = None


@pytest.fixture
def case(people: People) -> Case:
    return make_case(
        owner=people.owner,
        team=Team.objects.get(name="Care"),
        loss=Decimal(80),
        severity="high",
        opened_at=timezone.now() - timedelta(hours=1),
    )


def test_a_manager_approves_from_a_mail_link(
    people: People, case: Case, open_page: Open, settings: Settings
) -> None:
    page = open_page(f"/cases/{case.ref}/")
    settings.PUBLIC_URL = re.sub(r"(https?://[^/]+).*", r"\1", page.url)
    log_in(page, people.owner)
    page.get_by_role("link", name="Change", exact=True).press("Enter")
    drawer = page.get_by_role("dialog", name="Details")
    drawer.get_by_label(re.compile("the team leader approves")).first.check()
    drawer.get_by_label(re.compile("Why")).fill("Let down badly")
    fit(page)
    drawer.get_by_role("button", name="Do this instead").press("Enter")
    expect(page.locator(".decided")).to_contain_text("Waits for approval")
    with smtp_server() as box, cashier_server() as server:
        connect(server)
        Channel.objects.create(
            name="Mail",
            kind=ChannelKind.EMAIL,
            position=1,
            is_personal=True,
            address=seal({"url": box.address}),
        )
        assert approval_links.mail_links(timezone.now()) == 1
        link = re.search(r"https?://\S+/approval/\S+/", box.text())
        assert link is not None
        mail = open_page(link[0], viewport=PHONE, scheme="dark", expected=("410",))
        expect(mail.get_by_text("Let down badly")).to_be_visible()
        fit(mail)
        assert Action.objects.get().state == ActionState.WAITING, "opening it decides nothing"
        mail.get_by_role("button", name="Approve").press("Enter")
        expect(mail.get_by_text("The link decides nothing more.")).to_be_visible()
        fit(mail)
        mail.goto(link[0])
        expect(mail.get_by_text("This link was used already.")).to_be_visible()
        mail.goto(f"/cases/{case.ref}/")
        expect(mail.get_by_role("heading", name="Log in")).to_be_visible()
        page.reload()
        expect(page.locator(".decided")).to_contain_text("approved by Mara M.")
        assert PAYMENTS.run(lambda: timezone.now() + timedelta(minutes=2)) == 1
        assert server.balance == Action.objects.get().amount
    page.reload()
    expect(page.get_by_text(re.compile("The cashier pays"))).to_be_visible()
    fit(page)


def test_compliance_publishes_a_version_after_a_replay(people: People, open_page: Open) -> None:
    made = [
        make_case(
            team=Team.objects.get(name="Care"),
            customer=make_customer(f"R{n}", value_per_year=Decimal(9000)),
            loss=Decimal(38),
            opened_at=timezone.now() - timedelta(days=n + 1),
        )
        for n in range(4)
    ]
    draft_policy(people.manager, "limits", limits(0), "Money only with a second pair of eyes")
    page = open_page("/policy/limits/")
    log_in(page, people.compliance)
    expect(page.get_by_text("Money only with a second pair of eyes")).to_be_visible()
    expect(page.get_by_text("role = agent: limit 0")).to_be_visible()
    expect(page.get_by_text(re.compile("would be decided differently"))).to_be_visible()
    expect(page.get_by_text(re.compile("It would have cost"))).to_be_visible()
    differing = page.get_by_role("region", name="Cases that differ").get_by_role("link")
    assert differing.first.inner_text() in {case.ref for case in made}
    fit(page)
    page.get_by_role("button", name="Publish").press("Enter")
    expect(page.get_by_text("It is published").first).to_be_visible()
    expect(page.get_by_text("reviewed by Cora C.")).to_be_visible()
    fit(page)
    version = PolicyVersion.objects.get()
    assert version.published_at is not None
    assert version.reviewer == people.compliance


def test_two_people_at_once_see_each_other_and_lose_nothing(
    people: People, case: Case, open_page: Open
) -> None:
    one = open_page(f"/cases/{case.ref}/", expected=("422",))
    log_in(one, people.owner)
    other = open_page(f"/cases/{case.ref}/", viewport=DESK, scheme="dark")
    log_in(other, people.colleague)
    expect(other.locator("#viewers")).to_contain_text("Olu O.")
    fit(other)
    for page in (one, other):
        page.keyboard.press("r")
        page.get_by_role("dialog", name="Details").locator("textarea").fill(f"By {page.url[:4]}")
    other.get_by_role("button", name="Note it").press("Enter")
    expect(other.get_by_role("dialog", name="Details")).to_be_hidden()
    one.get_by_role("dialog", name="Details").locator("textarea").fill("Your parcel is on its way")
    one.get_by_role("button", name="Note it").press("Enter")
    drawer = one.get_by_role("dialog", name="Details")
    expect(drawer).to_contain_text("Cleo")
    expect(drawer.locator("textarea")).to_have_value("Your parcel is on its way")
    fit(one)
    drawer.get_by_role("button", name="Note it").press("Enter")
    expect(drawer).to_be_hidden()
    assert case.entries.filter(kind="reply").count() == 2


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_message_is_written_out_copied_and_noted_or_goes_by_post(
    people: People, case: Case, open_page: Open, viewport: object, scheme: object
) -> None:
    page = open_page(f"/cases/{case.ref}/", viewport=viewport, scheme=scheme)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    log_in(page, people.owner)
    expect(page.get_by_role("link", name="Do: Ask whether it arrived")).to_have_count(0)
    drawer = page.get_by_role("dialog", name="Details")
    page.get_by_role("link", name="Do: Say that it was heard").press("Enter")
    drawer.get_by_label("What happened").fill("the parcel came late")
    drawer.get_by_label("Answer by").fill("2026-12-01")
    fit(page)
    drawer.get_by_role("button", name="Write it out").press("Enter")
    drawer.get_by_role("button", name="Copy").press("Enter")
    expect(drawer.get_by_role("button", name="Copied")).to_be_visible()
    assert "that the parcel came late" in page.evaluate("navigator.clipboard.readText()")
    fit(page)
    drawer.get_by_role("button", name="I have sent it").press("Enter")
    expect(drawer).to_be_hidden()
    expect(page.get_by_text("Say that it was heard: sent by hand")).to_be_visible()
    second = make_case(owner=people.owner, team=case.team)
    with cashier_server() as server:
        connect_post(server)
        page.goto(f"/cases/{second.ref}/")
        page.get_by_role("link", name="Do: Say that it was heard").press("Enter")
        drawer.get_by_label("What happened").fill("it never came")
        drawer.get_by_label("Answer by").fill("2026-12-01")
        drawer.get_by_role("button", name="Write it out").press("Enter")
        drawer.get_by_role("button", name="Send it").press("Enter")
        expect(page.get_by_text("it goes out within a minute")).to_be_visible()
        assert LETTERS.run() == 1
        assert "it never came" in next(iter(server.written.values()))
    page.reload()
    expect(page.get_by_text("The post delivers")).to_be_visible()
    fit(page)
