"""HTTP batches to committed: how many signals a second a fresh installation takes in.

    python -m bench.ingest_http [--rows N] [--batch K] [--clients C] [--processes P] [--port N]

Starts its own database and web server in an empty folder, without a worker, makes a source with a
token, and posts the retailer world's signals as JSON arrays. A batch counts when its answer has
come: it is committed then. At the end the ledger must hold what was sent.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path

import pyarrow.compute as pc

from amends.engine.contracts import ENRICHED_FIELDS
from amends.engine.worlds import read_world

TOKEN = "amends_bench"  # noqa: S105  (of a folder that lives as long as the run)
SOURCE = "bench"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--port", type=int, default=9590)
    options = parser.parse_args()
    bodies = list(made_bodies(options.rows, options.batch))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        amends = [str(Path(sys.executable).with_name("amends"))]
        subprocess.run([*amends, "migrate", "--home", str(home)], check=True)
        server = subprocess.Popen(
            [
                *(*amends, "web", "--home", str(home)),
                *("--port", str(options.port), "--processes", str(options.processes)),
            ]
        )
        try:
            await_server(options.port)
            with_token(home)
            measure(bodies, options.port, options.clients)
            check_ledger(options.rows)
        finally:
            server.terminate()
            server.wait(30)


def made_bodies(rows: int, batch: int) -> Iterator[bytes]:
    """Yield JSON arrays of signals as a sender would write them."""
    records: list[dict[str, object]] = []
    made = 0
    for chunk in read_world("retailer").play(signals=rows).chunks():
        told = chunk.signals.filter(pc.not_equal(chunk.signals["kind"], "transaction"))
        plain = told.drop_columns([*ENRICHED_FIELDS, "signal_id", "source"])
        for signal in plain.to_pylist():
            signal["attributes"] = dict(signal["attributes"] or ())
            records.append({name: value for name, value in signal.items() if value is not None})
        while len(records) >= batch and made < rows:
            yield json.dumps(records[:batch], default=_plain).encode()
            records, made = records[batch:], made + batch
    if records and made < rows:
        yield json.dumps(records[: rows - made], default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


def await_server(port: int) -> None:
    """Wait until pages are answered."""
    for _ in range(300):
        link = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            link.request("GET", "/healthz", headers={"Host": "localhost"})
            if link.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            link.close()
    raise SystemExit("The server does not answer.")


def with_token(home: Path) -> None:
    """Make the source and its token in the running installation's database."""
    os.environ["AMENDS_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "amends.web.project.settings"
    import django  # noqa: PLC0415  (once the folder is known)

    django.setup()
    from django.utils import timezone  # noqa: PLC0415

    from amends.web.intake.doors import digest_of  # noqa: PLC0415
    from amends.web.intake.models import Source, Way  # noqa: PLC0415

    source = Source.objects.create(name=SOURCE, title="Bench", way=Way.API)
    source.tokens.create(
        label="bench",
        digest=digest_of(TOKEN),
        expires_at=timezone.now() + timedelta(days=1),
        requests_per_minute=60_000,
    )


def measure(bodies: Sequence[bytes], port: int, clients: int) -> None:
    """Post every body once and print how long it took."""
    waiting, seconds, taken = list(reversed(bodies)), [], []
    lock = threading.Lock()

    def post() -> None:
        link = HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {
            "Host": "localhost",
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "application/json",
        }
        while True:
            with lock:
                if not waiting:
                    return
                body = waiting.pop()
            began = time.perf_counter()
            link.request("POST", "/api/v1/signals", body, headers)
            answer = link.getresponse()
            receipt = json.loads(answer.read())
            with lock:
                seconds.append(time.perf_counter() - began)
                taken.append(receipt["accepted"])
                if answer.status != 200:
                    print(answer.status, {**receipt, "answers": ...}, file=sys.stderr)

    began = time.perf_counter()
    threads = [threading.Thread(target=post) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    megabytes = sum(map(len, bodies)) / 1e6
    print(
        f"{sum(taken):,} signals ({megabytes:.0f} MB) in {len(bodies)} requests, {clients} clients:"
        f" {elapsed:.1f} s, {sum(taken) / elapsed:,.0f} signals/s; a request"
        f" {sorted(seconds)[len(seconds) // 2]:.2f} s in the median, {max(seconds):.2f} s at most"
    )


def check_ledger(rows: int) -> None:
    """Compare what was sent with what the ledger says."""
    from django.db.models import Sum  # noqa: PLC0415

    from amends.web.intake.models import Arrival, Delivery  # noqa: PLC0415

    ledger = Arrival.objects.aggregate(rows=Sum("rows"), accepted=Sum("accepted"))
    inbox = Delivery.objects.aggregate(rows=Sum("rows"))["rows"]
    print(f"sent {rows:,}; in the ledger {ledger}; in the inbox {inbox:,}")


if __name__ == "__main__":
    main()
