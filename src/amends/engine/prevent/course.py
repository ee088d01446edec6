"""What a fix is shown by: the treated series beside what it would have been without it."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats

from .blocks import FixSeries, block_starts, fold, pooled
from .verification import log_ratio


@dataclass(frozen=True, slots=True)
class Course:
    """Rates in B blocks before and A after a fix; all arrays of shape (B + A,).

    `expected` follows the controls at the level that the treated series had to them before.
    """

    starts: NDArray[np.datetime64]
    actual: Floats
    expected: Floats
    n_before: int
    block_days: float


def course(series: FixSeries, fix_at: datetime, *, block_days: float = 7.0) -> Course | None:
    """Return the course of a series around its fix; None without a control or anything before.

    The controls are weighted as `verify` weights them.
    """
    if not series.names:
        return None
    blocks = fold(series, fix_at, block_days)
    if not blocks.n_before:
        return None
    together = blocks.treated - pooled(blocks).controls[0]
    ratio = log_ratio(blocks) if blocks.n_after else together
    level = ratio[: blocks.n_before].mean()
    return Course(
        starts=block_starts(series, fix_at, block_days),
        actual=np.exp(blocks.treated),
        expected=np.exp(blocks.treated - ratio + level),
        n_before=blocks.n_before,
        block_days=block_days,
    )
