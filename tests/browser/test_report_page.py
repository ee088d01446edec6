from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from tests.flows.report_factory import EVERY_REPORT

from amends.flows.report import render_report

pytestmark = pytest.mark.browser

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = {"width": 1440, "height": 900}
OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.open = true })"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    paths = {}
    for name, make in EVERY_REPORT.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(render_report(make()), encoding="utf-8")
    return paths


class Watched:
    """A page that remembers what it asked for and what went wrong."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked_for: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))

    def _asked(self, request: Request) -> None:
        if not request.url.startswith("data:"):
            self.asked_for.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)


@pytest.fixture
def watched(chromium: Browser) -> Iterator[Watched]:
    context = chromium.new_context(viewport=DESK, reduced_motion="reduce")  # type: ignore[arg-type]
    yield Watched(context.new_page())
    context.close()


@pytest.mark.parametrize("name", EVERY_REPORT)
def test_nothing_is_fetched_and_nothing_goes_wrong(
    watched: Watched, reports: dict[str, Path], name: str
) -> None:
    address = reports[name].as_uri()
    watched.page.goto(address)
    watched.page.evaluate("document.fonts.ready")
    assert watched.asked_for == [address]
    assert watched.errors == []


def test_the_typeface_comes_with_the_page(watched: Watched, reports: dict[str, Path]) -> None:
    watched.page.goto(reports["full"].as_uri())
    watched.page.evaluate("document.fonts.ready")
    loaded = "[...document.fonts].map(f => [f.family.replaceAll('\"', ''), f.status].join(' '))"
    assert watched.page.evaluate(loaded) == ["Inter Variable loaded"]


@pytest.mark.parametrize("name", EVERY_REPORT)
def test_axe_finds_nothing(watched: Watched, reports: dict[str, Path], name: str) -> None:
    watched.page.emulate_media(color_scheme="light")
    watched.page.goto(reports[name].as_uri())
    if name in {"full", "extreme"}:
        watched.page.evaluate(OPEN_ALL)
    found = Axe().run(watched.page)
    assert found.violations_count == 0, found.generate_report()


def test_axe_finds_nothing_in_the_dark(watched: Watched, reports: dict[str, Path]) -> None:
    watched.page.emulate_media(color_scheme="dark")
    watched.page.goto(reports["full"].as_uri())
    watched.page.evaluate(OPEN_ALL)
    found = Axe().run(watched.page)
    assert found.violations_count == 0, found.generate_report()


def test_axe_finds_nothing_on_a_phone(watched: Watched, reports: dict[str, Path]) -> None:
    watched.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    watched.page.goto(reports["full"].as_uri())
    found = Axe().run(watched.page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", EVERY_REPORT)
def test_no_page_is_wider_than_the_screen(
    watched: Watched, reports: dict[str, Path], name: str
) -> None:
    watched.page.goto(reports[name].as_uri())
    for width in (320, 390, 768, 1024, 1440):
        watched.page.set_viewport_size({"width": width, "height": 844})
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width


def test_headings_go_down_one_step_at_a_time(watched: Watched, reports: dict[str, Path]) -> None:
    watched.page.goto(reports["full"].as_uri())
    levels = watched.page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(h => Number(h.tagName[1]))"
    )
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_quotes_open_by_keyboard(watched: Watched, reports: dict[str, Path]) -> None:
    watched.page.goto(reports["full"].as_uri())
    details = watched.page.locator("#cause-1 details")
    quote = details.locator("blockquote").first
    assert not quote.is_visible()
    details.locator("summary").focus()
    watched.page.keyboard.press("Enter")
    assert quote.is_visible()


def test_a_tile_of_the_map_leads_to_its_cause(watched: Watched, reports: dict[str, Path]) -> None:
    watched.page.goto(reports["full"].as_uri())
    watched.page.get_by_role("link", name="Wrong address: 118").press("Enter")
    row = watched.page.locator("tr:target")
    assert "Wrong address" in (row.text_content() or "")
    assert row.is_visible(), "it lies in the folded table, which opens by itself"


def test_the_theme_can_be_turned(watched: Watched, reports: dict[str, Path]) -> None:
    watched.page.emulate_media(color_scheme="light")
    watched.page.goto(reports["full"].as_uri())
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = watched.page.evaluate(background)
    button = watched.page.get_by_role("button", name="Dark theme")
    button.press("Space")
    assert watched.page.evaluate(background) != light
    assert button.get_attribute("aria-pressed") == "true"


def test_everything_is_there_without_scripts(chromium: Browser, reports: dict[str, Path]) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(reports["full"].as_uri())
        assert page.locator(".chart svg").first.is_visible()
        assert page.get_by_role("heading", name="What broke").is_visible()
        assert not page.locator("#theme").is_visible()


def test_paper_is_light_and_opens_the_folded_causes(
    watched: Watched, reports: dict[str, Path]
) -> None:
    watched.page.emulate_media(color_scheme="dark", media="print")
    watched.page.goto(reports["full"].as_uri())
    ink = watched.page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(23, 32, 46)"
    assert watched.page.locator("#cause-16").is_visible()
    assert watched.page.pdf().startswith(b"%PDF")
