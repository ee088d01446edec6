"""The whole system as it is run: started by a command, talked to over HTTP, stopped, started."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from socket import socket
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest
from tests.people import PASSWORD
from typer.testing import CliRunner

from amends.cli.serve import user
from amends.web.accounts.models import User
from amends.web.project import start


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Installation:
    """A data folder and the commands run on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.cookies: dict[str, str] = {}
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("AMENDS", "DJANGO", "DATABASE"))
        }
        self.environment = {**kept, "AMENDS_HOME": str(home)}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from amends.cli import app; app()", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    @contextmanager
    def served(self) -> Iterator[subprocess.Popen[str]]:
        command = self.command("serve", "--port", str(self.port))
        with subprocess.Popen(
            command, env=self.environment, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr
            heard: list[str] = []
            for line in process.stderr:
                heard.append(line)
                if "is ready" in line:
                    break
            else:
                raise AssertionError("".join(heard))
            try:
                yield process
            finally:
                process.terminate()
                process.wait(60)

    def ask(self, method: str, path: str, values: dict[str, str] | None = None) -> Answer:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as link:
            if values:
                values = {**values, "csrfmiddlewaretoken": self.cookies["csrftoken"]}
            form = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Encoding": "br"}
            link.request(method, path, urlencode(values or {}), {**form, "Cookie": self.cookie})
            answer = link.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.split(";", 1)[0].partition("=")
                self.cookies[name] = value
            return Answer(answer.status, dict(answer.headers), answer.read())

    @contextmanager
    def stream(self, path: str) -> Iterator[HTTPResponse]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as link:
            link.request("GET", path, headers={"Cookie": self.cookie})
            with link.getresponse() as answer:
                yield answer

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("installation") / "home")


def test_a_day_in_the_life_of_an_installation(installation: Installation) -> None:
    with installation.served():
        link = installation.run("user", "add", "ada@example.com", "--role", "admin")
        path = urlsplit(link.stdout.strip()).path
        assert installation.ask("GET", path).status == 200
        chosen = {"password": PASSWORD, "again": PASSWORD}
        assert installation.ask("POST", path, chosen).status == 302
        _pages_are_whole(installation)
        _changes_are_told_live(installation)
        doctor = installation.run("doctor", "--json")
        assert doctor.returncode == 0, doctor.stdout
        assert json.loads(doctor.stdout)["healthy"] is True
    assert not (installation.home / "postgres" / "data" / "postmaster.pid").exists()

    with installation.served() as supervisor:
        assert installation.ask("GET", "/people/").status == 200  # still logged in
        supervisor.kill()
        supervisor.wait()
        _everything_ends(installation)


def _pages_are_whole(installation: Installation) -> None:
    answer = installation.ask("GET", "/people/")
    page = answer.body.decode()
    assert answer.status == 200
    assert "Ada" in page
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    file = installation.ask("GET", style)
    assert file.status == 200
    assert file.headers["content-encoding"] == "br"
    assert "immutable" in file.headers["cache-control"]
    assert installation.ask("GET", "/nowhere/").status == 404


def _changes_are_told_live(installation: Installation) -> None:
    with installation.stream("/live/?topic=people&topic=made-up") as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.readline().startswith(b"retry:")
        values = {"name": "Bea", "email": "bea@example.com", "roles": "agent"}
        assert installation.ask("POST", "/people/new/", values).status == 200
        told = b"-"
        while told and b"people-changed" not in told:
            told = stream.readline()
        assert told, "the stream ended"


def _everything_ends(installation: Installation) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket() as probe:
            if probe.connect_ex(("127.0.0.1", installation.port)):
                return
        time.sleep(0.2)
    pytest.fail("the web server outlived its supervisor")


def test_a_command_refuses_in_one_line(installation: Installation) -> None:
    done = installation.run("doctor", "--home", "/dev/null")
    assert done.returncode == 2
    assert "is a file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "ada@example.com", "--role", "admin"), "already exists"),
        (("add", "new@example.com", "--role", "boss"), "no role boss"),
        (("link", "who@example.com"), "Nobody active"),
        (("link", "ADA@example.com"), "/welcome/"),
    ],
)
@pytest.mark.django_db
def test_people_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(start, "prepared", lambda _home: nullcontext())
    User.objects.create_user("ada@example.com", name="Ada", roles=["admin"])
    done = CliRunner().invoke(user, arguments)
    assert said in done.output
    assert done.exit_code == (0 if "/welcome/" in said else 2)
