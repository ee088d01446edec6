"""Pages of cases: the queue, the workspace, and one address per verb."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from amends.web.accounts.access import access, can, requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases import actions, queries
from amends.web.cases.asked import Asked, asked_of
from amends.web.cases.bulk_views import undoable_here
from amends.web.cases.deeds import Deed
from amends.web.cases.exporting import rows_of
from amends.web.cases.forms import CaseForm, NewCaseForm, NoteForm
from amends.web.cases.handoff_telling import count_for
from amends.web.cases.models import Batch, Case, SavedView
from amends.web.cases.queue import (
    Line,
    Menu,
    Narrowed,
    Tab,
    lines_of,
    menus_of,
    narrowed_by,
    tabs_of,
)
from amends.web.cases.viewing import seen_by
from amends.web.cases.workspace import (
    Beside,
    Head,
    Timeline,
    beside_of,
    head_of,
    known_of,
    similar_to,
    timeline_of,
)
from amends.web.intake.queries import signals_of_customer
from amends.web.intake.telling import SignalRow
from amends.web.ui.pages import done, is_fragment, page
from amends.web.ui.refusals import complain

LIVE = (actions.TOPIC,)
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class QueueContext:
    """The queue."""

    asked: Asked
    tabs: Sequence[Tab]
    menus: Sequence[Menu]
    narrowed: Sequence[Narrowed]
    lines: Sequence[Line]
    total: int
    page: int
    n_pages: int
    may_assign: bool
    may_open: bool
    n_handoffs: int
    views: Sequence[SavedView]
    view: SavedView | None
    """The one that is chosen, unless it is gone."""
    undoable: Batch | None
    person: User
    workers: Sequence[User]
    live: tuple[str, ...] = LIVE


@dataclass(frozen=True, slots=True)
class PartContext:
    """A few lines of the queue, for another page."""

    asked: Asked
    lines: Sequence[Line]
    total: int


@dataclass(frozen=True, slots=True)
class PaneContext:
    """The queue beside a case."""

    asked: Asked
    lines: Sequence[Line]
    total: int
    at: str
    """The ref of the case that is looked at."""


@dataclass(frozen=True, slots=True)
class WorkspaceContext:
    """One case; a part of the page has only its own part."""

    case: Case
    head: Head | None
    timeline: Timeline | None
    beside: Beside | None
    similar: Sequence[Line] = ()
    query: str = ""
    """The queue that one came from: what is next in it."""
    live: tuple[str, ...] = LIVE


@dataclass(frozen=True, slots=True)
class DeedContext:
    """One verb with its form."""

    deed: Deed
    case: Case
    form: CaseForm


@dataclass(frozen=True, slots=True)
class NoteContext:
    """A note to be written."""

    case: Case


@dataclass(frozen=True, slots=True)
class NewCaseContext:
    """The form of a case opened by hand."""

    form: NewCaseForm


@dataclass(frozen=True, slots=True)
class SignalsContext:
    """What else the customer said."""

    case: Case
    signals: Sequence[SignalRow]


@dataclass(frozen=True, slots=True)
class ViewersContext:
    """Who else looks at a case."""

    others: Sequence[str]


@require_safe
@requires(Verb.CASE_READ)
def queue(request: HttpRequest) -> HttpResponse:
    """List the cases within reach, next deadline first."""
    person, now = current_person(request), timezone.now()
    asked, is_whole = asked_of(request, person), not is_fragment(request)
    views = queries.views_of(person) if is_whole or asked.view is not None else []
    view = queries.chosen(asked, views)
    if request.GET.get("part") == "list":
        few = queries.queue(person, asked, view, now, queries.PART_SIZE)
        part = PartContext(asked, lines_of(few.cases, now), few.total)
        return page(request, "cases/part.html", part)
    if (at := request.GET.get("beside", "")) and not is_whole:
        number = queries.page_with(person, asked, at, queries.PANE_SIZE, now)
        few = queries.queue(person, replace(asked, page=number), view, now, queries.PANE_SIZE)
        pane = PaneContext(asked, lines_of(few.cases, now), few.total, at)
        return page(request, "cases/pane.html", pane)
    found = queries.queue(person, asked, view, now)
    may_give = person.may(Verb.CASE_ASSIGN)
    workers = list(queries.workers()) if is_whole or may_give else []
    context = QueueContext(
        asked=asked,
        tabs=tabs_of(person, asked, found),
        menus=menus_of(asked, workers, queries.causes_of_cases()) if is_whole else (),
        narrowed=narrowed_by(asked, queries.breakdown_named(asked.breakdown), view),
        lines=lines_of(found.cases, now),
        total=found.total,
        page=found.page,
        n_pages=found.n_pages,
        may_assign=person.may(Verb.CASE_WORK),
        may_open=person.may(Verb.CASE_OPEN),
        n_handoffs=count_for(person) if is_whole else 0,
        views=views,
        view=view,
        undoable=undoable_here(request, now),
        person=person,
        workers=workers if may_give else (),
    )
    return page(request, "cases/queue.html", context, fragment="list")


@require_safe
@requires(Verb.CASE_READ)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Give the cases asked for as CSV, one row each with every timestamp."""
    person = current_person(request)
    rows = rows_of(person, asked_of(request, person), timezone.now())
    headers = {"Content-Disposition": 'attachment; filename="cases.csv"'}
    return StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8", headers=headers)


