"""A step of one case: a message is written out and then sent, anything else has a note."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from amends.engine.recommend.playbooks import PlaybookStep, template_with
from amends.web.accounts.access import access, requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases import queries
from amends.web.cases.actions import TOPIC, standing
from amends.web.cases.book_actions import book_in_force
from amends.web.cases.letters import has_post
from amends.web.cases.models import Case
from amends.web.cases.step_forms import StepForm
from amends.web.cases.stepping import do_step, known_values, step_of, text_of_step
from amends.web.ui.pages import done, page
from amends.web.ui.refusals import complain


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step of a case."""

    case: Case
    step: PlaybookStep
    form: StepForm
    parts: Sequence[str]
    """The template in the language that is chosen, filled with what is known."""
    text: str
    """The message as it would go out; empty until it was asked for."""
    by_post: bool
    """Whether it goes out by itself; else people send it and say so."""
    unapproved: str
    """Who has not approved the words here, since they are as shipped; empty: they were approved."""


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.CASE_WORK)
def step(request: HttpRequest, ref: str, name: str) -> HttpResponse:
    """Do one step of a case’s playbook, or look how its message reads."""
    person = current_person(request)
    case = queries.case_of(ref).first()
    if case is None:
        raise Http404
    access(person, case, see=Verb.CASE_READ, do=Verb.CASE_WORK)
    found = step_of(case, name)
    if found is None:
        raise Http404
    book, version = book_in_force()
    template = book.template(found.template) if found.template else None
    known = known_values(person, case, standing(case))
    form, text = StepForm(case, template, known, request.POST or None), ""
    if "change" not in request.POST and form.is_valid():
        try:
            if "write" in request.POST:
                text = _written(person, case, name, form)
            else:
                do_step(person, case, form.cleaned_data["version"], name, **form.told())
                return done(request, reverse("cases:case", args=[case.ref]), changed=TOPIC)
        except ValidationError as error:
            complain(form, error)
            case.refresh_from_db()
            form.renew()
    parts = template_with(template, form.language, known) if template else []
    status = 422 if form.errors else 200
    unapproved = template.approval if template is not None and version is None else ""
    context = StepContext(case, found, form, parts, text, has_post(), unapproved)
    return page(request, "cases/step.html", context, fragment="drawer", status=status)


def _written(person: User, case: Case, name: str, form: StepForm) -> str:
    told = form.told()
    return text_of_step(person, case, name, told["language"], told["values"])
