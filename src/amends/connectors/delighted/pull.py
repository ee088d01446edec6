"""Delighted survey responses by time of change.

https://app.delighted.com/docs/api/listing-survey-responses: `updated_since` in seconds, ordered by
`updated_at`, 100 a page at most, no word on whether there are more; 429 with Retry-After.
"""

from collections.abc import Iterator, Sequence
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


def pages(asked: Asked) -> Iterator[Page]:
    """Read the responses that were given or changed since the last pull."""

    def fetch(since: int, number: int) -> tuple[Sequence[Record], bool]:
        found, _ = rest.get_rows(
            "/v1/survey_responses.json",
            {
                "updated_since": since,
                "order": "asc:updated_at",
                "per_page": _A_PAGE,
                "page": number,
                "expand[]": "person",
            },
        )
        rows = [{**one, "version": version_of(changed_at(one) or None)} for one in found]
        return rows, len(found) >= _A_PAGE

    def changed_at(response: Record) -> int:
        return epoch_of(response.get("updated_at")) or epoch_of(response.get("created_at"))

    with Rest(asked, basic(asked.secret("token"), "")) as rest:
        yield from by_change(fetch, changed_at, asked.state, epoch_of(asked.option("since")))


PULL: Final = Pull(
    name="delighted",
    title="Delighted",
    summary="NPS, CSAT and CES responses with their comments.",
    needs=(
        Need(
            "address", "Address", kind="address", default="https://api.delighted.com", is_place=True
        ),
        Need("token", "API key", "Integrations → API", is_secret=True),
        SINCE,
    ),
    pages=pages,
    preset="delighted",
)
