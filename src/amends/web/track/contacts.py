"""Figures of all contacts, not only of cases here: first-contact resolution and effort."""

import threading
from datetime import timedelta
from typing import Final

from amends.engine.contracts import DIMENSIONS, SIGNAL_SCHEMA, Metric, check_signals
from amends.engine.track import MetricConfig, metrics
from amends.store import reads
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake

SHOWN: Final = ("fcr", "ces_mean")
KEPT_MINUTES: Final = 10
_MOST_KEPT: Final = 200
_UNREAD: Final = ("verbatim", "subject", "language", "attributes", *DIMENSIONS)

Found = tuple[dict[str, Metric], dict[str, Metric]]
_lock = threading.Lock()
_kept: dict[tuple[str, str, int], Found] = {}


def contact_figures(filters: Filters) -> Found:
    """Return the figures of the period and of the one before, by name.

    They are worked out once in ten minutes for each choice of filters: new signals hardly move
    them, and reading a year of contacts takes a second.
    """
    slot = int(filters.until.timestamp() // (60 * KEPT_MINUTES))
    key = lake().address, filters.query(), slot
    with _lock:
        known = _kept.get(key)
    if known is None:
        known = _figures(filters), _figures(filters.before)
        with _lock:
            while len(_kept) >= _MOST_KEPT:
                _kept.pop(next(iter(_kept)))
            _kept[key] = known
    return known


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
