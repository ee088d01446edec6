"""A careful HTTP client over dlt's: it waits, repeats, stays at home and says what went wrong.

dlt is loaded when a source is pulled, not before: it takes seconds. It is used as a reader only: no
pipeline, no folder, no message home.
"""

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, cast
from urllib.parse import urlsplit

from .contract import Asked, Patience, held_out
from .refusals import Later, Refused

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import RESTClient
    from dlt.sources.helpers.rest_client.paginators import BasePaginator
    from requests import PreparedRequest, Response

Credentials = Callable[[], Mapping[str, str]]
"""The headers that open the door, made anew for every request."""
Json = dict[str, Any]

_REPEATED: Final = (408, 425, *range(500, 600))
_CHUNK: Final = 1 << 20


def bearer(token: str) -> Credentials:
    """Return credentials of a token."""
    return lambda: {"Authorization": f"Bearer {token}"}


def basic(user: str, password: str) -> Credentials:
    """Return credentials of a user name and password."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda: {"Authorization": f"Basic {pair}"}


class Rest:
    """One web service, at one address; what opens it is sent nowhere else."""

    def __init__(
        self,
        asked: Asked,
        credentials: Credentials,
        *,
        address: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._home = (address or asked.option("address")).rstrip("/")
        parts = urlsplit(self._home)
        held_out(
            parts.scheme in {"http", "https"} and parts.hostname and not parts.username,
            f"{self._home!r} is no address of a web server.",
            remedy="Write it as https://company.example.com.",
        )
        self._host, self._credentials = (parts.scheme, parts.netloc.lower()), credentials
        self._client = _client(self._home, dict(headers or {}), asked.patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.session.close()

    def pages(
        self,
        path: str,
        rows: str,
        paginator: "BasePaginator",
        *,
        params: Json | None = None,
        json: Json | None = None,
    ) -> Iterator[tuple[list[Json], Json]]:
        """Read page after page: the objects in the field `rows` of each answer, and the answer."""
        with self._said(path):
            for page in self._client.paginate(
                path,
                method="GET" if json is None else "POST",
                params=params,
                json=json,
                paginator=paginator,
                data_selector=rows,
                auth=self._at_home,  # type: ignore[arg-type]
                hooks={"response": [_judge]},
                allow_redirects=False,
            ):
                answer = page.response.json()
                yield self._listed(answer, rows, path), answer

    def get(self, path: str, params: Json | None = None) -> tuple[Any, "Response"]:
        """Return one answer, read as JSON, and the response that carried it."""
        with self._said(path):
            response = self._send("GET", path, params=params)
            return response.json(), response

    def get_rows(self, path: str, params: Json | None = None) -> tuple[list[Json], "Response"]:
        """Return one answer that is a list of objects."""
        rows, response = self.get(path, params)
        if not isinstance(rows, list):
            raise Refused("The answer is not a list of rows.", where=self._where(path))
        return rows, response

    def get_listed(
        self, path: str, rows: str, params: Json | None = None
    ) -> tuple[list[Json], Json]:
        """Return the objects in the field `rows` of one answer, and the answer."""
        answer, _ = self.get(path, params)
        return self._listed(answer, rows, path), answer

    def post(self, path: str, *, json: Json | None = None, data: Json | None = None) -> Json:
        """Send something and return the answer, read as JSON."""
        with self._said(path):
            answer: Json = self._send("POST", path, json=json, data=data).json()
            return answer

    def download(self, path: str, to: Path) -> None:
        """Write the body of an answer to a file, whole or not at all."""
        with self._said(path):
            response = self._send("GET", path)
            part = to.with_suffix(".part")
            part.write_bytes(response.content)
            part.replace(to)

    def _listed(self, answer: Any, rows: str, path: str) -> list[Json]:
        found = answer.get(rows) if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise Refused(f"The answer has no list {rows!r}.", where=self._where(path))
        return found

    def _send(self, method: Any, path: str, **what: Any) -> "Response":
        return self._client.request(
            path,
            method=method,
            auth=self._at_home,
            hooks={"response": [_judge]},
            allow_redirects=False,
            **{name: value for name, value in what.items() if value is not None},
        )

    def _at_home(self, request: "PreparedRequest") -> "PreparedRequest":
        """Add the credentials to a request, if it goes where they belong."""
        parts = urlsplit(request.url or "")
        if (parts.scheme, parts.netloc.lower()) != self._host:
            raise Refused(
                f"The source points to another server, {parts.hostname}.",
                where=self._home,
                remedy="If that is where it lives now, enter that address.",
            )
        request.headers.update(self._credentials())
        return request

    @contextmanager
    def _said(self, path: str) -> Iterator[None]:
        """Say in words what went wrong."""
        from requests import HTTPError, JSONDecodeError, RequestException

        where = self._where(path)
        try:
            yield
        except HTTPError as error:
            raise _in_words(cast("Response", error.response), where) from None
        except JSONDecodeError:
            raise Later("The answer is no JSON.", where=where) from None
        except RequestException as error:
            name = type(error).__name__
            raise Later(f"The source does not answer ({name}).", where=where) from None

    def _where(self, path: str) -> str:
        return f"{self._home}/{path.lstrip('/')}" if "://" not in path else path.partition("?")[0]


def _client(home: str, headers: dict[str, str], patience: Patience) -> "RESTClient":
    from dlt.common.configuration.specs import RuntimeConfiguration
    from dlt.sources.helpers.requests.retry import Client
    from dlt.sources.helpers.rest_client.client import RESTClient

    def is_worth_waiting(response: "Response | None", _error: BaseException | None) -> bool:
        if response is None or response.status_code != 429:
            return False
        return _pause(response) <= patience.longest_wait_seconds

    session = Client(
        request_timeout=patience.timeout_seconds,
        raise_for_status=False,
        status_codes=_REPEATED,
        retry_condition=is_worth_waiting,
        request_max_attempts=patience.attempts,
        request_backoff_factor=patience.backoff_seconds,
        request_max_retry_delay=patience.longest_wait_seconds,
    ).session
    session.headers["User-Agent"] = "amends"
    config = RuntimeConfiguration(dlthub_telemetry=False)
    return RESTClient(home, headers=headers, session=session, config=config)


def _judge(response: "Response", *_args: Any, **_more: Any) -> None:
    """Refuse what is no success, before anything is read from it; dlt decides what to repeat."""
    from requests import HTTPError

    if response.status_code == 429 and "Retry-After" not in response.headers:
        response.headers["Retry-After"] = str(_until_reset(response.headers))
    if not 200 <= response.status_code < 300:
        _ = response.content  # so that the connection is free, and a broken body is noticed here
        raise HTTPError(response=response)


def _until_reset(headers: Mapping[str, str]) -> int:
    """Return the seconds until the instant that services without Retry-After name; 0 without."""
    at = headers.get("X-RateLimit-Reset", "")
    return max(0, int(at) - int(time.time())) if at.isdigit() else 0


def _pause(response: "Response") -> int:
    asked = response.headers.get("Retry-After", "0").strip()
    return int(asked) if asked.isdigit() else 60


def _in_words(response: "Response", where: str) -> Refused | Later:
    status = response.status_code
    if status == 429:
        pause = _pause(response)
        return Later("The source asks for a pause.", where=where, retry_after_seconds=pause)
    if status in _REPEATED:
        return Later(f"The source has trouble of its own ({status}).", where=where)
    if status in {401, 403}:
        return Refused(
            f"The source does not accept the credentials ({status}).",
            status=status,
            where=where,
            remedy="Enter them again, or ask for the right to read there.",
        )
    if 300 <= status < 400:
        to = urlsplit(response.headers.get("Location", ""))
        return Refused(
            f"The source has moved to {to.scheme}://{to.netloc}{to.path}.",
            status=status,
            where=where,
            remedy="Enter that address if you trust it; credentials are not sent on.",
        )
    said = " ".join(response.text[:200].split())
    return Refused(
        f"The source refuses the request ({status}): {said}",
        status=status,
        where=where,
        remedy="Check what was entered about the source.",
    )
