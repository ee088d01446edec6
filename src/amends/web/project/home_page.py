"""What stands on the home page for each role, as long as there is nothing yet to show.

Each panel says what will appear, and why it is empty now. Apps replace panels by their own parts.
"""

from dataclasses import dataclass
from typing import Final

from amends.flows.report import words
from amends.web.accounts.models import User
from amends.web.accounts.permissions import LABELS, Role, Verb
from amends.web.ui.parts import Bar


@dataclass(frozen=True, slots=True)
class Panel:
    """One empty part of a page, with what it will show."""

    title: str
    sub: str
    icon: str
    is_empty_because: str
    then: str
    verb: Verb
    span: int = 6


NO_SIGNALS: Final = "No signals have arrived"
NO_CASES: Final = "No case is open"

KEY_FIGURES = Panel(
    "Key figures",
    "Five measures against target",
    "gauge",
    NO_SIGNALS,
    "Recovery, resolution time, effort and recontact appear with their targets as soon as "
    "customers have been heard.",
    Verb.REPORT_READ,
    span=8,
)
BREAKDOWNS = Panel(
    "Open breakdowns",
    "What broke, since when, how sure",
    "activity",
    NO_SIGNALS,
    "A breakdown is listed here once a measure leaves the range that season and weekday explain.",
    Verb.BREAKDOWN_READ,
    span=4,
)
CAUSES = Panel(
    "Causes",
    "Why customers complain, by share",
    "network",
    NO_SIGNALS,
    "What customers say is sorted into causes, with their own words as evidence.",
    Verb.CAUSE_READ,
)
OUTCOMES = Panel(
    "What we did, and what it led to",
    "Cause → action → outcome",
    "route",
    "No action has been taken",
    "Each action is followed for 14 days: recovered, contacted again, or lost.",
    Verb.OUTCOME_READ,
)
QUEUE = Panel(
    "Case queue",
    "Next deadline first",
    "inbox",
    NO_CASES,
    "Cases open by rule or by hand. The next deadline comes first.",
    Verb.CASE_READ,
    span=8,
)
MY_CASES = Panel(
    "My cases",
    "What is mine, next deadline first",
    "inbox",
    "Nothing is assigned to you",
    "A case appears here when you take it, or when somebody hands it to you.",
    Verb.CASE_WORK,
    span=8,
)
APPROVALS = Panel(
    "Waiting for approval",
    "Actions above somebody's limit",
    "stamp",
    "Nothing waits for you",
    "You are asked when an action costs more than the person who took it may spend.",
    Verb.ACTION_APPROVE,
    span=4,
)
CORRECTIONS = Panel(
    "To be judged",
    "Signals whose cause is unsure",
    "scan-search",
    NO_SIGNALS,
    "The classifier asks rather than guesses: what it is unsure of waits here for your judgement.",
    Verb.CAUSE_CORRECT,
    span=8,
)
FIXES = Panel(
    "Fixes",
    "Changes upstream, verified or refuted",
    "wrench",
    "No fix has been proposed",
    "A fix names a cause, a date and a control; amends then tells whether it worked.",
    Verb.FIX_READ,
)
POLICIES = Panel(
    "Policy versions",
    "Drafts, reviews, what is in force",
    "scale",
    "No policy has been published",
    "Entitlements, limits and approvals are versioned tables; a second person reviews each.",
    Verb.POLICY_READ,
)
DEADLINES = Panel(
    "Regulator deadlines",
    "Cases with a legal clock",
    "gavel",
    NO_CASES,
    "Cases that a regulator gives a deadline for are listed by that deadline.",
    Verb.CASE_READ,
    span=8,
)
PROMISES = Panel(
    "Promises to customers",
    "What was promised, and until when",
    "hand-heart",
    NO_CASES,
    "Every promise made in a case is kept in view until it is kept in fact.",
    Verb.CASE_READ,
    span=8,
)

PANELS: Final[dict[Role, tuple[Panel, ...]]] = {
    Role.LEADER: (KEY_FIGURES, BREAKDOWNS, CAUSES, OUTCOMES),
    Role.SERVICE_MANAGER: (QUEUE, APPROVALS, BREAKDOWNS, KEY_FIGURES),
    Role.AGENT: (MY_CASES, BREAKDOWNS),
    Role.QA_ANALYST: (CORRECTIONS, BREAKDOWNS, CAUSES, FIXES),
    Role.PRODUCT_OWNER: (BREAKDOWNS, KEY_FIGURES, CAUSES, FIXES),
    Role.COMPLIANCE: (DEADLINES, BREAKDOWNS, POLICIES, OUTCOMES),
    Role.ADVOCATE: (PROMISES, BREAKDOWNS, CAUSES, OUTCOMES),
    Role.ADMIN: (),
}


def panels_for(person: User) -> list[Panel]:
    """Return the panels of all roles of a person, each once and only what they may see."""
    roles = [Role(role) for role in LABELS if role in person.roles]
    found = dict.fromkeys(panel for role in roles for panel in PANELS[role])
    return [panel for panel in found if person.may(panel.verb)]


def people_by_role() -> list[Bar]:
    """Return how many people have each role, in the order of the table."""
    roles = [role for person in User.objects.filter(is_active=True) for role in person.roles]
    counts = {role: roles.count(role) for role in LABELS}
    most = max(counts.values(), default=0) or 1
    return [Bar(LABELS[role], words.number(n), n / most) for role, n in counts.items()]


def first_steps() -> list[tuple[str, str, bool]]:
    """Return what a new installation still needs: title, how, whether it is done."""
    people = User.objects.filter(is_active=True)
    others = people.exclude(roles=[Role.ADMIN.value]).exists()
    if others:
        return []
    return [
        ("Log in as administrator", "You have done this.", True),
        (
            "Add the people who will work here",
            "Each gets a link to choose a password, and one or more roles.",
            False,
        ),
    ]
