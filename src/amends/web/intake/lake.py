"""The lake of this installation."""

from functools import cache

from django.conf import settings

from amends.store import Lake, open_lake


def lake() -> Lake:
    """Return the lake at `AMENDS_LAKE`, opened once per process."""
    return _opened(settings.AMENDS_LAKE)


@cache
def _opened(address: str) -> Lake:
    return open_lake(address)
