"""A look at what changed: touched series against where the watch stands, and what that tells.

Only series that a signal touched are looked at, those of open breakdowns, and what these lean on.
The few that stand out are replayed from their rollups, so that a breakdown is told with its whole
course.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
from django.db import connection
from django.db.models import Q
from numpy.typing import NDArray

from amends.engine.contracts import SILENCE, NewLevel
from amends.engine.detect import look, reaches, with_places
from amends.flows.analyze.watching import Watched, told_once
from amends.flows.watch import lately, watched
from amends.web.detect.in_force import config_in_force, levels_in_force
from amends.web.detect.models import OPEN_STATES, Series
from amends.web.detect.rolled_up import elapsed_of, read_days
from amends.web.detect.states import RECENT, Block, block_of, correct, replayed

Ints = NDArray[np.int64]

MOST = 300
"""Series of one measure that are told with their course; beyond it is a storm in any case."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look saw; `seen` is given to `remember` when all of it has been told."""

    judged: tuple[Watched, ...]
    n_series: int
    seen: tuple[tuple[int, datetime], ...]


@dataclass(frozen=True, slots=True)
class _Touched:
    """The series of one measure that are looked at."""

    changed: dict[int, date]
    """Series → first day that changed."""
    open: frozenset[int]
    """Series of open breakdowns."""

    @property
    def ids(self) -> list[int]:
        return sorted(self.changed.keys() | self.open)


def look_at_changed(now: datetime) -> Looked:
    """Judge the series that changed since they were last seen, and those of open breakdowns."""
    touched, seen = _touched()
    n_series = sum(len(each.ids) for each in touched.values())
    judged, beyond = [], 0
    for measure, each in sorted(touched.items()):
        found, more = _look(measure, each, now)
        judged += found
        beyond += more
    if not beyond:
        return Looked(tuple(told_once(judged, n_series)), n_series, seen)
    calmed = told_once(judged)
    return Looked(tuple(_with_beyond(each, beyond) for each in calmed), n_series, seen)


def remember(looked: Looked) -> None:
    """Note that these changes have been seen; what changed again meanwhile is looked at again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE detect_series AS s SET changed_from = NULL FROM (SELECT"
            " unnest(%s::bigint[]) AS id, unnest(%s::timestamptz[]) AS at) AS seen"
            " WHERE s.id = seen.id AND s.changed_at = seen.at",
            [[pk for pk, _ in looked.seen], [at for _, at in looked.seen]],
        )


def _touched() -> tuple[dict[str, _Touched], tuple[tuple[int, datetime], ...]]:
    rolled_up = Series.objects.exclude(measure=SILENCE.name)
    marked = list(
        rolled_up.filter(changed_from__isnull=False).values_list(
            "pk", "measure", "changed_from", "changed_at"
        )
    )
    changed: dict[str, dict[int, date]] = defaultdict(dict)
    seen = []
    for pk, measure, first, at in marked:
        if first is not None and at is not None:
            changed[measure][pk] = first
            seen.append((pk, at))
    going_on = rolled_up.filter(Q(breakdowns__state__in=OPEN_STATES)).distinct()
    open_ones: dict[str, set[int]] = defaultdict(set)
    for pk, measure in going_on.values_list("pk", "measure"):
        open_ones[measure].add(pk)
    touched = {m: _Touched(changed[m], frozenset(open_ones[m])) for m in {*changed, *open_ones}}
    return touched, tuple(seen)


def _look(measure: str, touched: _Touched, now: datetime) -> tuple[list[Watched], int]:
    """Return what stands out in one measure, and how many more do."""
    config, levels = config_in_force(measure), levels_in_force(measure)
    block = block_of(measure, config, levels, now)
    if block is None:
        return [], 0
    block = _corrected(block, touched, levels, now)
    today = block.bucket(now)
    if not reaches(block.monitor, today):
        return [], 0
    going = _standing_out(block, touched, today, now)
    rows = {int(row) for row in block.rows_of(sorted(touched.open))}
    strongest = [int(row) for row in going if int(row) not in rows]
    keys = [block.monitor.keys[row] for row in (*sorted(rows), *strongest[:MOST])]
    if not keys:
        return [], 0
    batch, detection, _ = replayed(block, keys, levels, now)
    recent = lately(batch, detection, RECENT.days + 1)
    return [watched(*recent)], max(len(strongest) - MOST, 0)


def _corrected(block: Block, touched: _Touched, levels: Sequence[NewLevel], now: datetime) -> Block:
    """Return the block with what changed before the days that it has not taken in yet."""
    held = set(block.ids.tolist())
    settled, first = block.settled_until, block.day(0)
    late = [pk for pk, day in touched.changed.items() if pk not in held or first <= day < settled]
    if not late:
        return block
    whose = Q(pk__in=late) | Q(exposure_of__in=late)
    return correct(block, list(Series.objects.filter(whose, measure=block.measure)), levels, now)


def _standing_out(block: Block, touched: _Touched, today: int, now: datetime) -> Ints:
    """Return the rows in which a breakdown goes on or just ended, the strongest first."""
    rows = with_places(block.monitor, block.rows_of(touched.ids))
    days = block.days(block.monitor.state.at, today + 1)
    value, exposure = read_days(block.measure, block.ids[rows], block.owners[rows], days)
    said = look(block.monitor, rows, value, exposure, elapsed_of(now))
    going = np.flatnonzero((said.event > 0).any(axis=1))
    strength = np.nanmax(np.nan_to_num(said.score[going], nan=-np.inf), axis=1, initial=-np.inf)
    return np.asarray(rows[going[np.argsort(-strength, kind="stable")]])


def _with_beyond(each: Watched, beyond: int) -> Watched:
    """Return what was watched, its storms standing for those too that were not replayed."""
    findings = tuple(
        replace(f, stands_for=f.stands_for + beyond) if f.stands_for else f for f in each.findings
    )
    return replace(each, findings=findings)
