"""The lines of the queue, and the menus above it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amends.engine.clocks import moment_of, next_deadlines
from amends.engine.contracts import Severity
from amends.web.accounts.models import User
from amends.web.cases import queries
from amends.web.cases.asked import NOBODY, TABS, Asked
from amends.web.cases.clocks import clocks_of
from amends.web.cases.models import ActionState, Case, SavedView, State
from amends.web.cases.wording import CLOCKS, short_done, short_recommendation, state_tone
from amends.web.classify.queries import cause_label
from amends.web.detect.models import Breakdown
from amends.web.intake.naming import value_label
from amends.web.ui.parts import Tone


@dataclass(frozen=True, slots=True)
class Line:
    """One case in a list."""

    case: Case
    who: str
    """Customer · tier · cause."""
    due_at: datetime | None
    """The next deadline; of a clock that stands what it would be if it ran on now."""
    clock: str
    """What is due then."""
    action: str
    action_note: str
    state: str
    state_tone: Tone


@dataclass(frozen=True, slots=True)
class Tab:
    """One saved view."""

    label: str
    n: int
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A filter that is set, and the address part without it."""

    label: str
    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Menu:
    """One select above the queue."""

    name: str
    label: str
    any_label: str
    choices: Sequence[tuple[str, str]]
    chosen: str


def lines_of(cases: Sequence[Case], now: datetime) -> list[Line]:
    """Return cases fetched by `queries` as lines; one query more when some of them stand."""
    standing = [case for case in cases if case.is_paused]
    due = dict(zip((case.pk for case in standing), _due_if_run_on(standing, now), strict=True))
    return [_line_of(case, due.get(case.pk, case.due_at)) for case in cases]


def _due_if_run_on(cases: Sequence[Case], now: datetime) -> list[datetime | None]:
    if not cases:
        return []
    coming = next_deadlines(clocks_of(cases, now), len(cases))
    return [moment_of(due) if due >= 0 else None for due in coming.due_at.tolist()]


def _line_of(case: Case, due_at: datetime | None) -> Line:
    who = [str(case.customer), value_label(case.tier) if case.tier else ""]
    cause = cause_label(case.cause) if case.cause else "Cause not known"
    if cause.lower() != case.title.lower():
        who.append(cause)
    action, note = _action(case)
    return Line(
        case=case,
        who=" · ".join(part for part in who if part),
        due_at=due_at,
        clock=CLOCKS.get(case.due_clock, ""),
        action=action,
        action_note=note,
        state=State(case.state).label,
        state_tone=state_tone(case.state),
    )


def _action(case: Case) -> tuple[str, str]:
    """Return what is to be done, or was done, and how far that is."""
    asked = queries.waits_for_approval(case)
    if asked is not None and asked.reverses_id is not None:
        return f"Take back: {short_done(asked)}", _ACTION_NOTES[asked.state]
    done = queries.decided(case)
    if done is not None:
        return short_done(done), _ACTION_NOTES[done.state]
    row = getattr(case, "recommendation", None)
    if row is None:
        return "Not recommended yet", ""
    return short_recommendation(row), "Explores" if row.explores else ""


_ACTION_NOTES: Final[Mapping[str, str]] = {
    ActionState.WAITING: "Waits for approval",
    ActionState.TAKEN: "Taken",
    ActionState.SKIPPED: "With a reason",
}


def tabs_of(person: User, asked: Asked, page: queries.Page) -> list[Tab]:
    """Return the tabs; one's own only for those who own cases."""
    hidden = {"team"} if not person.team_ids else set()
    return [
        Tab(label, page.counts[tab], asked.query(tab=tab), tab == asked.tab)
        for tab, label in TABS.items()
        if tab not in hidden
    ]


def menus_of(asked: Asked, workers: Sequence[User], causes: Sequence[str]) -> list[Menu]:
    """Return the selects above the queue."""
    severities = [(s.value, s.value.title()) for s in reversed(Severity)]
    owners = [(NOBODY, "Nobody"), *((str(person.pk), str(person)) for person in workers)]
    named = sorted(((path, cause_label(path)) for path in causes), key=lambda c: c[1])
    if asked.cause and asked.cause not in causes:
        named.insert(0, (asked.cause, f"All of {cause_label(asked.cause)}"))
    return [
        Menu("severity", "Severity", "All severities", severities, asked.severity),
        Menu("cause", "Cause", "All causes", named, asked.cause),
        Menu("state", "State", "All states", State.choices, asked.state),
        Menu("owner", "Owner", "All owners", owners, asked.owner),
    ]


def narrowed_by(
    asked: Asked, breakdown: Breakdown | None, view: SavedView | None
) -> list[Narrowed]:
    """Return the filters that no select shows, each with the way out of it."""
    found = [
        Narrowed(value_label(dim), value_label(value), asked.query(**{dim: ""}))
        for dim, value in asked.dims.items()
    ]
    if asked.view is not None:
        found.append(Narrowed("View", str(view or "gone"), asked.query(view="")))
    if asked.breakdown is not None:
        name = breakdown.title if breakdown else f"number {asked.breakdown}"
        found.append(Narrowed("Breakdown", name, asked.query(breakdown="")))
    if asked.customer:
        found.append(Narrowed("Customer", asked.customer, asked.query(customer="")))
    return found
