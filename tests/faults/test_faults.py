"""Workers that die, disks that are full, twice the same at once: nothing is lost or counted twice.

Real processes at a real PostgreSQL; see `driver.py`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.conf import settings

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]


def act(name: str, lakes: Path) -> dict[str, Any]:
    """Run an act of the driver at this test's database."""
    return told_by(
        *("tests.faults.driver", name),
        AMENDS_TESTS_DATABASE=settings.DATABASES["default"]["NAME"],
        AMENDS_TESTS_LAKES=str(lakes),
    )


def told_by(module: str, argument: str, **environment: str) -> dict[str, Any]:
    """Run a module in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, argument],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert not done.returncode, done.stderr[-4000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_worker_killed_between_any_two_steps_is_repaired_by_the_next(tmp_path: Path) -> None:
    told = act("kills", tmp_path)
    expected = told["expected"]
    assert expected["unaccounted"] == 0
    assert expected["gaps"] == []
    assert ["S-1", 2] in expected["lake"]
    assert ["S-12", 2] in expected["lake"]
    assert not any(name == "S-2" for name, _ in expected["lake"]), "it was withdrawn"
    assert expected["quarantine"] == [["tests", 1]]
    assert len(told["killed"]) > 20
    wrong = {step: end for step, end in told["killed"].items() if end != [-9, True]}
    assert wrong == {}


def test_three_workers_at_the_same_deliveries_do_what_one_does(tmp_path: Path) -> None:
    told = act("together", tmp_path)
    assert told["codes"] == [0, 0, 0]
    assert told["end"] == told["expected"]


def test_the_same_rows_received_twice_at_once_are_there_once(tmp_path: Path) -> None:
    told = act("twice", tmp_path)
    assert told["codes"] == [0, 0, 0]
    assert told["rows"] == 400
    assert told["sums"][:2] == [800, 400]
    assert (told["unaccounted"], told["gaps"]) == (0, [])


def test_a_full_disk_has_signals_wait_and_costs_none(tmp_path: Path) -> None:
    told = act("full_disk", tmp_path)
    assert told["said"], "the worker said so"
    assert told["meanwhile"]["quarantine"] == []
    assert told["meanwhile"]["unaccounted"] == 0
    assert told["meanwhile"]["open"] >= 1
    assert told["end"] == told["expected"]


def test_two_that_tidy_the_lake_at_once_hold_back_neither_landings_nor_readers(
    tmp_path: Path,
) -> None:
    told = act("tidying", tmp_path)
    assert told["codes"] == [0, 0, 0, 0]
    end = told["end"]
    assert len(end["lake"]) == 400
    assert [version for _, version in end["lake"]].count(2) == 40
    assert (end["unaccounted"], end["gaps"], end["open"], end["waiting"]) == (0, [], 0, 0)


def test_a_database_stopped_under_its_workers_and_started_again_costs_nothing() -> None:
    own = {"DJANGO_SETTINGS_MODULE": "amends.web.project.settings", "DATABASE_URL": ""}
    # Not in pytest's folder: another run of pytest closes that to the user who runs PostgreSQL.
    with TemporaryDirectory() as folder:
        told = told_by("tests.faults.outage", f"{folder}/home", **own)
    assert told["ended"] is None, f"the worker did not wait for its database: {told['said']}"
    assert told["refusals"] >= 2
    assert told["rows"] == told["distinct"] == told["landed"] == told["sent"]
    assert (told["unaccounted"], told["gaps"]) == (0, [])
