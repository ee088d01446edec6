"""The pipeline: how fast signals are received and landed, and how soon they can be seen.

    python -m bench.ingest_pipeline [--signals N] [--workers W] [--texts] [--world NAME]
    python -m bench.ingest_pipeline --sustained SECONDS [--rate N] [--each N]

Starts a data folder of its own with its PostgreSQL and stops it again. The first form receives the
signals of a world in deliveries of 25,000, makes the series worth watching, and has W workers land
as many signals again; with --texts a classifier that learnt from the first half labels them. The
second form sends N signals a second while a real worker lands and compacts, and tells after how
long each delivery is in lake and rollups.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from amends.engine.contracts import SIGNAL_SCHEMA
from amends.engine.worlds import read_world


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--signals", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--texts", action="store_true")
    parser.add_argument("--world", default="retailer")
    parser.add_argument("--sustained", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--each", type=int, default=25, help="signals of one delivery")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        from amends.web.project.start import prepared  # noqa: PLC0415  (Django is set up in it)

        stack.enter_context(prepared(folder))
        from amends.web.project.tables import migrate  # noqa: PLC0415

        migrate()
        signals = a_year_until_now(options.world, options.signals)
        figures = (
            sustained(folder, signals, options) if options.sustained else bulk(signals, options)
        )
    print(json.dumps(figures, indent=1))


def a_year_until_now(world: str, n: int) -> pa.Table:
    """Return a world's signals, the last of them an hour ago."""
    played = pa.concat_tables([c.signals for c in read_world(world).play(n, 7).chunks()])
    played = played.unify_dictionaries().combine_chunks()
    last = pa.compute.max(played["occurred_at"]).as_py()
    by = datetime.now(UTC) - timedelta(hours=1) - last
    for name in ("occurred_at", "received_at", "opened_at", "resolved_at"):
        place = SIGNAL_SCHEMA.get_field_index(name)
        moved = pa.compute.add(played[name], pa.scalar(by, pa.duration("us")))
        played = played.set_column(place, SIGNAL_SCHEMA.field(name), moved)
    return played


def renamed(signals: pa.Table, name: str) -> pa.Table:
    """Return the same signals under other ids."""
    rng = np.random.default_rng(abs(hash(name)) % 2**32)
    high, low = rng.integers(0, 2**63, (2, len(signals)))
    ids = pa.array([f"{a:016x}{b:016x}" for a, b in zip(high.tolist(), low.tolist(), strict=True)])
    external = pa.compute.binary_join_element_wise(name, signals["external_id"], "-")
    signals = signals.set_column(0, SIGNAL_SCHEMA.field(0), ids)
    return signals.set_column(2, SIGNAL_SCHEMA.field(2), external)


def bulk(signals: pa.Table, options: argparse.Namespace) -> dict[str, float]:
    """Return signals a second of receiving and of landing."""
    from amends.web.detect import watching  # noqa: PLC0415
    from amends.web.project import pipeline  # noqa: PLC0415

    _run(_receive, signals, "first")
    if options.texts:
        _run(_learn, signals)
    _run(pipeline.work_off)
    _run(watching.choose_series, datetime.now(UTC))
    more = renamed(signals, "more")
    received, cpu = _run(_receive, more, "more")
    landed, landing_cpu = _run(pipeline.work_off, times=options.workers)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return {
        "signals": len(more),
        "series": _run_for(_count_series),
        "receive_signals_per_s": len(more) / received,
        "receive_cpu_s": cpu,
        "land_signals_per_s": len(more) / landed,
        "land_signals_per_cpu_s": len(more) / landing_cpu,
        "workers": options.workers,
        "largest_process_gb": memory,
    }


def sustained(folder: Path, signals: pa.Table, options: argparse.Namespace) -> dict[str, float]:
    """Return after how many seconds signals can be seen at a steady rate."""
    from amends.web.detect import watching  # noqa: PLC0415
    from amends.web.project import pipeline  # noqa: PLC0415

    _run(_receive, signals, "first")
    _run(pipeline.work_off)
    _run(watching.choose_series, datetime.now(UTC))
    command = [str(Path(sys.executable).with_name("amends")), "worker", "--home", str(folder)]
    worker = subprocess.Popen(command, env={**os.environ})
    try:
        time.sleep(5)
        _run(
            _send_steadily, renamed(signals, "live"), options.rate, options.each, options.sustained
        )
        time.sleep(8)
        figures: dict[str, float] = _run_for(_delays)
        return figures
    finally:
        worker.terminate()
        worker.wait(30)


def _receive(signals: pa.Table, name: str) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from amends.web.intake.receiving import receive  # noqa: PLC0415

    for start in range(0, len(signals), 25_000):
        receive(signals.slice(start, 25_000), f"bench {name}", timezone.now())


def _send_steadily(signals: pa.Table, rate: int, each: int, seconds: float) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from amends.web.intake.receiving import receive  # noqa: PLC0415

    began = time.monotonic()
    for n in range(int(seconds * rate / each)):
        time.sleep(max(0.0, began + n * each / rate - time.monotonic()))
        part = renamed(signals.slice(n * each % (len(signals) - each), each), f"live {n}")
        receive(part, "bench live", timezone.now())


def _delays() -> dict[str, float]:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(rows), count(DISTINCT landing_id),"
            " percentile_cont(ARRAY[.5, .99, 1]) WITHIN GROUP"
            " (ORDER BY extract(epoch FROM done_at - received_at)),"
            " extract(epoch FROM max(received_at) - min(received_at)), count(*) - count(done_at)"
            " FROM intake_delivery WHERE source = 'bench live'"
        )
        [told] = cursor.fetchall()
    n, rows, landings, (half, most, last), seconds, waiting = told
    return {
        "deliveries": n, "signals_per_s": float(rows) / float(seconds), "landings": landings,
        "seen_after_s_p50": half, "seen_after_s_p99": most, "seen_after_s_max": last,
        "still_waiting": waiting,
    }  # fmt: skip


def _count_series() -> int:
    from amends.web.detect.models import Series  # noqa: PLC0415

    return Series.objects.count()


def _learn(signals: pa.Table) -> None:
    from amends.engine.contracts import starter_taxonomy  # noqa: PLC0415
    from amends.flows.learning import learn_causes  # noqa: PLC0415
    from amends.web.classify.in_force import put_in_force  # noqa: PLC0415

    texts, codes = (signals[n].to_pylist()[:60_000] for n in ("verbatim", "resolution_code"))
    classifier, _ = learn_causes(starter_taxonomy("retail"), texts, codes)
    put_in_force(classifier, datetime.now(UTC))


def _run(act: Callable[..., object], *given: object, times: int = 1) -> tuple[float, float]:
    """Run an act in so many processes at once; return elapsed and CPU seconds."""
    from django.db import connection  # noqa: PLC0415

    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    crew = [get_context("fork").Process(target=act, args=given) for _ in range(times)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
        if one.exitcode:
            raise SystemExit(f"{act} failed.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu


def _run_for(act: Callable[[], Any]) -> Any:  # noqa: ANN401  (what the act returns)
    """Run an act in a process of its own and return what it returns."""
    with get_context("fork").Pool(1) as pool:
        return pool.apply(act)


if __name__ == "__main__":
    main()
