"""Pages of the quarantine: what is in it and why, one row to mend, many to send again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.intake import quarantine as reads
from amends.web.intake.actions import quarantine as actions
from amends.web.intake.models import QuarantinedRow, QuarantineState, Redrive, Source
from amends.web.intake.quarantine import Asked, Group, QuarantinePage, Trend
from amends.web.intake.quarantine_forms import ChangeForm, DiscardForm, MendForm
from amends.web.ui.pages import is_fragment, page

LIVE = (actions.TOPIC,)
SHOWN_IN_ROW = 4
"""Columns of a row that the list shows."""
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the list's states."""

    label: str
    query: str
    n: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the list tells it."""

    row: QuarantinedRow
    title: str
    """Of its source."""
    shown: tuple[tuple[str, str], ...]
    more: int
    """How many columns it has besides."""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A reason with its rows."""

    group: Group
    title: str
    query: str
    share: float
    """Of the largest group."""
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class TrendLine:
    """A source with its trend."""

    trend: Trend
    query: str


@dataclass(frozen=True, slots=True)
class QuarantineContext:
    """Rows that could not be read."""

    asked: Asked
    found: QuarantinePage
    lines: tuple[Line, ...]
    tabs: tuple[Tab, ...]
    groups: tuple[GroupLine, ...]
    trends: tuple[TrendLine, ...]
    sources: list[tuple[str, str]]
    n_meant: int
    """Open rows under the filters in force: what "send all again" means."""
    redrive_url: str
    everything: str
    newer: str
    older: str
    address: str
    running: tuple[Redrive, ...]
    live: tuple[str, ...] = LIVE


@dataclass(frozen=True, slots=True)
class RowContext:
    """One row."""

    row: QuarantinedRow
    title: str
    form: MendForm | None
    discard_form: DiscardForm | None
    facts: tuple[tuple[str, str], ...]
    following: QuarantinedRow | None
    problem: str = ""
    signal_url: str = ""
    live: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RedriveContext:
    """Many rows that are about to be sent again."""

    asked: Asked
    title: str
    form: ChangeForm
    change: actions.Change | None
    n: int
    samples: tuple[QuarantinedRow, ...]
    query: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ProgressContext:
    """Many rows that are being sent again."""

    redrive: Redrive
    title: str
    reasons: tuple[tuple[str, int], ...]
    address: str


@require_safe
@requires(Verb.SIGNAL_MEND)
def quarantine(request: HttpRequest) -> HttpResponse:
    """Show what is in quarantine: by reason, by source, and row by row."""
    asked = reads.asked_of(request)
    found, counts = reads.quarantine_page(asked), reads.state_counts(asked)
    groups, sources = reads.groups_of(asked), reads.sources_known()
    titles = dict(sources)
    most = max((group.n for group in groups), default=1)
    context = QuarantineContext(
        asked=asked,
        found=found,
        lines=tuple(_line(row, titles) for row in found.rows),
        tabs=_tabs(asked, counts),
        groups=tuple(_group(group, asked, titles, most) for group in groups),
        trends=tuple(
            TrendLine(trend, Asked(source=trend.source).query())
            for trend in reads.trends(timezone.now())
        ),
        sources=sources,
        n_meant=counts[QuarantineState.OPEN],
        redrive_url=reverse("intake:redrives") + asked.query(state=QuarantineState.OPEN.value),
        everything=Asked(state=asked.state).query(),
        newer=asked.query(page=found.page - 1) if found.page > 1 else "",
        older=asked.query(page=found.page + 1) if found.page < found.n_pages else "",
        address=request.get_full_path(),
        running=tuple(Redrive.objects.filter(finished_at=None).order_by("-pk")[:3]),
    )
    return page(request, "intake/quarantine.html", context, fragment="list")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SIGNAL_MEND)
