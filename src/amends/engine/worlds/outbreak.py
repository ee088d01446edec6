"""Something breaks all of a sudden: minutes of complaints about one cause in one slice."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import TIMESTAMP, BadInput, Kind, signal_id

from .contacts import Heard, concat_heard, heard
from .events import Scene, attributes
from .language import Language
from .play import Played
from .randomness import Ints, stream
from .reading import check_failing
from .signals import SOURCES, Rows, write_rows

PREFIX: Final = "LIVE"
_TICKETS, _POSTS = 0.18, 0.07
"""per complaint"""
_ANGRY: Final = 0.7
"""share of the lowest mood; the others are one better"""
_SECOND: Final = 1_000_000
_MICROSECOND: Final = datetime.resolution
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def outbreak(
    played: Played,
    language: Language,
    cause: str,
    where: Mapping[str, str],
    start_at: datetime,
    minutes: float,
    per_minute: float,
    seed: int,
) -> pa.Table:
    """Return what is heard of an outbreak; see `Play.outbreak`."""
    scene = played.scene
    path, terms = _what_breaks(scene, cause, where)
    if start_at.tzinfo is None:
        raise BadInput("The start has no time zone.", where="start_at", remedy="Give it one.")
    if seed < 0 or minutes <= 0 or per_minute <= 0:
        raise BadInput("Minutes and complaints a minute are above 0, a seed is 0 or above.")
    key = f"{start_at.astimezone(UTC):%Y%m%dT%H%M%S%f}-{seed}"
    rng = stream(seed, scene.company.name, "outbreak", str(scene.seed), path, key)
    complaints = max(1, round(minutes * per_minute))
    micros = np.sort(rng.integers(0, max(1, round(minutes * 60 * _SECOND)), complaints))
    said = _said(rng, micros // _SECOND)
    day = _day(scene, start_at)
    code = np.full(complaints, list(scene.company.causes).index(path))
    events = attributes(scene, rng, np.full(complaints, day), code, terms)
    said_at = micros[said.event] + (said.at - (micros // _SECOND)[said.event]) * _SECOND
    order = np.argsort(said_at, kind="stable")
    said, said_at = said.take(order), said_at[order]
    seeds = rng.integers(0, 2**64, len(said), dtype=np.uint64)
    table = write_rows(scene, language, Rows(said, events.take(said.event), seeds, 0)).signals
    start = (start_at - _EPOCH) // _MICROSECOND
    return _live(table, key, said, pa.array(start + said_at).cast(TIMESTAMP))


def _what_breaks(
    scene: Scene, cause: str, where: Mapping[str, str]
) -> tuple[str, Mapping[str, str]]:
    planted = {spec.name: spec for spec in scene.company.breakdowns}
    path, terms = cause, dict(where)
    if cause in planted:
        path, terms = planted[cause].cause, {**planted[cause].slice, **where}
    check_failing(scene.company, path, terms)
    return path, terms


def _day(scene: Scene, start_at: datetime) -> int:
    """Return the day whose business it hits: the nearest of the period."""
    since = (start_at.astimezone(UTC).date() - scene.company.period.first).days
    return min(max(since, 0), scene.company.days - 1)


def _said(rng: np.random.Generator, second: Ints) -> Heard:
    """Return complaints at their seconds, and the tickets and posts that follow within seconds."""
    everyone = np.arange(len(second))
    mood = 1 + (rng.random(len(second)) >= _ANGRY).astype(np.int64)
    asks = everyone[rng.random(len(second)) < _TICKETS]
    posts = everyone[rng.random(len(second)) < _POSTS]
    soon = rng.integers(2, 40, len(second))
    return concat_heard(
        [
            heard(Kind.COMPLAINT, everyone, second, mood=mood),
            heard(
                Kind.TICKET,
                asks,
                second[asks] + soon[asks],
                mood=mood[asks],
                contacts=np.ones(len(asks), dtype=np.int64),
            ),
            heard(Kind.SOCIAL, posts, second[posts] + soon[posts], mood=mood[posts]),
        ]
    )


def _live(table: pa.Table, key: str, said: Heard, at: pa.Array) -> pa.Table:
    """Give the rows their own names and instants."""
    names = [f"{PREFIX}-{key}-{i:06d}" for i in range(len(table))]
    kinds = table["kind"].to_pylist()
    cases = [
        None if kind == Kind.SOCIAL else f"CASE-{PREFIX}-{key}-{event:06d}"
        for kind, event in zip(kinds, said.event.tolist(), strict=True)
    ]
    is_ticket = pa.array([kind == Kind.TICKET for kind in kinds])
    opened = pc.if_else(is_ticket, at, pa.scalar(None, TIMESTAMP))
    ids = [signal_id(SOURCES[Kind(k)], n) for k, n in zip(kinds, names, strict=True)]
    columns = {
        "signal_id": pa.array(ids, pa.string()),
        "external_id": pa.array(names, pa.string()),
        "case_ref": pa.array(cases, pa.string()),
        "occurred_at": at,
        "received_at": at,
        "opened_at": opened,
    }
    for name, column in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), column)
    return table
