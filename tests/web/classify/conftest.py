"""A lake of its own for every test."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def lake_address(tmp_path: Path, settings: Settings) -> str:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    return str(settings.AMENDS_LAKE)
