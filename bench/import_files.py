"""Import a large Parquet file of a world: memory over time, rows a second.

    python -m bench.import_files FOLDER [--rows 5000000] [--keep]

The file is written as it is made, so that making it takes no more memory than importing it. The
import is `amends import` in a process of its own, whose memory is looked at twice a second. No
worker runs beside it; in its place deliveries are marked as done as they come, so that the inbox
does not fill up. PostgreSQL's own memory does not count. FOLDER must be empty or hold what an
earlier run left.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from amends.engine.contracts import SIGNAL_SCHEMA
from amends.engine.worlds import read_world

_EVERY_S = 0.5
_SIGNALS_A_PLAY = 60_000


def main() -> None:
    """Make the file, import it, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--keep", action="store_true", help="keep the file and the data folder")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / f"signals-{options.rows}.parquet"
    if not path.exists():
        _make(path, options.rows)
    figures = _import(path, options.folder / "home")
    print(json.dumps({"file_mb": path.stat().st_size >> 20, **figures}, indent=1))
    if not options.keep:
        path.unlink()


def _make(path: Path, rows: int) -> None:
    """Write plays of one world after another, each with ids of its own."""
    written, seed, part = 0, 1, path.with_suffix(".part")
    with pq.ParquetWriter(part, SIGNAL_SCHEMA, compression="zstd") as writer:
        while written < rows:
            for chunk in read_world("retailer").play(_SIGNALS_A_PLAY, seed).chunks():
                signals = _renamed(chunk.signals, seed).slice(0, rows - written)
                writer.write_table(signals, row_group_size=100_000)
                written += len(signals)
                print(f"\r{written:,} rows made", end="", file=sys.stderr)
            seed += 1
    print(file=sys.stderr)
    part.replace(path)


def _renamed(signals: pa.Table, seed: int) -> pa.Table:
    place = signals.schema.get_field_index("external_id")
    ids = [f"{seed}-{each}" for each in signals["external_id"].to_pylist()]
    return signals.set_column(place, SIGNAL_SCHEMA.field(place), pa.array(ids, pa.string()))


def _import(path: Path, home: Path) -> dict[str, object]:
    from amends.web.project.start import prepared

    with prepared(home):
        from amends.web.project.tables import migrate

        migrate()
        over = threading.Event()
        worker = threading.Thread(target=_empty_inbox, args=(over,))
        worker.start()
        begin = time.perf_counter()
        amends = Path(sys.executable).with_name("amends")
        command = [str(amends), "import", str(path), "--json"]
        importing = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
        memory = _memory(importing)
        seconds = time.perf_counter() - begin
        over.set()
        worker.join()
    out = importing.stdout.read() if importing.stdout else ""
    [receipt] = json.loads(out)["files"]
    # The first tenth of the samples is starting up and looking at the file.
    steady = memory[len(memory) // 10 :]
    first, last = np.median(steady[: len(steady) // 4]), np.median(steady[-len(steady) // 4 :])
    return {
        **receipt,
        "seconds": round(seconds, 1),
        "rows_per_s": round(receipt["rows"] / seconds),
        "peak_mb": max(memory),
        "first_quarter_mb": int(first),
        "last_quarter_mb": int(last),
    }


def _memory(process: subprocess.Popen[str]) -> list[int]:
    """Return the resident memory in MB at every half second until a process ends."""
    found = []
    page_mb = os.sysconf("SC_PAGE_SIZE") / 2**20
    while process.poll() is None:
        try:
            pages = Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]
        except (FileNotFoundError, IndexError):
            break
        found.append(int(int(pages) * page_mb))
        time.sleep(_EVERY_S)
    process.wait()
    return found


def _empty_inbox(over: threading.Event) -> None:
    from django.db import connection

    while not over.wait(2):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE intake_delivery SET state = 'done', payload = '', done_at = now()"
                " WHERE state = 'waiting'"
            )
    connection.close()


if __name__ == "__main__":
    main()