def row(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one row with its columns as fields; posted, they are kept and sent again."""
    found = _found(pk)
    if request.method != "POST":
        return _answer(request, found)
    form = MendForm(found, _columns(found), request.POST)
    if not form.is_valid():
        return _answer(request, found, form, status=422)
    try:
        mended = actions.mend(current_person(request), found, form.record())
    except ValidationError as error:
        return _answer(request, _found(pk), problem=error.messages[0], status=422)
    if mended.state == QuarantineState.OPEN:
        problem = f"Kept, but it still cannot be read: {mended.reason}."
        return _answer(request, _found(pk), problem=problem, status=422)
    return _changed(request, pk)


@require_POST
@requires(Verb.SIGNAL_MEND)
def discarded(request: HttpRequest, pk: int) -> HttpResponse:
    """Discard a row, or take it back."""
    found, person = _found(pk), current_person(request)
    try:
        if "take_back" in request.POST:
            actions.take_back(person, found)
        else:
            actions.discard(person, found, request.POST.get("because", ""))
    except ValidationError as error:
        return _answer(request, _found(pk), problem=error.messages[0], status=422)
    return _changed(request, pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SIGNAL_MEND)
def redrives(request: HttpRequest) -> HttpResponse:
    """Say what sending many rows again would mean, with their number; posted, have it done."""
    asked = reads.asked_of(request)
    given = request.POST if request.method == "POST" else request.GET
    try:
        context = _redrive_context(asked, given)
        if request.method == "POST":
            asking = actions.ask_redrive(current_person(request), asked, context.change)
            return _begun(request, asking)
    except ValidationError as error:
        context = _redrive_context(asked, given, error.messages[0])
    status = 422 if request.method == "POST" else 200
    return page(request, "intake/redrives.html", context, fragment="drawer", status=status)


@require_safe
@requires(Verb.SIGNAL_MEND)
def redrive(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far it is, and in the end what became of the rows."""
    return _progress(request, pk)


def _progress(request: HttpRequest, pk: int) -> HttpResponse:
    asking = get_object_or_404(Redrive.objects.select_related("asked_by"), pk=pk)
    context = ProgressContext(
        redrive=asking,
        title=_title(asking.chosen.get("source", "")),
        reasons=tuple(sorted(asking.reasons.items(), key=lambda pair: -pair[1])),
        address=reverse("intake:redrive", args=[pk]),
    )
    fragment = "progress" if request.GET.get("part") == "progress" else "drawer"
    return page(request, "intake/redrive.html", context, fragment=fragment)


def _begun(request: HttpRequest, asking: Redrive) -> HttpResponse:
    url = reverse("intake:redrive", args=[asking.pk])
    if not is_fragment(request):
        return HttpResponseRedirect(url)
    return trigger_client_event(_progress(request, asking.pk), f"{actions.TOPIC}-changed")


def _redrive_context(asked: Asked, given: QueryDict, problem: str = "") -> RedriveContext:
    columns = _columns_of(reads.rows_of(Asked(asked.source, asked.field, asked.reason))[:20])
    form = ChangeForm(columns, given)
    form.is_valid()
    typed = form.cleaned_data
    column = typed.get("column", "")
    change = (
        actions.Change(column, typed.get("before", ""), typed.get("after", "")) if column else None
    )
    rows = actions.meant(asked, change)
    return RedriveContext(
        asked=asked,
        title=_title(asked.source),
        form=form,
        change=change,
        n=rows.count(),
        samples=tuple(rows[:SAMPLES]),
        query=asked.query(),
        problem=problem,
    )


def _answer(
    request: HttpRequest,
    found: QuarantinedRow,
    form: MendForm | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    is_open = found.state == QuarantineState.OPEN
    signal_url = ""
    if found.signal_id and current_person(request).may(Verb.SIGNAL_READ):
        signal_url = reverse("intake:signal", args=[found.signal_id.hex])
    context = RowContext(
        row=found,
        title=_title(found.source),
        form=(form or MendForm(found, _columns(found))) if is_open else None,
        discard_form=DiscardForm() if is_open else None,
        facts=() if is_open else tuple((found.record or {"As it came": found.raw}).items()),
        following=None if is_open else reads.next_open(found),
        problem=problem,
        signal_url=signal_url,
    )
    return page(request, "intake/quarantined_row.html", context, fragment="drawer", status=status)


def _changed(request: HttpRequest, pk: int) -> HttpResponse:
    """Say in the drawer what became of the row, and have the list fetched again behind it."""
    if not is_fragment(request):
        return HttpResponseRedirect(reverse("intake:quarantined_row", args=[pk]))
    return trigger_client_event(_answer(request, _found(pk)), f"{actions.TOPIC}-changed")


def _found(pk: int) -> QuarantinedRow:
    return get_object_or_404(QuarantinedRow.objects.select_related("closed_by", "became"), pk=pk)


def _columns(found: QuarantinedRow) -> Sequence[str]:
    return () if found.record is not None else reads.columns_beside(found)


def _columns_of(rows: Iterable[QuarantinedRow]) -> list[str]:
    return list(dict.fromkeys(name for one in rows for name in one.record or ()))


def _title(source: str) -> str:
    named = Source.objects.filter(name=source).values_list("title", flat=True).first()
    return named or source


def _line(found: QuarantinedRow, titles: dict[str, str]) -> Line:
    record = found.record
    if record is None:
        shown: tuple[tuple[str, str], ...] = (("", found.raw[:160]),)
        return Line(found, titles.get(found.source, found.source), shown, 0)
    cells = sorted(record.items(), key=lambda cell: cell[0] != found.field)
    shown = tuple((name, value[:80]) for name, value in cells[:SHOWN_IN_ROW])
    return Line(found, titles.get(found.source, found.source), shown, len(cells) - len(shown))


def _group(group: Group, asked: Asked, titles: dict[str, str], most: int) -> GroupLine:
    mine = Asked(group.source, group.field, group.reason)
    return GroupLine(
        group,
        titles.get(group.source, group.source),
        mine.query(),
        group.n / most,
        is_chosen=asked.chosen() == mine.chosen(),
    )


def _tabs(asked: Asked, counts: dict[str, int]) -> tuple[Tab, ...]:
    named = [(state.value, state.label, counts[state]) for state in QuarantineState]
    every = [*named, ("all", "All", sum(counts.values()))]
    return tuple(
        Tab(label, asked.query(state=state), n, is_current=asked.state == state)
        for state, label, n in every
    )
