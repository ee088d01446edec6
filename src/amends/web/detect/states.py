"""Where the watch stands: one block of state per measure, kept in the database.

A block holds all series of a measure, because baselines lean on each other. It stands at the last
settled day (`engine/detect/standing.py`). What a process has read it keeps at hand, as long as the
database holds the same; what was never there, or was kept under other settings or without knowing
of a planned event, is learnt again from the rollups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Bucket, Floats, NewLevel, SeriesBatch, SeriesKey
from amends.engine.detect import (
    LAG,
    DetectConfig,
    Detection,
    Monitor,
    catch_up,
    put,
    reaches,
    replay,
    with_above,
)
from amends.engine.detect.state import State
from amends.web.detect.in_force import planned_days, planned_in_force
from amends.web.detect.models import Series, WatchState, slice_text
from amends.web.detect.rolled_up import elapsed_of, first_day, read_days

Ints = NDArray[np.int64]

RECENT: Final = timedelta(days=200)
"""How far back a block begins that is learnt from the rollups."""
AHEAD_DAYS: Final = 400
"""Days ahead for which planned events are known to a fit: more than any forecast reaches."""
_DAY: Final = np.timedelta64(1, "D")


@dataclass(slots=True)
class Block:
    """All series of one measure, as they stand."""

    measure: str
    monitor: Monitor
    ids: Ints
    """The series of each row."""
    owners: Ints
    """The series that holds its exposure; 0: itself."""

    @property
    def first(self) -> np.datetime64:
        """Return the day of bucket 0."""
        return np.datetime64(self.monitor.first, "D")

    @property
    def settled_until(self) -> date:
        """Return the first day that is not taken in yet."""
        return self.day(self.monitor.state.at)

    def day(self, bucket: int) -> date:
        """Return the day of a bucket."""
        day: date = (self.first + bucket * _DAY).astype(date)
        return day

    def days(self, first: int, end: int) -> NDArray[np.datetime64]:
        """Return the days of buckets [first, end)."""
        return np.asarray(self.first + np.arange(first, end) * _DAY)

    def bucket(self, now: datetime) -> int:
        """Return the number of the day that runs."""
        return int((np.datetime64(now.astimezone(UTC).date(), "D") - self.first) // _DAY)

    def rows_of(self, ids: Sequence[int]) -> Ints:
        """Return the rows of series that the block holds."""
        return np.flatnonzero(np.isin(self.ids, np.array(ids, dtype=np.int64)))

    def seen(self, first: int, end: int) -> tuple[Floats, Floats]:
        """Return value and exposure of all rows in buckets [first, end)."""
        return read_days(self.measure, self.ids, self.owners, self.days(first, end))


at_hand: dict[str, tuple[UUID, Block]] = {}


def block_of(
    measure: str, config: DetectConfig, levels: Sequence[NewLevel], now: datetime
) -> Block | None:
    """Return the block of a measure, settled far enough that `now` can be looked at.

    None when no rollup holds anything.
    """
    begins = first_day()
    if begins is None:
        return None
    since = max(begins, now - RECENT).astimezone(UTC).date()
    block = _loaded(measure, config)
    if block is None or block.first > np.datetime64(since, "D"):
        block = _learnt(measure, config, levels, since, now)
        save(block)
    elif not reaches(block.monitor, block.bucket(now)):
        settle(block, levels, now)
    return block


def settle(block: Block, levels: Sequence[NewLevel], now: datetime) -> None:
    """Take in the days that are settled by now, and keep the block."""
    at_hand.pop(block.measure, None)  # it changes in place, and is whole again when it is kept
    until = max(block.bucket(now) - LAG, 0)
    catch_up(block.monitor, block.seen, until, levels, _planned(block, now))
    save(block)


def replayed(
    block: Block, wanted: Sequence[SeriesKey], levels: Sequence[NewLevel], now: datetime
) -> tuple[SeriesBatch, Detection, Monitor]:
    """Return the whole course of some series, with those above them, and where it leads.

    Series that the block does not hold yet are taken along.
    """
    every = {s.key: s for s in Series.objects.filter(measure=block.measure)}
    keys = with_above(list(every), wanted)
    ids = np.array([every[key].pk for key in keys], dtype=np.int64)
    owners = np.array([every[key].exposure_of_id or 0 for key in keys], dtype=np.int64)
    days = block.days(0, block.bucket(now) + 1)
    value, exposure = read_days(block.measure, ids, owners, days)
    batch = SeriesBatch(
        keys=tuple(keys),
        bucket=Bucket.DAY,
        starts=days.astype("datetime64[us]"),
        value=value,
        exposure=exposure,
        elapsed=elapsed_of(now),
    )
    settled, planned = block.monitor.state.at, _planned(block, now)
    return (batch, *replay(batch, block.monitor.config, settled, levels, planned))


def correct(
    block: Block, wanted: Sequence[Series], levels: Sequence[NewLevel], now: datetime
) -> Block:
    """Return the block with some series as their rollups are now; new ones are added."""
    _, _, monitor = replayed(block, [s.key for s in wanted], levels, now)
    if monitor.state.fitted_at != block.monitor.state.fitted_at:
        block = _learnt(block.measure, block.monitor.config, levels, block.day(0), now)
        save(block)
        return block
    row_of = {key: row for row, key in enumerate(block.monitor.keys)}
    new = [key for key in monitor.keys if key not in row_of]
    row_of |= {key: len(row_of) + n for n, key in enumerate(new)}
    rows = np.array([row_of[key] for key in monitor.keys], dtype=np.int64)
    state = put(block.monitor.state, rows, monitor.state)
    block = _block(block.measure, [*block.monitor.keys, *new], block.monitor, state=state)
    save(block)
    return block


def put_aside(measure: str) -> None:
    """Have a measure learnt again from its rollups: people changed what it rests on."""
    WatchState.objects.filter(measure=measure).delete()


def going_on(measure: str, config: DetectConfig) -> list[SeriesKey]:
    """Return the series in which the kept state holds a breakdown to go on."""
    block = _loaded(measure, config)
    if block is None:
        return []
    return [block.monitor.keys[row] for row in np.flatnonzero(block.monitor.state.is_open)]


def save(block: Block) -> None:
    """Keep a block; whoever has an older one at hand reads it anew."""
    stamp = uuid4()
    WatchState.objects.update_or_create(
        measure=block.measure,
        defaults={
            "first_on": block.day(0),
            "stamp": stamp,
            "planned": _planned_mark(),
            "kept": block.monitor.to_bytes(),
            "n_series": len(block.ids),
        },
    )
    at_hand[block.measure] = (stamp, block)


def _loaded(measure: str, config: DetectConfig) -> Block | None:
    kept_so = WatchState.objects.filter(measure=measure, planned=_planned_mark())
    found = kept_so.values_list("stamp", "first_on").first()
    if found is None:
        return None
    stamp, first_on = found
    known = at_hand.get(measure)
    if known is not None and known[0] == stamp and known[1].monitor.config == config:
        return known[1]
    kept = bytes(WatchState.objects.values_list("kept", flat=True).get(measure=measure))
    try:
        monitor = Monitor.from_bytes(kept, Bucket.DAY, np.datetime64(first_on, "us"), config)
        block = _block(measure, monitor.keys, monitor, state=monitor.state)
    except (BadInput, KeyError):  # other settings, or a series is gone: it is learnt again
        return None
    at_hand[measure] = (stamp, block)
    return block


def _learnt(
    measure: str, config: DetectConfig, levels: Sequence[NewLevel], first: date, now: datetime
) -> Block:
    keys = [s.key for s in Series.objects.filter(measure=measure).order_by("pk")]
    monitor = Monitor(keys, Bucket.DAY, np.datetime64(first, "us"), config)
    block = _block(measure, keys, monitor, state=monitor.state)
    end = max(block.bucket(now) - LAG, 0)
    value, exposure = block.seen(0, end)
    planned = _planned(block, now)
    catch_up(block.monitor, lambda a, b: (value[:, a:b], exposure[:, a:b]), end, levels, planned)
    return block


def _planned(block: Block, now: datetime) -> Floats | None:
    return planned_in_force(block.first, block.bucket(now) + AHEAD_DAYS)


def _planned_mark() -> str:
    """Return what tells the planned events known now from others; none: empty."""
    events = planned_days()
    return sha256(repr(events).encode()).hexdigest()[:16] if events else ""


def _block(measure: str, keys: Sequence[SeriesKey], like: Monitor, *, state: State) -> Block:
    rows = Series.objects.filter(measure=measure).values_list("slice", "pk", "exposure_of")
    known = {where: (pk, owner or 0) for where, pk, owner in rows}
    found = [known[slice_text(key.slice)] for key in keys]
    places = np.array(found, dtype=np.int64).reshape(-1, 2)
    monitor = Monitor(keys, like.bucket, like.first, like.config, state=state)
    return Block(measure, monitor, places[:, 0], places[:, 1])
