import re

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People

from amends.web.intake.models import Source, Way

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_source_gets_a_token_and_a_secret(people: People, open_page: Open, scheme: str) -> None:
    Source.objects.create(name="shop", title="The shop", way=Way.API)
    page = open_page("/log-in/?next=/sources/shop/access/", scheme=scheme)
    log_in(page, people.admin)
    fit(page)
    page.get_by_label("Label").fill("Shop back end")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_label("Token", exact=True)).to_have_value(re.compile("^amends_"))
    fit(page)
    page.get_by_role("button", name="Set the secret").click()
    expect(page.get_by_text("The secret was set")).to_be_visible()
    page.set_viewport_size(PHONE)
    fit(page)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke Shop back end").click()
    expect(page.get_by_text("Revoked")).to_be_visible()
