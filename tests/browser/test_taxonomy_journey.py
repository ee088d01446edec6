"""From what has no name to a cause: topics and the taxonomy by keyboard, on desk and phone."""

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People
from tests.web.classify.unsure import described, say

from amends.web.classify.in_force import taxonomy_in_force
from amends.web.classify.models import Topic
from amends.web.classify.previewing import make_preview
from amends.web.classify.topics import search
from amends.web.project import pipeline, rewriting

pytestmark = pytest.mark.browser
LATE = "delivery/carrier_delay"


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")


@pytest.fixture
def _drones(people: People) -> None:  # noqa: ARG001  (the database is theirs)
    described()
    say(words=("drone",))
    search(timezone.now())


@pytest.mark.usefixtures("_drones")
def test_a_topic_becomes_a_cause_and_the_cause_moves(people: People, open_page: Open) -> None:
    topic = Topic.objects.get()
    page = open_page("/causes/topics/")
    log_in(page, people.analyst)
    page.goto("/causes/topics/")
    page.get_by_role("link", name=str(topic)).press("Enter")
    expect(page.get_by_role("heading", name="Make it a cause")).to_be_visible()
    page.get_by_label("Name").fill("Drone drops it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("“Drone drops it” is a cause now")
    page.goto("/causes/taxonomy/")
    page.get_by_role("link", name="Drone drops it").press("Enter")
    page.get_by_text("Move it").press("Enter")
    page.get_by_label("To the branch").select_option("order")
    page.get_by_role("button", name="Move", exact=True).press("Enter")
    expect(page.locator("#draft")).to_contain_text("Moved “Drone drops it” to “Order and stock”")
    fit(page)
    make_preview(timezone.now())
    page.reload()
    page.locator("#draft").get_by_label("Why").fill("Stock flies it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("It is in force")
    while rewriting.rewrite_next():
        pipeline.work_off()
    assert "order/drone_drops_it" in taxonomy_in_force()


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "light"), (PHONE, "dark")])
@pytest.mark.usefixtures("_drones")
def test_the_pages_of_causes_fit_and_are_accessible(
    people: People, open_page: Open, viewport: object, scheme: object
) -> None:
    page = open_page("/", viewport=viewport, scheme=scheme)
    log_in(page, people.analyst)
    for path, told in (
        ("/causes/", "Causes across touchpoints"),
        ("/causes/compare/?by=channel", "differ by more than chance"),
        ("/causes/topics/", "12 of 12 unsure texts"),
        (f"/causes/topics/{Topic.objects.get().pk}/", "What sets it apart"),
        (f"/causes/taxonomy/?cause={LATE}", "Change in the draft"),
    ):
        page.goto(path)
        expect(page.locator("#main")).to_contain_text(told)
        fit(page)
