"""Effects per action and cohort, corrected for how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from amends.engine.contracts import Effect
from amends.engine.stats.multiplicity import benjamini_hochberg, holm

from . import checks
from .config import EffectConfig
from .estimate import judge
from .scores import Scores, aipw_scores
from .study import Study


@dataclass(frozen=True, slots=True)
class CohortEffect:
    """The effect of one action in one cohort; p values are None where it is refused."""

    action: str
    cohort: str
    effect: Effect
    p_value: float | None
    p_holm: float | None
    """Adjusted for any false positive among all effects of the call."""
    p_false_discovery: float | None
    """Adjusted for the share of false positives among those found (Benjamini–Hochberg)."""


def cohort_effects(
    study: Study,
    actions: Sequence[str],
    cohort: Sequence[str],
    config: EffectConfig | None = None,
    *,
    reference: int = 0,
) -> tuple[CohortEffect, ...]:
    """Return the effect of every action against the reference arm in every cohort.

    The models are learned over all cohorts; scores are averaged, and the limits of `config` apply,
    within each.

    Parameters
    ----------
    study
        n units in K arms.
    actions
        K names, by arm.
    cohort
        n names.
    config
        Estimand, learners, limits.
    reference
        The arm that the others are compared with.

    """
    config = config or EffectConfig()
    if len(cohort) != len(study.arm) or len(actions) < study.n_arms:
        raise ValueError(
            f"{len(cohort)} cohorts for {len(study.arm)} units, {len(actions)} names for "
            f"{study.n_arms} arms."
        )
    scores = aipw_scores(study, n_folds=config.n_folds, learner=config.learner, seed=config.seed)
    names, code = np.unique(np.asarray(cohort), return_inverse=True)
    found = [
        _one(_part(scores, np.flatnonzero(code == c)), actions[k], str(name), k, reference, config)
        for c, name in enumerate(names)
        for k in range(study.n_arms)
        if k != reference
    ]
    return _corrected(found)


def _part(scores: Scores, rows: np.ndarray) -> Scores:
    return replace(
        scores,
        study=scores.study.take(rows),
        score=scores.score[rows],
        predicted=scores.predicted[rows],
        propensity=scores.propensity[rows],
        weight=scores.weight[rows],
    )


def _one(
    part: Scores, action: str, cohort: str, treated: int, control: int, config: EffectConfig
) -> CohortEffect:
    contrast = checks.contrast(part, treated, control, config.estimand)
    effect, _ = judge(part, contrast, treated, control, config)
    p_value = None if effect.estimate is None else checks.two_sided(contrast)
    return CohortEffect(action, cohort, effect, p_value, None, None)


def _corrected(found: list[CohortEffect]) -> tuple[CohortEffect, ...]:
    raw = np.array([np.nan if f.p_value is None else f.p_value for f in found])
    strict, discovery = holm(raw), benjamini_hochberg(raw)
    return tuple(
        replace(f, p_holm=float(h), p_false_discovery=float(b)) if f.p_value is not None else f
        for f, h, b in zip(found, strict, discovery, strict=True)
    )
