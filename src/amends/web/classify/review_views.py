"""Reviewing causes: one signal after the other, by keyboard or by hand."""

import re
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Reach, Verb
from amends.web.accounts.views import current_person
from amends.web.classify import actions
from amends.web.classify.queries import cause_label
from amends.web.classify.review_forms import ReviewForm, causes
from amends.web.classify.reviewing import Item, Standing, item_of, next_item, standing
from amends.web.intake.telling import SignalRow, row_of
from amends.web.ui.pages import page

LONGEST: Final = 4_000
MOST_SKIPPED: Final = 40
SIGNAL_NAME: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A cause to choose with one key."""

    key: str
    path: str
    label: str
    percent: str


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """What is looked at, and how reviewing goes."""

    item: Item | None
    row: SignalRow | None
    choices: tuple[Choice, ...]
    parts: tuple[tuple[str, str], ...]
    similar: tuple[tuple[str, str], ...]
    causes: list[tuple[str, str]]
    standing: Standing
    skipped: str
    last: str
    """The signal judged before, which can be taken back."""
    problem: str = ""


@require_safe
@requires(Verb.CAUSE_CORRECT)
def review(request: HttpRequest) -> HttpResponse:
    """Show the signal to look at next."""
    _only_all(request)
    skipped = _skipped(request)
    item = next_item(current_person(request), timezone.now(), skipped)
    return _answer(request, item, skipped)


@require_safe
@requires(Verb.CAUSE_CORRECT)
def review_one(request: HttpRequest, name: str) -> HttpResponse:
    """Show one signal to look at: where its cause was seen to be wrong."""
    _only_all(request, name)
    item = item_of(name, is_second=False)
    if item is None:
        raise Http404
    return _answer(request, item, ())


@require_POST
@requires(Verb.CAUSE_CORRECT)
def verdict(request: HttpRequest, name: str) -> HttpResponse:
    """Write down what somebody says of a signal, and show the next."""
    _only_all(request, name)
    form = ReviewForm(request.POST)
    skipped = _skipped(request)
    is_second = request.POST.get("is_second") == "on"
    if not form.is_valid():
        return _again(
            request, name, skipped, is_second=is_second, problem="Choose what it tells of."
        )
    try:
        actions.review(
            current_person(request), name, form.said(), form.shown(), is_second=is_second
        )
    except ValidationError as error:
        return _again(request, name, skipped, is_second=is_second, problem=error.messages[0])
    item = next_item(current_person(request), timezone.now(), skipped)
    return _answer(request, item, skipped, last=name)


@require_POST
@requires(Verb.CAUSE_CORRECT)
def undo(request: HttpRequest, name: str) -> HttpResponse:
    """Take one's own review back and look at the signal again."""
    _only_all(request, name)
    actions.take_back(current_person(request), name)
    return _answer(request, item_of(name, is_second=False), _skipped(request))


def _only_all(request: HttpRequest, name: str = "") -> None:
    """Refuse who may not correct every cause, and what is no signal's name."""
    if current_person(request).reach(Verb.CAUSE_CORRECT) is not Reach.ALL:
        raise Http404
    if name and not SIGNAL_NAME.fullmatch(name):
        raise Http404


def _skipped(request: HttpRequest) -> tuple[str, ...]:
    given = request.POST.get("skipped", request.GET.get("skipped", ""))
    return tuple(name for name in given.split(",") if name)[-MOST_SKIPPED:]


def _again(
    request: HttpRequest, name: str, skipped: tuple[str, ...], *, is_second: bool, problem: str
) -> HttpResponse:
    item = item_of(name, is_second=is_second)
    return _answer(request, item, skipped, problem=problem, status=422)


def _answer(
    request: HttpRequest,
    item: Item | None,
    skipped: tuple[str, ...],
    *,
    last: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    found = item.candidates if item else ()
    context = ReviewContext(
        item=item,
        row=row_of(item.signal, longest=LONGEST) if item else None,
        choices=tuple(
            Choice(str(n), one.path, cause_label(one.path), f"{one.share:.0%}")
            for n, one in enumerate(found, start=1)
        ),
        parts=tuple((words, cause_label(path)) for words, path in (item.parts if item else ())),
        similar=tuple((s.text, cause_label(s.cause)) for s in (item.similar if item else ())),
        causes=causes(),
        standing=standing(current_person(request), now, midnight),
        skipped=",".join(skipped),
        last=last,
        problem=problem,
    )
    return page(request, "classify/review.html", context, fragment="review", status=status)
