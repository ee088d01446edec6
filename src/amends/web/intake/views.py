"""Signals: the list, and one in the drawer."""

from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Reach, Verb
from amends.web.accounts.views import current_person
from amends.web.intake.asked import Asked, asked_of
from amends.web.intake.charts import volume_chart
from amends.web.intake.course import course_of
from amends.web.intake.filter_bar import Active, Choice, FilterBar
from amends.web.intake.filters import FILTERED, joined
from amends.web.intake.models import Customer
from amends.web.intake.narrowing import (
    active_of,
    hidden_of,
    kind_choices,
    severity_choices,
    url_between,
)
from amends.web.intake.queries import (
    SignalPage,
    customer_of,
    filter_bar,
    n_quarantined,
    one_signal,
    signal_page,
    signals_of_customer,
)
from amends.web.intake.telling import SignalRow, SignalTold, told
from amends.web.ui.pages import is_fragment, page
from amends.web.ui.parts import Chart

IN_DRAWER = 12
"""Signals of a list that is opened in the drawer."""


@dataclass(frozen=True, slots=True)
class SignalsContext:
    """The list of signals."""

    filters_bar: FilterBar
    asked: Asked
    signals: SignalPage
    volume: Chart | None
    kinds: tuple[Choice, ...]
    severities: tuple[Choice, ...]
    hidden: tuple[tuple[str, str], ...]
    """What the search form carries along unseen."""
    active: tuple[Active, ...]
    """What narrows the list beside the filters of all pages."""
    everything: str
    """The address of all signals of the period."""
    newer: str
    """The address of the previous page; empty on the first."""
    older: str
    total_url: str
    here: str
    """The address of the whole list."""
    n_quarantined: int | None
    """None for those who may not mend."""
    may_import: bool
    live: tuple[str, ...] = ("signals",)


@dataclass(frozen=True, slots=True)
class TotalContext:
    """What a live page is told of its list."""

    total: int
    here: str
    has_newer: bool


@dataclass(frozen=True, slots=True)
class SignalContext:
    """One signal in the drawer."""

    signal: SignalTold
    customer: Customer | None
    others: tuple[SignalRow, ...]
    may_read_cases: bool
    may_correct: bool


@require_safe
@requires(Verb.SIGNAL_READ)
def signals(request: HttpRequest) -> HttpResponse:
    """List the signals that the address asks for; in the drawer, the newest of them."""
    asked, in_drawer = asked_of(request), is_fragment(request)
    if in_drawer:
        asked = replace(asked, page=1)
    found = signal_page(asked, IN_DRAWER) if in_drawer else signal_page(asked)
    here = reverse("intake:signals") + asked.query()
    seen = found.course.newest_at.isoformat() if found.course.newest_at else ""
    context = SignalsContext(
        filters_bar=filter_bar(asked.filters, kept=asked.own),
        asked=asked,
        signals=found,
        volume=volume_chart(found.course, asked.since, asked.until, url_between(asked))
        if found.rows
        else None,
        kinds=kind_choices(asked),
        severities=severity_choices(asked),
        hidden=hidden_of(asked),
        active=active_of(asked),
        everything=reverse("intake:signals")
        + asked.filters.query(**dict.fromkeys([*FILTERED, "cause"], "")),
        newer=asked.query(page=found.page - 1) if found.page > 1 else "",
        older=asked.query(page=found.page + 1) if found.page < found.n_pages else "",
        total_url=reverse("intake:total") + joined(asked.query().rstrip("?"), [("seen", seen)]),
        here=here,
        n_quarantined=n_quarantined() if _may_mend(request) else None,
        may_import=current_person(request).may(Verb.SIGNAL_IMPORT),
    )
    return page(request, "intake/signals.html", context, fragment="drawer")


@require_safe
@requires(Verb.SIGNAL_READ)
def total(request: HttpRequest) -> HttpResponse:
    """Tell a live page how many signals its list has by now, and whether there are newer ones."""
    asked = asked_of(request)
    course = course_of(asked.signals(), timezone.get_current_timezone())
    seen, newest = request.GET.get("seen", ""), course.newest_at
    context = TotalContext(
        total=course.total,
        here=reverse("intake:signals") + asked.query(),
        has_newer=newest is not None and newest.isoformat() > seen,
    )
    return page(request, "intake/total.html", context)


@require_safe
@requires(Verb.SIGNAL_READ)
def signal(request: HttpRequest, signal_id: str) -> HttpResponse:
    """Show one signal as a whole, and what else its customer said."""
    found = one_signal(signal_id)
    if found is None:
        raise Http404
    customer_id = found["customer_id"] or ""
    context = SignalContext(
        signal=told(found),
        customer=customer_of(customer_id),
        others=signals_of_customer(customer_id, without=signal_id) if customer_id else (),
        may_read_cases=current_person(request).may(Verb.CASE_READ),
        may_correct=current_person(request).reach(Verb.CAUSE_CORRECT) is Reach.ALL,
    )
    return page(request, "intake/signal.html", context, fragment="drawer")


def _may_mend(request: HttpRequest) -> bool:
    return current_person(request).may(Verb.SIGNAL_MEND)
