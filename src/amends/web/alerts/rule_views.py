"""Rules: the list, one with its versions and alerts, a preview before it is saved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.alerts.actions import rules as actions
from amends.web.alerts.models import Alert, Rule, RuleKind
from amends.web.alerts.previewing import Preview, preview_of
from amends.web.alerts.raising import TOPIC
from amends.web.alerts.rule_forms import OWN, RuleForm, SnoozeForm
from amends.web.alerts.rule_telling import say_rule, state_of
from amends.web.detect.judging import Judged, judged_in, judged_of
from amends.web.intake.naming import value_label
from amends.web.ui.pages import done, page
from amends.web.ui.parts import Tone
from amends.web.ui.refusals import complain

RuleEvent: Final = apps.get_model("alerts", "RuleEvent")
"""Made by `pghistory.track`."""
UNTOLD: Final = {"id", "version", "made_at", "pgh_id", "pgh_created_at", "pgh_label"}
MOST_ALERTS: Final = 20


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as the list tells it."""

    rule: Rule
    says: str
    state: str
    tone: Tone
    judged: Judged


@dataclass(frozen=True, slots=True)
class RulesContext:
    """All rules."""

    rows: list[RuleRow]
    kinds: list[tuple[str, str]]
    can_edit: bool
    live: tuple[str, ...] = (TOPIC,)


@dataclass(frozen=True, slots=True)
class Version:
    """One edit of a rule."""

    number: int
    at: datetime
    who: str
    changes: list[str]


@dataclass(frozen=True, slots=True)
class RuleContext:
    """One rule, to be made, looked at or changed."""

    form: RuleForm
    kind: str
    kind_label: str
    rule: Rule | None
    says: str
    state: str
    tone: Tone
    snooze_form: SnoozeForm
    versions: list[Version]
    alerts: list[Alert]
    judged: Judged | None
    can_edit: bool
    preview: Preview | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PreviewContext:
    """What a rule would have said."""

    preview: Preview | None
    problem: str = ""


@require_safe
@requires(Verb.ALERT_READ)
def rules(request: HttpRequest) -> HttpResponse:
    """List the rules with what they say and whether they look."""
    now = timezone.now()
    rows = []
    found = Rule.objects.select_related("owner", "team").annotate(**judged_of("alerts__"))
    for rule in found:
        state, tone = state_of(rule, now)
        rows.append(RuleRow(rule, say_rule(rule), state, tone, judged_in(rule)))
    can_edit = current_person(request).may(Verb.DETECTOR_TUNE)
    context = RulesContext(rows, list(RuleKind.choices), can_edit)
    return page(request, "alerts/rules.html", context, fragment="rules")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.DETECTOR_TUNE)
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Make a rule of a kind."""
    form = RuleForm(_kind(kind), request.POST if request.method == "POST" else None)
    if request.method != "POST":
        form.initial["owner"] = current_person(request).pk
    elif form.is_valid():
        try:
            made = actions.add_rule(current_person(request), kind, form.told)
            return redirect("alerts:rule", made.pk)
        except ValidationError as error:
            complain(form, error)
    return _page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.ALERT_READ)
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one, and change it."""
    mine = get_object_or_404(Rule.objects.select_related("owner", "team"), pk=pk)
    form = RuleForm(mine.kind, request.POST if request.method == "POST" else None, mine)
    if request.method == "POST" and form.is_valid():
        version = request.POST.get("version", "")
        try:
            number = int(version) if version.isdecimal() else 0
            actions.change_rule(current_person(request), mine, number, form.told)
            return redirect("alerts:rule", pk)
        except ValidationError as error:
            complain(form, error)
    return _page(request, form, mine)


