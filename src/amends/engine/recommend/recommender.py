"""The recommender: policy first, then ranking of what is allowed, with the reasons."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np
from scipy.special import betaincinv

from amends.engine.contracts import (
    CaseFacts,
    Floats,
    Interval,
    Money,
    RankedAction,
    Recommendation,
)

from .arms import Arm
from .evidence import Ints
from .learning import learn, tally_keys
from .log import Lesson, LogRecord
from .pacing import affordable
from .policy import Permit, Policy, shipped_policy
from .ranking import Choices, choose, may_explore
from .reasons import Weighed, reasons
from .state import LearnedState, Tally
from .valuation import Valuer, Values

BATCH: Final = 128
"""Cases valued at once."""

PRIOR_CASES: Final = 20
"""How many cases a parent's rate counts for in its child's."""


@dataclass(frozen=True)
class Recommender:
    """Recommends what to do in a case, within policy and by what has been learnt.

    Parameters
    ----------
    policy
        The company's tables; the shipped defaults without law presets if left out.
    state
        What has been learnt; nothing (evidence only) if left out.

    """

    policy: Policy = field(default_factory=shipped_policy)
    state: LearnedState = field(default_factory=LearnedState)

    def recommend(
        self,
        facts: CaseFacts,
        role: str = "agent",
        seed: int = 0,
        *,
        explore: bool = True,
        price: float = 0.0,
    ) -> Recommendation:
        """Return what to do in one case, fully explained.

        Parameters
        ----------
        facts
            The case.
        role
            Who decides: agent, team_leader, manager or executive.
        seed
            Of the choice between exploring and not; the same seed gives the same answer.
        explore
            Whether the case may serve to learn; False for typical cases and for previews.
        price
            Shadow price of discretionary money (`pacing`), ≥ 0.

        Raises
        ------
        BadInput
            A fact is missing or of the wrong type, or the policy has no row for the case.

        """
        permit = self.policy.permit(facts, role, explained=True)
        values, choices = self._choices([facts], [permit], [price], explore=explore)
        choice = choices.propensities[0]
        shown = _pick(choice.tolist(), seed, facts.case_ref)
        means = values.draws[0].mean(axis=1)
        ranked = self._ranked(facts, permit, choice, means, values.rates[0])
        order = sorted(range(len(ranked)), key=lambda i: (-ranked[i].expected_value, i))
        second = next((i for i in order if i != shown), None)
        weighed = self._weighed(permit, choices, shown, price)
        runner_up = None if second is None else ranked[second]
        return Recommendation(
            action=ranked[shown],
            runner_up=runner_up,
            owed=permit.owed,
            limit=permit.limit,
            limit_reason=permit.limit_reason,
            approver=permit.approver,
            explores=not weighed.is_best_guess,
            reasons=reasons(permit, weighed, ranked[shown], runner_up),
            decisions=permit.decisions,
            allowed=tuple(ranked[i] for i in order),
            policy_hash=permit.policy_hash,
            model_version=self._version,
            seed=seed,
            price=price,
        )

    def recommend_many(
        self,
        cases: Iterable[CaseFacts],
        role: str = "agent",
        seed: int = 0,
        prices: Sequence[float] = (),
    ) -> list[LogRecord]:
        """Return the decisions of many cases as log records: those of `recommend`, unexplained.

        `prices` are the shadow prices of the cases' money, one each; none: money is not short.

        Raises
        ------
        BadInput
            As `recommend`; the message names the case.

        """
        listed = list(cases)
        return self._in_batches(listed, role, seed, prices or [0.0] * len(listed), explore=True)

    def best_guesses(
        self, cases: Iterable[CaseFacts], role: str = "agent", price: float = 0.0
    ) -> list[LogRecord]:
        """Return what would be recommended in cases if none served to learn, at one price of money.

        Raises
        ------
        BadInput
            As `recommend_many`.

        """
        listed = list(cases)
        return self._in_batches(listed, role, 0, [price] * len(listed), explore=False)

    def learn(self, lessons: Sequence[Lesson]) -> "Recommender":
        """Return a recommender that has learnt from more cases; this one stays as it is."""
        return replace(self, state=learn(self.state, lessons))

    def _in_batches(
        self,
        cases: Sequence[CaseFacts],
        role: str,
        seed: int,
        prices: Sequence[float],
        *,
        explore: bool,
    ) -> list[LogRecord]:
        found: list[LogRecord] = []
        for start in range(0, len(cases), BATCH):
            part = slice(start, start + BATCH)
            found += self._decide(cases[part], role, seed, prices[part], explore=explore)
        return found

    def _decide(
        self,
        cases: Sequence[CaseFacts],
        role: str,
        seed: int,
        prices: Sequence[float],
        *,
        explore: bool,
    ) -> Iterable[LogRecord]:
        permits = [self.policy.permit(facts, role) for facts in cases]
        _, choices = self._choices(cases, permits, prices, explore=explore)
        chances, bases = choices.propensities.tolist(), choices.base.tolist()
        version = self._version
        decided = zip(cases, permits, chances, bases, prices, strict=True)
        for facts, permit, chance, base, price in decided:
            own = chance[: len(permit.arms)]
            shown = _pick(own, seed, facts.case_ref)
            yield LogRecord(
                facts.case_ref,
                role,
                permit.owed,
                permit.limit,
                permit.approver,
                permit.arms,
                tuple(own),
                shown,
                shown != base,
                permit.policy_hash,
                version,
                seed,
                price=price,
            )

    @cached_property
    def _valuer(self) -> Valuer:
        return Valuer(self.state)

    @cached_property
    def _version(self) -> str:
        return self.state.version

    def _choices(
        self,
        cases: Sequence[CaseFacts],
        permits: Sequence[Permit],
        prices: Sequence[float],
        *,
        explore: bool = True,
    ) -> tuple[Values, Choices]:
        pairs = [(facts, permit.arms) for facts, permit in zip(cases, permits, strict=True)]
        values = self._valuer.value(pairs)
        usual = np.array([permit.practice for permit in permits])
        if any(prices):
            usual = _price(values, permits, np.array(prices), usual)
        may = np.array([explore and may_explore(facts) for facts in cases])
        return values, choose(values.draws, values.kinds, usual, may, self.state.n)

    def _weighed(self, permit: Permit, choices: Choices, shown: int, price: float) -> Weighed:
        base = int(choices.base[0])
        return Weighed(
            shown == base,
            shown == permit.practice,
            base == int(choices.usual[0]),
            float(choices.beats_practice[0]),
            self.state.n,
            price,
        )

    def _ranked(
        self, facts: CaseFacts, permit: Permit, chances: Floats, values: Floats, prior: Floats
    ) -> list[RankedAction]:
        beliefs = [self._belief(facts, arm, p) for arm, p in zip(permit.arms, prior, strict=True)]
        hits = np.array([rate * weight for rate, weight, _ in beliefs])
        misses = np.array([(1 - rate) * weight for rate, weight, _ in beliefs])
        low, high = (betaincinv(hits, misses, q) for q in (0.025, 0.975))
        return [
            RankedAction(
                kind=arm.kind,
                amount=Money(arm.goodwill, facts.loss.currency),
                propensity=float(chances[i]),
                expected_value=float(values[i]),
                rate=beliefs[i][0],
                rate_interval=Interval(float(low[i]), float(high[i])),
                n=beliefs[i][2],
            )
            for i, arm in enumerate(permit.arms)
        ]

    def _belief(self, facts: CaseFacts, arm: Arm, prior: float) -> tuple[float, float, int]:
        """Return the rate of an arm, the cases it is worth, and the own cases behind it.

        Beta-binomial: the cohort's rate is shrunk to action × severity, that to the action, that to
        the evidence.
        """
        rate, weight, n = float(prior), float(PRIOR_CASES), 0
        keys = tally_keys(arm.kind.value, facts.severity.value, is_rejected=facts.is_rejected)
        for key in keys:
            tally = self.state.tallies.get(key, Tally())
            weight, n = PRIOR_CASES + tally.n, tally.n
            rate = (tally.recovered + PRIOR_CASES * rate) / weight
        return rate, weight, n


def _price(values: Values, permits: Sequence[Permit], prices: Floats, practice: Ints) -> Ints:
    """Take the price of its money from each arm's value; return what practice then becomes."""
    goodwill = np.zeros(values.kinds.shape)
    for row, permit in zip(goodwill, permits, strict=True):
        row[: len(permit.arms)] = [float(arm.goodwill) for arm in permit.arms]
    usual = affordable(values.draws.mean(axis=2), goodwill, prices, practice)
    np.subtract(
        values.draws, (prices[:, None] * goodwill)[:, :, None].astype(np.float32), out=values.draws
    )
    return usual


def _pick(chances: Sequence[float], seed: int, case_ref: str) -> int:
    """Return an arm by its chance; the draw depends on seed and case only."""
    digest = hashlib.sha256(f"{seed}/{case_ref}".encode()).digest()
    draw = int.from_bytes(digest[:7]) / 2**56
    for i, chance in enumerate(chances):
        draw -= chance
        if draw < 0:
            return i
    return max(range(len(chances)), key=chances.__getitem__)
