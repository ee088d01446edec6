"""The forms of topics: a cause that a topic becomes, filled in so that one click is enough."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from amends.engine.contracts import Severity, Taxonomy
from amends.web.classify.topic_actions import NewCause

SEVERITIES: Final = [(level.value, level.value.title()) for level in Severity]
AREA: Final = {"class": "textarea"}


class CauseForm(forms.Form):
    """What a topic is to be called as a cause, and where it hangs."""

    label = forms.CharField(label="Name", max_length=80)
    parent = forms.ChoiceField(label="Branch", required=False)
    description = forms.CharField(
        label="What it is",
        max_length=400,
        help_text="One sentence: people and the classifier read it.",
        widget=forms.Textarea(attrs={"rows": 2, **AREA}),
    )
    examples = forms.CharField(
        label="Examples",
        required=False,
        max_length=4_000,
        help_text="One a line, without names of people.",
        widget=forms.Textarea(attrs={"rows": 5, **AREA}),
    )
    severity = forms.ChoiceField(label="Usual severity", choices=SEVERITIES)

    def __init__(
        self, data: Mapping[str, Any] | None, tree: Taxonomy, initial: Mapping[str, Any]
    ) -> None:
        super().__init__(data, initial=dict(initial))
        self.fields["parent"].choices = [("", "At the top"), *branches_of(tree)]  # type: ignore[attr-defined]

    @property
    def told(self) -> NewCause:
        """Return what was entered."""
        given = self.cleaned_data
        return NewCause(
            given["label"],
            given["parent"],
            given["description"],
            given["examples"].splitlines(),
            Severity(given["severity"]),
        )


def branches_of(tree: Taxonomy) -> list[tuple[str, str]]:
    """Return the branches that causes can hang on, with their names."""
    leaves = {leaf.path for leaf in tree.leaves}
    return [
        (cause.path, " / ".join(tree.label(path) for path in _above(cause.path)))
        for cause in tree.causes
        if cause.path not in leaves and cause.path.count("/") < 2
    ]


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]
