"""The customers of a world."""

from dataclasses import dataclass

import numpy as np

from .company import Company
from .randomness import Bools, Floats, Ints, stream, weighted

SMALLEST = 2_000
"""Customers a world has at least, so that every slice has somebody in it."""


@dataclass(frozen=True, slots=True)
class Population:
    """M customers as arrays of shape (M,); codes index the company's values."""

    region: Ints
    segment: Ints
    tier: Ints
    voice: Ints
    tenure_months: Floats
    value_cents: Ints
    """yearly value in cents"""
    is_vulnerable: Bools
    loudness: Floats
    """multiplies the chance of complaining; mean 1"""

    def __len__(self) -> int:
        return len(self.region)


def populate(company: Company, size: int, seed: int) -> Population:
    """Draw `size` customers."""
    rng = stream(seed, company.name, "population")
    people = company.customers

    def draw(shares: list[float]) -> Ints:
        return weighted(rng.random(size), np.array(shares))

    tier = draw([share for share, _ in people.tiers.values()])
    multiplier = np.array([m for _, m in people.tiers.values()])[tier]
    spread = np.exp(people.value_spread * rng.standard_normal(size))
    value = np.round(people.value_per_year * multiplier * spread * 100).astype(np.int64)
    months = people.tenure_months * np.exp(0.9 * rng.standard_normal(size))
    tenure = np.clip(months, 0.5, 400).round(1)
    return Population(
        region=draw(list(people.regions.values())),
        segment=draw(list(people.segments.values())),
        tier=tier,
        voice=draw(list(people.voices.values())),
        tenure_months=tenure,
        value_cents=np.maximum(value, 500),
        is_vulnerable=rng.random(size) < people.vulnerable,
        loudness=0.7 + 0.6 * rng.random(size),
    )
