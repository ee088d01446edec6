"""Pages of policy: the tables in force, a draft beside one, its replay, and publishing it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.engine.recommend import NOT_LEGAL_ADVICE, Table, parse_table, to_jdm, write_table
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.policy_telling import (
    DraftTold,
    ListedTable,
    TableTold,
    draft_told,
    listed,
    next_version,
    table_in_force,
    table_named,
    told,
    versions_of,
)
from amends.web.cases.replaying import Replay, replay
from amends.web.recommend.actions import discard_policy, draft_policy, publish_policy
from amends.web.recommend.models import PolicyVersion
from amends.web.ui.pages import page
from amends.web.ui.refusals import complain

LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class PoliciesContext:
    """All tables, and what laws owe that can be adopted."""

    tables: Sequence[ListedTable]
    presets: Sequence[ListedTable]
    advice: str = NOT_LEGAL_ADVICE


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """One table."""

    name: str
    told: TableTold
    is_in_force: bool
    """False: a preset that can be adopted."""
    draft: DraftTold | None
    versions: Sequence[Table]
    published: Sequence[PolicyVersion]
    may_draft: bool
    may_replay: bool
    advice: str = NOT_LEGAL_ADVICE


@dataclass(frozen=True, slots=True)
class DraftContext:
    """The form of a draft."""

    name: str
    form: "PolicyForm"
    problem: str = ""
    """Why a file could not be read into it."""


@dataclass(frozen=True, slots=True)
class ReplayContext:
    """What a draft would have decided."""

    name: str
    replay: Replay


class PolicyForm(forms.Form):
    """The text of a version, and why."""

    text = forms.CharField(
        label="Table",
        max_length=LONGEST,
        strip=False,
        help_text="Its tests must pass. Let it begin tomorrow or later.",
        widget=forms.Textarea(attrs={"rows": 26, "class": "textarea code", "spellcheck": "false"}),
    )
    reason = forms.CharField(
        label="Why",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "textarea"}),
    )


@require_safe
@requires(Verb.POLICY_READ)
def policies(request: HttpRequest) -> HttpResponse:
    """List the tables in force."""
    tables, presets = listed(timezone.localdate())
    return page(request, "cases/policies.html", PoliciesContext(tables, presets))


@require_safe
@requires(Verb.POLICY_READ)
def policy(request: HttpRequest, name: str) -> HttpResponse:
    """Show one table, its draft and its versions."""
    person, table = current_person(request), _table(name)
    published = PolicyVersion.objects.filter(table=name, published_at__isnull=False)
    context = PolicyContext(
        name=name,
        told=told(table),
        is_in_force=table_in_force(name, timezone.localdate()) is not None,
        draft=draft_told(person, name, table, timezone.localdate()),
        versions=versions_of(name),
        published=list(published.select_related("author", "reviewer").order_by("-pk")),
        may_draft=person.may(Verb.POLICY_DRAFT),
        may_replay=person.may(Verb.CASE_READ),
    )
    return page(request, "cases/policy.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.POLICY_DRAFT)
def draft(request: HttpRequest, name: str) -> HttpResponse:
    """Write a draft of a table."""
    table = _table(name)
    known = PolicyVersion.objects.filter(table=name, published_at=None).first()
    start = {"text": known.text, "reason": known.reason} if known else _start(table)
    form = PolicyForm(request.POST or None, initial=start)
    if form.is_valid():
        try:
            draft_policy(current_person(request), name, **form.cleaned_data)
        except ValidationError as error:
            complain(form, error)
        else:
            return _back(name)
    status = 422 if request.POST else 200
    return page(request, "cases/policy_draft.html", DraftContext(name, form), status=status)


@require_safe
@requires(Verb.CASE_READ)
def replayed(request: HttpRequest, name: str) -> HttpResponse:
    """Show what the draft would have decided in the last quarter's cases."""
    found = PolicyVersion.objects.filter(table=name, published_at=None).first()
    if found is None:
        raise Http404
    result = replay(current_person(request), parse_table(found.text, tested=False), timezone.now())
    return page(request, "cases/policy_replay.html", ReplayContext(name, result), fragment="result")


@require_POST
@requires(Verb.POLICY_PUBLISH)
def publication(request: HttpRequest, name: str) -> HttpResponse:
    """Publish the draft that was reviewed."""
    _table(name)
    try:
        publish_policy(current_person(request), _number(request))
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
    else:
        messages.success(request, "It is published, and decides from its first day on.")
    return _back(name)


@require_POST
@requires(Verb.POLICY_DRAFT)
def discard(request: HttpRequest, name: str) -> HttpResponse:
    """Throw the draft away."""
    _table(name)
    discard_policy(current_person(request), _number(request))
    messages.success(request, "The draft is gone. What is in force has not changed.")
    return _back(name)


@require_safe
@requires(Verb.POLICY_READ)
def export(_request: HttpRequest, name: str) -> HttpResponse:
    """Give a table as the file that can be imported again as a draft."""
    return _file(f"{name}.yaml", write_table(_table(name)), "application/yaml; charset=utf-8")


@require_safe
@requires(Verb.POLICY_READ)
def export_jdm(_request: HttpRequest, name: str) -> HttpResponse:
    """Give a table as JDM, for other engines."""
    text = json.dumps(to_jdm(_table(name)), indent=2, ensure_ascii=False)
    return _file(f"{name}.jdm.json", text, "application/json")


def _start(table: Table) -> dict[str, str]:
    return {"text": write_table(next_version(table, timezone.localdate()))}


def _file(name: str, text: str, kind: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, kind, headers=headers)


def _table(name: str) -> Table:
    table = table_named(name, timezone.localdate())
    if table is None:
        raise Http404
    return table


def _number(request: HttpRequest) -> int:
    text = request.POST.get("draft", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _back(name: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("policy:policy", args=[name]))
