"""How actions, states and roles in policy are called on pages, and the icon of each entry."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from amends.engine.clocks import ClockKind
from amends.engine.contracts import ActionKind
from amends.flows.report import words
from amends.web.cases.models import (
    Action,
    ActionState,
    Entry,
    ErrandState,
    Happening,
    Recommendation,
    State,
)
from amends.web.ui.parts import Tone

SHORT: Final[Mapping[str, str]] = {
    ActionKind.NONE: "Answer and close",
    ActionKind.APOLOGY: "Apology with explanation",
    ActionKind.CALLBACK: "Call-back",
    ActionKind.CREDIT: "{} credit",
    ActionKind.APOLOGY_CREDIT: "Apology + {} credit",
    ActionKind.REFUND: "Refund {}",
    ActionKind.REPLACEMENT: "Replacement worth {}",
    ActionKind.ESCALATION: "Senior takes over",
}
STARTS: Final[Mapping[str, str]] = {
    ActionKind.NONE: "Answer and go on",
    ActionKind.APOLOGY: "Start with the apology",
    ActionKind.CALLBACK: "Start the call-back",
    ActionKind.ESCALATION: "Hand to a senior",
}
"""What the button says when no money goes with it."""

STATE_TONES: Final[Mapping[str, Tone]] = {
    State.NEW: "brand",
    State.RECOVERED: "good",
    State.NOT_RECOVERED: "high",
    State.LOST: "critical",
    State.EXCLUDED: "low",
}
ENTRY_ICONS: Final[Mapping[str, str]] = {
    Happening.SIGNAL: "message-circle",
    Happening.NOTE: "notebook-pen",
    Happening.REPLY: "reply",
    Happening.STATE: "circle-dot",
    Happening.ASSIGNED: "user-plus",
    Happening.RECOMMENDED: "sparkles",
    Happening.ACTION: "hand-heart",
    Happening.OUTCOME: "flag",
}
LEVELS: Final[Mapping[str, str]] = {
    "lead": "team lead",
    "manager": "service manager",
    "executive": "executive sponsor",
}
CLOCKS: Final[Mapping[str, str]] = {
    ClockKind.FIRST_RESPONSE: "First response",
    ClockKind.UPDATE: "Answer to the customer",
    ClockKind.RESOLUTION: "Resolution",
    ClockKind.HANDOFF: "Acceptance",
    ClockKind.REGULATOR: "Regulator",
}
ERRAND_TONES: Final[Mapping[str, Tone]] = {
    ErrandState.WAITING: "low",
    ErrandState.SENDING: "brand",
    ErrandState.RECEIVED: "good",
    ErrandState.REFUSED: "critical",
    ErrandState.WITHDRAWN: "low",
}
ENTRY_TONES: Final[Mapping[str, Tone]] = {
    Happening.SIGNAL: "high",
    Happening.RECOMMENDED: "brand",
    Happening.ACTION: "brand",
    Happening.OUTCOME: "good",
    Happening.REPLY: "brand",
}


def amount_words(amount: Decimal, currency: str) -> str:
    """Return `€25.00`."""
    return words.money(float(amount), currency, cents=True)


def short_action(kind: str, amount: Decimal, owed: Decimal, currency: str) -> str:
    """Return an action in a few words: "Apology + €20.00 credit"; `amount` is the goodwill."""
    if kind == ActionKind.REFUND or not owed:
        return SHORT[kind].format(amount_words(amount + owed, currency))
    rest = SHORT[kind].partition(" with ")[0].format(amount_words(amount, currency))
    return f"Refund {amount_words(owed, currency)} owed + {rest[:1].lower()}{rest[1:]}"


def short_recommendation(row: Recommendation) -> str:
    """Return what is recommended in a few words."""
    return short_action(row.kind, row.amount, row.owed, row.currency)


def short_done(action: Action) -> str:
    """Return what was decided in a few words."""
    if action.state == ActionState.SKIPPED:
        return "Skipped"
    return short_action(action.kind, action.amount - action.owed, action.owed, action.currency)


def role_words(role: str) -> str:
    """Return a role in policy: "team leader"."""
    return role.replace("_", " ")


def state_tone(state: str) -> Tone:
    """Return the tone of a state's chip."""
    return STATE_TONES.get(state, "low")


def entry_icon(entry: Entry) -> str:
    """Return the icon of an entry of the timeline."""
    return ENTRY_ICONS[entry.kind]
