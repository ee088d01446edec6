"""Privacy: how long data are kept, erasing a customer, and the proof of what was erased."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.engine.contracts import BadInput
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.intake.models import Erasure, KeptKind, Retention
from amends.web.project import erasing
from amends.web.ui.pages import page

SHOWN = 50


class EraseForm(forms.Form):
    """Whom, and why."""

    customer = forms.CharField(max_length=120, widget=forms.HiddenInput)
    because = forms.CharField(
        label="Why",
        max_length=200,
        help_text="Who asked, when and how. It stays in the entry: do not name the customer here.",
    )


class RetentionForm(forms.Form):
    """How long one kind is kept."""

    kind = forms.ChoiceField(choices=KeptKind.choices, widget=forms.HiddenInput)
    keep_days = forms.IntegerField(min_value=1, max_value=36_500, required=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of data and how long it is kept; None: for good."""

    kind: str
    label: str
    keep_days: int | None


@dataclass(frozen=True, slots=True)
class PrivacyContext:
    """The privacy page."""

    kinds: tuple[Kept, ...]
    entries: list[Erasure]
    customer: str
    """Whose data are looked up; empty: nobody's."""
    found: erasing.Known | None
    form: EraseForm | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ErasureContext:
    """One entry with its proof, in the drawer."""

    erasure: Erasure
    removed: tuple[tuple[str, int], ...]
    left: tuple[tuple[str, int], ...]


@require_safe
@requires(Verb.CUSTOMER_ERASE)
def privacy(request: HttpRequest) -> HttpResponse:
    """Show retention and erasures; with ?customer= also what is known of a customer."""
    customer = request.GET.get("customer", "").strip()
    found = erasing.known_of(customer) if customer else None
    form = EraseForm(initial={"customer": customer}) if found and found.is_known else None
    return page(request, "project/privacy.html", _context(customer, found, form))


@require_POST
@requires(Verb.CUSTOMER_ERASE)
def erase(request: HttpRequest) -> HttpResponse:
    """Erase the customer that was looked up, and lead to the proof."""
    form = EraseForm(request.POST)
    customer = str(request.POST.get("customer", "")).strip()
    if not form.is_valid():
        context = _context(customer, erasing.known_of(customer) if customer else None, form)
        return page(request, "project/privacy.html", context, status=422)
    try:
        entry = erasing.erase_customer(
            current_person(request), customer, form.cleaned_data["because"]
        )
    except BadInput as error:
        context = _context(customer, None, None, str(error))
        return page(request, "project/privacy.html", context, status=422)
    said = "Erased; a search afterwards found nothing." if entry.is_proven else "Not all is gone."
    messages.success(request, said)
    return redirect(f"{reverse('privacy')}#erasures")


@require_POST
@requires(Verb.CUSTOMER_ERASE)
def retention(request: HttpRequest) -> HttpResponse:
    """Say how long one kind is kept; an empty field: for good."""
    form = RetentionForm(request.POST)
    if not form.is_valid():
        problem = "A retention is a whole number of days, 1 to 36,500, or empty to keep for good."
        return page(request, "project/privacy.html", _context("", None, None, problem), status=422)
    kind, days = form.cleaned_data["kind"], form.cleaned_data["keep_days"]
    erasing.set_retention(current_person(request), kind, days)
    kept = f"for {days:,} days" if days else "for good"
    messages.success(request, f"{KeptKind(kind).label} are kept {kept}.")
    return redirect("privacy")


@require_http_methods(["GET", "HEAD"])
@requires(Verb.CUSTOMER_ERASE)
def erasure(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one entry: what was removed, and what a search found afterwards."""
    found = get_object_or_404(Erasure.objects.select_related("asked_by"), pk=pk)
    context = ErasureContext(found, tuple(found.removed.items()), tuple(found.left.items()))
    return page(request, "project/erasure.html", context, fragment="drawer")


def _context(
    customer: str, found: erasing.Known | None, form: EraseForm | None, problem: str = ""
) -> PrivacyContext:
    days = dict(Retention.objects.values_list("kind", "keep_days"))
    kinds = tuple(Kept(kind.value, kind.label, days.get(kind.value)) for kind in KeptKind)
    entries = list(Erasure.objects.select_related("asked_by")[:SHOWN])
    return PrivacyContext(kinds, entries, customer, found, form, problem)
