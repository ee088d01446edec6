"""A file on its way through the pages: upload, mapping, dry run, import, and its signals."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_django import Settings
from tests.browser.conftest import PHONE, Open
from tests.browser.test_web_journeys import fit, log_in
from tests.people import People

from amends.web.intake import jobs
from amends.web.intake.models import Import
from amends.web.project import pipeline

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _own_folders(settings: Settings, tmp_path: Path) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    settings.UPLOADS = tmp_path / "uploads"


def complaints(path: Path) -> Path:
    rows = [f'C-{i},2025-03-{i % 28 + 1:02},fibre,"The line {i} is dead again"' for i in range(60)]
    rows[5] = 'C-5,soon,fibre,"The line 5 is dead again"'
    path.write_text("\n".join(["Complaint ID,Date,Product,Comment", *rows, ""]))
    return path


def test_from_a_file_to_its_signals(people: People, open_page: Open, tmp_path: Path) -> None:
    page = open_page("/signals/import/")
    log_in(page, people.manager)
    fit(page)
    page.get_by_label("File", exact=True).set_input_files(complaints(tmp_path / "may.csv"))
    page.get_by_role("button", name="Upload").press("Enter")
    expect(page.get_by_role("heading", name="How it is read")).to_be_visible()
    found = Import.objects.get()
    fit(page)
    page.get_by_label("Source").fill("shop")
    page.get_by_label("Read Product as").select_option("attribute")
    page.get_by_role("button", name="Dry run").press("Enter")
    expect(page.get_by_role("progressbar")).to_be_visible()
    fit(page)
    jobs.rehearse_import(found.pk)
    page.get_by_role("link", name="See what would become of the rows").click()
    expect(page.get_by_text("no date of the form that the column has").first).to_be_visible()
    expect(page.get_by_label("Read Product as")).to_have_value("attribute")
    fit(page)
    page.set_viewport_size(PHONE)
    fit(page)
    page.get_by_role("button", name="Import 60 rows").press("Enter")
    expect(page.get_by_role("heading", name="Waits its turn")).to_be_visible()
    jobs.carry_out_import(found.pk)
    expect(page.get_by_role("heading", name="Done")).to_be_visible()  # without being reloaded
    fit(page)
    pipeline.work_off()
    page.get_by_role("link", name="Show the signals").click()
    expect(page.get_by_role("heading", name="59 signals")).to_be_visible()


def test_importing_without_scripts(people: People, open_page: Open, tmp_path: Path) -> None:
    page = open_page("/signals/import/", scripts=False)
    log_in(page, people.manager)
    page.get_by_label("File", exact=True).set_input_files(complaints(tmp_path / "may.csv"))
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Dry run").click()
    jobs.rehearse_import(Import.objects.get().pk)
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("button", name="Import 60 rows").click()
    jobs.carry_out_import(Import.objects.get().pk)
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
