"""Posterior draws of what each allowed arm is worth, for one case or thousands at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import CaseFacts, Floats, Severity

from .arms import Arm
from .evidence import KINDS, Draws, Ints, prior_rates, prior_values
from .features import KNOTS, Traits, effect_names, traits, worth
from .learning import Posterior
from .ranking import DRAWS
from .state import LearnedState

_SEED: Final = 20_160_901
"""Of the Monte Carlo draws: fixed, so that propensities depend on state and case alone."""

_KIND: Final = {kind: i for i, kind in enumerate(KINDS)}
_SEVERITY: Final = {severity: i for i, severity in enumerate(Severity)}
_Entry = TypeVar("_Entry", int, float)
_ENDS: Final = np.array((0.0, *KNOTS))


@dataclass(frozen=True, slots=True)
class Values:
    """What the arms of B cases are worth; cases with fewer than K arms are padded.

    Parameters
    ----------
    draws
        float32 posterior draws in the case's currency, shape (B, K, M); padding: −inf.
    rates
        The evidence's share recovered, shape (B, K).
    kinds
        Number of each arm's kind, shape (B, K); padding: −1.

    """

    draws: Draws
    rates: Floats
    kinds: Ints


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
        width = max(len(arms) for _, arms in cases)
        kinds = _padded([[_KIND[a.kind] for a in arms] for _, arms in cases], width, -1)
        shares = _padded([[a.share for a in arms] for _, arms in cases], width, 0.0)
        goodwill = _padded([[float(a.goodwill) for a in arms] for _, arms in cases], width, 0.0)
        facts = [case for case, _ in cases]
        worths = np.array([worth(case) for case in facts])[:, None]
        rates = prior_rates(
            kinds,
            np.array([_SEVERITY[case.severity] for case in facts])[:, None],
            np.array([case.is_rejected for case in facts])[:, None],
            np.array([case.failures_90_days for case in facts])[:, None],
            shares,
        )
        expected = prior_values(rates, kinds, worths, goodwill)
        expected[kinds < 0] = -np.inf
        draws = self._corrections(facts, kinds, shares, rates)
        draws *= worths.astype(np.float32)[:, :, None]
        draws += self._costs[kinds]
        given = np.nonzero(goodwill > 0)
        amounts = goodwill[given].astype(np.float32)[:, None]
        draws[given] += amounts * self._discounts[kinds[given]]
        draws += expected.astype(np.float32)[:, :, None]
        return Values(draws, rates, kinds)

    def _corrections(
        self, facts: Sequence[CaseFacts], kinds: Ints, shares: Floats, rates: Floats
    ) -> Draws:
        """Return draws (B, K, M) in parts of the yearly value."""
        cases = [traits(case) for case in facts]
        draws = self._effects(cases)[np.arange(len(cases))[:, None], kinds]
        draws += rates.astype(np.float32)[:, :, None] * self._evidence
        paid = np.nonzero(shares > 0)
        share = np.minimum(shares[paid], KNOTS[-1])
        at = np.minimum(np.searchsorted(_ENDS, share, side="right") - 1, len(KNOTS) - 1)
        part = ((share - _ENDS[at]) / (_ENDS[at + 1] - _ENDS[at])).astype(np.float32)[:, None]
        curves = np.stack([self._curve(case) for case in cases])
        whose = paid[0]
        draws[paid] += (1 - part) * curves[whose, at] + part * curves[whose, at + 1]
        return np.asarray(draws, np.float32)

    @cached_property
    def _normals(self) -> Draws:
        rng = np.random.default_rng(_SEED)
        shape = (2 * len(self.state.names) + 3 * len(KINDS) + 1, DRAWS // 2)
        half = rng.standard_normal(shape).astype(np.float32)
        return np.concatenate([half, -half], axis=1)

    @cached_property
    def _drawn(self) -> Draws:
        d = len(self.state.names)
        if not d:
            return np.zeros((0, DRAWS), np.float32)
        normals = self._normals.astype(np.float64)
        return self.posterior.draws(normals[-d:], normals[-2 * d : -d]).astype(np.float32)

    @cached_property
    def _costs(self) -> Draws:
        return self._of_kinds("cost", 1)

    @cached_property
    def _discounts(self) -> Draws:
        return self._of_kinds("discount", 2)

    @cached_property
    def _evidence(self) -> Draws:
        return self._feature("evidence|", self._normals[3 * len(KINDS)])

    def _of_kinds(self, group: str, block: int) -> Draws:
        """Return a group's draws by kind, shape (kinds, M)."""
        unmet = self._normals[block * len(KINDS) :]
        return np.stack([self._feature(f"{group}|{k}", unmet[i]) for i, k in enumerate(KINDS)])

    @cached_property
    def _trait_memory(self) -> dict[tuple[str, str] | None, tuple[Draws, Floats]]:
        return {}

    @cached_property
    def _curve_memory(self) -> dict[tuple[str, str], Draws]:
        return {}

    def _feature(self, name: str, normals: Draws) -> Draws:
        """Return a feature's draws; from its prior, by the normals given, if it was never met."""
        at = self.posterior.index.get(name)
        if at is not None:
            return np.asarray(self._drawn[at])
        return np.asarray(normals * np.float32(self.posterior.spread(name)))

    def _effects(self, cases: Sequence[Traits]) -> Draws:
        """Return the effects of all kinds in B cases, (B, kinds, M): the sum of their traits'.

        A feature never met keeps its prior: its draws come from normals of the kind's own.
        """
        index: dict[tuple[str, str] | None, int] = {None: 0}
        at = [[index.setdefault(trait, len(index)) for trait in (None, *case)] for case in cases]
        has = np.zeros((len(cases), len(index)), np.float32)
        has[np.arange(len(cases))[:, None], at] = 1
        parts = [self._trait_effects(trait) for trait in index]
        met = has @ np.stack([draws.ravel() for draws, _ in parts])
        unmet = has @ np.stack([variance for _, variance in parts])
        effects = met.reshape(len(cases), len(KINDS), DRAWS)
        if unmet.any():
            effects += np.sqrt(unmet)[:, :, None] * self._normals[: len(KINDS)]
        return np.asarray(effects, np.float32)

    def _trait_effects(self, trait: tuple[str, str] | None) -> tuple[Draws, Floats]:
        """Return what one trait adds for all kinds: draws, and the variance of what is unmet."""
        known = self._trait_memory.get(trait)
        if known is None:
            draws, unmet = np.zeros((len(KINDS), DRAWS), np.float32), np.zeros(len(KINDS))
            for number, kind in enumerate(KINDS):
                for name in effect_names(kind, trait):
                    at = self.posterior.index.get(name)
                    if at is None:
                        unmet[number] += self.posterior.spread(name) ** 2
                    else:
                        draws[number] += self._drawn[at]
            known = self._trait_memory[trait] = (draws, unmet)
        return known

    def _curve(self, case_traits: Traits) -> Draws:
        """Return the correction to the curve of money at 0 and the knots, shape (1 + knots, M)."""
        values = dict(case_traits)
        key = values["delivery"], values["segment"]
        known = self._curve_memory.get(key)
        if known is None:
            none = np.zeros(DRAWS, np.float32)
            slope = self._feature(f"money|segment|{key[1]}", none)
            points = [
                self._feature(f"money|{key[0]}|{knot}", none) + knot * slope for knot in KNOTS
            ]
            known = self._curve_memory[key] = np.stack([none, *points])
        return known


def _padded(rows: list[list[_Entry]], width: int, filler: _Entry) -> NDArray[Any]:
    return np.array([row + [filler] * (width - len(row)) for row in rows])
