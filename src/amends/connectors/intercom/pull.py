"""Intercom conversations through the search, oldest change first.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/searchconversations:
POST with a query on `updated_at`, 150 a page at most, `pages.next.starting_after` leads on; 429
with X-RateLimit-Reset, in seconds since 1970.
"""

from collections.abc import Iterator
from typing import Any, Final

from amends.connectors.pulling import (
    SINCE,
    Asked,
    Need,
    Page,
    Pull,
    Refused,
    Rest,
    State,
    bearer,
    epoch_of,
    version_of,
)

_PATH: Final = "/conversations/search"
_OVERLAP_SECONDS: Final = 300
"""The search index lags behind: what changed this long before the last pull is asked for again."""


def pages(asked: Asked) -> Iterator[Page]:
    """Read the conversations that changed since the last pull."""
    headers = {"Intercom-Version": "2.11", "Accept": "application/json"}
    state = asked.state
    with Rest(asked, bearer(asked.secret("token")), headers=headers) as rest:
        if state.get("after"):
            try:
                yield from _conversations(rest, state, epoch_of(state.get("since")))
            except Refused as error:
                if not error.is_stale:
                    raise
            else:
                return
        reached = epoch_of(state.get("until")) or epoch_of(asked.option("since"))
        fresh = {"until": state.get("until")}
        yield from _conversations(rest, fresh, max(0, reached - _OVERLAP_SECONDS))


def _conversations(rest: Rest, state: State, since: int) -> Iterator[Page]:
    from dlt.sources.helpers.rest_client.paginators import (
        JSONResponseCursorPaginator,
    )

    until = epoch_of(state.get("until"))
    paging: dict[str, Any] = {"per_page": 150}
    if state.get("after"):
        paging["starting_after"] = state["after"]
    query = {
        "query": {"field": "updated_at", "operator": ">", "value": since},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": paging,
    }
    by_cursor = JSONResponseCursorPaginator(
        "pages.next.starting_after", cursor_body_path="pagination.starting_after"
    )
    for found, answer in rest.pages(_PATH, "conversations", by_cursor, json=query):
        until = max([until, *(epoch_of(one.get("updated_at")) for one in found)])
        reached: dict[str, object] = {"until": until}
        after = ((answer.get("pages") or {}).get("next") or {}).get("starting_after")
        if after:
            reached |= {"since": since, "after": after}
        yield Page(
            reached, [{**one, "version": version_of(one.get("updated_at"))} for one in found]
        )


PULL: Final = Pull(
    name="intercom",
    title="Intercom",
    summary="Conversations with ratings, assignments and reopenings.",
    needs=(
        Need(
            "address",
            "Address",
            "https://api.eu.intercom.io in Europe, https://api.au.intercom.io in Australia",
            kind="address",
            default="https://api.intercom.io",
            is_place=True,
        ),
        Need("token", "Access token", "Developer Hub → your app → Authentication", is_secret=True),
        SINCE,
    ),
    pages=pages,
    preset="intercom",
)
