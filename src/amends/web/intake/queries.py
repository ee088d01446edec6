"""Named reads of signals: the bar of filters, lists, one signal."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet, Sum
from django.utils import timezone

from amends.store import reads
from amends.web.intake.asked import Asked
from amends.web.intake.course import Course, course_of
from amends.web.intake.filter_bar import FilterBar, filter_bar
from amends.web.intake.lake import lake
from amends.web.intake.models import (
    Customer,
    Delivery,
    DeliveryState,
    Import,
    QuarantinedRow,
    QuarantineState,
    Source,
)
from amends.web.intake.telling import SHOWN, SignalRow, rows_of

__all__ = ["FilterBar", "filter_bar"]

PAGE_SIZE: Final = 40
MOST_OF_CUSTOMER: Final = 20


@dataclass(frozen=True, slots=True)
class SignalPage:
    """One page of a list of signals, and when they all occurred."""

    rows: tuple[SignalRow, ...]
    course: Course
    page: int
    n_pages: int
    first: int
    """1-based place of the first row; 0 without rows."""

    @property
    def last(self) -> int:
        """Return the place of the last row."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def signal_page(asked: Asked, size: int = PAGE_SIZE) -> SignalPage:
    """Return one page of the signals asked for, newest first: two lake reads.

    The second reads only the days that the rows of the page lie in.
    """
    course = course_of(asked.signals(), timezone.get_current_timezone())
    n_pages = max(-(-course.total // size), 1)
    page = min(asked.page, n_pages)
    offset = (page - 1) * size
    stretch = course.page(offset, size)
    if stretch is None:
        return SignalPage((), course, page, n_pages, 0)
    since, until, inner = stretch
    there = asked.signals(since, until).select(*SHOWN, "version")
    found = lake().fetch(reads.newest(there, size, inner))
    return SignalPage(rows_of(found.to_pylist(), asked.search), course, page, n_pages, offset + 1)


def one_signal(signal_id: str) -> dict[str, Any] | None:
    """Return the newest version of a signal with all its fields; None when there is none."""
    found = lake().by_id([signal_id]).to_pylist()
    return max(found, key=lambda row: row["version"]) if found else None


def signals_of_customer(customer_id: str, without: str = "") -> tuple[SignalRow, ...]:
    """Return the newest signals of a customer, but one."""
    signals = reads.where(lake().signals(), customer_id=customer_id)
    columns = signals.select(*SHOWN, "version")
    found = lake().fetch(reads.newest(columns, MOST_OF_CUSTOMER + 1)).to_pylist()
    others = [row for row in found if row["signal_id"] != without]
    return rows_of(others[:MOST_OF_CUSTOMER])


def customer_of(customer_id: str) -> Customer | None:
    """Return what is known of a customer."""
    return Customer.objects.filter(pk=customer_id).first() if customer_id else None


def n_quarantined() -> int:
    """Return how many rows wait in quarantine."""
    return QuarantinedRow.objects.filter(state=QuarantineState.OPEN).count()


def waiting_signals() -> int:
    """Return how many signals wait in the inbox."""
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING)
    return int(waiting.aggregate(n=Sum("rows"))["n"] or 0)


def imports() -> QuerySet[Import]:
    """Return the imports of files, newest first."""
    return Import.objects.select_related("started_by").order_by("-created_at", "-pk")


def quarantined_of(found: Import) -> QuerySet[QuarantinedRow]:
    """Return the rows of a file that could not be read, in its order."""
    return QuarantinedRow.objects.filter(arrival_id__in=found.arrivals).order_by("row")


def source_of_columns(columns: tuple[str, ...], name: str = "") -> Source | None:
    """Return the source that keeps how a file with these columns is read; `name`: only that one."""
    known = Source.objects.filter(options__columns=list(columns))
    return (known.filter(name=name) if name else known.order_by("-pk")).first()
