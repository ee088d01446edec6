"""Which PostgreSQL Django talks to: the one named by DATABASE_URL, else the embedded one."""

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from amends.engine.contracts import BadInput
from amends.web.project.embedded import uri
from amends.web.project.environment import Environment

POOL = {"min_size": 1, "max_size": 16, "timeout": 10}
"""Connections per process: requests run in threads and share them."""


def database_settings(environment: Environment) -> dict[str, Any]:
    """Return one entry of Django's DATABASES.

    Raises
    ------
    BadInput
        DATABASE_URL is no address of a PostgreSQL database.
    """
    address = environment.database_url or uri(environment.home)
    try:
        parts = conninfo_to_dict(address)
    except Exception:  # noqa: BLE001  (psycopg's own class would show the password in its message)
        parts = {}
    if not parts.get("dbname"):
        raise BadInput(
            "This is no address of a PostgreSQL database.",
            where="DATABASE_URL",
            remedy="Write postgresql://user:password@host:5432/amends",
        )
    named = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    settings = {django: str(parts.pop(ours)) for ours, django in named.items() if ours in parts}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **settings,
        "OPTIONS": {**parts, "pool": POOL},
        "CONN_HEALTH_CHECKS": True,
    }
