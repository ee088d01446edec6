"""Connecting sources: choosing one, saying what it needs, trying it, and how pulling goes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import Truncator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.connectors import pulls
from amends.connectors.pulling import Asked, Patience, Pull
from amends.engine.contracts import DIMENSIONS, BadInput, Kind, QuarantinedRow
from amends.flows.pulling import Rules, Tried, try_out
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.intake.actions import sources as actions
from amends.web.intake.forms import PullForm, SentForm, mapping_text
from amends.web.intake.models import PullRun, Source, Way
from amends.web.intake.naming import value_label
from amends.web.ui.pages import is_fragment, page
from amends.web.ui.refusals import complain

SENDING: Final = {
    "api": ("HTTP API", "Your own systems send signals, one or thousands at once.", Way.API),
    "webhook": ("Webhook", "A product tells amends the moment something happens.", Way.WEBHOOK),
}
ICONS: Final = {
    "api": "braces",
    "webhook": "webhook",
    "sql": "database",
    "folder": "folder-open",
    "mailbox": "mail",
}
RUNS_SHOWN: Final = 8
EXCERPT: Final = 160
TRYING: Final = Patience(
    attempts=1, longest_wait_seconds=0, timeout_seconds=15, longest_job_seconds=20
)
"""Somebody waits for it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be connected."""

    key: str
    title: str
    summary: str
    icon: str


@dataclass(frozen=True, slots=True)
class ChooseContext:
    """What to connect."""

    sending: list[Choice]
    pulling: list[Choice]


@dataclass(frozen=True, slots=True)
class Example:
    """A signal as it would be read."""

    at: datetime | None
    kind: str
    customer: str
    text: str
    facts: str
    """Scores and dimensions, in words."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What one page of the source would become."""

    problem: str
    rows: int
    examples: tuple[Example, ...]
    quarantined: tuple[QuarantinedRow, ...]
    suggested: str
    """A mapping, a line each, where the source's own names do not say what they mean."""


@dataclass(frozen=True, slots=True)
class ConnectContext:
    """The form of one source, new or known."""

    choice: Choice
    form: PullForm | SentForm
    source: Source | None
    is_pulled: bool
    here: str
    preview: Preview | None = None
    live: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PullingContext:
    """How pulling goes, for the page of the source."""

    source: Source
    runs: list[PullRun]
    is_running: bool
    last_error: str
    next_at: datetime | None
    can_manage: bool
    problem: str = ""


@require_safe
@requires(Verb.SYSTEM_MANAGE)
def choose(request: HttpRequest) -> HttpResponse:
    """Offer everything that can be connected."""
    pulling = [_choice(name) for name in pulls()]
    return page(
        request, "intake/choose.html", ChooseContext([_choice(n) for n in SENDING], pulling)
    )


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SYSTEM_MANAGE)
def connect(request: HttpRequest, connector: str) -> HttpResponse:
    """Say what a new source needs, try it, and connect it."""
    if connector not in {*SENDING, *pulls()}:
        raise Http404
    form = _form(connector, request, None)
    here = reverse("sources:connect", args=[connector])
    if not form.is_valid():
        return _page(request, _context(connector, form, None, here))
    if isinstance(form, PullForm) and "try" in request.POST:
        return _tried(request, form, None, here)
    said, name = form.said(), form.cleaned_data["name"]
    way = Way.PULL if isinstance(form, PullForm) else SENDING[connector][2]
    read_as = connector if way == Way.PULL else form.cleaned_data["connector"]
    with _complaints_to(form):
        source = actions.connect_source(current_person(request), name, way, read_as, said)
        messages.success(request, f"{source.title} is connected.")
        return redirect("sources:source", name=source.name)
    return _page(request, _context(connector, form, None, here))


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SYSTEM_MANAGE)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change what was said of a source."""
    source = get_object_or_404(Source, name=name)
    key = source.connector if source.way == Way.PULL else source.way
    form, here = _form(key, request, source), reverse("sources:edit", args=[name])
    if not form.is_valid():
        return _page(request, _context(key, form, source, here))
    if isinstance(form, PullForm) and "try" in request.POST:
        return _tried(request, form, source, here)
    with _complaints_to(form):
        actions.change_source(current_person(request), source, form.said())
        messages.success(request, "The changes are saved.")
        return redirect("sources:edit", name=name)
    return _page(request, _context(key, form, source, here))


@require_safe
@requires(Verb.SYSTEM_READ)
def pulling(request: HttpRequest, name: str) -> HttpResponse:
    """Tell how pulling a source goes: a part of its page."""
    return _pulling(request, get_object_or_404(Source, name=name, way=Way.PULL))


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def pull_now(request: HttpRequest, name: str) -> HttpResponse:
    """Pull a source at once."""
    source = get_object_or_404(Source, name=name)
    try:
        actions.pull_now(current_person(request), source)
    except ValidationError as error:
        return _after(request, source, problem=error.messages[0])
    return _after(request, source)


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Pause a source."""
    source = get_object_or_404(Source, name=name)
    actions.pause_source(current_person(request), source)
    return _after(request, source)


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """Let a source go on."""
    source = get_object_or_404(Source, name=name)
    actions.resume_source(current_person(request), source)
    return _after(request, source)


