import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from amends.engine.contracts import BadInput
from amends.web.project.embedded import Cluster, running_postgres, socket_folder, uri
from amends.web.project.home import Home, open_home
from amends.web.project.start import prepared

HOLD = """
import sys, time
from pathlib import Path
from amends.web.project.home import open_home
from amends.web.project.embedded import running_postgres
with running_postgres(open_home(Path(sys.argv[1])), is_durable=False):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return open_home(tmp_path_factory.mktemp("a folder with a space") / "amends")


@pytest.fixture
def other(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the same server."""
    command = [sys.executable, "-c", HOLD, str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        yield process
        process.kill()


def answers(home: Home) -> bool:
    try:
        psycopg.connect(uri(home.path)).close()
    except psycopg.OperationalError:
        return False
    return True


def test_what_is_written_survives_and_the_server_stops_with_its_last_user(home: Home) -> None:
    with running_postgres(home, is_durable=False) as address:
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        with running_postgres(home, is_durable=False):
            pass
        assert answers(home)  # the outer user is still here
    assert not answers(home)
    with (
        running_postgres(home, is_durable=False) as address,
        psycopg.connect(address) as connection,
    ):
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False,)  # amends is nobody special in its own database
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_a_killed_user_holds_nothing(home: Home, other: subprocess.Popen[str]) -> None:
    assert answers(home)
    other.kill()
    other.wait()
    assert answers(home)  # nobody was there to stop it
    with running_postgres(home, is_durable=False):
        pass
    assert not answers(home)


def test_a_second_process_keeps_the_server_up(home: Home, other: subprocess.Popen[str]) -> None:
    with running_postgres(home, is_durable=False):
        pass
    assert answers(home)
    assert other.poll() is None


def test_a_cluster_of_another_version_or_none_at_all_is_refused(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    data = Cluster(home.postgres).data
    data.mkdir(parents=True)
    with pytest.raises(BadInput, match="no PostgreSQL cluster"), running_postgres(home):
        pass
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(BadInput, match="written by PostgreSQL 15"), running_postgres(home):
        pass


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    assert socket_folder(tmp_path) == tmp_path / "postgres" / "data"
    long = tmp_path / ("deep" * 30)
    assert len(str(socket_folder(long))) < 60
    assert socket_folder(long) != socket_folder(long / "x")


def test_a_database_that_is_not_there_is_said_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMENDS_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hidden@127.0.0.1:1/amends")
    with pytest.raises(BadInput, match="cannot be reached") as refused, prepared(tmp_path):
        pass
    assert "hidden" not in str(refused.value)
