"""Actions as instructions that a person can follow, verb first."""

from decimal import Decimal
from typing import Final

from amends.engine.contracts import ActionKind, Money, Recommendation

SIGNS: Final = {"GBP": "£", "EUR": "€", "USD": "$"}

_WITHOUT_OWED: Final = {
    ActionKind.NONE: "Answer the question and close the case",
    ActionKind.APOLOGY: "Apologise and explain what happened, in writing, the same day",
    ActionKind.CALLBACK: "Call back the same day, listen, and say what happens next",
    ActionKind.CREDIT: "Credit {amount}",
    ActionKind.APOLOGY_CREDIT: "Apologise and credit {amount}",
    ActionKind.REFUND: "Refund {amount}",
    ActionKind.REPLACEMENT: "Send a replacement (worth {amount}) at once",
    ActionKind.ESCALATION: "Hand over to a senior colleague today, with the whole story",
}

_WITH_OWED: Final = {
    ActionKind.NONE: "Refund {owed}, which is owed, and say so",
    ActionKind.APOLOGY: "Refund {owed}, which is owed, and apologise the same day",
    ActionKind.CALLBACK: "Refund {owed}, which is owed, and call back the same day",
    ActionKind.CREDIT: "Refund {owed}, which is owed, and credit {amount} on top",
    ActionKind.APOLOGY_CREDIT: "Refund {owed}, which is owed, apologise and credit {amount} on top",
    ActionKind.REFUND: "Refund {all}, of which {owed} is owed",
    ActionKind.REPLACEMENT: "Refund {owed}, which is owed, and send a replacement at once",
    ActionKind.ESCALATION: "Refund {owed}, which is owed, and hand over to a senior today",
}


def money_words(money: Money) -> str:
    """Return an amount for people: £32.31, 12.00 CHF."""
    sign = SIGNS.get(money.currency)
    return f"{sign}{money.amount:,.2f}" if sign else f"{money.amount:,.2f} {money.currency}".strip()


def to_do(kind: ActionKind, amount: Money, owed: Money) -> str:
    """Return the instruction for one action.

    Parameters
    ----------
    kind, amount
        What to do and the goodwill that goes with it.
    owed
        What law or contract entitles to, paid in any case.

    """
    words = (_WITH_OWED if owed.amount > Decimal(0) else _WITHOUT_OWED)[kind]
    texts = {
        "amount": money_words(amount),
        "owed": money_words(owed),
        "all": money_words(amount + owed),
    }
    return f"{words.format(**texts)}."


def what_to_do(recommendation: Recommendation) -> str:
    """Return the instruction of a recommendation, with the approval that it needs."""
    chosen = recommendation.action
    words = to_do(chosen.kind, chosen.amount, recommendation.owed)
    if not recommendation.approver:
        return words
    return f"{words} Ask the {recommendation.approver.replace('_', ' ')} to approve first."
