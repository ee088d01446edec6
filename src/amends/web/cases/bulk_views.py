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

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases import bulk as verbs
from amends.web.cases import queries
from amends.web.cases.forms import NoteForm
from amends.web.cases.mass_views import mass_address, picked_in
from amends.web.cases.models import Batch, Bulk
from amends.web.ui.pages import is_fragment

UNDO: Final = "cases.undo"
"""Set in a session that did something to many cases: only there the queue asks what it was."""


@require_POST
@requires(Verb.CASE_WORK)
def bulk(request: HttpRequest) -> HttpResponse:
    """Assign or acknowledge the picked cases ("C-10001:3", with the version seen), or note it."""
    person = current_person(request)
    given = request.POST.getlist("picked")
    picked = picked_in(given, person)
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
        case "write":
            return _go(request, mass_address(given, request.POST.get("query", "")))
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


def _back(request: HttpRequest, problems: list[str]) -> HttpResponse:
    for problem in problems:
        messages.error(request, problem)
    query = request.POST.get("query", "")
    return _go(request, reverse("cases:queue") + (query if query.startswith("?") else ""))


def _go(request: HttpRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if is_fragment(request) else HttpResponseRedirect(url)