@require_safe
@requires(Verb.CASE_READ)
def workspace(request: HttpRequest, ref: str) -> HttpResponse:
    """Show one case, or a part of its page."""
    person, now = current_person(request), timezone.now()
    case = _case(person, ref)
    part = request.GET.get("part", "") if is_fragment(request) else ""
    wanted = part if part in {"head", "timeline", "beside"} else ""
    known = known_of(case, now)
    context = WorkspaceContext(
        case=case,
        head=head_of(person, known) if wanted in {"", "head"} else None,
        timeline=timeline_of(person, known) if wanted in {"", "timeline"} else None,
        beside=beside_of(person, known) if wanted in {"", "beside"} else None,
        similar=similar_to(person, case) if not wanted else (),
        query=asked_of(request, person).query(),
    )
    return page(request, "cases/workspace.html", context, fragment=wanted)


@require_safe
@requires(Verb.CASE_READ)
def signals(request: HttpRequest, ref: str) -> HttpResponse:
    """Show what else the customer said, from the lake."""
    case = _case(current_person(request), ref)
    told = {entry.signal_id.hex for entry in queries.timeline(case) if entry.signal_id}
    found = [
        signal
        for signal in signals_of_customer(case.customer.customer_id)
        if signal.signal_id.replace("-", "") not in told
    ]
    return page(request, "cases/signals.html", SignalsContext(case, found), fragment="rows")


@require_POST
@requires(Verb.CASE_READ)
def presence(request: HttpRequest, ref: str) -> HttpResponse:
    """Note that somebody looks at a case; answer with who else does."""
    person = current_person(request)
    others = seen_by(person, _case(person, ref), timezone.now())
    return page(request, "cases/viewers.html", ViewersContext(others), fragment="list")


def step_view(step: int) -> View:
    """Return the view that goes to the case before or after one, in the queue one came from."""

    @require_safe
    @requires(Verb.CASE_READ)
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        person = current_person(request)
        asked = asked_of(request, person)
        other = queries.neighbour(person, asked, ref, step, timezone.now())
        if other is None or other == ref:
            messages.info(request, "There is no other case that way in this view.")
            return HttpResponseRedirect(reverse("cases:queue") + asked.query())
        return HttpResponseRedirect(reverse("cases:case", args=[other]) + asked.query())

    view.__name__ = view.__qualname__ = "next_case" if step > 0 else "previous_case"
    return view


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.CASE_WORK)
def note(request: HttpRequest, ref: str) -> HttpResponse:
    """Add a note to the timeline."""
    person = current_person(request)
    case, form = _case(person, ref), NoteForm(request.POST or None)
    if request.method != "POST":
        access(person, case, see=Verb.CASE_READ, do=Verb.CASE_WORK)
        return page(request, "cases/note.html", NoteContext(case), fragment="drawer")
    if form.is_valid():
        actions.add_note(person, case, form.cleaned_data["text"])
    else:
        messages.error(request, "The note was empty or too long: nothing was saved.")
    return done(request, _url(case), changed=actions.TOPIC)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.CASE_OPEN)
def new_case(request: HttpRequest) -> HttpResponse:
    """Open a case by hand."""
    form = NewCaseForm(request.POST or None)
    if form.is_valid():
        opened = actions.open_by_hand(current_person(request), form.new_case())
        url = _url(opened)
        if is_fragment(request):
            return HttpResponseClientRedirect(url)
        return HttpResponseRedirect(url)
    status = 422 if request.POST else 200
    context = NewCaseContext(form)
    return page(request, "cases/new.html", context, fragment="drawer", status=status)


def deed_view(deed: Deed) -> View:
    """Return the view of one verb: its form, and doing it."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @requires(deed.verb)
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        person = current_person(request)
        case = _case(person, ref)
        access(person, case, see=Verb.CASE_READ, do=deed.verb)
        form = deed.form(person, case, request.POST or None)
        if form.is_valid() and _does(deed, person, case, form):
            return _after(request, person, case)
        if form.errors:
            case.refresh_from_db()
            form.renew()
        fragment = "refusal" if deed.is_direct and request.POST else "drawer"
        context = DeedContext(deed, case, form)
        status = 422 if request.POST else 200
        return page(request, "cases/deed.html", context, fragment=fragment, status=status)

    view.__name__ = view.__qualname__ = deed.name.replace("-", "_")
    view.__doc__ = f"{deed.title}."
    return view


def _does(deed: Deed, person: User, case: Case, form: CaseForm) -> bool:
    """Do it; what is refused stands beside the field it is about."""
    known = dict(form.cleaned_data)
    try:
        deed.does(person, case, known.pop("version"), known)
    except ValidationError as error:
        complain(form, error)
        return False
    return True


def _after(request: HttpRequest, person: User, case: Case) -> HttpResponse:
    """Go on with the case, or with the queue once it is out of reach."""
    case.refresh_from_db()
    if can(person, Verb.CASE_READ, case):
        return done(request, _url(case), changed=actions.TOPIC)
    messages.success(request, f"{case.ref} is with {case.team} now.")
    url = reverse("cases:queue")
    if is_fragment(request):
        return trigger_client_event(HttpResponseClientRedirect(url), "close-drawer")
    return HttpResponseRedirect(url)


def _case(person: User, ref: str) -> Case:
    case = queries.case_of(ref).first()
    if case is None:
        raise Http404
    access(person, case, see=Verb.CASE_READ)
    return case


def _url(case: Case) -> str:
    return reverse("cases:case", args=[case.ref])
