"""Forms of breakdowns: they check what people typed; `actions.py` decides."""

from django import forms

from amends.web.detect.models import Judgement
from amends.web.detect.queries import handlers

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
