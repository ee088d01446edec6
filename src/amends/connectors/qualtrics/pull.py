"""Qualtrics responses through the response export.

https://api.qualtrics.com/6b00592b9c013-start-response-export: an export is started, asked for until
it is complete, and fetched as a ZIP of one CSV. `allowContinuation` has it end with a token from
which the next one goes on; where the token is not accepted any more (it lapses after a week), the
next export starts at the time the last one did.
"""

import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from amends.connectors.pulling import (
    SINCE,
    Asked,
    Later,
    Need,
    Page,
    Pull,
    Refused,
    Rest,
    instant_of,
)

_MOST_BYTES: Final = 2 << 30
_OVERLAP_SECONDS: Final = 3600
"""Responses are exported some time after they were recorded."""


def pages(asked: Asked) -> Iterator[Page]:
    """Read the responses that were recorded since the last pull."""
    token, survey = asked.secret("token"), asked.option("survey")
    path = f"/API/v3/surveys/{survey}/export-responses"
    begun = int(time.time())
    with (
        Rest(asked, lambda: {"X-API-TOKEN": token}) as rest,
        tempfile.TemporaryDirectory(prefix="amends-") as folder,
    ):
        done = _export(rest, path, asked)
        packed, csv = Path(folder) / "export.zip", Path(folder) / f"{survey}.csv"
        rest.download(f"{path}/{done['fileId']}/file", packed)
        _unpack(packed, csv)
        state = {"continuation": done.get("continuationToken"), "until": begun}
        yield Page(state, document=csv, document_name=f"Qualtrics {survey}")


def _export(rest: Rest, path: str, asked: Asked) -> dict[str, Any]:
    """Have an export made, and return what Qualtrics says of it when it is complete."""
    continuation = asked.state.get("continuation")
    if continuation:
        try:
            return _wait(rest, path, {"continuationToken": continuation}, asked)
        except Refused as error:
            if not error.is_stale:
                raise
    start = instant_of(asked.state.get("until")) or instant_of(asked.option("since"))
    if start is None:
        return _wait(rest, path, {"allowContinuation": True}, asked)
    early = datetime.fromtimestamp(start.timestamp() - _OVERLAP_SECONDS, UTC)
    window = {"allowContinuation": True, "startDate": early.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return _wait(rest, path, window, asked)


def _wait(rest: Rest, path: str, what: dict[str, Any], asked: Asked) -> dict[str, Any]:
    begun = rest.post(path, json={"format": "csv", "timeZone": "UTC", **what})["result"]
    pause = asked.patience.backoff_seconds
    until = time.monotonic() + asked.patience.longest_job_seconds
    while time.monotonic() < until:
        answer, _ = rest.get(f"{path}/{begun['progressId']}")
        result: dict[str, Any] = answer["result"]
        if result["status"] == "complete":
            return result
        if result["status"] == "failed":
            raise Later("Qualtrics could not make the export.", where=path)
        time.sleep(pause)
        pause = min(pause * 1.5, 15.0)
    raise Later("Qualtrics has not finished the export yet.", where=path)


def _unpack(packed: Path, to: Path) -> None:
    try:
        with zipfile.ZipFile(packed) as archive:
            [inside] = archive.infolist()
            if inside.file_size > _MOST_BYTES:
                raise Refused(f"The export has {inside.file_size:,} bytes unpacked.")
            with archive.open(inside) as source, to.open("wb") as target:
                shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, ValueError):
        raise Later("The export is no ZIP file of one CSV.", where=packed.name) from None


PULL: Final = Pull(
    name="qualtrics",
    title="Qualtrics",
    summary="The responses to one survey; what its questions ask tells how they are read.",
    needs=(
        Need(
            "address", "Address", "https://DATACENTER.qualtrics.com", kind="address", is_place=True
        ),
        Need("survey", "Survey ID", "SV_…, Account settings → Qualtrics IDs", is_place=True),
        Need("token", "API token", "Account settings → Qualtrics IDs", is_secret=True),
        SINCE,
    ),
    pages=pages,
    preset="qualtrics",
    every_minutes=60,
)
