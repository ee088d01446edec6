"""The causes over the whole period: how many, how bad, more or fewer of late, in whose words."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.classify import NEGATIVE_BELOW
from amends.engine.contracts import (
    UNSURE,
    CauseCost,
    CauseReport,
    CauseShare,
    Severity,
    Slice,
    Taxonomy,
)

from .telling import quotes

MOST: Final = 60
_RECENT: Final = 0.25


def cause_totals(signals: pa.Table) -> tuple[CauseShare, ...]:
    """Return all causes with their counts, `unsure` too, the most frequent first."""
    causes = signals["cause"].drop_null().combine_chunks()
    counted = pc.value_counts(causes).to_pylist()
    counted.sort(key=lambda entry: (-entry["counts"], entry["values"]))
    return tuple(
        CauseShare(entry["values"], entry["counts"], entry["counts"] / len(causes))
        for entry in counted
    )


def cause_reports(
    signals: pa.Table,
    totals: tuple[CauseShare, ...],
    taxonomy: Taxonomy,
    costs: Mapping[str, CauseCost],
) -> tuple[CauseReport, ...]:
    """Return one report per cause that the texts tell of."""
    recent = _recent_change(signals)
    return tuple(
        _cause_report(
            signals.filter(pc.fill_null(pc.equal(signals["cause"], total.cause), False)),
            total,
            taxonomy,
            costs.get(total.cause),
            recent.get(total.cause),
        )
        for total in totals[:MOST]
        if total.cause != UNSURE
    )


def _cause_report(
    told: pa.Table,
    total: CauseShare,
    taxonomy: Taxonomy,
    cost: CauseCost | None,
    recent: float | None,
) -> CauseReport:
    node = taxonomy.get(total.cause)
    branch = node.parent if node and node.parent else ""
    moods = told["sentiment"].drop_null().to_numpy()
    return CauseReport(
        path=total.cause,
        label=taxonomy.label(total.cause),
        branch=taxonomy.label(branch) if branch else "",
        n=total.n,
        share=total.share,
        negative_share=float((moods < NEGATIVE_BELOW).mean()) if len(moods) else None,
        severity=_typical(told["severity"]),
        recent_change=recent,
        mean_confidence=float(pc.mean(told["cause_confidence"]).as_py() or 0.0),
        quotes=quotes(told, total.cause, Slice()),
        cost=cost,
        to_do=f"Owner: {node.owner_team}" if node and node.owner_team else "",
    )


def _typical(severities: pa.ChunkedArray) -> Severity:
    """Return the median severity."""
    ranks = sorted(Severity(s).rank for s in severities.drop_null().to_pylist())
    return list(Severity)[ranks[len(ranks) // 2]] if ranks else Severity.MEDIUM


def _recent_change(signals: pa.Table) -> dict[str, float]:
    """Return, per cause, its count in the last quarter of the period against a quarter of all."""
    dated = signals.filter(
        pc.and_(pc.is_valid(signals["occurred_at"]), pc.is_valid(signals["cause"]))
    )
    if not len(dated):
        return {}
    at = dated["occurred_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    # quarters of the signals, not of the calendar: a busier season changes no cause's share
    is_recent = at >= np.quantile(at, 1 - _RECENT)
    overall = float(is_recent.mean())
    table = pa.table({"cause": dated["cause"], "is_recent": is_recent.astype(float)})
    means = table.group_by("cause").aggregate([("is_recent", "mean"), ("is_recent", "count")])
    return {
        row["cause"]: row["is_recent_mean"] / overall - 1
        for row in means.to_pylist()
        if row["is_recent_count"] >= 30
    }
