"""The data folder: one place that holds the database, the secret key, the lake and the logs."""

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from amends.engine.contracts import BadInput

SECRET_KEY_FILE = "secret-key"  # noqa: S105  (a file name)
LITTLE_SPACE_MB = 1024
"""Below this much free space PostgreSQL may stop: the doctor warns."""


@dataclass(frozen=True, slots=True)
class Home:
    """A data folder that was found usable."""

    path: Path

    @property
    def postgres(self) -> Path:
        """Where PostgreSQL keeps its cluster."""
        return self.path / "postgres"

    @property
    def logs(self) -> Path:
        """Where log files lie."""
        return self.path / "logs"

    @property
    def static(self) -> Path:
        """Where the static files lie, compressed and named by their content."""
        return self.path / "static"

    @property
    def free_mb(self) -> int:
        """How much space is left on its disk."""
        return shutil.disk_usage(self.path).free // 2**20


def open_home(path: Path) -> Home:
    """Make the folder if it is not there and make sure that it can be written.

    Raises
    ------
    BadInput
        It is a file, cannot be made, or cannot be written.
    """
    where = str(path)
    remedy = "Name another folder with --home or AMENDS_HOME, or mend this one."
    try:
        if path.exists() and not path.is_dir():
            raise BadInput("The data folder is a file.", where=where, remedy=remedy)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"amends")
            probe.flush()
            os.fsync(probe.fileno())
        home = Home(path.resolve())
        home.logs.mkdir(exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(
            f"The data folder cannot be written: {reason}.", where=where, remedy=remedy
        ) from None
    return home


def read_secret_key(path: Path) -> str:
    """Return the key kept in the data folder, or nothing when there is none yet."""
    try:
        return (path / SECRET_KEY_FILE).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"The secret key cannot be read: {error}.",
            where=str(path / SECRET_KEY_FILE),
            remedy="Give the user who runs amends the right to read it.",
        ) from None


def keep_secret_key(home: Home) -> str:
    """Return the installation's key; the first time make one that only its owner can read."""
    if key := read_secret_key(home.path):
        return key
    key = secrets.token_urlsafe(64)
    handle, draft = tempfile.mkstemp(dir=home.path, prefix=f".{SECRET_KEY_FILE}-")  # mode 0600
    with os.fdopen(handle, "w") as file:
        file.write(key + "\n")
    try:
        os.link(draft, home.path / SECRET_KEY_FILE)  # whoever links first wins, atomically
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
    if kept := read_secret_key(home.path):
        return kept
    raise BadInput(
        "The secret key file is empty.",
        where=str(home.path / SECRET_KEY_FILE),
        remedy="Delete it: amends makes a new one, and everybody logs in again.",
    )
