"""Fixes: what was changed upstream, whether it worked, and what would be worth changing next."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.web.accounts.access import access, can, requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.intake.naming import cause_label
from amends.web.prevent import actions, queries
from amends.web.prevent.costing import price_causes, read_prices
from amends.web.prevent.forms import DateForm, FixForm
from amends.web.prevent.models import Fix, FixState
from amends.web.prevent.telling import (
    TONES,
    AssumptionRow,
    FixRow,
    FixTold,
    WorthRow,
    assumption_rows,
    chart_of,
    row_of,
    state_label,
    tell,
    unit_of,
    where_label,
    worth_fixing,
)
from amends.web.prevent.verifying import TOPIC
from amends.web.ui.pages import done, page
from amends.web.ui.parts import Chart, Tone

MOST_WORTH: Final = 8


@dataclass(frozen=True, slots=True)
class Tab:
    """A state as a link."""

    label: str
    query: str
    n: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class FixesContext:
    """The list of fixes."""

    rows: list[FixRow]
    tabs: list[Tab]
    address: str
    can_propose: bool
    live: tuple[str, ...] = (TOPIC,)


@dataclass(frozen=True, slots=True)
class WorthContext:
    """What would be worth fixing."""

    rows: list[WorthRow]
    assumptions: list[AssumptionRow]
    computed_at: datetime
    days: int
    can_propose: bool


@dataclass(frozen=True, slots=True)
class FixContext:
    """One fix."""

    fix: Fix
    told: FixTold
    state: str
    tone: Tone
    cause: str
    where: str
    chart: Chart | None
    unit: str
    assumptions: list[AssumptionRow]
    form: DateForm | None
    can_confirm: bool
    problem: str = ""
    live: tuple[str, ...] = (TOPIC,)


@dataclass(frozen=True, slots=True)
class ProposeContext:
    """A fix that is proposed, in the drawer."""

    form: FixForm


@require_safe
@requires(Verb.FIX_READ)
def fixes(request: HttpRequest) -> HttpResponse:
    """List the fixes with their verdicts."""
    person, state = current_person(request), request.GET.get("state", "")
    found = list(queries.visible_fixes(person))
    counts = Counter(fix.state for fix in found)
    tabs = [Tab("All", "?", len(found), state not in FixState.values)]
    tabs += [Tab(s.label, f"?state={s}", counts[s], s == state) for s in FixState if counts[s]]
    shown = [fix for fix in found if state not in FixState.values or fix.state == state]
    context = FixesContext(
        rows=[row_of(fix) for fix in shown],
        tabs=tabs,
        address=request.get_full_path(),
        can_propose=person.may(Verb.FIX_PROPOSE),
    )
    return page(request, "prevent/fixes.html", context, fragment="list")


@require_safe
@requires(Verb.FIX_READ)
def worth(request: HttpRequest) -> HttpResponse:
    """Rank causes by what they cost: a part of the list of fixes."""
    person = current_person(request)
    prices = queries.newest_prices() or price_causes(timezone.now())
    costs = read_prices(prices)
    context = WorthContext(
        rows=worth_fixing(costs, prices.days, list(queries.visible_fixes(person)), most=MOST_WORTH),
        assumptions=assumption_rows(costs.assumptions),
        computed_at=prices.computed_at,
        days=prices.days,
        can_propose=person.may(Verb.FIX_PROPOSE),
    )
    return page(request, "prevent/worth.html", context, fragment="worth")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.FIX_PROPOSE)
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a fix."""
    person = current_person(request)
    form = FixForm(request.POST or None, request.GET.get("cause", ""))
    if not form.is_valid():
        return _drawer(request, form, status=422 if request.POST else 200)
    try:
        fix = actions.propose(
            person,
            name=form.cleaned_data["name"],
            cause=form.cleaned_data["cause"],
            where=form.where,
            hypothesis=form.cleaned_data["hypothesis"],
            fixed_at=form.cleaned_data["fixed_on"],
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _drawer(request, form, status=422)
    return done(request, reverse("prevent:fix", args=[fix.pk]), changed=TOPIC)


def _drawer(request: HttpRequest, form: FixForm, status: int) -> HttpResponse:
    context = ProposeContext(form)
    return page(request, "prevent/propose.html", context, fragment="drawer", status=status)


@require_safe
@requires(Verb.FIX_READ)
def fix(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a fix: its hypothesis, its course against the controls, and the verdict."""
    return _fix(request, _found(request, pk, None))


@require_POST
@requires(Verb.FIX_PROPOSE)
def date(request: HttpRequest, pk: int) -> HttpResponse:
    """Say when a fix took effect."""
    found = _found(request, pk, Verb.FIX_PROPOSE)
    form = DateForm(request.POST)
    if not form.is_valid():
        return _fix(request, found, form=form, status=422)
    actions.set_date(current_person(request), found, form.cleaned_data["fixed_on"])
    return done(request, reverse("prevent:fix", args=[pk]), changed=TOPIC)


@require_POST
@requires(Verb.FIX_VERIFY)
def confirmation(request: HttpRequest, pk: int) -> HttpResponse:
    """Stand by the verdict."""
    found = _found(request, pk, Verb.FIX_VERIFY)
    try:
        actions.confirm(current_person(request), found, request.POST.get("verdict", ""))
    except ValidationError as error:
        return _fix(request, found, problem=error.messages[0], status=409)
    return done(request, reverse("prevent:fix", args=[pk]), changed=TOPIC)


def _found(request: HttpRequest, pk: int, verb: Verb | None) -> Fix:
    related = Fix.objects.select_related("owner", "team", "confirmed_by")
    found = get_object_or_404(related, pk=pk)
    access(current_person(request), found, see=Verb.FIX_READ, do=verb)
    return found


def _fix(
    request: HttpRequest,
    found: Fix,
    *,
    form: DateForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    person, told = current_person(request), tell(found)
    may_date = can(person, Verb.FIX_PROPOSE, found)
    has_verdict = found.state in {FixState.VERIFIED, FixState.REFUTED}
    initial = {"fixed_on": found.fixed_at.date() if found.fixed_at else None}
    context = FixContext(
        fix=found,
        told=told,
        state=state_label(found),
        tone=TONES[found.state],
        cause=cause_label(found.cause),
        where=where_label(found),
        chart=chart_of(found),
        unit=unit_of(found),
        assumptions=assumption_rows(told.prevented.assumptions) if told.prevented else [],
        form=(form or DateForm(initial=initial)) if may_date else None,
        can_confirm=can(person, Verb.FIX_VERIFY, found) and has_verdict and not found.is_confirmed,
        problem=problem,
    )
    return page(request, "prevent/fix.html", context, fragment="fix", status=status)
