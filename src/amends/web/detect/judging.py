"""What people judged of alarms: how many were real, of those that anybody judged."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Q

from amends.engine.contracts import Interval
from amends.engine.stats.intervals import wilson
from amends.flows.report import words
from amends.web.detect.models import Judgement


@dataclass(frozen=True, slots=True)
class Judged:
    """How often some alarms were right, as far as people said."""

    n_alarms: int
    n_real: int
    n_false: int
    n_known: int

    @property
    def n(self) -> int:
        """Return how many were judged real or false; known events are neither."""
        return self.n_real + self.n_false

    @property
    def share(self) -> float | None:
        """Return the share that was real; None without a judgement."""
        return self.n_real / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Return its 95 % interval."""
        return wilson(self.n_real, self.n) if self.n else None

    @property
    def counts(self) -> str:
        """Return `4 real, 1 false, 2 known`."""
        known = f", {self.n_known} known" if self.n_known else ""
        return f"{self.n_real} real, {self.n_false} false{known}"

    @property
    def share_text(self) -> str:
        """Return the share in words."""
        return words.percent(self.share, 0)

    @property
    def interval_text(self) -> str:
        """Return the interval in words; empty without a judgement."""
        found = self.interval
        if found is None:
            return ""
        return words.interval(words.percent(found.low, 0), words.percent(found.high, 0))


def judged_of(to: str = "") -> dict[str, Any]:
    """Return what to annotate to count judgements; `to`: the way to what was judged, as `alerts__`.

    Read with `judged_in`.
    """

    def judged(judgement: Judgement) -> Count:
        return Count(f"{to}pk", filter=Q(**{f"{to}judgement": judgement}), distinct=True)

    return {
        "n_alarms": Count(f"{to}pk", distinct=True),
        "n_real": judged(Judgement.REAL),
        "n_false": judged(Judgement.FALSE),
        "n_known": judged(Judgement.KNOWN),
    }


COUNTS: Final = ("n_alarms", "n_real", "n_false", "n_known")


def judged_in(row: Any) -> Judged:  # noqa: ANN401  (a model's instance or a dict)
    """Return what was counted by `judged_of` in a row."""
    read = row.__getitem__ if isinstance(row, dict) else row.__getattribute__
    return Judged(*(read(name) for name in COUNTS))
