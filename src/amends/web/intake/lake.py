"""The lake of this installation."""

from functools import cache

from django.conf import settings

from amends.store import Lake, open_lake


def lake() -> Lake:
    """Return the lake at `AMENDS_LAKE`, read by `AMENDS_ENGINE`, opened once per process."""
    return _opened(settings.AMENDS_LAKE, settings.AMENDS_ENGINE)


@cache
def _opened(address: str, engine: str) -> Lake:
    return open_lake(address, engine=engine)
