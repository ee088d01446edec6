"""Signals that arrive and are worked off: shared by the tests of the pipeline."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from django.db import connection
from django.utils import timezone
from tests.web.signals import signal
from tests.web.tables import table

from amends.engine.contracts import SeriesKey
from amends.web.detect import rollups
from amends.web.detect.keeping import landed
from amends.web.detect.models import Series
from amends.web.detect.rolled_up import read
from amends.web.intake.models import Way
from amends.web.intake.receiving import Receipt, receive, withdraw
from amends.web.project import pipeline

DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANGRY = "The parcel never arrived and nobody answers, I am furious and want my money back"
SOURCE = "tests"


def complaint(number: int, day: int = 0, **more: object) -> dict[str, object]:
    at = DAY + timedelta(days=day)
    fields = {"product": "toys", "customer_id": f"K{number}", "verbatim": ANGRY, **more}
    return signal(external_id=f"S-{number}", occurred_at=at, received_at=at, **fields)


def orders(day: int, n: float, product: str = "toys") -> dict[str, object]:
    at = DAY + timedelta(days=day)
    return signal(
        external_id=f"O-{day}-{product}",
        kind="transaction",
        occurred_at=at,
        received_at=at,
        exposure=n,
        product=product,
    )


def send(*rows: dict[str, object]) -> Receipt:
    return receive(table(list(rows)), SOURCE, timezone.now(), way=Way.API)


def take_back(number: int, version: int) -> Receipt:
    ids = {"source": [SOURCE], "external_id": [f"S-{number}"], "version": [version]}
    return withdraw(pa.table(ids), SOURCE, timezone.now(), Way.API)


def arrive(*rows: dict[str, object]) -> None:
    send(*rows)
    pipeline.work_off()


def follow(*keys: SeriesKey) -> None:
    with rollups.exclusively():
        rollups.make_series(landed(), keys, DAY)


def rolled_up(key: SeriesKey, days: int = 4) -> tuple[list[float], list[float]]:
    """Return value and exposure of each day, 0 where nothing is known."""
    [series] = [s for s in Series.objects.all() if s.key == key]
    [batch] = read([series], DAY, DAY + timedelta(days=days))
    value = [0.0 if v != v else v for v in batch.value[0].tolist()]  # noqa: PLR0124  (not a number)
    return value[:days], batch.exposure[0].tolist()[:days]


def wipe() -> None:
    """Empty every table of signals: each example of a property starts from nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE intake_arrival, intake_delivery, intake_landing, intake_identity,"
            " intake_quarantinedrow, intake_customer, detect_series, procrastinate_jobs CASCADE"
        )
