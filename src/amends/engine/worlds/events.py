"""What happened to whom: failures, and ordinary business for contrast."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from .company import Company
from .demand import Calendar, day_codes, second_of_day
from .intensity import Intensity, surge, survey_wave, vendor_shares
from .population import Population
from .randomness import Bools, Floats, Ints, stream, weighted

NOBODY = -1
"""Code for "none" in every column of codes."""


@dataclass(frozen=True, slots=True)
class Events:
    """E events as arrays of shape (E,); codes index the company's values, −1 is none."""

    day: Ints
    customer: Ints
    cause: Ints
    """−1: nothing failed"""
    second_cause: Ints
    """another cause that the customer could tell of in one breath"""
    product: Ints
    vendor: Ints
    channel: Ints
    loss_cents: Ints
    is_rejected: Bools
    repeats: Ints
    """failures of the same customer and cause shortly before"""
    breakdown: Ints

    def __len__(self) -> int:
        return len(self.day)

    def take(self, index: Ints | Bools) -> "Events":
        """Return some of the events."""
        return Events(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def concat(parts: Iterable[Events]) -> Events:
    """Return the events of all parts, one after the other."""
    held = tuple(parts)
    return Events(
        **{f.name: np.concatenate([getattr(p, f.name) for p in held]) for f in fields(Events)}
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """What events are drawn from."""

    company: Company
    population: Population
    calendar: Calendar
    seed: int


def failures(scene: Scene, intensity: Intensity) -> Events:
    """Draw all failures: usual ones, surges, breakdowns, repeats; fixes take some away."""
    company, seed = scene.company, scene.seed
    rng = stream(seed, company.name, "failures")
    parts = [_spread(scene, rng, rng.poisson(intensity.expected))]
    for decoy in company.decoys:
        surplus = surge(company, decoy)[:, None] * intensity.expected * intensity.share(decoy.slice)
        rng = stream(seed, company.name, "decoy", decoy.name)
        parts.append(_spread(scene, rng, rng.poisson(surplus), decoy.slice))
    for i, breakdown in enumerate(company.breakdowns):
        rng = stream(seed, company.name, "breakdown", breakdown.name)
        counts = np.zeros(intensity.expected.shape, dtype=np.int64)
        column = list(company.causes).index(breakdown.cause)
        counts[:, column] = rng.poisson(intensity.added(breakdown))
        drawn = _spread(scene, rng, counts, breakdown.slice)
        parts.append(replace(drawn, breakdown=np.full(len(drawn), i)))
    fixed = _fixed(scene, concat(parts))
    return concat([fixed, _repeats(scene, fixed)])


def ordinary(scene: Scene, failures_expected: float) -> Events:
    """Draw customers to whom nothing happened and who could be asked or ask something."""
    company, calendar = scene.company, scene.calendar
    rng = stream(scene.seed, company.name, "ordinary")
    selection = company.selection
    per_failure = selection.ordinary_surveys + selection.questions + selection.ordinary_social
    daily = calendar.volume * (failures_expected * per_failure / company.days)
    waves = survey_wave(company) - 1
    daily *= 1 + waves * selection.ordinary_surveys / per_failure
    days = np.repeat(np.arange(company.days), rng.poisson(daily))
    cause = np.full(len(days), NOBODY)
    return attributes(scene, rng, days, cause, {})


def _spread(
    scene: Scene, rng: np.random.Generator, counts: Ints, terms: Mapping[str, str] | None = None
) -> Events:
    """Turn counts per day and cause (D, C) into events of a slice."""
    day, cause = np.nonzero(counts)
    times = counts[day, cause]
    return attributes(scene, rng, np.repeat(day, times), np.repeat(cause, times), terms or {})


def attributes(
    scene: Scene, rng: np.random.Generator, day: Ints, cause: Ints, terms: Mapping[str, str]
) -> Events:
    """Draw to whom in a slice each failure happened, with what and at what loss.

    `day` and `cause` are codes of shape (E,); cause −1: nothing failed.
    """
    company, n = scene.company, len(day)
    customer = _customers(scene, rng, n, terms)
    if "product" in terms:
        product = np.full(n, company.values("product").index(terms["product"]))
    else:
        product = _products(scene, rng.random(n), day, cause)
    monetary, loss, rejected, vendor = _cause_numbers(company)
    has_loss = rng.random(n) < monetary[cause]
    amount = loss[cause] * np.exp(0.75 * rng.standard_normal(n)) * 100
    channel = weighted(rng.random(n), np.array(list(company.channels.values())))
    if "channel" in terms:
        channel = np.full(n, company.values("channel").index(terms["channel"]))
    return Events(
        day=day,
        customer=customer,
        cause=cause,
        second_cause=_second_cause(company, rng, cause),
        product=product,
        vendor=_vendors(scene, rng.random(n), customer, vendor[cause], terms),
        channel=channel,
        loss_cents=np.where(has_loss, np.maximum(np.round(amount), 100), 0).astype(np.int64),
        is_rejected=rng.random(n) < rejected[cause],
        repeats=np.zeros(n, dtype=np.int64),
        breakdown=np.full(n, NOBODY),
    )


def _cause_numbers(company: Company) -> tuple[Floats, Floats, Floats, Bools]:
    """Return per cause share with a loss, median loss, share rejected, has a vendor; last: none."""
    causes = company.causes.values()
    return (
        np.array([*(c.monetary for c in causes), 0.0]),
        np.array([*(c.loss for c in causes), 1.0]),
        np.array([*(c.rejected for c in causes), 0.0]),
        np.array([*(c.vendor for c in causes), False]),
    )


def _customers(scene: Scene, rng: np.random.Generator, n: int, terms: Mapping[str, str]) -> Ints:
    inside = np.ones(len(scene.population), dtype=bool)
    for dimension in ("region", "segment", "tier"):
        if dimension in terms:
            code = scene.company.values(dimension).index(terms[dimension])
            inside &= getattr(scene.population, dimension) == code
    candidates = np.flatnonzero(inside) if inside.any() else np.arange(len(scene.population))
    if "vendor" not in terms:
        return candidates[rng.integers(0, len(candidates), n)]
    column = scene.company.values("vendor").index(terms["vendor"])
    reach = vendor_shares(scene.company)[scene.population.region[candidates], column]
    return candidates[weighted(rng.random(n), reach)]


def _products(scene: Scene, u: Floats, day: Ints, cause: Ints) -> Ints:
    """Draw products by the shares of the day among those that the cause can hit."""
    company = scene.company
    product = np.zeros(len(day), dtype=np.int64)
    specs = [c.products for c in company.causes.values()]
    for code in np.unique(cause):
        rows = np.flatnonzero(cause == code)
        only = specs[code] if code != NOBODY else ()
        allowed = np.array([not only or name in only for name in company.products])
        edges = np.cumsum(scene.calendar.product_share * allowed, axis=1)
        edges /= edges[:, -1:]
        product[rows] = (u[rows, None] >= edges[day[rows], :-1]).sum(axis=1)
    return product


def _vendors(
    scene: Scene, u: Floats, customer: Ints, takes_part: Bools, terms: Mapping[str, str]
) -> Ints:
    company = scene.company
    if "vendor" in terms:
        code = company.values("vendor").index(terms["vendor"])
        return np.where(takes_part, code, NOBODY)
    edges = np.cumsum(vendor_shares(company), axis=1)[scene.population.region[customer], :-1]
    return np.where(takes_part, (u[:, None] >= edges).sum(axis=1), NOBODY)


def _second_cause(company: Company, rng: np.random.Generator, cause: Ints) -> Ints:
    """Draw what else went wrong: often the service itself, often a sibling, sometimes anything."""
    paths = list(company.causes)
    branch = [path.partition("/")[0] for path in paths]
    kinship = np.ones((len(paths) + 1, len(paths)))
    for i in range(len(paths)):
        for j in range(len(paths)):
            kinship[i, j] = 0.0 if i == j else 1.0 + 6 * (branch[i] == branch[j])
            kinship[i, j] += 4.0 * (branch[j] == "service" and i != j)
    edges = np.cumsum(kinship / kinship.sum(axis=1, keepdims=True), axis=1)
    found = np.zeros(len(cause), dtype=np.int64)
    u = rng.random(len(cause))
    for code in np.unique(cause):
        rows = cause == code
        found[rows] = np.searchsorted(edges[code], u[rows], side="right")
    return np.minimum(found, len(paths) - 1)


def _fixed(scene: Scene, events: Events) -> Events:
    """Take away what fixes prevent."""
    keep = np.ones(len(events), dtype=bool)
    for fix in scene.company.fixes:
        rng = stream(scene.seed, scene.company.name, "fix", fix.name)
        since = day_codes(scene.company, fix.at, scene.company.period.last).start
        hit = (events.day >= since) & in_slice(scene, events, fix.slice)
        hit &= events.cause == list(scene.company.causes).index(fix.cause)
        keep &= ~(hit & (rng.random(len(events)) < -fix.effect))
    return events.take(keep)


def in_slice(scene: Scene, events: Events, terms: Mapping[str, str]) -> Bools:
    """Return which events lie in a slice."""
    inside = np.ones(len(events), dtype=bool)
    for dimension, value in terms.items():
        code = scene.company.values(dimension).index(value)
        if dimension in ("region", "segment", "tier"):
            inside &= getattr(scene.population, dimension)[events.customer] == code
        else:
            inside &= getattr(events, dimension) == code
    return inside


def _repeats(scene: Scene, events: Events) -> Events:
    """Let some failures happen to the same customer again within one to seven days."""
    rng = stream(scene.seed, scene.company.name, "repeats")
    again = events.take(rng.random(len(events)) < scene.company.selection.repeat_failure)
    day = scene.calendar.later(rng, again.day, 1, 7)
    again = replace(again, day=day, repeats=again.repeats + 1)
    return again.take(day < scene.company.days)


def times_of(rng: np.random.Generator, day: Ints) -> Ints:
    """Return seconds since the start of the period for events on given days."""
    return day * 86_400 + second_of_day(rng, len(day))
