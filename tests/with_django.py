"""Tests with Django: a real PostgreSQL per run, shared by the workers, each with its own database.

A conftest calls `set_up_django()` when it is imported and imports the fixture; tests elsewhere
never load Django.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

from amends.web.project.embedded import running_postgres, socket_folder
from amends.web.project.home import open_home

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]
HOME = Path(
    os.environ.setdefault("AMENDS_TESTS_HOME", f"{tempfile.gettempdir()}/amends-tests-{RUN}")
)
"""One for the whole run: workers inherit it, or find the same by the run's name."""


def set_up_django() -> None:
    """Configure Django for tests; nothing is started yet."""
    os.environ.pop("DATABASE_URL", None)
    os.environ["AMENDS_HOME"] = str(HOME)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.web.settings"
    django.setup()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,  # noqa: ARG001  (its effect is wanted)
) -> Iterator[None]:
    """Have the server run before the test databases are made, and stop it after the last worker."""
    home = open_home(HOME)
    with running_postgres(home, is_durable=False):
        yield
    if not (socket_folder(HOME) / ".s.PGSQL.5432").exists():
        shutil.rmtree(HOME, ignore_errors=True)
