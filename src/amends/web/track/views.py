"""Outcomes: what came of recovery, and what its actions effected."""

from dataclasses import dataclass, replace
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.intake.filters import Filters, filters_of
from amends.web.intake.lake import lake
from amends.web.intake.queries import FilterBar, filter_bar
from amends.web.track import queries
from amends.web.track.contacts import ContactFigures, contact_figures
from amends.web.track.effects import RESULTS, Result
from amends.web.track.figures import DEFINITIONS, observe
from amends.web.track.models import EffectEstimate, Scope
from amends.web.track.recording import TOPIC
from amends.web.track.telling import (
    ActionRow,
    CohortTable,
    EffectRow,
    KeyFigure,
    action_label,
    action_rows,
    cohort_table,
    course_chart,
    course_since,
    effect_rows,
    key_figures,
    kpi_of,
)
from amends.web.ui.kept import Kept
from amends.web.ui.pages import page
from amends.web.ui.parts import Chart

DEFAULT_METRIC: Final = "recovery_rate"
shown: Final = Kept["Shown"](young_seconds=30, old_seconds=1800)
SCOPES: Final = {Scope.TIER_SEVERITY: "By tier and severity", Scope.SEGMENT: "By segment"}


@dataclass(frozen=True, slots=True)
class Tab:
    """One of several choices, as a link."""

    label: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What is worked out of the cases."""

    figures: list[KeyFigure]
    chosen: KeyFigure
    chart: Chart | None
    actions: list[ActionRow]


@dataclass(frozen=True, slots=True)
class OutcomesContext:
    """The page of outcomes."""

    filters: Filters
    filters_bar: FilterBar
    address: str
    contacts_url: str
    shown: Shown | None
    """None: it is on its way, and the page asks again."""
    sees_effects: bool
    live: tuple[str, ...] = (TOPIC,)


@dataclass(frozen=True, slots=True)
class EffectsContext:
    """What the actions effected."""

    effects: list[EffectRow]
    results: list[Result]
    reference: str
    computed: EffectEstimate | None
    cohorts: CohortTable
    scopes: list[Tab]
    chosen_results: list[Tab]
    result: Result


@dataclass(frozen=True, slots=True)
class ContactsContext:
    """Figures of all contacts."""

    figures: list[KeyFigure]
    is_coming: bool
    address: str


@require_safe
@requires(Verb.OUTCOME_READ)
def outcomes(request: HttpRequest) -> HttpResponse:
    """Show key figures, the course of one of them, and what came of each action."""
    person, filters = current_person(request), filters_of(request)
    asked = request.GET.get("metric", "")
    metric = asked if asked in DEFINITIONS else DEFAULT_METRIC
    kept_query = [("metric", metric if metric != DEFAULT_METRIC else "")]
    sees_all = person.may(Verb.EFFECT_READ)
    key = lake().address, 0 if sees_all else person.pk, filters.query(metric=metric)
    context = OutcomesContext(
        filters=filters,
        filters_bar=filter_bar(filters, kept_query),
        address=f"{request.path}{filters.query(**dict(kept_query))}",
        contacts_url=filters.query(),
        shown=shown.get(key, lambda: _work_out(person, filters, metric)),
        sees_effects=sees_all,
    )
    return page(request, "track/outcomes.html", context, fragment="figures")


def _work_out(person: User, filters: Filters, metric: str) -> Shown:
    found = queries.records(person, filters, course_since(filters))
    figures = observe(found, filters.until)
    told = key_figures(figures, filters, metric)
    return Shown(
        figures=told,
        chosen=next(f for f in told if f.is_chosen),
        chart=course_chart(figures, filters, metric),
        actions=action_rows(found, filters, queries.currency()),
    )


@require_safe
@requires(Verb.OUTCOME_READ)
def contacts(request: HttpRequest) -> HttpResponse:
    """Show the figures of all contacts: a part of the page of outcomes."""
    person, filters = current_person(request), filters_of(request)
    found = contact_figures(filters) if person.may(Verb.EFFECT_READ) else None
    figures = [_of_contacts(found, name) for name in found.now] if found else []
    is_coming = found is None and person.may(Verb.EFFECT_READ)
    context = ContactsContext(figures, is_coming, request.get_full_path())
    return page(request, "track/contacts.html", context, fragment="contacts")


def _of_contacts(found: ContactFigures, name: str) -> KeyFigure:
    kpi = kpi_of(found.now[name], found.before[name])
    kpi = replace(kpi, note=f"{kpi.note} {found.whose}".rstrip())
    return KeyFigure(name, kpi, found.now[name].definition)


@require_safe
@requires(Verb.EFFECT_READ)
def effects(request: HttpRequest) -> HttpResponse:
    """Show what the actions effected, for all cases and per cohort."""
    scope = request.GET.get("by", "")
    scope = scope if scope in SCOPES else Scope.TIER_SEVERITY.value
    asked = request.GET.get("result", "")
    result = asked if asked in RESULTS else "value"
    currency = queries.currency()
    rows = queries.estimates(Scope.ALL)
    context = EffectsContext(
        effects=effect_rows(rows, currency),
        results=list(RESULTS.values()),
        reference=action_label(rows[0].reference) if rows else "",
        computed=rows[0] if rows else None,
        cohorts=cohort_table(queries.estimates(scope, result), result, currency),
        scopes=[Tab(label, f"?by={k}&result={result}", k == scope) for k, label in SCOPES.items()],
        chosen_results=[
            Tab(r.label, f"?by={scope}&result={name}", name == result)
            for name, r in RESULTS.items()
        ],
        result=RESULTS[result],
    )
    return page(request, "track/effects.html", context, fragment="effects")
