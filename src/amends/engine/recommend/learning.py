"""Learn the value of actions from what was done and what came of it.

A Bayesian linear model with one variance per group of features: a hierarchical normal model
solved at once. Variances and noise are re-estimated by MacKay's fixed-point iterations of the
evidence (MacKay 1992, "Bayesian interpolation"). The lessons enter through sums only, so
learning in parts gives the same statistics as learning at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from scipy import linalg, sparse

from amends.engine.contracts import Floats, Severity, compensation_share

from .evidence import KINDS, prior_rates, prior_values
from .features import (
    GROUPS,
    UNSCALED,
    base_names,
    effect_names,
    group_of,
    money_names,
    traits,
    worth,
)
from .log import Lesson
from .state import LearnedState, Tally

SMALLEST_WORTH: Final = 0.2
"""Part of the typical yearly value that the noise of a worthless customer is taken for."""

ENOUGH: Final = 200
"""Lessons before the variances are re-estimated."""

_ROUNDS: Final = 4
_SEVERITIES: Final = list(Severity)
_TIGHTEST, _LOOSEST = 0.05, 5.0
"""Bounds of a group's re-estimated spread, as multiples of its first guess."""


def learn(state: LearnedState, lessons: Sequence[Lesson]) -> LearnedState:
    """Return the state after more lessons; the given one is left as it is.

    Parameters
    ----------
    state
        What was known before.
    lessons
        Cases with what was done and what came of it, in any order.

    """
    if not lessons:
        return state
    scale = state.scale or float(np.mean([worth(lesson.facts) for lesson in lessons]))
    names, design, target = _design(state.names, scale, lessons)
    old, new = len(state.names), len(names)
    gram, moment = np.zeros((new, new)), np.zeros(new)
    gram[:old, :old], moment[:old] = state.gram, state.moment
    learnt = replace(
        state,
        n=state.n + len(lessons),
        scale=scale,
        names=names,
        gram=gram + (design.T @ design).toarray(),
        moment=moment + design.T @ target,
        square=state.square + float(target @ target),
        tallies=_tallied(state, lessons),
    )
    return _reestimated(learnt) if learnt.n >= ENOUGH else learnt


@dataclass(frozen=True)
class Posterior:
    """What the model believes of each feature after the lessons of a state."""

    state: LearnedState

    @cached_property
    def mean(self) -> Floats:
        """Posterior means, shape (D,)."""
        mean: Floats = linalg.cho_solve(self._factor, self.state.moment / self.state.noise**2)
        return mean

    @cached_property
    def index(self) -> dict[str, int]:
        """Feature name → position."""
        return {name: i for i, name in enumerate(self.state.names)}

    @cached_property
    def _factor(self) -> tuple[Floats, bool]:
        precision = self.state.gram / self.state.noise**2
        factor: tuple[Floats, bool] = linalg.cho_factor(
            precision + np.diag(_prior_precision(self.state)), lower=True
        )
        return factor

    def draws(self, normals: Floats) -> Floats:
        """Return draws of all features, shape (D, M), from standard normals of that shape."""
        lower = np.tril(self._factor[0])
        spread = linalg.solve_triangular(lower.T, normals, lower=False)
        draws: Floats = self.mean[:, None] + spread
        return draws


def _design(
    known: tuple[str, ...], scale: float, lessons: Sequence[Lesson]
) -> tuple[tuple[str, ...], sparse.csr_matrix, Floats]:
    """Return all names, φ (N, D) and r (N,), both divided by each lesson's noise scale."""
    index = {name: i for i, name in enumerate(known)}
    rates, expected, shares = _expected(lessons)
    rows: list[int] = []
    columns: list[int] = []
    entries: list[float] = []
    target = np.empty(len(lessons))
    for row, lesson in enumerate(lessons):
        value = worth(lesson.facts)
        width = value + SMALLEST_WORTH * scale
        target[row] = (lesson.outcome.value + float(lesson.owed) - expected[row]) / width
        for name, weight in _features(lesson, float(rates[row]), float(shares[row])):
            unit = 1.0 if group_of(name) in UNSCALED else value
            rows.append(row)
            columns.append(index.setdefault(name, len(index)))
            entries.append(weight * unit / width)
    shape = (len(lessons), len(index))
    return tuple(index), sparse.csr_matrix((entries, (rows, columns)), shape=shape), target


