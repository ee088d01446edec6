"""Reading a list by time of change, where a service pages by number.

Page numbers move while one reads: what changes on page 1 goes to the end, everything behind it
moves up by one, and the row at the border is never seen. So the window moves instead of the page:
the next request asks for what changed since the newest row of the last one. Rows at a border come
twice and are duplicates. Only where a whole page changed within one second the next page of that
second is asked for.
"""

from collections.abc import Callable, Iterator, Sequence

from .contract import Page, Record, State

Fetch = Callable[[int, int], tuple[Sequence[Record], bool]]
"""From (seconds since 1970, page number from 1): rows that changed since, oldest change first, and
whether there are more."""


def by_change(
    fetch: Fetch, changed_at: Callable[[Record], int], state: State, since: int
) -> Iterator[Page]:
    """Read everything that changed since the last pull, or since `since` at first."""
    start = int(str(state.get("since") or since))
    number = int(str(state.get("page") or 1))
    while True:
        records, has_more = fetch(start, number)
        newest = max((changed_at(record) for record in records), default=start)
        if newest > start:
            start, number = newest, 1
        elif has_more:
            number += 1
        reached: dict[str, object] = {"since": start}
        if number > 1 and has_more:
            reached["page"] = number
        yield Page(reached, records)
        if not has_more:
            return
