"""Doing one thing to the picked cases of the queue, and taking it back."""

from datetime import datetime
from typing import Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from amends.web.accounts.access import can, requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases import bulk as verbs
from amends.web.cases import queries
from amends.web.cases.forms import NoteForm
from amends.web.cases.models import Batch, Bulk, Case
from amends.web.ui.pages import is_fragment

UNDO: Final = "cases.undo"
"""Set in a session that did something to many cases: only there the queue asks what it was."""


@require_POST
@requires(Verb.CASE_WORK)
def bulk(request: HttpRequest) -> HttpResponse:
    """Assign or acknowledge the picked cases ("C-10001:3", with the version seen), or note it."""
    person = current_person(request)
    picked = _picked(request, person)
    match request.POST.get("do", ""):
        case "take":
            done = verbs.assign(person, picked, person)
        case Bulk.ASSIGN:
            number = request.POST.get("to", "")
            pk = int(number) if number.isascii() and number.isdecimal() else 0
            done = verbs.assign(person, picked, get_object_or_404(queries.workers(), pk=pk))
        case Bulk.ACKNOWLEDGE:
            done = verbs.acknowledge(person, picked)
        case Bulk.NOTE:
            form = NoteForm(request.POST)
            if not form.is_valid():
                return _back(request, ["The note was empty or too long: nothing was saved."])
            done = verbs.add_note(person, picked, form.cleaned_data["text"])
        case _:
            return _back(request, ["Choose what to do with the picked cases."])
    if done.batch is not None:
        request.session[UNDO] = True
    return _back(request, done.refused or ([] if done.n else ["Pick at least one case."]))


@require_POST
@requires(Verb.CASE_WORK)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what one did to many cases."""
    try:
        done = verbs.undo(current_person(request), pk)
    except ValidationError as error:
        return _back(request, error.messages)
    if done.n:
        messages.success(request, f"Taken back: {done.batch}.")
    return _back(request, done.refused)


def undoable_here(request: HttpRequest, now: datetime) -> Batch | None:
    """Return what this session did last to many cases, as long as it can be taken back."""
    if UNDO not in request.session:
        return None
    found = verbs.undoable(current_person(request), now)
    if found is None:
        del request.session[UNDO]
    return found


def _picked(request: HttpRequest, person: User) -> list[tuple[Case, int]]:
    seen = dict(picked.partition(":")[::2] for picked in request.POST.getlist("picked"))
    cases = Case.objects.filter(ref__in=seen).order_by("pk")[: queries.PAGE_SIZE]
    return [
        (case, int(seen[case.ref]) if seen[case.ref].isdecimal() else 0)
        for case in cases
        if can(person, Verb.CASE_READ, case)
    ]


def _back(request: HttpRequest, problems: list[str]) -> HttpResponse:
    for problem in problems:
        messages.error(request, problem)
    query = request.POST.get("query", "")
    url = reverse("cases:queue") + (query if query.startswith("?") else "")
    return HttpResponseClientRedirect(url) if is_fragment(request) else HttpResponseRedirect(url)
