"""Pages of the rules that open cases: all, one with its preview, and what is the same matter."""

from copy import copy
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases import rule_actions
from amends.web.cases.models import Case, CaseRule, Merging
from amends.web.cases.rule_forms import STARTS, MergingForm, RuleForm
from amends.web.cases.rule_preview import LOOKS_BACK, Preview, preview_of, with_rule
from amends.web.cases.rule_telling import Version, say_rule, versions_of
from amends.web.cases.rules import Rules, merging, rules_in_force
from amends.web.ui.pages import page
from amends.web.ui.refusals import complain

DRAFT = "This rule"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as the list tells it."""

    rule: CaseRule
    says: str
    n: int
    """Cases that say they opened by it, or were kept out by its reason, in the last 90 days."""


@dataclass(frozen=True, slots=True)
class RulesContext:
    """All rules."""

    opens: list[RuleRow]
    excludes: list[RuleRow]
    starts: list[tuple[str, str]]
    merging: Merging
    merging_form: MergingForm
    can_edit: bool
    preview: None = None
    problem: str = ""
    live: tuple[str, ...] = (rule_actions.TOPIC,)


@dataclass(frozen=True, slots=True)
class RuleContext:
    """One rule, to be made, looked at or changed."""

    form: RuleForm
    rule: CaseRule | None
    says: str
    versions: list[Version]
    preview: Preview | None
    can_edit: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PreviewContext:
    """What rules would have opened."""

    preview: Preview | None
    problem: str = ""


@require_safe
@requires(Verb.POLICY_READ)
def rules(request: HttpRequest) -> HttpResponse:
    """List the rules with what they say and what they opened."""
    return _list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.CASE_RULE_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """Make a rule."""
    form = RuleForm(request.POST or None, start=request.GET.get("start", ""))
    if form.is_valid():
        try:
            made = rule_actions.add_rule(current_person(request), form.told)
        except ValidationError as error:
            complain(form, error)
        else:
            messages.success(request, "It holds from the next signals that land.")
            return redirect("cases:rule", made.pk)
    return _page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.POLICY_READ)
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one with its versions, and change it."""
    mine = get_object_or_404(CaseRule, pk=pk)
    form = RuleForm(request.POST or None, mine)
    if form.is_valid():
        version = _number(request, "version")
        try:
            rule_actions.change_rule(current_person(request), mine, version, form.told)
        except ValidationError as error:
            complain(form, error)
        else:
            messages.success(request, "Saved. Cases that are there stay as they are.")
            return redirect("cases:rule", pk)
    return _page(request, form, mine)


@require_POST
@requires(Verb.CASE_RULE_EDIT)
def preview(request: HttpRequest) -> HttpResponse:
    """Say what a rule as it is entered, or another length of a matter, would have opened."""
    in_force = rules_in_force()
    pk = _number(request, "rule")
    known = CaseRule.objects.filter(pk=pk).first() if pk else None
    days = in_force.same_matter.days
    if "same_matter_days" in request.POST:
        merging_form = MergingForm(request.POST)
        if not merging_form.is_valid():
            return _told(request, None, "Days: between 1 and 90.")
        draft = Rules.of(in_force.every, merging_form.cleaned_data["same_matter_days"])
        return _told(request, preview_of(draft, in_force, timezone.now()))
    form = RuleForm(request.POST, known)
    form.fields["name"].required = False
    if not form.is_valid():
        return _told(request, None, _problems(form))
    mine = form.as_rule()
    mine.name = mine.name or DRAFT
    try:
        rule_actions.check(mine)
    except ValidationError as error:
        return _told(request, None, " ".join(error.messages))
    draft = Rules.of(with_rule(in_force.every, mine), days)
    return _told(request, preview_of(draft, in_force, timezone.now(), mine.name))


@require_POST
@requires(Verb.CASE_RULE_EDIT)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it on or off."""
    mine = get_object_or_404(CaseRule, pk=pk)
    rule_actions.switch_rule(current_person(request), mine, is_on=request.POST.get("on") == "1")
    return redirect("cases:rule", pk)


@require_POST
@requires(Verb.CASE_RULE_EDIT)
def same_matter(request: HttpRequest) -> HttpResponse:
    """Set for how long two signals are the same matter."""
    form = MergingForm(request.POST)
    if form.is_valid():
        days, version = form.cleaned_data["same_matter_days"], _number(request, "version")
        try:
            rule_actions.merge_within(current_person(request), days, version)
        except ValidationError as error:
            complain(form, error)
        else:
            messages.success(request, f"Signals are the same matter within {days} days now.")
            return redirect("cases:rules")
    return _list(request, form)


def _list(request: HttpRequest, form: MergingForm | None = None) -> HttpResponse:
    recent = Case.objects.filter(opened_at__gte=timezone.now() - LOOKS_BACK)
    opened = dict(recent.values_list("opened_because").annotate(n=Count("pk")))
    kept = dict(recent.values_list("excluded_because").annotate(n=Count("pk")))
    rows = [
        RuleRow(
            rule,
            say_rule(rule),
            kept.get(rule.reason, 0) if rule.excludes else opened.get(rule.name, 0),
        )
        for rule in CaseRule.objects.all()
    ]
    known = merging()
    context = RulesContext(
        opens=[row for row in rows if not row.rule.excludes],
        excludes=[row for row in rows if row.rule.excludes],
        starts=[(name, label) for name, (label, _) in STARTS.items()],
        merging=known,
        merging_form=form or MergingForm(None, known),
        can_edit=current_person(request).may(Verb.CASE_RULE_EDIT),
    )
    status = 422 if form is not None and form.errors else 200
    return page(request, "cases/rules.html", context, status=status)


def _page(request: HttpRequest, form: RuleForm, mine: CaseRule | None) -> HttpResponse:
    shown = None
    if mine is not None:
        in_force = rules_in_force()
        draft = Rules.of(with_rule(in_force.every, copy(mine)), in_force.same_matter.days)
        shown = preview_of(draft, in_force, timezone.now(), mine.name)
    context = RuleContext(
        form=form,
        rule=mine,
        says=say_rule(mine) if mine else "",
        versions=versions_of(mine) if mine else [],
        preview=shown,
        can_edit=current_person(request).may(Verb.CASE_RULE_EDIT),
    )
    return page(request, "cases/rule.html", context, status=422 if form.errors else 200)


def _told(request: HttpRequest, shown: Preview | None, problem: str = "") -> HttpResponse:
    context = PreviewContext(shown, problem)
    return page(request, "cases/rule_preview.html", context, fragment="preview")


def _problems(form: RuleForm) -> str:
    return "; ".join(f"{form[name].label}: {form.errors[name][0]}" for name in form.errors)


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
