"""What an effect is estimated from: who got what, what came of it, and what was known before."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import Floats

MAX_LEVELS: Final = 30
"""Of a categorical covariate; the rarer values are one level."""


@dataclass(frozen=True, slots=True)
class Covariates:
    """What was known before the action: float64 of shape (n, d), standardised, no NaN."""

    matrix: Floats
    names: tuple[str, ...]
    """Shape (d,): "age", "region=north", "age is missing"."""

    def take(self, rows: NDArray[np.int64]) -> "Covariates":
        """Return the covariates of some of the units."""
        return replace(self, matrix=self.matrix[rows])


@dataclass(frozen=True, slots=True)
class Study:
    """n units, K arms.

    Parameters
    ----------
    arm
        int64 of shape (n,), in [0, K): what was in fact done.
    outcome
        float64 of shape (n,); NaN: did not answer, corrected by inverse probability of answering.
    covariates
        Known before the action.
    propensity
        float64 of shape (n, K), rows summing to 1: probability of each arm as it was logged; None:
        estimated from the covariates.
    cluster
        int64 of shape (n,) or None: units of one cluster (customer) are not independent.

    """

    arm: NDArray[np.int64]
    outcome: Floats
    covariates: Covariates
    propensity: Floats | None = None
    cluster: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        n = len(self.arm)
        if len(self.outcome) != n or len(self.covariates.matrix) != n:
            raise ValueError(
                f"{n} arms, {len(self.outcome)} outcomes, {len(self.covariates.matrix)} rows of "
                "covariates: they are to be of one length."
            )
        if self.propensity is None:
            return
        if self.propensity.shape[0] != n or self.propensity.shape[1] < self.n_arms:
            raise ValueError(f"Propensities of shape {self.propensity.shape} do not fit {n} units.")
        if not np.allclose(self.propensity.sum(axis=1), 1, atol=1e-6):
            raise ValueError("The propensities of a unit do not sum to 1.")

    @property
    def n_arms(self) -> int:
        """How many arms there are."""
        if self.propensity is not None:
            return int(self.propensity.shape[1])
        return int(self.arm.max()) + 1 if len(self.arm) else 0

    def take(self, rows: NDArray[np.int64]) -> "Study":
        """Return the study of some of the units."""
        return replace(
            self,
            arm=self.arm[rows],
            outcome=self.outcome[rows],
            covariates=self.covariates.take(rows),
            propensity=None if self.propensity is None else self.propensity[rows],
            cluster=None if self.cluster is None else self.cluster[rows],
        )


def two_arms(treated: Floats) -> Floats:
    """Return the propensity matrix (n, 2) of P(treated), shape (n,)."""
    return np.column_stack([1 - treated, treated])


def encode_covariates(table: pa.Table, n: int | None = None) -> Covariates:
    """Return every column of a table as covariates; `n` rows, where there may be no column.

    Numbers are standardised, with the median and an indicator where they are missing; texts, bools
    and dictionaries become one column per value, the last one left out.
    """
    columns: list[Floats] = []
    names: list[str] = []
    for name in table.column_names:
        column = table[name]
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            found = _numeric(column, name)
        else:
            found = _categorical(column, name)
        for title, values in found:
            spread = float(values.std())
            if spread > 0:
                columns.append((values - values.mean()) / spread)
                names.append(title)
    matrix = np.column_stack(columns) if columns else np.empty((len(table) if n is None else n, 0))
    return Covariates(matrix, tuple(names))


def _numeric(column: pa.ChunkedArray, name: str) -> list[tuple[str, Floats]]:
    values = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    missing = ~np.isfinite(values)
    if missing.all():
        return []
    filled = np.where(missing, np.median(values[~missing]), values)
    return [(name, filled), (f"{name} is missing", missing.astype(np.float64))]


def _categorical(column: pa.ChunkedArray, name: str) -> list[tuple[str, Floats]]:
    text = pc.fill_null(column.cast(pa.string()), "(none)")
    counts = sorted(
        ((-c["counts"].as_py(), c["values"].as_py()) for c in pc.value_counts(text)),
    )
    values = [value for _, value in counts]
    kept = values[: min(MAX_LEVELS, len(values) - 1)]
    return [
        (f"{name}={v}", np.asarray(pc.equal(text, v).to_numpy(), dtype=np.float64)) for v in kept
    ]
