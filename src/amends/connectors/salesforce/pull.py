"""Salesforce cases by a query, oldest change first.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm:
`queryAll` tells of deleted cases, too, for as long as they lie in the recycle bin; `nextRecordsUrl`
leads on until `done`; a query stays open for two days. The token comes from the
OAuth client credentials flow of a connected app, at the organisation's own address.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from amends.connectors.pulling import (
    SINCE,
    Asked,
    Gone,
    Need,
    Page,
    Pull,
    Rest,
    bearer,
    epoch_of,
    held_out,
    version_of,
)

_VERSION: Final = "v60.0"
_FIELDS: Final = (
    "Id, CaseNumber, AccountId, ContactId, Subject, Description, Status, Priority, Origin, Reason,"
    " Type, IsEscalated, IsClosed, CreatedDate, ClosedDate, OwnerId, ParentId, IsDeleted,"
    " SystemModstamp"
)
_OVERLAP_SECONDS: Final = 300
"""A long transaction commits rows whose stamp is older than rows already read."""


def pages(asked: Asked) -> Iterator[Page]:
    """Read the cases that changed since the last pull."""
    from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

    until = epoch_of(asked.state.get("until")) or epoch_of(asked.option("since"))
    start = datetime.fromtimestamp(max(0, until - _OVERLAP_SECONDS), UTC)
    query = (
        f"SELECT {_FIELDS} FROM Case WHERE SystemModstamp >= {start:%Y-%m-%dT%H:%M:%SZ}"  # noqa: S608
        " ORDER BY SystemModstamp, Id"
    )
    path, by_link = f"/services/data/{_VERSION}/queryAll", JSONLinkPaginator("nextRecordsUrl")
    with Rest(asked, bearer(_access_token(asked))) as rest:
        for cases, _ in rest.pages(path, "records", by_link, params={"q": query}):
            until = max([until, *(epoch_of(case.get("SystemModstamp")) for case in cases)])
            there = [_plain(case) for case in cases if not case.get("IsDeleted")]
            gone = [
                Gone(str(case["CaseNumber"]), version_of(case.get("SystemModstamp")))
                for case in cases
                if case.get("IsDeleted")
            ]
            yield Page({"until": until}, there, gone)


def _plain(case: dict[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in case.items() if name not in {"attributes", "IsDeleted"}}
    return {**row, "version": version_of(case.get("SystemModstamp"))}


def _access_token(asked: Asked) -> str:
    client, secret = asked.option("client"), asked.secret("secret")
    grant = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": secret,
    }
    with Rest(asked, dict) as door:
        token = door.post("/services/oauth2/token", data=grant).get("access_token")
    held_out(token, "Salesforce gave no access token.", remedy="Check the connected app.")
    return str(token)


PULL: Final = Pull(
    name="salesforce",
    title="Salesforce Service Cloud",
    summary="Cases with their reasons and escalations.",
    needs=(
        Need(
            "address", "Address", "https://company.my.salesforce.com", kind="address", is_place=True
        ),
        Need("client", "Consumer key of the connected app"),
        Need("secret", "Consumer secret", is_secret=True),
        SINCE,
    ),
    pages=pages,
    preset="salesforce",
)
