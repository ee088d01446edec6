"""Business over time: how much there is on each day, of which product."""

from dataclasses import dataclass
from datetime import date, timedelta

import holidays
import numpy as np

from .company import Company, DecoyKind
from .randomness import Bools, Floats, Ints, stream

HOURS = np.array(
    [1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 19, 18, 17, 17, 17, 16, 16, 16, 16, 15, 12, 8, 4, 2],
    dtype=np.float64,
)
"""How a day's contacts spread over its hours."""
_RAMP_DAYS = 42
"""A new product reaches its share in this many days."""
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Calendar:
    """D days: relative volume (D,), product shares (D, P) that sum to 1 before any launch."""

    volume: Floats
    product_share: Floats
    is_holiday: Bools
    winter: Floats
    """+1 in mid-January, −1 in mid-July"""

    @property
    def days(self) -> int:
        """Length of the period."""
        return len(self.volume)

    def later(self, rng: np.random.Generator, day: Ints, low: int, high: int) -> Ints:
        """Draw for each day one that lies `low`–`high` days later, busy days more often.

        Because the landing day is drawn in proportion to business, what follows a failure keeps
        the calendar of failures, and a surge or a holiday does not change rates.
        """
        padded = np.concatenate([self.volume, np.full(high + 1, self.volume.mean())])
        edges = np.concatenate([[0.0], np.cumsum(padded)])
        start, end = edges[day + low], edges[day + high + 1]
        found = np.searchsorted(edges, start + rng.random(len(day)) * (end - start), side="right")
        landed: Ints = np.clip(found - 1, day + low, day + high)
        return landed


def second_of_day(rng: np.random.Generator, n: int) -> Ints:
    """Draw n times of day in seconds since midnight, by business hours."""
    hour = np.searchsorted(np.cumsum(HOURS / HOURS.sum()), rng.random(n), side="right")
    return np.minimum(hour, 23) * 3_600 + rng.integers(0, 3_600, n)


def day_codes(company: Company, first: date, last: date) -> slice:
    """Return the days of a window as a slice of day indexes."""
    start = company.period.first
    return slice((first - start).days, (last - start).days + 1)


def make_calendar(company: Company, seed: int) -> Calendar:
    """Work out the calendar of a company's period."""
    demand, period = company.demand, company.period
    dates = [period.first + timedelta(days=i) for i in range(company.days)]
    known = holidays.country_holidays(
        company.country, years=range(period.first.year, period.last.year + 1)
    )
    is_holiday = np.array([d in known for d in dates])
    day_of_year = np.array([d.timetuple().tm_yday for d in dates], dtype=np.float64)
    turn = 2 * np.pi / 365.25
    volume = np.array([demand.weekly[d.weekday()] for d in dates])
    volume *= 1 + demand.yearly_size * np.cos(turn * (day_of_year - demand.peak_day_of_year))
    volume *= 1 + demand.growth_per_year * np.arange(company.days) / 365.25
    volume[is_holiday] *= demand.holiday
    for decoy in company.decoys:
        if decoy.kind is DecoyKind.HOLIDAY:
            volume[day_codes(company, decoy.first, decoy.last)] *= decoy.factor
    volume *= 1 + 0.04 * stream(seed, company.name, "demand").standard_normal(company.days)
    volume = np.maximum(volume, 0.05)
    return Calendar(
        volume=volume / volume.mean(),
        product_share=_product_share(company),
        is_holiday=is_holiday,
        winter=np.cos(turn * (day_of_year - 15)),
    )


def _product_share(company: Company) -> Floats:
    products = company.products.values()
    total = sum(p.share for p in products if p.launch is None)
    share = np.empty((company.days, len(company.products)))
    for i, product in enumerate(products):
        share[:, i] = product.share / total
        if product.launch is not None:
            since = np.arange(company.days) - (product.launch - company.period.first).days
            share[:, i] *= np.clip((since + 1) / _RAMP_DAYS, 0, 1)
    return share
