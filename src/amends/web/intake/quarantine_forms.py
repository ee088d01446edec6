"""Forms of the quarantine: a row's columns as fields, why it is not needed, what many change."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from amends.web.intake.models import QuarantinedRow

LONG: int = 60
"""Characters from which a value has several lines."""
LONGEST: int = 200_000


class MendForm(forms.Form):
    """Every column of a row as a field; the one that could not be read comes first, marked."""

    def __init__(
        self, row: QuarantinedRow, columns: Sequence[str], data: QueryDict | None = None
    ) -> None:
        record = row.record or {}
        wrong = row.field if not row.closed_at else ""
        names = list(dict.fromkeys([*([wrong] if wrong else []), *record, *columns]))
        self.columns = {f"c{place}": name for place, name in enumerate(names)}
        given: Mapping[str, Any] = {key: record.get(name, "") for key, name in self.columns.items()}
        super().__init__(data if data is not None else given, auto_id="id_mend_%s")
        for key, name in self.columns.items():
            is_long = len(str(record.get(name, ""))) > LONG
            widget = forms.Textarea(attrs={"rows": 4}) if is_long else forms.TextInput()
            widget.attrs |= {"class": "textarea" if is_long else "input", "autocomplete": "off"}
            if name == wrong or (not wrong and key == "c0"):
                widget.attrs["autofocus"] = True
            self.fields[key] = forms.CharField(
                label=name, required=False, max_length=LONGEST, strip=False, widget=widget
            )
        if data is None and wrong:
            self.add_error("c0", row.reason)

    def record(self) -> dict[str, str]:
        """Return the columns as they were typed."""
        return {name: self.cleaned_data[key] for key, name in self.columns.items()}


class DiscardForm(forms.Form):
    """Why a row is not needed."""

    because = forms.CharField(
        label="Why it is not needed",
        max_length=200,
        widget=forms.TextInput(
            attrs={"class": "input", "placeholder": "e.g. a test row of the vendor"}
        ),
    )


class ChangeForm(forms.Form):
    """What is changed in many rows; all empty: nothing, they are sent as they are."""

    column = forms.CharField(label="Column", required=False, max_length=200)
    before = forms.CharField(label="From", required=False, max_length=2000, strip=False)
    after = forms.CharField(label="To", required=False, max_length=2000, strip=False)

    def __init__(self, columns: Sequence[str], data: QueryDict) -> None:
        super().__init__(data, auto_id="id_change_%s")
        self.fields["column"].widget = forms.Select(
            choices=[("", "Nothing: send them as they are"), *((c, c) for c in columns)],
            attrs={"class": "select"},
        )
        for name in ("before", "after"):
            self.fields[name].widget.attrs |= {"class": "input", "autocomplete": "off"}
