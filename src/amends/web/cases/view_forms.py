"""The form of a saved view: lists of conditions, one row each, read from numbered fields.

`field-1-0`, `op-1-0`, `value-1-0` are the first condition of the second list. A row without a field
is left aside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms

from amends.web.accounts.models import Team, User
from amends.web.cases.asked import Asked
from amends.web.cases.filtering import (
    FIELDS,
    MOST_CONDITIONS,
    MOST_GROUPS,
    NOBODY,
    OPS,
    Groups,
)
from amends.web.cases.models import SavedView
from amends.web.cases.queries import causes_of_cases, workers
from amends.web.classify.queries import cause_label
from amends.web.intake.filter_bar import menu_values
from amends.web.intake.naming import value_label

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as the form shows it."""

    key: str
    """`1-0`."""
    field: str
    op: str
    value: str
    ops: Choices
    choices: Choices
    """What can be chosen; empty: it is typed."""
    known: Sequence[str]
    """What may be typed, for a list of suggestions."""
    is_number: bool
    label: str


class ViewForm(forms.Form):
    """Its name, and whether everybody can choose it."""

    name = forms.CharField(label="Name", max_length=60)
    is_shared = forms.BooleanField(label="Everybody can choose it", required=False)

    def __init__(
        self, data: Mapping[str, str] | None, view: SavedView | None, person: User
    ) -> None:
        known = {"name": view.name, "is_shared": view.is_shared} if view else {}
        super().__init__(data, initial=known)
        self.person = person


def groups_in(data: Mapping[str, str]) -> list[list[dict[str, str]]]:
    """Return the conditions of a posted form as they stand, lists without any left out."""
    groups = []
    for g in range(MOST_GROUPS):
        group = [
            {name: data.get(f"{name}-{g}-{c}", "").strip() for name in ("field", "op", "value")}
            for c in range(MOST_CONDITIONS)
            if f"field-{g}-{c}" in data
        ]
        if group:
            groups.append(group)
    return groups


def changed(groups: list[list[dict[str, str]]], press: str) -> list[list[dict[str, str]]]:
    """Return the conditions after a button was pressed: `and-1`, `or`, `drop-1-0`."""
    verb, *at = press.split("-")
    places = [int(part) for part in at if part.isdecimal()]
    new = {"field": "severity", "op": "is", "value": ""}
    match verb, places:
        case "or", [] if len(groups) < MOST_GROUPS:
            return [*groups, [new]]
        case "and", [g] if g < len(groups) and len(groups[g]) < MOST_CONDITIONS:
            return [[*group, new] if i == g else group for i, group in enumerate(groups)]
        case "drop", [g, c]:
            kept = [
                [row for j, row in enumerate(group) if (i, j) != (g, c)]
                for i, group in enumerate(groups)
            ]
            return [group for group in kept if group]
    return groups


def rows_of(groups: Groups) -> list[list[Row]]:
    """Return the rows of the form; a comparison that a field does not know becomes one it knows."""
    offered = _offered()
    found = []
    for g, group in enumerate(groups):
        rows = []
        for c, condition in enumerate(group):
            name = condition["field"] if condition["field"] in FIELDS else "severity"
            field = FIELDS[name]
            choices = field.choices or offered.get(name, ())
            is_listed = field.kind in {"choice", "flag"}
            value = condition["value"]
            rows.append(
                Row(
                    key=f"{g}-{c}",
                    field=name,
                    op=condition["op"] if condition["op"] in field.ops else field.ops[0],
                    value="" if is_listed and value not in dict(choices) else value,
                    ops=[(op, OPS[op]) for op in field.ops],
                    choices=choices if is_listed else (),
                    known=() if is_listed else [value for value, _ in choices],
                    is_number=field.kind == "number",
                    label=f"Condition {c + 1} of list {g + 1}",
                )
            )
        found.append(rows)
    return found


def start_of(asked: Asked) -> list[list[dict[str, str]]]:
    """Return what the queue is narrowed to as the first list of a new view."""
    told = {
        "severity": asked.severity,
        "state": asked.state,
        "owner": asked.owner,
        "cause": asked.cause,
        **asked.dims,
    }
    group = [{"field": f, "op": "is", "value": v} for f, v in told.items() if v and f in FIELDS]
    if asked.search:
        group.append({"field": "title", "op": "contains", "value": asked.search})
    return [group or [{"field": "severity", "op": "is", "value": ""}]]


def _offered() -> dict[str, Choices]:
    people = [(NOBODY, "Nobody"), *((str(one.pk), str(one)) for one in workers())]
    teams = [(NOBODY, "None"), *((str(team.pk), str(team)) for team in Team.objects.all())]
    values = {
        name: [(value, value_label(value)) for value, _ in known]
        for name, known in menu_values().items()
    }
    causes = [(path, cause_label(path)) for path in causes_of_cases()]
    return {**values, "owner": people, "team": teams, "cause": causes}
