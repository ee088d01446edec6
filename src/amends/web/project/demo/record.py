"""What is kept of a demo in its data folder: which world, since when, how far it was told."""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from amends.engine.contracts import BadInput

FILE: Final = "demo.json"


@dataclass(frozen=True, slots=True)
class DemoRecord:
    """One demo."""

    world: str
    signals: int
    seed: int
    began_at: str
    """ISO instant at which history ends and life begins."""
    is_loaded: bool = False
    starts: int = 0
    """How often it was started: each start has its own outbreak."""
    told_until: str = ""
    """ISO instant up to which the living world has told."""

    @property
    def now(self) -> datetime:
        """Return the instant at which history ends."""
        return datetime.fromisoformat(self.began_at)


def read_record(folder: Path) -> DemoRecord | None:
    """Return the demo of a data folder; None when there is none.

    Raises
    ------
    BadInput
        The file cannot be read.
    """
    try:
        return DemoRecord(**json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(
            f"The demo's record cannot be read: {error}.",
            where=str(folder / FILE),
            remedy="Delete the folder to begin anew, or name another with --home.",
        ) from None


def write_record(folder: Path, record: DemoRecord) -> None:
    """Write the record; it is there whole or not at all."""
    draft = folder / f".{FILE}"
    draft.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    os.replace(draft, folder / FILE)  # noqa: PTH105  (the same in one word)


def clear_half_loaded(folder: Path) -> bool:
    """Remove what an interrupted load left behind; whether there was anything."""
    record = read_record(folder) if folder.is_dir() else None
    if record is None or record.is_loaded:
        return False
    for name in ("postgres", "lake"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / FILE).unlink()
    return True


def refuse_other_data(folder: Path) -> None:
    """Refuse a folder in which a real installation lives.

    Raises
    ------
    BadInput
    """
    if (folder / "postgres").exists() and read_record(folder) is None:
        raise BadInput(
            "This data folder belongs to an installation that is no demo.",
            where=str(folder),
            remedy="Name a folder of its own for the demo with --home.",
        )
