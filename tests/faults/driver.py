"""Acts of real processes at the tables and lake of a test, each in a fork that may be killed.

    python -m tests.faults.driver ACT

The database is that of the test that starts it (`AMENDS_TESTS_DATABASE`); lakes are made in
`AMENDS_TESTS_LAKES`. Prints what the test compares as one JSON object.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.with_django import set_up_django

set_up_django()

from django.conf import settings  # noqa: E402  (Django is set up first)
from django.db import connection  # noqa: E402
from tests.web.arrivals import (  # noqa: E402
    complaint,
    follow,
    orders,
    send,
    take_back,
    wipe,
)

from amends.engine.contracts import SeriesKey, Slice  # noqa: E402
from amends.web.cases.models import Case, Entry  # noqa: E402
from amends.web.detect.keeping import landed  # noqa: E402
from amends.web.intake import accounting  # noqa: E402
from amends.web.intake.lake import lake  # noqa: E402
from amends.web.intake.models import Delivery, Landing, QuarantinedRow  # noqa: E402
from amends.web.project import pipeline  # noqa: E402
from amends.web.project.sifting import Unready  # noqa: E402

LAKES = Path(os.environ["AMENDS_TESTS_LAKES"])
KILLED = -signal.SIGKILL
KEYS = [SeriesKey("complaint_rate", Slice.of(terms)) for terms in ({}, {"product": "toys"})]
STEPS = (
    "_put_together", "_claim", "_unpacked", "_enriched", "_without_overtaken", "landed_rows",
    "open_cases", "note_outcomes", "take_back", "put_aside", "_append", "_finish",
    "remove_replaced",
)  # fmt: skip


def forked(act: Callable[[], object]) -> tuple[int, Any]:
    """Run an act in a fork; return its exit code and what it returned."""
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        os.close(readable)
        code = 1
        try:
            told = json.dumps(act()).encode()
            with os.fdopen(writable, "wb") as pipe:
                pipe.write(told)
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        told = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), json.loads(told) if told else None


def beside(*acts: Callable[[], object]) -> list[int]:
    """Run acts in forks at the same time; return their exit codes."""
    children = []
    for act in acts:
        child = os.fork()
        if not child:
            code = 1
            try:
                act()
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def use_lake(name: str) -> None:
    settings.AMENDS_LAKE = str(LAKES / name)


def prepare() -> None:
    """Land some signals, and have others wait: new, corrected, withdrawn, joining a case, bad."""
    wipe()
    grave: dict[str, Any] = {"kind": "escalation"}
    send(*[orders(day, 20) for day in range(3)])
    send(*[complaint(n, day=n % 3) for n in range(5)], complaint(10, customer_id="A", **grave))
    pipeline.work_off()
    follow(*KEYS)
    send(complaint(1, day=2, version=2), complaint(6), complaint(11, customer_id="A", **grave))
    send(complaint(12, customer_id="B", product="x" * 61, **grave), complaint(7, day=1))
    send(complaint(8), complaint(12, day=1, customer_id="B", version=2, **grave))
    send(complaint(8, day=2, version=2))
    send(complaint(13, customer_id="C", product="x" * 61, **grave))
    take_back(2, 1)


def kill_at(number: int) -> list[str]:
    """Have this process kill itself before or after its n-th step; return the steps it made."""
    made: list[str] = []

    def tick(name: str) -> None:
        made.append(name)
        if len(made) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            tick(f"before {name}")
            done = step(*given, **named)
            tick(f"after {name}")
            return done

        return run

    for name in STEPS:
        setattr(pipeline, name, watched(name, getattr(pipeline, name)))
    return made


def work(kill: int = 0) -> list[str]:
    """Work the inbox off; return the steps made."""
    made = kill_at(kill)
    pipeline.work_off()
    return made


def look() -> dict[str, Any]:
    """Return what there is: lake, rollups, cases, quarantine, and whether the ledger adds up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT measure, slice, starts_at::text, value, exposure FROM detect_rollup"
            " JOIN detect_series ON detect_series.id = series_id"
            " WHERE value <> 0 OR exposure <> 0 ORDER BY 1, 2, 3"
        )
        rollups = cursor.fetchall()
    sums = accounting.terms()
    return {
        "lake": sorted((r["external_id"], r["version"]) for r in landed().to_pylist()),
        "rollups": rollups,
        "cases": sorted(Case.objects.values_list("customer", "n_signals", "title")),
        "entries": sorted(Entry.objects.values_list("case__customer", "kind", "title")),
        "quarantine": sorted(QuarantinedRow.objects.values_list("source", "row")),
        "sums": [sums.received, sums.landed, sums.superseded, sums.quarantined, sums.withdrawn],
        "unaccounted": sums.unaccounted,
        "gaps": [gap.what for gap in accounting.gaps() or ()],
        "open": Landing.objects.filter(done_at=None).count(),
        "waiting": Delivery.objects.exclude(state="done").count(),
    }


