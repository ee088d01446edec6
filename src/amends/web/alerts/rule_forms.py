"""Forms of rules: one for each kind, with the fields that it has."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final

from django import forms
from django.utils import timezone

from amends.engine.contracts import MEASURES
from amends.web.accounts.models import Team
from amends.web.alerts.forms import moment_field, time_field
from amends.web.alerts.matching import CUSTOMER
from amends.web.alerts.models import Rule, RuleKind
from amends.web.alerts.models.rule import Direction
from amends.web.alerts.queries import handlers
from amends.web.detect.models import SEVERITIES
from amends.web.intake.filter_bar import menu_values
from amends.web.intake.filters import FILTERED
from amends.web.intake.naming import cause_label, value_label

Data = Mapping[str, Any] | None
OWN: Final = {
    RuleKind.THRESHOLD: ("measure", "direction", "level", "window_days", "minimum_count"),
    RuleKind.SLA: ("minimum_count", "window_days"),
    RuleKind.SURVEYS: ("n", "within_hours", "subject"),
    RuleKind.SIGNAL: ("least_severity",),
}
"""What each kind asks for beside what all do."""
COMMON: Final = (
    "name", "severity", "owner", "team", "quiet_from", "quiet_until", "expires_at"
)  # fmt: skip


class RuleForm(forms.Form):
    """A rule as it is entered."""

    name = forms.CharField(label="Name", max_length=120)
    severity = forms.ChoiceField(label="Severity of its alerts", choices=SEVERITIES[::-1])
    measure = forms.ChoiceField(
        label="Measure", choices=[(m.name, m.label) for m in MEASURES.values()]
    )
    direction = forms.ChoiceField(label="Fires when it is", choices=Direction.choices)
    level = forms.FloatField(label="Threshold")
    window_days = forms.IntegerField(
        label="Days put together", min_value=1, max_value=28, help_text="1 looks at each day."
    )
    minimum_count = forms.IntegerField(label="At least", min_value=1)
    n = forms.IntegerField(label="Negative surveys", min_value=1, max_value=1000)
    within_hours = forms.IntegerField(label="Within, hours", min_value=1, max_value=720)
    subject = forms.ChoiceField(label="Counted together", required=False)
    least_severity = forms.ChoiceField(label="From severity", choices=SEVERITIES[::-1])
    cause = forms.ChoiceField(label="Cause", required=False)
    owner = forms.ModelChoiceField(
        label="Owner", queryset=handlers(), empty_label="Choose somebody"
    )
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.all(), required=False, empty_label="No team"
    )
    quiet_from = time_field("Quiet from", required=False)
    quiet_until = time_field(
        "Quiet until", required=False, hint="Of this rule. Empty: as the rota has it."
    )
    expires_at = forms.DateField(
        label="Expires on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Empty: never.",
    )

    def __init__(
        self, kind: str, data: Data = None, rule: Rule | None = None, *, is_draft: bool = False
    ) -> None:
        """Make the form of a kind; a draft that is only previewed needs no name and no owner."""
        super().__init__(data, initial=_initial(RuleKind(kind), rule))
        self.kind = RuleKind(kind)
        for name in {n for names in OWN.values() for n in names} - set(OWN[self.kind]):
            del self.fields[name]
        values = menu_values()
        for dim in FILTERED:
            offered = [(value, value_label(value)) for value, _ in values[dim]]
            self.fields[dim] = forms.ChoiceField(
                label=value_label(dim), choices=_kept([("", "Any"), *offered], rule, dim),
                required=False,
            )  # fmt: skip
        causes = [(value, cause_label(value)) for value, _ in values["cause"]]
        self._choose("cause", [("", "Any"), *causes])
        self._choose("subject", _subjects())
        if is_draft:
            self.fields["name"].required = self.fields["owner"].required = False
        if self.kind == RuleKind.SLA:
            self.fields["minimum_count"].label = "Missed deadlines, at least"
        elif self.kind == RuleKind.THRESHOLD:
            hint = "Of a rate or mean: answers, transactions or contacts below which it is quiet."
            self.fields["minimum_count"].help_text = hint
        self.order_fields(("name", *OWN[self.kind], *FILTERED, "cause", *COMMON))

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields.get(name)
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    @property
    def own(self) -> list[forms.BoundField]:
        """Return the fields that only this kind has."""
        return [self[name] for name in OWN[self.kind]]

    @property
    def place(self) -> list[forms.BoundField]:
        """Return the fields that say where it looks."""
        return [self[name] for name in (*FILTERED, "cause")]

    def clean_expires_at(self) -> datetime | None:
        """Return the end of the day, in the installation's zone."""
        day = self.cleaned_data["expires_at"]
        return timezone.make_aware(datetime.combine(day, time(23, 59))) if day else None

    @property
    def told(self) -> dict[str, Any]:
        """Return the rule's fields."""
        told = {n: self.cleaned_data[n] for n in (*COMMON, *OWN[self.kind], "cause")}
        where = {dim: self.cleaned_data[dim] for dim in FILTERED if self.cleaned_data.get(dim)}
        return {**told, "where": where}

    def as_rule(self) -> Rule:
        """Return the rule as it would be, not saved."""
        told = self.told
        return Rule(kind=self.kind, **{**told, "name": told["name"] or "This rule"})


class SnoozeForm(forms.Form):
    """How long a rule is to say nothing, and why."""

    until = moment_field("Until")
    because = forms.CharField(label="Why", max_length=300)


def _subjects() -> list[tuple[str, str]]:
    dims = [(dim, f"Those of one {value_label(dim).lower()}") for dim in FILTERED]
    return [(CUSTOMER, "Those of one customer"), *dims, ("", "All of them")]


def _kept(choices: list[tuple[str, str]], rule: Rule | None, dim: str) -> list[tuple[str, str]]:
    """Offer what a rule has, too, when the lake does not know it any more."""
    value = rule.where.get(dim, "") if rule else ""
    known = {choice for choice, _ in choices}
    return choices if value in known else [*choices, (value, value_label(value))]


def _initial(kind: RuleKind, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        fresh = Rule()
        known = {name: getattr(fresh, name) for name in OWN[kind]}
        known.pop("level", None)
        return {**known, "severity": "high", "subject": CUSTOMER}
    known = {name: getattr(rule, name) for name in (*OWN[kind], *COMMON, "cause")}
    if rule.expires_at:
        known["expires_at"] = timezone.localdate(rule.expires_at)
    return {**known, **rule.where}
