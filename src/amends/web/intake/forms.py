"""Forms of intake: they check what people typed; `actions` decide."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from amends.connectors.pulling import Need, Pull
from amends.engine.contracts import BadInput
from amends.engine.signals.strict import check_conversion, check_field
from amends.web.intake.actions.sources import Said
from amends.web.intake.models import Source

Data = Mapping[str, Any] | None
SENT: Final = (
    ("", "Fields named as amends names them, or mapped below"),
    ("zendesk", "Zendesk"),
    ("intercom", "Intercom"),
    ("freshdesk", "Freshdesk"),
    ("qualtrics", "Qualtrics"),
    ("delighted", "Delighted"),
    ("medallia", "Medallia Agent Connect"),
    ("salesforce", "Salesforce"),
)
KEPT: Final = "Kept. Enter another one to replace it."


class SourceForm(forms.Form):
    """A source: what it is called, and what amends needs to know to read it."""

    title = forms.CharField(label="Title", max_length=120, help_text="As people here call it.")
    name = forms.SlugField(
        label="Name",
        max_length=120,
        help_text="Part of every signal’s identity, so it never changes: small letters and -.",
    )
    mapping = forms.CharField(
        label="What its columns mean",
        required=False,
        help_text="One a line: column = field, or field:conversion, or attribute.",
        widget=forms.Textarea(attrs={"rows": 4, "class": "textarea", "spellcheck": "false"}),
    )

    def __init__(self, data: Data = None, *, source: Source | None = None) -> None:
        initial = {}
        if source is not None:
            initial = {"title": source.title, "mapping": mapping_text(source.mapping)}
        super().__init__(data, initial=initial)
        self.source = source
        if source is not None:
            del self.fields["name"]

    def clean_name(self) -> str:
        """Names are in small letters and given once."""
        name = str(self.cleaned_data["name"]).lower()
        if Source.objects.filter(name=name).exists():
            raise forms.ValidationError("There is a source of this name.")
        return name

    def clean_mapping(self) -> dict[str, str]:
        """Read the lines; each names a field that signals have."""
        found = {}
        for number, line in enumerate(str(self.cleaned_data["mapping"]).splitlines(), start=1):
            if not line.strip():
                continue
            column, equals, target = (part.strip() for part in line.rpartition("="))
            if not (column and equals and target):
                raise forms.ValidationError(f"Line {number} is not of the form column = field.")
            _check_target(target, number)
            found[column] = target
        return found

    def said(self) -> Said:
        """Return what was said; only of a form that is valid."""
        cleaned = self.cleaned_data
        return Said(title=cleaned["title"], mapping=cleaned["mapping"])


class SentForm(SourceForm):
    """A source that delivers by itself: through the API or a webhook."""

    connector = forms.ChoiceField(label="What it sends", choices=SENT, required=False)
    field_order = ("title", "name", "connector", "mapping")

    def __init__(self, data: Data = None, *, source: Source | None = None) -> None:
        super().__init__(data, source=source)
        if source is not None:
            del self.fields["connector"]

    def said(self) -> Said:
        """Return what was said; options stay as they are."""
        said = super().said()
        options = self.source.options if self.source else {}
        return Said(title=said.title, mapping=said.mapping, options=options)


class PullForm(SourceForm):
    """A source that amends reads: what its connector needs, and how often."""

    every_minutes = forms.IntegerField(label="Read every … minutes", min_value=1, max_value=44_640)

    def __init__(self, connector: Pull, data: Data = None, *, source: Source | None = None) -> None:
        super().__init__(data, source=source)
        self.connector = connector
        self.fields["every_minutes"].initial = connector.every_minutes
        if source is not None:
            self.fields["every_minutes"].initial = source.every_minutes
        for need in connector.needs:
            self.fields[need.name] = _field(need, source)
        names = [need.name for need in connector.needs]
        self.order_fields(["title", "name", *names, "every_minutes", "mapping"])

    @property
    def needed(self) -> list[forms.BoundField]:
        """Return the fields that the connector needs."""
        return [self[need.name] for need in self.connector.needs]

    def said(self) -> Said:
        """Return what was said; only of a form that is valid."""
        cleaned = self.cleaned_data
        asked = [(need, str(cleaned.get(need.name) or "").strip()) for need in self.connector.needs]
        return Said(
            title=cleaned["title"],
            options={need.name: value for need, value in asked if not need.is_secret},
            secrets={need.name: value for need, value in asked if need.is_secret and value},
            mapping=cleaned["mapping"],
            every_minutes=cleaned["every_minutes"],
        )


def _field(need: Need, source: Source | None) -> forms.Field:
    initial = source.options.get(need.name, "") if source else need.default
    told: dict[str, Any] = {
        "label": need.label,
        "required": need.is_required,
        "help_text": need.hint,
    }
    if need.is_secret:
        is_kept = source is not None and bool(source.secrets)
        attrs = {"autocomplete": "new-password"}
        return forms.CharField(
            strip=True,
            widget=forms.PasswordInput(attrs=attrs),
            label=need.label,
            required=need.is_required and not is_kept,
            help_text=KEPT if is_kept else need.hint,
        )
    if need.kind == "choice":
        return forms.ChoiceField(choices=need.choices, initial=initial, **told)
    if need.kind == "date":
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return forms.DateField(widget=widget, initial=initial, **told)
    return forms.CharField(max_length=500, initial=initial, **told)


def _check_target(target: str, number: int) -> None:
    field, _, conversion = target.partition(":")
    if field == "attribute":
        return
    try:
        check_field(field, f"line {number}")
        if conversion:
            check_conversion(conversion, f"line {number}")
    except BadInput as error:
        raise forms.ValidationError(str(error)) from None


def mapping_text(mapping: Mapping[str, str]) -> str:
    """Return a mapping as people write it, a line each."""
    return "\n".join(f"{column} = {target}" for column, target in mapping.items())
