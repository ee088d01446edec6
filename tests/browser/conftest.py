"""A Chromium for all journeys of a worker, and pages that fail a test when anything goes wrong."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright
from pytest_django.live_server_helper import LiveServer
from tests.with_django import django_db_modify_db_settings, set_up_django

set_up_django()

from tests.people import People, make_people  # noqa: E402  (models need Django set up)

__all__ = ["django_db_modify_db_settings"]

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def web_chromium() -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread, in which Django's ORM would refuse to work.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(QUIET))
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def people(transactional_db: None) -> People:  # noqa: ARG001  (the live server must see them)
    return make_people()


@pytest.fixture
def open_page(web_chromium: Browser, live_server: LiveServer) -> Iterator[Open]:
    """Return a function that opens a page of the live server; errors in it fail the test."""
    went_wrong: list[str] = []
    contexts = []

    def heard(expected: tuple[str, ...], message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in expected):
            went_wrong.append(message.text)

    def open_one(
        path: str = "/",
        *,
        viewport: ViewportSize = DESK,
        scheme: Literal["light", "dark"] = "light",
        scripts: bool = True,
        expected: tuple[str, ...] = (),
    ) -> Page:
        context = web_chromium.new_context(
            base_url=live_server.url,
            viewport=viewport,
            color_scheme=scheme,
            reduced_motion="reduce",
            locale="en-GB",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", partial(heard, expected))
        page.on("pageerror", lambda error: went_wrong.append(str(error)))
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert went_wrong == []
