"""From what eligibility allows to arms: actions with the goodwill that a case leaves to give."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final, NamedTuple

from amends.engine.contracts import CENT, ActionKind, BadInput

from .parts import Output
from .table import Table

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)

_CREDITS: Final = (ActionKind.CREDIT, ActionKind.APOLOGY_CREDIT)
"""Actions whose amount may be cut to the limit; the others are given whole or not at all."""


class Arm(NamedTuple):
    """One thing that may be done: its kind and the goodwill that goes with it."""

    kind: ActionKind
    goodwill: Decimal
    """What is given at discretion, besides what is owed."""
    share: float
    """All that the customer gets, owed included, ÷ the loss (a loss below 1 counts as 1)."""


class Purse(NamedTuple):
    """The money of a case: what was lost, what is owed, what may be given besides."""

    loss: Decimal
    owed: Decimal
    limit: Decimal


@dataclass(frozen=True, slots=True)
class Offer:
    """A row that allows an action: the part of the loss that the customer gets in all."""

    kind: ActionKind
    share: Decimal
    may_be_cut: bool
    same_as: str
    """The first row that offers the same: said twice, offered once."""


def offers(table: Table) -> dict[str, Offer]:
    """Return row → offer of a table whose outputs are action and share.

    Raises
    ------
    BadInput
        An action is unknown, or a share is not a plain number.

    """
    found: dict[str, Offer] = {}
    first: dict[tuple[Output, ...], str] = {}
    for row in table.rows:
        kind, share = row.outputs
        if not isinstance(share, Decimal):
            raise BadInput(
                "The share of the loss is a plain number.",
                where=f"policy table {table.name}, row {row.row_id}",
                remedy="Write a number such as 0.5.",
            )
        if kind not in set(ActionKind):
            raise BadInput(
                f"{kind} is no action.",
                where=f"policy table {table.name}, row {row.row_id}",
                remedy=f"Actions are {', '.join(ActionKind)}.",
            )
        action = ActionKind(str(kind))
        same_as = first.setdefault(row.outputs, row.row_id)
        found[row.row_id] = Offer(action, share, action in _CREDITS, same_as)
    return found


def offered_arms(
    allowed: Sequence[Offer], practice: Offer, purse: Purse
) -> tuple[tuple[Arm, ...], int]:
    """Return the arms of a case and which of them comes nearest to current practice.

    Raises
    ------
    BadInput
        Nothing is left to do within the limit.

    """
    unit = max(purse.loss, _ONE)
    without_money = float(purse.owed / unit)
    arms: list[Arm] = []
    seen: set[str] = set()
    for offer in allowed:
        if offer.same_as in seen:
            continue
        seen.add(offer.same_as)
        if not offer.share:
            arms.append(Arm(offer.kind, _ZERO, without_money))
        elif purse.loss:
            goodwill = _goodwill(offer, purse)
            if goodwill is not None and not _is_there(arms, offer.kind, goodwill, purse.limit):
                arms.append(Arm(offer.kind, goodwill, float((purse.owed + goodwill) / unit)))
    if not arms:
        raise BadInput(
            "No action is allowed within the limit.",
            where="policy table eligibility",
            remedy="Allow an action without money for every case, such as a callback.",
        )
    return tuple(arms), _nearest(arms, practice, purse)


def _goodwill(offer: Offer, purse: Purse) -> Decimal | None:
    """Return what a share of the loss leaves to give, cut to the limit; None: nothing or too much.

    Only credits can be cut: half a refund is no refund.
    """
    goodwill = (offer.share * purse.loss - purse.owed).quantize(CENT, ROUND_DOWN)
    if goodwill > purse.limit:
        if not offer.may_be_cut:
            return None
        goodwill = purse.limit
    return goodwill if goodwill >= _ONE else None


def _is_there(arms: Sequence[Arm], kind: ActionKind, goodwill: Decimal, limit: Decimal) -> bool:
    """Return whether an arm has this kind and amount already: only amounts cut to the limit can."""
    return goodwill == limit and any(a.kind is kind and a.goodwill == limit for a in arms)


def _nearest(arms: Sequence[Arm], practice: Offer, purse: Purse) -> int:
    """Return the arm nearest to a practice: its kind, else its like, else the first.

    When what is owed already gives what practice would, words are left to say.
    """
    kind, share = practice.kind, practice.share
    if share and share * purse.loss - purse.owed < 1:
        kind, share = ActionKind.APOLOGY, _ZERO
    kinds = [arm.kind for arm in arms]
    for wanted in _INSTEAD[kind]:
        if wanted in kinds:
            return _nearest_share(arms, wanted, float(share))
    return 0


def _nearest_share(arms: Sequence[Arm], kind: ActionKind, share: float) -> int:
    same = [i for i, arm in enumerate(arms) if arm.kind is kind]
    return same[0] if len(same) == 1 else min(same, key=lambda i: abs(arms[i].share - share))


def _instead(kind: ActionKind, *like: ActionKind) -> tuple[ActionKind, ...]:
    return (kind, *like, ActionKind.CALLBACK, ActionKind.APOLOGY)


_INSTEAD: Final = {kind: _instead(kind) for kind in ActionKind} | {
    kind: _instead(kind, *like)
    for kind, like in {
        ActionKind.REFUND: (ActionKind.APOLOGY_CREDIT, ActionKind.CREDIT),
        ActionKind.REPLACEMENT: (ActionKind.REFUND, ActionKind.APOLOGY_CREDIT),
        ActionKind.APOLOGY_CREDIT: (ActionKind.CREDIT, ActionKind.APOLOGY),
        ActionKind.CREDIT: (ActionKind.APOLOGY_CREDIT, ActionKind.APOLOGY),
        ActionKind.NONE: (ActionKind.APOLOGY,),
    }.items()
}
"""What comes nearest to each action, itself first."""
