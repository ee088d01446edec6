"""What the metrics need to be told."""

from dataclasses import dataclass
from datetime import datetime

from .working_time import WorkingHours


@dataclass(frozen=True, slots=True)
class MetricConfig:
    """Windows and coverage of the metrics.

    Parameters
    ----------
    window_days
        W: a contact within W days of the last one is a recontact.
    ends_at
        Until when the data were looked at; cases without a resolution by then are open. None: the
        last instant in the data. Never the clock.
    survey_window_days
        A survey counts as an answer to a recovery when it comes within so many days of it.
    retention_days
        T: a customer is retained when a transaction follows within T days of the resolution.
    hours
        When the operation is open; given, resolution times come in business time too.
    level
        Coverage of the intervals.

    """

    window_days: float = 7.0
    ends_at: datetime | None = None
    survey_window_days: float = 90.0
    retention_days: float = 90.0
    hours: WorkingHours | None = None
    level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("window_days", "survey_window_days", "retention_days"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0.")
        if not 0 < self.level < 1:
            raise ValueError(f"level is {self.level}; it is a share in (0, 1).")
        if self.ends_at is not None and self.ends_at.tzinfo is None:
            raise ValueError("ends_at has no time zone.")
