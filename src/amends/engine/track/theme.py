"""What a theme does to NPS, by both definitions that peers use."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from amends.engine.contracts import UNSURE, Floats, Interval
from amends.engine.stats.intervals import normal_quantile

from .answers import net_promoter
from .columns import codes, family_of, numbers


@dataclass(frozen=True, slots=True)
class ThemeImpact:
    """A theme among NPS answers; all figures in NPS points."""

    theme: str
    n: int
    """Answers with the theme."""
    n_all: int
    nps: float
    """NPS of the answers with the theme."""
    pull: float
    """Overall NPS − NPS without the theme: what the theme adds to or takes from the total."""
    pull_interval: Interval | None
    gap: float
    """NPS of the theme − overall NPS: how different who tells of it is."""
    gap_interval: Interval | None


def theme_impact(
    signals: pa.Table, by: str = "cause", *, as_family: bool = False, level: float = 0.95
) -> tuple[ThemeImpact, ...]:
    """Return the impact of each theme on NPS, the strongest pull downwards first.

    Parameters
    ----------
    signals
        Signals of `SIGNAL_SCHEMA`; rows with an NPS answer count.
    by
        Text column that holds the theme: cause or topic_id. Answers without one are no theme but
        belong to the total.
    as_family
        Fold causes to their branch of the taxonomy.

    """
    score = numbers(signals, "nps")
    answered = ~np.isnan(score)
    theme, names = codes(signals[by])
    if as_family:
        families = sorted({family_of(n) for n in names})
        index = {f: i for i, f in enumerate(families)}
        coarse = np.asarray([*(index[family_of(n)] for n in names), -1], dtype=np.int64)
        theme, names = coarse[theme], families
    value, theme = net_promoter(score[answered]), theme[answered]
    found = (
        _impact(name, value[theme == i], value, level)
        for i, name in enumerate(names)
        if name != UNSURE and (theme == i).any()
    )
    return tuple(sorted(found, key=lambda impact: (impact.pull, impact.theme)))


def _impact(theme: str, inside: Floats, value: Floats, level: float) -> ThemeImpact:
    n, n_all, overall = len(inside), len(value), 100 * float(value.mean())
    nps = 100 * float(inside.mean())
    impact = ThemeImpact(theme, n, n_all, nps, 0.0, None, nps - overall, None)
    n_rest = n_all - n
    if not n_rest:
        return impact
    rest = (float(value.sum()) - float(inside.sum())) / n_rest
    squares = (float(value @ value) - float(inside @ inside)) / n_rest
    error = 100 * float(np.sqrt(inside.var() / n + (squares - rest**2) / n_rest))
    half, weight = normal_quantile(level) * error, n / n_all
    gap, pull = (1 - weight) * (nps - 100 * rest), weight * (nps - 100 * rest)
    return replace(
        impact,
        pull=pull,
        pull_interval=Interval(pull - weight * half, pull + weight * half, level),
        gap_interval=Interval(gap - (1 - weight) * half, gap + (1 - weight) * half, level),
    )
