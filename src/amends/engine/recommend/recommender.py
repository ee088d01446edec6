"""The recommender: policy first, then ranking of what is allowed, with the reasons."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np
from scipy import stats

from amends.engine.contracts import (
    CaseFacts,
    Floats,
    Interval,
    Money,
    RankedAction,
    Recommendation,
)

from .learning import learn, tally_keys
from .log import Lesson, LogRecord
from .policy import Arm, Permit, Policy, shipped_policy
from .ranking import Choice, choose, may_explore
from .reasons import reasons
from .state import LearnedState, Tally
from .valuation import Valuer

BATCH: Final = 512
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

    def recommend(self, facts: CaseFacts, role: str = "agent", seed: int = 0) -> Recommendation:
        """Return what to do in one case, fully explained.

        Parameters
        ----------
        facts
            The case.
        role
            Who decides: agent, team_leader, manager or executive.
        seed
            Of the choice between exploring and not; the same seed gives the same answer.

        Raises
        ------
        BadInput
            A fact is missing or of the wrong type, or the policy has no row for the case.

        """
        permit = self.policy.permit(facts, role, explained=True)
        values = self._valuer.value([(facts, permit.arms)])
        choice = self._choice(facts, permit, values.draws, tuple(values.kinds.tolist()))
        shown = _pick(choice.propensities, seed, facts.case_ref)
        ranked = self._ranked(facts, permit, choice, values.draws.mean(axis=1), values.rates)
        order = sorted(range(len(ranked)), key=lambda i: (-ranked[i].expected_value, i))
        second = next((i for i in order if i != shown), None)
        explores = shown != choice.base
        runner_up = None if second is None else ranked[second]
        return Recommendation(
            action=ranked[shown],
            runner_up=runner_up,
            owed=permit.owed,
            limit=permit.limit,
            limit_reason=permit.limit_reason,
            approver=permit.approver,
            explores=explores,
            reasons=reasons(permit, choice, ranked[shown], runner_up, shown, self.state.n),
            decisions=permit.decisions,
            allowed=tuple(ranked[i] for i in order),
            policy_hash=self.policy.on(facts.opened_at.date()).content_hash,
            model_version=self.state.version,
            seed=seed,
        )

    def recommend_many(
        self, cases: Iterable[CaseFacts], role: str = "agent", seed: int = 0
    ) -> list[LogRecord]:
        """Return the decisions of many cases as log records: those of `recommend`, unexplained.

        Raises
        ------
        BadInput
            As `recommend`; the message names the case.

        """
        listed = list(cases)
        found: list[LogRecord] = []
        for start in range(0, len(listed), BATCH):
            found += self._decide(listed[start : start + BATCH], role, seed)
        return found

    def learn(self, lessons: Sequence[Lesson]) -> "Recommender":
        """Return a recommender that has learnt from more cases; this one stays as it is."""
        return replace(self, state=learn(self.state, lessons))

    def _decide(self, cases: Sequence[CaseFacts], role: str, seed: int) -> Iterable[LogRecord]:
        permits = [self.policy.permit(facts, role) for facts in cases]
        pairs = list(zip(cases, permits, strict=True))
        values = self._valuer.value([(facts, permit.arms) for facts, permit in pairs])
        kinds = values.kinds.tolist()
        start, version = 0, self._version
        for (facts, permit), end in zip(pairs, values.ends, strict=True):
            draws = values.draws[start:end]
            choice = self._choice(facts, permit, draws, tuple(kinds[start:end]))
            shown = _pick(choice.propensities, seed, facts.case_ref)
            yield LogRecord(
                facts.case_ref,
                role,
                permit.owed,
                permit.limit,
                permit.approver,
                permit.arms,
                tuple(choice.propensities.tolist()),
                shown,
                shown != choice.base,
                self.policy.on(facts.opened_at.date()).content_hash,
                version,
                seed,
            )
            start = end

    @cached_property
    def _valuer(self) -> Valuer:
        return Valuer(self.state)

    @cached_property
    def _version(self) -> str:
        return self.state.version

    def _choice(
        self, facts: CaseFacts, permit: Permit, draws: Floats, kinds: tuple[int, ...]
    ) -> Choice:
        return choose(draws, kinds, permit.practice, self.state.n, explore=may_explore(facts))

    def _ranked(
        self, facts: CaseFacts, permit: Permit, choice: Choice, values: Floats, prior: Floats
    ) -> list[RankedAction]:
        beliefs = [self._belief(facts, arm, p) for arm, p in zip(permit.arms, prior, strict=True)]
        hits = np.array([rate * weight for rate, weight, _ in beliefs])
        misses = np.array([(1 - rate) * weight for rate, weight, _ in beliefs])
        low, high = (stats.beta.ppf(q, hits, misses) for q in (0.025, 0.975))
        return [
            RankedAction(
                kind=arm.kind,
                amount=Money(arm.goodwill, facts.loss.currency),
                propensity=float(choice.propensities[i]),
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


def _pick(propensities: Floats, seed: int, case_ref: str) -> int:
    """Return an arm by its propensity; the draw depends on seed and case only."""
    digest = hashlib.sha256(f"{seed}/{case_ref}".encode()).digest()
    draw = int.from_bytes(digest[:7]) / 2**56
    return min(
        int(np.searchsorted(propensities.cumsum(), draw, side="right")), len(propensities) - 1
    )
