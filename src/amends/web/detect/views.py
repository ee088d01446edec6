"""One breakdown with its evidence (page and drawer), and what people do about it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from amends.engine.contracts import Quote, signal_id
from amends.web.accounts.access import access, can, requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.detect import actions, queries, telling
from amends.web.detect.charts import Span, breakdown_chart, counted
from amends.web.detect.forms import JudgementForm, OwnerForm
from amends.web.detect.history import history
from amends.web.detect.models import Breakdown, PlannedEvent
from amends.web.detect.planned import period_of, what_changed
from amends.web.detect.silences import silence_chart
from amends.web.intake.naming import value_label
from amends.web.ui.pages import done, is_fragment, page
from amends.web.ui.parts import Bar, Chart, Event, Tone


@dataclass(frozen=True, slots=True)
class Told:
    """One breakdown in words."""

    headline: str
    places: list[str]
    since: str
    since_interval: str
    size: str
    expected_range: str
    ratio: str
    ratio_interval: str
    odds: str
    false_alarms: str
    state: str
    state_tone: Tone
    signals_url: str
    cases_url: str


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """Something that was done on purpose around its onset."""

    title: str
    kind: str
    when: str
    where: str


@dataclass(frozen=True, slots=True)
class BreakdownContext:
    """One breakdown: the page, the drawer, or what people may do about it."""

    b: Breakdown
    told: Told
    can_handle: bool
    owner_form: OwnerForm | None
    judgement_form: JudgementForm | None
    is_mine: bool
    problem: str = ""
    chart: Chart | None = None
    counted: str = ""
    slices: tuple[Bar, ...] = ()
    causes: tuple[Bar, ...] = ()
    events: tuple[Event, ...] = ()
    planned: tuple[PlannedRow, ...] = ()
    live: tuple[str, ...] = (actions.TOPIC,)


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A customer's words and where they come from."""

    quote: Quote
    href: str
    meta: str


@dataclass(frozen=True, slots=True)
class VerbatimsContext:
    """What customers say in the signals of one breakdown."""

    b: Breakdown
    verbatims: tuple[Verbatim, ...]
    n: int | None
    """None while the lake is read."""
    signals_url: str


