"""`bench effects`: a causal estimate from a table, with everything that speaks against it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Floats
from amends.engine.track.effects import (
    EffectConfig,
    Estimand,
    Study,
    encode_covariates,
    estimate_effect,
    two_arms,
)

from .tables import numbers, read_table

Tick = Callable[[str, int, int], None]

_YES = frozenset({"1", "1.0", "true", "yes", "y", "treated", "treatment"})
_NO = frozenset({"0", "0.0", "false", "no", "n", "control", "untreated"})


@dataclass(frozen=True, slots=True)
class EffectColumns:
    """Which columns of the table are what; `treated` and `control` are values of `treatment`."""

    treatment: str
    outcome: str
    covariates: tuple[str, ...] = ()
    propensity: str | None = None
    placebo: str | None = None
    treated: str | None = None
    control: str | None = None
    is_of_done: bool = False
    """The propensity is the chance of what was done, not of treatment."""


@dataclass(frozen=True, slots=True)
class EffectFigures:
    """What the door prints; `estimate`, `se`, `ci` and `p` are null when the effect is refused."""

    estimand: str
    estimate: float | None
    se: float | None
    ci: tuple[float, float] | None
    p: float | None
    n_treated: int
    n_control: int
    ess: float
    max_weight: float
    overlap: float
    placebo: float | None
    sample_ratio_p: float | None
    rows: int
    rows_left_out: int
    rows_trimmed: int
    warnings: tuple[str, ...]


def bench_effects(
    table: Path, columns: EffectColumns, config: EffectConfig, tick: Tick
) -> EffectFigures:
    """Estimate the effect of a treatment on an outcome in a CSV table.

    An empty outcome is a unit that did not answer. Rows of a third treatment value are left out
    when `control` is named, and are controls otherwise. The propensity is the chance of treatment,
    or with `is_of_done` of what was done.

    Raises
    ------
    BadInput
        The table cannot be used; the message names file, row and column.

    """
    named = (columns.treatment, columns.outcome, columns.propensity, columns.placebo)
    wanted = [name for name in (*named, *columns.covariates) if name]
    data = read_table(table, wanted)
    arm, kept = _arms(data[columns.treatment].to_pylist(), columns, table)
    part = data.take(pa.array(kept))
    tick("estimate", 0, 1)
    outcome = numbers(data, columns.outcome, table, may_be_empty=True)[kept]
    placebo = None if columns.placebo is None else numbers(data, columns.placebo, table)[kept]
    chosen = [name for name in columns.covariates if name != columns.placebo]
    typed = [_typed(part[name]) for name in chosen]
    covariates = encode_covariates(pa.table(typed, names=chosen), len(kept))
    study = Study(arm, outcome, covariates, _chances(data, columns, table, arm, kept))
    found = estimate_effect(study, config, placebo=placebo)
    tick("estimate", 1, 1)
    effect = found.effect
    return EffectFigures(
        estimand=config.estimand.value,
        estimate=effect.estimate,
        se=effect.standard_error,
        ci=(effect.interval.low, effect.interval.high) if effect.interval else None,
        p=found.p_value,
        n_treated=effect.n_treated,
        n_control=effect.n_control,
        ess=effect.effective_sample_size,
        max_weight=found.max_weight,
        overlap=effect.overlap,
        placebo=effect.placebo,
        sample_ratio_p=found.sample_ratio_p_value,
        rows=len(data),
        rows_left_out=len(data) - len(kept),
        rows_trimmed=found.n_trimmed,
        warnings=effect.warnings,
    )


def read_estimand(word: str) -> Estimand:
    """Return the estimand of that name.

    Raises
    ------
    BadInput
        There is none.

    """
    try:
        return Estimand(word.lower())
    except ValueError:
        raise BadInput(f"There is no estimand {word!r}.", remedy="Choose ate or att.") from None


def _arms(
    cells: Sequence[str], columns: EffectColumns, table: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return 1 for treated and 0 for control, and the rows that are either."""
    values = [cell.strip() for cell in cells]
    present = sorted(set(values))
    where = f"{table}, column {columns.treatment}"
    if columns.treated is not None:
        for word in (columns.treated, columns.control):
            if word is not None and word not in present:
                raise BadInput(f"No row has {word!r}.", where=where, remedy=_known(present))
        treated, control = {columns.treated}, {columns.control or ""}
        if columns.control is None:
            control = set(present) - treated
    else:
        treated = {v for v in present if v.lower() in _YES}
        control = {v for v in present if v.lower() in _NO}
        if treated | control != set(present):
            raise BadInput(
                "It is not clear which value means treated.",
                where=where,
                remedy=f"Name it with --treated and, if need be, --control. {_known(present)}",
            )
    side = np.array([1 if v in treated else 0 if v in control else -1 for v in values])
    kept = np.flatnonzero(side >= 0)
    return side[kept].astype(np.int64), kept


def _known(present: Sequence[str]) -> str:
    shown = ", ".join(repr(v) for v in present[:8])
    return f"The values are {shown}{', …' if len(present) > 8 else ''}."


def _chances(
    data: pa.Table,
    columns: EffectColumns,
    table: Path,
    arm: NDArray[np.int64],
    kept: NDArray[np.int64],
) -> Floats | None:
    """Return the logged chance of each arm, shape (n, 2); None when there is no such column."""
    if columns.propensity is None:
        return None
    chance = numbers(data, columns.propensity, table)
    wrong = np.flatnonzero(~((chance > 0) & (chance < 1)))
    if len(wrong):
        raise BadInput(
            f"{chance[wrong[0]]:g} is no chance of treatment.",
            where=f"{table}, row {wrong[0] + 1}, column {columns.propensity}",
            remedy="It lies between 0 and 1, both left out: who could not have had it (or could "
            "not have gone without) tells nothing of its effect.",
        )
    mine = chance[kept]
    return two_arms(np.where(arm == 1, mine, 1 - mine) if columns.is_of_done else mine)


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a text column as numbers where every cell that is filled is one."""
    cells = [cell.strip() for cell in column.to_pylist()]
    try:
        return pa.chunked_array([pa.array([float(c) if c else None for c in cells], pa.float64())])
    except ValueError:
        return pa.chunked_array([pa.array([c or None for c in cells], pa.string())])
