"""The forms of the taxonomy: what a cause says of itself, and the verbs that move causes."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django import forms

from amends.engine.contracts import Cause, Severity, Taxonomy
from amends.web.classify.topic_forms import AREA, SEVERITIES, branches_of

_NOT_KEY: Final = re.compile(r"[^a-z0-9]+")


def key_of(label: str) -> str:
    """Return the last word of the path of a cause that is called so."""
    return _NOT_KEY.sub("_", label.lower()).strip("_") or "cause"


def _area(label: str, rows: int, help_text: str = "", *, required: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, **AREA})
    return forms.CharField(
        label=label, required=required, max_length=8_000, help_text=help_text, widget=widget
    )


class WordsForm(forms.Form):
    """What a cause says of itself."""

    label = forms.CharField(label="Name", max_length=80)
    description = _area("What it is", 3, required=True)
    examples = _area("Examples", 5, "One a line, without names of people.")
    synonyms = _area("Words for it", 3, "One a line, as customers say it.")
    resolution_codes = _area("Resolution codes", 2, "One a line: codes of other systems.")
    owner_team = forms.CharField(label="Usually handled by", max_length=80, required=False)
    journey_stages = forms.CharField(
        label="Journey stages", max_length=200, required=False, help_text="With commas between."
    )
    severity = forms.ChoiceField(label="Usual severity", choices=SEVERITIES)

    def __init__(self, data: Mapping[str, Any] | None, cause: Cause | None = None) -> None:
        super().__init__(data, initial=_initial(cause) if cause else {"severity": "medium"})

    def cause(self, path: str) -> Cause:
        """Return the cause as it was entered."""
        given = self.cleaned_data
        return Cause(
            path=path,
            label=given["label"].strip(),
            description=" ".join(given["description"].split()),
            examples=_lines(given["examples"]),
            synonyms=_lines(given["synonyms"]),
            resolution_codes=_lines(given["resolution_codes"]),
            owner_team=given["owner_team"].strip(),
            journey_stages=_lines(given["journey_stages"].replace(",", "\n")),
            default_severity=Severity(given["severity"]),
        )


class PlaceForm(forms.Form):
    """Where a new cause hangs."""

    parent = forms.ChoiceField(label="Branch", required=False)

    def __init__(self, data: Mapping[str, Any] | None, tree: Taxonomy, parent: str = "") -> None:
        super().__init__(data, initial={"parent": parent})
        self.fields["parent"].choices = [("", "At the top"), *branches_of(tree)]  # type: ignore[attr-defined]


def leaves_of(tree: Taxonomy, *, but: str = "") -> list[tuple[str, str]]:
    """Return the causes that signals carry, with their branch, by name."""
    named = [
        (leaf.path, f"{leaf.label} ({tree.label(leaf.parent)})" if leaf.parent else leaf.label)
        for leaf in tree.leaves
        if leaf.path != but
    ]
    return sorted(named, key=lambda pair: pair[1].lower())


def _initial(cause: Cause) -> dict[str, str]:
    return {
        "label": cause.label,
        "description": cause.description,
        "examples": "\n".join(cause.examples),
        "synonyms": "\n".join(cause.synonyms),
        "resolution_codes": "\n".join(cause.resolution_codes),
        "owner_team": cause.owner_team,
        "journey_stages": ", ".join(cause.journey_stages),
        "severity": cause.default_severity.value,
    }


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