def repaired() -> dict[str, Any]:
    """Work off as another worker does, and look."""
    pipeline.work_off()
    return look()


def undisturbed(name: str) -> tuple[list[str], dict[str, Any]]:
    """Return the steps of a run that nothing disturbs, and its end."""
    use_lake(name)
    code, _ = forked(prepare)
    assert not code
    code, made = forked(work)
    assert not code
    return made, forked(look)[1]


def kills() -> dict[str, Any]:
    """Kill a worker at every step and have another one repair it."""
    made, expected = undisturbed("kills-0")
    found = {}
    for number, step in enumerate(made, start=1):
        use_lake(f"kills-{number}")

        def crash(number: int = number) -> None:
            prepare()
            work(number)

        code, _ = forked(crash)
        _, end = forked(repaired)
        found[f"{number} {step}"] = [code, end == expected or end]
    return {"expected": expected, "killed": found}


def together() -> dict[str, Any]:
    """Have three workers at the same deliveries at once."""
    _, expected = undisturbed("together-0")
    use_lake("together-1")
    forked(prepare)
    codes = beside(repaired, repaired, repaired)
    return {"codes": codes, "end": forked(repaired)[1], "expected": expected}


def twice() -> dict[str, Any]:
    """Receive the same rows twice at once."""
    use_lake("twice")

    def receive_all() -> None:
        send(*[complaint(n) for n in range(400)])

    forked(wipe)
    codes = beside(receive_all, receive_all, repaired)
    end = forked(repaired)[1]
    return {"codes": codes, "rows": len(end["lake"]), "sums": end["sums"], "gaps": end["gaps"],
            "unaccounted": end["unaccounted"]}  # fmt: skip


def full_disk() -> dict[str, Any]:
    """Fill the disk under the lake, work, make room, work again."""
    _, expected = undisturbed("full-0")
    use_lake("full-1")
    folder = LAKES / "full-1"
    folder.mkdir()
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True, check=False,
    ).returncode  # fmt: skip
    try:
        forked(prepare)
        filler = folder / "filler"
        if mounted:
            with suppress(OSError), filler.open("wb") as file:
                while True:
                    file.write(b"0" * 1024)
                    file.flush()

        def refused() -> list[str]:
            if not mounted:
                resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
            try:
                pipeline.work_off()
            except Unready as error:
                return [str(error), *Landing.objects.values_list("error", flat=True)]
            return []

        _, said = forked(refused)
        _, meanwhile = forked(look)
        filler.unlink(missing_ok=True)
        forked(lambda: Landing.objects.update(retry_at=None))
        _, end = forked(repaired)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)
    return {"said": said, "meanwhile": meanwhile, "end": end, "expected": expected}


def tidying() -> dict[str, Any]:
    """Compact and vacuum the lake in two processes at once while rows land and others are read."""
    use_lake("tidying")
    over = LAKES / "tidying-is-over"

    def land_all() -> None:
        try:
            for first in range(0, 400, 10):
                send(*[complaint(first + n) for n in range(10)])
                pipeline.work_off()
            send(*[complaint(n, version=2) for n in range(0, 400, 10)])
            pipeline.work_off()
        finally:
            over.touch()

    def tidy() -> None:
        while not over.exists():
            lake().compact()
            lake().vacuum(keep_hours=0)

    def read() -> None:
        seen = 0
        while not over.exists():
            rows = lake().fetch(lake().signals().select("external_id"))
            found = len(set(rows["external_id"].to_pylist()))
            assert found >= seen, "a reader saw rows come and go"
            seen = found

    forked(wipe)
    codes = beside(land_all, tidy, tidy, read)
    return {"codes": codes, "end": forked(repaired)[1]}


if __name__ == "__main__":
    acts = {
        "kills": kills,
        "together": together,
        "twice": twice,
        "full_disk": full_disk,
        "tidying": tidying,
    }
    sys.stdout.write(json.dumps(acts[sys.argv[1]]()))
