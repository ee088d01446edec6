"""Forms of breakdowns: they check what people typed; `actions.py` decides."""

from django import forms

from amends.engine.contracts import BadInput
from amends.flows.known_events import read_slice
from amends.web.detect.models import EventKind, Judgement, slice_text
from amends.web.detect.queries import handlers

WHERE_HELP = "e.g. product=fibre, region=north; empty: everywhere"
CHOICES = [(j.value, j.label) for j in Judgement if j]


class OwnerForm(forms.Form):
    """Whose it is."""

    owner = forms.ModelChoiceField(
        label="Owner", queryset=handlers(), required=False, empty_label="Nobody"
    )


class JudgementForm(forms.Form):
    """What it was in truth, and why."""

    judgement = forms.ChoiceField(
        label="What was it?", choices=CHOICES, widget=forms.RadioSelect, required=False
    )
    because = forms.CharField(
        label="Why, if you know",
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "e.g. new billing run, agreed with Billing"}),
    )


class PlannedForm(forms.Form):
    """Something that was, or will be, done on purpose."""

    title = forms.CharField(label="What", max_length=200)
    kind = forms.ChoiceField(label="Kind", choices=EventKind.choices)
    starts_at = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    ends_at = forms.DateField(
        label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    where = forms.CharField(label="Where", max_length=300, required=False, help_text=WHERE_HELP)

    def clean_where(self) -> str:
        """Return the slice as it is stored."""
        try:
            return slice_text(read_slice(self.cleaned_data["where"], "field Where"))
        except BadInput as error:
            raise forms.ValidationError(f"{error.what} {error.remedy}") from error

    def clean(self) -> None:
        """Refuse an end before the beginning."""
        first, last = self.cleaned_data.get("starts_at"), self.cleaned_data.get("ends_at")
        if first and last and last < first:
            self.add_error("ends_at", "It ends before it starts: swap the dates.")
