"""A living installation whose PostgreSQL is stopped under its workers, and started again.

    python -m tests.faults.outage FOLDER

Runs `amends worker --processes 2` on a data folder of its own while rows arrive. The database
is stopped as a power cut does, then as an administrator does. A sender that got no answer sends
the same rows again. In the end the worker is told to stop just when its database is gone once more.
Prints what the test compares as one JSON object.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from amends.web.project.embedded import Cluster, _control, _ensure_running, socket_folder
from amends.web.project.start import prepared

EACH = 20
BATCHES = 60
OUTAGES = {15: "immediate", 35: "fast"}
"""How the server is stopped, by the batch before which."""
AWAY_SECONDS = 3.0
PATIENCE_SECONDS = 120


def main() -> None:
    """Run it and print what came of it."""
    folder = Path(sys.argv[1])
    amends = str(Path(sys.executable).with_name("amends"))
    with prepared(folder):
        from django.db import connection  # noqa: PLC0415  (Django is set up in `prepared`)

        from amends.web.project.tables import migrate  # noqa: PLC0415

        migrate()
        with (folder / "worker.log").open("w+") as log:
            command = [amends, "worker", "--home", str(folder), "--processes", "2"]
            worker = subprocess.Popen(command, stderr=log)
            try:
                refusals = _send(folder)
                _await(_is_worked_off)
                ended = worker.poll()
                restart = _stop_for_a_while(folder, "immediate")
            finally:
                worker.terminate()
                worker.wait(60)
            restart.join()
            connection.close()  # broken by the last outage
            log.seek(0)
            said = log.read()[-3000:]
        told = _look()
    json.dump({"ended": ended, "said": said, "refusals": refusals, **told}, sys.stdout)


def _send(folder: Path) -> int:
    """Send every batch until it is taken; return how often that failed."""
    from django.db import Error, connection  # noqa: PLC0415
    from tests.web.arrivals import complaint, send  # noqa: PLC0415

    refusals = 0
    restarts = []
    for batch in range(BATCHES):
        if batch == min(OUTAGES):
            _await(_has_landed)  # the worker is at work
        if batch in OUTAGES:
            restarts.append(_stop_for_a_while(folder, OUTAGES[batch]))
        rows = [complaint(batch * EACH + n) for n in range(EACH)]
        while True:
            try:
                send(*rows)
                break
            except Error:
                refusals += 1
                connection.close()
                time.sleep(0.3)
        time.sleep(0.05)
    for restart in restarts:
        restart.join()
    return refusals


def _stop_for_a_while(folder: Path, how: str) -> threading.Thread:
    """Stop the server; a thread starts it again after a while."""
    cluster = Cluster(folder / "postgres")
    stopped = _control(cluster, "stop", "-m", how, "-w", "-t", "60")
    assert not stopped.returncode, stopped.stderr

    def start() -> None:
        time.sleep(AWAY_SECONDS)
        _ensure_running(cluster, socket_folder(folder))

    restart = threading.Thread(target=start)
    restart.start()
    return restart


def _await(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and not what():
        time.sleep(0.5)


def _has_landed() -> bool:
    from amends.web.intake.models import Landing  # noqa: PLC0415

    return Landing.objects.exclude(done_at=None).exists()


def _is_worked_off() -> bool:
    from amends.web.intake.models import Delivery, Landing  # noqa: PLC0415

    waiting = Delivery.objects.exclude(state="done").exists()
    return not waiting and not Landing.objects.filter(done_at=None).exists()


def _look() -> dict[str, Any]:
    from amends.web.detect.keeping import landed  # noqa: PLC0415
    from amends.web.intake import accounting  # noqa: PLC0415

    rows = landed()
    sums = accounting.terms()
    return {
        "sent": BATCHES * EACH,
        "rows": len(rows),
        "distinct": len(set(rows["external_id"].to_pylist())),
        "landed": sums.landed,
        "unaccounted": sums.unaccounted,
        "gaps": [gap.what for gap in accounting.gaps() or ()],
    }


if __name__ == "__main__":
    main()
