"""The page on which one message goes to the customers of the picked cases, who are named first."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from amends.engine.recommend.playbooks import Template, template_with
from amends.flows.report import words
from amends.web.accounts.access import can, requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases import queries
from amends.web.cases.bulk import Picked
from amends.web.cases.letters import has_post
from amends.web.cases.mass import Recipient, recipients_of, templates_for, write_to_all, written_to
from amends.web.cases.models import Case
from amends.web.cases.step_forms import StepForm
from amends.web.ui.pages import page


@dataclass(frozen=True, slots=True)
class MassContext:
    """One message to many."""

    templates: Sequence[Template]
    template: Template | None
    form: StepForm | None
    parts: Sequence[str]
    recipients: Sequence[Recipient]
    sample: Recipient | None
    """The first that would be written to, with the text."""
    n: int
    """How many would be written to."""
    picked: Sequence[str]
    query: str
    by_post: bool


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.CASE_WORK)
def mass(request: HttpRequest) -> HttpResponse:
    """Write one message to the customers of the picked cases ("C-10001:3", with the version)."""
    person = current_person(request)
    given = request.POST if request.method == "POST" else request.GET
    picked = picked_in(given.getlist("picked"), person)
    templates = templates_for(picked)
    template = next((t for t in templates if t.id == given.get("template")), None)
    template = template or next(iter(templates), None)
    if template is None:
        why = "The playbooks of these cases have no message to be sent now."
        messages.error(request, why if picked else "Pick at least one case.")
        return HttpResponseRedirect(reverse("cases:queue") + _query(given.get("query", "")))
    recipients = recipients_of(person, picked, template)
    known = dict.fromkeys(("customer", "case"), "…") | {"agent": str(person)}
    form = StepForm(picked[0][0], template, known, request.POST or None)
    if "change" not in request.POST and form.is_valid():
        told = form.told()
        if "write" not in request.POST:
            n, refused = write_to_all(person, recipients, told["language"], told["values"])
            return _after(request, n, refused)
        recipients = written_to(person, recipients, told["language"], told["values"])
    context = MassContext(
        templates=templates,
        template=template,
        form=form,
        parts=template_with(template, form.language, {"agent": str(person)}),
        recipients=recipients,
        sample=next((r for r in recipients if r.text), None),
        n=sum(not r.why_not for r in recipients),
        picked=given.getlist("picked"),
        query=_query(given.get("query", "")),
        by_post=has_post(),
    )
    status = 422 if form.errors else 200
    return page(request, "cases/mass.html", context, status=status)


def picked_in(given: Sequence[str], person: User) -> Picked:
    """Return the cases that were picked, each with the version that was seen, within reach."""
    seen = dict(picked.partition(":")[::2] for picked in given)
    cases = Case.objects.filter(ref__in=seen).select_related("customer").order_by("pk")
    return [
        (case, int(seen[case.ref]) if seen[case.ref].isdecimal() else 0)
        for case in cases[: queries.PAGE_SIZE]
        if can(person, Verb.CASE_READ, case)
    ]


def mass_address(picked: Sequence[str], query: str) -> str:
    """Return where the message to the picked cases is written."""
    told = urlencode({"picked": picked, "query": query}, doseq=True)
    return f"{reverse('cases:mass')}?{told}"


def _after(request: HttpRequest, n: int, refused: Sequence[str]) -> HttpResponse:
    if n:
        how = "is on its way to" if has_post() else "is noted as sent to"
        messages.success(request, f"The message {how} {words.count(n, 'customer')}.")
    for problem in refused:
        messages.error(request, problem)
    return HttpResponseRedirect(reverse("cases:queue") + _query(request.POST.get("query", "")))


def _query(text: str) -> str:
    return text if text.startswith("?") else ""
