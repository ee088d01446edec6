"""The vendors' paging, as they document it. Each holds records that tests may change meanwhile."""

import base64
import hashlib
import hmac
import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .service import Answer, Request, Service

Record = dict[str, Any]
REFUSED = Answer({"error": "Couldn't authenticate you"}, 401)


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


class Zendesk(Service):
    """Incremental export: `start_time`, then opaque cursors; a new page size for each test."""

    def __init__(self, tickets: list[Record], page: int = 2) -> None:
        super().__init__()
        self.tickets, self.page = tickets, page
        self.expired: set[str] = set()

    def answer(self, request: Request) -> Answer:
        if request.basic != "me@example.com/token:secret":
            return REFUSED
        if request.path != "/api/v2/incremental/tickets/cursor.json":
            return Answer({"error": "InvalidEndpoint"}, 404)
        cursor, start = request.params.get("cursor"), request.params.get("start_time")
        if self._is_expired(cursor) or (cursor is None) == (start is None):
            return Answer({"error": "InvalidValue", "description": "cursor"}, 400)
        if start is not None and int(start) > time.time() - 60:
            return Answer({"error": "StartTimeTooRecent"}, 422)
        after = json.loads(base64.b64decode(cursor)) if cursor else [int(start or 0) - 0.5, 0]
        order = sorted([t["generated_timestamp"], t["id"]] for t in self.tickets)
        later = [key for key in order if key > after]
        some = later[: self.page]
        by_id = {t["id"]: t for t in self.tickets}
        last = some[-1] if some else after
        return Answer(
            {
                "tickets": [by_id[key[1]] for key in some],
                "after_cursor": base64.b64encode(json.dumps(last).encode()).decode(),
                "after_url": "ignored",
                "end_of_stream": len(later) <= self.page,
            }
        )

    def _is_expired(self, cursor: str | None) -> bool:
        if cursor not in self.expired:
            return False
        self.expired.clear()
        return True


