"""Posterior draws of what each allowed arm is worth, for one case or thousands at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from amends.engine.contracts import CaseFacts, Floats, Severity

from .evidence import KINDS, Ints, prior_rates, prior_values
from .features import KNOTS, effect_names, group_of, traits, worth
from .learning import Posterior
from .policy import Arm
from .ranking import DRAWS
from .state import LearnedState

_SEED: Final = 20_160_901
"""Of the Monte Carlo draws: fixed, so that propensities depend on state and case alone."""

_KIND: Final = {kind: i for i, kind in enumerate(KINDS)}
_SEVERITY: Final = {severity: i for i, severity in enumerate(Severity)}
_ENDS: Final = np.array((0.0, *KNOTS))


@dataclass(frozen=True, slots=True)
class Values:
    """What N arms of any number of cases are worth.

    Parameters
    ----------
    draws
        Posterior draws in the case's currency, shape (N, M).
    rates
        The evidence's share recovered, shape (N,).
    kinds
        Number of each arm's kind, shape (N,).
    ends
        Where each case's arms end: case c has arms ends[c-1]:ends[c].

    """

    draws: Floats
    rates: Floats
    kinds: Ints
    ends: tuple[int, ...]


@dataclass(frozen=True)
class Valuer:
    """Values arms by the posterior of a learned state; remembers the cohorts it has met."""

    state: LearnedState

    @cached_property
    def posterior(self) -> Posterior:
        """The posterior that values are drawn from."""
        return Posterior(self.state)

    def value(self, cases: Sequence[tuple[CaseFacts, Sequence[Arm]]]) -> Values:
        """Return the draws of every arm of every case."""
        owner, kinds, shares, goodwill, ends = [], [], [], [], []
        for c, (_, arms) in enumerate(cases):
            for arm in arms:
                owner.append(c)
                kinds.append(_KIND[arm.kind])
                shares.append(arm.share)
                goodwill.append(float(arm.goodwill))
            ends.append(len(owner))
        facts = [case for case, _ in cases]
        of, kind, share = np.array(owner), np.array(kinds), np.array(shares)
        worths = np.array([worth(case) for case in facts])[of]
        rates = prior_rates(
            kind,
            np.array([_SEVERITY[case.severity] for case in facts])[of],
            np.array([case.is_rejected for case in facts])[of],
            np.array([case.failures_90_days for case in facts])[of],
            share,
        )
        expected = prior_values(rates, kind, worths, np.array(goodwill))
        draws = self._corrections(facts, of, kind, share, rates)
        draws *= worths[:, None]
        draws += self._costs[kind]
        draws += expected[:, None]
        return Values(draws, rates, kind, tuple(ends))

    def _corrections(
        self, facts: Sequence[CaseFacts], of: Ints, kind: Ints, share: Floats, rates: Floats
    ) -> Floats:
        """Return draws (N, M) in parts of the yearly value."""
        cohorts: dict[tuple[tuple[str, str], ...], int] = {}
        case_traits = [traits(case) for case in facts]
        cohort = np.array([cohorts.setdefault(t, len(cohorts)) for t in case_traits])[of]
        curves = np.stack([self._curve(t) for t in cohorts])
        clipped = np.minimum(share, KNOTS[-1])
        at = np.minimum(np.searchsorted(_ENDS, clipped, side="right") - 1, len(KNOTS) - 1)
        part = ((clipped - _ENDS[at]) / (_ENDS[at + 1] - _ENDS[at]))[:, None]
        draws = np.stack([self._effects(t) for t in cohorts])[cohort, kind]
        draws += rates[:, None] * self._evidence
        draws += (1 - part) * curves[cohort, at] + part * curves[cohort, at + 1]
        return np.asarray(draws)

    @cached_property
    def _normals(self) -> Floats:
        rng = np.random.default_rng(_SEED)
        return rng.standard_normal((len(self.state.names) + 2 * len(KINDS) + 1, DRAWS))

    @cached_property
    def _drawn(self) -> Floats:
        d = len(self.state.names)
        return self.posterior.draws(self._normals[:d]) if d else np.zeros((0, DRAWS))

    @cached_property
    def _costs(self) -> Floats:
        unmet = self._normals[-len(KINDS) :] * self.state.spreads["cost"]
        return np.stack([self._feature(f"cost|{k}", unmet[i]) for i, k in enumerate(KINDS)])

    @cached_property
    def _evidence(self) -> Floats:
        unmet = self._normals[-2 * len(KINDS) - 1] * self.state.spreads["evidence"]
        return self._feature("evidence|", unmet)

    @cached_property
    def _memory(self) -> dict[tuple[tuple[str, str], ...], Floats]:
        return {}

    @cached_property
    def _curve_memory(self) -> dict[tuple[str, str], Floats]:
        return {}

    def _feature(self, name: str, unmet: Floats) -> Floats:
        at = self.posterior.index.get(name)
        return unmet if at is None else self._drawn[at]

    def _effects(self, case_traits: tuple[tuple[str, str], ...]) -> Floats:
        """Return the effects of all kinds in a cohort, shape (kinds, M).

        A feature never met keeps its prior: its draws come from normals of the kind's own.
        """
        known = self._memory.get(case_traits)
        if known is None:
            known = self._memory[case_traits] = np.stack(
                [self._effect(kind, i, case_traits) for i, kind in enumerate(KINDS)]
            )
        return known

    def _effect(self, kind: str, number: int, case_traits: tuple[tuple[str, str], ...]) -> Floats:
        total, variance = np.zeros(DRAWS), 0.0
        for name in effect_names(kind, case_traits):
            at = self.posterior.index.get(name)
            if at is None:
                variance += self.state.spreads[group_of(name)] ** 2
            else:
                total += self._drawn[at]
        return np.asarray(total + variance**0.5 * self._normals[len(self.state.names) + number])

    def _curve(self, case_traits: tuple[tuple[str, str], ...]) -> Floats:
        """Return the correction to the curve of money at 0 and the knots, shape (1 + knots, M)."""
        values = dict(case_traits)
        key = values["delivery"], values["segment"]
        known = self._curve_memory.get(key)
        if known is None:
            none = np.zeros(DRAWS)
            slope = self._feature(f"money|segment|{key[1]}", none)
            points = [
                self._feature(f"money|{key[0]}|{knot}", none) + knot * slope for knot in KNOTS
            ]
            known = self._curve_memory[key] = np.stack([none, *points])
        return known
