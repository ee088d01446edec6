"""Damage is told by the name of the file, with what to do; nothing is lost without a word."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable
from tests.store.lakes import some_signals

from amends.engine.contracts import BadInput
from amends.store import Lake, open_lake

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = open_lake(tmp_path / "lake")
    for delivery in range(3):
        made.append(some_signals(50, first=50 * delivery), delivery=delivery)
    return made


def count(lake: Lake) -> int:
    return int(lake.fetch(lake.signals().count())[0][0].as_py())


def entry(lake: Lake, version: int) -> Path:
    return Path(lake.address, "_delta_log", f"{version:020d}.json")


CUTS: dict[str, Callable[[bytes], bytes]] = {
    "in the middle": lambda data: data[: len(data) // 2],
    "after a line": lambda data: data[: data.index(b"\n") + 1],
    "before its mark": lambda data: data[: data.rindex(b"\n") + 1],
    "at its beginning": lambda _: b"",
    "zeroed": lambda data: b"\0" * len(data),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("is_last", [True, False])
def test_an_entry_of_the_log_that_ends_too_early_is_named(
    lake: Lake, cut: str, is_last: bool
) -> None:
    place = entry(lake, 3 if is_last else 2)
    whole = place.read_bytes()
    reader = open_lake(lake.address)
    lake.append(some_signals(10, first=900), delivery=9) if not is_last else None
    place.write_bytes(CUTS[cut](whole))
    with pytest.raises(BadInput, match="ends too early or cannot be read") as told:
        open_lake(lake.address)
    assert told.value.where == str(place)
    assert ("move it away" in told.value.remedy) is is_last
    place.write_bytes(whole)
    assert count(open_lake(lake.address)) == count(reader) == (150 if is_last else 160)


def test_nobody_writes_after_a_damaged_entry(lake: Lake) -> None:
    other = open_lake(lake.address)
    other.append(some_signals(10, first=900), delivery=9)
    place = entry(lake, 4)
    whole = place.read_bytes()
    place.write_bytes(CUTS["after a line"](whole))
    verbs: list[Callable[[], object]] = [
        lambda: count(lake),
        lambda: lake.append(some_signals(5, first=990), delivery=10),
        lake.compact,
        lambda: lake.vacuum(0),
        lambda: lake.remove_signals(["x"]),
    ]
    for verb in verbs:
        with pytest.raises(BadInput, match="ends too early"):
            verb()
    assert not entry(lake, 5).exists()
    place.write_bytes(whole)
    assert lake.append(some_signals(5, first=990), delivery=10)
    assert count(lake) == 165


def test_the_last_entry_moved_away_gives_the_state_before_it(lake: Lake) -> None:
    place = entry(lake, 3)
    place.write_bytes(b"")
    place.rename(place.with_suffix(".bad"))
    again = open_lake(lake.address)
    assert count(again) == 100
    assert again.append(some_signals(50, first=100), delivery=2)
    assert count(again) == 150


def test_a_missing_entry_is_named(lake: Lake) -> None:
    entry(lake, 1).unlink()
    with pytest.raises(BadInput, match="is missing") as told:
        open_lake(lake.address)
    assert told.value.where == str(entry(lake, 1))


def test_entries_before_a_checkpoint_may_be_gone(lake: Lake) -> None:
    DeltaTable(lake.address).create_checkpoint()
    reader = open_lake(lake.address)
    for version in range(3):
        entry(lake, version).unlink()
    lake.append(some_signals(10, first=900), delivery=9)
    assert count(open_lake(lake.address)) == count(reader) == 160


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda file: file.unlink(), "is missing"),
        (lambda file: file.write_bytes(file.read_bytes()[:1000]), "is damaged"),
        (lambda file: file.write_bytes(b"\xff" * file.stat().st_size), "is damaged"),
    ],
    ids=["missing", "truncated", "overwritten"],
)
def test_a_file_that_cannot_be_read_is_named_and_later_appends_work(
    lake: Lake, damage: Callable[[Path], object], what: str
) -> None:
    file = next(Path(lake.address).glob("month=2026-10/*.parquet"))
    whole = file.read_bytes()
    damage(file)
    for verb in (
        lambda: lake.fetch(lake.signals().select("kind")),
        lambda: lake.by_id(["x"]),
        lake.compact,
    ):
        with pytest.raises(BadInput, match=f"A file of the lake {what}") as told:
            verb()
        assert told.value.where == str(file)
        assert "from a backup" in told.value.remedy
    assert lake.append(some_signals(10, first=900), delivery=9)
    file.write_bytes(whole)
    assert count(lake) == 160
    assert lake.compact() > 0
    assert count(lake) == 160


FILLING = """
import resource, sys
from amends.engine.contracts import BadInput
from amends.store import open_lake
from tests.store.lakes import some_signals
lake = open_lake(sys.argv[1])
print(lake.append(some_signals(20), delivery=1))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
for most in (0, 1000, 8000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        lake.append(some_signals(400, first=500), delivery=2)
    except BadInput as error:
        told = str(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    print(told)
    print(lake.fetch(lake.signals().count())[0][0])
print(lake.append(some_signals(400, first=500), delivery=2))
print(lake.fetch(lake.signals().count())[0][0])
"""


def test_files_that_may_grow_no_further_lose_nothing(tmp_path: Path) -> None:
    """The one limit that any user can set: a file that hits it fails as on a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", FILLING, str(tmp_path / "lake")],
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    no_room = f"{tmp_path}/lake: There is no room left for the lake; nothing was written. "
    lines = done.stdout.splitlines()
    assert len(lines) == 9, done.stderr
    assert lines[0] == "True"
    assert [line.startswith(no_room) for line in lines[1:7:2]] == [True] * 3
    assert lines[2:7:2] == ["20"] * 3
    assert lines[7:] == ["True", "420"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes; only root may have one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("may not mount; the limit on files is tested above for everybody")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_loses_nothing_and_later_appends_work(small_disk: Path) -> None:
    lake = open_lake(small_disk / "lake")
    lake.append(some_signals(50), delivery=1)
    there = 50
    for delivery, room in enumerate((0, 4096, 12 * 1024, 40 * 1024), 2):
        part = some_signals(50, first=1000 * delivery)
        disk = os.statvfs(small_disk)
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"x" * max(disk.f_bavail * disk.f_frsize - room, 0))
        with pytest.raises(BadInput, match="There is no room left") as told:
            lake.append(part, delivery=delivery)
        assert "Make room" in told.value.remedy
        assert count(lake) == there
        ballast.unlink()
        assert lake.append(part, delivery=delivery)
        there += 50
        assert count(open_lake(lake.address)) == there
