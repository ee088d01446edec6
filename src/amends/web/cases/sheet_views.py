"""The page of the sheet of clocks: what is in force, the draft, and publishing it."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.sheet_actions import (
    current_draft,
    discard_sheet,
    draft_sheet,
    publish_sheet,
)
from amends.web.cases.sheet_telling import SheetTold, sheet_told, text_in_force
from amends.web.ui.pages import is_fragment, page
from amends.web.ui.refusals import complain

LONGEST = 60_000


@dataclass(frozen=True, slots=True)
class ClocksContext:
    """The sheet of clocks."""

    told: SheetTold


@dataclass(frozen=True, slots=True)
class DraftContext:
    """The form of a draft."""

    form: "DraftForm"


class DraftForm(forms.Form):
    """The text of a sheet, and why."""

    text = forms.CharField(
        label="Clocks",
        max_length=LONGEST,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 26, "class": "textarea code", "spellcheck": "false"}),
    )
    reason = forms.CharField(
        label="Why",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "textarea"}),
    )


@require_safe
@requires(Verb.POLICY_READ)
def clocks(request: HttpRequest) -> HttpResponse:
    """Show the sheet in force, the draft and what it would change."""
    told = sheet_told(current_person(request), timezone.now())
    return page(request, "cases/clock_sheet.html", ClocksContext(told))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.POLICY_DRAFT)
def draft(request: HttpRequest) -> HttpResponse:
    """Write a draft."""
    known = current_draft()
    start = {"text": known.text, "reason": known.reason} if known else {"text": text_in_force()}
    form = DraftForm(request.POST or None, initial=start)
    if form.is_valid():
        try:
            draft_sheet(current_person(request), **form.cleaned_data)
        except ValidationError as error:
            complain(form, error)
        else:
            return _back(request)
    status = 422 if request.POST else 200
    return page(request, "cases/clock_draft.html", DraftContext(form), status=status)


@require_POST
@requires(Verb.POLICY_PUBLISH)
def publication(request: HttpRequest) -> HttpResponse:
    """Publish the draft that was read."""
    try:
        moved = publish_sheet(current_person(request), _number(request))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, f"It is in force. Deadlines of open cases that moved: {moved}.")
    return _back(request)


@require_POST
@requires(Verb.POLICY_DRAFT)
def discard(request: HttpRequest) -> HttpResponse:
    """Throw the draft away."""
    discard_sheet(current_person(request), _number(request))
    messages.success(request, "The draft is gone. What is in force has not changed.")
    return _back(request)


def _number(request: HttpRequest) -> int:
    text = request.POST.get("draft", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _back(request: HttpRequest) -> HttpResponse:
    url = reverse("cases:clocks")
    return HttpResponseClientRedirect(url) if is_fragment(request) else HttpResponseRedirect(url)
