"""The auditor's pages: the trail under filters, one entry, the proof, the export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from amends.engine.contracts import BadInput
from amends.web.accounts.access import requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.audit import queries as reads
from amends.web.audit.chain import seal
from amends.web.audit.exporting import lines
from amends.web.audit.models import REWRITING, Link
from amends.web.audit.queries import NOBODY, PAGE, REWRITTEN, VERBS, Asked, Field
from amends.web.audit.verifying import Head, Verdict, verify
from amends.web.ui.pages import page

SYSTEM = "amends"
LONGEST = 60
"""Characters of an object's key that a filter takes."""


class AskedForm(forms.Form):
    """Filters in the address; what cannot be read asks for nothing."""

    person = forms.CharField(required=False, max_length=20)
    kind = forms.CharField(required=False, max_length=63)
    object = forms.CharField(required=False, max_length=LONGEST)
    verb = forms.ChoiceField(required=False, choices=[(v, v) for v in ("", *VERBS, REWRITTEN)])
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A link as the list tells it."""

    link: Link
    who: str
    what: str
    where: str
    is_rewritten: bool


@dataclass(frozen=True, slots=True)
class TrailContext:
    """The trail."""

    asked: Asked
    lines: Sequence[Line]
    kinds: Mapping[str, str]
    people: Sequence[tuple[str, str]]
    verbs: Sequence[tuple[str, str]]
    older: str
    newest: str
    """Address of the first page; empty on it."""
    is_narrowed: bool


@dataclass(frozen=True, slots=True)
class LinkContext:
    """One entry with its link."""

    line: Line
    fields: Sequence[Field]
    is_superseded: bool


@dataclass(frozen=True, slots=True)
class VerdictContext:
    """What a proof found."""

    verdict: Verdict | None
    problem: str


@require_safe
@requires(Verb.AUDIT_READ)
def trail(request: HttpRequest) -> HttpResponse:
    """List the trail, the newest first: to the last change, though the worker seals it later."""
    asked = _asked(request.GET)
    found = reads.links(asked)
    before = request.GET.get("before", "")
    if not before:
        seal()
    if before.isdecimal() and len(before) < 19:
        found = found.filter(number__lt=int(before))
    listed = list(found[: PAGE + 1])
    shown, names = listed[:PAGE], reads.names_of(listed)
    people = [(str(p.pk), str(p)) for p in User.objects.order_by("name")]
    context = TrailContext(
        asked=asked,
        lines=[_line(link, names) for link in shown],
        kinds=reads.kinds(),
        people=[(NOBODY, f"{SYSTEM} itself"), *people],
        verbs=[*VERBS.items(), (REWRITTEN, "entry rewritten")],
        older=_address(request.GET, before=str(shown[-1].number)) if listed[PAGE:] else "",
        newest=_address(request.GET) if before else "",
        is_narrowed=asked != Asked(),
    )
    return page(request, "audit/trail.html", context, fragment="list")


@require_safe
@requires(Verb.AUDIT_READ)
def link(request: HttpRequest, number: int) -> HttpResponse:
    """Show one entry beside the one before it, with its place in the chain."""
    found = get_object_or_404(Link, number=number)
    later = Link.objects.filter(
        relation=found.relation, entry=found.entry, number__gt=found.number
    ).exists()
    context = LinkContext(_line(found, reads.names_of([found])), reads.fields_of(found), later)
    return page(request, "audit/link.html", context, fragment="drawer")


@require_POST
@requires(Verb.AUDIT_READ)
def verification(request: HttpRequest) -> HttpResponse:
    """Prove the whole trail, and say where it breaks."""
    verdict, problem, noted = None, "", request.POST.get("head", "").strip()
    try:
        verdict = verify(Head.read(noted) if noted else None)
    except BadInput as error:
        problem = f"{error.what} {error.remedy}"
    status = 422 if problem else 200
    context = VerdictContext(verdict, problem)
    return page(request, "audit/verdict.html", context, fragment="verdict", status=status)


@require_safe
@requires(Verb.AUDIT_READ)
def export(_request: HttpRequest) -> StreamingHttpResponse:
    """Give the whole trail as a file that verifies itself."""
    headers = {"Content-Disposition": 'attachment; filename="audit-trail.jsonl"'}
    return StreamingHttpResponse(lines(), content_type="application/jsonl", headers=headers)


def _asked(query: QueryDict) -> Asked:
    form = AskedForm(query)
    form.is_valid()
    given: dict[str, Any] = form.cleaned_data
    return Asked(**{name: given[name] for name in given if given[name] not in (None, "")})


def _line(found: Link, names: Mapping[int, str]) -> Line:
    actor, context = reads.actor_of(found), found.context or {}
    kind = reads.kinds().get(found.relation, found.relation)
    verb = VERBS.get(found.verb, found.verb)
    who = SYSTEM if actor is None else names.get(actor, f"Person {actor}")
    where = str(context.get("url") or context.get("source") or "")
    what = f"{kind} {found.object} {verb}".replace("  ", " ")
    return Line(found, who, what, where, found.operation in REWRITING)


def _address(query: QueryDict, **more: str) -> str:
    kept = query.copy()
    kept.pop("before", None)
    for name, value in more.items():
        kept[name] = value
    return f"?{kept.urlencode()}"
