"""Where a breakdown lies: the smallest set of slices that explains the excess.

Two modes, on the same likelihoods as detection. Counts: scan all cells of all cuboids for the
largest Poisson likelihood ratio K ln(K/E) − (K − E), with a price for every further attribute.
Values against predictions: S²/(2Nσ²) of the relative residuals, with a price for the number of
cells looked at. Both take the best cell, take it out, and go on as long as it is worth it.
"""

from dataclasses import dataclass

from amends.engine.contracts import BadInput, LeafTable, Localization

from .cuboids import check_leaves
from .scan_counts import CountScan, scan_counts
from .scan_values import scan_values

MODES = ("counts", "values")


@dataclass(frozen=True, slots=True)
class LocalizeConfig:
    """How slices are searched for.

    Parameters
    ----------
    mode
        "counts": events against an expected number of them, only rises are looked for; "values":
        any figures against predictions, rises and falls.
    deepest
        The most attributes a slice may have.
    attribute_price
        Nats that each further attribute must bring.
    attribute_share
        Part of the greatest likelihood ratio that a runner-up's attributes must bring on top.
    widen_from
        Rise of the rest of a wider slice, as a part of the rise of the narrower one in logs, from
        which the wider one is the cause.
    least_gain
        Nats that a further slice must bring to be claimed as a cause.
    shown
        How many slices are returned and at most claimed.

    """

    mode: str = "counts"
    deepest: int = 5
    attribute_price: float = 3.0
    attribute_share: float = 0.03
    widen_from: float = 0.25
    least_gain: float = 12.0
    shown: int = 5

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise BadInput(f"mode is {self.mode!r}; it is one of {', '.join(MODES)}.")
        if self.deepest < 1 or self.shown < 1:
            raise BadInput("deepest and shown must be at least 1.")


def localize(leaves: LeafTable, config: LocalizeConfig | None = None) -> Localization:
    """Return the slices that explain the excess, best first.

    The first `explained_by` of them are claimed as the causes together; the others are runners-up.

    Raises
    ------
    BadInput
        The table is empty or holds figures that cannot be used; see `check_leaves`.

    """
    config = config or LocalizeConfig()
    check_leaves(leaves, signed=config.mode == "values")
    if config.mode == "values":
        return scan_values(leaves, config.deepest, config.least_gain, config.shown)
    scan = CountScan(
        config.deepest,
        config.attribute_price,
        config.attribute_share,
        config.widen_from,
        config.least_gain,
        config.shown,
    )
    return scan_counts(leaves, scan)
