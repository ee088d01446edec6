"""Zendesk tickets through the incremental export, cursor-based.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/: a
first request with `start_time`, then `after_cursor`, until `end_of_stream`; 10 requests a minute,
429 with Retry-After beyond. Tickets changed within the last minute are held back by Zendesk.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

from amends.connectors.pulling import (
    SINCE,
    Asked,
    Gone,
    Need,
    Page,
    Pull,
    Refused,
    Rest,
    State,
    basic,
    epoch_of,
    version_of,
)

_PATH: Final = "/api/v2/incremental/tickets/cursor.json"
_DELETED: Final = "deleted"
"""The status of a ticket that was deleted; of its fields little is left."""
_OVERLAP_SECONDS: Final = 120
"""Where a cursor is not accepted any more, reading goes on by time, this much earlier; it is also
how far in the past Zendesk wants a start to lie, and a minute more."""


def pages(asked: Asked) -> Iterator[Page]:
    """Read the tickets that changed since the last pull."""
    credentials = basic(f"{asked.option('email')}/token", asked.secret("token"))
    state = asked.state
    with Rest(asked, credentials) as rest:
        if state.get("cursor"):
            try:
                yield from _tickets(rest, state, {"cursor": state["cursor"]})
            except Refused as error:
                if not error.is_stale:
                    raise
            else:
                return
        reached = epoch_of(state.get("until")) or epoch_of(asked.option("since"))
        start = min(reached, int(time.time())) - _OVERLAP_SECONDS
        yield from _tickets(rest, state, {"start_time": max(0, start)})


def _tickets(rest: Rest, state: State, start: dict[str, Any]) -> Iterator[Page]:
    until, where = epoch_of(state.get("until")), start
    while True:
        asked = {"include": "metric_sets", "per_page": 1000, **where}
        tickets, answer = rest.get_listed(_PATH, "tickets", asked)
        until = max([until, *(_changed(ticket) for ticket in tickets)])
        where = {"cursor": answer.get("after_cursor") or state.get("cursor")}
        rows = [{**ticket, "version": version_of(_changed(ticket))} for ticket in tickets]
        there = [row for row in rows if row.get("status") != _DELETED]
        gone = [Gone(str(row["id"]), row["version"]) for row in rows if row not in there]
        yield Page({**where, "until": until}, there, gone)
        if answer.get("end_of_stream"):
            return


def _changed(ticket: dict[str, Any]) -> int:
    return max(epoch_of(ticket.get("generated_timestamp")), epoch_of(ticket.get("updated_at")))


PULL: Final = Pull(
    name="zendesk",
    title="Zendesk",
    summary="Tickets with their times, ratings and reopenings.",
    needs=(
        Need("address", "Address", "https://company.zendesk.com", kind="address", is_place=True),
        Need("email", "E-mail of the user whose token it is"),
        Need("token", "API token", "Admin Center → Apps and integrations → APIs", is_secret=True),
        SINCE,
    ),
    pages=pages,
    preset="zendesk",
)
