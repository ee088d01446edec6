"""Forms of cases: they check what people typed; `actions.py` and `remedies.py` decide."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.http import QueryDict

from amends.engine.contracts import Severity
from amends.web.accounts.models import Team, User
from amends.web.cases.actions import NewCase
from amends.web.cases.authority import Option
from amends.web.cases.models import Case, Ground, Recommendation, State, Step
from amends.web.cases.queries import causes_of_cases, other_teams, usual_currency, workers
from amends.web.cases.remedies import authority_in
from amends.web.cases.wording import role_words, short_action
from amends.web.classify.queries import cause_label, taxonomy

LONGEST_TEXT: Final = 4000
Data = Mapping[str, Any] | None


def _text(label: str, *, hint: str = "", required: bool = True, rows: int = 4) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        help_text=hint,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows, "class": "textarea"}),
    )


class CaseForm(forms.Form):
    """What every change of a case carries: the version that was seen."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, person: User, case: Case, data: Data = None) -> None:
        super().__init__(data, initial={"version": case.version})
        self.person, self.case = person, case

    def renew(self) -> None:
        """Carry the newest version from now on: its reader has been told what changed."""
        newest = QueryDict(mutable=True)
        newest.update(self.data)
        newest["version"] = str(self.case.version)
        self.data = newest


class NoteForm(forms.Form):
    """A note; it needs no version."""

    text = forms.CharField(max_length=LONGEST_TEXT, strip=True)


class AssignForm(CaseForm):
    """To whom."""

    person_to = forms.ModelChoiceField(
        label="To",
        queryset=User.objects.none(),
        empty_label=None,
        widget=forms.Select(attrs={"class": "select"}),
    )

    def __init__(self, person: User, case: Case, data: Data = None) -> None:
        super().__init__(person, case, data)
        field = self.fields["person_to"]
        if isinstance(field, forms.ModelChoiceField):
            owner = case.owner_id
            field.queryset = workers() if owner is None else workers().exclude(pk=owner)
            field.initial = person.pk


class HandOverForm(CaseForm):
    """What another team is to do, and the whole story."""

    step = forms.ChoiceField(
        label="What they are to do",
        choices=Step.choices,
        widget=forms.Select(attrs={"class": "select"}),
    )
    team = forms.ModelChoiceField(
        label="To the team",
        queryset=Team.objects.none(),
        required=False,
        empty_label="Whoever is responsible for it",
        widget=forms.Select(attrs={"class": "select"}),
    )
    summary = _text(
        "What happened", hint="The customer tells it only once.", required=False, rows=3
    )
    promises = _text(
        "Open promises",
        hint="What the customer was promised and waits for.",
        required=False,
        rows=2,
    )
    next_step = _text("Next step", hint="The other team starts with it.", required=False, rows=2)

    def __init__(self, person: User, case: Case, data: Data = None) -> None:
        super().__init__(person, case, data)
        field = self.fields["team"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = other_teams(case)


class AnswerForm(CaseForm):
    """What the customer was told."""

    text = _text("What the customer was told")


class FollowUpForm(CaseForm):
    """What the customer said of the recovery."""

    note = _text("What you asked, and what the customer said")


class WaitForm(CaseForm):
    """For whom, and what for."""

    whom = forms.ChoiceField(
        label="For whom",
        choices=[
            (State.WAITING_CUSTOMER.value, "The customer"),
            (State.WAITING_TEAM.value, "Another team"),
        ],
        initial=State.WAITING_CUSTOMER.value,
        widget=forms.RadioSelect,
    )
    note = _text("What for", required=False)


class ResolveForm(CaseForm):
    """The cause, when it is not known yet, and a note."""

    cause = forms.ChoiceField(label="Cause", widget=forms.Select(attrs={"class": "select"}))
    note = _text("What made it right", required=False)

    def __init__(self, person: User, case: Case, data: Data = None) -> None:
        super().__init__(person, case, data)
        if case.cause:
            del self.fields["cause"]
            return
        field = self.fields["cause"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "Choose"), *cause_choices()]


class CloseForm(CaseForm):
    """How it ended."""

    how = forms.ChoiceField(
        label="How did it end?",
        choices=[
            (State.RECOVERED.value, "Recovered: the customer is content and stays"),
            (State.NOT_RECOVERED.value, "Not recovered: the customer is not content"),
            (State.LOST.value, "Lost: the customer has left"),
        ],
        widget=forms.RadioSelect,
    )
    note = _text("Note", required=False)


class ExcludeForm(CaseForm):
    """Why it is out of scope."""

    ground = forms.ChoiceField(label="Ground", choices=Ground.choices, widget=forms.RadioSelect)
    reason = _text("Why", hint="Facts that somebody else can check.", rows=3)


class ReasonForm(CaseForm):
    """Why."""

    reason = _text("Why")


class ChangeForm(CaseForm):
    """Another action that policy allows, and why."""

    option = forms.ChoiceField(label="Instead", widget=forms.RadioSelect)
    reason = _text("Why this one", hint="amends learns from it.")

    def __init__(self, person: User, case: Case, data: Data = None) -> None:
        super().__init__(person, case, data)
        field = self.fields["option"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                (option.key, _option_label(option))
                for option in authority_in(person, case).options()
                if option.key != recommended_key(case)
            ]


def _option_label(option: Option) -> str:
    words = short_action(option.kind, option.goodwill, option.owed, option.currency)
    if not option.approver:
        return words
    return f"{words} (the {role_words(option.approver)} approves)"


def recommended_key(case: Case) -> str:
    """Return what `Option.key` is of the recommended action; empty without one."""
    row: Recommendation | None = getattr(case, "recommendation", None)
    return "" if row is None else f"{row.kind} {row.amount:.2f}"


class NewCaseForm(forms.Form):
    """A case opened by hand."""

    customer_id = forms.CharField(
        label="Customer", max_length=120, help_text="The id by which your other systems know them."
    )
    title = forms.CharField(label="What happened, in one line", max_length=200)
    severity = forms.ChoiceField(
        label="Severity",
        choices=[(s.value, s.value.title()) for s in Severity],
        initial=Severity.MEDIUM.value,
        help_text="Harm if ignored: not how angry somebody is.",
        widget=forms.Select(attrs={"class": "select"}),
    )
    cause = forms.ChoiceField(
        label="Cause", required=False, widget=forms.Select(attrs={"class": "select"})
    )
    loss = forms.DecimalField(
        label="What it cost the customer",
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        initial=Decimal(0),
    )
    currency = forms.RegexField(r"^[A-Z]{3}$", label="Currency", max_length=3)
    is_rejected = forms.BooleanField(label="The service was not delivered at all", required=False)
    note = _text("What the customer said", required=False)

    def __init__(self, data: Data = None) -> None:
        super().__init__(data)
        field = self.fields["cause"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "Not known yet"), *cause_choices()]
        self.fields["currency"].initial = usual_currency()

    def new_case(self) -> NewCase:
        """Return what was typed; only of a valid form."""
        known = self.cleaned_data
        return NewCase(**{**known, "severity": Severity(known["severity"])})


def cause_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the causes of the taxonomy in force, by branch, and those that cases have besides."""
    paths = dict.fromkeys([*(leaf.path for leaf in taxonomy().leaves), *causes_of_cases()])
    branches: dict[str, list[tuple[str, str]]] = {}
    for path in paths:
        branches.setdefault(path.partition("/")[0], []).append((path, cause_label(path)))
    return [(cause_label(branch), leaves) for branch, leaves in branches.items()]
