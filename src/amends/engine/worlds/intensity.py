"""How many failures of which cause on which day, and what the planted things add."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .company import BreakdownSpec, CauseSpec, Company, DecoyKind, DecoySpec, Shape
from .demand import Calendar, day_codes
from .randomness import Floats, stream


@dataclass(frozen=True, slots=True)
class Intensity:
    """Expected failures, as float64 of shape (D, C), for a wanted number in the whole period."""

    company: Company
    calendar: Calendar
    expected: Floats

    def share(self, terms: Mapping[str, str]) -> Floats:
        """Return the share of each cause's failures that lies in a slice, shape (D, C)."""
        company = self.company
        shares = np.ones((company.days, len(company.causes)))
        for column, cause in enumerate(company.causes.values()):
            shares[:, column] = slice_share(company, self.calendar, cause, terms)
        return shares

    def complaints(self, terms: Mapping[str, str]) -> Floats:
        """Return the complaints of a slice expected on each day, nothing planted, shape (D,)."""
        chance = np.array([complaint_chance(self.company, c) for c in self.company.causes.values()])
        expected: Floats = (self.expected * self.share(terms) * chance).sum(axis=1)
        return expected

    def added(self, breakdown: BreakdownSpec) -> Floats:
        """Return the failures of its cause that a breakdown adds on each day, shape (D,).

        They are as many as lift the slice's complaints, all causes together, to the ratio.
        """
        cause = self.company.causes[breakdown.cause]
        excess = excess_ratio(self.company, breakdown)
        per_failure = complaint_chance(self.company, cause)
        return excess * self.complaints(breakdown.slice) / per_failure


def expect(company: Company, calendar: Calendar, failures: float, seed: int) -> Intensity:
    """Return the intensity of `failures` in the whole period, before planted things and fixes."""
    rng = stream(seed, company.name, "intensity")
    expected = np.empty((company.days, len(company.causes)))
    for column, cause in enumerate(company.causes.values()):
        allowed = _allowed(company, cause)
        reach = calendar.product_share[:, allowed].sum(axis=1)
        at_first = [p.launch is None for p in company.products.values()]
        usual = calendar.product_share[0, allowed & np.array(at_first)].sum()
        noise = np.maximum(1 + company.demand.noise * rng.standard_normal(company.days), 0.2)
        season = 1 + cause.winter * calendar.winter
        expected[:, column] = cause.weight * calendar.volume * season * reach / usual * noise
    return Intensity(company, calendar, expected * (failures / expected.sum()))


def complaint_chance(company: Company, cause: CauseSpec) -> float:
    """Return the mean chance that a failure of the cause is complained of."""
    selection = company.selection
    return (
        cause.monetary * selection.complains_with_loss
        + (1 - cause.monetary) * selection.complains_without_loss
    )


def vendor_shares(company: Company) -> Floats:
    """Return each vendor's share of a region's work, shape (regions, vendors), rows sum to 1."""
    regions = company.values("region")
    shares = np.array(
        [[v.share * v.regions.get(r, 1.0) for v in company.vendors.values()] for r in regions]
    )
    normalised: Floats = shares / shares.sum(axis=1, keepdims=True)
    return normalised


def slice_share(
    company: Company, calendar: Calendar, cause: CauseSpec, terms: Mapping[str, str]
) -> Floats | float:
    """Return the share of a cause's failures that lies in a slice, per day or for all days."""
    people = company.customers
    share: Floats | float = 1.0
    regions = np.array(list(people.regions.values()))
    regions = regions / regions.sum()
    if "region" in terms:
        inside = np.array([r == terms["region"] for r in people.regions])
        share = float(regions[inside].sum())
        regions = inside.astype(np.float64)
    if "vendor" in terms:
        column = list(company.vendors).index(terms["vendor"])
        share *= float(regions @ vendor_shares(company)[:, column]) if cause.vendor else 0.0
    if "segment" in terms:
        share *= people.segments[terms["segment"]] / sum(people.segments.values())
    if "tier" in terms:
        share *= people.tiers[terms["tier"]][0] / sum(s for s, _ in people.tiers.values())
    if "channel" in terms:
        share *= company.channels[terms["channel"]] / sum(company.channels.values())
    if "product" in terms:
        column = list(company.products).index(terms["product"])
        allowed = _allowed(company, cause)
        reach = calendar.product_share[:, allowed].sum(axis=1)
        share = share * allowed[column] * calendar.product_share[:, column] / reach
    return share


def excess_ratio(company: Company, breakdown: BreakdownSpec) -> Floats:
    """Return ratio − 1 of a breakdown on each day, shape (D,); 0 outside its window."""
    window = day_codes(company, breakdown.first, breakdown.last)
    days = window.stop - window.start
    progress = (np.arange(days) + 1) / days
    rise = {
        Shape.STEP: np.ones(days),
        Shape.SPIKE: np.ones(days),
        Shape.RAMP: np.minimum(progress * 2, 1.0),
        Shape.SLOW_LEAK: progress,
    }[breakdown.shape]
    excess = np.zeros(company.days)
    excess[window] = (breakdown.ratio - 1) * rise
    return excess


def surge(company: Company, decoy: DecoySpec) -> Floats:
    """Return the surplus of business of a volume surge on each day, shape (D,)."""
    surplus = np.zeros(company.days)
    if decoy.kind is DecoyKind.VOLUME_SURGE:
        surplus[day_codes(company, decoy.first, decoy.last)] = decoy.factor - 1
    return surplus


def survey_wave(company: Company) -> Floats:
    """Return how many times the usual surveys are sent on each day, shape (D,)."""
    factor = np.ones(company.days)
    for decoy in company.decoys:
        if decoy.kind is DecoyKind.SURVEY_WAVE:
            factor[day_codes(company, decoy.first, decoy.last)] *= decoy.factor
    return factor


def _allowed(company: Company, cause: CauseSpec) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([not cause.products or name in cause.products for name in company.products])
