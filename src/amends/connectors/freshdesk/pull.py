"""Freshdesk tickets by time of change.

https://developers.freshdesk.com/api/#list_all_tickets: `updated_since`, 100 a page at most, the
Link header says whether there are more; without `updated_since` only 30 days come, and page
numbers end at 300, which a moving window never reaches. 429 with Retry-After.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from amends.connectors.pulling import (
    SINCE,
    Asked,
    Need,
    Page,
    Pull,
    Rest,
    basic,
    by_change,
    epoch_of,
    version_of,
)
from amends.connectors.pulling.contract import Record

_A_PAGE: Final = 100
_BEFORE_FRESHDESK: Final = 1262304000
"""2010-01-01."""


def pages(asked: Asked) -> Iterator[Page]:
    """Read the tickets that changed since the last pull."""

    def fetch(since: int, number: int) -> tuple[Sequence[Record], bool]:
        tickets, response = rest.get_rows(
            "/api/v2/tickets",
            {
                "updated_since": datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "order_by": "updated_at",
                "order_type": "asc",
                "include": "description,stats",
                "per_page": _A_PAGE,
                "page": number,
            },
        )
        rows = [{**t, "version": version_of(t.get("updated_at"))} for t in tickets]
        return rows, "next" in response.links

    def changed_at(ticket: Record) -> int:
        return epoch_of(ticket.get("updated_at"))

    since = epoch_of(asked.option("since")) or _BEFORE_FRESHDESK
    with Rest(asked, basic(asked.secret("token"), "X")) as rest:
        yield from by_change(fetch, changed_at, asked.state, since)


PULL: Final = Pull(
    name="freshdesk",
    title="Freshdesk",
    summary="Tickets with their times and escalations.",
    needs=(
        Need("address", "Address", "https://company.freshdesk.com", kind="address", is_place=True),
        Need("token", "API key", "Profile settings → View API key", is_secret=True),
        SINCE,
    ),
    pages=pages,
    preset="freshdesk",
)
