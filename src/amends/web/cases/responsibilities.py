"""Which team is responsible, accountable, consulted and informed (RACI), by cause and step."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from amends.web.accounts.access import require
from amends.web.accounts.models import Team, User
from amends.web.accounts.permissions import Verb
from amends.web.cases.models import Part, Responsibility, Step
from amends.web.cases.transitions import RefusedError
from amends.web.classify.queries import cause_label, taxonomy

LONGEST_BRANCH = 80


@dataclass(frozen=True, slots=True)
class Cell:
    """One step of one type of case: its teams by part."""

    step: str
    label: str
    teams: Mapping[str, Sequence[Team]]
    is_own: bool
    """False where the row of all other causes counts."""


@dataclass(frozen=True, slots=True)
class Row:
    """One type of case with its steps."""

    branch: str
    label: str
    cells: Sequence[Cell]


def branch_choices() -> list[tuple[str, str]]:
    """Return the types of cases: the branches of the taxonomy in force, and all others."""
    paths = dict.fromkeys(leaf.path.partition("/")[0] for leaf in taxonomy().leaves)
    return [("", "Everything else"), *((branch, cause_label(branch)) for branch in paths)]


def table() -> list[Row]:
    """Return who does what in every type of case: one query."""
    known: dict[tuple[str, str], dict[str, list[Team]]] = {}
    for row in Responsibility.objects.select_related("team").order_by("team__name"):
        known.setdefault((row.branch, row.step), {}).setdefault(row.part, []).append(row.team)
    labels = dict(branch_choices())
    branches = dict.fromkeys([*labels, *(branch for branch, _ in known)])
    return [
        Row(
            branch,
            labels.get(branch, branch),
            [
                Cell(
                    step.value,
                    step.label,
                    known.get((branch, step.value), known.get(("", step.value), {})),
                    (branch, step.value) in known,
                )
                for step in Step
            ],
        )
        for branch in branches
    ]


@transaction.atomic
def set_responsibility(
    actor: User,
    branch: str,
    step: str,
    *,
    responsible: Team,
    accountable: Team,
    consulted: Collection[Team] = (),
    informed: Collection[Team] = (),
) -> None:
    """Say who does what in one step of one type of case: one team does it, one answers for it.

    Raises
    ------
    RefusedError
    """
    require(actor, Verb.PLAYBOOK_EDIT)
    if step not in Step.values or len(branch) > LONGEST_BRANCH:
        raise RefusedError({"step": "There is no such step."})
    if both := [team for team in consulted if team in informed]:
        raise RefusedError({"informed": f"{both[0]} is consulted, and so informed already."})
    parts = {
        Part.RESPONSIBLE: [responsible],
        Part.ACCOUNTABLE: [accountable],
        Part.CONSULTED: consulted,
        Part.INFORMED: informed,
    }
    Responsibility.objects.filter(branch=branch, step=step).delete()
    for part, teams in parts.items():
        for team in teams:
            Responsibility.objects.create(branch=branch, step=step, part=part, team=team)
