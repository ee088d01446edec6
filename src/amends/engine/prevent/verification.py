"""Did the fix work? Against what it could not touch, in blocks, with placebos."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from scipy import stats

from amends.engine.contracts import Floats, Interval, Verdict, Verification

from .blocks import OUTLIER, Blocks, FixSeries, fold, pooled, without_own_breakdowns
from .panel import Panel, unit_weights

SDID_DONORS: Final = 10
"""From so many controls on, they are weighted to run parallel before the fix."""


@dataclass(frozen=True, slots=True)
class VerifyConfig:
    """Settings of `verify`.

    Parameters
    ----------
    block_days
        Days that are averaged to one figure, so that neighbours are nearly independent.
    min_blocks
        Below so many blocks on either side the answer is "too early".
    hoped
        The least relative change that would make the fix worth it, below 0. "Refuted" means that
        the interval rules it out.
    level
        Coverage of the interval; 1 − level is the chance of verifying a useless fix.
    most_before, most_after
        Blocks around the fix that are compared: what is further off has drifted for other reasons.

    """

    block_days: float = 14.0
    min_blocks: int = 4
    hoped: float = -0.15
    level: float = 0.95
    most_before: int = 13
    most_after: int = 8

    def __post_init__(self) -> None:
        if not -1 < self.hoped < 0:
            raise ValueError(f"hoped is {self.hoped}; it is a share between −1 and 0.")
        if self.block_days <= 0 or self.min_blocks < 2 or not 0 < self.level < 1:
            raise ValueError("block_days > 0, min_blocks ≥ 2 and level in (0, 1) are needed.")


def verify(series: FixSeries, fix_at: datetime, config: VerifyConfig | None = None) -> Verification:
    """Judge a fix by the log ratio of the treated series to its controls.

    The mean over 14-day blocks after the fix is compared with that before by a t test with as many
    degrees of freedom as the shorter side has blocks, less one. A few controls are added up; from
    `SDID_DONORS` on they are weighted as in synthetic difference in differences (Arkhangelsky et
    al. 2021); of three or more, one that breaks by itself follows the others there. Blocks before
    the fix in which the treated series itself broke are left out.

    `placebo_p_value` is the same test at a made-up fix half-way through the time before: when it is
    small, or the ratio has a clear trend before the fix, the ratio moves by itself and nothing is
    verified.

    Without a control there is no effect: a plain before/after comparison finds one in more than
    half of all useless fixes.

    Raises
    ------
    ValueError
        `fix_at` has no time zone.

    """
    config = config or VerifyConfig()
    if fix_at.tzinfo is None:
        raise ValueError("fix_at has no time zone.")
    if not series.names:
        blocks = fold(series, fix_at, config.block_days)
        return _undecided(blocks, fix_at, _NO_CONTROL)
    raw = fold(series, fix_at, config.block_days)
    early = _too_early(raw, config)
    if early:
        return _undecided(raw, fix_at, early)
    blocks, n_broken = without_own_breakdowns(raw.nearest(config.most_before, config.most_after))
    before, n_left_out = _without_breakdown(log_ratio(blocks)[: blocks.n_before], config)
    ratio = np.r_[before, log_ratio(blocks)[blocks.n_before :]]
    test = block_test(ratio, len(before), config.level)
    placebo = _placebo_in_time(before, blocks.n_after, config)
    donors = _donor_placebo(blocks, test, config)
    trend = _trend_p_value(before, test.effect)
    verdict, reason = _judge(test, placebo, trend, config)
    reasons = [
        reason,
        *_control_reasons(series, n_broken, n_left_out),
        *_placebo_reasons(placebo, trend, donors),
    ]
    return Verification(
        verdict=verdict,
        effect=test.effect,
        interval=test.interval,
        p_value=test.p_value,
        fix_at=fix_at,
        blocks_before=len(before),
        blocks_after=blocks.n_after,
        placebo_p_value=placebo,
        reasons=tuple(reasons),
    )


@dataclass(frozen=True, slots=True)
class BlockTest:
    """The comparison of block means; `effect` and `interval` are relative changes."""

    effect: float
    interval: Interval
    p_value: float
    t: float


def log_ratio(blocks: Blocks) -> Floats:
    """Return treated − control per block on the log scale: added up, or weighted from ten on."""
    if len(blocks.controls) < SDID_DONORS:
        return np.asarray(blocks.treated - pooled(blocks).controls[0])
    weights = unit_weights(Panel(blocks.treated, blocks.controls, blocks.n_before))
    return np.asarray(blocks.treated - weights @ blocks.controls)


def block_test(ratio: Floats, n_before: int, level: float) -> BlockTest:
    """Compare the mean of the blocks after with that before: Welch's error, t(min − 1)."""
    before, after = ratio[:n_before], ratio[n_before:]
    change = float(after.mean() - before.mean())
    error = float(np.sqrt(before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after)))
    freedom = min(len(before), len(after)) - 1
    t = change / error if error > 0 else float(np.sign(change)) * np.inf if change else 0.0
    half = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    interval = Interval(float(np.expm1(change - half)), float(np.expm1(change + half)), level)
    return BlockTest(float(np.expm1(change)), interval, float(2 * stats.t.sf(abs(t), freedom)), t)


