"""Deadlines of a case: a pure function of its severity and what has happened in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from amends.engine.contracts import Severity


@dataclass(frozen=True, slots=True)
class Target:
    """How soon a case of one severity is answered for the first time, and resolved."""

    first_response: timedelta
    resolution: timedelta


TARGETS: Final[Mapping[Severity, Target]] = {
    Severity.CRITICAL: Target(timedelta(hours=1), timedelta(hours=24)),
    Severity.HIGH: Target(timedelta(hours=4), timedelta(hours=48)),
    Severity.MEDIUM: Target(timedelta(hours=24), timedelta(days=5)),
    Severity.LOW: Target(timedelta(hours=48), timedelta(days=10)),
}


def next_deadline(
    severity: Severity,
    opened_at: datetime,
    acknowledged_at: datetime | None,
    resolved_at: datetime | None,
) -> datetime | None:
    """Return when the next thing is due: first response, then resolution, then nothing."""
    if resolved_at is not None:
        return None
    target = TARGETS[severity]
    if acknowledged_at is None:
        return opened_at + target.first_response
    return opened_at + target.resolution