@require_POST
@requires(Verb.SYSTEM_MANAGE)
def forget(request: HttpRequest, name: str) -> HttpResponse:
    """Forget a source; what it delivered stays."""
    source = get_object_or_404(Source, name=name)
    actions.forget_source(current_person(request), source)
    messages.success(request, f"{source.title} is no longer connected. Its signals stay.")
    return redirect("sources:choose")


def _choice(key: str) -> Choice:
    if key in SENDING:
        title, summary, _ = SENDING[key]
    else:
        title, summary = pulls()[key].title, pulls()[key].summary
    return Choice(key, title, summary, ICONS.get(key, "plug"))


def _form(key: str, request: HttpRequest, source: Source | None) -> PullForm | SentForm:
    data = request.POST or None
    if key in SENDING:
        return SentForm(data, source=source)
    if key not in pulls():
        raise Http404
    return PullForm(pulls()[key], data, source=source)


def _context(
    key: str, form: PullForm | SentForm, source: Source | None, here: str
) -> ConnectContext:
    return ConnectContext(_choice(key), form, source, isinstance(form, PullForm), here)


def _page(request: HttpRequest, context: ConnectContext) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    part = "tried" if "try" in request.POST else "form"
    return page(request, "intake/connect.html", context, fragment=part, status=status)


def _tried(request: HttpRequest, form: PullForm, source: Source | None, here: str) -> HttpResponse:
    """Show what one page of the source would become; nothing is kept."""
    connector, said = form.connector, form.said()
    kept = actions.kept_secrets(source, said.options) if source else {}
    asked = Asked(said.options, {**kept, **said.secrets}, {}, TRYING)
    name = source.name if source else str(form.cleaned_data["name"])
    kind = Kind(said.options["kind"]) if said.options.get("kind") else None
    try:
        tried = try_out(connector, asked, Rules(name, said.mapping, kind))
        preview = _preview(tried, connector)
    except BadInput as error:
        preview = Preview(str(error), 0, (), (), "")
    context = ConnectContext(_choice(connector.name), form, source, True, here, preview)
    status = 422 if preview.problem else 200
    return page(request, "intake/connect.html", context, fragment="tried", status=status)


def _preview(tried: Tried, connector: Pull) -> Preview:
    examples = tuple(_example(row) for row in tried.signals.to_pylist())
    suggested = "" if connector.preset else mapping_text(tried.suggested)
    return Preview("", tried.rows, examples, tried.quarantined, suggested)


def _example(row: Mapping[str, Any]) -> Example:
    scores = [
        f"{name.upper()} {row[name]}" for name in ("nps", "csat", "ces") if row[name] is not None
    ]
    places = [str(row[name]) for name in (*DIMENSIONS, "resolution_code") if row[name]]
    text = " – ".join(part for part in (row["subject"], row["verbatim"]) if part)
    return Example(
        at=row["occurred_at"],
        kind=value_label(row["kind"]),
        customer=row["customer_id"] or "",
        text=Truncator(text).chars(EXCERPT),
        facts=" · ".join([*scores, *places]),
    )


def _pulling(request: HttpRequest, source: Source, *, problem: str = "") -> HttpResponse:
    runs = list(source.runs.order_by("-started_at", "-pk")[:RUNS_SHOWN])
    last = runs[0] if runs else None
    is_running = last is not None and last.finished_at is None
    context = PullingContext(
        source=source,
        runs=runs,
        is_running=is_running,
        last_error=last.error if last else "",
        next_at=last.next_at if last and not source.is_paused else None,
        can_manage=current_person(request).may(Verb.SYSTEM_MANAGE),
        problem=problem,
    )
    status = 422 if problem else 200
    return page(request, "intake/pulling.html", context, fragment="pulling", status=status)


def _after(request: HttpRequest, source: Source, *, problem: str = "") -> HttpResponse:
    """Answer a change: with the part that shows it, or by going to the page."""
    source.refresh_from_db()
    if is_fragment(request) and source.way == Way.PULL:
        return _pulling(request, source, problem=problem)
    if problem:
        messages.error(request, problem)
    return redirect("sources:edit", name=source.name)


@contextmanager
def _complaints_to(form: PullForm | SentForm) -> Iterator[None]:
    """Show what an action refuses beside the field it is about."""
    try:
        yield
    except ValidationError as error:
        complain(form, error)
