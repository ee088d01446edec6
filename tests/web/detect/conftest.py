"""A lake of its own for each test, and pages that wait for their figures."""

from pathlib import Path

import pytest
from pytest_django import Settings

from amends.web.detect.course import ranges


@pytest.fixture(autouse=True)
def lake_of_its_own(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    settings.PATIENCE_SECONDS = 60
    ranges.clear()
