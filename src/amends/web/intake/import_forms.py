"""Forms of files that are imported: they check what people chose; `actions/imports.py` decides."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator

from amends.connectors import presets
from amends.engine.contracts import DIMENSIONS
from amends.engine.signals import DATE_FORMS, FIELDS
from amends.flows.importing import Plan
from amends.flows.report import words

Data = Mapping[str, Any] | None
FOUND: Final = ""
"""The choice that leaves a column to amends."""
ATTRIBUTE: Final = "attribute"
_AMBIGUOUS: Final = ("dmy", "mdy")
_SELECT: Final = {"class": "select"}
_ENDINGS: Final = ".csv,.tsv,.txt,.xlsx,.json,.jsonl,.ndjson,.parquet,.gz"
_GROUPS: Final = {
    "When": ("occurred_at", "opened_at", "resolved_at", "received_at"),
    "What was said": ("verbatim", "subject", "language", "nps", "csat", "ces", "resolution_code"),
    "Who": ("external_id", "customer_id", "agent_id", "case_ref", "source", "version", "kind"),
    "Where": DIMENSIONS,
}
FIELD_LABELS: Final = {
    "occurred_at": "When it happened",
    "verbatim": "The customer's words",
    "external_id": "Id of the row",
    "customer_id": "Id of the customer",
    "agent_id": "Id of the agent",
    "case_ref": "Id of the case",
    "nps": "NPS (0–10)",
    "csat": "CSAT (1–5)",
    "ces": "CES (1–7)",
}


class UploadForm(forms.Form):
    """A file."""

    file = forms.FileField(
        label="File",
        widget=forms.ClearableFileInput(
            attrs={
                "class": "input",
                "accept": ".csv,.tsv,.txt,.xlsx,.json,.jsonl,.ndjson,.parquet,.gz",
            }
        ),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """Refuse what is larger than this installation takes."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > settings.UPLOAD_MB << 20:
            raise forms.ValidationError(
                f"The file has {(file.size or 0) >> 20:,} MB; {settings.UPLOAD_MB:,} are the most. "
                "A larger one is taken in on the server: amends import FILE"
            )
        return file


class MappingForm(forms.Form):
    """How each column is read, and whose signals the rows are."""

    source = forms.CharField(
        label="Source",
        max_length=120,
        validators=[
            RegexValidator(r"^[a-z0-9][a-z0-9_.-]*$", "Small letters, digits, dots, - and _ only.")
        ],
        help_text="Whose signals these are. The same source and id are the same signal: a row that "
        "came before counts once.",
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    preset = forms.ChoiceField(
        label="Product that it comes from", widget=forms.Select(attrs=_SELECT)
    )

    def __init__(
        self, plan: Plan, told: Mapping[str, str], data: Data = None, **initial: str
    ) -> None:
        super().__init__(data, initial=initial)
        self.columns = plan.columns
        found = plan.understanding.preset
        auto = f"Found: {presets()[found].title}" if found else "Found: none that is known"
        self.fields["preset"] = forms.ChoiceField(
            label="Product that it comes from",
            choices=[
                ("auto", auto if initial.get("preset", "auto") == "auto" else "Find out"),
                ("none", "None: by names and values"),
                *((preset.name, preset.title) for preset in presets().values()),
            ],
            widget=forms.Select(attrs=_SELECT),
        )
        conversions = {c.column: c.convert for c in plan.understanding.columns}
        for place, column in enumerate(plan.columns):
            name = f"column_{place}"
            self.initial[name] = told.get(column, FOUND)
            self.fields[name] = forms.ChoiceField(
                label=f"Read {column} as",
                required=False,
                choices=_choices(conversions.get(column, ""), told.get(column, FOUND)),
                widget=forms.Select(attrs=_SELECT | {"aria-label": f"Read {column} as"}),
            )

    def select_of(self, place: int) -> forms.BoundField:
        """Return the field that says how a column is read."""
        return self[f"column_{place}"]

    @property
    def told(self) -> dict[str, str]:
        """Return what was chosen, as --map takes it; of a valid form."""
        chosen = {c: self.cleaned_data[f"column_{i}"] for i, c in enumerate(self.columns)}
        return {column: target for column, target in chosen.items() if target}


def field_label(field: str | None) -> str:
    """Return what a field of a signal is called where columns are mapped."""
    if field is None:
        return "Attribute"
    return FIELD_LABELS.get(field) or words.label(field)


def _choices(conversion: str, told: str) -> list[Any]:
    grouped = {field for fields in _GROUPS.values() for field in fields}
    groups = {**_GROUPS, "Other": tuple(f for f in FIELDS if f not in grouped)}
    choices: list[Any] = [(FOUND, "As found"), (ATTRIBUTE, "Keep as an attribute")]
    known = {FOUND, ATTRIBUTE}
    for label, fields in groups.items():
        group = [pair for field in fields for pair in _of_field(field, conversion)]
        known |= {value for value, _ in group}
        choices.append((label, group))
    if told not in known:
        field = told.partition(":")[0]
        choices.insert(1, (told, f"{field_label(field)}, as before"))
    return choices


def _of_field(field: str, conversion: str) -> list[tuple[str, str]]:
    """Return a field as choices; dates that could be either are offered both ways."""
    found = [(field, field_label(field))]
    kind, _, form = conversion.partition(":")
    if FIELDS[field].holds == "date" and kind == "date" and form in _AMBIGUOUS:
        found += [
            (f"{field}:date:{each}", f"{field_label(field)}, {DATE_FORMS[each].words}")
            for each in _AMBIGUOUS
        ]
    return found
