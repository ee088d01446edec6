"""Daily counts around a fix: the cause that it should prevent and causes it leaves alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from amends.engine.contracts import BadInput, Floats

from .company import Company, FixSpec
from .randomness import stream

_WALK, _OWN, _PERSISTENCE = 0.012, 0.05, 0.5
"""daily sd of the shared random walk, sd and autocorrelation of each cause's own noise"""


@dataclass(frozen=True, slots=True)
class FixSeries:
    """Daily counts of length T around a fix.

    Parameters
    ----------
    name, cause
        The fix and what it should prevent.
    days
        T days; the fix works from `at` on.
    fixed
        float64 of shape (T,): counts of the cause.
    controls
        Per unaffected cause its counts, shape (T,).
    effect
        The true effect, −0.15: 15 % fewer.

    """

    name: str
    cause: str
    at: date
    days: tuple[date, ...]
    fixed: Floats
    controls: Mapping[str, Floats]
    effect: float


def fix_series(
    company: Company,
    name: str,
    *,
    seed: int,
    days_before: int = 126,
    days_after: int = 56,
    per_day: float = 200.0,
    effect: float | None = None,
) -> FixSeries:
    """Play the days around a fix.

    All causes share a random walk and the week; each has autocorrelated noise of its own and
    Poisson counts. `effect` overrules the world's, for studies of size and power.

    Raises
    ------
    BadInput
        The world has no such fix, or a number cannot be played.

    """
    fix = _find(company, name)
    if min(days_before, days_after) < 1 or per_day <= 0:
        raise BadInput("A fix needs days before and after it, and counts above 0.", where=name)
    if effect is not None and effect < -1:
        raise BadInput(f"No fix prevents more than everything: {effect}.", where=f"{name}: effect")
    true = fix.effect if effect is None else effect
    days = days_before + days_after
    first = fix.at - timedelta(days=days_before)
    dates = tuple(first + timedelta(days=i) for i in range(days))
    rng = stream(seed, company.name, "fix series", name)
    shared = np.cumsum(_WALK * rng.standard_normal(days))
    shared += np.log([company.demand.weekly[d.weekday()] for d in dates])
    after = np.arange(days) >= days_before
    branch = fix.cause.partition("/")[0]
    others = [path for path in company.causes if path.partition("/")[0] != branch][:12]
    fixed = _counts(rng, shared, per_day * np.where(after, 1 + true, 1.0))
    levels = per_day * (0.4 + 1.2 * rng.random(len(others)))
    controls = {
        path: _counts(rng, shared, np.full(days, level))
        for path, level in zip(others, levels.tolist(), strict=True)
    }
    return FixSeries(name, fix.cause, fix.at, dates, fixed, controls, true)


def _counts(rng: np.random.Generator, shared: Floats, level: Floats) -> Floats:
    shocks = _OWN * np.sqrt(1 - _PERSISTENCE**2) * rng.standard_normal(len(shared))
    own = np.empty(len(shared))
    last = _OWN * rng.standard_normal()
    for day, shock in enumerate(shocks):
        last = _PERSISTENCE * last + shock
        own[day] = last
    return rng.poisson(level * np.exp(shared + own)).astype(np.float64)


def _find(company: Company, name: str) -> FixSpec:
    for fix in company.fixes:
        if fix.name == name:
            return fix
    there = ", ".join(fix.name for fix in company.fixes)
    raise BadInput(f"{company.name} has no fix {name!r}.", remedy=f"There are {there}.")
