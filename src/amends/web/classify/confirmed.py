"""Causes that people gave: they hold whatever a classifier says, also of newer versions."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import pyarrow as pa

from amends.engine.contracts import Taxonomy
from amends.flows.enriching import with_causes
from amends.web.classify.models import ConfirmedCause

_MOST_ASKED: Final = 5_000


def confirmed_of(signal_ids: Sequence[str]) -> Mapping[str, str | None]:
    """Return the causes of those signals that people confirmed; None: no failure is told."""
    found: dict[str, str | None] = {}
    if not ConfirmedCause.objects.exists():
        return found
    for first in range(0, len(signal_ids), _MOST_ASKED):
        some = [UUID(name) for name in signal_ids[first : first + _MOST_ASKED]]
        rows = ConfirmedCause.objects.filter(signal_id__in=some, is_withdrawn=False)
        found |= {name.hex: cause or None for name, cause in rows.values_list("signal_id", "cause")}
    return found


def with_confirmed(signals: pa.Table, taxonomy: Taxonomy) -> pa.Table:
    """Return enriched signals with the causes that people gave to them."""
    return with_causes(signals, confirmed_of(signals["signal_id"].to_pylist()), taxonomy)
