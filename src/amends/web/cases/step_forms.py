"""The form of a step: one typed field for every placeholder that is not known yet."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.http import QueryDict

from amends.engine.recommend.playbooks import LONGEST_VALUE, Template, Value
from amends.web.cases.models import Case

LANGUAGES: Final = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}
_PREFIX: Final = "value_"


class StepForm(forms.Form):
    """What a step asks for: a message its values and language, anything else a note."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        case: Case,
        template: Template | None,
        known: Mapping[str, Value],
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={"version": case.version})
        self.case, self.template = case, template
        languages = list(template.texts) if template else [""]
        asked = str((data or {}).get("language", ""))
        self.language = asked if asked in languages else languages[0]
        if template is None:
            self.fields["note"] = forms.CharField(
                label="What was done, and what came of it",
                max_length=4000,
                widget=forms.Textarea(attrs={"rows": 4, "class": "textarea"}),
            )
            return
        self.fields["language"] = forms.ChoiceField(
            label="Language",
            choices=[(code, LANGUAGES.get(code, code)) for code in languages],
            widget=forms.Select(attrs={"class": "select"}),
        )
        for name, kind in template.placeholders.items():
            if name not in known and kind != "money":
                self.fields[_PREFIX + name] = _field(name, kind)

    def told(self) -> dict[str, Any]:
        """Return what was typed, as `do_step` takes it; only of a valid form."""
        values = {
            name.removeprefix(_PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(_PREFIX)
        }
        note = self.cleaned_data.get("note", "")
        return {"language": self.language, "values": values, "note": note}

    def renew(self) -> None:
        """Carry the newest version from now on: its reader has been told what changed."""
        newest = QueryDict(mutable=True)
        newest.update(self.data)
        newest["version"] = str(self.case.version)
        self.data = newest


def _field(name: str, kind: str) -> forms.Field:
    label = name.replace("_", " ").capitalize()
    if kind == "date":
        return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}))
    if kind == "text":
        widget = forms.Textarea(attrs={"rows": 2, "class": "textarea"})
        return forms.CharField(label=label, max_length=LONGEST_VALUE, widget=widget)
    return forms.CharField(label=label, max_length=LONGEST_VALUE)
