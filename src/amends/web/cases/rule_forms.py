"""The form of a rule that opens cases or keeps them out, and of what is the same matter."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from amends.web.cases.models import KINDS, CaseRule, Effect, Ground, Merging, Score
from amends.web.detect.models import SEVERITIES
from amends.web.intake.filter_bar import menu_values
from amends.web.intake.filters import FILTERED
from amends.web.intake.naming import cause_label, value_label

Data = Mapping[str, Any] | None
FLAGS: Final = ("is_failure", "is_escalated", "in_breakdown")
PLAIN: Final = (
    "name", "effect", "ground", "reason", "position", "kinds", *FLAGS, "least_severity",
    "sentiment_at_most", "score", "score_at_most", "least_loss", "late_after_hours", "least_reach",
    "cause", "since", "until",
)  # fmt: skip
STARTS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "score": (
        "A bad score",
        {"kinds": ["survey"], "score": "nps", "score_at_most": 2},
    ),
    "sla": ("A broken deadline", {"kinds": ["ticket"], "late_after_hours": 72}),
    "escalation": ("An escalation", {"is_escalated": True, "is_failure": False}),
    "mood": ("Mood and severity", {"least_severity": "high", "sentiment_at_most": -0.5}),
    "reach": ("Social reach", {"kinds": ["social"], "least_reach": 10_000}),
    "breakdown": ("Part of a breakdown", {"in_breakdown": True, "least_severity": "high"}),
    "exclusion": (
        "Out of scope",
        {"effect": Effect.EXCLUDES, "ground": Ground.FORCE_MAJEURE, "is_failure": False},
    ),
}
"""What a new rule may begin with: what it is called, and the fields that are filled in."""


def _moment(label: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class RuleForm(forms.Form):
    """A rule as it is entered; what is empty does not matter."""

    name = forms.CharField(label="Name", max_length=120, help_text="A case says it opened by this.")
    effect = forms.ChoiceField(label="What it does", choices=Effect.choices)
    ground = forms.ChoiceField(
        label="Ground", choices=[("", "None"), *Ground.choices], required=False
    )
    reason = forms.CharField(
        label="Why it is out of scope",
        max_length=400,
        required=False,
        help_text="Written into every case that it keeps out.",
        widget=forms.Textarea(attrs={"rows": 2, "class": "textarea"}),
    )
    position = forms.IntegerField(
        label="Order", min_value=0, max_value=30_000, help_text="The lowest that holds counts."
    )
    kinds = forms.MultipleChoiceField(
        label="Kinds of signals; none: any",
        choices=KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    is_failure = forms.BooleanField(
        label="Only what tells of a failure, no routine contact", required=False
    )
    is_escalated = forms.BooleanField(label="Only what was escalated", required=False)
    in_breakdown = forms.BooleanField(label="Only what is part of a breakdown", required=False)
    least_severity = forms.ChoiceField(
        label="Severity from", choices=[("", "Any"), *SEVERITIES[::-1]], required=False
    )
    sentiment_at_most = forms.FloatField(
        label="Sentiment at most", min_value=-1, max_value=1, required=False, help_text="−1 to 1."
    )
    score = forms.ChoiceField(label="Score", choices=[("", "None"), *Score.choices], required=False)
    score_at_most = forms.IntegerField(label="Answer at most", min_value=0, required=False)
    least_loss = forms.DecimalField(
        label="Loss from", min_value=0, max_digits=12, decimal_places=2, required=False
    )
    late_after_hours = forms.IntegerField(
        label="Took longer than, hours",
        min_value=1,
        max_value=100_000,
        required=False,
        help_text="From opened to resolved, or still open.",
    )
    least_reach = forms.IntegerField(
        label="People reached, from", min_value=1, max_value=2_000_000_000, required=False
    )
    cause = forms.ChoiceField(label="Cause", required=False)
    since = _moment("Signals from")
    until = _moment("Signals until")

    def __init__(self, data: Data = None, rule: CaseRule | None = None, start: str = "") -> None:
        self.rule = rule
        initial = _initial(rule) if rule else {"is_failure": True, "position": 100}
        super().__init__(data, initial=initial | dict(STARTS.get(start, ("", {}))[1]))
        values = menu_values()
        for dim in FILTERED:
            offered = [(value, value_label(value)) for value, _ in values[dim]]
            kept = rule.where.get(dim, "") if rule else ""
            self.fields[dim] = forms.ChoiceField(
                label=value_label(dim), choices=_kept([("", "Any"), *offered], kept), required=False
            )
        causes = [(value, cause_label(value)) for value, _ in values["cause"]]
        field = self.fields["cause"]
        if isinstance(field, forms.ChoiceField):
            field.choices = _kept([("", "Any"), *causes], rule.cause if rule else "")
        for name, one in self.fields.items():
            if isinstance(one.widget, forms.Select) and name != "kinds":
                one.widget.attrs.setdefault("class", "select")

    def _bound(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names]

    @property
    def what(self) -> list[forms.BoundField]:
        """Return the fields that say what a signal must tell of."""
        return self._bound(
            "least_severity", "sentiment_at_most", "score", "score_at_most", "least_loss",
            "late_after_hours", "least_reach",
        )  # fmt: skip

    @property
    def flags(self) -> list[forms.BoundField]:
        """Return what is ticked."""
        return self._bound(*FLAGS)

    @property
    def place(self) -> list[forms.BoundField]:
        """Return the fields that say where and when it looks."""
        return self._bound(*FILTERED, "cause", "since", "until")

    @property
    def told(self) -> dict[str, Any]:
        """Return the rule's fields."""
        told = {name: self.cleaned_data[name] for name in PLAIN}
        where = {dim: self.cleaned_data[dim] for dim in FILTERED if self.cleaned_data.get(dim)}
        return {**told, "where": where}

    def as_rule(self) -> CaseRule:
        """Return the rule as it would be, not saved."""
        draft = CaseRule(pk=self.rule.pk if self.rule else None)
        for name, value in self.told.items():
            setattr(draft, name, value)
        return draft


class MergingForm(forms.Form):
    """For how long two signals are the same matter."""

    same_matter_days = forms.IntegerField(
        label="Days", min_value=1, max_value=90, widget=forms.NumberInput(attrs={"class": "input"})
    )

    def __init__(self, data: Data = None, merging: Merging | None = None) -> None:
        known = {"same_matter_days": merging.same_matter_days} if merging else {}
        super().__init__(data, initial=known)


def _initial(rule: CaseRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in PLAIN} | dict(rule.where)


def _kept(choices: list[tuple[str, str]], value: str) -> list[tuple[str, str]]:
    """Return the choices with the one that is set, should the lake not hold it any more."""
    if value and value not in dict(choices):
        return [*choices, (value, value_label(value))]
    return choices
