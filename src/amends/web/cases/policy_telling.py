"""Policy tables as their pages show them: what holds, the draft beside it, and what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from amends.engine.recommend import (
    Change,
    Findings,
    HitPolicy,
    Overlap,
    Table,
    changes,
    check,
    gives,
    law_presets,
    parse_table,
)
from amends.engine.recommend.columns import write
from amends.engine.recommend.conditions import Condition
from amends.engine.recommend.parts import Example
from amends.flows.report import words
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.recommend.actions import obstacles
from amends.web.recommend.models import PolicyVersion
from amends.web.recommend.queries import policy_in_force

HITS = {
    HitPolicy.UNIQUE: "Exactly one row decides",
    HitPolicy.FIRST: "The first row that holds decides",
    HitPolicy.COLLECT_MIN: "The lowest of the rows that hold decides",
    HitPolicy.COLLECT: "All rows that hold count",
}


@dataclass(frozen=True, slots=True)
class RowTold:
    """One row: a cell per input, then one per output."""

    name: str
    cells: Sequence[str]
    note: str


@dataclass(frozen=True, slots=True)
class TableTold:
    """One version of a table."""

    table: Table
    title: str
    hit: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    rows: Sequence[RowTold]
    examples: Sequence[str]
    findings: Findings

    @property
    def overlaps(self) -> Sequence[Overlap]:
        """Return the pairs of rows that hold for one case, where only one of them is to decide."""
        is_one = self.table.hit in {HitPolicy.UNIQUE, HitPolicy.FIRST}
        return self.findings.overlaps if is_one else ()


@dataclass(frozen=True, slots=True)
class DraftTold:
    """A draft beside the version in force."""

    draft: PolicyVersion
    told: TableTold
    changes: Sequence[Change]
    obstacles: Sequence[str]
    may_publish: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class ListedTable:
    """One table in the list, or a preset that can be adopted."""

    table: Table
    title: str
    has_draft: bool


def tables_in_force(today: date) -> list[Table]:
    """Return the tables that hold on a day, in the order in which they decide."""
    return list(policy_in_force().on(today).every)


def table_in_force(name: str, today: date) -> Table | None:
    """Return the version of a table that holds on a day."""
    return next((t for t in tables_in_force(today) if t.name == name), None)


def table_named(name: str, today: date) -> Table | None:
    """Return the version of a table that holds on a day, else the preset that can be adopted."""
    found = table_in_force(name, today)
    return found or next((t for t in law_presets() if t.name == name), None)


def next_version(table: Table, today: date) -> Table:
    """Return a table as its next version would begin: tomorrow, under the next number.

    A preset that is adopted keeps its number.
    """
    version = table.version
    if table_in_force(table.name, today) is not None:
        version = str(int(version) + 1) if version.isdecimal() else f"{version}-next"
    tomorrow = today + timedelta(days=1)
    return replace(table, version=version, effective_from=tomorrow, effective_to=None)


def versions_of(name: str) -> list[Table]:
    """Return all versions of a table, the newest first: those to come, too."""
    found = [t for t in policy_in_force().tables if t.name == name]
    return sorted(found, key=lambda t: t.effective_from, reverse=True)


def listed(today: date) -> tuple[list[ListedTable], list[ListedTable]]:
    """Return the tables that hold, and the presets that can be adopted: two queries."""
    drafts = set(PolicyVersion.objects.filter(published_at=None).values_list("table", flat=True))
    holding = tables_in_force(today)
    names = {table.name for table in holding}
    presets = [table for table in law_presets() if table.name not in names]
    both = (
        [ListedTable(t, title_of(t), t.name in drafts) for t in tables]
        for tables in (holding, presets)
    )
    return next(both), next(both)


def title_of(table: Table) -> str:
    """Return what a table is called."""
    return table.about.title or words.label(table.name)


def told(table: Table) -> TableTold:
    """Return a version as its page shows it."""
    return TableTold(
        table=table,
        title=title_of(table),
        hit=HITS[table.hit],
        inputs=[words.label(column.name) for column in table.inputs],
        outputs=[words.label(column.name) for column in table.outputs],
        rows=[
            RowTold(
                words.label(row.row_id.replace("-", " ")),
                [_cell(c) for c in row.conditions] + [_plain(text) for text in gives(row)],
                row.note,
            )
            for row in table.rows
        ],
        examples=[_example_told(example) for example in table.examples],
        findings=check(table),
    )


def _example_told(example: Example) -> str:
    facts, expect = (
        ", ".join(
            f"{words.label(n).lower()} {_plain(write(v))}" for n, v in side.items() if v is not None
        )
        for side in (example.facts, example.expect)
    )
    return f"{facts} → {expect}"


def _cell(condition: Condition | None) -> str:
    if condition is None:
        return "any"
    text = condition.words("").strip().removeprefix("= ").removeprefix("is one of ")
    return _plain(text)


def _plain(text: str) -> str:
    return {"true": "yes", "false": "no"}.get(text, text.replace("_", " "))


def draft_told(person: User, name: str, in_force: Table | None, today: date) -> DraftTold | None:
    """Return the draft of a table for a person; None without one."""
    draft = (
        PolicyVersion.objects.filter(table=name, published_at=None).select_related("author").first()
    )
    if draft is None:
        return None
    table = parse_table(draft.text, tested=False)
    reasons = obstacles(table, today)
    if not person.may(Verb.POLICY_PUBLISH) or draft.author_id == person.pk:
        why_not = "Somebody else who may publish policy has to review it."
    else:
        why_not = "It cannot be published yet." if reasons else ""
    return DraftTold(
        draft=draft,
        told=told(table),
        changes=changes(in_force, table) if in_force is not None else (),
        obstacles=reasons,
        may_publish=not why_not,
        why_not=why_not,
    )
