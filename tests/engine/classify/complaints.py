"""Generated complaints of four causes, for the tests of classify."""

import random
from collections.abc import Sequence

from amends.engine.contracts import Cause, Severity, Taxonomy

SHOP = Taxonomy(
    "shop",
    "A shop",
    "1",
    (
        Cause("post", "Delivery", "Getting the parcel."),
        Cause(
            "post/late",
            "Late parcel",
            "The parcel arrives later than promised.",
            ("my parcel is three days late", "still waiting for the courier"),
            ("delayed", "courier"),
            ("P1", "PST-LATE"),
            "logistics",
            ("deliver",),
        ),
        Cause(
            "post/lost",
            "Lost parcel",
            "The parcel disappeared on its way.",
            ("the package vanished", "nobody knows where my order went"),
            ("vanished", "disappeared"),
            ("P2",),
        ),
        Cause("money", "Money", "Paying and being paid back."),
        Cause(
            "money/refund",
            "Refund missing",
            "The refund was promised and has not come.",
            ("where is my refund", "you owe me money back"),
            ("reimbursement",),
            ("M1",),
            default_severity=Severity.HIGH,
        ),
        Cause(
            "money/twice",
            "Charged twice",
            "The same order was charged two times.",
            ("my card was charged twice", "two identical debits"),
            ("double charge",),
            ("M2",),
            default_severity=Severity.LOW,
        ),
    ),
)

_TOLD = {
    "post/late": (
        "the {thing} is {n} days late",
        "courier still has not brought the {thing}, {n} days of delay",
        "delayed again, the {thing} was due on {day}",
    ),
    "post/lost": (
        "the {thing} vanished in the depot on {day}",
        "nobody knows where the {thing} went, it disappeared",
        "tracking ends on {day}, the {thing} is gone without a trace",
    ),
    "money/refund": (
        "no refund for the {thing} after {n} weeks",
        "you owe me the money back for the {thing}",
        "sent the {thing} back on {day}, where is the reimbursement",
    ),
    "money/twice": (
        "charged twice for the {thing}",
        "two identical debits on {day} for one {thing}",
        "my card shows the {thing} double, {n} euros each",
    ),
}
_THINGS = ("lamp", "kettle", "sofa", "jacket", "phone", "tent", "rug", "clock", "drill", "toaster")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_OPENINGS = ("", "", "Hello, ", "Honestly: ", "So, ", "Good morning. ")


def complaints(n: int, seed: int, causes: Sequence[str] = tuple(_TOLD)) -> list[tuple[str, str]]:
    """Return n (text, cause), causes in turn."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        cause = causes[i % len(causes)]
        words = rng.choice(_TOLD[cause]).format(
            thing=rng.choice(_THINGS), n=rng.randrange(2, 40), day=rng.choice(_DAYS)
        )
        rows.append((rng.choice(_OPENINGS) + words, cause))
    return rows


def texts_of(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [text for text, _ in rows]


def causes_of(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [cause for _, cause in rows]
