"""The series by which a fix is judged: its cause on its slice, other causes there as controls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow.compute as pc

from amends.engine.contracts import SIGNAL_SCHEMA, UNSURE, SeriesBatch, SeriesKey, Slice
from amends.engine.prevent import FixSeries
from amends.engine.signals import roll_up_slices
from amends.web.detect import rolled_up, rollups
from amends.web.detect.models import Series
from amends.web.intake.lake import lake
from amends.web.intake.naming import cause_label
from amends.web.prevent.models import Fix

BEFORE: Final = timedelta(days=13 * 14 + 1)
AFTER: Final = timedelta(days=8 * 14 + 1)
"""What `VerifyConfig` looks at by default, and the day of the fix."""
LEAST_PER_DAY: Final = 0.2
"""A control with fewer events a day says nothing: noise only."""
_HEAVY: Final = ("verbatim", "subject", "language", "attributes")
_NEEDED: Final = [name for name in SIGNAL_SCHEMA.names if name not in _HEAVY]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The series of a fix, or why there is none."""

    series: FixSeries | None
    source: str = ""
    """Where it was read: "rollups" or "lake"."""
    because: str = ""
    notes: tuple[str, ...] = ()


def evidence_of(fix: Fix, now: datetime, others: Sequence[Fix]) -> Evidence:
    """Return the series of a fix and its controls around its date.

    Controls are the other causes on the same slice, of the same measure: of other branches, else
    of its own; without those that another fix changed within the time compared, and those too rare
    to say anything. Read from the rollups where these hold all of it, else from the lake.

    Parameters
    ----------
    fix
        With a date.
    now
        Until when data is read.
    others
        All fixes.

    """
    at = fix.fixed_at or now
    since, until = at - BEFORE, min(now, at + AFTER)
    if until <= since:
        return Evidence(None, because="The date of the fix lies too far in the future.")
    touched = _touched(fix, others, since, until)
    batch, source = _rolled_up(fix, since, until), "rollups"
    if batch is None:
        batch, source = _from_lake(fix, since, until), "lake"
    if batch is None:
        return Evidence(
            None,
            because=(
                f"No signal of “{cause_label(fix.cause)}” lies on {fix.where} around the fix, so "
                "there is nothing to judge it by. Check the cause and the slice."
            ),
        )
    return _split(batch, fix, touched, source)


def _touched(fix: Fix, others: Sequence[Fix], since: datetime, until: datetime) -> set[str]:
    """Return the causes that another fix changed meanwhile, where this one works."""
    return {
        other.cause
        for other in others
        if other.pk != fix.pk
        and other.fixed_at is not None
        and since < other.fixed_at < until
        and other.cause != fix.cause
    }


def _rolled_up(fix: Fix, since: datetime, until: datetime) -> SeriesBatch | None:
    """Return the rollups of all causes on the slice; None when they do not hold its cause."""
    terms = fix.where.as_dict()
    found = []
    for series in Series.objects.filter(measure=fix.measure, slice__contains='"cause"'):
        given = series.key.slice.as_dict()
        if given.pop("cause", None) is not None and given == terms:
            found.append(series)
    if len(found) < 2 or all(_cause(s.key) != fix.cause for s in found):
        return None
    batch = rolled_up.read(found, since, until)[0]
    return batch if np.nansum(batch.value) > 0 else None


def _from_lake(fix: Fix, since: datetime, until: datetime) -> SeriesBatch | None:
    """Roll up the slice from the lake; None when nothing of the cause is there."""
    signals = lake().fetch(lake().signals(since, until).select(*_NEEDED))
    counted = rollups.countable(signals)
    causes = [c for c in pc.unique(counted["cause"]).to_pylist() if c and c != UNSURE]
    if not any(_is_below(cause, fix.cause) for cause in causes):
        return None
    slices = [Slice.of({**fix.where.as_dict(), "cause": cause}) for cause in sorted(causes)]
    return roll_up_slices(counted, fix.measure, slices, ends_at=until)


def _split(batch: SeriesBatch, fix: Fix, touched: set[str], source: str) -> Evidence:
    """Part a batch into the treated series and its controls; an incomplete last day is left out."""
    last = len(batch.starts) - (batch.elapsed < 1)
    value, exposure = batch.value[:, :last], batch.exposure[:, :last]
    causes = [_cause(key) for key in batch.keys]
    mine = [i for i, cause in enumerate(causes) if _is_below(cause, fix.cause)]
    exact = [i for i in mine if causes[i] == fix.cause]
    mine = exact or mine
    if last < 2 or not mine or not np.nansum(value[mine]) > 0:
        return Evidence(None, because=f"No “{cause_label(fix.cause)}” on {fix.where} at that time.")
    often = np.nanmean(np.where(exposure > 0, value, np.nan), axis=1) >= LEAST_PER_DAY
    usable = [
        i
        for i, cause in enumerate(causes)
        if often[i]
        and cause != UNSURE
        and not _is_within(cause, fix.cause)
        and not any(_is_within(cause, other) for other in touched)
    ]
    branch = fix.cause.partition("/")[0]
    apart = [i for i in usable if not _is_below(causes[i], branch)]
    chosen = apart or usable
    notes = [f"Controls are {'other branches' if apart else 'other causes of the same branch'}."]
    if touched:
        notes.append(f"Not used, because another fix changed them: {_labels(touched)}.")
    series = FixSeries(
        starts=batch.starts[:last],
        treated=value[mine].sum(axis=0),
        controls=value[chosen],
        names=tuple(cause_label(causes[i]) for i in chosen),
        treated_exposure=exposure[mine[0]],
        control_exposure=exposure[chosen],
    )
    return Evidence(series, source, notes=tuple(notes))


def _labels(causes: set[str]) -> str:
    return ", ".join(sorted(cause_label(cause) for cause in causes))


def _cause(key: SeriesKey) -> str:
    return key.slice.as_dict().get("cause", "")


def _is_below(cause: str, place: str) -> bool:
    return cause == place or cause.startswith(f"{place}/")


def _is_within(cause: str, other: str) -> bool:
    """Whether one of two causes holds the other."""
    return _is_below(cause, other) or _is_below(other, cause)
