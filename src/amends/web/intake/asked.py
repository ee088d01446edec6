"""Which signals are asked for: the address `/signals/?…`, which every number may link to.

Besides the filters of all pages (`period`, `product`, `channel`, `region`, `segment`, `cause`):

============== ===================================================================================
q              a piece of the verbatim or subject, in either case
kind           complaint, survey, …; repeated for several; "all". Without it: all but transactions
severity       low, medium, high, critical; repeated for several
told=failure   only signals that tell of a failure: those with a cause, "unsure" included
customer       a customer's id
case_ref       the case in the source's own words
tier, vendor   and `touchpoint`, `journey_stage`: the other dimensions of a slice
from, to       ISO dates or times, from ≤ occurred_at < to: they replace the period. Without a zone
               they are in the installation's. `from=2026-11-03&to=2026-11-04` is one day
page           1 is the newest
============== ===================================================================================

What makes no sense is left aside. `url_of_signals` writes such addresses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import ibis
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from amends.engine.contracts import DIMENSIONS, Kind, Severity
from amends.store import reads
from amends.web.intake.filters import FILTERED, Filters, cleaned, filters_of, joined
from amends.web.intake.lake import lake

OTHER_DIMENSIONS: Final = tuple(dim for dim in DIMENSIONS if dim not in FILTERED)
TOLD: Final = tuple(kind.value for kind in Kind if kind is not Kind.TRANSACTION)
"""Kinds that somebody said something in: what is shown when no kind is asked for."""
ALL_KINDS: Final = "all"
MOST_PAGES: Final = 100_000
SHARED: Final = ("period", *FILTERED, "cause")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list of signals was asked for."""

    filters: Filters
    search: str = ""
    kinds: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    is_failure: bool = False
    customer: str = ""
    case_ref: str = ""
    dims: Mapping[str, str] = field(default_factory=dict)
    """The dimensions that are no filters of all pages."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    page: int = 1

    @property
    def since(self) -> datetime:
        """Return the beginning of what is shown."""
        if self.first_at is None and self.last_at is not None:
            return self.last_at - (self.filters.until - self.filters.since)
        return self.first_at or self.filters.since

    @property
    def until(self) -> datetime:
        """Return the end of what is shown."""
        return max(self.last_at or self.filters.until, self.since)

    @property
    def own(self) -> list[tuple[str, str]]:
        """Return the parameters beside the filters and the page, as they stand in the address."""
        told = [
            ("q", self.search),
            *(("kind", kind) for kind in self.kinds),
            *(("severity", severity) for severity in self.severities),
            ("told", "failure" if self.is_failure else ""),
            ("customer", self.customer),
            ("case_ref", self.case_ref),
            *self.dims.items(),
            ("from", self.first_at.isoformat() if self.first_at else ""),
            ("to", self.last_at.isoformat() if self.last_at else ""),
        ]
        return [(name, value) for name, value in told if value]

    def query(self, *, without: Sequence[str] = (), page: int = 1) -> str:
        """Return the address part, without some parameters; "?" when nothing is left."""
        filters = self.filters.query(**{name: "" for name in without if name in SHARED})
        pages = [("page", str(page))] if page > 1 else []
        own = [pair for pair in self.own if pair[0] not in without]
        return joined(filters, [*own, *pages]) or "?"

    def signals(self, since: datetime | None = None, until: datetime | None = None) -> ibis.Table:
        """Return these signals of the lake, or those of them in a stretch; not read yet."""
        found = reads.where(
            lake().signals(),
            since=max(since, self.since) if since else self.since,
            until=min(until, self.until) if until else self.until,
            dims={**self.filters.dims, **self.dims},
            cause=self.filters.cause or None,
            kinds=self._kinds(),
            search=self.search or None,
            customer_id=self.customer or None,
        )
        terms = []
        if self.severities:
            terms.append(found["severity"].isin(list(self.severities)))
        if self.is_failure:
            terms.append(found["cause"].notnull())
        if self.case_ref:
            terms.append(found["case_ref"] == self.case_ref)
        return found.filter(*terms) if terms else found

    def _kinds(self) -> tuple[str, ...] | None:
        return None if ALL_KINDS in self.kinds else self.kinds or TOLD


def asked_of(request: HttpRequest) -> Asked:
    """Read what a request asks for."""
    given = request.GET
    filters = filters_of(request)
    page = given.get("page", "")
    dims = {dim: cleaned(given.get(dim, "")) for dim in OTHER_DIMENSIONS}
    kinds = tuple(k for k in dict.fromkeys(given.getlist("kind")) if k in {*Kind, ALL_KINDS})
    return Asked(
        filters=filters,
        search=cleaned(given.get("q", "")),
        kinds=kinds,
        severities=tuple(s for s in Severity if s in given.getlist("severity")),
        is_failure=given.get("told") == "failure",
        customer=cleaned(given.get("customer", "")),
        case_ref=cleaned(given.get("case_ref", "")),
        dims={dim: value for dim, value in dims.items() if value},
        first_at=_moment(given.get("from", "")),
        last_at=_moment(given.get("to", "")),
        page=min(max(int(page), 1), MOST_PAGES) if page.isdecimal() and len(page) < 9 else 1,
    )


def url_of_signals(filters: Filters, **own: str | Sequence[str]) -> str:
    """Return the address of signals under these filters; `own` are parameters of this page.

    `from` is a word of Python: give it as `since`, and `to` as `until`.
    """
    names = {"since": "from", "until": "to"}
    pairs = [
        (names.get(name, name), value)
        for name, given in own.items()
        for value in ([given] if isinstance(given, str) else given)
    ]
    return reverse("intake:signals") + joined(filters.query(), pairs)


def _moment(text: str) -> datetime | None:
    text = text.strip()
    unescaped = text.replace(" ", "+")  # the "+" of an offset arrives as a blank
    try:
        spelt = map(parse_datetime, (text, unescaped, f"{text}T00:00"))
        at = next((found for found in spelt if found), None)
    except ValueError:
        return None
    if at is None or not 1990 <= at.year <= 2100:
        return None
    return at if at.tzinfo else timezone.make_aware(at)
