"""What the sidebar offers: every page that can be started from, and who sees it.

A new page is one line here. The order is that of a day: what is, what broke, whom to help, what
came of it; then what few people need.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db.models import IntegerField, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse

from amends.web.accounts.models import User
from amends.web.accounts.permissions import Reach, Verb
from amends.web.alerts.queries import waiting_for
from amends.web.cases.queries import open_cases
from amends.web.detect.queries import open_breakdowns
from amends.web.intake.filters import filters_of

BELL: Final = "bell"
"""The icon of alerts; on phones it stands in the header with what waits for one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the sidebar; `verb` None is for everybody, `reach` is the least that is useful."""

    label: str
    icon: str
    name: str
    verb: Verb | None = None
    reach: Reach = Reach.OWN
    keeps_filters: bool = False
    """Whether its link carries the filters of the page one comes from."""
    waiting: Callable[[User], QuerySet[Any]] | None = None
    """What of it waits for a person; how many that are stands beside it unless 0."""

    def is_for(self, person: User) -> bool:
        """Whether the person has a use for the page."""
        return self.verb is None or person.reach(self.verb) >= self.reach


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one person sees it on one page."""

    label: str
    icon: str
    url: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading; the first has none."""

    label: str
    items: tuple[Link, ...]


ENTRIES: Final[dict[str, tuple[Entry, ...]]] = {
    "": (
        Entry(
            "Overview",
            "layout-dashboard",
            "reports:overview",
            Verb.REPORT_READ,
            keeps_filters=True,
        ),
        Entry(
            "Breakdowns",
            "activity",
            "detect:breakdowns",
            Verb.BREAKDOWN_READ,
            keeps_filters=True,
            waiting=lambda _person: open_breakdowns(),
        ),
        Entry("Alerts", BELL, "alerts:alerts", Verb.ALERT_READ, waiting=waiting_for),
        Entry("Causes", "network", "classify:causes", Verb.CAUSE_READ, keeps_filters=True),
        Entry("Cases", "inbox", "cases:queue", Verb.CASE_READ, waiting=open_cases),
        Entry("Payments", "receipt", "cases:payments", Verb.ACTION_APPROVE),
        Entry("Outcomes", "target", "track:outcomes", Verb.OUTCOME_READ, keeps_filters=True),
        Entry("Fixes", "wrench", "prevent:fixes", Verb.FIX_READ),
        Entry(
            "Signals", "message-square-text", "intake:signals", Verb.SIGNAL_READ, keeps_filters=True
        ),
        Entry("Sources", "cable", "sources:sources", Verb.SOURCE_READ),
    ),
    "Policy": (
        Entry("Tables", "table-2", "policy:policies", Verb.POLICY_READ),
        Entry("Case rules", "list-filter", "cases:rules", Verb.POLICY_READ),
        Entry("Playbooks", "notebook-text", "cases:playbooks", Verb.POLICY_READ),
        Entry("Limits", "scale", "cases:limits", Verb.POLICY_READ),
        Entry("Clocks", "timer", "cases:clocks", Verb.POLICY_READ),
        Entry("Responsibilities", "waypoints", "cases:responsibilities", Verb.POLICY_READ),
    ),
    "Administration": (
        Entry("Home", "house", "home", Verb.SYSTEM_MANAGE),
        Entry("People", "users", "accounts:people", Verb.PEOPLE_READ, Reach.TEAM),
        Entry("Channels", "send", "alerts:channels", Verb.SYSTEM_MANAGE),
        Entry("Cashier", "banknote", "cases:cashier", Verb.SYSTEM_MANAGE),
        Entry("Post", "mail", "cases:post", Verb.SYSTEM_MANAGE),
        Entry("Privacy", "shield-check", "privacy", Verb.CUSTOMER_ERASE),
        Entry("Audit", "scroll-text", "audit:trail", Verb.AUDIT_READ),
        Entry("System", "activity", "system", Verb.SYSTEM_READ),
    ),
}


class _Count(Subquery):
    """How many rows a query has, as a part of another one."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS waiting)"
    output_field = IntegerField()
    empty_result_set_value = 0


def pages_for(person: User) -> list[tuple[str, str]]:
    """Return the label and address of every page that a person has a use for."""
    known = (entry for entries in ENTRIES.values() for entry in entries)
    return [(entry.label, reverse(entry.name)) for entry in known if entry.is_for(person)]


def navigation_for(person: User, path: str, query: str = "") -> list[Group]:
    """Return the sidebar of `person`; the longest address that leads to `path` is current.

    `query` is the address part of the filters in force.
    """
    urls = {e.name: reverse(e.name) for entries in ENTRIES.values() for e in entries}
    leading = [url for url in urls.values() if path == url or (url != "/" and path.startswith(url))]
    current = max(leading, key=len, default="")
    counts = _counts(person)
    groups = []
    for label, entries in ENTRIES.items():
        links = tuple(
            Link(
                e.label,
                e.icon,
                urls[e.name] + (query if e.keeps_filters else ""),
                is_current=urls[e.name] == current,
                count=counts.get(e.name, 0),
            )
            for e in entries
            if e.is_for(person)
        )
        if links:
            groups.append(Group(label, links))
    return groups


def _counts(person: User) -> Mapping[str, int]:
    """Return how much waits for a person, by the name of the page that lists it: one query."""
    asked = {
        e.name: e.waiting(person)
        for entries in ENTRIES.values()
        for e in entries
        if e.waiting and e.is_for(person)
    }
    if not asked:
        return {}
    parts = [_Count(rows.order_by().values("pk")) for rows in asked.values()]
    found = User.objects.filter(pk=person.pk).values_list(*parts).first()
    return dict(zip(asked, found, strict=True)) if found else {}


def context(request: HttpRequest) -> dict[str, object]:
    """Give every template the sidebar and whether pages are live (a context processor).

    The sidebar is put together where a template shows it: a part of a page asks nothing for it.
    """
    person = getattr(request, "user", None)
    if not isinstance(person, User):
        return {}

    @cache
    def navigation() -> list[Group]:
        return navigation_for(person, request.path, filters_of(request).query())

    def bell() -> Link | None:
        links = (link for group in navigation() for link in group.items)
        return next((link for link in links if link.icon == BELL), None)

    return {"navigation": navigation, "bell": bell, "live_is_on": settings.LIVE}
