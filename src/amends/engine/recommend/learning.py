"""Learn the value of actions from what was done and what came of it.

Two regressions on the same features: of the value that a case's early signs foretell (`signs`),
and of what its outcome said beyond them. Lessons enter through sums only, so learning in parts
gives the same sums as learning at once.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Final

import numpy as np
from scipy import sparse

from amends.engine.contracts import Floats, Severity, compensation_share

from .evidence import KINDS, prior_rates, prior_values
from .features import UNSCALED, base_names, effect_names, group_of, money_names, traits, worth
from .log import Lesson
from .signs import signs
from .state import FORESEEN, SURPRISE, LearnedState, Sums, Tally

SMALLEST_WORTH: Final = 0.2
"""Part of the typical yearly value that the noise of a worthless customer is taken for."""

ENOUGH: Final = 200
"""Lessons before the hyperparameters are re-estimated."""

GROWTH: Final = 1.2
"""How much the lessons must have grown before the hyperparameters are re-estimated again."""

_SEVERITIES: Final = list(Severity)


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
    names, sums = _summed(state, scale, lessons)
    learnt = replace(
        state,
        n=state.n + len(lessons),
        scale=scale,
        names=names,
        sums=sums,
        tallies=_tallied(state, lessons),
    )
    if learnt.n < max(ENOUGH, GROWTH * state.tuned_at):
        return learnt
    foreseen, surprise = learnt.regressions()
    return replace(
        learnt,
        tuned_at=learnt.n,
        foreseen=foreseen.refit(FORESEEN),
        surprise=surprise.refit(SURPRISE),
    )


@dataclass(frozen=True)
class Posterior:
    """What is believed of each feature after the lessons of a state: foreseen plus surprise."""

    state: LearnedState

    @cached_property
    def mean(self) -> Floats:
        """Posterior means, shape (D,)."""
        foreseen, surprise = self.state.regressions()
        return foreseen.mean + surprise.mean

    @cached_property
    def index(self) -> dict[str, int]:
        """Feature name → position."""
        return {name: i for i, name in enumerate(self.state.names)}

    def draws(self, foreseen_normals: Floats, surprise_normals: Floats) -> Floats:
        """Return draws of all features, shape (D, M), from standard normals of that shape."""
        foreseen, surprise = self.state.regressions()
        return foreseen.draws(foreseen_normals) + surprise.draws(surprise_normals)

    def spread(self, name: str) -> float:
        """Return the prior standard deviation of a feature that no lesson had."""
        group = group_of(name)
        return math.hypot(self.state.foreseen.spreads[group], self.state.surprise.spreads[group])


def _summed(
    state: LearnedState, scale: float, lessons: Sequence[Lesson]
) -> tuple[tuple[str, ...], Sums]:
    """Return all names, and the state's sums with those of the lessons."""
    widths = np.array([worth(lesson.facts) + SMALLEST_WORTH * scale for lesson in lessons])
    rates, expected, shares = _expected(lessons)
    names, design = _design(state.names, lessons, rates, shares, widths)
    given = np.array([float(lesson.done.amount.amount) for lesson in lessons])
    owed = np.array([float(lesson.owed) for lesson in lessons])
    values = np.array([lesson.outcome.value for lesson in lessons])
    margin = (values + given) / widths
    offset = (expected + given - owed) / widths
    psi = np.stack([signs(lesson) for lesson in lessons]) / widths[:, None]
    new = Sums(
        gram=(design.T @ design).toarray(),
        signs=design.T @ psi,
        margin=design.T @ margin,
        offset=design.T @ offset,
        sign_gram=psi.T @ psi,
        sign_margin=psi.T @ margin,
        sign_offset=psi.T @ offset,
        squares=np.array((margin @ margin, offset @ offset)),
    )
    return names, _added(state.sums, new)


def _added(old: Sums, new: Sums) -> Sums:
    """Return the sum of sums; the new ones may know more features, appended at the end."""
    total = {}
    for part in fields(Sums):
        before, more = getattr(old, part.name), getattr(new, part.name)
        padding = [(0, m - b) for b, m in zip(before.shape, more.shape, strict=True)]
        total[part.name] = np.pad(before, padding) + more
    return Sums(**total)


def _design(
    known: tuple[str, ...],
    lessons: Sequence[Lesson],
    rates: Floats,
    shares: Floats,
    widths: Floats,
) -> tuple[tuple[str, ...], sparse.csr_matrix]:
    """Return all names and φ of shape (N, D), divided by each lesson's noise scale."""
    index = {name: i for i, name in enumerate(known)}
    rows: list[int] = []
    columns: list[int] = []
    entries: list[float] = []
    for row, lesson in enumerate(lessons):
        value = worth(lesson.facts)
        for name, weight in _features(lesson, float(rates[row]), float(shares[row])):
            unit = 1.0 if group_of(name) in UNSCALED else value
            rows.append(row)
            columns.append(index.setdefault(name, len(index)))
            entries.append(weight * unit / float(widths[row]))
    shape = (len(lessons), len(index))
    return tuple(index), sparse.csr_matrix((entries, (rows, columns)), shape=shape)


def _features(lesson: Lesson, rate: float, share: float) -> list[tuple[str, float]]:
    kind = lesson.done.kind.value
    case_traits = traits(lesson.facts)
    found = [(name, 1.0) for name in base_names(case_traits)]
    found.append(("level|", 1.0))
    found.append(("level|loss", float(lesson.facts.loss.amount) / 100))
    found.append(("evidence|", rate))
    found.append((f"cost|{kind}", 1.0))
    goodwill = float(lesson.done.amount.amount - lesson.owed)
    if goodwill:
        found.append((f"discount|{kind}", goodwill))
    for trait in (None, *case_traits):
        found += [(name, 1.0) for name in effect_names(kind, trait)]
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