class Intercom(Service):
    """Search: operator ">" on whole seconds, ascending, `starting_after`."""

    def __init__(self, conversations: list[Record], page: int = 2) -> None:
        super().__init__()
        self.conversations, self.page = conversations, page
        self.expired: set[str] = set()
        self.reset_in: int | None = None

    def answer(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != "Bearer secret":
            return REFUSED
        if self.reset_in is not None:
            reset = {"X-RateLimit-Reset": str(int(time.time()) + self.reset_in)}
            self.reset_in = None
            return Answer({"type": "error.list"}, 429, reset)
        asked = request.json
        after = asked["pagination"].get("starting_after")
        if after in self.expired:
            self.expired.clear()
            return Answer({"type": "error.list", "errors": [{"code": "bad_request"}]}, 400)
        since = asked["query"]["value"]
        found = sorted(
            (c for c in self.conversations if c["updated_at"] > since),
            key=lambda c: (c["updated_at"], c["id"]),
        )
        if after:
            place = json.loads(base64.b64decode(after))
            found = [c for c in found if [c["updated_at"], c["id"]] > place]
        some = found[: self.page]
        pages: Record = {"type": "pages", "per_page": self.page}
        if len(found) > self.page:
            last = json.dumps([some[-1]["updated_at"], some[-1]["id"]]).encode()
            pages["next"] = {"page": 2, "starting_after": base64.b64encode(last).decode()}
        body = {"type": "conversation.list", "conversations": some, "pages": pages}
        return Answer({**body, "total_count": len(found)})


class Freshdesk(Service):
    """List of tickets: `updated_since` (inclusive), page numbers, the Link header."""

    def __init__(self, tickets: list[Record], page: int = 2) -> None:
        super().__init__()
        self.tickets, self.page = tickets, page
        self.elsewhere = ""

    def answer(self, request: Request) -> Answer:
        if request.basic != "secret:X":
            return REFUSED
        asked, number = request.params, int(request.params.get("page", 1))
        since = seconds(asked.get("updated_since", iso(int(time.time()) - 30 * 86400)))
        found = sorted(
            (t for t in self.tickets if seconds(t["updated_at"]) >= since),
            key=lambda t: (t[asked["order_by"]], t["id"]),
        )
        some = found[(number - 1) * self.page : number * self.page]
        headers = {}
        if number * self.page < len(found):
            link = f"{self.elsewhere or self.address}{request.path}?page={number + 1}"
            headers["Link"] = f'<{link}>; rel="next"'
        return Answer(some, headers=headers)


class Delighted(Service):
    """Survey responses: `updated_since`, `order`, pages of `per_page`; a last page of 0."""

    def __init__(self, responses: list[Record]) -> None:
        super().__init__()
        self.responses = responses
        self.before_page: Callable[[], None] = lambda: None

    def answer(self, request: Request) -> Answer:
        if request.basic != "secret:":
            return REFUSED
        self.before_page()
        asked = request.params
        size, number = int(asked["per_page"]), int(asked["page"])
        since = int(asked["updated_since"])
        changed = sorted(
            (r for r in self.responses if r["updated_at"] >= since),
            key=lambda r: (r["updated_at"], int(r["id"])),
        )
        return Answer(changed[(number - 1) * size : number * size])


class Qualtrics(Service):
    """Response export: start, progress, file; continuation tokens that may lapse."""

    def __init__(self, rows: list[Record]) -> None:
        super().__init__()
        self.rows = rows
        self.expired: set[str] = set()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.asked_before_done = 2

    def answer(self, request: Request) -> Answer:
        if request.headers.get("X-API-TOKEN") != "secret":
            return REFUSED
        path = "/API/v3/surveys/SV_1/export-responses"
        if request.path == path and request.method == "POST":
            return self._start(request.json)
        rest = request.path.removeprefix(path + "/").split("/")
        if rest[-1] == "file":
            return Answer(self.jobs[rest[0]]["zip"])
        return self._progress(rest[0])

    def _start(self, asked: Record) -> Answer:
        token = asked.get("continuationToken")
        if token in self.expired or (token and "startDate" in asked):
            return Answer({"meta": {"error": {"errorCode": "RP_4"}}}, 400)
        done = int(token.removeprefix("after-")) if token else 0
        rows = self.rows[done:]
        if "startDate" in asked:
            rows = [r for r in rows if r["RecordedDate"] >= asked["startDate"][:10]]
        name = f"ES_{len(self.jobs)}"
        self.jobs[name] = {"zip": _zipped_csv(rows), "asked": 0, "until": len(self.rows)}
        return Answer(
            {"result": {"progressId": name, "percentComplete": 0, "status": "inProgress"}}
        )

    def _progress(self, name: str) -> Answer:
        job = self.jobs[name]
        job["asked"] += 1
        if job["asked"] < self.asked_before_done:
            return Answer({"result": {"status": "inProgress", "percentComplete": 40.0}})
        done = {
            "status": "complete",
            "percentComplete": 100.0,
            "fileId": name,
            "continuationToken": f"after-{job['until']}",
        }
        return Answer({"result": done})


def _zipped_csv(rows: list[Record]) -> bytes:
    names = ["StartDate", "EndDate", "ResponseId", "RecordedDate", "ExternalReference", "Q1", "Q2"]
    questions = [*names[:5], "How likely are you to recommend us?", "Why? Tell us in your words."]
    lines = [names, questions, [f'{{"ImportId":"{n}"}}'.replace('"', '""') for n in names]]
    lines += [[str(row.get(name, "")) for name in names] for row in rows]
    csv = "\r\n".join(",".join(f'"{cell}"' for cell in line) for line in lines) + "\r\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("survey.csv", csv)
    return packed.getvalue()


class Medallia(Service):
    """/v2/data: `after` a sequence number, a token signed for every request."""

    def __init__(self, feedback: list[Record], page: int = 2) -> None:
        super().__init__()
        self.feedback, self.page = feedback, page

    def answer(self, request: Request) -> Answer:
        head, claims, signature = request.headers["Authorization"].split(" ")[1].split(".")
        good = hmac.new(b"signing", f"{head}.{claims}".encode(), hashlib.sha256).digest()
        issued = json.loads(base64.urlsafe_b64decode(claims + "=="))["iat"]
        is_good = base64.urlsafe_b64encode(good).rstrip(b"=").decode() == signature
        if request.headers["x-api-key"] != "secret" or not is_good or issued > time.time() + 5:
            return Answer({"message": "Forbidden"}, 403)
        after = int(request.params.get("after", 0))
        found = sorted(
            (f for f in self.feedback if f["sequence_id"] > after), key=lambda f: f["sequence_id"]
        )
        return Answer(found[: min(self.page, int(request.params["limit"]))])


class Salesforce(Service):
    """OAuth client credentials, a query, `nextRecordsUrl` until `done`."""

    def __init__(self, cases: list[Record], page: int = 2) -> None:
        super().__init__()
        self.cases, self.page = cases, page

    def answer(self, request: Request) -> Answer:
        if request.path == "/services/oauth2/token":
            is_good = b"client_secret=secret" in request.body and b"client_id=key" in request.body
            return Answer({"access_token": "00D!x"}) if is_good else Answer({}, 400)
        if request.headers.get("Authorization") != "Bearer 00D!x":
            return REFUSED
        base = "/services/data/v60.0/queryAll"
        if request.path == base:
            start, since = 0, request.params["q"].split(">= ")[1].split(" ")[0]
        else:
            token, _, place = request.path.removeprefix(base + "/").rpartition("-")
            start, since = int(place), token.replace("_", ":")
        found = sorted(
            (c for c in self.cases if seconds(c["SystemModstamp"]) >= seconds(since)),
            key=lambda c: (c["SystemModstamp"], c["Id"]),
        )
        records = [{"attributes": {"type": "Case"}, **c} for c in found[start : start + self.page]]
        body: Record = {"totalSize": len(found), "records": records, "done": True}
        if start + self.page < len(found):
            locator = f"{since.replace(':', '_')}-{start + self.page}"
            body |= {"done": False, "nextRecordsUrl": f"{base}/{locator}"}
        return Answer(body)