def _features(lesson: Lesson, rate: float, share: float) -> list[tuple[str, float]]:
    kind = lesson.done.kind.value
    case_traits = traits(lesson.facts)
    found = [(name, 1.0) for name in base_names(case_traits)]
    found.append(("level|", 1.0))
    found.append(("level|loss", float(lesson.facts.loss.amount) / 100))
    found.append(("evidence|", rate))
    found.append((f"cost|{kind}", 1.0))
    found += [(name, 1.0) for name in effect_names(kind, case_traits)]
    found += money_names(case_traits, share)
    return found


def _expected(lessons: Sequence[Lesson]) -> tuple[Floats, Floats, Floats]:
    """Return the evidence's rates, values and shares of N lessons."""
    kinds = np.array([KINDS.index(lesson.done.kind) for lesson in lessons])
    severities = np.array([_SEVERITIES.index(lesson.facts.severity) for lesson in lessons])
    rejected = np.array([lesson.facts.is_rejected for lesson in lessons])
    repeats = np.array([lesson.facts.failures_90_days for lesson in lessons])
    shares = np.array([compensation_share(lesson.done, lesson.facts) for lesson in lessons])
    goodwill = np.array([float(lesson.done.amount.amount - lesson.owed) for lesson in lessons])
    rates = prior_rates(kinds, severities, rejected, repeats, shares)
    values = prior_values(rates, kinds, np.array([worth(x.facts) for x in lessons]), goodwill)
    return rates, values, shares


def tally_keys(kind: str, severity: str, *, is_rejected: bool) -> tuple[str, str, str]:
    """Return the keys of an action's tallies, from global to the cohort."""
    delivery = "rejected" if is_rejected else "accepted"
    return kind, f"{kind}|{severity}", f"{kind}|{severity}|{delivery}"


def _tallied(state: LearnedState, lessons: Sequence[Lesson]) -> dict[str, Tally]:
    tallies = dict(state.tallies)
    for lesson in lessons:
        facts = lesson.facts
        for key in tally_keys(
            lesson.done.kind.value, facts.severity.value, is_rejected=facts.is_rejected
        ):
            old = tallies.get(key, Tally())
            tallies[key] = Tally(old.n + 1, old.recovered + lesson.is_recovered)
    return tallies


def _prior_precision(state: LearnedState) -> Floats:
    return np.array([state.spreads[group_of(name)] ** -2.0 for name in state.names])


def _reestimated(state: LearnedState) -> LearnedState:
    """Return the state with spreads and noise at (nearly) the maximum of the evidence."""
    groups = np.array([group_of(name) for name in state.names])
    for _ in range(_ROUNDS):
        precision = _prior_precision(state)
        covariance = linalg.inv(state.gram / state.noise**2 + np.diag(precision))
        mean = covariance @ state.moment / state.noise**2
        determined = 1 - precision * np.diag(covariance)
        spreads = dict(state.spreads)
        for group, guess in GROUPS.items():
            members = groups == group
            used = float(determined[members].sum())
            if used > 0:
                spread = float(np.sqrt(mean[members] @ mean[members] / used))
                spreads[group] = min(max(spread, _TIGHTEST * guess), _LOOSEST * guess)
        rest = state.square - 2 * mean @ state.moment + mean @ state.gram @ mean
        noise = float(np.sqrt(max(rest, 1e-9) / max(state.n - determined.sum(), 1.0)))
        state = replace(state, spreads=spreads, noise=noise)
    return state
