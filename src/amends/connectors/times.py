"""Times of sources: instants in text or seconds, and the version that a time of change makes."""

from datetime import UTC, datetime
from typing import Final

from amends.engine.contracts import BadInput

_VERSIONS_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)


def instant_of(value: object) -> datetime | None:
    """Return the instant that a field holds: ISO 8601, or seconds since 1970; None without one.

    Raises
    ------
    BadInput
        The field holds something else.

    """
    if isinstance(value, bool) or value is None or value == "":
        return None
    text = str(value).strip()
    try:
        if isinstance(value, int | float) or text.isdigit():
            return datetime.fromtimestamp(float(text), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise BadInput(f"{text!r} is no date.", remedy="Write it as 2026-01-31.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def epoch_of(value: object) -> int:
    """Return the whole seconds since 1970 of what `instant_of` reads; 0 without an instant."""
    found = instant_of(value)
    return int(found.timestamp()) if found else 0


def version_of(value: object) -> int:
    """Return the version that a record changed at this instant has: a later one is higher.

    Seconds since 2000, so that they fit 32 bits until 2068; 1 without an instant.
    """
    found = instant_of(value)
    return max(1, int((found - _VERSIONS_FROM).total_seconds())) if found else 1
