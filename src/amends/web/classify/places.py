"""Where a cause happens: each value's share of its signals against the share of all signals."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from amends.store import reads
from amends.web.intake.asked import TOLD
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake

PLACES: Final = ("product", "channel", "region", "vendor")
MOST_VALUES: Final = 6
FEW: Final = 20
"""Signals below which a lift is not told."""


@dataclass(frozen=True, slots=True)
class Share:
    """One value of a dimension, within a cause.

    `lift` is its share of the cause's signals ÷ its share of all that was said; None when too few.
    """

    value: str
    n: int
    share: float
    lift: float | None


def places_of(filters: Filters) -> dict[str, tuple[Share, ...]]:
    """Return the shares by dimension of the cause that is filtered by: one lake read.

    Signals that do not say a value count for no share of that dimension. Dimensions that nothing
    is said of, or that are filtered to one value, are left out.
    """
    everywhere = replace(filters, cause="")
    signals = reads.where(
        lake().signals(),
        since=filters.since,
        until=filters.until,
        dims=everywhere.dims,
        kinds=TOLD,
    )
    path = filters.cause
    is_it = (signals["cause"] == path) | signals["cause"].startswith(f"{path}/")
    counted = signals.group_by(list(PLACES)).agg(
        n=signals.count(where=is_it), n_all=signals.count()
    )
    rows = lake().fetch(counted).to_pylist()
    shares = {dim: _shares(rows, dim) for dim in PLACES if dim not in filters.dims}
    return {dim: found for dim, found in shares.items() if found}


def _shares(rows: Sequence[Mapping[str, Any]], dim: str) -> tuple[Share, ...]:
    here: Counter[str] = Counter()
    everywhere: Counter[str] = Counter()
    for row in rows:
        if row[dim] is not None:
            here[row[dim]] += row["n"]
            everywhere[row[dim]] += row["n_all"]
    n, n_all = here.total(), everywhere.total()
    found = [
        Share(value, count, count / n, _lift(count / n, everywhere[value] / n_all, count))
        for value, count in here.most_common(MOST_VALUES)
        if count
    ]
    return tuple(found) if n else ()


def _lift(share: float, of_all: float, n: int) -> float | None:
    return share / of_all if n >= FEW and of_all else None
