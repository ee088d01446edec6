"""Tests with Django: a real PostgreSQL per run, shared by the workers, each with its own database.

A conftest calls `set_up_django()` when it is imported and imports the fixture; tests elsewhere
never load Django.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.db import connection

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
    _let_tests_flush()


GUARDS = """DO $$ DECLARE name regclass; BEGIN
    FOR name IN SELECT tgrelid FROM pg_trigger WHERE tgname = 'audit_keep_all' LOOP
        EXECUTE format('ALTER TABLE %s {} TRIGGER {}', name);
    END LOOP;
END $$"""
"""What the owner of the tables can do about their guards."""


def _let_tests_flush() -> None:
    """Empty the tables after a test although they are append-only."""
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def unguarded(self: Any, statements: list[str]) -> None:
        off, on = (GUARDS.format(word, "audit_keep_all") for word in ("DISABLE", "ENABLE"))
        flush(self, [off, *statements, on])

    operations.execute_sql_flush = unguarded  # type: ignore[method-assign,assignment]


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
