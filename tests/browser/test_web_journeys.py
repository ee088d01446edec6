import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django import Settings
from tests.browser.conftest import DESK, PHONE, Open
from tests.people import PASSWORD, People

from amends.web.accounts.demo import make_demo_people
from amends.web.accounts.models import User

pytestmark = pytest.mark.browser
DARK = "document.documentElement.dataset.theme === 'dark'"
WIDTH = "document.documentElement.scrollWidth"


def log_in(page: Page, user: User) -> None:
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/log-in/" not in url)


def fit(page: Page) -> None:
    """Nothing to complain about for axe, and nothing wider than the screen, once all is there."""
    page.evaluate("document.fonts.ready")
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    page.evaluate("Promise.allSettled(document.getAnimations().map(a => a.finished))")
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    assert page.viewport_size
    assert page.evaluate(WIDTH) <= page.viewport_size["width"], page.url


def test_logging_in_by_keyboard(people: People, open_page: Open) -> None:
    page = open_page("/people/", expected=("422",))
    expect(page.get_by_label("E-mail")).to_be_focused()  # by itself, and before anything is typed
    page.keyboard.type(people.manager.email)
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("E-mail or password is wrong.")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.goto("/profile/")
    page.get_by_role("button", name="Log out").press("Enter")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_the_theme_is_switched_at_once_and_kept(people: People, open_page: Open) -> None:
    page = open_page("/")
    log_in(page, people.owner)
    assert not page.evaluate(DARK)
    with page.expect_response("**/profile/theme/"):
        page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate(DARK)
    page.reload()
    assert page.evaluate(DARK)
    fit(page)
    page.context.clear_cookies()
    page.goto("/log-in/")
    assert page.evaluate(DARK)  # also before one has logged in again
    log_in(page, people.owner)
    page.goto("/profile/")
    page.get_by_role("radio", name="As the device").check()
    page.get_by_role("button", name="Save theme").click()
    page.wait_for_load_state()
    assert not page.evaluate(DARK)
    people.owner.refresh_from_db()
    assert people.owner.theme == "system"


def test_finding_ones_way_on_a_phone(people: People, open_page: Open) -> None:
    page = open_page("/", viewport=PHONE)
    log_in(page, people.admin)
    link = page.get_by_role("link", name="System")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()
    fit(page)
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    link.click()
    expect(page.get_by_role("heading", name="System")).to_be_visible()
    for address in ("/system/", "/people/", "/people/new/", "/profile/", "/"):
        page.goto(address)
        fit(page)


def test_an_administrator_changes_somebody_in_the_drawer(people: People, open_page: Open) -> None:
    page = open_page("/people/")
    log_in(page, people.admin)
    drawer = page.get_by_role("dialog", name="Details")
    page.get_by_role("link", name="Cleo Colleague").press("Enter")
    expect(drawer).to_be_visible()
    fit(page)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page.get_by_role("link", name="Cleo Colleague")).to_be_focused()
    page.keyboard.press("Enter")
    drawer.get_by_label("QA analyst").check()
    drawer.get_by_role("button", name="Save").click()
    expect(drawer).to_be_hidden()
    row = page.get_by_role("row").filter(has_text="Cleo Colleague")
    expect(row).to_contain_text("Agent, QA analyst")  # without reloading the page
    page.get_by_label("Search people").fill("otto")
    expect(row).to_be_hidden()
    expect(page.get_by_role("row")).to_have_count(2)
    assert page.url.endswith("/people/?q=otto&role=")


def test_adding_somebody_and_being_refused(people: People, open_page: Open) -> None:
    page = open_page("/people/", expected=("422",))
    log_in(page, people.admin)
    drawer = page.get_by_role("dialog", name="Details")
    page.get_by_role("link", name="Add a person").click()
    drawer.get_by_label("Name").fill("New Person")
    drawer.get_by_label("E-mail").fill(people.owner.email)
    drawer.get_by_label("Agent").check()
    drawer.get_by_role("button", name="Add person").click()
    expect(drawer.get_by_role("alert")).to_contain_text("already exists")
    drawer.get_by_label("E-mail").fill("new@example.com")
    drawer.get_by_role("button", name="Add person").click()
    link = drawer.get_by_label("Link").input_value()
    expect(page.get_by_role("row").filter(has_text="New Person")).to_contain_text("Invited")
    page.context.clear_cookies()
    page.goto(link.removeprefix("http://localhost:8000"))
    fit(page)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Save and log in").click()
    page.wait_for_url("**/cases/")


def test_everything_works_without_scripts(people: People, open_page: Open) -> None:
    page = open_page("/people/", scripts=False)
    log_in(page, people.admin)
    page.get_by_label("Search people").fill("otto")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="Otto Outsider").click()
    page.get_by_label("Leader").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="Otto")).to_contain_text("CX leader")
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.locator("html[data-theme=dark]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_all_roles(
    people: People, open_page: Open, settings: Settings, scheme: str
) -> None:
    settings.DEMO = True
    make_demo_people()
    page = open_page("/log-in/", scheme=scheme, expected=("404", "403"))
    fit(page)
    page.get_by_role("button", name="Priya Nair").click()
    for address in ("/", "/people/", "/profile/", "/nowhere/", "/system/"):
        page.goto(address)
        fit(page)
    page.context.clear_cookies()
    page.goto("/log-in/?next=/system/")
    log_in(page, people.admin)
    for address in ("/system/", "/", "/teams/"):
        page.goto(address)
        fit(page)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_parts_in_the_gallery(
    people: People, open_page: Open, settings: Settings, viewport: dict[str, int]
) -> None:
    settings.ROOT_URLCONF = "tests.browser.gallery_urls"
    page = open_page("/log-in/", viewport=viewport)
    log_in(page, people.owner)
    page.goto("/gallery/")
    for name in ("volume", "flow"):
        chart = page.locator(f"[data-chart={name}]")
        chart.scroll_into_view_if_needed()
        expect(chart.locator("svg")).to_be_visible()
    fit(page)
    line = page.locator("[data-chart=volume] svg path[stroke-width='2']").first
    before = line.get_attribute("stroke")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.evaluate("document.dispatchEvent(new CustomEvent('theme-changed'))")
    expect(line).not_to_have_attribute("stroke", before or "")
    fit(page)
    where = """() => {
      const element = document.querySelector('[data-chart=volume]');
      const chart = echarts.getInstanceByDom(element), box = element.getBoundingClientRect();
      const mark = chart.getOption().series[3].data[0].value;
      const [x, y] = chart.convertToPixel({ seriesIndex: 3 }, mark);
      return [box.x + x, box.y + y];
    }"""
    page.locator("[data-chart=volume]").scroll_into_view_if_needed()
    page.mouse.click(*page.evaluate(where))
    # a mark opens what lies behind it
    expect(page.get_by_role("dialog", name="Details")).to_be_visible()