_NO_CONTROL: Final = (
    (
        "No control: a plain before/after comparison cannot tell the fix from everything else that "
        "changed, and waiting does not help. Name a series that the fix could not touch: another "
        "region, product or cause."
    ),
)


def _too_early(blocks: Blocks, config: VerifyConfig) -> tuple[str, ...]:
    length = f"{config.block_days:g}-day blocks"
    reasons = []
    if blocks.n_after < config.min_blocks:
        missing = (config.min_blocks - blocks.n_after) * config.block_days
        reasons.append(
            f"Too early: {blocks.n_after} full {length} after the fix, {config.min_blocks} are "
            f"needed. Look again in {missing:g} days or so."
        )
    if blocks.n_before < config.min_blocks:
        reasons.append(
            f"Too little before: {blocks.n_before} full {length} before the fix, "
            f"{config.min_blocks} are needed. Earlier data would help, waiting does not."
        )
    return tuple(reasons)


def _undecided(blocks: Blocks, fix_at: datetime, reasons: tuple[str, ...]) -> Verification:
    return Verification(
        verdict=Verdict.TOO_EARLY,
        effect=None,
        interval=None,
        p_value=None,
        fix_at=fix_at,
        blocks_before=blocks.n_before,
        blocks_after=blocks.n_after,
        placebo_p_value=None,
        reasons=reasons,
    )


def _without_breakdown(before: Floats, config: VerifyConfig) -> tuple[Floats, int]:
    """Leave out the blocks in which the series itself broke, and return how many these are.

    A fix often follows a breakdown, and would be credited with its end.
    """
    centre = np.median(before)
    scale = 1.4826 * np.median(np.abs(before - centre))
    calm = before <= centre + OUTLIER * scale
    if calm.sum() < config.min_blocks:
        return before, 0
    return before[calm], int((~calm).sum())


def _placebo_in_time(before: Floats, n_after: int, config: VerifyConfig) -> float | None:
    """Return p of a made-up fix in the time before; None when that is too short for one."""
    after = min(n_after, len(before) // 2)
    if after < 2:
        return None
    return block_test(before, len(before) - after, config.level).p_value


def _donor_placebo(blocks: Blocks, test: BlockTest, config: VerifyConfig) -> tuple[int, int] | None:
    """Return how many controls, each against the others, moved as clearly, and of how many."""
    n = len(blocks.controls)
    if n < 3:
        return None
    as_clear = 0
    for i in range(n):
        rest, exposure = (np.delete(a, i, axis=0) for a in (blocks.controls, blocks.exposure))
        ratio = log_ratio(Blocks(blocks.controls[i], rest, exposure, blocks.n_before))
        as_clear += abs(block_test(ratio, blocks.n_before, config.level).t) >= abs(test.t)
    return as_clear, n


def _trend_p_value(before: Floats, effect: float) -> float | None:
    """Return p of a straight trend before the fix that goes the way of the effect; else None."""
    if len(before) < 4 or np.ptp(before) == 0:
        return None
    line = stats.linregress(np.arange(len(before)), before)
    return float(line.pvalue) if line.slope * effect > 0 else None


def _judge(
    test: BlockTest, placebo: float | None, trend: float | None, config: VerifyConfig
) -> tuple[Verdict, str]:
    low, high, alpha = test.interval.low, test.interval.high, 1 - config.level
    span = f"{100 * test.effect:+.1f} % [{100 * low:+.1f}, {100 * high:+.1f}]"
    if test.p_value < alpha and test.effect < 0:
        if any(p is not None and p < alpha / 5 for p in (placebo, trend)):
            return Verdict.TOO_EARLY, (
                f"Undecided: {span}, but the ratio to the control moved as clearly before the fix."
            )
        return Verdict.VERIFIED, f"Verified: {span} against the control, {_p_words(test.p_value)}."
    if low > config.hoped:
        return Verdict.REFUTED, (
            f"Refuted: {span}; a change of {100 * config.hoped:+.0f} % or more is ruled out."
        )
    return Verdict.TOO_EARLY, (
        f"Undecided: {span} still holds both no change and the {100 * config.hoped:+.0f} % hoped "
        "for. More blocks will tell."
    )


def _control_reasons(series: FixSeries, n_broken: int, n_left_out: int) -> list[str]:
    n = len(series.names)
    reasons = [f"Control: {' + '.join(series.names)}."]
    if n >= SDID_DONORS:
        reasons = [f"Control: {n} donors, weighted to run parallel before the fix."]
    if n_broken:
        reasons.append(
            f"Blocks of a control that broke by itself, set to what the others did: {n_broken}."
        )
    if n_left_out:
        reasons.append(
            f"Blocks before the fix in which the series itself broke, left out: {n_left_out}. The "
            "end of a breakdown is no merit of a fix."
        )
    return reasons


def _placebo_reasons(
    placebo: float | None, trend: float | None, donors: tuple[int, int] | None
) -> list[str]:
    reasons = []
    if placebo is not None:
        reasons.append(f"Placebo in time, half-way through the time before: p = {placebo:.2f}.")
    if trend is not None and trend < 0.05:
        reasons.append(f"The ratio already moved that way before the fix: trend {_p_words(trend)}.")
    if donors is not None:
        reasons.append(f"Donor placebos: {donors[0]} of {donors[1]} controls moved as clearly.")
    return reasons


def _p_words(p: float) -> str:
    return "p < 0.001" if p < 0.0005 else f"p = {p:.3f}"
