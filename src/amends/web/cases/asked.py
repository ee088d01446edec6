"""What the queue is asked for: `/cases/?…`, which every number about cases may link to.

============== ================================================================================
tab            mine, team, unassigned, open, overdue, approval, closed
q              a piece of the ref, the title, or the customer's name or id
severity       low, medium, high, critical
state          one state of a case
owner          a person's number; "none"
breakdown      a breakdown's number
view           a saved view's number
customer       a customer's id
cause          a path: itself and everything below it
product …      the dimensions of all pages (channel, region, segment), and tier, vendor
page           1 is the most urgent
============== ================================================================================

What makes no sense is left aside. A link without a tab shows all that matches, open or not, when
it names a breakdown or a customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest

from amends.engine.contracts import Severity
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Reach, Verb
from amends.web.cases.models import State
from amends.web.intake.filters import FILTERED, cleaned

TABS: Final[Mapping[str, str]] = {
    "mine": "Mine",
    "team": "My team",
    "unassigned": "Unassigned",
    "open": "All open",
    "overdue": "Overdue",
    "approval": "Waiting for approval",
    "closed": "Closed",
}
EVERY: Final = "all"
"""Open or not: where a link from elsewhere leads."""
NOBODY: Final = "none"
DIMS: Final = (*FILTERED, "tier", "vendor")
MOST_PAGES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One choice of cases."""

    tab: str
    search: str = ""
    severity: str = ""
    state: str = ""
    owner: str = ""
    breakdown: int | None = None
    view: int | None = None
    customer: str = ""
    cause: str = ""
    dims: Mapping[str, str] = field(default_factory=dict)
    page: int = 1

    def query(self, **changes: str) -> str:
        """Return the address part, `?tab=mine&q=…`, with changes; the page starts again."""
        chosen = {
            "tab": self.tab,
            "q": self.search,
            "severity": self.severity,
            "state": self.state,
            "owner": self.owner,
            "breakdown": "" if self.breakdown is None else str(self.breakdown),
            "view": "" if self.view is None else str(self.view),
            "customer": self.customer,
            "cause": self.cause,
            **self.dims,
            **changes,
        }
        return f"?{urlencode({name: value for name, value in chosen.items() if value})}"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the tab was chosen."""
        return self.query(tab="") != "?"


def asked_of(request: HttpRequest, person: User) -> Asked:
    """Read what a request asks for; without a tab it is one's own work."""
    given = request.GET
    one_of = {"severity": tuple(Severity), "state": tuple(State)}
    exact = {name: _one_of(given.get(name, ""), known) for name, known in one_of.items()}
    owner, page = given.get("owner", ""), given.get("page", "")
    dims = {dim: cleaned(given.get(dim, "")) for dim in DIMS}
    asked = Asked(
        tab=given.get("tab", ""),
        search=cleaned(given.get("q", "")),
        owner=owner if owner == NOBODY or _is_number(owner) else "",
        customer=cleaned(given.get("customer", "")),
        cause=cleaned(given.get("cause", "")),
        dims={dim: value for dim, value in dims.items() if value},
        page=min(max(int(page), 1), MOST_PAGES) if _is_number(page) else 1,
        breakdown=_number(given.get("breakdown", "")),
        view=_number(given.get("view", "")),
        severity=exact["severity"],
        state=exact["state"],
    )
    return asked if asked.tab in {*TABS, EVERY} else _with_tab(asked, person)


def _with_tab(asked: Asked, person: User) -> Asked:
    if asked.breakdown is not None or asked.customer:
        tab = EVERY
    elif asked.is_narrowed or person.reach(Verb.CASE_WORK) not in {Reach.OWN, Reach.TEAM}:
        tab = "open"
    else:
        tab = "mine"
    values = {name: getattr(asked, name) for name in Asked.__slots__}
    return Asked(**{**values, "tab": tab})


def _one_of(value: str, known: tuple[str, ...]) -> str:
    return value if value in known else ""


def _number(text: str) -> int | None:
    return int(text) if _is_number(text) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10
