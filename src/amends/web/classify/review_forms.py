"""The form of a review: it checks what was sent; `actions.py` decides."""

from django import forms

from amends.engine.contracts import UNSURE
from amends.web.classify.actions import Said, Shown
from amends.web.classify.models import Verdict
from amends.web.classify.queries import taxonomy


def causes() -> list[tuple[str, str]]:
    """Return the causes to choose from: path and label with its branch."""
    tree = taxonomy()
    found = []
    for cause in tree.leaves:
        branch = tree.label(cause.parent) if cause.parent else ""
        found.append((cause.path, f"{cause.label} ({branch})" if branch else cause.label))
    return sorted(found, key=lambda pair: pair[1].lower())


class ReviewForm(forms.Form):
    """What a signal tells of, and what the person saw."""

    verdict = forms.ChoiceField(choices=Verdict.choices)
    cause = forms.CharField(max_length=160, required=False)
    also = forms.CharField(max_length=640, required=False)
    """Paths, one a line."""
    note = forms.CharField(max_length=200, required=False)
    suggested = forms.CharField(max_length=160, required=False)
    confidence = forms.FloatField(min_value=0, max_value=1, required=False)
    model_version = forms.CharField(max_length=120, required=False)
    was = forms.CharField(max_length=160, required=False)
    is_second = forms.BooleanField(required=False)

    def said(self) -> Said:
        """Return what the person says; a label in words is as good as its path."""
        given = self.cleaned_data
        by_label = {label: path for path, label in causes()}
        further = [line.strip() for line in given["also"].splitlines() if line.strip()]
        cause = given["cause"].strip()
        return Said(
            Verdict(given["verdict"]),
            by_label.get(cause, cause),
            [by_label.get(line, line) for line in further],
            given["note"],
        )

    def shown(self) -> Shown:
        """Return what the person saw."""
        given = self.cleaned_data
        return Shown(
            given["suggested"],
            given["confidence"],
            given["model_version"],
            was_unsure=given["was"] == UNSURE,
        )
