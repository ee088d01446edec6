"""What a page shows: period, dimensions and cause, in the address and kept from page to page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone

PERIODS: Final[Mapping[str, tuple[str, int]]] = {
    "7d": ("Last 7 days", 7),
    "28d": ("Last 28 days", 28),
    "90d": ("Last 90 days", 90),
    "365d": ("Last 12 months", 365),
}
DEFAULT_PERIOD: Final = "28d"
FILTERED: Final = ("product", "channel", "region", "segment")
"""The dimensions that pages are filtered by."""
LONGEST_VALUE: Final = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """One choice of filters at one moment."""

    until: datetime
    """Now, as the page was asked for."""
    period: str = DEFAULT_PERIOD
    dims: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""
    """A path; "delivery" stands for everything below it."""

    @property
    def days(self) -> int:
        """Return the length of the period."""
        return PERIODS[self.period][1]

    @property
    def since(self) -> datetime:
        """Return the beginning of the period."""
        return self.until - timedelta(days=self.days)

    @property
    def before(self) -> "Filters":
        """Return the same filters for the period of the same length before."""
        return replace(self, until=self.since)

    @property
    def label(self) -> str:
        """Return the period in words."""
        return PERIODS[self.period][0]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the period was chosen."""
        return bool(self.dims or self.cause)

    def query(self, **changes: str) -> str:
        """Return the address part, `?period=7d&region=west`, with changes; "" removes one.

        What is the default is left out; nothing at all gives an empty string.
        """
        chosen = {"period": self.period, **self.dims, "cause": self.cause, **changes}
        if chosen["period"] == DEFAULT_PERIOD:
            chosen["period"] = ""
        told = {name: value for name, value in chosen.items() if value}
        return f"?{urlencode(told)}" if told else ""


def filters_of(request: HttpRequest) -> Filters:
    """Read the filters of a request; what makes no sense is left aside."""
    asked = request.GET
    period = asked.get("period", DEFAULT_PERIOD)
    dims = {dim: cleaned(asked.get(dim, "")) for dim in FILTERED}
    return Filters(
        until=timezone.now(),
        period=period if period in PERIODS else DEFAULT_PERIOD,
        dims={dim: value for dim, value in dims.items() if value},
        cause=cleaned(asked.get("cause", "")),
    )


def joined(query: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return an address part with more parameters; those without a value are left out."""
    told = urlencode([pair for pair in pairs if pair[1]])
    if not told:
        return query
    return f"{query}&{told}" if query else f"?{told}"


def cleaned(text: str) -> str:
    """Return a value of an address as it may be looked for."""
    return text.replace("\0", "").strip()[:LONGEST_VALUE]
