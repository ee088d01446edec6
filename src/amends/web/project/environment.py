"""What an installation may set, all in one place: environment variables with safe defaults.

`docs/howto/install.md` says what each name means; a test keeps both in step.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from amends.engine.contracts import BadInput

NAMES = (
    "AMENDS_DEBUG",
    "AMENDS_DEMO",
    "AMENDS_ENGINE",
    "AMENDS_HOME",
    "AMENDS_HOSTS",
    "AMENDS_HSTS_SECONDS",
    "AMENDS_LAKE",
    "AMENDS_LIVE",
    "AMENDS_LLM_CALLS",
    "AMENDS_LLM_KEY",
    "AMENDS_LLM_MODEL",
    "AMENDS_LLM_URL",
    "AMENDS_MOST_WAITING",
    "AMENDS_SECRET_KEY",
    "AMENDS_TIME_ZONE",
    "AMENDS_TRUST_PROXY",
    "AMENDS_UPLOAD_MB",
    "AMENDS_URL",
    "DATABASE_URL",
)
"""Every variable that is read."""

MOST_WAITING = 2_000_000
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Environment:
    """One reading of the environment, checked."""

    home: Path
    lake: str
    """Folder or s3:// address of the lake; empty: `lake` in the data folder."""
    engine: str
    """What reads the lake: duckdb or a Spark master."""
    url: SplitResult
    hosts: tuple[str, ...]
    database_url: str
    secret_key: str
    time_zone: str
    hsts_seconds: int
    most_waiting: int
    """Signals that may wait in the inbox before senders are asked to come later."""
    trust_proxy: bool
    demo: bool
    debug: bool
    live: bool
    upload_mb: int
    """The largest file that may be uploaded."""
    llm_url: str
    """OpenAI-compatible address of a language model that names topics; empty: none is asked."""
    llm_model: str
    llm_key: str
    llm_calls: int
    """Questions to it within a day."""

    @property
    def is_https(self) -> bool:
        """Whether people reach this installation over HTTPS."""
        return self.url.scheme == "https"

    @property
    def origin(self) -> str:
        """Return `https://amends.example.com`, without a path."""
        return f"{self.url.scheme}://{self.url.netloc}"

    @property
    def allowed_hosts(self) -> list[str]:
        """Return the names that a request may ask for."""
        return sorted({*LOCAL_HOSTS, *self.hosts, self.url.hostname or "localhost"})


def read_environment(values: Mapping[str, str] | None = None) -> Environment:
    """Read `values` (default `os.environ`).

    Raises
    ------
    BadInput
        A variable has a value that cannot be used; `where` names it.
    """
    values = os.environ if values is None else values
    time_zone = values.get("AMENDS_TIME_ZONE", "UTC")
    if time_zone not in available_timezones():
        raise BadInput(
            f"{time_zone!r} is no time zone.",
            where="AMENDS_TIME_ZONE",
            remedy="Write a name such as Europe/Berlin.",
        )
    return Environment(
        home=find_home(values),
        lake=values.get("AMENDS_LAKE", ""),
        engine=_engine(values.get("AMENDS_ENGINE", "")),
        url=_url(values.get("AMENDS_URL", "http://localhost:8000")),
        hosts=tuple(h for h in values.get("AMENDS_HOSTS", "").replace(",", " ").split() if h),
        database_url=values.get("DATABASE_URL", ""),
        secret_key=_secret(values.get("AMENDS_SECRET_KEY", "")),
        time_zone=ZoneInfo(time_zone).key,
        hsts_seconds=_whole(values, "AMENDS_HSTS_SECONDS"),
        most_waiting=_whole(values, "AMENDS_MOST_WAITING") or MOST_WAITING,
        trust_proxy=_switch(values, "AMENDS_TRUST_PROXY"),
        demo=_switch(values, "AMENDS_DEMO"),
        debug=_switch(values, "AMENDS_DEBUG"),
        live=_switch(values, "AMENDS_LIVE", default="1"),
        upload_mb=_whole(values, "AMENDS_UPLOAD_MB", "1024", "megabytes"),
        llm_url=_llm_url(values),
        llm_model=values.get("AMENDS_LLM_MODEL", ""),
        llm_key=values.get("AMENDS_LLM_KEY", ""),
        llm_calls=_whole(values, "AMENDS_LLM_CALLS", "200", "questions"),
    )


def find_home(values: Mapping[str, str]) -> Path:
    """Return the data folder: `AMENDS_HOME`, else `./amends-data` if there, else the user's own."""
    if named := values.get("AMENDS_HOME"):
        return Path(named).expanduser().absolute()
    here = Path("amends-data").absolute()
    if here.is_dir():
        return here
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/amends")
    data = values.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "amends"


def _engine(text: str) -> str:
    if not text.strip():
        return "duckdb"
    from amends.store.engines import check_engine  # noqa: PLC0415 - two seconds that most need not wait

    return check_engine(text)


def _llm_url(values: Mapping[str, str]) -> str:
    text = values.get("AMENDS_LLM_URL", "").strip()
    if not text:
        return ""
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise BadInput(
            f"{text!r} is no address of a language model.",
            where="AMENDS_LLM_URL",
            remedy="Write the address that ends in /v1, or leave it empty to ask none.",
        )
    if not values.get("AMENDS_LLM_MODEL", "").strip():
        raise BadInput(
            "A language model is set without its name.",
            where="AMENDS_LLM_MODEL",
            remedy="Write the name that its address knows it by.",
        )
    return text


def _url(text: str) -> SplitResult:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise BadInput(
            f"{text!r} is no address of a web site.",
            where="AMENDS_URL",
            remedy="Write it as people type it, such as https://amends.example.com",
        )
    if url.path not in {"", "/"}:
        raise BadInput(
            f"{text!r} has a path; amends is served from the root of a host name.",
            where="AMENDS_URL",
            remedy=f"Write {url.scheme}://{url.netloc}",
        )
    return url


def _secret(text: str) -> str:
    if text and len(text) < 32:
        raise BadInput(
            f"The secret key has {len(text)} characters, too few to be secret.",
            where="AMENDS_SECRET_KEY",
            remedy="Leave it out, and amends keeps one in its data folder; or give 50 random ones.",
        )
    return text


def _switch(values: Mapping[str, str], name: str, default: str = "") -> bool:
    text = values.get(name, default).strip().lower()
    if text in YES | NO:
        return text in YES
    raise BadInput(f"{text!r} is neither yes nor no.", where=name, remedy="Write 1 or 0.")


def _whole(values: Mapping[str, str], name: str, default: str = "0", unit: str = "seconds") -> int:
    text = values.get(name, "").strip() or default
    if text.isdecimal():
        return int(text)
    raise BadInput(f"{text!r} is no whole number.", where=name, remedy=f"Write a number of {unit}.")
