"""Topics: what is told and has no name yet, and what people make of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.classify import topic_actions
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.classify.models import Topic, TopicSearch, TopicState
from amends.web.classify.topic_forms import CauseForm
from amends.web.classify.topic_telling import suggested, weeks_chart
from amends.web.classify.topics import LIVE
from amends.web.intake.lake import lake
from amends.web.intake.telling import SHOWN, SignalRow, excerpt, rows_of
from amends.web.ui.pages import page
from amends.web.ui.parts import Chart
from amends.web.ui.refusals import complain

PAGE: Final = 30
RECENT: Final = 4
"""Weeks of which the trend is told, against as many before."""
LONGEST: Final = 200
LOOKED_THROUGH: Final = 40


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic of the list."""

    topic: Topic
    url: str
    said: str
    """Its most typical verbatim."""
    recent: int
    before: int


@dataclass(frozen=True, slots=True)
class TopicsContext:
    """All topics."""

    rows: tuple[TopicRow, ...]
    decided: Sequence[Topic]
    search: TopicSearch | None
    may_edit: bool
    live: tuple[str, ...] = (LIVE,)


@dataclass(frozen=True, slots=True)
class TopicContext:
    """One topic."""

    topic: Topic
    rows: tuple[SignalRow, ...]
    chart: Chart | None
    form: CauseForm
    is_there: bool
    """Whether the newest search found it."""
    may_edit: bool
    page: int
    pages: int
    problem: str = ""


@require_safe
@requires(Verb.CAUSE_READ)
def topics(request: HttpRequest) -> HttpResponse:
    """List the topics that the newest search found, and those that were decided."""
    search = TopicSearch.objects.first()
    found = Topic.objects.filter(state=TopicState.OPEN)
    found = found.filter(last_found_at=search.made_at) if search else found.none()
    decided = Topic.objects.exclude(state=TopicState.OPEN)
    context = TopicsContext(
        rows=_rows(list(found)),
        decided=list(decided.select_related("decided_by").order_by("-decided_at")),
        search=search,
        may_edit=current_person(request).may(Verb.TAXONOMY_EDIT),
    )
    return page(request, "classify/topics.html", context, fragment="list")


@require_safe
@requires(Verb.CAUSE_READ)
def topic(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one topic with what customers said, the most typical first."""
    return _answer(request, get_object_or_404(Topic, pk=pk))


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def make_cause(request: HttpRequest, pk: int) -> HttpResponse:
    """Make it a cause."""
    mine = get_object_or_404(Topic, pk=pk)
    form = CauseForm(request.POST, taxonomy_in_force(), {})
    if form.is_valid():
        try:
            cause = topic_actions.make_cause(current_person(request), mine, form.told)
        except ValidationError as error:
            complain(form, error)
        else:
            messages.success(
                request,
                f"“{cause.label}” is a cause now. Its signals get it within seconds; the classifier"
                " learns it within minutes.",
            )
            return redirect("classify:topic", pk)
    return _answer(request, mine, form)


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that it is none."""
    mine = get_object_or_404(Topic, pk=pk)
    try:
        topic_actions.dismiss(current_person(request), mine, request.POST.get("because", ""))
    except ValidationError as error:
        return _answer(request, mine, problem=error.messages[0])
    messages.success(request, "Dismissed. It stays so when it is found again.")
    return redirect("classify:topics")


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a dismissal back."""
    topic_actions.reopen(current_person(request), get_object_or_404(Topic, pk=pk))
    return redirect("classify:topic", pk)


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def look_again(request: HttpRequest) -> HttpResponse:
    """Have topics searched for now."""
    topic_actions.look_again(current_person(request))
    messages.success(request, "Looking through what is unsure. This page follows by itself.")
    return redirect("classify:topics")


def _answer(
    request: HttpRequest, mine: Topic, form: CauseForm | None = None, problem: str = ""
) -> HttpResponse:
    names = [
        name.hex for name in mine.members.order_by("-nearness").values_list("signal_id", flat=True)
    ]
    pages = max((len(names) + PAGE - 1) // PAGE, 1)
    given = request.GET.get("page", "")
    at = min(max(int(given), 1), pages) if given.isdecimal() and len(given) < 6 else 1
    near = _signals(names[:LOOKED_THROUGH])
    shown = names[(at - 1) * PAGE : at * PAGE]
    may_edit = current_person(request).may(Verb.TAXONOMY_EDIT)
    search = TopicSearch.objects.first()
    context = TopicContext(
        topic=mine,
        rows=rows_of(_signals(shown)),
        chart=weeks_chart(mine) if any(mine.weeks) else None,
        form=form or CauseForm(None, taxonomy_in_force(), suggested(mine, near)),
        is_there=search is not None and mine.last_found_at == search.made_at,
        may_edit=may_edit,
        page=at,
        pages=pages,
        problem=problem,
    )
    bad = problem or (form is not None and form.errors)
    return page(request, "classify/topic.html", context, status=422 if bad else 200)


def _signals(names: Sequence[str]) -> list[dict[str, Any]]:
    """Return signals of the lake in the order of their names; those that are gone are left out."""
    if not names:
        return []
    found = {row["signal_id"]: row for row in lake().by_id(names).select(SHOWN).to_pylist()}
    return [found[name] for name in names if name in found]


def _rows(found: Sequence[Topic]) -> tuple[TopicRow, ...]:
    typical = [one.typical.hex for one in found if one.typical]
    said = {row["signal_id"]: row["verbatim"] or row["subject"] or "" for row in _signals(typical)}
    return tuple(
        TopicRow(
            one,
            reverse("classify:topic", args=[one.pk]),
            excerpt(said.get(one.typical.hex, ""), "", LONGEST) if one.typical else "",
            sum(one.weeks[-RECENT:]),
            sum(one.weeks[-2 * RECENT : -RECENT]),
        )
        for one in found
    )
