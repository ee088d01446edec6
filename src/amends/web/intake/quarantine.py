"""Named reads of the quarantine: what is in it by source and reason, rows by page, its trend."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import CharField, Count, F, Func, Max, Q, QuerySet, Sum, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncDate
from django.http import HttpRequest

from amends.web.intake.models import Arrival, QuarantinedRow, QuarantineState, Source

PAGE_SIZE: Final = 50
MOST_GROUPS: Final = 12
TREND_DAYS: Final = 30
COLUMNS_OF_A_SIGNAL: Final = ("external_id", "kind", "occurred_at", "customer_id", "verbatim")
"""What a line is offered to be made of, where its source has no other row to copy from."""
_VALUE_OF_REASON: Final = r"""^(['"]).*\1 is """
"""The value that a reason begins with: what follows is the reason of many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows the address asks for; empty: any."""

    source: str = ""
    field: str = ""
    reason: str = ""
    """Without the value."""
    state: str = QuarantineState.OPEN.value
    page: int = 1

    def query(self, **changes: object) -> str:
        """Return the address part of this with `changes`, a page only where it is named."""
        asked = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        pairs = [
            ("source", asked.source),
            ("field", asked.field),
            ("reason", asked.reason),
            ("state", "" if asked.state == QuarantineState.OPEN else asked.state),
            ("page", "" if asked.page == 1 else str(asked.page)),
        ]
        return "?" + urlencode([(name, value) for name, value in pairs if value])

    def chosen(self) -> dict[str, str]:
        """Return what a redrive keeps of it."""
        pairs = {"source": self.source, "field": self.field, "reason": self.reason}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one source that could not be read for one reason."""

    source: str
    field: str
    reason: str
    n: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Trend:
    """What of one source went into quarantine, day by day."""

    source: str
    title: str
    open: int
    by_day: tuple[int, ...]
    """`TREND_DAYS` days, the last one today."""
    rows: int
    """All rows that it delivered in these days."""

    @property
    def quarantined(self) -> int:
        """Return how many of them went into quarantine."""
        return sum(self.by_day)


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    """One page of a list of rows."""

    rows: tuple[QuarantinedRow, ...]
    total: int
    page: int
    n_pages: int

    @property
    def first(self) -> int:
        """Return the place of the first row; 0 without rows."""
        return (self.page - 1) * PAGE_SIZE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Return the place of the last row."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def asked_of(request: HttpRequest) -> Asked:
    """Read which rows an address asks for; what makes no sense is left aside."""
    given = {name: request.GET.get(name, "") for name in ("source", "field", "reason", "state")}
    given = {name: value.replace("\0", "") for name, value in given.items()}
    state = given["state"]
    page = request.GET.get("page", "")
    known = {*QuarantineState.values, "all"}
    return Asked(
        source=given["source"],
        field=given["field"],
        reason=given["reason"],
        state=state if state in known else QuarantineState.OPEN.value,
        page=max(int(page[:6]), 1) if page.isascii() and page.isdecimal() else 1,
    )


def rows_of(asked: Asked) -> QuerySet[Any]:
    """Return the rows that are asked for, newest first."""
    found = with_reason(QuarantinedRow.objects.order_by("-received_at", "-pk"))
    if asked.source:
        found = found.filter(source=asked.source)
    if asked.reason:
        found = found.filter(field=asked.field, bare_reason=asked.reason)
    if asked.state != "all":
        found = found.filter(state=asked.state)
    return found


def with_reason(rows: QuerySet[QuarantinedRow]) -> QuerySet[Any]:
    """Add `bare_reason` to the rows: the reason without the value that is wrong."""
    bare = Func(
        F("reason"),
        Value(_VALUE_OF_REASON),
        Value(""),
        function="regexp_replace",
        output_field=CharField(),
    )
    return rows.annotate(bare_reason=bare)


def with_column(rows: QuerySet[Any], column: str, value: str) -> QuerySet[Any]:
    """Keep the rows in which a column now holds a value."""
    now = "CASE WHEN edited <> '' THEN edited ELSE raw END"
    held = RawSQL(  # noqa: S611  (the name of the column is a parameter)
        f"CASE WHEN ({now}) IS JSON OBJECT THEN ({now})::json ->> %s END",
        [column],
        output_field=TextField(),
    )
    found: QuerySet[Any] = rows.annotate(held=held).filter(held=value)
    return found


def quarantine_page(asked: Asked) -> QuarantinePage:
    """Return one page of rows: two queries."""
    found = rows_of(asked).select_related("closed_by")
    total = found.count()
    n_pages = max(-(-total // PAGE_SIZE), 1)
    page = min(asked.page, n_pages)
    start = (page - 1) * PAGE_SIZE
    return QuarantinePage(tuple(found[start : start + PAGE_SIZE]), total, page, n_pages)


def groups_of(asked: Asked) -> list[Group]:
    """Return what is open, of the source asked for or of all, by source and reason."""
    rows = rows_of(Asked(source=asked.source)).order_by()
    counted = rows.values("source", "field", "bare_reason").annotate(
        n=Count("pk"), last_at=Max("received_at")
    )
    return [
        Group(g["source"], g["field"], g["bare_reason"], g["n"], g["last_at"])
        for g in counted.order_by("-n", "source", "bare_reason")[:MOST_GROUPS]
    ]


def state_counts(asked: Asked) -> dict[str, int]:
    """Return how many rows each state has under the other filters."""
    found = rows_of(replace(asked, state="all")).order_by().values_list("state")
    counts = dict(found.annotate(n=Count("pk")))
    return {state: counts.get(state, 0) for state in QuarantineState.values}


def trends(now: datetime) -> list[Trend]:
    """Return the trend of every source that has rows in quarantine or had some lately."""
    since = now - timedelta(days=TREND_DAYS - 1)
    first = since.date()
    by_day: dict[str, list[int]] = defaultdict(lambda: [0] * TREND_DAYS)
    delivered: dict[str, int] = defaultdict(int)
    lately = Arrival.objects.filter(received_at__date__gte=first, received_at__lte=now)
    for name, day, bad, rows in (
        lately.annotate(day=TruncDate("received_at"))
        .values_list("source", "day")
        .annotate(bad=Sum("quarantined"), n=Sum("rows"))
    ):
        by_day[name][min((day - first).days, TREND_DAYS - 1)] += bad
        delivered[name] += rows
    is_open = QuarantinedRow.objects.filter(state=QuarantineState.OPEN).order_by()
    waiting = dict(is_open.values_list("source").annotate(n=Count("pk")))
    titles = dict(Source.objects.values_list("name", "title"))
    names = [name for name in {*by_day, *waiting} if waiting.get(name) or sum(by_day[name])]
    found = [
        Trend(
            name,
            titles.get(name, name),
            waiting.get(name, 0),
            tuple(by_day[name]),
            delivered[name],
        )
        for name in names
    ]
    return sorted(found, key=lambda t: (-t.open, -t.quarantined, t.title))


def sources_known() -> list[tuple[str, str]]:
    """Return (name, title) of every source that ever had a row in quarantine."""
    names = set(QuarantinedRow.objects.order_by().values_list("source", flat=True).distinct())
    titles = dict(Source.objects.filter(name__in=names).values_list("name", "title"))
    return sorted(((n, titles.get(n, n)) for n in names), key=lambda pair: pair[1])


def columns_beside(row: QuarantinedRow) -> Sequence[str]:
    """Return the columns that other rows of its source have: what a mere line may be made of."""
    others = QuarantinedRow.objects.filter(source=row.source).exclude(pk=row.pk)
    for other in others.order_by(F("arrival_id").desc(nulls_last=True), "-pk")[:20]:
        if other.record:
            return tuple(other.record)
    return COLUMNS_OF_A_SIGNAL


def next_open(row: QuarantinedRow) -> QuarantinedRow | None:
    """Return another open row, of the same source and field if there is one."""
    found = QuarantinedRow.objects.filter(state=QuarantineState.OPEN).exclude(pk=row.pk)
    alike = Q(source=row.source, field=row.field)
    return (
        found.filter(alike).order_by("-received_at", "-pk").first()
        or found.order_by("-received_at", "-pk").first()
    )
