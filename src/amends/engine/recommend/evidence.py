"""What published evidence says of each action before a company has outcomes of its own.

Rates are the share of cases recovered (satisfied with the recovery and kept). The figures are
rounded from the sources named at each; they order the actions sensibly and give way to a
company's own outcomes (`learning`).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from amends.engine.contracts import ActionKind, Floats, Severity

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Draws = NDArray[np.float32]

KINDS: Final = tuple(ActionKind)
"""Order of the kinds wherever they are numbered."""

ASSUMED_VALUE_PER_YEAR: Final = 250.0
"""Where a customer's value is not known, in units of the case's currency."""

KEPT_BY_RECOVERY: Final = 0.25
"""Part of a year's value that a recovered customer is worth more than one who was not: retention
54 against 19 % for losses over $100, 70 against 46 % below $5 (TARP), margin about ½ … 1."""

WORDS_RATE: Final = {
    ActionKind.NONE: 0.15,
    ActionKind.APOLOGY: 0.38,
    ActionKind.CALLBACK: 0.48,
    ActionKind.CREDIT: 0.18,
    ActionKind.APOLOGY_CREDIT: 0.40,
    ActionKind.REFUND: 0.28,
    ActionKind.REPLACEMENT: 0.34,
    ActionKind.ESCALATION: 0.44,
}
"""Rate without any money. eBay field test: 45 % after an apology, about 22 % after small money."""

HANDLING_COST: Final = {
    ActionKind.NONE: 0.0,
    ActionKind.APOLOGY: 2.0,
    ActionKind.CALLBACK: 8.0,
    ActionKind.CREDIT: 1.0,
    ActionKind.APOLOGY_CREDIT: 3.0,
    ActionKind.REFUND: 3.0,
    ActionKind.REPLACEMENT: 8.0,
    ActionKind.ESCALATION: 25.0,
}
"""Work on one case, in units of its currency: an assumption to be replaced by your own."""

MONEY_LIFT: Final = 0.35
"""What full compensation adds: money alone satisfies 37 %, money with an apology 73 % (CCMC)."""

_LIFT_BY_SEVERITY: Final = {
    Severity.LOW: 0.06,
    Severity.MEDIUM: 0.0,
    Severity.HIGH: -0.08,
    Severity.CRITICAL: -0.15,
}

_WORDS: Final = np.array([WORDS_RATE[kind] for kind in KINDS])
_HANDLING: Final = np.array([HANDLING_COST[kind] for kind in KINDS])
_SEVERITY_LIFT: Final = np.array([_LIFT_BY_SEVERITY[severity] for severity in Severity])
_IS_WORDS: Final = np.array([k in {ActionKind.NONE, ActionKind.APOLOGY} for k in KINDS])


def prior_rates(
    kinds: Ints, severities: Ints, is_rejected: Flags, repeats: Ints, shares: Floats
) -> Floats:
    """Return the share of cases that each of N actions recovers, by the evidence alone.

    Parameters
    ----------
    kinds, severities
        Indices into `KINDS` and `Severity`, shape (N,).
    is_rejected
        Whether the service was not delivered at all, shape (N,).
    repeats
        Failures in the 90 days before, shape (N,).
    shares
        All that the customer gets ÷ the loss, shape (N,).

    """
    repeats = np.minimum(repeats, 3)
    rates = _WORDS[kinds] + _SEVERITY_LIFT[severities]
    rates += MONEY_LIFT * compensation_lift(shares, is_rejected)
    rates -= np.where(_IS_WORDS[kinds], 0.12, 0.05) * repeats
    return np.asarray(np.clip(rates, 0.02, 0.95))


def prior_values(rates: Floats, kinds: Ints, worth: Floats, goodwill: Floats) -> Floats:
    """Return what each of N actions is worth to the company, by the evidence alone.

    Parameters
    ----------
    rates
        From `prior_rates`, shape (N,).
    kinds
        Indices into `KINDS`.
    worth
        The customer's value a year, in the case's currency.
    goodwill
        What is given at discretion.

    """
    return np.asarray(worth * KEPT_BY_RECOVERY * rates - _HANDLING[kinds] - goodwill)


def compensation_lift(shares: Floats, is_rejected: Flags) -> Floats:
    """Return how much of the lift of full compensation a share of the loss brings, in [0, 1].

    Rejected service: an S-curve, steepest at 60–120 % of the loss; accepted: concave, the first
    money does most (Gelbrich 2015). Flat above 150 % (Haesevoets 2017).
    """
    shares = np.clip(shares, 0.0, 1.5)
    low, top = expit(-0.9 / 0.18), expit(0.6 / 0.18)
    rejected = (expit((shares - 0.9) / 0.18) - low) / (top - low)
    return np.asarray(np.where(is_rejected, rejected, 1 - (1 - shares / 1.5) ** 2))


CITATIONS: Final = {
    ActionKind.NONE: "small failures without loss are often forgiven",
    ActionKind.APOLOGY: "an apology alone made 45 % withdraw a bad rating, small money 22 % (eBay);"
    " it wears off when repeated (Uber)",
    ActionKind.CALLBACK: "being heard matters most where no money was lost"
    " (Gelbrich & Roschk 2011)",
    ActionKind.CREDIT: "money alone satisfies 37 % (CCMC 2015)",
    ActionKind.APOLOGY_CREDIT: "money with an apology satisfies 73 %, money alone 37 % (CCMC 2015)",
    ActionKind.REFUND: "a service that was not delivered is repaid at 60–120 % of the loss or not"
    " at all (Gelbrich 2015)",
    ActionKind.REPLACEMENT: "repaying in kind, at once, works best (Roschk & Gelbrich 2014)",
    ActionKind.ESCALATION: "a double deviation does lasting harm and a senior person can stop it"
    " (Maxham & Netemeyer 2002)",
}
"""Why each action can be right."""