@require_POST
@requires(Verb.DETECTOR_TUNE)
def preview(request: HttpRequest, kind: str) -> HttpResponse:
    """Say what a rule as it is entered would have said in the last 90 days."""
    form = RuleForm(_kind(kind), request.POST, is_draft=True)
    if not form.is_valid():
        told = "; ".join(f"{form[name].label}: {form.errors[name][0]}" for name in form.errors)
        context = PreviewContext(None, told)
    else:
        context = PreviewContext(preview_of(form.as_rule(), timezone.now()))
    return page(request, "alerts/preview.html", context, fragment="preview")


@require_POST
@requires(Verb.DETECTOR_TUNE)
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it say nothing for a while, or look again."""
    mine, form = get_object_or_404(Rule, pk=pk), SnoozeForm(request.POST)
    try:
        if "wake" in request.POST:
            actions.snooze(current_person(request), mine, None, "")
        elif form.is_valid():
            told = form.cleaned_data
            actions.snooze(current_person(request), mine, told["until"], told["because"])
        else:
            return _page(request, RuleForm(mine.kind, None, mine), mine, "Say until when, and why.")
    except ValidationError as error:
        return _page(request, RuleForm(mine.kind, None, mine), mine, error.messages[0])
    return done(request, reverse("alerts:rule", args=[pk]), changed=TOPIC)


@require_POST
@requires(Verb.DETECTOR_TUNE)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it on or off."""
    is_on = request.POST.get("on") == "1"
    actions.switch(current_person(request), get_object_or_404(Rule, pk=pk), is_on=is_on)
    return done(request, reverse("alerts:rule", args=[pk]), changed=TOPIC)


def _kind(kind: str) -> str:
    if kind not in RuleKind.values:
        raise Http404
    return kind


def _page(
    request: HttpRequest, form: RuleForm, mine: Rule | None, problem: str = ""
) -> HttpResponse:
    now = timezone.now()
    state, tone = state_of(mine, now) if mine else ("", "")
    context = RuleContext(
        form=form,
        kind=form.kind,
        kind_label=form.kind.label,
        rule=mine,
        says=say_rule(mine) if mine else "",
        state=state,
        tone=tone,
        snooze_form=SnoozeForm(),
        versions=_versions(mine) if mine else [],
        alerts=list(mine.alerts.order_by("-raised_at")[:MOST_ALERTS]) if mine else [],
        judged=judged_in(mine.alerts.aggregate(**judged_of())) if mine else None,
        can_edit=current_person(request).may(Verb.DETECTOR_TUNE),
        preview=preview_of(mine, now) if mine else None,
        problem=problem,
    )
    status = 422 if form.errors or problem else 200
    return page(request, "alerts/rule.html", context, status=status)


def _versions(mine: Rule) -> list[Version]:
    """Return every edit of a rule with what it changed, the newest first."""
    edits = RuleEvent.objects.filter(pgh_obj=mine.pk).annotate(told=F("pgh_context__metadata"))
    rows: list[dict[str, Any]] = list(edits.order_by("pgh_id").values())
    ids = [(row.pop("told") or {}).get("user") for row in rows]
    names = {u.pk: str(u) for u in User.objects.filter(pk__in={i for i in ids if i})}
    found = []
    for place, row in enumerate(rows):
        before = rows[place - 1] if place else None
        changes = _changes(before, row, form_kind=RuleKind(mine.kind)) if before else ["Made"]
        who = names.get(ids[place] or 0, "amends")
        found.append(Version(row["version"], row["pgh_created_at"], who, changes))
    return found[::-1]


def _changes(before: dict[str, Any], after: dict[str, Any], form_kind: RuleKind) -> list[str]:
    others = {name for names in OWN.values() for name in names} - set(OWN[form_kind])
    told = []
    for name, value in after.items():
        if name in UNTOLD | others or name.startswith("pgh_") or before[name] == value:
            continue
        label = value_label(name.removesuffix("_id"))
        told.append(f"{label}: {_short(before[name])} → {_short(value)}")
    return told


def _short(value: object) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%-d %b %H:%M}"
    if isinstance(value, dict):
        return ", ".join(f"{k}={v}" for k, v in value.items()) or "any"
    return "none" if value in {None, ""} else str(value)
