"""Figures of all contacts, not only of cases here: first-contact resolution and effort."""

from datetime import timedelta
from typing import Final

from amends.engine.contracts import DIMENSIONS, SIGNAL_SCHEMA, Metric, check_signals
from amends.engine.track import MetricConfig, metrics
from amends.store import reads
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake
from amends.web.ui.kept import Kept

SHOWN: Final = ("fcr", "ces_mean")
_UNREAD: Final = ("verbatim", "subject", "language", "attributes", *DIMENSIONS)

Found = tuple[dict[str, Metric], dict[str, Metric]]
kept: Final = Kept[Found](young_seconds=600, old_seconds=3600)


def contact_figures(filters: Filters) -> Found | None:
    """Return the figures of the period and of the one before, by name; None: on their way."""
    key = lake().address, filters.query()
    return kept.get(key, lambda: (_figures(filters), _figures(filters.before)))


def _figures(filters: Filters) -> dict[str, Metric]:
    """Return the figures of one period; contacts up to a window before and after it are read."""
    columns = [n for n in SIGNAL_SCHEMA.names if n not in _UNREAD]
    signals = reads.where(
        lake().signals(),
        since=filters.since,
        until=filters.until,
        dims=filters.dims,
        cause=filters.cause or None,
        kinds=("complaint", "ticket", "escalation", "social", "survey"),
    )
    table = check_signals(lake().fetch(signals.select(*columns)))
    config = MetricConfig(ends_at=filters.until - timedelta(microseconds=1))
    return {m.name: m for m in metrics(table, config) if m.name in SHOWN}
