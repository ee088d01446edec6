"""From nothing to a usable Django: data folder, secret key, PostgreSQL, settings."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import django
import psycopg

from amends.engine.contracts import BadInput
from amends.web.project.embedded import running_postgres
from amends.web.project.environment import read_environment
from amends.web.project.home import Home, keep_secret_key, open_home

SETTINGS = "amends.web.project.settings"


@contextmanager
def prepared(folder: Path | None = None) -> Iterator[Home]:
    """Yield the data folder while its database runs and Django is set up.

    `folder` overrules `AMENDS_HOME`. Child processes inherit the choice.

    Raises
    ------
    BadInput
        The environment, the folder or the database cannot be used; the message says what to do.
    """
    if folder is not None:
        os.environ["AMENDS_HOME"] = str(folder.expanduser().absolute())
    environment = read_environment()
    os.environ["AMENDS_HOME"] = str(environment.home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    home = open_home(environment.home)
    if not environment.secret_key:
        keep_secret_key(home)
    own = environment.database_url
    if own:
        _reach(own)
    with nullcontext() if own else running_postgres(home):
        django.setup()
        yield home


def _reach(address: str) -> None:
    """Fail early, and without the password in the message, when the database is not there."""
    try:
        psycopg.connect(address, connect_timeout=10).close()
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else "no reason given"
        raise BadInput(
            f"The database cannot be reached: {reason}",
            where="DATABASE_URL",
            remedy="Start that server or correct DATABASE_URL; without it amends brings its own.",
        ) from None
