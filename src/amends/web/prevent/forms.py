"""Forms of fixes: they check what people typed; `actions.py` decides."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from amends.web.classify.queries import cause_label, taxonomy
from amends.web.intake.filter_bar import menu_values
from amends.web.intake.filters import FILTERED
from amends.web.intake.naming import value_label

Data = Mapping[str, Any] | None
EVERYWHERE = [("", "Everywhere")]


class DateForm(forms.Form):
    """When a fix took effect."""

    fixed_on = forms.DateField(
        label="In effect since",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The first day on which it worked, in UTC. Empty: not yet.",
    )

    def clean_fixed_on(self) -> datetime | None:
        """Return the start of the day; a date in the future is refused."""
        day = self.cleaned_data["fixed_on"]
        if day is None:
            return None
        at = datetime.combine(day, time(), tzinfo=UTC)
        if at > timezone.now():
            raise forms.ValidationError("This day has not come yet. Leave it empty until it has.")
        return at


class FixForm(DateForm):
    """A fix as it is proposed."""

    name = forms.CharField(label="What is changed", max_length=160)
    cause = forms.ChoiceField(label="Which cause it should prevent")
    hypothesis = forms.CharField(
        label="Why it should work",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "textarea"}),
        help_text="One sentence that could turn out to be wrong.",
    )
    field_order = ("name", "cause", "hypothesis", *FILTERED, "fixed_on")

    def __init__(self, data: Data = None, cause: str = "") -> None:
        super().__init__(data, initial={"cause": cause})
        groups: dict[str, list[tuple[str, str]]] = {}
        for leaf in taxonomy().leaves:
            branch = cause_label(leaf.path.partition("/")[0])
            groups.setdefault(branch, []).append((leaf.path, leaf.label))
        self.fields["cause"] = forms.ChoiceField(
            label="Which cause it should prevent",
            choices=[("", "Choose a cause"), *groups.items()],
        )
        values = menu_values()
        for dim in FILTERED:
            choices = [(value, value_label(value)) for value, _ in values[dim]]
            self.fields[dim] = forms.ChoiceField(
                label=value_label(dim), choices=[*EVERYWHERE, *choices], required=False
            )
        self.order_fields(self.field_order)

    @property
    def where(self) -> dict[str, str]:
        """Return the slice that was chosen."""
        return {dim: self.cleaned_data[dim] for dim in FILTERED if self.cleaned_data.get(dim)}

    @property
    def slices(self) -> list[forms.BoundField]:
        """Return the fields that say where."""
        return [self[dim] for dim in FILTERED]
