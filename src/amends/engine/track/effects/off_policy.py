"""What another policy would have earned, from the log of the one that ran."""

from dataclasses import dataclass

import numpy as np

from amends.engine.contracts import Floats, Interval
from amends.engine.stats.intervals import normal_quantile

from .checks import kish


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """The mean reward of a policy; `estimate` is None when it is refused and `warnings` say why."""

    method: str
    """ips, snips or dr"""
    estimate: float | None
    standard_error: float | None
    interval: Interval | None
    n: int
    effective_sample_size: float
    max_weight: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """n logged decisions; all arrays float64 of shape (n,).

    Parameters
    ----------
    reward
        What came of the action done.
    propensity
        Probability with which it was chosen, as logged; in (0, 1].
    target
        Probability with which the policy in question would have chosen it.
    predicted_done, predicted_target
        A model's reward of the action done, and of the policy in question (averaged over its
        actions), from a model that has not seen the row: for the doubly robust value.

    """

    reward: Floats
    propensity: Floats
    target: Floats
    predicted_done: Floats | None = None
    predicted_target: Floats | None = None

    def __post_init__(self) -> None:
        if np.any(self.propensity <= 0) or np.any(self.propensity > 1):
            raise ValueError("A logged propensity lies outside (0, 1].")
        if np.any(self.target < 0) or np.any(self.target > 1):
            raise ValueError("A target probability lies outside [0, 1].")


def policy_values(
    log: PolicyLog, *, min_effective: float = 100.0, max_weight: float = 100.0, level: float = 0.95
) -> tuple[PolicyValue, ...]:
    """Return the value by IPS, self-normalised IPS and, with predictions, doubly robust.

    Horvitz & Thompson 1952; Swaminathan & Joachims 2015; Dudík, Langford & Li 2011.
    """
    weight = log.target / log.propensity
    refusals = _refusals(weight, min_effective, max_weight)
    values = {"ips": weight * log.reward}
    mean_weight = float(weight.mean())
    if mean_weight > 0:
        centre = float(weight @ log.reward) / float(weight.sum())
        values["snips"] = centre + weight / mean_weight * (log.reward - centre)
    if log.predicted_done is not None and log.predicted_target is not None:
        values["dr"] = log.predicted_target + weight * (log.reward - log.predicted_done)
    return tuple(
        _value(method, influence, weight, refusals, level) for method, influence in values.items()
    )


def _refusals(weight: Floats, min_effective: float, max_weight: float) -> tuple[str, ...]:
    size, top = kish(weight), float(weight.max(initial=0.0))
    reasons = []
    if size < min_effective:
        reasons.append(
            f"Refused: the log is worth {size:,.0f} decisions of this policy; "
            f"{min_effective:,.0f} are needed. It hardly ever did what the policy would do."
        )
    if top > max_weight:
        reasons.append(
            f"Refused: one decision would count {top:,.0f} times; {max_weight:,.0f} is the limit."
        )
    return tuple(reasons)


def _value(
    method: str, influence: Floats, weight: Floats, refusals: tuple[str, ...], level: float
) -> PolicyValue:
    n, mean = len(influence), float(influence.mean())
    error = float(influence.std(ddof=1)) / float(np.sqrt(n))
    half = normal_quantile(level) * error
    refused = bool(refusals)
    return PolicyValue(
        method=method,
        estimate=None if refused else mean,
        standard_error=None if refused else error,
        interval=None if refused else Interval(mean - half, mean + half, level),
        n=n,
        effective_sample_size=kish(weight),
        max_weight=float(weight.max(initial=0.0)),
        warnings=refusals,
    )