@require_safe
@requires(Verb.BREAKDOWN_READ)
def breakdown(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one with its evidence; htmx gets it for the drawer, or the part it asks for."""
    person, b = current_person(request), _found(request, pk)
    match request.GET.get("part"):
        case "handling":
            context = _context(person, b, with_history=True)
            return page(request, "detect/breakdown.html", context, fragment="handling")
        case "course":
            context = _context(person, b, with_chart=True)
            return page(request, "detect/breakdown.html", context, fragment="course")
    if is_fragment(request):
        return page(request, "detect/breakdown.html", _context(person, b), fragment="drawer")
    context = _context(person, b, with_chart=True, with_history=True)
    name = "silence" if b.is_silence else "breakdown"
    return page(request, f"detect/{name}.html", context)


@require_safe
@requires(Verb.SIGNAL_READ)
def verbatims(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what customers say in its signals: a part of the page, read from the lake."""
    b = _found(request, pk)
    said = queries.said_in(b)
    told = tuple(
        Verbatim(
            quote,
            reverse("intake:signal", args=[signal_id(quote.source, quote.external_id)]),
            " · ".join(value_label(value) for value in quote.slice.values()),
        )
        for quote in (said.quotes if said else ())
    )
    context = VerbatimsContext(b, told, said.n if said else None, telling.signals_url(b))
    return page(request, "detect/verbatims.html", context, fragment="verbatims")


@require_POST
@requires(Verb.BREAKDOWN_HANDLE)
def acknowledgement(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that it has been seen."""
    return _handle(request, pk, actions.acknowledge)


@require_POST
@requires(Verb.BREAKDOWN_HANDLE)
def owner(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it, give it to somebody, or to nobody."""
    if "take" in request.POST:
        return _handle(request, pk, lambda actor, b: actions.assign(actor, b, actor))
    form = OwnerForm(request.POST)
    if not form.is_valid():
        return _refused(request, pk, "Choose somebody who may handle breakdowns.")
    chosen = form.cleaned_data["owner"]
    return _handle(request, pk, lambda actor, b: actions.assign(actor, b, chosen))


@require_POST
@requires(Verb.BREAKDOWN_HANDLE)
def judgement(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what it was in truth."""
    form = JudgementForm(request.POST)
    if not form.is_valid():
        return _refused(request, pk, "Choose what it was, with a reason of at most 500 characters.")
    made, because = form.cleaned_data["judgement"], form.cleaned_data["because"]
    return _handle(request, pk, lambda actor, b: actions.judge(actor, b, made, because))


@require_POST
@requires(Verb.BREAKDOWN_HANDLE)
def level(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept what it shows for the new normal."""
    because = request.POST.get("because", "")[:500]
    return _handle(request, pk, lambda actor, b: actions.accept_level(actor, b, because))


def _handle(
    request: HttpRequest, pk: int, do: Callable[[User, Breakdown], Breakdown]
) -> HttpResponse:
    try:
        do(current_person(request), _found(request, pk))
    except ValidationError as error:
        return _refused(request, pk, error.messages[0])
    return done(request, reverse("detect:breakdown", args=[pk]), changed=actions.TOPIC)


def _refused(request: HttpRequest, pk: int, problem: str) -> HttpResponse:
    context = _context(
        current_person(request), _found(request, pk), with_history=True, problem=problem
    )
    return page(request, "detect/breakdown.html", context, fragment="handling", status=422)


def _found(request: HttpRequest, pk: int) -> Breakdown:
    every = Breakdown.objects.select_related("series", "owner", "team")
    b = get_object_or_404(every, pk=pk)
    access(current_person(request), b, see=Verb.BREAKDOWN_READ)
    return b


def _context(
    person: User,
    b: Breakdown,
    *,
    with_chart: bool = False,
    with_history: bool = False,
    problem: str = "",
) -> BreakdownContext:
    can_handle = can(person, Verb.BREAKDOWN_HANDLE, b)
    chart, unit = _chart(b) if with_chart else (None, "")
    return BreakdownContext(
        b=b,
        told=_told(b),
        can_handle=can_handle,
        owner_form=OwnerForm(initial={"owner": b.owner_id}) if can_handle else None,
        judgement_form=JudgementForm(initial={"judgement": b.judgement}) if can_handle else None,
        is_mine=b.owner_id == person.pk,
        problem=problem,
        chart=chart,
        counted=unit,
        slices=tuple(telling.slice_bars(b)),
        causes=tuple(telling.cause_bars(b)),
        events=tuple(history(b)) if with_history else (),
        planned=tuple(_planned(e) for e in what_changed(b)) if with_chart else (),
    )


def _chart(b: Breakdown) -> tuple[Chart | None, str]:
    """Return what was seen and what it counts; no chart while its range is computed."""
    if b.is_silence:
        return silence_chart(b), ""
    course = queries.breakdown_course(b, timezone.now())
    if course is None:
        return None, ""
    span = Span(
        b.onset_earliest_at, b.onset_at, b.onset_latest_at, b.detected_at, b.ended_at, b.severity
    )
    return breakdown_chart(course, span), counted(course)


def _planned(event: PlannedEvent) -> PlannedRow:
    return PlannedRow(
        event.title, event.get_kind_display(), period_of(event), telling.place(event.where)
    )


def _told(b: Breakdown) -> Told:
    state, tone = telling.STATES[b.state]
    return Told(
        headline=telling.headline(b),
        places=telling.places(b.where),
        since=telling.since(b),
        since_interval=telling.since_interval(b),
        size=telling.size(b),
        expected_range=telling.expected_range(b),
        ratio=telling.ratio(b),
        ratio_interval=telling.ratio_interval(b),
        odds=telling.odds(b),
        false_alarms=telling.false_alarms(b),
        state=state,
        state_tone=tone,
        signals_url=telling.signals_url(b),
        cases_url=f"/cases/?breakdown={b.pk}",
    )
