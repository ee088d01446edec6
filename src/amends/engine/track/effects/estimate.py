"""One effect, or why there is none."""

from dataclasses import dataclass, replace

import numpy as np

from amends.engine.contracts import Effect, Floats, Interval
from amends.engine.stats.intervals import normal_quantile

from . import checks
from .config import EffectConfig, Estimand
from .scores import Contrast, Scores, aipw_scores
from .study import Study


@dataclass(frozen=True, slots=True)
class Estimated:
    """An effect with all that was checked."""

    effect: Effect
    p_value: float | None
    """Of no effect; None when the effect is refused."""
    sample_ratio_p_value: float | None
    max_weight: float
    imbalance: tuple[str, float] | None
    """The worst balanced covariate after weighting and its gap in standard deviations."""
    n_trimmed: int


def estimate_effect(
    study: Study,
    config: EffectConfig | None = None,
    *,
    treated: int = 1,
    control: int = 0,
    placebo: Floats | None = None,
) -> Estimated:
    """Estimate the effect of one arm against another by cross-fitted AIPW.

    Parameters
    ----------
    study
        The units; arms other than the two help the propensities and are otherwise not used.
    config
        Estimand, learners and the limits beyond which the effect is refused.
    treated, control
        The arms.
    placebo
        float64 of shape (n,): an outcome settled before the action, not among the covariates. The
        p value of an effect on it is the placebo. Without it: logged propensities are tested for
        balance, estimated ones by shuffled assignments.

    """
    config = config or EffectConfig()
    counts = np.bincount(study.arm, minlength=max(treated, control) + 1)
    if min(counts[treated], counts[control]) < 2 * config.n_folds:
        return _too_few(int(counts[treated]), int(counts[control]))
    scores = aipw_scores(study, n_folds=config.n_folds, learner=config.learner, seed=config.seed)
    n_trimmed = 0
    if config.trim is not None:
        chance = scores.propensity[:, treated]
        kept = np.flatnonzero((chance >= config.trim[0]) & (chance <= config.trim[1]))
        n_trimmed = len(chance) - len(kept)
        if n_trimmed:
            rest = study.take(kept)
            without = replace(config, trim=None)
            held = placebo[kept] if placebo is not None else None
            found = estimate_effect(rest, without, treated=treated, control=control, placebo=held)
            return _trimmed(found, n_trimmed, len(chance))
    return _checked(study, scores, treated, control, config, placebo)


def _checked(
    study: Study,
    scores: Scores,
    treated: int,
    control: int,
    config: EffectConfig,
    placebo: Floats | None,
) -> Estimated:
    found = checks.contrast(scores, treated, control, config.estimand)
    ratio = checks.sample_ratio_p_value(scores)
    worst = checks.largest_imbalance(scores, treated, control)
    if placebo is not None:
        placebo_p: float | None = checks.placebo_outcome_p_value(
            study, placebo, treated, control, config
        )
    elif scores.is_given:
        placebo_p = checks.balance_p_value(scores, treated, control)
    else:
        placebo_p = checks.placebo_assignment_p_value(study, scores, treated, control, config)
    effect, max_weight = judge(scores, found, treated, control, config)
    warnings = (
        *effect.warnings,
        *_doubts(scores, ratio, worst, placebo_p, config),
        *_no_negative_control(scores, placebo),
    )
    return Estimated(
        effect=replace(effect, placebo=placebo_p, warnings=warnings),
        p_value=None if effect.estimate is None else checks.two_sided(found),
        sample_ratio_p_value=ratio,
        max_weight=max_weight,
        imbalance=worst,
        n_trimmed=0,
    )


def judge(
    scores: Scores, found: Contrast, treated: int, control: int, config: EffectConfig
) -> tuple[Effect, float]:
    """Return the effect, refused where the data cannot carry it, and the largest weight."""
    mine, theirs = checks.contrast_weights(scores, treated, control, config.estimand)
    n_treated, n_control = len(mine), len(theirs)
    size = checks.effective_sample_size(mine, theirs)
    max_weight = float(max(mine.max(initial=0.0), theirs.max(initial=0.0)))
    reasons = []
    if min(n_treated, n_control) < config.min_per_arm:
        reasons.append(
            f"Refused: {n_treated:,} treated and {n_control:,} untreated answers; "
            f"{config.min_per_arm} of each are needed."
        )
    if size < config.min_effective:
        reasons.append(
            f"Refused: the weighted data are worth {size:,.0f} units; "
            f"{config.min_effective:,.0f} are needed."
        )
    if max_weight > config.max_weight:
        reasons.append(
            f"Refused: one unit would count {max_weight:,.0f} times; {config.max_weight:,.0f} is "
            "the limit. Leave out who is hardly ever treated or untreated (trim)."
        )
    half = normal_quantile(config.level) * found.standard_error
    interval = Interval(found.estimate - half, found.estimate + half, config.level)
    refused = bool(reasons)
    return Effect(
        estimate=None if refused else found.estimate,
        standard_error=None if refused else found.standard_error,
        interval=None if refused else interval,
        n_treated=n_treated,
        n_control=n_control,
        effective_sample_size=size,
        overlap=checks.overlap_share(scores, treated, control),
        placebo=None,
        warnings=tuple(reasons),
    ), max_weight


def _doubts(
    scores: Scores,
    ratio: float | None,
    worst: tuple[str, float] | None,
    placebo_p: float | None,
    config: EffectConfig,
) -> list[str]:
    doubts = []
    if ratio is not None and ratio < 0.001:
        doubts.append(
            f"Sample ratio: the arms are not as large as the propensities say (p = {ratio:.1e}). "
            "Rows are missing, or the propensities are not the chances of these arms."
        )
    if placebo_p is not None and placebo_p < 0.05:
        doubts.append(
            f"Placebo: an effect shows where there can be none (p = {placebo_p:.3g}). "
            "Do not trust the estimate."
        )
    if worst is not None and abs(worst[1]) > 0.1 and config.estimand is Estimand.ATE:
        doubts.append(
            f"Balance: after weighting, {worst[0]} still differs by {worst[1]:+.2f} standard "
            "deviations."
        )
    answered = ~np.isnan(scores.study.outcome)
    if not answered.all():
        doubts.append(
            f"{int((~answered).sum()):,} of {len(answered):,} did not answer; corrected by the "
            "inverse probability of answering."
        )
    return doubts


def _no_negative_control(scores: Scores, placebo: Floats | None) -> list[str]:
    if scores.is_given or placebo is not None:
        return []
    return [
        (
            "The propensities are estimated: what drove the choice but is not among the covariates "
            "biases the effect. A placebo outcome from before the action would show some of it."
        )
    ]


def _trimmed(found: Estimated, n_trimmed: int, n: int) -> Estimated:
    note = f"{n_trimmed:,} of {n:,} units trimmed: the effect is that of the others."
    effect = replace(found.effect, warnings=(*found.effect.warnings, note))
    return replace(found, effect=effect, n_trimmed=n_trimmed)


def _too_few(n_treated: int, n_control: int) -> Estimated:
    reason = f"Refused: {n_treated:,} treated and {n_control:,} untreated units."
    effect = Effect(None, None, None, n_treated, n_control, 0.0, 0.0, None, (reason,))
    return Estimated(effect, None, None, 0.0, None, 0)
