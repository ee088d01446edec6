"""Room in the inbox: senders are asked to wait before memory and disk fill up."""

import threading
import time
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min, Sum
from django.utils import timezone

from amends.web.intake.models import Landing

MOST_DELIVERIES: Final = 100_000
"""Deliveries that may wait, however small they are."""
LOOKED_SECONDS: Final = 0.5
"""How long what was counted is taken for true: one count serves many requests."""
RECENT: Final = timedelta(minutes=2)
SOON: Final = 2
LATE: Final = 300
"""Seconds: the shortest and the longest time for which a sender is asked to wait."""
UNKNOWN_SECONDS: Final = 60
"""What a sender is told when nothing has landed lately."""
ENOUGH: Final = 0.8
"""The share of the limit at which senders may come again."""


class InboxIsFull(Exception):  # noqa: N818 - it reads so where it is raised
    """More waits than the workers should be given; nothing was taken in."""

    def __init__(self, waiting: int, retry_after_seconds: int) -> None:
        self.waiting, self.retry_after_seconds = waiting, retry_after_seconds
        super().__init__(
            f"{waiting:,} signals wait to be worked off. Send again in {retry_after_seconds} s."
        )


class _Count:
    """What waits, counted now and then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at, self._rows, self._deliveries = 0.0, 0, 0

    def look(self) -> tuple[int, int]:
        """Return how many rows and deliveries wait; counting stops at `MOST_DELIVERIES`."""
        with self._lock:
            if self._at == 0 or time.monotonic() - self._at > LOOKED_SECONDS:
                self._rows, self._deliveries = count_waiting()
                self._at = time.monotonic()
            return self._rows, self._deliveries

    def forget(self) -> None:
        """Count anew the next time."""
        self._at = 0.0


_count = _Count()
forget_count = _count.forget


def check_room() -> None:
    """Refuse more as long as too many signals wait: the sender keeps them meanwhile.

    Raises
    ------
    InboxIsFull

    """
    rows, deliveries = _count.look()
    most = settings.MOST_WAITING
    if rows > most or deliveries >= MOST_DELIVERIES:
        too_many = max(rows - ENOUGH * most, (1 - ENOUGH) * rows)
        raise InboxIsFull(rows, _seconds_for(too_many))


def count_waiting() -> tuple[int, int]:
    """Return how many rows and deliveries wait, the first `MOST_DELIVERIES` of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(rows), 0), count(*) FROM (SELECT rows FROM intake_delivery"
            " WHERE state = 'waiting' LIMIT %s) AS waiting",
            [MOST_DELIVERIES],
        )
        rows, deliveries = cursor.fetchone() or (0, 0)
    return int(rows), int(deliveries)


def _seconds_for(rows: float) -> int:
    """Return how long so many rows take at the rate of the last minutes."""
    now = timezone.now()
    landed = Landing.objects.filter(done_at__gt=now - RECENT)
    told = landed.aggregate(n=Sum("rows"), first=Min("done_at"), last=Max("done_at"))
    if not told["n"]:
        return UNKNOWN_SECONDS
    seconds = max((now - told["first"]).total_seconds(), 1.0)
    return int(min(max(rows * seconds / told["n"], SOON), LATE))
